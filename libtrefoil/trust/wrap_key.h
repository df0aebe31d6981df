/* The public keys to which grants are wrapped, each vouched for by its service's identity. Never holds a secret. */
#ifndef TREFOIL_TRUST_WRAP_KEY_H
#define TREFOIL_TRUST_WRAP_KEY_H

#include "trust/roster.h"

struct wrap_key {
    struct bytes tenant, service; /* ids */
    uint32_t generation;          /* from 1 */
    struct bytes pk;              /* X25519 */
    uint64_t not_before_ms, not_after_ms;
};

/* Verifies a serialized Signed by the identity the roster names, then reads it; slices into `signed_bytes`.
 * -EBADMSG (no wrap key, or a key of small order), -EACCES (unknown service, wrong signature, void).
 */
must_use_ int wrap_key_verify(const struct roster *roster, struct bytes signed_bytes, struct wrap_key *ret);

/* The fields without the question who signed them. -EBADMSG. */
must_use_ int wrap_key_parse(struct bytes body, struct wrap_key *ret);

#endif
