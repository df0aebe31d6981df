/* Grants made and opened: one sending key, wrapped once for every reader. Never decides who may read; the roster does.
 */
#ifndef TREFOIL_SEAL_GRANT_H
#define TREFOIL_SEAL_GRANT_H

#include "seal/keyring.h"
#include "seal/random.h"
#include "trust/grant_check.h"
#include "trust/trust_bundle.h"

/* What a replica needs to seal: secrets, in guarded memory of whoever holds it. */
struct sending_key {
    uint8_t k_send[SEAL_KEY_BYTES];
    uint8_t session_pk[SEAL_KEY_BYTES], session_sk[SEAL_SIGN_SECRET_BYTES];
    uint8_t key_id[SEAL_KEY_ID_BYTES];
    uint64_t roster_version, not_before_ms, not_after_ms, max_seq;
};

struct grant_recipe {
    const struct keyring *keyring;
    const struct trust *trust;
    struct bytes channel;
    struct bytes replica; /* SEAL_REPLICA_BYTES */
    uint64_t now_ms;
};

/* Makes a grant for every reader of the channel that has a valid wrap key; the serialized Grant goes into the arena.
 * -EACCES (the roster does not make us a writer), -ENOKEY (no reader has a wrap key), -ENOMEM, -EINVAL.
 */
must_use_ int grant_mint(const struct grant_recipe *recipe, const struct random *random, struct arena *arena,
                         struct sending_key *ret_key, struct bytes *ret);

/* Unwraps with our own generation. -ENOKEY (not for us, or the generation is gone: park, do not drop), -EBADMSG (does
 * not open, or another key than the others got).
 */
must_use_ int grant_open(const struct grant *grant, const struct keyring *keyring, uint8_t ret_k_send[SEAL_KEY_BYTES]);

#endif
