/* What a peer, or a gateway, may put on the bus: any frame, and the hand-written readers of the hot ones against
 * protobuf-c. Responsible for wire/frame.c and wire/frame_hot.c.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wire/frame.h"
#include "wire/proto_arena.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds)
{
    if (!holds)
        abort();
}

/* Read by our own hand. protobuf-c itself writes unknown fields back that it would not read again. */
static int is_hot(Trefoil__Frame__BodyCase kind)
{
    return kind == TREFOIL__FRAME__BODY_PUBLISH || kind == TREFOIL__FRAME__BODY_DELIVER ||
           kind == TREFOIL__FRAME__BODY_ACK;
}

/* What was read can be written, protobuf-c reads that, and would have written the same. */
static void check_again(const Trefoil__Frame *frame, struct arena *arena)
{
    ProtobufCAllocator allocator = proto_arena(arena);
    Trefoil__Frame *again = NULL;
    size_t size = 0;

    if (frame_size(frame, &size) < 0)
        return; /* what protobuf-c understood may be larger than a frame when written out */
    uint8_t *bytes = malloc(size);
    uint8_t *theirs = malloc(size);
    require(bytes && theirs);
    frame_write(frame, bytes);
    require(frame_kind(bytes_make(bytes, size)) == frame->body_case);
    const Trefoil__Frame *proto = trefoil__frame__unpack(&allocator, size, bytes);
    require(proto || arena->failed || !is_hot(frame->body_case));
    if (proto) {
        require(trefoil__frame__get_packed_size(proto) == size);
        trefoil__frame__pack(proto, theirs);
        require(memcmp(bytes, theirs, size) == 0);
    }
    int r = frame_unpack(bytes_make(bytes, size), arena, &again);
    require(r == 0 || r == -ENOMEM || !is_hot(frame->body_case));
    free(bytes);
    free(theirs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = ARENA_EMPTY(BUS_FRAME_MEMORY_MAX_BYTES);
    Trefoil__Frame *frame = NULL;
    int r = frame_unpack(bytes_make(data, size), &arena, &frame);

    require(r == 0 || r == -EBADMSG || r == -EMSGSIZE || r == -ENOMEM);
    require((r == 0) == (frame != NULL));
    if (r == 0) {
        require(frame_kind(bytes_make(data, size)) == frame->body_case);
        check_again(frame, &arena);
    }
    arena_deinit(&arena);
    return 0;
}
