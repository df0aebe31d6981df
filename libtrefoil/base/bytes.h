/* Slices of memory somebody else owns, and a cursor that reads them with a check at every step.
 * Never allocates; nobody else does pointer arithmetic on input.
 */
#ifndef TREFOIL_BASE_BYTES_H
#define TREFOIL_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

/* Borrowed. `data` may be NULL only when `size` is 0. */
struct bytes {
    const uint8_t *data;
    size_t size;
};

#define BYTES_EMPTY ((struct bytes){ NULL, 0 })

static inline struct bytes bytes_make(const void *data, size_t size)
{
    return (struct bytes){ data, size };
}

/* The text without its NUL; NULL is empty. */
struct bytes bytes_of_text(const char *text);

bool bytes_equal(struct bytes a, struct bytes b);
bool bytes_equal_text(struct bytes a, const char *text);

/* <0, 0, >0 as memcmp, a shorter prefix first. */
int bytes_compare(struct bytes a, struct bytes b);

/* The part from `start`, at most `size` long; empty when `start` lies outside. */
struct bytes bytes_slice(struct bytes whole, size_t start, size_t size);

/* Cuts `size` bytes, which are there, off the front and returns them. For inner loops that have just checked. */
static inline struct bytes bytes_cut(struct bytes *bytes, size_t size)
{
    const struct bytes front = { bytes->data, size };

    bytes->data += size;
    bytes->size -= size;
    return front;
}

/* 64-bit FNV-1a. For tables whose keys strangers cannot choose. */
uint64_t bytes_hash(struct bytes bytes);

/* Eight bytes a step, for tables asked with every envelope. `seed`: random where strangers choose keys. */
uint64_t bytes_hash_fast(struct bytes bytes, uint64_t seed);

/* Lower-case hex and a NUL into `text`, which has room for 2 * size + 1. */
void bytes_to_hex(struct bytes bytes, char *text);

/* Exactly `size` bytes from 2 * size hex digits of either case: 0, or -EBADMSG and `ret` untouched. */
must_use_ int bytes_from_hex(struct bytes text, uint8_t *ret, size_t size);

/* Digits only, no sign, no leading zeros but "0" itself, up to `max`: 0, or -EBADMSG. */
must_use_ int bytes_to_u64(struct bytes text, uint64_t max, uint64_t *ret);

/* Copies `from` into `to`, which has room for `room`: 0, or -EMSGSIZE and nothing written. */
must_use_ int bytes_copy(struct bytes from, void *to, size_t room);

/* True when the bytes are well-formed UTF-8 (no surrogates, no overlong forms, at most U+10FFFF). */
bool bytes_is_utf8(struct bytes bytes);

/* Reads from the front; a read that does not fit fails and moves nothing. */
struct cursor {
    struct bytes rest;
};

must_use_ int cursor_take(struct cursor *cursor, size_t size, struct bytes *ret); /* -EBADMSG */
must_use_ int cursor_u8(struct cursor *cursor, uint8_t *ret);
must_use_ int cursor_u16(struct cursor *cursor, uint16_t *ret); /* big-endian */
must_use_ int cursor_u32(struct cursor *cursor, uint32_t *ret);
must_use_ int cursor_u64(struct cursor *cursor, uint64_t *ret);

/* Writes into a block of fixed size; a write that does not fit sets `overflow` and writes nothing more. */
struct writer {
    uint8_t *data;
    size_t room;
    size_t size;
    bool overflow;
};

static inline struct writer writer_make(void *data, size_t room)
{
    return (struct writer){ data, room, 0, false };
}

void writer_put(struct writer *writer, struct bytes bytes);
void writer_text(struct writer *writer, const char *text);
void writer_u8(struct writer *writer, uint8_t value);
void writer_u16(struct writer *writer, uint16_t value);
void writer_u32(struct writer *writer, uint32_t value);
void writer_u64(struct writer *writer, uint64_t value);
struct bytes writer_bytes(const struct writer *writer);

#endif
