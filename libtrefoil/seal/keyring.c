/* Keyrings made, written and kept in files. Never prints one. */
#include "seal/keyring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "seal/secret_file.h"
#include "seal/token.h"
#include "wire/proto_writer.h"

struct keyring *keyring_free(struct keyring *keyring)
{
    sodium_free(keyring); /* wipes; accepts NULL */
    return NULL;
}

int keyring_generate(const char *service_name, const uint8_t *tenant, const uint8_t *root_pk, uint64_t now_ms,
                     struct keyring **ret)
{
    const struct bytes name = bytes_of_text(service_name);

    if (name.size == 0 || name.size > SEAL_NAME_MAX_BYTES)
        return -EINVAL;
    if (sodium_init() < 0)
        return -ENOMEM;
    struct keyring *keyring = sodium_malloc(sizeof(*keyring));
    if (!keyring)
        return -ENOMEM;
    sodium_memzero(keyring, sizeof(*keyring));
    memcpy(keyring->service_name, name.data, name.size);
    memcpy(keyring->tenant, tenant, SEAL_ID_BYTES);
    memcpy(keyring->root_pk, root_pk, SEAL_KEY_BYTES);
    randombytes_buf(keyring->service, SEAL_ID_BYTES);
    keyring->min_roster_version = 1;
    struct wrap_secret *wrap = &keyring->wraps[keyring->n_wraps++];
    wrap->generation = 1;
    wrap->not_before_ms = now_ms;
    wrap->not_after_ms = now_ms + SEAL_WRAP_ACTIVE_MS;
    if (crypto_sign_keypair(keyring->identity_pk, keyring->identity_sk) != 0 ||
        crypto_box_keypair(keyring->transport_pk, keyring->transport_sk) != 0 ||
        crypto_box_keypair(wrap->pk, wrap->sk) != 0) {
        keyring_free(keyring);
        return -EIO;
    }
    *ret = keyring;
    return 0;
}

const struct wrap_secret *keyring_newest_wrap(const struct keyring *keyring)
{
    const struct wrap_secret *newest = NULL;

    for (size_t i = 0; i < keyring->n_wraps; i++)
        if (!newest || keyring->wraps[i].generation > newest->generation)
            newest = &keyring->wraps[i];
    return newest;
}

int keyring_add_wrap(struct keyring *keyring, uint64_t not_before_ms, uint64_t not_after_ms)
{
    const struct wrap_secret *newest = keyring_newest_wrap(keyring);
    uint32_t generation = newest ? newest->generation + 1 : 1;

    if (not_before_ms >= not_after_ms || generation == 0)
        return -EINVAL;
    if (keyring->n_wraps == SEAL_WRAP_GENERATIONS)
        return -ENOSPC;
    struct wrap_secret *wrap = &keyring->wraps[keyring->n_wraps];
    if (crypto_box_keypair(wrap->pk, wrap->sk) != 0)
        return -EIO;
    wrap->generation = generation;
    wrap->not_before_ms = not_before_ms;
    wrap->not_after_ms = not_after_ms;
    keyring->n_wraps++;
    return 0;
}

size_t keyring_drop_wraps(struct keyring *keyring, uint64_t before_ms)
{
    const struct wrap_secret *newest = keyring_newest_wrap(keyring);
    uint32_t kept_generation = newest ? newest->generation : 0;
    size_t n = keyring->n_wraps, kept = 0;

    for (size_t i = 0; i < n; i++)
        if (keyring->wraps[i].not_after_ms >= before_ms || keyring->wraps[i].generation == kept_generation)
            keyring->wraps[kept++] = keyring->wraps[i];
    sodium_memzero(&keyring->wraps[kept], (n - kept) * sizeof(keyring->wraps[0]));
    keyring->n_wraps = kept;
    return n - kept;
}

const struct channel_secret *keyring_channel(const struct keyring *keyring, const uint8_t *channel)
{
    for (size_t i = 0; i < keyring->n_channels; i++)
        if (memcmp(keyring->channels[i].channel, channel, SEAL_ID_BYTES) == 0)
            return &keyring->channels[i];
    return NULL;
}

int keyring_add_channel(struct keyring *keyring, const struct channel_secret *secret)
{
    if (keyring_channel(keyring, secret->channel))
        return -EEXIST;
    if (keyring->n_channels == SEAL_CHANNELS_MAX)
        return -ENOSPC;
    keyring->channels[keyring->n_channels++] = *secret;
    return 0;
}

