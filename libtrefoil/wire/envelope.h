/* The envelope and its clear header as plain structs. Never copies, never opens, never signs: slices into the bytes
 * that came, which are the bytes that were signed.
 */
#ifndef TREFOIL_WIRE_ENVELOPE_H
#define TREFOIL_WIRE_ENVELOPE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attributes.h"
#include "base/bytes.h"
#include "wire/limits.h"

/* Values as in envelope.proto. */
enum envelope_audience {
    ENVELOPE_ROOM = 1,
    ENVELOPE_AUTHOR = 2,
    ENVELOPE_SERVICES = 3,
};

enum envelope_class {
    ENVELOPE_DURABLE = 1,
    ENVELOPE_EPHEMERAL = 2,
};

enum envelope_lane {
    ENVELOPE_REPLY = 0,
    ENVELOPE_BULK = 1,
};

enum envelope_consent {
    ENVELOPE_UNSAID = 0,
    ENVELOPE_WITHDRAWN = 1,
    ENVELOPE_GIVEN = 2,
};

struct envelope_header {
    struct bytes id, channel; /* SEAL_ID_BYTES each */
    enum envelope_audience audience;
    enum envelope_class class_;
    struct bytes account;        /* text; empty: none */
    struct bytes from, ref;      /* tokens; empty: none */
    const struct bytes *relates; /* tokens */
    size_t n_relates;
    const struct bytes *relates_id; /* envelope ids */
    size_t n_relates_id;
    struct bytes room; /* SEAL_ID_BYTES or empty */
    bool echo;
    bool resolves; /* the next two say which delivery */
    uint64_t resolves_seq;
    uint32_t resolves_target;
    uint64_t watermark_ms;
    struct bytes key_id; /* SEAL_KEY_ID_BYTES */
    uint64_t seq;        /* from 1 */
    uint64_t created_ms, expires_ms;
    uint32_t hops;
    enum envelope_lane lane;
    uint64_t opens_window_ms;
    enum envelope_consent consent;
    const struct bytes *aliases; /* tokens; there are none without `from` */
    size_t n_aliases;
};

struct envelope {
    struct bytes header; /* as it is signed */
    struct bytes salt, commit, sealed, signature;
};

/* Both check every length and limit but hops, which the policy judges. -EBADMSG; the header also -ENOMEM.
 * An unknown field of an envelope is a suite we do not speak: refused. One of a header is newer than us: skipped.
 */
must_use_ int envelope_parse(struct bytes bytes, struct envelope *ret);
must_use_ int envelope_header_parse(struct bytes bytes, struct arena *arena, struct envelope_header *ret);

/* Whose an envelope is, at a glance: nothing is checked, nothing may be decided by it. What is not there is empty. */
struct envelope_glance {
    struct bytes id, channel, from;
};
void envelope_glance(struct bytes bytes, struct envelope_glance *ret);

/* Into the arena. -EINVAL when a field is outside its limit, -ENOMEM. */
must_use_ int envelope_write(const struct envelope *envelope, struct arena *arena, struct bytes *ret);
must_use_ int envelope_header_write(const struct envelope_header *header, struct arena *arena, struct bytes *ret);

/* True when this has the shape of a token: one generation byte, 16 bytes of iv, a multiple of 32. */
bool envelope_is_token(struct bytes bytes);

#endif
