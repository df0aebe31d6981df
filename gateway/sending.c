/* Deliver frames are written by hand, once, into the memory ZeroMQ sends from. */
#include "sending.h"

#include <errno.h>
#include <stdlib.h>

#include "core/field.h"

#define FRONT_BYTES 16 /* room for what precedes the deliveries, written when the frame's size is known */
#define FIRST_BATCH_BYTES ((size_t) 2 << 10)

enum { FRAME_DELIVER = 7, DELIVER_HANDLE = 1, DELIVER_DELIVERIES = 2 };
enum { DELIVERY_SEQ = 1, DELIVERY_ATTEMPT = 5, DELIVERY_MAYBE_SENT = 6, DELIVERY_VANISHED = 10 };

/* A Deliver frame being filled. */
struct batch {
    struct list link; /* session.batches */
    uint32_t handle;
    uint8_t *block;
    size_t room, size; /* deliveries begin at FRONT_BYTES */
    size_t usual;      /* size of the frame before: the next one begins with room for as much */
    unsigned n;
};

void sending_mark(struct gateway *gateway, struct session *session)
{
    if (list_is_empty(&session->dirty))
        list_append(&gateway->dirty, &session->dirty);
}

int sending_pack(const Trefoil__Frame *frame, uint8_t **ret, size_t *ret_size)
{
    size_t size;
    int r = frame_size(frame, &size);

    if (r < 0)
        return r;
    uint8_t *block = malloc(size + 1);
    if (!block)
        return -ENOMEM;
    frame_write(frame, block);
    *ret = block;
    *ret_size = size;
    return 0;
}

void sending_block(struct gateway *gateway, struct session *session, uint8_t *block, uint8_t *data, size_t size)
{
    if (session->is_broken) {
        free(block);
        return;
    }
    int r = frontend_send(gateway->frontend, &session->id, block, data, size);
    session->told_ms = gateway->broker.now_ms;
    if (r != 0)
        gateway_drop(gateway, session, 0, r == FRONTEND_E_FULL ? "does not read" : "connection lost");
}

void sending_frame(struct gateway *gateway, struct session *session, Trefoil__Frame__BodyCase kind, const void *body)
{
    Trefoil__Frame frame = frame_make(kind, body);
    uint8_t *block;
    size_t size;

    if (sending_pack(&frame, &block, &size) == 0)
        sending_block(gateway, session, block, block, size);
}

void sending_error(struct gateway *gateway, const struct routing_id *to, int code, const char *text)
{
    Trefoil__Error error = TREFOIL__ERROR__INIT;
    uint8_t *block;
    size_t size;

    error.code = (Trefoil__ErrorCode) code;
    error.text = (char *) (uintptr_t) text;
    Trefoil__Frame frame = frame_make(TREFOIL__FRAME__BODY_ERROR, &error);
    if (sending_pack(&frame, &block, &size) < 0)
        return;
    int r = frontend_send(gateway->frontend, to, block, block, size);
    (void) r; /* he is gone: nobody is left to be told */
}

static Trefoil__Run **make_runs(struct arena *mem, const struct run *runs, size_t n)
{
    Trefoil__Run **list = arena_array(mem, n + 1, sizeof(*list));
    Trefoil__Run *items = arena_array(mem, n + 1, sizeof(*items));

    for (size_t i = 0; list && items && i < n; i++) {
        trefoil__run__init(&items[i]);
        items[i].first = runs[i].first;
        items[i].count = (uint32_t) runs[i].count;
        list[i] = &items[i];
    }
    return items ? list : NULL;
}

void sending_confirm(struct gateway *gateway, struct session *session, const struct confirm_part *part)
{
    Trefoil__Confirm confirm = TREFOIL__CONFIRM__INIT;
    struct arena *mem = &gateway->reply;

    arena_reset(mem);
    confirm.accepted = make_runs(mem, part->accepted, part->n_accepted);
    confirm.duplicate = make_runs(mem, part->duplicate, part->n_duplicate);
    confirm.rejected = arena_array(mem, part->n_rejected + 1, sizeof(*confirm.rejected));
    Trefoil__Rejection *items = arena_array(mem, part->n_rejected + 1, sizeof(*items));
    if (mem->failed)
        return;
    confirm.n_accepted = part->n_accepted;
    confirm.n_duplicate = part->n_duplicate;
    confirm.n_rejected = part->n_rejected;
    for (size_t i = 0; i < part->n_rejected; i++) {
        trefoil__rejection__init(&items[i]);
        items[i].ticket = part->rejected[i].ticket;
        items[i].reason = (Trefoil__RejectReason) part->rejected[i].reason;
        items[i].text = (char *) (uintptr_t) part->rejected[i].text;
        confirm.rejected[i] = &items[i];
    }
    gateway->tally.confirms++;
    sending_frame(gateway, session, TREFOIL__FRAME__BODY_CONFIRM, &confirm);
}

