/* The protobuf wire format, written. Never checks room: whoever writes has measured with the same code before. */
#include "wire/proto_writer.h"

#include <string.h>

static void put_byte(struct proto_writer *writer, uint8_t byte)
{
    if (writer->data)
        writer->data[writer->size] = byte;
    writer->size++;
}

static void put_varint(struct proto_writer *writer, uint64_t value)
{
    for (; value > 0x7f; value >>= 7)
        put_byte(writer, (uint8_t) (value | 0x80));
    put_byte(writer, (uint8_t) value);
}

void proto_put_front(struct proto_writer *writer, uint32_t number, size_t size)
{
    put_varint(writer, (uint64_t) number << 3 | 2);
    put_varint(writer, size);
}

void proto_put_item(struct proto_writer *writer, uint32_t number, struct bytes bytes)
{
    proto_put_front(writer, number, bytes.size);
    if (writer->data && bytes.size > 0)
        memcpy(writer->data + writer->size, bytes.data, bytes.size);
    writer->size += bytes.size;
}

void proto_put_bytes(struct proto_writer *writer, uint32_t number, struct bytes bytes)
{
    if (bytes.size > 0)
        proto_put_item(writer, number, bytes);
}

void proto_put_u64(struct proto_writer *writer, uint32_t number, uint64_t value)
{
    if (value == 0)
        return;
    put_varint(writer, (uint64_t) number << 3);
    put_varint(writer, value);
}
