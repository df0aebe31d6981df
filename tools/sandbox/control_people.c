/* What people do, asked for by a test or by the page. Never waits: webhooks follow in their own time. */
#include <errno.h>
#include <string.h>

#include "sandbox/control.h"
#include "sandbox/conversation.h"
#include "sandbox/events.h"
#include "sandbox/feed.h"

#define MAX_EMOJI_BYTES 64
#define MAX_USER_ID_BYTES 60
#define MAX_NAME_BYTES 100
#define MAX_MESSENGER_EDITS 5

static const char *text_of(const struct control_call *call, const char *member)
{
    return json_string_value(json_object_get(call->body, member));
}

static void reply_with_id(struct control_call *call, const struct bubble *bubble)
{
    control_reply(call, json_pack("{s:s}", "id", bubble->id));
}

void control_agent(struct control_call *call)
{
    struct person *person = control_person(call);
    struct bubble_order order = { .from = SIDE_BUSINESS, .is_by_agent = true };
    struct bubble *bubble;

    order.text = text_of(call, "text");
    if (!person || !control_read_text(call, order.text))
        return;
    if (person->account->network == NETWORK_WHATSAPP) {
        control_refuse(call, 400, "network: messenger or instagram, whose inbox echoes what its agents write");
        return;
    }
    bubble = bubble_add(person, &order);
    if (!bubble) {
        control_refuse(call, 507, "too many bubbles");
        return;
    }
    conversation_sent(bubble);
    reply_with_id(call, bubble);
}

struct bubble *control_target(struct control_call *call, const struct person *person)
{
    const char *id = text_of(call, "message");
    struct bubble *bubble = id ? bubble_find(call->world, id) : NULL;

    if (bubble && bubble->person == person)
        return bubble;
    control_refuse(call, 404, "message: no such bubble on this phone");
    return NULL;
}

static void react(struct control_call *call, const char *emoji)
{
    struct person *person = control_person(call);
    struct bubble *bubble = person ? control_target(call, person) : NULL;

    if (!bubble)
        return;
    if (!emoji || strlen(emoji) > MAX_EMOJI_BYTES) {
        control_refuse(call, 400, "emoji: a text of at most 64 bytes; empty takes the reaction away");
        return;
    }
    bubble_react(bubble, SIDE_PERSON, emoji);
    if (*emoji) /* taking it back opens no window */
        person_heard(person, world_now_ms(call->world));
    event_reaction(bubble, emoji);
    control_reply(call, NULL);
}

void control_react(struct control_call *call)
{
    react(call, text_of(call, "emoji"));
}

void control_unreact(struct control_call *call)
{
    react(call, "");
}

void control_read(struct control_call *call)
{
    struct person *person = control_person(call);

    if (!person)
        return;
    conversation_person_read(person);
    control_reply(call, NULL);
}

void control_open(struct control_call *call)
{
    struct person *person = control_person(call);

    if (!person)
        return;
    person->is_looking = json_is_true(json_object_get(call->body, "looking"));
    if (person->is_looking)
        conversation_person_read(person);
    feed_person(call->world->feed, person);
    control_reply(call, NULL);
}

/* No network tells a business that a person types; the page may still ask. */
void control_typing(struct control_call *call)
{
    if (control_person(call))
        control_reply(call, NULL);
}

static struct bubble *own_target(struct control_call *call)
{
    struct person *person = control_person(call);
    struct bubble *bubble = person ? control_target(call, person) : NULL;

    if (bubble && (bubble->from != SIDE_PERSON || bubble->is_unsent)) {
        control_refuse(call, 409, "message: only one's own, and only while it stands");
        return NULL;
    }
    return bubble;
}

void control_edit(struct control_call *call)
{
    struct bubble *bubble = own_target(call);
    const char *text = text_of(call, "text");

    if (!bubble)
        return;
    if (!text || !*text || strlen(text) > MAX_TEXT_BYTES) {
        control_refuse(call, 400, "text: 1 to 65536 bytes");
        return;
    }
    if (bubble->person->account->network != NETWORK_WHATSAPP && bubble->kind != KIND_TEXT) {
        control_refuse(call, 409, "message: this network edits texts only");
        return;
    }
    if (bubble->person->account->network == NETWORK_MESSENGER && bubble->n_edits == MAX_MESSENGER_EDITS) {
        control_refuse(call, 409, "message: Messenger takes at most 5 edits");
        return;
    }
    bubble_rewrite(bubble, text);
    event_edit(bubble);
    control_reply(call, NULL);
}

void control_unsend(struct control_call *call)
{
    struct bubble *bubble = own_target(call);

    if (!bubble)
        return;
    if (bubble->person->account->network == NETWORK_MESSENGER) {
        control_refuse(call, 400, "network: Messenger tells nobody that a message was taken back");
        return;
    }
    bubble_unsend(bubble);
    event_unsend(bubble);
    control_reply(call, NULL);
}

static bool fits(const char *text, size_t max)
{
    return text && *text && strlen(text) <= max;
}

void control_add_person(struct control_call *call)
{
    struct account *account = control_account(call);
    struct person_order order = { .user_id = text_of(call, "user_id"),
                                  .name = text_of(call, "name"),
                                  .bsuid = text_of(call, "bsuid"),
                                  .username = text_of(call, "username"),
                                  .dialled = text_of(call, "dialled"),
                                  .is_number_hidden = json_is_true(json_object_get(call->body, "hide_number")) };
    int r;

    if (!account)
        return;
    if (!fits(order.user_id, MAX_USER_ID_BYTES) || !fits(order.name, MAX_NAME_BYTES) ||
        (order.bsuid && !fits(order.bsuid, MAX_USER_ID_BYTES)) ||
        (order.dialled && !fits(order.dialled, MAX_USER_ID_BYTES)) ||
        (order.username && !fits(order.username, MAX_NAME_BYTES))) {
        control_refuse(call, 400, "user_id, bsuid, dialled: 1 to 60 bytes; name, username: 1 to 100 bytes");
        return;
    }
    order.network = account->network;
    r = person_add(call->world, &order);
    if (r < 0 && r != -EEXIST)
        control_refuse(call, 507, "too many people");
    else
        control_reply(call, NULL);
}
