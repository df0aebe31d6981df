/* Turns questions into calls on the core and its answers into one frame. What changes something is answered when it is
 * on disk. For a service that is no administrator it changes nothing but what that service says of its own accounts.
 */
#include "asks.h"

#include <errno.h>
#include <string.h>

#include "asks_list.h"
#include "core/dead.h"
#include "promise.h"
#include "sending.h"

static const char *words_of(int r)
{
    switch (r) {
    case 0:
        return "";
    case -ENOENT:
        return "there is no such thing in this channel";
    case -EEXIST:
        return "it exists already";
    case -ENOSPC:
        return "there is no room for more";
    case -EXDEV:
        return "the two belong to different channels";
    case -ESTALE:
        return "its envelope is gone: the channel's retention is over";
    case -EAGAIN:
        return "it is out just now; ask again later";
    case -EMSGSIZE:
        return "too long";
    case -EACCES:
        return "the roster does not allow that";
    case -EBADMSG:
        return "malformed";
    case -EINVAL:
        return "a token is not a token, or an account nobody owns";
    default:
        return "the store does not answer";
    }
}

static int find_channel(struct gateway *gateway, ProtobufCBinaryData bytes, struct id *ret)
{
    *ret = id_from(frame_bytes(bytes));
    return members_channel(gateway->broker.members, ret) ? 0 : -ENOENT;
}

/* The address, made when it is new: somebody may be put into a room before he says a word. */
static int find_address(struct gateway *gateway, const struct id *channel, const char *account,
                        ProtobufCBinaryData token, struct address **ret)
{
    struct broker *broker = &gateway->broker;

    if (!token_is_valid(frame_bytes(token)) || !members_owner(broker->members, bytes_of_text(account)))
        return -EINVAL;
    return directory_meet(&broker->directory, channel, bytes_of_text(account), frame_bytes(token), ret);
}

static int ask_create(struct gateway *gateway, const Trefoil__RoomCreate *ask, Trefoil__Answer *answer, struct id *room)
{
    struct id channel, wish = id_from(frame_bytes(ask->room));
    int r = find_channel(gateway, ask->channel, &channel);

    if (r == 0)
        r = directory_create(&gateway->broker.directory, &channel, &wish, frame_bytes(ask->name_sealed), room);
    answer->count = r == 0;
    return r;
}

static int ask_join(struct gateway *gateway, const Trefoil__RoomJoin *ask, Trefoil__Answer *answer, struct id *room)
{
    struct address *address;
    struct id channel;
    int r = find_channel(gateway, ask->channel, &channel);

    *room = id_from(frame_bytes(ask->room));
    if (r == 0)
        r = find_address(gateway, &channel, ask->account, ask->address, &address);
    if (r == 0)
        r = directory_join(&gateway->broker.directory, address, room);
    answer->count = r == 0;
    return r;
}

static int ask_leave(struct gateway *gateway, const Trefoil__RoomLeave *ask, Trefoil__Answer *answer, struct id *room)
{
    struct address *address;
    struct id channel;
    int r = find_channel(gateway, ask->channel, &channel);

    if (r == 0)
        r = directory_address(&gateway->broker.directory, &channel, frame_bytes(ask->address), &address);
    if (r == 0)
        r = directory_leave(&gateway->broker.directory, address, room);
    answer->count = r == 0;
    return r;
}

static int ask_link(struct gateway *gateway, const Trefoil__Link *ask, Trefoil__Answer *answer)
{
    struct address *address, *to;
    struct id channel;
    int r = find_channel(gateway, ask->channel, &channel);

    if (r == 0)
        r = find_address(gateway, &channel, ask->account, ask->address, &address);
    if (r == 0)
        r = find_address(gateway, &channel, ask->to_account, ask->to_address, &to);
    if (r == 0)
        r = directory_link(&gateway->broker.directory, address, to);
    answer->count = r == 0;
    return r;
}

static int ask_unlink(struct gateway *gateway, const Trefoil__Unlink *ask, Trefoil__Answer *answer, struct id *room)
{
    struct address *address;
    struct id channel;
    int r = find_channel(gateway, ask->channel, &channel);

    if (r == 0)
        r = directory_address(&gateway->broker.directory, &channel, frame_bytes(ask->address), &address);
    if (r == 0)
        r = directory_unlink(&gateway->broker.directory, address, room);
    answer->count = r == 0;
    return r;
}

static int ask_retry(struct gateway *gateway, const Trefoil__DeadRetry *ask, Trefoil__Answer *answer)
{
    struct id channel = id_from(frame_bytes(ask->channel));
    uint64_t after = ask->id;

    if (ask->all ? !members_channel(gateway->broker.members, &channel) : ask->id == 0)
        return -ENOENT;
    gateway->must_pump = true;
    if (!ask->all) {
        int r = broker_retry(&gateway->broker, &channel, ask->id);

        answer->count = r == 0;
        return r;
    }
    answer->counters = arena_array(&gateway->frame, 1, sizeof(*answer->counters));
    if (!answer->counters)
        return -ENOMEM;
    int r = broker_retry_some(&gateway->broker, &channel, &after, &answer->count);
    answer->more = r > 0;
    asks_counter(gateway, answer, "next", r > 0 ? after : 0);
    return r;
}

