/* Slices, hex, UTF-8, and the two cursors. Never allocates, never touches what lies outside a slice. */
#include "base/bytes.h"

#include <errno.h>
#include <string.h>

struct bytes bytes_of_text(const char *text)
{
    return bytes_make(text, text ? strlen(text) : 0);
}

bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

bool bytes_equal_text(struct bytes a, const char *text)
{
    return bytes_equal(a, bytes_of_text(text));
}

int bytes_compare(struct bytes a, struct bytes b)
{
    size_t common = a.size < b.size ? a.size : b.size;
    int order = common ? memcmp(a.data, b.data, common) : 0;

    if (order != 0)
        return order;
    return (a.size > b.size) - (a.size < b.size);
}

struct bytes bytes_slice(struct bytes whole, size_t start, size_t size)
{
    if (start >= whole.size)
        return BYTES_EMPTY;
    if (size > whole.size - start)
        size = whole.size - start;
    return bytes_make(whole.data + start, size);
}

uint64_t bytes_hash(struct bytes bytes)
{
    uint64_t hash = 0xcbf29ce484222325u;

    for (size_t i = 0; i < bytes.size; i++)
        hash = (hash ^ bytes.data[i]) * 0x100000001b3u;
    return hash ^ (hash >> 32);
}

uint64_t bytes_hash_fast(struct bytes bytes, uint64_t seed)
{
    uint64_t hash = seed ^ bytes.size, word;
    size_t at = 0;

    for (; at + sizeof(word) <= bytes.size; at += sizeof(word)) {
        memcpy(&word, bytes.data + at, sizeof(word));
        hash = (hash ^ word) * 0x9fb21c651e98df25u;
        hash ^= hash >> 32;
    }
    for (; at < bytes.size; at++)
        hash = (hash ^ bytes.data[at]) * 0x100000001b3u;
    hash = (hash ^ (hash >> 29)) * 0xbf58476d1ce4e5b9u;
    return hash ^ (hash >> 32);
}

void bytes_to_hex(struct bytes bytes, char *text)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < bytes.size; i++) {
        text[2 * i] = digits[bytes.data[i] >> 4];
        text[2 * i + 1] = digits[bytes.data[i] & 15];
    }
    text[2 * bytes.size] = '\0';
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

int bytes_from_hex(struct bytes text, uint8_t *ret, size_t size)
{
    if (text.size / 2 != size || text.size % 2 != 0)
        return -EBADMSG;
    for (size_t i = 0; i < text.size; i++)
        if (hex_digit(text.data[i]) < 0)
            return -EBADMSG;
    for (size_t i = 0; i < size; i++) {
        unsigned high = (unsigned) hex_digit(text.data[2 * i]), low = (unsigned) hex_digit(text.data[2 * i + 1]);

        ret[i] = (uint8_t) (high << 4 | low);
    }
    return 0;
}

int bytes_to_u64(struct bytes text, uint64_t max, uint64_t *ret)
{
    uint64_t value = 0;

    if (text.size == 0 || (text.size > 1 && text.data[0] == '0'))
        return -EBADMSG;
    for (size_t i = 0; i < text.size; i++) {
        uint8_t digit = (uint8_t) (text.data[i] - '0');

        if (digit > 9 || value > (UINT64_MAX - digit) / 10)
            return -EBADMSG;
        value = value * 10 + digit;
    }
    if (value > max)
        return -EBADMSG;
    *ret = value;
    return 0;
}

int bytes_copy(struct bytes from, void *to, size_t room)
{
    if (from.size > room)
        return -EMSGSIZE;
    if (from.size > 0)
        memcpy(to, from.data, from.size);
    return 0;
}

/* How long the sequence at the front is, 0 when it is none. Unicode 15, table 3-7. */
static size_t utf8_step(struct bytes at)
{
    static const struct {
        uint8_t first_low, first_high, second_low, second_high;
        size_t size;
    } forms[] = {
        { 0x00, 0x7f, 0, 0, 1 },       { 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
        { 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
        { 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
    };

    for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
        if (at.data[0] < forms[i].first_low || at.data[0] > forms[i].first_high)
            continue;
        if (forms[i].size > at.size)
            return 0;
        if (forms[i].size > 1 && (at.data[1] < forms[i].second_low || at.data[1] > forms[i].second_high))
            return 0;
        for (size_t k = 2; k < forms[i].size; k++)
            if (at.data[k] < 0x80 || at.data[k] > 0xbf)
                return 0;
        return forms[i].size;
    }
    return 0;
}

bool bytes_is_utf8(struct bytes bytes)
{
    while (bytes.size > 0) {
        size_t step = utf8_step(bytes);

        if (step == 0)
            return false;
        bytes = bytes_slice(bytes, step, SIZE_MAX);
    }
    return true;
}

int cursor_take(struct cursor *cursor, size_t size, struct bytes *ret)
{
    if (size > cursor->rest.size)
        return -EBADMSG;
    *ret = bytes_make(cursor->rest.data, size);
    cursor->rest = bytes_slice(cursor->rest, size, SIZE_MAX);
    return 0;
}

static int take_number(struct cursor *cursor, size_t size, uint64_t *ret)
{
    struct bytes part;
    uint64_t value = 0;
    int r = cursor_take(cursor, size, &part);

    if (r < 0)
        return r;
    for (size_t i = 0; i < size; i++)
        value = value << 8 | part.data[i];
    *ret = value;
    return 0;
}

int cursor_u8(struct cursor *cursor, uint8_t *ret)
{
    uint64_t value;
    int r = take_number(cursor, 1, &value);

    if (r == 0)
        *ret = (uint8_t) value;
    return r;
}

int cursor_u16(struct cursor *cursor, uint16_t *ret)
{
    uint64_t value;
    int r = take_number(cursor, 2, &value);

    if (r == 0)
        *ret = (uint16_t) value;
    return r;
}

int cursor_u32(struct cursor *cursor, uint32_t *ret)
{
    uint64_t value;
    int r = take_number(cursor, 4, &value);

    if (r == 0)
        *ret = (uint32_t) value;
    return r;
}

int cursor_u64(struct cursor *cursor, uint64_t *ret)
{
    return take_number(cursor, 8, ret);
}

void writer_put(struct writer *writer, struct bytes bytes)
{
    if (writer->overflow || bytes.size > writer->room - writer->size) {
        writer->overflow = true;
        return;
    }
    if (bytes.size > 0)
        memcpy(writer->data + writer->size, bytes.data, bytes.size);
    writer->size += bytes.size;
}

void writer_text(struct writer *writer, const char *text)
{
    writer_put(writer, bytes_of_text(text));
}

static void put_number(struct writer *writer, uint64_t value, size_t size)
{
    uint8_t out[8];

    for (size_t i = 0; i < size; i++)
        out[i] = (uint8_t) (value >> (8 * (size - 1 - i)));
    writer_put(writer, bytes_make(out, size));
}

void writer_u8(struct writer *writer, uint8_t value)
{
    put_number(writer, value, 1);
}

void writer_u16(struct writer *writer, uint16_t value)
{
    put_number(writer, value, 2);
}

void writer_u32(struct writer *writer, uint32_t value)
{
    put_number(writer, value, 4);
}

void writer_u64(struct writer *writer, uint64_t value)
{
    put_number(writer, value, 8);
}

struct bytes writer_bytes(const struct writer *writer)
{
    return bytes_make(writer->data, writer->size);
}
