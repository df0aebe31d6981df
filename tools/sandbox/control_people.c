/* What people do, asked for by a test or by the page. Never waits: webhooks follow in their own time. */
#include <errno.h>
#include <string.h>

#include "sandbox/control.h"
#include "sandbox/conversation.h"
#include "sandbox/events.h"
#include "sandbox/feed.h"

#define MAX_EMOJI_BYTES 64

static const char *text_of(const struct control_call *call, const char *member)
{
    return json_string_value(json_object_get(call->body, member));
}

static void reply_with_id(struct control_call *call, const struct bubble *bubble)
{
    control_reply(call, json_pack("{s:s}", "id", bubble->id));
}

/* The text and the quotation of a new bubble; false: refused. */
static bool read_order(struct control_call *call, const struct person *person, struct bubble_order *ret)
{
    const char *text = text_of(call, "text"), *reply_to = text_of(call, "reply_to");
    const struct bubble *quoted = reply_to ? bubble_find(call->world, reply_to) : NULL;

    if (!text || !*text || strlen(text) > MAX_TEXT_BYTES) {
        control_refuse(call, 400, "text: 1 to 65536 bytes");
        return false;
    }
    if (reply_to && (!quoted || quoted->person != person)) {
        control_refuse(call, 404, "reply_to: no such bubble on this phone");
        return false;
    }
    ret->text = text;
    ret->reply_to = reply_to;
    return true;
}

void control_say(struct control_call *call)
{
    struct person *person = control_person(call);
    struct bubble_order order = { .from = SIDE_PERSON };
    struct bubble *bubble;

    if (!person || !read_order(call, person, &order))
        return;
    bubble = bubble_add(person, &order);
    if (!bubble) {
        control_refuse(call, 507, "too many bubbles");
        return;
    }
    conversation_person_read(person); /* who answers has looked */
    event_message(bubble);
    reply_with_id(call, bubble);
}

void control_agent(struct control_call *call)
{
    struct person *person = control_person(call);
    struct bubble_order order = { .from = SIDE_BUSINESS, .is_by_agent = true };
    struct bubble *bubble;

    if (!person || !read_order(call, person, &order))
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

/* The bubble named by "message" on this person's phone; NULL: refused already. */
static struct bubble *target_of(struct control_call *call, const struct person *person)
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
    struct bubble *bubble = person ? target_of(call, person) : NULL;

    if (!bubble)
        return;
    if (!emoji || strlen(emoji) > MAX_EMOJI_BYTES) {
        control_refuse(call, 400, "emoji: a text of at most 64 bytes; empty takes the reaction away");
        return;
    }
    bubble_react(bubble, SIDE_PERSON, emoji);
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
    struct bubble *bubble = person ? target_of(call, person) : NULL;

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

void control_add_person(struct control_call *call)
{
    struct account *account = control_account(call);
    const char *user_id = text_of(call, "user_id"), *name = text_of(call, "name");
    int r;

    if (!account)
        return;
    if (!user_id || !*user_id || strlen(user_id) > 32 || !name || !*name || strlen(name) > 100) {
        control_refuse(call, 400, "user_id: 1 to 32 bytes; name: 1 to 100 bytes");
        return;
    }
    r = person_add(call->world, account->network, user_id, name);
    if (r < 0 && r != -EEXIST)
        control_refuse(call, 507, "too many people");
    else
        control_reply(call, NULL);
}
