/* The vectors of files: sealed from fixed keys, and what must be refused. Never judges. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "seal/blob.h"
#include "trust/hash.h"
#include "vectors_json.h"

#define SMALL 300 /* of which all bytes are published; of larger files the hash must do */
#define MAX_SEALED (1u << 20)

/* What the store has of a file. */
struct sealed {
    uint8_t data[MAX_SEALED];
    size_t size;
};

static void must(bool held)
{
    if (!held)
        abort();
}

static int append(void *context, struct bytes bytes)
{
    struct sealed *sealed = context;

    must(bytes.size <= MAX_SEALED - sealed->size);
    memcpy(sealed->data + sealed->size, bytes.data, bytes.size);
    sealed->size += bytes.size;
    return 0;
}

/* Byte i of every file: (31 i + i / 251) mod 256. */
static uint8_t byte_at(size_t i)
{
    return (uint8_t) (i * 31 + i / 251);
}

static struct blob_secret drawn(void)
{
    struct blob_secret secret = { .ref = "00112233445566778899aabbccddeeff" };

    memset(secret.key, 0x6b, sizeof(secret.key));
    memset(secret.header, 0x68, sizeof(secret.header));
    return secret;
}

static struct blob_secret seal_file(const uint8_t *channel, size_t size, struct sealed *ret)
{
    struct blob_seal *seal = malloc(sizeof(*seal));
    struct blob_secret secret = drawn();

    must(seal);
    ret->size = 0;
    blob_seal_begin_with(seal, channel, &secret);
    for (size_t i = 0; i < size; i++) {
        uint8_t byte = byte_at(i);

        must(blob_seal_push(seal, bytes_make(&byte, 1), append, ret) == 0);
    }
    must(blob_seal_end(seal, append, ret, &secret) == 0);
    free(seal);
    return secret;
}

static void put_secret(json_t *object, const uint8_t *channel, const struct blob_secret *secret)
{
    put(object, "channel", hex_of(channel, SEAL_ID_BYTES));
    put_text(object, "ref", secret->ref);
    put(object, "key", hex_of(secret->key, sizeof(secret->key)));
    put(object, "header", hex_of(secret->header, sizeof(secret->header)));
    put(object, "commit", hex_of(secret->commit, sizeof(secret->commit)));
    put(object, "hash", hex_of(secret->hash, sizeof(secret->hash)));
    put_u64(object, "size", secret->size_bytes);
}

static void refuse(json_t *list, const char *name, const uint8_t *channel, const struct blob_secret *secret,
                   struct bytes sealed)
{
    json_t *object = add(list, name);

    put_secret(object, channel, secret);
    put_hex(object, "sealed", sealed);
}

/* A chunk that is wrong by its maker's will: tags and hash fit. */
static void refuse_made(json_t *list, const char *name, const uint8_t *channel, struct blob_secret secret,
                        size_t padded, uint8_t fill, uint8_t tag, uint64_t told)
{
    crypto_secretstream_xchacha20poly1305_state stream;
    uint8_t plain[4096], sealed[4096 + crypto_secretstream_xchacha20poly1305_ABYTES], key[SEAL_KEY_BYTES], front[8];
    struct writer aad = writer_make(front, sizeof(front));
    unsigned long long size;

    must(labelled_hash(&HASH_INPUT(LABEL_FILE_KEY, bytes_make(secret.key, SEAL_KEY_BYTES),
                                   bytes_make(channel, SEAL_ID_BYTES), bytes_of_text(secret.ref)),
                       key, sizeof(key)) == 0);
    crypto_secretstream_xchacha20poly1305_init_pull(&stream, secret.header, key);
    memset(plain, 0, sizeof(plain));
    for (size_t i = 0; i < SMALL; i++)
        plain[i] = byte_at(i);
    plain[padded - 1] = fill;
    writer_u64(&aad, told);
    crypto_secretstream_xchacha20poly1305_push(&stream, sealed, &size, plain, padded, front, aad.size, tag);
    crypto_generichash(secret.hash, sizeof(secret.hash), sealed, size, NULL, 0);
    refuse(list, name, channel, &secret, bytes_make(sealed, (size_t) size));
}

static void refuse_files(struct vectors *vectors, const uint8_t *channel, struct sealed *sealed, json_t *list)
{
    const struct blob_secret good = seal_file(channel, SMALL, sealed);
    const struct bytes bytes = bytes_make(sealed->data, sealed->size);
    const uint8_t last = crypto_secretstream_xchacha20poly1305_TAG_FINAL,
                  more = crypto_secretstream_xchacha20poly1305_TAG_MESSAGE;
    struct blob_secret other;
    uint8_t elsewhere[SEAL_ID_BYTES];

    refuse(list, "first bit", channel, &good, flipped(vectors->world, bytes, 0));
    refuse(list, "last bit", channel, &good, flipped(vectors->world, bytes, bytes.size * 8 - 1));
    refuse(list, "one byte short", channel, &good, bytes_slice(bytes, 0, bytes.size - 1));
    refuse(list, "one byte long", channel, &good, bytes_make(sealed->data, sealed->size + 1));
    refuse(list, "nothing", channel, &good, BYTES_EMPTY);
    memcpy(elsewhere, channel, sizeof(elsewhere));
    elsewhere[0] ^= 1;
    refuse(list, "another channel", elsewhere, &good, bytes);
    other = good;
    other.ref[0] = 'f';
    refuse(list, "another reference", channel, &other, bytes);
    other = good;
    other.key[0] ^= 1;
    refuse(list, "another key under the same commitment", channel, &other, bytes);
    other = good;
    other.header[0] ^= 1;
    refuse(list, "another header", channel, &other, bytes);
    other = good;
    other.commit[0] ^= 1;
    refuse(list, "another commitment", channel, &other, bytes);
    other = good;
    other.hash[0] ^= 1;
    refuse(list, "another hash", channel, &other, bytes);
    other = good;
    other.size_bytes++;
    refuse(list, "another size of the same class", channel, &other, bytes);
    refuse_made(list, "no end mark", channel, good, 512, 0, more, SMALL);
    refuse_made(list, "padding that is not zero", channel, good, 512, 1, last, SMALL);
    refuse_made(list, "padded to another class", channel, good, 1024, 0, last, SMALL);
    refuse_made(list, "another size told in the last chunk", channel, good, 512, 0, last, SMALL + 1);
}

json_t *file_vectors(struct vectors *vectors)
{
    static const size_t sizes[] = { 0, 1, 256, 257, SMALL, 65535, 65536, 65537, 250000 };
    const uint8_t *channel = vectors->world->keyrings[WORLD_WHATSAPP]->channels[0].channel;
    struct sealed *sealed = calloc(1, sizeof(*sealed));
    json_t *object = json_object(), *list = json_array(), *refused = json_array();

    must(sealed);
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        const struct blob_secret secret = seal_file(channel, sizes[i], sealed);
        json_t *item = json_object();

        put_secret(item, channel, &secret);
        put_u64(item, "sealed_size", sealed->size);
        if (sizes[i] <= SMALL)
            put_hex(item, "sealed", bytes_make(sealed->data, sealed->size));
        json_array_append_new(list, item);
    }
    refuse_files(vectors, channel, sealed, refused);
    put(object, "files", list);
    put(object, "refused", refused);
    free(sealed);
    return object;
}
