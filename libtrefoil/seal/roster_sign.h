/* What the tenant's root and the services sign: rosters and wrap keys. For tools; no process on the bus has the root.
 * Never keeps a secret longer than the call.
 */
#ifndef TREFOIL_SEAL_ROSTER_SIGN_H
#define TREFOIL_SEAL_ROSTER_SIGN_H

#include "base/arena.h"
#include "seal/keyring.h"
#include "trust/roster.h"

/* The body of a roster, into the arena. -EINVAL when roster_parse() would refuse it, -ENOMEM. */
must_use_ int roster_write(const struct roster *roster, struct arena *arena, struct bytes *ret);

/* Writes and signs: a serialized Signed, into the arena. `root_seed` is SEAL_KEY_BYTES. As roster_write(). */
must_use_ int roster_sign(const struct roster *roster, const uint8_t *root_seed, struct arena *arena,
                          struct bytes *ret);

/* The keyring's wrap key number `index`, vouched for by its identity: a serialized Signed. -EINVAL, -ENOMEM. */
must_use_ int wrap_key_sign(const struct keyring *keyring, size_t index, struct arena *arena, struct bytes *ret);

/* A fresh root. */
void root_key_generate(uint8_t ret_seed[SEAL_KEY_BYTES], uint8_t ret_pk[SEAL_KEY_BYTES]);
void root_key_pk(const uint8_t *seed, uint8_t ret_pk[SEAL_KEY_BYTES]);

/* The seed in a file of mode 0600, as hex and a line end. -EEXIST: an existing root is never overwritten. */
must_use_ int root_key_save(const char *path, const uint8_t *seed);

/* -EACCES (others can read it), -EBADMSG, -errno. The caller wipes `ret`. */
must_use_ int root_key_load(const char *path, uint8_t ret[SEAL_KEY_BYTES]);

#endif
