/* Everything public a process starts with: one roster and the wrap keys of its services. Never holds a secret. */
#ifndef TREFOIL_TRUST_TRUST_BUNDLE_H
#define TREFOIL_TRUST_TRUST_BUNDLE_H

#include "trust/roster.h"
#include "trust/wrap_key.h"

struct trust {
    struct roster roster;
    struct bytes roster_signed;           /* as it came, to hand on */
    const struct wrap_key *wrap_keys;     /* only good ones */
    const struct bytes *wrap_keys_signed; /* as they came, same order */
    size_t n_wrap_keys;
    size_t n_refused; /* wrap keys in the bundle that were not good */
};

/* From a serialized TrustBundle; everything in `ret` lives in the arena. A bad roster is an error; a bad wrap key is
 * left out and counted, for one service's mistake must not stop the others. As roster_verify().
 */
must_use_ int trust_open(struct bytes bundle, const uint8_t *root_pk, uint64_t min_version, struct arena *arena,
                         struct trust *ret);

/* The newest generation of the service that is valid at `now_ms`; borrowed, or NULL. */
const struct wrap_key *trust_wrap_key(const struct trust *trust, struct bytes service, uint64_t now_ms);

/* Serializes a TrustBundle into the arena. -ENOMEM, -EINVAL (a limit). */
must_use_ int trust_bundle_write(struct bytes roster_signed, const struct bytes *wrap_keys, size_t n_wrap_keys,
                                 struct arena *arena, struct bytes *ret);

#endif
