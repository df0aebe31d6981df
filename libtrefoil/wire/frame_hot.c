/* Publish, Deliver and Ack without a copy per field. Never reads what an envelope says. */
#include "wire/frame_hot.h"

#include <errno.h>
#include <stdint.h>

#include "wire/frame.h"
#include "wire/proto_reader.h"

/* What a repeated field of messages consists of. */
struct list_shape {
    int (*take)(struct bytes item, struct arena *arena, void *ret); /* into one struct */
    size_t max;
    size_t item_bytes; /* of one struct */
};

/* Reads the first item, told by `field`, and those that follow in a row. */
static int take_messages(struct proto_reader *reader, struct proto_field field, const struct list_shape *shape,
                         struct arena *arena, size_t *ret_n, void **ret)
{
    size_t n;

    if (field.again || *ret_n != 0 || proto_count(*reader, field.number, SIZE_MAX, &n) < 0)
        return -EBADMSG;
    n++;
    if (n > shape->max)
        return -EMSGSIZE;
    void **pointers = arena_array(arena, n, sizeof(*pointers));
    char *structs = arena_array(arena, n, shape->item_bytes);
    if (!pointers || !structs)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        struct bytes item;

        if ((i > 0 && proto_next(reader, &field) <= 0) || proto_take_item(&field, 0, SIZE_MAX, &item) < 0)
            return -EBADMSG;
        pointers[i] = structs + i * shape->item_bytes;
        int r = shape->take(item, arena, pointers[i]);
        if (r < 0)
            return r;
    }
    *ret = pointers;
    *ret_n = n;
    return 0;
}

static int take_binaries(struct proto_reader *reader, struct proto_field field, size_t max, struct arena *arena,
                         size_t *ret_n, ProtobufCBinaryData **ret)
{
    size_t n;

    if (field.again || *ret_n != 0 || proto_count(*reader, field.number, SIZE_MAX, &n) < 0)
        return -EBADMSG;
    n++;
    if (n > max)
        return -EMSGSIZE;
    ProtobufCBinaryData *items = arena_array(arena, n, sizeof(*items));
    if (!items)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        struct bytes item;

        if ((i > 0 && proto_next(reader, &field) <= 0) || proto_take_item(&field, 0, SIZE_MAX, &item) < 0)
            return -EBADMSG;
        items[i] = frame_binary(item);
    }
    *ret = items;
    *ret_n = n;
    return 0;
}

static int take_texts(struct proto_reader *reader, struct proto_field field, size_t max, struct arena *arena,
                      size_t *ret_n, char ***ret)
{
    ProtobufCBinaryData *items = NULL;
    size_t n = *ret_n;
    int r = take_binaries(reader, field, max, arena, &n, &items);

    if (r < 0)
        return r;
    char **texts = arena_array(arena, n, sizeof(*texts));
    if (!texts)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        texts[i] = arena_text(arena, frame_bytes(items[i]));
        if (!texts[i])
            return -ENOMEM;
    }
    *ret = texts;
    *ret_n = n;
    return 0;
}

static int take_binary(const struct proto_field *field, ProtobufCBinaryData *ret)
{
    struct bytes bytes;
    int r = proto_take_bytes(field, 0, SIZE_MAX, &bytes);

    if (r == 0)
        *ret = frame_binary(bytes);
    return r;
}

static int take_text(const struct proto_field *field, struct arena *arena, char **ret)
{
    struct bytes bytes;
    int r = proto_take_bytes(field, 0, BUS_TEXT_MAX_BYTES, &bytes);

    if (r < 0)
        return r;
    char *text = arena_text(arena, bytes);
    if (!text)
        return -ENOMEM;
    *ret = text;
    return 0;
}

static int take_flag(const struct proto_field *field, protobuf_c_boolean *ret)
{
    bool flag;
    int r = proto_take_bool(field, &flag);

    if (r == 0)
        *ret = flag;
    return r;
}

int frame_publish_unpack(struct bytes bytes, struct arena *arena, void **ret)
{
    Trefoil__Publish *publish = arena_alloc(arena, sizeof(*publish));
    struct proto_reader reader = proto_reader_make(bytes);
    struct proto_field field;
    int r;

    if (!publish)
        return -ENOMEM;
    trefoil__publish__init(publish);
    while ((r = proto_next(&reader, &field)) > 0) {
        if (field.number == 1)
            r = proto_take_u64(&field, UINT64_MAX, &publish->first_ticket);
        else if (field.number == 2)
            r = take_binaries(&reader, field, BUS_BATCH_MAX_ENVELOPES, arena, &publish->n_envelopes,
                              &publish->envelopes);
        if (r < 0)
            return r;
    }
    if (r == 0)
        *ret = publish;
    return r;
}

