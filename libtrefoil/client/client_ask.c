/* Questions to the gateway, with names and addresses sealed before they leave; and how deliveries ended. Never waits
 * for the answer.
 */
#include "client/inside.h"

#include <errno.h>
#include <string.h>

#include "client/capabilities.h"

static ProtobufCBinaryData id_of(const struct trefoil_id *id)
{
    return frame_binary(bytes_make(id->bytes, sizeof(id->bytes)));
}

static int address_of(struct trefoil_client *client, const struct trefoil_ask *ask,
                      const struct trefoil_address *address, ProtobufCBinaryData *ret)
{
    struct token_plain plain = { TOKEN_ADDRESS, bytes_of_text(address->account), bytes_of_text(address->user_id) };
    struct bytes token;

    if (!address->account || plain.value.size == 0)
        return -EINVAL;
    int r = client_token(client, ask->channel.bytes, &plain, &token);
    if (r == 0)
        *ret = frame_binary(token);
    return r;
}

static int note_of(struct trefoil_client *client, const struct trefoil_ask *ask, ProtobufCBinaryData *ret)
{
    struct token_plain plain = { TOKEN_NOTE, BYTES_EMPTY, bytes_of_text(ask->name) };
    struct bytes token;
    int r = client_token(client, ask->channel.bytes, &plain, &token);

    if (r == 0)
        *ret = frame_binary(token);
    return r;
}

static char *text_of(const char *text)
{
    return (char *) (uintptr_t) (text ? text : protobuf_c_empty_string);
}

static int send(struct trefoil_client *client, Trefoil__Ask *wire, Trefoil__Ask__QuestionCase question)
{
    wire->question_case = question;
    return connection_send(&client->connection, TREFOIL__FRAME__BODY_ASK, wire);
}

static int ask_rooms(struct trefoil_client *client, const struct trefoil_ask *ask, Trefoil__Ask wire)
{
    Trefoil__RoomCreate create = TREFOIL__ROOM_CREATE__INIT;
    Trefoil__RoomList list = TREFOIL__ROOM_LIST__INIT;
    Trefoil__RoomJoin join = TREFOIL__ROOM_JOIN__INIT;
    Trefoil__RoomLeave leave = TREFOIL__ROOM_LEAVE__INIT;
    static const struct trefoil_id none;
    bool has_room = memcmp(&ask->room, &none, sizeof(none)) != 0;
    int r = 0;

    switch (ask->question) {
    case TREFOIL_ASK_ROOM_CREATE:
        create.channel = id_of(&ask->channel);
        if (has_room)
            create.room = id_of(&ask->room);
        wire.room_create = &create;
        r = note_of(client, ask, &create.name_sealed);
        return r < 0 ? r : send(client, &wire, TREFOIL__ASK__QUESTION_ROOM_CREATE);
    case TREFOIL_ASK_ROOM_LIST:
        list.channel = id_of(&ask->channel);
        if (has_room)
            list.after = id_of(&ask->room);
        list.limit = ask->limit;
        wire.room_list = &list;
        return send(client, &wire, TREFOIL__ASK__QUESTION_ROOM_LIST);
    case TREFOIL_ASK_ROOM_JOIN:
        join.channel = id_of(&ask->channel);
        join.room = id_of(&ask->room);
        join.account = text_of(ask->address.account);
        wire.room_join = &join;
        r = has_room ? address_of(client, ask, &ask->address, &join.address) : -EINVAL;
        return r < 0 ? r : send(client, &wire, TREFOIL__ASK__QUESTION_ROOM_JOIN);
    default:
        leave.channel = id_of(&ask->channel);
        leave.account = text_of(ask->address.account);
        wire.room_leave = &leave;
        r = address_of(client, ask, &ask->address, &leave.address);
        return r < 0 ? r : send(client, &wire, TREFOIL__ASK__QUESTION_ROOM_LEAVE);
    }
}

