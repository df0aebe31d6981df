/* Sixteen-byte ids and the keys tables are indexed by. Never makes an id up. */
#ifndef TREFOIL_CORE_ID_H
#define TREFOIL_CORE_ID_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/bytes.h"

#define ID_BYTES 16
#define TOKEN_KEY_BYTES 17 /* of a token: generation and iv */

struct id {
    uint8_t bytes[ID_BYTES];
};

static inline struct bytes id_bytes(const struct id *id)
{
    return bytes_make(id->bytes, ID_BYTES);
}

static inline bool id_equal(const struct id *a, const struct id *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

static inline bool id_is_zero(const struct id *id)
{
    static const struct id zero;

    return id_equal(id, &zero);
}

/* All zero when `bytes` is not an id. */
static inline struct id id_from(struct bytes bytes)
{
    struct id id = { { 0 } };

    if (bytes.size == ID_BYTES)
        memcpy(id.bytes, bytes.data, ID_BYTES);
    return id;
}

static inline struct bytes token_key(struct bytes token)
{
    return bytes_slice(token, 0, TOKEN_KEY_BYTES);
}

static inline bool token_is_valid(struct bytes token)
{
    return token.size > TOKEN_KEY_BYTES && token.size <= UINT16_MAX;
}

/* A key written piece by piece. Big-endian numbers, so that key order is number order. */
#define TABLE_KEY_MAX_BYTES 128

struct key {
    uint8_t data[TABLE_KEY_MAX_BYTES];
    size_t size;
};

static inline void key_put(struct key *key, struct bytes part)
{
    if (part.size > 0 && part.size <= sizeof(key->data) - key->size) {
        memcpy(key->data + key->size, part.data, part.size);
        key->size += part.size;
    }
}

static inline void key_u64(struct key *key, uint64_t value)
{
    uint8_t big[8];

    for (int i = 0; i < 8; i++)
        big[i] = (uint8_t) (value >> (56 - 8 * i));
    key_put(key, bytes_make(big, sizeof(big)));
}

static inline void key_u32(struct key *key, uint32_t value)
{
    uint8_t big[4];

    for (int i = 0; i < 4; i++)
        big[i] = (uint8_t) (value >> (24 - 8 * i));
    key_put(key, bytes_make(big, sizeof(big)));
}

static inline struct bytes key_bytes(const struct key *key)
{
    return bytes_make(key->data, key->size);
}

#endif
