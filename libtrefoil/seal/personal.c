/* XChaCha20-Poly1305 under a key of its own, bound to envelope and channel. Never reuses a nonce: each is random. */
#include "seal/personal.h"

#include <errno.h>
#include <string.h>

#include <sodium.h>

#define AAD_BYTES (2 * SEAL_ID_BYTES)
_Static_assert(PERSONAL_NONCE_BYTES == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "nonces fit the cipher");
_Static_assert(SEAL_TAG_BYTES == crypto_aead_xchacha20poly1305_ietf_ABYTES, "tags fit the cipher");

/* Both have one size only, so their border needs no mark. */
static void make_aad(const struct channel_secret *secret, struct bytes envelope_id, uint8_t ret[AAD_BYTES])
{
    memcpy(ret, envelope_id.data, SEAL_ID_BYTES);
    memcpy(ret + SEAL_ID_BYTES, secret->channel, SEAL_ID_BYTES);
}

int personal_seal(const struct channel_secret *secret, const struct personal_part *plain, const struct random *random,
                  struct arena *arena, struct bytes *ret)
{
    const size_t size = plain->bytes.size + PERSONAL_ADDED_BYTES;
    uint8_t aad[AAD_BYTES];

    if (plain->bytes.size == 0 || plain->bytes.size > SEAL_CONTENT_MAX_BYTES)
        return -EMSGSIZE;
    if (plain->envelope_id.size != SEAL_ID_BYTES)
        return -EINVAL;
    if (secret->n_token_keys == 0)
        return -ENOKEY;
    const struct token_key *key = &secret->token_keys[secret->n_token_keys - 1];
    uint8_t *sealed = arena_alloc(arena, size);
    if (!sealed)
        return -ENOMEM;
    uint8_t *nonce = sealed + 1, *text = nonce + PERSONAL_NONCE_BYTES;
    sealed[0] = key->generation;
    random_fill(random, nonce, PERSONAL_NONCE_BYTES);
    make_aad(secret, plain->envelope_id, aad);
    if (crypto_aead_xchacha20poly1305_ietf_encrypt(text, NULL, plain->bytes.data, plain->bytes.size, aad, sizeof(aad),
                                                   NULL, nonce, key->personal) != 0)
        return -EINVAL;
    *ret = bytes_make(sealed, size);
    return 0;
}

int personal_open(const struct channel_secret *secret, const struct personal_part *sealed, struct arena *arena,
                  struct bytes *ret)
{
    const struct bytes bytes = sealed->bytes;
    uint8_t aad[AAD_BYTES];

    if (bytes.size <= PERSONAL_ADDED_BYTES || bytes.size > SEAL_CONTENT_MAX_BYTES + PERSONAL_ADDED_BYTES ||
        sealed->envelope_id.size != SEAL_ID_BYTES)
        return -EBADMSG;
    const struct token_key *key = token_key_of_generation(secret, bytes.data[0]);
    if (!key)
        return -ENOKEY;
    const size_t size = bytes.size - PERSONAL_ADDED_BYTES;
    const uint8_t *nonce = bytes.data + 1, *text = nonce + PERSONAL_NONCE_BYTES;
    uint8_t *plain = arena_alloc(arena, size);
    if (!plain)
        return -ENOMEM;
    make_aad(secret, sealed->envelope_id, aad);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(plain, NULL, NULL, text, size + SEAL_TAG_BYTES, aad, sizeof(aad),
                                                   nonce, key->personal) != 0) {
        sodium_memzero(plain, size);
        return -EBADMSG;
    }
    *ret = bytes_make(plain, size);
    return 0;
}
