/* One frame, one body: which struct it is, what it may hold. Never looks into an envelope. */
#include "wire/frame.h"

#include <errno.h>

#include "wire/frame_hot.h"
#include "wire/proto_arena.h"
#include "wire/proto_reader.h"
#include "wire/proto_writer.h"

static const struct {
    const char *name;
    const ProtobufCMessageDescriptor *descriptor;
} bodies[] = {
    [TREFOIL__FRAME__BODY_HELLO] = { "hello", &trefoil__hello__descriptor },
    [TREFOIL__FRAME__BODY_WELCOME] = { "welcome", &trefoil__welcome__descriptor },
    [TREFOIL__FRAME__BODY_PUBLISH] = { "publish", &trefoil__publish__descriptor },
    [TREFOIL__FRAME__BODY_CONFIRM] = { "confirm", &trefoil__confirm__descriptor },
    [TREFOIL__FRAME__BODY_SUBSCRIBE] = { "subscribe", &trefoil__subscribe__descriptor },
    [TREFOIL__FRAME__BODY_SUBSCRIBED] = { "subscribed", &trefoil__subscribed__descriptor },
    [TREFOIL__FRAME__BODY_DELIVER] = { "deliver", &trefoil__deliver__descriptor },
    [TREFOIL__FRAME__BODY_ACK] = { "ack", &trefoil__ack__descriptor },
    [TREFOIL__FRAME__BODY_ACKED] = { "acked", &trefoil__acked__descriptor },
    [TREFOIL__FRAME__BODY_CREDIT] = { "credit", &trefoil__credit__descriptor },
    [TREFOIL__FRAME__BODY_GRANT_PUT] = { "grant_put", &trefoil__grant_put__descriptor },
    [TREFOIL__FRAME__BODY_GRANT_GET] = { "grant_get", &trefoil__grant_get__descriptor },
    [TREFOIL__FRAME__BODY_GRANT_IS] = { "grant_is", &trefoil__grant_is__descriptor },
    [TREFOIL__FRAME__BODY_ROSTER_GET] = { "roster_get", &trefoil__roster_get__descriptor },
    [TREFOIL__FRAME__BODY_ROSTER_IS] = { "roster_is", &trefoil__roster_is__descriptor },
    [TREFOIL__FRAME__BODY_WRAP_PUT] = { "wrap_put", &trefoil__wrap_put__descriptor },
    [TREFOIL__FRAME__BODY_ASK] = { "ask", &trefoil__ask__descriptor },
    [TREFOIL__FRAME__BODY_ANSWER] = { "answer", &trefoil__answer__descriptor },
    [TREFOIL__FRAME__BODY_HEARTBEAT] = { "heartbeat", &trefoil__heartbeat__descriptor },
    [TREFOIL__FRAME__BODY_BYE] = { "bye", &trefoil__bye__descriptor },
    [TREFOIL__FRAME__BODY_ERROR] = { "error", &trefoil__error__descriptor },
    [TREFOIL__FRAME__BODY_PAUSE] = { "pause", &trefoil__pause__descriptor },
};

const char *frame_name(Trefoil__Frame__BodyCase kind)
{
    size_t at = (size_t) kind;

    return at < ARRAY_SIZE(bodies) && bodies[at].name ? bodies[at].name : "none";
}

/* All members of the body are pointers in one union: any of them names it. */
static void set_body(Trefoil__Frame *frame, Trefoil__Frame__BodyCase kind, void *body)
{
    frame->body_case = kind;
    frame->hello = body;
}

Trefoil__Frame frame_make(Trefoil__Frame__BodyCase kind, const void *body)
{
    Trefoil__Frame frame = TREFOIL__FRAME__INIT;

    set_body(&frame, kind, (void *) (uintptr_t) body);
    return frame;
}

static int check_answer(const Trefoil__Answer *answer)
{
    bool fits = answer->n_rooms <= BUS_ANSWER_MAX_ITEMS && answer->n_dead <= BUS_ANSWER_MAX_ITEMS &&
                answer->n_hops <= BUS_ANSWER_MAX_ITEMS && answer->n_counters <= BUS_ANSWER_MAX_ITEMS &&
                answer->n_capabilities <= BUS_ANSWER_MAX_ITEMS;

    return fits ? 0 : -EMSGSIZE;
}

static int check_question(const Trefoil__Ask *ask)
{
    if (ask->question_case == TREFOIL__ASK__QUESTION_CAPABILITY_PUT &&
        ask->capability_put->record.len > BUS_CAPABILITIES_MAX_BYTES)
        return -EMSGSIZE;
    return ask->question_case ? 0 : -EBADMSG;
}