static int ask_persons(struct trefoil_client *client, const struct trefoil_ask *ask, Trefoil__Ask wire)
{
    Trefoil__Link link = TREFOIL__LINK__INIT;
    Trefoil__Unlink unlink = TREFOIL__UNLINK__INIT;
    Trefoil__Forget forget = TREFOIL__FORGET__INIT;
    ProtobufCBinaryData address;
    int r = address_of(client, ask, &ask->address, &address);

    if (r < 0)
        return r;
    switch (ask->question) {
    case TREFOIL_ASK_LINK:
        link.channel = id_of(&ask->channel);
        link.address = address;
        link.account = text_of(ask->address.account);
        link.to_account = text_of(ask->other.account);
        wire.link = &link;
        r = address_of(client, ask, &ask->other, &link.to_address);
        if (r == 0)
            r = note_of(client, ask, &link.evidence_sealed);
        return r < 0 ? r : send(client, &wire, TREFOIL__ASK__QUESTION_LINK);
    case TREFOIL_ASK_UNLINK:
        unlink.channel = id_of(&ask->channel);
        unlink.address = address;
        unlink.account = text_of(ask->address.account);
        wire.unlink = &unlink;
        return send(client, &wire, TREFOIL__ASK__QUESTION_UNLINK);
    default:
        forget.channel = id_of(&ask->channel);
        forget.address = address;
        forget.account = text_of(ask->address.account);
        forget.after = ask->after;
        wire.forget = &forget;
        return send(client, &wire, TREFOIL__ASK__QUESTION_FORGET);
    }
}

static int ask_dead(struct trefoil_client *client, const struct trefoil_ask *ask, Trefoil__Ask wire)
{
    Trefoil__DeadList list = TREFOIL__DEAD_LIST__INIT;
    Trefoil__DeadShow show = TREFOIL__DEAD_SHOW__INIT;
    Trefoil__DeadRetry retry = TREFOIL__DEAD_RETRY__INIT;
    Trefoil__DeadExpire expire = TREFOIL__DEAD_EXPIRE__INIT;

    switch (ask->question) {
    case TREFOIL_ASK_DEAD_LIST:
        list.channel = id_of(&ask->channel);
        list.after = ask->after;
        list.limit = ask->limit;
        wire.dead_list = &list;
        return send(client, &wire, TREFOIL__ASK__QUESTION_DEAD_LIST);
    case TREFOIL_ASK_DEAD_SHOW:
        show.id = ask->id;
        wire.dead_show = &show;
        return send(client, &wire, TREFOIL__ASK__QUESTION_DEAD_SHOW);
    case TREFOIL_ASK_DEAD_EXPIRE:
        expire.channel = id_of(&ask->channel);
        expire.before_ms = ask->after;
        wire.dead_expire = &expire;
        return send(client, &wire, TREFOIL__ASK__QUESTION_DEAD_EXPIRE);
    default:
        retry.id = ask->id;
        retry.all = ask->all;
        retry.channel = id_of(&ask->channel);
        wire.dead_retry = &retry;
        return send(client, &wire, TREFOIL__ASK__QUESTION_DEAD_RETRY);
    }
}

static int ask_the_rest(struct trefoil_client *client, const struct trefoil_ask *ask, Trefoil__Ask wire)
{
    Trefoil__Trace trace = TREFOIL__TRACE__INIT;
    Trefoil__Audit audit = TREFOIL__AUDIT__INIT;
    Trefoil__RosterPut put = TREFOIL__ROSTER_PUT__INIT;

    switch (ask->question) {
    case TREFOIL_ASK_TRACE:
        trace.envelope_id = id_of(&ask->envelope);
        wire.trace = &trace;
        return send(client, &wire, TREFOIL__ASK__QUESTION_TRACE);
    case TREFOIL_ASK_AUDIT:
        audit.channel = id_of(&ask->channel);
        wire.audit = &audit;
        return send(client, &wire, TREFOIL__ASK__QUESTION_AUDIT);
    case TREFOIL_ASK_ROSTER_PUT:
        put.bundle = frame_binary(bytes_make(ask->bundle.data, ask->bundle.size));
        wire.roster_put = &put;
        return send(client, &wire, TREFOIL__ASK__QUESTION_ROSTER_PUT);
    default:
        return -EINVAL;
    }
}

