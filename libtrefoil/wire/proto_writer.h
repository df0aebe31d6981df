/* Writes the fields of a protobuf message in the one form our readers accept: ascending numbers, minimal varints,
 * nothing that equals its default. Never allocates: a struct writer without memory only measures.
 */
#ifndef TREFOIL_WIRE_PROTO_WRITER_H
#define TREFOIL_WIRE_PROTO_WRITER_H

#include <stdint.h>

#include "base/bytes.h"

/* Written with `data` NULL it counts bytes; with memory of that size it fills them. */
struct proto_writer {
    uint8_t *data;
    size_t size;
};

/* Left out when empty or 0, as proto3 does. */
void proto_put_bytes(struct proto_writer *writer, uint32_t number, struct bytes bytes);
void proto_put_u64(struct proto_writer *writer, uint32_t number, uint64_t value);

/* Kept even when empty: items of a repeated field. */
void proto_put_item(struct proto_writer *writer, uint32_t number, struct bytes bytes);

/* The front of a message of `size` bytes inside this one; its fields follow. */
void proto_put_front(struct proto_writer *writer, uint32_t number, size_t size);

#endif
