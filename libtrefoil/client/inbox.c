/* A list of frames and a place in the first of them. Never looks into an envelope. */
#include "client/inbox.h"

#include <errno.h>
#include <stdlib.h>

struct inbox_frame {
    struct list link;
    zmq_msg_t message;
};

void inbox_init(struct inbox *inbox)
{
    *inbox = (struct inbox){ .arena = ARENA_EMPTY(BUS_FRAME_MEMORY_MAX_BYTES) };
    list_init(&inbox->frames);
}

int inbox_push(struct inbox *inbox, zmq_msg_t *message)
{
    size_t size = zmq_msg_size(message);

    if (inbox->bytes + size > INBOX_MAX_BYTES)
        return -EPROTO;
    struct inbox_frame *frame = malloc(sizeof(*frame));
    if (!frame)
        return -ENOMEM;
    zmq_msg_init(&frame->message);
    zmq_msg_move(&frame->message, message);
    list_append(&inbox->frames, &frame->link);
    inbox->bytes += size;
    return 0;
}

static void drop_head(struct inbox *inbox)
{
    struct inbox_frame *frame = container_of(inbox->frames.next, struct inbox_frame, link);

    inbox->bytes -= zmq_msg_size(&frame->message);
    list_remove(&frame->link);
    zmq_msg_close(&frame->message);
    free(frame);
    arena_reset(&inbox->arena);
    inbox->deliver = NULL;
    inbox->at = 0;
}

static int unpack_head(struct inbox *inbox)
{
    struct inbox_frame *head = container_of(inbox->frames.next, struct inbox_frame, link);
    Trefoil__Frame *frame = NULL;
    int r = frame_unpack(bytes_make(zmq_msg_data(&head->message), zmq_msg_size(&head->message)), &inbox->arena, &frame);

    if (r < 0)
        return r;
    if (frame->body_case != TREFOIL__FRAME__BODY_DELIVER)
        return -EBADMSG;
    inbox->deliver = frame->deliver;
    inbox->at = 0;
    return 0;
}

int inbox_peek(struct inbox *inbox, uint32_t *ret_handle, const Trefoil__Delivery **ret)
{
    while (!list_is_empty(&inbox->frames)) {
        int r = inbox->deliver ? 0 : unpack_head(inbox);

        if (r < 0)
            return r;
        if (inbox->at < inbox->deliver->n_deliveries) {
            *ret_handle = inbox->deliver->handle;
            *ret = inbox->deliver->deliveries[inbox->at];
            return 1;
        }
        drop_head(inbox);
    }
    return 0;
}

void inbox_pop(struct inbox *inbox)
{
    inbox->at++;
}

bool inbox_is_empty(const struct inbox *inbox)
{
    return list_is_empty(&inbox->frames) || (inbox->deliver && inbox->at >= inbox->deliver->n_deliveries &&
                                             inbox->frames.next == inbox->frames.previous);
}

void inbox_clear(struct inbox *inbox)
{
    while (!list_is_empty(&inbox->frames))
        drop_head(inbox);
}

void inbox_deinit(struct inbox *inbox)
{
    inbox_clear(inbox);
    arena_deinit(&inbox->arena);
}
