/* The keyring file read into guarded memory, every key checked against its other half. Never keeps a copy elsewhere. */
#include "seal/keyring.h"

#include <errno.h>
#include <string.h>

#include <sodium.h>

#include "seal/token.h"
#include "wire/proto_reader.h"

static int take_key(const struct proto_field *field, uint8_t ret[SEAL_KEY_BYTES])
{
    struct bytes key;

    if (proto_take_bytes(field, SEAL_KEY_BYTES, SEAL_KEY_BYTES, &key) < 0)
        return -EBADMSG;
    memcpy(ret, key.data, key.size);
    return 0;
}

static int take_id(const struct proto_field *field, uint8_t ret[SEAL_ID_BYTES])
{
    struct bytes id;

    if (proto_take_bytes(field, SEAL_ID_BYTES, SEAL_ID_BYTES, &id) < 0)
        return -EBADMSG;
    memcpy(ret, id.data, id.size);
    return 0;
}

static int parse_wrap(struct bytes bytes, struct wrap_secret *ret)
{
    struct proto_reader reader = proto_reader_make(bytes);
    struct proto_field field;
    int r;

    while ((r = proto_next(&reader, &field)) > 0) {
        if (field.number == 1)
            r = proto_take_u32(&field, UINT32_MAX, &ret->generation);
        else if (field.number == 2)
            r = take_key(&field, ret->sk);
        else if (field.number == 3)
            r = proto_take_u64(&field, UINT64_MAX, &ret->not_before_ms);
        else if (field.number == 4)
            r = proto_take_u64(&field, UINT64_MAX, &ret->not_after_ms);
        else
            r = -EBADMSG;
        if (r < 0)
            return r;
    }
    if (r < 0 || ret->generation == 0 || sodium_is_zero(ret->sk, sizeof(ret->sk)))
        return -EBADMSG;
    return crypto_scalarmult_base(ret->pk, ret->sk) == 0 ? 0 : -EBADMSG;
}

static int parse_token_key(struct bytes bytes, struct token_key *ret)
{
    struct proto_reader reader = proto_reader_make(bytes);
    struct proto_field field;
    uint32_t generation = 0;
    int r;

    while ((r = proto_next(&reader, &field)) > 0) {
        if (field.number == 1)
            r = proto_take_u32(&field, UINT8_MAX, &generation);
        else if (field.number == 2)
            r = take_key(&field, ret->key);
        else
            r = -EBADMSG;
        if (r < 0)
            return r;
    }
    ret->generation = (uint8_t) generation;
    return r < 0 || generation == 0 || sodium_is_zero(ret->key, sizeof(ret->key)) ? -EBADMSG : 0;
}

static int add_token_key(const struct proto_field *field, struct channel_secret *secret)
{
    const size_t n = secret->n_token_keys;

    if (field->shape != PROTO_BYTES || n == SEAL_TOKEN_GENERATIONS ||
        parse_token_key(field->bytes, &secret->token_keys[n]) < 0)
        return -EBADMSG;
    if (n > 0 && secret->token_keys[n].generation == secret->token_keys[n - 1].generation)
        return -EBADMSG;
    secret->n_token_keys++;
    return 0;
}

static int parse_channel(struct bytes bytes, struct channel_secret *ret)
{
    struct proto_reader reader = proto_reader_make(bytes);
    struct proto_field field;
    bool has_channel = false;
    int r;

    while ((r = proto_next(&reader, &field)) > 0) {
        if (field.number == 1)
            r = take_id(&field, ret->channel);
        else if (field.number == 2)
            r = add_token_key(&field, ret);
        else if (field.number == 3)
            r = take_key(&field, ret->event_key);
        else
            r = -EBADMSG;
        if (r < 0)
            return r;
        has_channel |= field.number == 1;
    }
    if (r < 0 || !has_channel || ret->n_token_keys == 0 || sodium_is_zero(ret->event_key, sizeof(ret->event_key)))
        return -EBADMSG;
    for (size_t i = 0; i < ret->n_token_keys; i++)
        token_key_derive(ret->channel, &ret->token_keys[i]);
    return 0;
}