void sending_acked(struct gateway *gateway, struct session *session, uint32_t handle, const struct run *runs,
                   size_t n_runs)
{
    Trefoil__Acked acked = TREFOIL__ACKED__INIT;

    arena_reset(&gateway->reply);
    acked.handle = handle;
    acked.done = make_runs(&gateway->reply, runs, n_runs);
    acked.n_done = n_runs;
    if (acked.done)
        sending_frame(gateway, session, TREFOIL__FRAME__BODY_ACKED, &acked);
}

static struct batch *batch_of(struct session *session, uint32_t handle)
{
    list_for_each (node, &session->batches) {
        struct batch *batch = container_of(node, struct batch, link);

        if (batch->handle == handle)
            return batch;
    }
    struct batch *batch = calloc(1, sizeof(*batch));
    if (!batch)
        return NULL;
    batch->handle = handle;
    batch->size = FRONT_BYTES;
    list_append(&session->batches, &batch->link);
    return batch;
}

static bool make_room(struct batch *batch, size_t more)
{
    size_t room = batch->room ? batch->room : batch->usual > FIRST_BATCH_BYTES ? batch->usual : FIRST_BATCH_BYTES;

    if (batch->size + more <= batch->room)
        return true;
    while (room < batch->size + more)
        room *= 2;
    uint8_t *block = realloc(batch->block, room);
    if (!block)
        return false;
    batch->block = block;
    batch->room = room;
    return true;
}

/* Writes tags and lengths in front of the deliveries and sends the frame. */
static void send_batch(struct gateway *gateway, struct session *session, struct batch *batch)
{
    uint8_t front[FRONT_BYTES];
    struct writer to = writer_make(front, sizeof(front));
    size_t handle_size = field_number_size(batch->handle);
    size_t body = handle_size + batch->size - FRONT_BYTES;

    if (batch->n == 0)
        return;
    field_open(&to, FRAME_DELIVER, body);
    field_number(&to, DELIVER_HANDLE, batch->handle);
    uint8_t *block = batch->block, *data = block + FRONT_BYTES - to.size;
    size_t size = to.size + batch->size - FRONT_BYTES;
    if (bytes_copy(writer_bytes(&to), data, to.size) < 0)
        return;
    batch->usual = batch->size;
    batch->block = NULL;
    batch->room = 0;
    batch->size = FRONT_BYTES;
    batch->n = 0;
    sending_block(gateway, session, block, data, size);
}

void sending_hand(struct gateway *gateway, const struct handing *handing)
{
    struct session *session = handing->seat->peer->wire;
    struct batch *batch = batch_of(session, handing->seat->handle);
    size_t size = field_number_size(handing->seq) + handing->front.size + field_number_size(handing->attempt) +
                  field_number_size(handing->maybe_sent) + field_number_size(handing->vanished) +
                  handing->targets.size + handing->back.size;
    size_t need = field_bytes_size(size);

    if (!batch || !make_room(batch, need)) {
        gateway_drop(gateway, session, 0, "no memory for its deliveries"); /* they come again */
        return;
    }
    struct writer to = writer_make(batch->block + batch->size, need);
    field_open(&to, DELIVER_DELIVERIES, size);
    field_number(&to, DELIVERY_SEQ, handing->seq);
    writer_put(&to, handing->front);
    field_number(&to, DELIVERY_ATTEMPT, handing->attempt);
    field_number(&to, DELIVERY_MAYBE_SENT, handing->maybe_sent);
    writer_put(&to, handing->targets);
    writer_put(&to, handing->back);
    field_number(&to, DELIVERY_VANISHED, handing->vanished);
    batch->size += need;
    batch->n++;
    gateway->tally.deliveries++;
    if (batch->n >= session->max_batch || batch->size >= BUS_BATCH_FULL_BYTES)
        send_batch(gateway, session, batch);
    else
        sending_mark(gateway, session);
}

void sending_flush(struct gateway *gateway)
{
    struct list *first;

    while ((first = list_first(&gateway->dirty))) {
        struct session *session = container_of(first, struct session, dirty);

        list_remove(&session->dirty);
        promise_send_at_once(gateway, session);
        list_for_each (node, &session->batches)
            send_batch(gateway, session, container_of(node, struct batch, link));
    }
}

void sending_session_gone(struct session *session)
{
    list_remove(&session->dirty);
    list_for_each_safe (node, after, &session->batches) {
        struct batch *batch = container_of(node, struct batch, link);

        list_remove(&batch->link);
        free(batch->block);
        free(batch);
    }
}
