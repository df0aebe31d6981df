/* The protobuf wire format, read strictly. Never trusts a length before it is compared with what is there. */
#include "wire/proto_reader.h"

#include <errno.h>

#define VARINT_MAX_BYTES 10
#define FIELD_NUMBER_MAX ((1u << 29) - 1)
#define AHEAD_ITEMS ((size_t) 3)        /* whose beginnings and ends are on their way while one is looked at */
#define AHEAD_FROM_BYTES ((size_t) 256) /* smaller ones the processor fetches by itself */
#define LINE_BYTES ((size_t) 64)        /* of memory */

static int take_long_varint(struct bytes *rest, uint64_t *ret)
{
    uint64_t value = 0;

    for (size_t i = 0; i < rest->size && i < VARINT_MAX_BYTES; i++) {
        const uint8_t byte = rest->data[i];

        if (i == VARINT_MAX_BYTES - 1 && byte > 1)
            return -EBADMSG; /* more than 64 bits */
        value |= (uint64_t) (byte & 0x7f) << (7 * i);
        if (byte & 0x80)
            continue;
        if (byte == 0 && i > 0)
            return -EBADMSG; /* longer than it need be */
        bytes_cut(rest, i + 1);
        *ret = value;
        return 0;
    }
    return -EBADMSG;
}

static inline int take_varint(struct bytes *rest, uint64_t *ret)
{
    if (rest->size == 0 || rest->data[0] >= 0x80)
        return take_long_varint(rest, ret);
    *ret = bytes_cut(rest, 1).data[0];
    return 0;
}

static inline int take_value(struct bytes *rest, unsigned wire_type, struct proto_field *ret)
{
    uint64_t size;

    if (wire_type == 0) {
        ret->shape = PROTO_NUMBER;
        return take_varint(rest, &ret->value);
    }
    if (wire_type == 2) {
        ret->shape = PROTO_BYTES;
        if (take_varint(rest, &size) < 0)
            return -EBADMSG;
    } else if (wire_type == 1 || wire_type == 5) {
        ret->shape = PROTO_FIXED;
        size = wire_type == 1 ? 8 : 4;
    } else {
        return -EBADMSG;
    }
    if (size > rest->size)
        return -EBADMSG;
    ret->bytes = bytes_cut(rest, (size_t) size);
    return 0;
}

int proto_next(struct proto_reader *reader, struct proto_field *ret)
{
    uint64_t key;

    if (reader->rest.size == 0)
        return 0;
    if (take_varint(&reader->rest, &key) < 0 || key >> 3 == 0 || key >> 3 > FIELD_NUMBER_MAX)
        return -EBADMSG;
    const uint32_t number = (uint32_t) (key >> 3);
    if (number < reader->number)
        return -EBADMSG;
    ret->number = number;
    ret->again = number == reader->number;
    reader->number = number;
    return take_value(&reader->rest, (unsigned) key & 7, ret) < 0 ? -EBADMSG : 1;
}

/* Each item of a list says only how long it is: the next one is not looked at before this one has come from memory. But they
 * are much of a size, so that it can be guessed where those further on lie. A wrong guess costs a look at nothing. */
static void ask_ahead(struct bytes rest, size_t item_bytes)
{
    size_t begin = item_bytes * (AHEAD_ITEMS - 1), end = item_bytes * AHEAD_ITEMS;

    if (item_bytes < AHEAD_FROM_BYTES || item_bytes > rest.size / AHEAD_ITEMS)
        return;
    __builtin_prefetch(rest.data + begin);
    __builtin_prefetch(rest.data + begin + LINE_BYTES);
    __builtin_prefetch(rest.data + begin + 2 * LINE_BYTES);
    __builtin_prefetch(rest.data + end - LINE_BYTES);
}

int proto_count(struct proto_reader reader, uint32_t number, size_t max, size_t *ret)
{
    struct proto_field field;
    size_t n = 0;
    int r;

    while ((r = proto_next(&reader, &field)) > 0 && field.number == number) {
        if (++n > max)
            return -EBADMSG;
        if (field.shape == PROTO_BYTES)
            ask_ahead(reader.rest, field.bytes.size);
    }
    if (r < 0)
        return r;
    *ret = n;
    return 0;
}

int proto_take_item(const struct proto_field *field, size_t min, size_t max, struct bytes *ret)
{
    if (field->shape != PROTO_BYTES || field->bytes.size < min || field->bytes.size > max)
        return -EBADMSG;
    *ret = field->bytes;
    return 0;
}

int proto_take_bytes(const struct proto_field *field, size_t min, size_t max, struct bytes *ret)
{
    return field->again ? -EBADMSG : proto_take_item(field, min, max, ret);
}

int proto_take_u64(const struct proto_field *field, uint64_t max, uint64_t *ret)
{
    if (field->shape != PROTO_NUMBER || field->again || field->value > max)
        return -EBADMSG;
    *ret = field->value;
    return 0;
}

int proto_take_u32(const struct proto_field *field, uint32_t max, uint32_t *ret)
{
    uint64_t value;

    if (proto_take_u64(field, max, &value) < 0)
        return -EBADMSG;
    *ret = (uint32_t) value;
    return 0;
}

int proto_take_bool(const struct proto_field *field, bool *ret)
{
    uint64_t value;

    if (proto_take_u64(field, 1, &value) < 0)
        return -EBADMSG;
    *ret = value == 1;
    return 0;
}
