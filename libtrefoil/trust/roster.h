/* Who is a member of what, signed by the tenant's offline root. Never holds a secret.
 *
 * A roster is good only as a whole: one name twice, one member nobody knows, one field too long, and it is refused.
 */
#ifndef TREFOIL_TRUST_ROSTER_H
#define TREFOIL_TRUST_ROSTER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attributes.h"
#include "base/bytes.h"
#include "wire/limits.h"

/* A role is a sum of these; values as in trust.proto. */
enum role {
    ROLE_TRANSLATOR = 1,
    ROLE_SERVICE = 2,
    ROLE_ADDRESSES = 4,
    ROLE_ADMIN = 8,
    ROLE_GATEWAY = 16,
};

struct roster_service {
    struct bytes id;  /* SEAL_ID_BYTES */
    const char *name; /* a-z 0-9 . _ -, at most SEAL_NAME_MAX_BYTES */
    uint32_t role;
    struct bytes identity_pk; /* Ed25519 */
    const struct bytes *transport_pks;
    size_t n_transport_pks;
    const char *const *accounts; /* "network/account id" */
    size_t n_accounts;
    uint64_t void_before_ms;
};

struct roster_channel {
    struct bytes id;
    const char *name;
    const struct bytes *writers, *readers; /* service ids */
    size_t n_writers, n_readers;
    uint64_t retention_ms;
    bool history_allowed;
};

struct roster {
    struct bytes tenant;
    uint64_t version;           /* from 1 */
    struct bytes previous_hash; /* empty in version 1 */
    uint64_t not_before_ms, not_after_ms;
    const struct roster_service *services;
    size_t n_services;
    const struct roster_channel *channels;
    size_t n_channels;
    uint8_t hash[SEAL_HASH_BYTES]; /* of the body as it was signed; not used when writing one */
};

/* Verifies a serialized Signed by the pinned root, then reads it; everything in `ret` lives in the arena.
 * -EBADMSG (no roster, or not by this root), -ESTALE (older than `min_version`), -ENOMEM.
 */
must_use_ int roster_verify(struct bytes signed_bytes, const uint8_t *root_pk, uint64_t min_version,
                            struct arena *arena, struct roster *ret);

/* Reads a body without asking who signed it: for tools that are about to. -EBADMSG, -ENOMEM. */
must_use_ int roster_parse(struct bytes body, struct arena *arena, struct roster *ret);

/* True inside the roster's time window, give or take SEAL_CLOCK_SKEW_MS. */
bool roster_is_current(const struct roster *roster, uint64_t now_ms);

enum roster_step {
    ROSTER_SAME,
    ROSTER_NEXT,  /* the successor, and it says so */
    ROSTER_LATER, /* newer by more than one: the chain cannot be checked from here */
};

/* How `candidate` stands to `known`: a step, -ESTALE (older), -EBADMSG (a fork, another tenant). */
must_use_ int roster_compare(const struct roster *known, const struct roster *candidate);

/* Borrowed from the roster, or NULL. */
const struct roster_service *roster_service_by_id(const struct roster *roster, struct bytes id);
const struct roster_service *roster_service_by_name(const struct roster *roster, struct bytes name);
const struct roster_service *roster_service_by_transport(const struct roster *roster, struct bytes transport_pk);
const struct roster_service *roster_service_by_account(const struct roster *roster, struct bytes account);
const struct roster_channel *roster_channel_by_id(const struct roster *roster, struct bytes id);
const struct roster_channel *roster_channel_by_name(const struct roster *roster, struct bytes name);

bool roster_is_writer(const struct roster_channel *channel, struct bytes service);
bool roster_is_reader(const struct roster_channel *channel, struct bytes service);
bool roster_owns_account(const struct roster_service *service, struct bytes account);

#endif