static int ask_expire(struct gateway *gateway, const Trefoil__DeadExpire *ask, Trefoil__Answer *answer)
{
    struct id channel;
    int r = find_channel(gateway, ask->channel, &channel);

    if (r == 0)
        r = dead_expire(&gateway->broker.tables, &channel, ask->before_ms, &answer->count);
    answer->more = r > 0;
    return r;
}

static int ask_roster(struct gateway *gateway, const Trefoil__RosterPut *ask, Trefoil__Answer *answer)
{
    struct members *members;
    int r = keeper_put(&gateway->keeper, frame_bytes(ask->bundle), &gateway->broker.tables);

    if (r <= 0) {
        answer->text = (char *) (uintptr_t) (r == -ESTALE    ? "the roster is older than the one in force"
                                             : r == -EBADMSG ? "not signed by the root, or a fork of the one in force"
                                                             : "");
        return r;
    }
    answer->count = 1;
    r = keeper_members(&gateway->keeper, &members);
    if (r < 0)
        return r;
    r = broker_set_members(&gateway->broker, &members);
    gateway_roster_changed(gateway); /* whatever else failed, it is in force */
    return r;
}

static int answer_question(struct gateway *gateway, const Trefoil__Ask *ask, Trefoil__Answer *answer, struct id *room)
{
    switch (ask->question_case) {
    case TREFOIL__ASK__QUESTION_ROOM_CREATE:
        return ask_create(gateway, ask->room_create, answer, room);
    case TREFOIL__ASK__QUESTION_ROOM_LIST:
        return asks_room_list(gateway, ask->room_list, answer);
    case TREFOIL__ASK__QUESTION_ROOM_JOIN:
        return ask_join(gateway, ask->room_join, answer, room);
    case TREFOIL__ASK__QUESTION_ROOM_LEAVE:
        return ask_leave(gateway, ask->room_leave, answer, room);
    case TREFOIL__ASK__QUESTION_LINK:
        return ask_link(gateway, ask->link, answer);
    case TREFOIL__ASK__QUESTION_UNLINK:
        return ask_unlink(gateway, ask->unlink, answer, room);
    case TREFOIL__ASK__QUESTION_FORGET:
        return asks_forget(gateway, ask->forget, answer);
    case TREFOIL__ASK__QUESTION_DEAD_LIST:
        return asks_dead_list(gateway, ask->dead_list, answer);
    case TREFOIL__ASK__QUESTION_DEAD_SHOW:
        return asks_dead_show(gateway, ask->dead_show, answer);
    case TREFOIL__ASK__QUESTION_DEAD_RETRY:
        return ask_retry(gateway, ask->dead_retry, answer);
    case TREFOIL__ASK__QUESTION_DEAD_EXPIRE:
        return ask_expire(gateway, ask->dead_expire, answer);
    case TREFOIL__ASK__QUESTION_TRACE:
        return asks_trace(gateway, ask->trace, answer);
    case TREFOIL__ASK__QUESTION_AUDIT:
        return asks_audit(gateway, ask->audit, answer);
    case TREFOIL__ASK__QUESTION_ROSTER_PUT:
        return ask_roster(gateway, ask->roster_put, answer);
    default:
        return -EBADMSG;
    }
}

static bool is_member_question(const Trefoil__Ask *ask)
{
    return ask->question_case == TREFOIL__ASK__QUESTION_CAPABILITY_PUT ||
           ask->question_case == TREFOIL__ASK__QUESTION_CAPABILITY_LIST;
}

/* What a service may ask that is no administrator: about its own accounts and channels. */
static int answer_member(struct gateway *gateway, const struct service *service, const Trefoil__Ask *ask,
                         Trefoil__Answer *answer)
{
    if (ask->question_case == TREFOIL__ASK__QUESTION_CAPABILITY_PUT)
        return asks_capability_put(gateway, service, ask->capability_put, answer);
    return asks_capability_list(gateway, service, ask->capability_list, answer);
}

void asks_answer(struct gateway *gateway, struct session *session, const Trefoil__Ask *ask)
{
    const struct service *service = members_service(gateway->broker.members, &session->peer.service);
    Trefoil__Answer answer = TREFOIL__ANSWER__INIT;
    struct id room = { { 0 } };
    int r = -EACCES;

    arena_reset(&gateway->broker.scratch);
    if (service && is_member_question(ask))
        r = answer_member(gateway, service, ask, &answer);
    else if (service && (service->role & MEMBER_ADMIN))
        r = answer_question(gateway, ask, &answer, &room);
    answer.ticket = ask->ticket;
    answer.ok = r >= 0;
    if (r < 0 && (!answer.text || !*answer.text))
        answer.text = (char *) (uintptr_t) words_of(r);
    if (r >= 0 && !id_is_zero(&room))
        answer.room = frame_binary(id_bytes(&room));
    if (r < 0) {
        answer.n_rooms = answer.n_dead = answer.n_hops = answer.n_counters = answer.n_capabilities = 0;
        answer.more = 0;
    }
    Trefoil__Frame frame = frame_make(TREFOIL__FRAME__BODY_ANSWER, &answer);
    gateway->has_changes = true;
    promise_frame(gateway, session, &frame);
}
