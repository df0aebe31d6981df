/* Rosters and wrap keys written and signed. Never signs what its own reader would refuse. */
#include "seal/roster_sign.h"

#include <errno.h>
#include <string.h>

#include <sodium.h>

#include "seal/secret_file.h"
#include "trust/hash.h"
#include "wire/proto_writer.h"

#define ROOT_FILE_BYTES (2 * SEAL_KEY_BYTES + 1)

static void put_service(struct proto_writer *writer, const struct roster_service *service)
{
    proto_put_bytes(writer, 1, service->id);
    proto_put_bytes(writer, 2, bytes_of_text(service->name));
    proto_put_u64(writer, 3, service->role);
    proto_put_bytes(writer, 4, service->identity_pk);
    for (size_t i = 0; i < service->n_transport_pks; i++)
        proto_put_item(writer, 5, service->transport_pks[i]);
    for (size_t i = 0; i < service->n_accounts; i++)
        proto_put_item(writer, 6, bytes_of_text(service->accounts[i]));
    proto_put_u64(writer, 7, service->void_before_ms);
}

static void put_channel(struct proto_writer *writer, const struct roster_channel *channel)
{
    proto_put_bytes(writer, 1, channel->id);
    proto_put_bytes(writer, 2, bytes_of_text(channel->name));
    for (size_t i = 0; i < channel->n_writers; i++)
        proto_put_item(writer, 3, channel->writers[i]);
    for (size_t i = 0; i < channel->n_readers; i++)
        proto_put_item(writer, 4, channel->readers[i]);
    proto_put_u64(writer, 5, channel->retention_ms);
    proto_put_u64(writer, 6, channel->history_allowed);
}

static void put_roster(struct proto_writer *writer, const struct roster *roster)
{
    proto_put_bytes(writer, 1, roster->tenant);
    proto_put_u64(writer, 2, roster->version);
    proto_put_bytes(writer, 3, roster->previous_hash);
    proto_put_u64(writer, 4, roster->not_before_ms);
    proto_put_u64(writer, 5, roster->not_after_ms);
    for (size_t i = 0; i < roster->n_services; i++) {
        struct proto_writer inner = { 0 };

        put_service(&inner, &roster->services[i]);
        proto_put_front(writer, 6, inner.size);
        put_service(writer, &roster->services[i]);
    }
    for (size_t i = 0; i < roster->n_channels; i++) {
        struct proto_writer inner = { 0 };

        put_channel(&inner, &roster->channels[i]);
        proto_put_front(writer, 7, inner.size);
        put_channel(writer, &roster->channels[i]);
    }
}

int roster_write(const struct roster *roster, struct arena *arena, struct bytes *ret)
{
    struct proto_writer writer = { 0 };
    struct roster check;

    put_roster(&writer, roster);
    if (writer.size > SEAL_ROSTER_MAX_BYTES)
        return -EINVAL;
    writer = (struct proto_writer){ arena_alloc(arena, writer.size), 0 };
    if (!writer.data)
        return -ENOMEM;
    put_roster(&writer, roster);
    const struct bytes body = bytes_make(writer.data, writer.size);
    int r = roster_parse(body, arena, &check);
    if (r < 0)
        return r == -ENOMEM ? r : -EINVAL;
    *ret = body;
    return 0;
}

/* body ‖ signature as a serialized Signed. */
static int sign(const char *label, struct bytes body, const uint8_t *sk, struct arena *arena, struct bytes *ret)
{
    uint8_t message[SIGNED_MESSAGE_MAX_BYTES], signature[SEAL_SIGNATURE_BYTES];
    const struct bytes parts[] = { body, bytes_make(signature, sizeof(signature)) };
    struct proto_writer writer = { 0 };
    int size = signed_message(&HASH_INPUT(label, BYTES_EMPTY, body), message);

    if (size < 0 || crypto_sign_detached(signature, NULL, message, (unsigned long long) size, sk) != 0)
        return -EINVAL;
    for (uint32_t i = 0; i < ARRAY_SIZE(parts); i++)
        proto_put_bytes(&writer, i + 1, parts[i]);
    writer = (struct proto_writer){ arena_alloc(arena, writer.size), 0 };
    if (!writer.data)
        return -ENOMEM;
    for (uint32_t i = 0; i < ARRAY_SIZE(parts); i++)
        proto_put_bytes(&writer, i + 1, parts[i]);
    *ret = bytes_make(writer.data, writer.size);
    return 0;
}

