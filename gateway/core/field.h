/* Protobuf fields by hand, for the two shapes that are written once per delivery. Never allocates; never reads.
 */
#ifndef TREFOIL_CORE_FIELD_H
#define TREFOIL_CORE_FIELD_H

#include <stdint.h>

#include "base/bytes.h"

#define FIELD_VARINT_MAX_BYTES 10

static inline size_t field_varint_size(uint64_t value)
{
    size_t size = 1;

    while (value >= 0x80) {
        value >>= 7;
        size++;
    }
    return size;
}

static inline void field_varint(struct writer *to, uint64_t value)
{
    uint8_t text[FIELD_VARINT_MAX_BYTES];
    size_t size = 0;

    while (value >= 0x80) {
        text[size++] = (uint8_t) (value | 0x80);
        value >>= 7;
    }
    text[size++] = (uint8_t) value;
    writer_put(to, bytes_make(text, size));
}

/* A number; zero is the default and is not written. Field numbers stay below 16: one byte of tag. */
static inline void field_number(struct writer *to, unsigned field, uint64_t value)
{
    if (value == 0)
        return;
    writer_u8(to, (uint8_t) (field << 3));
    field_varint(to, value);
}

static inline size_t field_number_size(uint64_t value)
{
    return value == 0 ? 0 : 1 + field_varint_size(value);
}

/* Bytes, text or a message; written even when empty, as repeated fields need it. */
static inline void field_open(struct writer *to, unsigned field, size_t size)
{
    writer_u8(to, (uint8_t) (field << 3 | 2));
    field_varint(to, size);
}

static inline void field_bytes(struct writer *to, unsigned field, struct bytes value)
{
    field_open(to, field, value.size);
    writer_put(to, value);
}

static inline size_t field_bytes_size(size_t size)
{
    return 1 + field_varint_size(size) + size;
}

#endif