static int ask_capabilities(struct trefoil_client *client, const struct trefoil_ask *ask, Trefoil__Ask wire)
{
    Trefoil__CapabilityPut put = TREFOIL__CAPABILITY_PUT__INIT;
    Trefoil__CapabilityList list = TREFOIL__CAPABILITY_LIST__INIT;
    struct bytes record;

    if (ask->question == TREFOIL_ASK_CAPABILITY_LIST) {
        list.channel = id_of(&ask->channel);
        list.after = text_of(ask->address.account);
        wire.capability_list = &list;
        return send(client, &wire, TREFOIL__ASK__QUESTION_CAPABILITY_LIST);
    }
    int r = capabilities_write(ask->capabilities, &client->work, &record);
    if (r < 0)
        return r;
    put.channel = id_of(&ask->channel);
    put.account = text_of(ask->capabilities->account);
    put.record = frame_binary(record);
    put.wake = ask->all;
    wire.capability_put = &put;
    return send(client, &wire, TREFOIL__ASK__QUESTION_CAPABILITY_PUT);
}

static int ask_one(struct trefoil_client *client, const struct trefoil_ask *ask, Trefoil__Ask wire)
{
    switch (ask->question) {
    case TREFOIL_ASK_ROOM_CREATE:
    case TREFOIL_ASK_ROOM_LIST:
    case TREFOIL_ASK_ROOM_JOIN:
    case TREFOIL_ASK_ROOM_LEAVE:
        return ask_rooms(client, ask, wire);
    case TREFOIL_ASK_LINK:
    case TREFOIL_ASK_UNLINK:
    case TREFOIL_ASK_FORGET:
        return ask_persons(client, ask, wire);
    case TREFOIL_ASK_DEAD_LIST:
    case TREFOIL_ASK_DEAD_SHOW:
    case TREFOIL_ASK_DEAD_RETRY:
    case TREFOIL_ASK_DEAD_EXPIRE:
        return ask_dead(client, ask, wire);
    case TREFOIL_ASK_CAPABILITY_PUT:
    case TREFOIL_ASK_CAPABILITY_LIST:
        return ask_capabilities(client, ask, wire);
    default:
        return ask_the_rest(client, ask, wire);
    }
}

enum trefoil_status trefoil_client_ask(trefoil_client *client, const struct trefoil_ask *ask, uint64_t *ret_ticket)
{
    Trefoil__Ask wire = TREFOIL__ASK__INIT;
    struct asks *asks = &client->asks;

    if (!ask)
        return client_fail(client, TREFOIL_BAD_ARGUMENT, "no question");
    if (!trefoil_client_is_connected(client))
        return client_fail(client, TREFOIL_AGAIN, "not connected yet");
    if (asks->n_open + asks->n_lost >= CLIENT_ASKS_MAX)
        return client_fail(client, TREFOIL_AGAIN, "too many questions without an answer");
    wire.ticket = asks->next;
    int r = ask_one(client, ask, wire);
    arena_reset(&client->work);
    if (r == -EACCES)
        return client_fail(client, TREFOIL_NOT_IN_ROSTER, "this service does not hold the token key of the channel");
    if (r < 0)
        return client_fail_errno(client, r);
    asks->open[asks->n_open++] = asks->next;
    if (ret_ticket)
        *ret_ticket = asks->next;
    asks->next++;
    zsock_raise(&client->connection.zsock);
    return TREFOIL_OK;
}

enum trefoil_status trefoil_client_ack(trefoil_client *client, uint32_t handle, uint64_t seq)
{
    struct subscription *subscription = subscriptions_get(&client->subscriptions, handle);
    int r = subscription ? 0 : -EINVAL;

