/* What the gateway answered, with names and addresses opened where this service may. Never shows a token. */
#include "client/inside.h"

#include <errno.h>
#include <string.h>

#include "client/capabilities.h"
#include "wire/envelope.h"

static void copy_id(ProtobufCBinaryData from, struct trefoil_id *to)
{
    if (from.len == sizeof(to->bytes))
        memcpy(to->bytes, from.data, sizeof(to->bytes));
}

/* Answers do not repeat the channel they are about; tokens open under one channel's key only. */
static const char *plain_of(struct trefoil_client *client, const char *account, ProtobufCBinaryData token,
                            enum token_kind kind)
{
    const char *plain = NULL;

    for (size_t i = 0; !plain && i < client->keyring->n_channels; i++)
        plain = client_plain(client, client->keyring->channels[i].channel, account, frame_bytes(token), kind);
    return plain;
}

static int take_members(struct trefoil_client *client, const Trefoil__RoomIs *from, struct trefoil_room *to)
{
    struct trefoil_member *members = arena_array(&client->event_arena, from->n_members, sizeof(*members));

    if (!members)
        return -ENOMEM;
    for (size_t i = 0; i < from->n_members; i++) {
        const Trefoil__MemberIs *member = from->members[i];

        members[i].address.account = member->account;
        members[i].address.user_id = plain_of(client, member->account, member->address, TOKEN_ADDRESS);
        members[i].last_active_ms = member->last_active_ms;
    }
    to->members = members;
    to->n_members = from->n_members;
    return 0;
}

static int take_rooms(struct trefoil_client *client, const Trefoil__Answer *answer)
{
    struct trefoil_room *rooms = arena_array(&client->event_arena, answer->n_rooms, sizeof(*rooms));
    int r = rooms ? 0 : -ENOMEM;

    for (size_t i = 0; r == 0 && i < answer->n_rooms; i++) {
        const Trefoil__RoomIs *from = answer->rooms[i];

        copy_id(from->room, &rooms[i].room);
        rooms[i].name = plain_of(client, NULL, from->name_sealed, TOKEN_NOTE);
        rooms[i].last_seq = from->last_seq;
        r = take_members(client, from, &rooms[i]);
    }
    client->answer.rooms = rooms;
    client->answer.n_rooms = answer->n_rooms;
    return r;
}

/* The message inside, or NULL when it cannot be opened. 0, -EAGAIN (its key is being fetched), -ENOMEM. */
static int open_dead(struct trefoil_client *client, struct bytes bytes, const struct trefoil_message **ret)
{
    struct trefoil_message *message = arena_alloc(&client->event_arena, sizeof(*message));
    uint8_t key_id[SEAL_KEY_ID_BYTES];
    struct envelope envelope;
    struct envelope_header header;
    struct opened opened;

    if (!message)
        return -ENOMEM;
    if (envelope_parse(bytes, &envelope) < 0 ||
        envelope_header_parse(envelope.header, &client->event_arena, &header) < 0)
        return 0;
    struct open_request request = { bytes, header.channel, true };
    int r = envelope_open(client->reader, &request, &client->event_arena, &opened, key_id);
    if (r == 0 && client_read_content(client, &opened, message) == 0)
        *ret = message;
    if (r == -EAGAIN && !client_refusal(client, bytes_make(key_id, sizeof(key_id)))) {
        if (client->wait == WAIT_NOTHING)
            client_get_grant(client, key_id);
        return -EAGAIN;
    }
    return r == -ENOMEM ? r : 0;
}

static int take_dead(struct trefoil_client *client, const Trefoil__Answer *answer)
{
    struct trefoil_dead *dead = arena_array(&client->event_arena, answer->n_dead, sizeof(*dead));
    int r = dead ? 0 : -ENOMEM;

    for (size_t i = 0; r == 0 && i < answer->n_dead; i++) {
        const Trefoil__DeadIs *from = answer->dead[i];

        dead[i] = (struct trefoil_dead){ .id = from->id,
                                         .seq = from->seq,
                                         .since_ms = from->since_ms,
                                         .subscription = from->subscription,
                                         .code = from->code,
                                         .subcode = from->subcode,
                                         .attempts = from->attempts,
                                         .reason = from->reason };
        copy_id(from->envelope_id, &dead[i].envelope);
        dead[i].address.account = from->account;
        dead[i].address.user_id = plain_of(client, from->account, from->address, TOKEN_ADDRESS);
        if (from->envelope.len > 0)
            r = open_dead(client, frame_bytes(from->envelope), &dead[i].message);
    }
    client->answer.dead = dead;
    client->answer.n_dead = answer->n_dead;
    return r;
}

