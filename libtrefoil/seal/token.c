/* Tokens: deterministic authenticated encryption in the SIV shape. Never accepts what it would not have made. */
#include "seal/token.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include <sodium.h>

#include "trust/hash.h"
#include "wire/envelope.h"

#define IV_BYTES (SEAL_TOKEN_KEY_BYTES - 1)
#define FRONT_BYTES 3 /* kind, length */

void token_key_derive(const uint8_t *channel, struct token_key *key)
{
    const struct bytes id = bytes_make(channel, SEAL_ID_BYTES), secret = bytes_make(key->key, SEAL_KEY_BYTES);
    const struct bytes generation = bytes_make(&key->generation, 1);
    int r = labelled_hash(&HASH_INPUT(LABEL_TOKEN_MAC, secret, id, generation), key->mac, sizeof(key->mac));

    if (r == 0)
        r = labelled_hash(&HASH_INPUT(LABEL_TOKEN_ENC, secret, id, generation), key->enc, sizeof(key->enc));
    if (r == 0)
        r = labelled_hash(&HASH_INPUT(LABEL_PRIVATE, secret, id, generation), key->personal, sizeof(key->personal));
    assert(r == 0); /* all sizes are ours */
}

static int make_iv(const struct channel_secret *secret, const struct token_key *key, struct bytes account,
                   struct bytes plain, uint8_t ret[IV_BYTES])
{
    return labelled_hash(&HASH_INPUT(LABEL_TOKEN_IV, bytes_make(key->mac, SEAL_KEY_BYTES),
                                     bytes_make(secret->channel, SEAL_ID_BYTES), account, plain),
                         ret, IV_BYTES);
}

static void crypt(const struct token_key *key, const uint8_t *iv, struct bytes from, uint8_t *to)
{
    uint8_t nonce[crypto_stream_xchacha20_NONCEBYTES] = { 0 };

    memcpy(nonce, iv, IV_BYTES);
    crypto_stream_xchacha20_xor(to, from.data, from.size, nonce, key->enc);
}

int token_seal(const struct channel_secret *secret, const struct token_plain *plain, struct arena *arena,
               struct bytes *ret)
{
    if (plain->value.size == 0 || plain->value.size > SEAL_TOKEN_VALUE_MAX_BYTES)
        return -EMSGSIZE;
    if (secret->n_token_keys == 0)
        return -ENOKEY;
    const struct token_key *key = &secret->token_keys[secret->n_token_keys - 1];
    const size_t blocks = (FRONT_BYTES + plain->value.size + SEAL_TOKEN_BLOCK_BYTES - 1) / SEAL_TOKEN_BLOCK_BYTES;
    const size_t size = blocks * SEAL_TOKEN_BLOCK_BYTES;
    uint8_t *token = arena_alloc(arena, SEAL_TOKEN_KEY_BYTES + size);
    if (!token)
        return -ENOMEM;

    struct writer writer = writer_make(token + SEAL_TOKEN_KEY_BYTES, size);
    writer_u8(&writer, (uint8_t) plain->kind);
    writer_u16(&writer, (uint16_t) plain->value.size);
    writer_put(&writer, plain->value);
    const struct bytes block = bytes_make(token + SEAL_TOKEN_KEY_BYTES, size);
    token[0] = key->generation;
    int r = make_iv(secret, key, plain->account, block, token + 1);
    if (r < 0)
        return r;
    crypt(key, token + 1, block, token + SEAL_TOKEN_KEY_BYTES);
    *ret = bytes_make(token, SEAL_TOKEN_KEY_BYTES + size);
    return 0;
}

const struct token_key *token_key_of_generation(const struct channel_secret *secret, uint8_t generation)
{
    for (size_t i = 0; i < secret->n_token_keys; i++)
        if (secret->token_keys[i].generation == generation)
            return &secret->token_keys[i];
    return NULL;
}

static int read_plain(struct bytes block, struct token_plain *ret)
{
    struct cursor cursor = { block };
    uint8_t kind;
    uint16_t size;

    /* the iv has proven that a holder of the key wrote this: what is wrong now is a newer kind, or a mistake */
    if (cursor_u8(&cursor, &kind) < 0 || cursor_u16(&cursor, &size) < 0 || kind < TOKEN_ADDRESS || kind > TOKEN_NOTE ||
        size == 0 || cursor_take(&cursor, size, &ret->value) < 0 || cursor.rest.size >= SEAL_TOKEN_BLOCK_BYTES)
        return -EBADMSG;
    ret->kind = (enum token_kind) kind;
    return 0;
}

int token_open(const struct channel_secret *secret, struct bytes account, struct bytes token, struct arena *arena,
               struct token_plain *ret)
{
    uint8_t iv[IV_BYTES];
    struct token_plain plain = { .account = account };

    if (!envelope_is_token(token))
        return -EBADMSG;
    const struct token_key *key = token_key_of_generation(secret, token.data[0]);
    if (!key)
        return -ENOKEY;
    const struct bytes sealed = bytes_slice(token, SEAL_TOKEN_KEY_BYTES, token.size);
    uint8_t *memory = arena_alloc(arena, sealed.size);
    if (!memory)
        return -ENOMEM;
    crypt(key, token.data + 1, sealed, memory);
    const struct bytes block = bytes_make(memory, sealed.size);
    if (make_iv(secret, key, account, block, iv) < 0 || sodium_memcmp(iv, token.data + 1, IV_BYTES) != 0 ||
        read_plain(block, &plain) < 0) {
        sodium_memzero(memory, sealed.size);
        return -EBADMSG;
    }
    *ret = plain;
    return 0;
}

struct bytes token_table_key(struct bytes token)
{
    return envelope_is_token(token) ? bytes_slice(token, 0, SEAL_TOKEN_KEY_BYTES) : BYTES_EMPTY;
}

void token_event_id(const struct channel_secret *secret, struct bytes account, struct bytes event_key,
                    uint8_t ret[SEAL_ID_BYTES])
{
    int r =
        labelled_hash(&HASH_INPUT(LABEL_EVENT_ID, bytes_make(secret->event_key, SEAL_KEY_BYTES), account, event_key),
                      ret, SEAL_ID_BYTES);

    assert(r == 0); /* no event key is 4 GB long */
}
