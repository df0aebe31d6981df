/* Grants as anybody may check them: who made one, for whom, under which roster. Never opens one. */
#ifndef TREFOIL_TRUST_GRANT_CHECK_H
#define TREFOIL_TRUST_GRANT_CHECK_H

#include "trust/roster.h"

struct grant_wrap {
    struct bytes service;
    uint32_t generation;
    struct bytes sealed_share; /* SEAL_WRAP_SHARE_BYTES */
};

/* Slices into the grant's bytes. */
struct grant {
    struct bytes body, key_commit, identity_signature, session_signature;
    uint8_t body_hash[SEAL_HASH_BYTES];
    uint8_t key_id[SEAL_KEY_ID_BYTES]; /* recomputed, so it names exactly these bytes */

    struct bytes tenant, channel, service; /* the sender's */
    struct bytes replica;
    uint64_t roster_version;
    struct bytes roster_hash;
    uint64_t not_before_ms, not_after_ms, max_seq;
    struct bytes session_pk;
    const struct grant_wrap *wraps; /* ascending by service, generation; in the arena */
    size_t n_wraps;
};

/* Form and limits. -EBADMSG, -ENOMEM. */
must_use_ int grant_parse(struct bytes bytes, struct arena *arena, struct grant *ret);

enum grant_age {
    GRANT_FRESH,      /* made under exactly this roster: what a gateway takes in */
    GRANT_REMEMBERED, /* this roster or an older one: what a reader finds in the journal */
};

enum grant_verdict {
    GRANT_GOOD,
    GRANT_OTHER_TENANT,
    GRANT_NEWER_ROSTER, /* fetch the roster, then ask again */
    GRANT_STALE_ROSTER,
    GRANT_FORKED_ROSTER, /* the same version with another hash */
    GRANT_UNKNOWN_CHANNEL,
    GRANT_UNKNOWN_SENDER,
    GRANT_NOT_WRITER,
    GRANT_VOID,     /* signed before the roster's void_before of its sender */
    GRANT_STRANGER, /* wrapped for somebody who is no reader */
    GRANT_BAD_SIGNATURE,
    GRANT_N_VERDICTS,
};

must_use_ enum grant_verdict grant_check(const struct grant *grant, const struct roster *roster, enum grant_age age);

/* One constant English sentence, never NULL. */
const char *grant_verdict_text(enum grant_verdict verdict);

/* True when an envelope of this time and sequence may have been sealed under the grant (SEAL_CLOCK_SKEW_MS allowed). */
bool grant_covers(const struct grant *grant, uint64_t created_ms, uint64_t seq);

/* True when the grant may still be used to publish at `now_ms`. */
bool grant_is_current(const struct grant *grant, uint64_t now_ms);

#endif
