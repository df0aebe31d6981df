/* The three frames that carry the traffic, read in place and written without protobuf-c. Only frame.c calls this;
 * never used for anything rare.
 */
#ifndef TREFOIL_WIRE_FRAME_HOT_H
#define TREFOIL_WIRE_FRAME_HOT_H

#include "base/arena.h"
#include "base/attributes.h"
#include "base/bytes.h"
#include "proto/control.pb-c.h"
#include "wire/proto_writer.h"

/* Bytes of a body to a struct in the arena whose binary fields lie in the input. -EBADMSG, -EMSGSIZE, -ENOMEM. */
must_use_ int frame_publish_unpack(struct bytes bytes, struct arena *arena, void **ret);
must_use_ int frame_deliver_unpack(struct bytes bytes, struct arena *arena, void **ret);
must_use_ int frame_ack_unpack(struct bytes bytes, struct arena *arena, void **ret);

/* The fields of a body; measures when the writer has no memory. Byte for byte what protobuf-c writes. */
void frame_publish_put(const Trefoil__Publish *publish, struct proto_writer *writer);
void frame_deliver_put(const Trefoil__Deliver *deliver, struct proto_writer *writer);

#endif