static int take_name(const struct proto_field *field, struct keyring *keyring)
{
    struct bytes name;

    if (proto_take_bytes(field, 1, SEAL_NAME_MAX_BYTES, &name) < 0 || memchr(name.data, 0, name.size))
        return -EBADMSG;
    memcpy(keyring->service_name, name.data, name.size);
    keyring->service_name[name.size] = 0;
    return 0;
}

static int take_identity(const struct proto_field *field, struct keyring *keyring)
{
    uint8_t seed[SEAL_KEY_BYTES];

    if (take_key(field, seed) < 0)
        return -EBADMSG;
    int r = crypto_sign_seed_keypair(keyring->identity_pk, keyring->identity_sk, seed);
    sodium_memzero(seed, sizeof(seed));
    return r == 0 ? 0 : -EBADMSG;
}

static int parse_field(const struct proto_field *field, struct keyring *keyring)
{
    switch (field->number) {
    case 1:
        return take_id(field, keyring->tenant);
    case 2:
        return take_id(field, keyring->service);
    case 3:
        return take_name(field, keyring);
    case 4:
        return take_key(field, keyring->root_pk);
    case 5:
        return proto_take_u64(field, UINT64_MAX, &keyring->min_roster_version);
    case 6:
        return take_identity(field, keyring);
    case 7:
        return take_key(field, keyring->transport_sk);
    case 8:
        return take_key(field, keyring->transport_pk);
    case 9:
        return take_key(field, keyring->gateway_transport_pk);
    case 10:
        if (field->shape != PROTO_BYTES || keyring->n_wraps == SEAL_WRAP_GENERATIONS)
            return -EBADMSG;
        return parse_wrap(field->bytes, &keyring->wraps[keyring->n_wraps++]);
    case 11:
        if (field->shape != PROTO_BYTES || keyring->n_channels == SEAL_CHANNELS_MAX)
            return -EBADMSG;
        return parse_channel(field->bytes, &keyring->channels[keyring->n_channels++]);
    default:
        return -EBADMSG;
    }
}

/* Everything there, and the two halves of the transport key belong together. */
static int check_complete(const struct keyring *keyring)
{
    uint8_t pk[SEAL_KEY_BYTES];

    if (keyring->service_name[0] == 0 || sodium_is_zero(keyring->root_pk, SEAL_KEY_BYTES) ||
        sodium_is_zero(keyring->identity_pk, SEAL_KEY_BYTES) || sodium_is_zero(keyring->service, SEAL_ID_BYTES) ||
        sodium_is_zero(keyring->tenant, SEAL_ID_BYTES) || sodium_is_zero(keyring->transport_sk, SEAL_KEY_BYTES))
        return -EBADMSG;
    if (crypto_scalarmult_base(pk, keyring->transport_sk) != 0 ||
        sodium_memcmp(pk, keyring->transport_pk, sizeof(pk)) != 0)
        return -EBADMSG;
    return 0;
}

int keyring_new(struct bytes file, struct keyring **ret)
{
    struct proto_reader reader = proto_reader_make(file);
    struct proto_field field;
    int r;

    if (file.size > SEAL_KEYRING_MAX_BYTES)
        return -EBADMSG;
    if (sodium_init() < 0)
        return -ENOMEM;
    struct keyring *keyring = sodium_malloc(sizeof(*keyring));
    if (!keyring)
        return -ENOMEM;
    sodium_memzero(keyring, sizeof(*keyring));
    do {
        r = proto_next(&reader, &field);
        if (r > 0 && parse_field(&field, keyring) < 0)
            r = -EBADMSG;
    } while (r > 0);
    if (r == 0)
        r = check_complete(keyring);
    if (r < 0) {
        keyring_free(keyring);
        return r;
    }
    *ret = keyring;
    return 0;
}