    if (r == 0 && seq != 0)
        r = answers_done(&subscription->answers, seq);
    if (r < 0)
        return client_fail_errno(client, r);
    client_nudge(client);
    return TREFOIL_OK;
}

static int ref_tokens(struct trefoil_client *client, const struct subscription *subscription,
                      const struct trefoil_target_outcome *from, Trefoil__TargetOutcome *to)
{
    ProtobufCBinaryData *refs = arena_array(&client->work, from->n_message_ids, sizeof(*refs));

    if (!refs)
        return -ENOMEM;
    for (size_t i = 0; i < from->n_message_ids; i++) {
        struct token_plain plain = { TOKEN_REF, bytes_of_text(from->account), bytes_of_text(from->message_ids[i]) };
        struct bytes token;

        if (plain.account.size == 0 || plain.value.size == 0)
            return -EINVAL;
        int r = client_token(client, subscription->wish.channel.bytes, &plain, &token);
        if (r < 0)
            return r;
        refs[i] = frame_binary(token);
    }
    to->refs = refs;
    to->n_refs = from->n_message_ids;
    return 0;
}

static int set_outcome(struct trefoil_client *client, const struct subscription *subscription,
                       const struct trefoil_target_outcome *from, Trefoil__TargetOutcome *to)
{
    if (from->outcome < TREFOIL_OUTCOME_SENT || from->outcome > TREFOIL_OUTCOME_RETURNED ||
        from->n_message_ids > BUS_REFS_MAX || bytes_of_text(from->reason).size > BUS_TEXT_MAX_BYTES)
        return -EINVAL;
    trefoil__target_outcome__init(to);
    to->target = from->target;
    to->outcome = (Trefoil__Outcome) from->outcome;
    to->retry_ms = from->retry_ms;
    to->code = from->code;
    to->subcode = from->subcode;
    to->reason = text_of(from->reason);
    to->n_lost = from->n_lost < BUS_LOST_MAX ? from->n_lost : BUS_LOST_MAX;
    to->lost = (char **) (uintptr_t) from->lost;
    return ref_tokens(client, subscription, from, to);
}

static int answer_item(struct trefoil_client *client, struct subscription *subscription, Trefoil__AckItem *item,
                       const struct trefoil_target_outcome *outcomes)
{
    Trefoil__TargetOutcome *list = arena_array(&client->work, item->n_outcomes, sizeof(*list));

    item->outcomes = arena_array(&client->work, item->n_outcomes, sizeof(*item->outcomes));
    if (!list || !item->outcomes)
        return -ENOMEM;
    for (size_t i = 0; i < item->n_outcomes; i++) {
        int r = set_outcome(client, subscription, &outcomes[i], &list[i]);

        if (r < 0)
            return r;
        item->outcomes[i] = &list[i];
    }
    return answers_outcome(&subscription->answers, item);
}

enum trefoil_status trefoil_client_outcome(trefoil_client *client, uint32_t handle, uint64_t seq,
                                           const struct trefoil_target_outcome *outcomes, size_t n_outcomes)
{
    struct subscription *subscription = subscriptions_get(&client->subscriptions, handle);
    Trefoil__AckItem item = TREFOIL__ACK_ITEM__INIT;
    int r = subscription && (outcomes || n_outcomes == 0) ? 0 : -EINVAL;

    if (r == 0 && seq == 0)
        return TREFOIL_OK; /* ephemeral: nobody keeps how it ended */
    item.seq = seq;
    item.n_outcomes = n_outcomes;
    if (r == 0)
        r = answer_item(client, subscription, &item, outcomes);
    arena_reset(&client->work);
    if (r == -ENOENT)
        return client_fail(client, TREFOIL_BAD_ARGUMENT, "no such delivery is held");
    if (r < 0)
        return client_fail_errno(client, r);
    client_nudge(client);
    return TREFOIL_OK;
}
