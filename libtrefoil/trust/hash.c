/* BLAKE2b with a label, and Ed25519 over it. Never falls back to an unlabelled hash. */
#include "trust/hash.h"

#include <errno.h>
#include <string.h>

#include <sodium.h>

static void absorb_size(crypto_generichash_blake2b_state *state, size_t size)
{
    const uint8_t front[4] = { (uint8_t) (size >> 24), (uint8_t) (size >> 16), (uint8_t) (size >> 8), (uint8_t) size };

    crypto_generichash_blake2b_update(state, front, sizeof(front));
}

int labelled_hash(const struct hash_input *input, uint8_t *ret, size_t size)
{
    crypto_generichash_blake2b_state state;
    uint8_t personal[crypto_generichash_blake2b_PERSONALBYTES] = { 0 };
    const size_t label_size = strlen(input->label);

    if (label_size < LABEL_MIN_BYTES || label_size > LABEL_MAX_BYTES || size > HASH_MAX_BYTES)
        return -EINVAL;
    for (size_t i = 0; i < input->n_parts; i++)
        if (input->parts[i].size > UINT32_MAX)
            return -EINVAL;
    memcpy(personal, input->label, label_size);
    if (crypto_generichash_blake2b_init_salt_personal(&state, input->key.size > 0 ? input->key.data : NULL,
                                                      input->key.size, size, NULL, personal) != 0)
        return -EINVAL;
    for (size_t i = 0; i < input->n_parts; i++) {
        if (input->n_parts > 1)
            absorb_size(&state, input->parts[i].size);
        crypto_generichash_blake2b_update(&state, input->parts[i].data, input->parts[i].size);
    }
    int r = crypto_generichash_blake2b_final(&state, ret, size);
    sodium_memzero(&state, sizeof(state));
    return r == 0 ? 0 : -EINVAL;
}

int signed_message(const struct hash_input *input, uint8_t ret[SIGNED_MESSAGE_MAX_BYTES])
{
    uint8_t digest[HASH_MAX_BYTES];
    const size_t label_size = strlen(input->label);
    int r = labelled_hash(input, digest, sizeof(digest));

    if (r < 0)
        return r;
    memcpy(ret, input->label, label_size);
    ret[label_size] = 0;
    memcpy(ret + label_size + 1, digest, sizeof(digest));
    return (int) (label_size + 1 + sizeof(digest));
}

bool signature_is_good(const struct hash_input *input, struct bytes signature, struct bytes pk)
{
    uint8_t message[SIGNED_MESSAGE_MAX_BYTES];

    if (signature.size != SEAL_SIGNATURE_BYTES || pk.size != SEAL_KEY_BYTES)
        return false;
    int size = signed_message(input, message);
    if (size < 0)
        return false;
    /* libsodium itself refuses keys of small order and signatures that are not canonical */
    return crypto_sign_verify_detached(signature.data, message, (unsigned long long) size, pk.data) == 0;
}

bool exchange_key_is_good(struct bytes pk)
{
    /* any scalar shows it: the product with a key of small order is zero, and libsodium then says so */
    static const uint8_t scalar[SEAL_KEY_BYTES] = { 9 };
    uint8_t product[SEAL_KEY_BYTES];

    return pk.size == SEAL_KEY_BYTES && crypto_scalarmult(product, scalar, pk.data) == 0;
}