static int take_target(struct bytes bytes, struct arena *arena, void *ret)
{
    Trefoil__Target *target = ret;
    struct proto_reader reader = proto_reader_make(bytes);
    struct proto_field field;
    int r;

    trefoil__target__init(target);
    while ((r = proto_next(&reader, &field)) > 0) {
        if (field.number == 1)
            r = proto_take_u32(&field, UINT32_MAX, &target->index);
        else if (field.number == 2)
            r = take_text(&field, arena, &target->account);
        else if (field.number == 3)
            r = take_binary(&field, &target->address);
        else if (field.number == 4)
            r = take_binaries(&reader, field, 2 * SEAL_RELATES_MAX, arena, &target->n_relates_ref,
                              &target->relates_ref);
        else if (field.number == 5)
            r = take_binary(&field, &target->last_ref);
        else if (field.number == 6)
            r = proto_take_u64(&field, UINT64_MAX, &target->window_ms);
        else if (field.number == 7)
            r = take_flag(&field, &target->consent_withdrawn);
        if (r < 0)
            return r;
    }
    return r;
}

static int take_delivery_list(struct proto_reader *reader, struct proto_field field, struct arena *arena,
                              Trefoil__Delivery *delivery)
{
    static const struct list_shape targets = { take_target, BUS_TARGETS_MAX, sizeof(Trefoil__Target) };

    if (field.number == 7) {
        void *list = delivery->targets;
        int r = take_messages(reader, field, &targets, arena, &delivery->n_targets, &list);

        delivery->targets = list;
        return r;
    }
    return take_binaries(reader, field, 2 * SEAL_RELATES_MAX, arena, &delivery->n_relates_id, &delivery->relates_id);
}

static int take_delivery(struct bytes bytes, struct arena *arena, void *ret)
{
    Trefoil__Delivery *delivery = ret;
    struct proto_reader reader = proto_reader_make(bytes);
    struct proto_field field;
    int r;

    trefoil__delivery__init(delivery);
    while ((r = proto_next(&reader, &field)) > 0) {
        if (field.number == 1)
            r = proto_take_u64(&field, UINT64_MAX, &delivery->seq);
        else if (field.number == 2)
            r = take_binary(&field, &delivery->envelope);
        else if (field.number == 3)
            r = take_binary(&field, &delivery->room);
        else if (field.number == 4)
            r = proto_take_u64(&field, UINT64_MAX, &delivery->accepted_ms);
        else if (field.number == 5)
            r = proto_take_u32(&field, UINT32_MAX, &delivery->attempt);
        else if (field.number == 6)
            r = take_flag(&field, &delivery->maybe_sent);
        else if (field.number == 7 || field.number == 8)
            r = take_delivery_list(&reader, field, arena, delivery);
        else if (field.number == 9)
            r = proto_take_u32(&field, UINT32_MAX, &delivery->room_size);
        else if (field.number == 10)
            r = take_flag(&field, &delivery->vanished);
        if (r < 0)
            return r;
    }
    return r;
}

int frame_deliver_unpack(struct bytes bytes, struct arena *arena, void **ret)
{
    static const struct list_shape deliveries = { take_delivery, BUS_BATCH_MAX_ENVELOPES, sizeof(Trefoil__Delivery) };
    Trefoil__Deliver *deliver = arena_alloc(arena, sizeof(*deliver));
    struct proto_reader reader = proto_reader_make(bytes);
    struct proto_field field;
    int r;

    if (!deliver)
        return -ENOMEM;
    trefoil__deliver__init(deliver);
    void *list = NULL;
    while ((r = proto_next(&reader, &field)) > 0) {
        if (field.number == 1)
            r = proto_take_u32(&field, UINT32_MAX, &deliver->handle);
        else if (field.number == 2)
            r = take_messages(&reader, field, &deliveries, arena, &deliver->n_deliveries, &list);
        if (r < 0)
            return r;
    }
    deliver->deliveries = list;
    if (r == 0)
        *ret = deliver;
    return r;
}

static int take_run(struct bytes bytes, unused_ struct arena *arena, void *ret)
{
    Trefoil__Run *run = ret;
    struct proto_reader reader = proto_reader_make(bytes);
    struct proto_field field;
    int r;

    trefoil__run__init(run);
    while ((r = proto_next(&reader, &field)) > 0) {
        if (field.number == 1)
            r = proto_take_u64(&field, UINT64_MAX, &run->first);
        else if (field.number == 2)
            r = proto_take_u32(&field, UINT32_MAX, &run->count);
        if (r < 0)
            return r;
    }
    return r;
}

static int take_outcome(struct bytes bytes, struct arena *arena, void *ret)
{
    Trefoil__TargetOutcome *outcome = ret;
    struct proto_reader reader = proto_reader_make(bytes);
    struct proto_field field;
    uint32_t choice;
    int r;

    trefoil__target_outcome__init(outcome);
    while ((r = proto_next(&reader, &field)) > 0) {
        if (field.number == 1) {
            r = proto_take_u32(&field, UINT32_MAX, &outcome->target);
        } else if (field.number == 2) {
            r = proto_take_u32(&field, TREFOIL__OUTCOME__OUTCOME_RETURNED, &choice);
            if (r == 0)
                outcome->outcome = (Trefoil__Outcome) choice;
        } else if (field.number == 3) {
            r = take_binaries(&reader, field, BUS_REFS_MAX, arena, &outcome->n_refs, &outcome->refs);
        } else if (field.number == 4) {
            r = proto_take_u32(&field, UINT32_MAX, &outcome->retry_ms);
        } else if (field.number == 5) {
            r = proto_take_u32(&field, UINT32_MAX, &outcome->code);
        } else if (field.number == 6) {
            r = proto_take_u32(&field, UINT32_MAX, &outcome->subcode);
        } else if (field.number == 7) {
            r = take_text(&field, arena, &outcome->reason);
        } else if (field.number == 8) {
            r = take_texts(&reader, field, BUS_LOST_MAX, arena, &outcome->n_lost, &outcome->lost);
        }
        if (r < 0)
            return r;
    }
    return r;
}

