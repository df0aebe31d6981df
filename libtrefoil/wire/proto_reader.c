/* The protobuf wire format, read strictly. Never trusts a length before it is compared with what is there. */
#include "wire/proto_reader.h"

#include <errno.h>
#include <string.h>

#define VARINT_MAX_BYTES 10
#define FIELD_NUMBER_MAX ((1u << 29) - 1)

static int take_varint(struct bytes *rest, uint64_t *ret)
{
    uint64_t value = 0;

    for (size_t i = 0; i < rest->size && i < VARINT_MAX_BYTES; i++) {
        uint8_t byte = rest->data[i];

        if (i == VARINT_MAX_BYTES - 1 && byte > 1)
            return -EBADMSG; /* more than 64 bits */
        value |= (uint64_t) (byte & 0x7f) << (7 * i);
        if (byte & 0x80)
            continue;
        if (byte == 0 && i > 0)
            return -EBADMSG; /* longer than it need be */
        *rest = bytes_slice(*rest, i + 1, rest->size);
        *ret = value;
        return 0;
    }
    return -EBADMSG;
}

static int take_slice(struct bytes *rest, uint64_t size, struct bytes *ret)
{
    if (size > rest->size)
        return -EBADMSG;
    *ret = bytes_slice(*rest, 0, (size_t) size);
    *rest = bytes_slice(*rest, (size_t) size, rest->size);
    return 0;
}

static int take_value(struct bytes *rest, unsigned wire_type, struct proto_field *field)
{
    uint64_t size;

    switch (wire_type) {
    case 0:
        field->shape = PROTO_NUMBER;
        return take_varint(rest, &field->value);
    case 2:
        field->shape = PROTO_BYTES;
        if (take_varint(rest, &size) < 0)
            return -EBADMSG;
        return take_slice(rest, size, &field->bytes);
    case 1:
    case 5:
        field->shape = PROTO_FIXED;
        return take_slice(rest, wire_type == 1 ? 8 : 4, &field->bytes);
    default:
        return -EBADMSG;
    }
}

int proto_next(struct proto_reader *reader, struct proto_field *ret)
{
    struct bytes rest = reader->rest;
    struct proto_field field = { 0 };
    uint64_t key;

    if (rest.size == 0)
        return 0;
    if (take_varint(&rest, &key) < 0 || key >> 3 == 0 || key >> 3 > FIELD_NUMBER_MAX)
        return -EBADMSG;
    field.number = (uint32_t) (key >> 3);
    field.again = field.number == reader->number;
    if (field.number < reader->number || take_value(&rest, (unsigned) key & 7, &field) < 0)
        return -EBADMSG;
    reader->rest = rest;
    reader->number = field.number;
    *ret = field;
    return 1;
}

int proto_count(struct proto_reader reader, uint32_t number, size_t max, size_t *ret)
{
    struct proto_field field;
    size_t n = 0;
    int r;

    while ((r = proto_next(&reader, &field)) > 0 && field.number == number)
        if (++n > max)
            return -EBADMSG;
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
