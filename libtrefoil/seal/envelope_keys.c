/* Keys and inputs of one envelope. Never used for two. */
#include "seal/envelope_keys.h"

#include <string.h>

#include <sodium.h>

int envelope_keys_derive(const uint8_t *k_send, struct bytes header, struct bytes salt, struct envelope_keys *ret)
{
    uint8_t okm[SEAL_KEY_BYTES + SEAL_COMMIT_BYTES];
    int r = labelled_hash(&HASH_INPUT(LABEL_ENVELOPE_KEY, bytes_make(k_send, SEAL_KEY_BYTES), header, salt), okm,
                          sizeof(okm));

    if (r < 0)
        return r;
    memcpy(ret->key, okm, SEAL_KEY_BYTES);
    memcpy(ret->commit, okm + SEAL_KEY_BYTES, SEAL_COMMIT_BYTES);
    sodium_memzero(okm, sizeof(okm));
    return 0;
}

struct bytes envelope_aad(const struct envelope *envelope, uint8_t room[ENVELOPE_AAD_MAX_BYTES])
{
    const struct bytes parts[] = { envelope->header, envelope->salt, envelope->commit };
    struct writer writer = writer_make(room, ENVELOPE_AAD_MAX_BYTES);

    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        writer_u32(&writer, (uint32_t) parts[i].size);
        writer_put(&writer, parts[i]);
    }
    return writer_bytes(&writer);
}
