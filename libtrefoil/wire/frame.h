/* Frames of the bus protocol between bytes and the generated structs of control.proto. Never keeps a copy of what came:
 * the envelopes, tokens and ids of Publish, Deliver and Ack are slices of the input, which must outlive the frame.
 *
 * Hello, Confirm and all the other frames that are rare or small go through protobuf-c. The three hot ones are read and
 * written by hand into and from the same structs, in the same bytes, without a copy per field; reading them asks for
 * the one form all ordinary serializers write (ascending field numbers, minimal varints).
 */
#ifndef TREFOIL_WIRE_FRAME_H
#define TREFOIL_WIRE_FRAME_H

#include "base/arena.h"
#include "base/attributes.h"
#include "base/bytes.h"
#include "proto/control.pb-c.h"
#include "wire/limits.h"

/* Exactly one known body, in the arena (whose cap should be BUS_FRAME_MEMORY_MAX_BYTES). Counts are within the BUS_
 * limits; what single fields mean is for the caller to judge.
 * -EBADMSG, -EMSGSIZE (frame or a count too large), -ENOMEM (arena exhausted: treat as -EMSGSIZE). */
must_use_ int frame_unpack(struct bytes bytes, struct arena *arena, Trefoil__Frame **ret);

/* What a frame seems to hold, from its first bytes alone; NOT_SET when nothing known. */
Trefoil__Frame__BodyCase frame_kind(struct bytes bytes);

/* A frame around `body`, which is the struct that belongs to `kind` and is borrowed. */
Trefoil__Frame frame_make(Trefoil__Frame__BodyCase kind, const void *body);

/* How many bytes it takes. -EINVAL (no body), -EMSGSIZE (more than BUS_FRAME_MAX_BYTES). */
must_use_ int frame_size(const Trefoil__Frame *frame, size_t *ret);

/* Writes exactly as many bytes as frame_size() said. */
void frame_write(const Trefoil__Frame *frame, uint8_t *to);

/* Constant words for logs and metrics: "publish", "deliver", … */
const char *frame_name(Trefoil__Frame__BodyCase kind);

static inline struct bytes frame_bytes(ProtobufCBinaryData binary)
{
    return bytes_make(binary.data, binary.len);
}

/* protobuf-c has no const; nothing writes through it. */
static inline ProtobufCBinaryData frame_binary(struct bytes bytes)
{
    return (ProtobufCBinaryData){ bytes.size, (uint8_t *) (uintptr_t) bytes.data };
}

#endif