void channel_secret_generate(const uint8_t *channel, struct channel_secret *ret)
{
    memset(ret, 0, sizeof(*ret));
    memcpy(ret->channel, channel, SEAL_ID_BYTES);
    randombytes_buf(ret->event_key, SEAL_KEY_BYTES);
    ret->token_keys[0].generation = 1;
    randombytes_buf(ret->token_keys[0].key, SEAL_KEY_BYTES);
    token_key_derive(channel, &ret->token_keys[0]);
    ret->n_token_keys = 1;
}

static void put_key(struct proto_writer *writer, uint32_t number, const uint8_t *key)
{
    if (!sodium_is_zero(key, SEAL_KEY_BYTES))
        proto_put_bytes(writer, number, bytes_make(key, SEAL_KEY_BYTES));
}

static void put_wrap(struct proto_writer *writer, const struct wrap_secret *wrap)
{
    proto_put_u64(writer, 1, wrap->generation);
    put_key(writer, 2, wrap->sk);
    proto_put_u64(writer, 3, wrap->not_before_ms);
    proto_put_u64(writer, 4, wrap->not_after_ms);
}

static void put_token_key(struct proto_writer *writer, const struct token_key *key)
{
    proto_put_u64(writer, 1, key->generation);
    put_key(writer, 2, key->key);
}

static void put_channel(struct proto_writer *writer, const struct channel_secret *secret)
{
    proto_put_bytes(writer, 1, bytes_make(secret->channel, SEAL_ID_BYTES));
    for (size_t i = 0; i < secret->n_token_keys; i++) {
        struct proto_writer inner = { 0 };

        put_token_key(&inner, &secret->token_keys[i]);
        proto_put_front(writer, 2, inner.size);
        put_token_key(writer, &secret->token_keys[i]);
    }
    put_key(writer, 3, secret->event_key);
}

static void put_keyring(struct proto_writer *writer, const struct keyring *keyring)
{
    proto_put_bytes(writer, 1, bytes_make(keyring->tenant, SEAL_ID_BYTES));
    proto_put_bytes(writer, 2, bytes_make(keyring->service, SEAL_ID_BYTES));
    proto_put_bytes(writer, 3, bytes_of_text(keyring->service_name));
    put_key(writer, 4, keyring->root_pk);
    proto_put_u64(writer, 5, keyring->min_roster_version);
    put_key(writer, 6, keyring->identity_sk); /* libsodium keeps the seed in the first half */
    put_key(writer, 7, keyring->transport_sk);
    put_key(writer, 8, keyring->transport_pk);
    put_key(writer, 9, keyring->gateway_transport_pk);
    for (size_t i = 0; i < keyring->n_wraps; i++) {
        struct proto_writer inner = { 0 };

        put_wrap(&inner, &keyring->wraps[i]);
        proto_put_front(writer, 10, inner.size);
        put_wrap(writer, &keyring->wraps[i]);
    }
    for (size_t i = 0; i < keyring->n_channels; i++) {
        struct proto_writer inner = { 0 };

        put_channel(&inner, &keyring->channels[i]);
        proto_put_front(writer, 11, inner.size);
        put_channel(writer, &keyring->channels[i]);
    }
}

int keyring_write(const struct keyring *keyring, uint8_t **ret, size_t *ret_size)
{
    struct proto_writer writer = { 0 };

    put_keyring(&writer, keyring);
    uint8_t *memory = malloc(writer.size);
    if (!memory)
        return -ENOMEM;
    writer = (struct proto_writer){ memory, 0 };
    put_keyring(&writer, keyring);
    *ret = memory;
    *ret_size = writer.size;
    return 0;
}

int keyring_load(const char *path, struct keyring **ret)
{
    uint8_t *file;
    size_t size;
    int r = secret_file_load(path, SEAL_KEYRING_MAX_BYTES, &file, &size);

    if (r < 0)
        return r == -EMSGSIZE ? -EBADMSG : r;
    r = keyring_new(bytes_make(file, size), ret);
    secret_file_wipe(file, size);
    return r;
}

int keyring_save(const struct keyring *keyring, const char *path, bool replace)
{
    uint8_t *file;
    size_t size;
    int r = keyring_write(keyring, &file, &size);

    if (r < 0)
        return r;
    r = secret_file_save(path, bytes_make(file, size), replace);
    secret_file_wipe(file, size);
    return r;
}