static int take_hops(struct trefoil_client *client, const Trefoil__Answer *answer)
{
    struct trefoil_hop *hops = arena_array(&client->event_arena, answer->n_hops, sizeof(*hops));

    for (size_t i = 0; hops && i < answer->n_hops; i++) {
        const Trefoil__Hop *from = answer->hops[i];

        hops[i] = (struct trefoil_hop){ from->at_ms,   from->seq,  from->what,   from->who,
                                        from->account, from->text, from->target, (enum trefoil_outcome) from->outcome };
    }
    client->answer.hops = hops;
    client->answer.n_hops = answer->n_hops;
    return hops ? 0 : -ENOMEM;
}

static int take_counters(struct trefoil_client *client, const Trefoil__Answer *answer)
{
    struct trefoil_counter *counters = arena_array(&client->event_arena, answer->n_counters, sizeof(*counters));

    for (size_t i = 0; counters && i < answer->n_counters; i++)
        counters[i] = (struct trefoil_counter){ answer->counters[i]->name, answer->counters[i]->value };
    client->answer.counters = counters;
    client->answer.n_counters = answer->n_counters;
    return counters ? 0 : -ENOMEM;
}

static int take_capabilities(struct trefoil_client *client, const Trefoil__Answer *answer)
{
    struct trefoil_capabilities *list = arena_array(&client->event_arena, answer->n_capabilities, sizeof(*list));
    int r = list ? 0 : -ENOMEM;

    for (size_t i = 0; r == 0 && i < answer->n_capabilities; i++) {
        const Trefoil__CapabilityIs *from = answer->capabilities[i];

        r = capabilities_read(frame_bytes(from->record), &client->event_arena, &list[i]);
        if (r == -EBADMSG) { /* its writer's fault: an account nothing is known of, and the others as they are */
            list[i] = (struct trefoil_capabilities){ 0 };
            r = 0;
        }
        list[i].account = from->account;
        list[i].since_ms = from->since_ms;
        list[i].service = from->service;
        list[i].replicas = from->replicas;
    }
    client->answer.capabilities = list;
    client->answer.n_capabilities = r < 0 ? 0 : answer->n_capabilities;
    return r;
}

static int take_all(struct trefoil_client *client, const Trefoil__Answer *answer)
{
    client->answer =
        (struct trefoil_answer){ .ok = answer->ok, .text = answer->text, .more = answer->more, .count = answer->count };
    copy_id(answer->room, &client->answer.room);
    int r = take_rooms(client, answer);
    if (r == 0)
        r = take_dead(client, answer);
    if (r == 0)
        r = take_hops(client, answer);
    if (r == 0)
        r = take_counters(client, answer);
    if (r == 0)
        r = take_capabilities(client, answer);
    return r;
}

static size_t find_ask(const struct asks *asks, uint64_t ticket)
{
    size_t at = 0;

    while (at < asks->n_open && asks->open[at] != ticket)
        at++;
    return at;
}

bool client_take_answer(struct trefoil_client *client, const Trefoil__Answer *answer, struct trefoil_event *ret)
{
    struct asks *asks = &client->asks;
    size_t at = find_ask(asks, answer->ticket);

    if (at == asks->n_open)
        return false;
    int r = take_all(client, answer);
    if (r == -EAGAIN && !client->has_kept) { /* shown when its key is here */
        zmq_msg_init(&client->kept);
        zmq_msg_move(&client->kept, &client->frame);
        client->has_kept = true;
        return false;
    }
    if (r == -ENOMEM) {
        client->answer.ok = false;
        client->answer.text = "out of memory for the answer";
    }
    asks->open[at] = asks->open[--asks->n_open];
    *ret = (struct trefoil_event){ .type = TREFOIL_EVENT_ANSWER, .text = client->answer.text };
    ret->ticket = answer->ticket;
    ret->answer = &client->answer;
    return true;
}

bool client_tell_kept_answer(struct trefoil_client *client, struct trefoil_event *ret)
{
    Trefoil__Frame *frame = NULL;

    if (!client->has_kept || client->wait != WAIT_NOTHING || client->has_frame)
        return false;
    client->frame = client->kept; /* the bytes stay where they are */
    client->has_frame = true;
    client->has_kept = false;
    if (frame_unpack(bytes_make(zmq_msg_data(&client->frame), zmq_msg_size(&client->frame)), &client->frame_arena,
                     &frame) < 0)
        return false;
    return client_take_answer(client, frame->answer, ret);
}

bool client_tell_lost_ask(struct trefoil_client *client, struct trefoil_event *ret)
{
    if (client->asks.n_lost == 0)
        return false;
    client->answer = (struct trefoil_answer){ .text = "the connection was lost before the answer came" };
    *ret = (struct trefoil_event){ .type = TREFOIL_EVENT_ANSWER, .text = client->answer.text };
    ret->ticket = client->asks.lost[--client->asks.n_lost];
    ret->answer = &client->answer;
    return true;
}