static int check_counts(const Trefoil__Frame *frame)
{
    switch (frame->body_case) {
    case TREFOIL__FRAME__BODY_CONFIRM:
        if (frame->confirm->n_accepted > BUS_RUNS_MAX || frame->confirm->n_duplicate > BUS_RUNS_MAX ||
            frame->confirm->n_rejected > BUS_RUNS_MAX)
            return -EMSGSIZE;
        return 0;
    case TREFOIL__FRAME__BODY_ACKED:
        return frame->acked->n_done <= BUS_RUNS_MAX ? 0 : -EMSGSIZE;
    case TREFOIL__FRAME__BODY_ANSWER:
        return check_answer(frame->answer);
    case TREFOIL__FRAME__BODY_ASK:
        return check_question(frame->ask);
    default:
        return 0;
    }
}

static int unpack_body(size_t kind, struct bytes bytes, struct arena *arena, void **ret)
{
    switch (kind) {
    case TREFOIL__FRAME__BODY_PUBLISH:
        return frame_publish_unpack(bytes, arena, ret);
    case TREFOIL__FRAME__BODY_DELIVER:
        return frame_deliver_unpack(bytes, arena, ret);
    case TREFOIL__FRAME__BODY_ACK:
        return frame_ack_unpack(bytes, arena, ret);
    default:
        break;
    }
    ProtobufCAllocator allocator = proto_arena(arena);
    *ret = protobuf_c_message_unpack(bodies[kind].descriptor, &allocator, bytes.size, bytes.data);
    if (!*ret)
        return arena->failed ? -ENOMEM : -EBADMSG;
    return 0;
}

Trefoil__Frame__BodyCase frame_kind(struct bytes bytes)
{
    struct proto_reader reader = proto_reader_make(bytes);
    struct proto_field field;

    if (proto_next(&reader, &field) <= 0 || field.number >= ARRAY_SIZE(bodies) || !bodies[field.number].descriptor)
        return TREFOIL__FRAME__BODY__NOT_SET;
    return (Trefoil__Frame__BodyCase) field.number;
}

int frame_unpack(struct bytes bytes, struct arena *arena, Trefoil__Frame **ret)
{
    struct proto_reader reader = proto_reader_make(bytes);
    struct proto_field field;
    void *body = NULL;

    if (bytes.size > BUS_FRAME_MAX_BYTES)
        return -EMSGSIZE;
    if (proto_next(&reader, &field) <= 0 || field.shape != PROTO_BYTES || reader.rest.size != 0)
        return -EBADMSG;
    if (field.number >= ARRAY_SIZE(bodies) || !bodies[field.number].descriptor)
        return -EBADMSG;

    Trefoil__Frame *frame = arena_alloc(arena, sizeof(*frame));
    if (!frame)
        return -ENOMEM;
    trefoil__frame__init(frame);
    int r = unpack_body(field.number, field.bytes, arena, &body);
    if (r < 0)
        return r;
    set_body(frame, (Trefoil__Frame__BodyCase) field.number, body);
    r = check_counts(frame);
    if (r < 0)
        return r;
    *ret = frame;
    return 0;
}

static size_t body_size(const Trefoil__Frame *frame)
{
    struct proto_writer measure = { 0 };

    switch (frame->body_case) {
    case TREFOIL__FRAME__BODY_PUBLISH:
        frame_publish_put(frame->publish, &measure);
        return measure.size;
    case TREFOIL__FRAME__BODY_DELIVER:
        frame_deliver_put(frame->deliver, &measure);
        return measure.size;
    default:
        return protobuf_c_message_get_packed_size(&frame->hello->base);
    }
}

int frame_size(const Trefoil__Frame *frame, size_t *ret)
{
    size_t kind = (size_t) frame->body_case;
    struct proto_writer measure = { 0 };

    if (kind >= ARRAY_SIZE(bodies) || !bodies[kind].descriptor || !frame->hello)
        return -EINVAL;
    size_t size = body_size(frame);
    proto_put_front(&measure, (uint32_t) kind, size);
    if (size > BUS_FRAME_MAX_BYTES || measure.size + size > BUS_FRAME_MAX_BYTES)
        return -EMSGSIZE;
    *ret = measure.size + size;
    return 0;
}

void frame_write(const Trefoil__Frame *frame, uint8_t *to)
{
    struct proto_writer writer = { to, 0 };

    proto_put_front(&writer, (uint32_t) frame->body_case, body_size(frame));
    switch (frame->body_case) {
    case TREFOIL__FRAME__BODY_PUBLISH:
        frame_publish_put(frame->publish, &writer);
        break;
    case TREFOIL__FRAME__BODY_DELIVER:
        frame_deliver_put(frame->deliver, &writer);
        break;
    default:
        protobuf_c_message_pack(&frame->hello->base, to + writer.size);
    }
}