static int take_ack_item(struct bytes bytes, struct arena *arena, void *ret)
{
    static const struct list_shape outcomes = { take_outcome, BUS_TARGETS_MAX, sizeof(Trefoil__TargetOutcome) };
    Trefoil__AckItem *item = ret;
    struct proto_reader reader = proto_reader_make(bytes);
    struct proto_field field;
    int r;

    trefoil__ack_item__init(item);
    void *list = NULL;
    while ((r = proto_next(&reader, &field)) > 0) {
        if (field.number == 1)
            r = proto_take_u64(&field, UINT64_MAX, &item->seq);
        else if (field.number == 2)
            r = take_messages(&reader, field, &outcomes, arena, &item->n_outcomes, &list);
        if (r < 0)
            return r;
    }
    item->outcomes = list;
    return r;
}

int frame_ack_unpack(struct bytes bytes, struct arena *arena, void **ret)
{
    static const struct list_shape runs = { take_run, BUS_RUNS_MAX, sizeof(Trefoil__Run) };
    static const struct list_shape items = { take_ack_item, BUS_OUTCOMES_MAX, sizeof(Trefoil__AckItem) };
    Trefoil__Ack *ack = arena_alloc(arena, sizeof(*ack));
    struct proto_reader reader = proto_reader_make(bytes);
    struct proto_field field;
    int r;

    if (!ack)
        return -ENOMEM;
    trefoil__ack__init(ack);
    void *done_list = NULL, *item_list = NULL;
    while ((r = proto_next(&reader, &field)) > 0) {
        if (field.number == 1)
            r = proto_take_u32(&field, UINT32_MAX, &ack->handle);
        else if (field.number == 2)
            r = take_messages(&reader, field, &runs, arena, &ack->n_done, &done_list);
        else if (field.number == 3)
            r = take_messages(&reader, field, &items, arena, &ack->n_items, &item_list);
        if (r < 0)
            return r;
    }
    ack->done = done_list;
    ack->items = item_list;
    if (r == 0)
        *ret = ack;
    return r;
}

void frame_publish_put(const Trefoil__Publish *publish, struct proto_writer *writer)
{
    proto_put_u64(writer, 1, publish->first_ticket);
    for (size_t i = 0; i < publish->n_envelopes; i++)
        proto_put_item(writer, 2, frame_bytes(publish->envelopes[i]));
}

static void put_target(const Trefoil__Target *target, struct proto_writer *writer)
{
    proto_put_u64(writer, 1, target->index);
    proto_put_bytes(writer, 2, bytes_of_text(target->account));
    proto_put_bytes(writer, 3, frame_bytes(target->address));
    for (size_t i = 0; i < target->n_relates_ref; i++)
        proto_put_item(writer, 4, frame_bytes(target->relates_ref[i]));
    proto_put_bytes(writer, 5, frame_bytes(target->last_ref));
    proto_put_u64(writer, 6, target->window_ms);
    proto_put_u64(writer, 7, target->consent_withdrawn ? 1 : 0);
}

static void put_delivery(const Trefoil__Delivery *delivery, struct proto_writer *writer)
{
    proto_put_u64(writer, 1, delivery->seq);
    proto_put_bytes(writer, 2, frame_bytes(delivery->envelope));
    proto_put_bytes(writer, 3, frame_bytes(delivery->room));
    proto_put_u64(writer, 4, delivery->accepted_ms);
    proto_put_u64(writer, 5, delivery->attempt);
    proto_put_u64(writer, 6, delivery->maybe_sent ? 1 : 0);
    for (size_t i = 0; i < delivery->n_targets; i++) {
        struct proto_writer measure = { 0 };

        put_target(delivery->targets[i], &measure);
        proto_put_front(writer, 7, measure.size);
        put_target(delivery->targets[i], writer);
    }
    for (size_t i = 0; i < delivery->n_relates_id; i++)
        proto_put_item(writer, 8, frame_bytes(delivery->relates_id[i]));
    proto_put_u64(writer, 9, delivery->room_size);
    proto_put_u64(writer, 10, delivery->vanished ? 1 : 0);
}

void frame_deliver_put(const Trefoil__Deliver *deliver, struct proto_writer *writer)
{
    proto_put_u64(writer, 1, deliver->handle);
    for (size_t i = 0; i < deliver->n_deliveries; i++) {
        struct proto_writer measure = { 0 };

        put_delivery(deliver->deliveries[i], &measure);
        proto_put_front(writer, 2, measure.size);
        put_delivery(deliver->deliveries[i], writer);
    }
}