int roster_sign(const struct roster *roster, const uint8_t *root_seed, struct arena *arena, struct bytes *ret)
{
    uint8_t pk[SEAL_KEY_BYTES], sk[SEAL_SIGN_SECRET_BYTES];
    struct bytes body;
    int r = roster_write(roster, arena, &body);

    if (r < 0)
        return r;
    r = crypto_sign_seed_keypair(pk, sk, root_seed) == 0 ? sign(LABEL_ROSTER, body, sk, arena, ret) : -EINVAL;
    sodium_memzero(sk, sizeof(sk));
    return r;
}

static void put_wrap_key(struct proto_writer *writer, const struct keyring *keyring, const struct wrap_secret *wrap)
{
    proto_put_bytes(writer, 1, bytes_make(keyring->tenant, SEAL_ID_BYTES));
    proto_put_bytes(writer, 2, bytes_make(keyring->service, SEAL_ID_BYTES));
    proto_put_u64(writer, 3, wrap->generation);
    proto_put_bytes(writer, 4, bytes_make(wrap->pk, SEAL_KEY_BYTES));
    proto_put_u64(writer, 5, wrap->not_before_ms);
    proto_put_u64(writer, 6, wrap->not_after_ms);
}

int wrap_key_sign(const struct keyring *keyring, size_t index, struct arena *arena, struct bytes *ret)
{
    struct proto_writer writer = { 0 };

    if (index >= keyring->n_wraps)
        return -EINVAL;
    put_wrap_key(&writer, keyring, &keyring->wraps[index]);
    writer = (struct proto_writer){ arena_alloc(arena, writer.size), 0 };
    if (!writer.data)
        return -ENOMEM;
    put_wrap_key(&writer, keyring, &keyring->wraps[index]);
    return sign(LABEL_WRAP_KEY, bytes_make(writer.data, writer.size), keyring->identity_sk, arena, ret);
}

void root_key_generate(uint8_t ret_seed[SEAL_KEY_BYTES], uint8_t ret_pk[SEAL_KEY_BYTES])
{
    randombytes_buf(ret_seed, SEAL_KEY_BYTES);
    root_key_pk(ret_seed, ret_pk);
}

void root_key_pk(const uint8_t *seed, uint8_t ret_pk[SEAL_KEY_BYTES])
{
    uint8_t sk[SEAL_SIGN_SECRET_BYTES];

    crypto_sign_seed_keypair(ret_pk, sk, seed);
    sodium_memzero(sk, sizeof(sk));
}

int root_key_save(const char *path, const uint8_t *seed)
{
    char text[ROOT_FILE_BYTES + 1];

    bytes_to_hex(bytes_make(seed, SEAL_KEY_BYTES), text);
    text[ROOT_FILE_BYTES - 1] = '\n';
    int r = secret_file_save(path, bytes_make(text, ROOT_FILE_BYTES), false);
    sodium_memzero(text, sizeof(text));
    return r;
}

int root_key_load(const char *path, uint8_t ret[SEAL_KEY_BYTES])
{
    uint8_t *file;
    size_t size;
    int r = secret_file_load(path, ROOT_FILE_BYTES, &file, &size);

    if (r < 0)
        return r == -EMSGSIZE ? -EBADMSG : r;
    r = size == ROOT_FILE_BYTES && file[size - 1] == '\n'
            ? bytes_from_hex(bytes_make(file, size - 1), ret, SEAL_KEY_BYTES)
            : -EBADMSG;
    secret_file_wipe(file, size);
    return r;
}
