/* POST /PAGE_ID/messages for Messenger and Instagram: who gets what and whether he may, reactions, seen, typing.
 * Never fetches a file itself.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/assets.h"
#include "sandbox/conversation.h"
#include "sandbox/meta.h"

#define MESSENGER_TEXT_CHARACTERS 2000 /* fewer than */
#define INSTAGRAM_TEXT_BYTES 1000      /* at most */
#define METADATA_CHARACTERS 1000       /* fewer than */
#define TYPING_MS 20000
#define WINDOW_MS (24 * HOUR_MS)
#define AGENT_WINDOW_MS (7 * DAY_MS)

void meta_refuse(struct graph_call *call, int subcode, const char *message)
{
    graph_refuse(call, &(struct graph_error){ .status = 400, .code = 100, .subcode = subcode, .message = message });
}

static void reply_to_action(struct graph_call *call, const struct person *person)
{
    json_t *json = json_pack("{s:s}", "recipient_id", person->user_id);

    graph_reply(call, &json);
}

/* ---- Actions ---- */

static void react(struct graph_call *call, struct person *person, bool is_removal)
{
    const json_t *payload = json_object_get(call->body, "payload");
    const char *id = text_in(payload, "message_id"), *emoji = text_in(payload, "reaction");
    struct bubble *bubble = id ? bubble_find(call->world, id) : NULL;

    call->kind = "reaction";
    if (!id) {
        graph_missing(call, "payload[message_id]");
    } else if (!is_removal && (!emoji || !*emoji)) {
        graph_missing(call, "payload[reaction]");
    } else if (!bubble || bubble->person != person) {
        meta_refuse(call, 0, "Invalid message id");
    } else {
        if (emoji && strcmp(emoji, "love") == 0)
            emoji = "\u2764\ufe0f";
        bubble_react(bubble, SIDE_BUSINESS, is_removal ? NULL : emoji);
        call->is_accepted = true;
        reply_to_action(call, person);
    }
}

static void act(struct graph_call *call, struct person *person, const char *action)
{
    if (strcmp(action, "react") == 0 || strcmp(action, "unreact") == 0) {
        react(call, person, action[0] == 'u');
        return;
    }
    if (strcmp(action, "typing_on") == 0 || strcmp(action, "typing_off") == 0) {
        call->kind = "typing";
        person_typing(person, strcmp(action, "typing_on") == 0 ? TYPING_MS : 0);
    } else if (strcmp(action, "mark_seen") == 0) {
        call->kind = "read";
        conversation_business_read(person, NULL);
    } else {
        meta_refuse(call, 0, "Param sender_action must be one of {MARK_SEEN, REACT, TYPING_OFF, TYPING_ON, UNREACT}");
        return;
    }
    reply_to_action(call, person);
}

/* ---- Windows ---- */

/* How long after his last word this send may come; 0: any time. */
static int64_t window_of(const struct graph_call *call)
{
    const char *tag = text_in(call->body, "tag"), *type = text_in(call->body, "messaging_type");
    const json_t *recipient = json_object_get(call->body, "recipient");

    if ((type && strcmp(type, "UTILITY") == 0) || json_object_get(recipient, "notification_messages_token") ||
        json_object_get(recipient, "comment_id") || json_object_get(recipient, "post_id"))
        return 0;
    return tag ? AGENT_WINDOW_MS : WINDOW_MS;
}

/* False: refused. */
static bool is_window_open(struct graph_call *call, const struct person *person)
{
    bool is_instagram = call->account->network == NETWORK_INSTAGRAM;
    int64_t window_ms = window_of(call);
    bool is_struck =
        window_ms == WINDOW_MS && fault_strikes(&call->account->faults, FAULT_WINDOW_CLOSED, &call->world->dice);
    struct graph_error error = { .status = 400, .code = 10 };

    if (window_ms == 0 || (!is_struck && world_now_ms(call->world) - person->heard_ms < window_ms))
        return true;
    error.subcode = is_instagram ? 2534022 : 2018278;
    error.message = "This message is sent outside of allowed window.";
    graph_refuse(call, &error);
    return false;
}

static bool is_one_of(const char *text, const char *const *words, size_t n)
{
    for (size_t i = 0; text && i < n; i++) {
        if (strcmp(text, words[i]) == 0)
            return true;
    }
    return false;
}

/* False: refused. */
static bool is_type_allowed(struct graph_call *call)
{
    static const char *const types[] = { "RESPONSE", "UPDATE", "MESSAGE_TAG", "UTILITY" };
    static const char *const tags[] = { "HUMAN_AGENT", "CUSTOMER_FEEDBACK" };
    const char *type = text_in(call->body, "messaging_type"), *tag = text_in(call->body, "tag");
    size_t n_tags = call->account->network == NETWORK_INSTAGRAM ? 1 : 2;
    bool is_tagged = type && strcmp(type, "MESSAGE_TAG") == 0;
    bool has_template = json_object_get(json_object_get(call->body, "message"), "template") != NULL;

    if (json_object_get(call->body, "messaging_type") && !is_one_of(type, types, ARRAY_SIZE(types)))
        meta_refuse(call, 0, "Param messaging_type must be one of {MESSAGE_TAG, RESPONSE, UPDATE, UTILITY}");
    else if (json_object_get(call->body, "tag") && !is_one_of(tag, tags, n_tags))
        meta_refuse(call, 0, "Param tag: this message tag is deprecated or does not exist");
    else if (is_tagged != (tag != NULL))
        meta_refuse(call, 0, "Param tag goes with messaging_type MESSAGE_TAG, and it with a tag");
    else if ((type && strcmp(type, "UTILITY") == 0) != has_template)
        meta_refuse(call, 0, "Param message[template] goes with messaging_type UTILITY, and it with a template");
    else
        return true;
    return false;
}

/* ---- Messages ---- */

void meta_put_on_phone(struct graph_call *call, struct person *person, const struct bubble_order *order,
                       const char *attachment_id)
{
    struct bubble *bubble;
    json_t *json;

    call->account->n_duplicates +=
        order->mark && mark_seen_before(person, order->mark, order->text ? order->text : kind_name(order->kind));
    bubble = bubble_add(person, order);
    if (!bubble) {
        graph_refuse(call,
                     &(struct graph_error){ .status = 500, .code = 2, .message = "Service temporarily unavailable" });
        return;
    }
    conversation_sent(bubble);
    json = json_pack("{s:s,s:s,s:s*}", "recipient_id", person->user_id, "message_id", bubble->id, "attachment_id",
                     attachment_id);
    call->is_accepted = true;
    graph_reply(call, &json);
}

static bool is_text_too_long(const struct graph_call *call, const char *text)
{
    if (call->account->network == NETWORK_INSTAGRAM)
        return strlen(text) > INSTAGRAM_TEXT_BYTES;
    return count_characters(text) >= MESSENGER_TEXT_CHARACTERS;
}

static void send_text(struct graph_call *call, struct person *person, struct bubble_order *order)
{
    bool is_instagram = call->account->network == NETWORK_INSTAGRAM;

    call->kind = "text";
    if (!order->text || !*order->text)
        meta_refuse(call, 2018034, "Message cannot be empty, must provide valid attachment or text");
    else if (is_text_too_long(call, order->text))
        meta_refuse(call, 0,
                    is_instagram ? "Length of param message[text] must be less than or equal to 1000"
                                 : "Length of param message[text] must be less than or equal to 2000");
    else
        meta_put_on_phone(call, person, order, NULL);
}

/* Takes `attachments`, which the echo shows. */
static void send_shown(struct graph_call *call, struct person *person, struct bubble_order *order, json_t *attachments)
{
    order->attachments = attachments;
    meta_put_on_phone(call, person, order, NULL);
    json_decref(attachments);
}

/* An echo shows buttons as they were sent on Messenger, and as an element of a generic template on Instagram. */
static json_t *shown_template(const struct graph_call *call, json_t *attachment, const json_t *payload)
{
    json_t *text = json_object_get(payload, "text"), *buttons = json_object_get(payload, "buttons");

    if (call->account->network != NETWORK_INSTAGRAM || !text || !buttons)
        return json_pack("[O]", attachment);
    return json_pack("[{s:s,s:{s:{s:[{s:O,s:O}]}}}]", "type", "template", "payload", "generic", "elements", "title",
                     text, "buttons", buttons);
}

static void send_template(struct graph_call *call, struct person *person, struct bubble_order *order)
{
    json_t *attachment = json_object_get(json_object_get(call->body, "message"), "attachment");
    const json_t *payload = json_object_get(attachment, "payload");

    call->kind = "buttons";
    order->kind = KIND_CHOICES;
    if (meta_read_template(call, payload, order->content, &order->text))
        send_shown(call, person, order, shown_template(call, attachment, payload));
}

static void send_utility(struct graph_call *call, struct person *person, struct bubble_order *order)
{
    const json_t *template = json_object_get(json_object_get(call->body, "message"), "template");
    const char *language = text_in(json_object_get(template, "language"), "code");

    call->kind = "template";
    order->kind = KIND_TEMPLATE;
    order->text = text_in(template, "name");
    if (!order->text || !language) {
        graph_missing(call, order->text ? "message[template][language][code]" : "message[template][name]");
        return;
    }
    (void) json_object_set_new(order->content, "template",
                               json_pack("{s:s,s:s,s:O?}", "name", order->text, "language", language, "components",
                                         json_object_get(template, "components")));
    send_shown(call, person, order,
               json_pack("[{s:s,s:{s:s}}]", "type", "template", "payload", "template_type", "utility"));
}

static void send_sticker(struct graph_call *call, struct person *person, struct bubble_order *order, const char *id)
{
    call->kind = "sticker";
    order->kind = KIND_STICKER;
    order->text = "\U0001f44d";
    send_shown(
        call, person, order,
        json_pack("[{s:s,s:{s:I}}]", "type", "sticker", "payload", "sticker_id", (json_int_t) strtoll(id, NULL, 10)));
}

/* Instagram's own: a heart, a post of the account. */
static void send_instagrams_own(struct graph_call *call, struct person *person, struct bubble_order *order,
                                const char *type)
{
    const json_t *attachment = json_object_get(json_object_get(call->body, "message"), "attachment");
    const char *id = text_in(json_object_get(attachment, "payload"), "id");
    char url[128];

    call->kind = "attachment";
    if (strcmp(type, "like_heart") == 0) {
        order->kind = KIND_STICKER;
        order->text = "\u2764\ufe0f";
        send_shown(call, person, order, json_pack("[{s:s}]", "type", "like_heart"));
    } else if (!id) {
        graph_missing(call, "message[attachment][payload][id]");
    } else {
        (void) snprintf(url, sizeof(url), "https://www.instagram.com/p/%.64s/", id);
        order->text = url;
        (void) json_object_set_new(order->content, "share", json_pack("{s:s,s:s}", "kind", "post", "url", url));
        send_shown(call, person, order, json_pack("[{s:s,s:{s:s}}]", "type", "share", "payload", "url", url));
    }
}

static void send_attachment(struct graph_call *call, struct person *person, struct bubble_order *order)
{
    const json_t *attachment = json_object_get(json_object_get(call->body, "message"), "attachment");
    const char *type = text_in(attachment, "type");
    bool is_instagram = call->account->network == NETWORK_INSTAGRAM;

    if (!attachment || is_file_attachment(type))
        meta_send_files(call, person, order);
    else if (type && strcmp(type, "template") == 0)
        send_template(call, person, order);
    else if (type && is_instagram && (strcmp(type, "like_heart") == 0 || strcmp(type, "MEDIA_SHARE") == 0))
        send_instagrams_own(call, person, order, type);
    else
        meta_refuse(call, is_instagram ? 2534015 : 0, "Param message[attachment][type] is not one this network takes");
}

/* False: refused. */
static bool read_circumstances(struct graph_call *call, const struct person *person, struct bubble_order *order)
{
    const struct bubble *quoted = order->reply_to ? bubble_find(call->world, order->reply_to) : NULL;
    const json_t *replies = json_object_get(json_object_get(call->body, "message"), "quick_replies");

    if (order->mark && count_characters(order->mark) >= METADATA_CHARACTERS) {
        meta_refuse(call, 0, "Length of param message[metadata] must be less than or equal to 1000");
        return false;
    }
    if (json_object_get(call->body, "reply_to") && (!quoted || quoted->person != person)) {
        meta_refuse(call, 0, "Invalid reply_to message id");
        return false;
    }
    if (!replies)
        return true;
    if (call->account->network == NETWORK_INSTAGRAM && !order->text) {
        meta_refuse(call, 0, "Param message[quick_replies] goes with plain text only");
        return false;
    }
    order->kind = KIND_CHOICES;
    return meta_read_quick_replies(call, replies, order->content);
}

static void send_message(struct graph_call *call, struct person *person, const json_t *message)
{
    const char *const members[] = { "text", "attachment", "attachments", "sticker_id", "template" };
    struct bubble_order order = { .from = SIDE_BUSINESS,
                                  .text = text_in(message, "text"),
                                  .mark = text_in(message, "metadata"),
                                  .reply_to = text_in(json_object_get(call->body, "reply_to"), "mid"),
                                  .content = json_object() };
    const char *sticker = text_in(message, "sticker_id");
    size_t n = 0;

    for (size_t i = 0; i < ARRAY_SIZE(members); i++)
        n += json_object_get(message, members[i]) != NULL;
    call->kind = "message";
    if (n > 1)
        meta_refuse(call, 2018034, "Message cannot be empty, must provide valid attachment or text, and not both");
    else if (!is_window_open(call, person) || !read_circumstances(call, person, &order))
        call->kind = "message"; /* refused already */
    else if (json_object_get(message, "attachment") || json_object_get(message, "attachments"))
        send_attachment(call, person, &order);
    else if (sticker && call->account->network == NETWORK_MESSENGER)
        send_sticker(call, person, &order, sticker);
    else if (json_object_get(message, "template"))
        send_utility(call, person, &order);
    else
        send_text(call, person, &order);
    json_decref(order.content);
}

/* Who it is for. Private replies and marketing messages name no person: the first one stands for them. */
static struct person *recipient_of(struct graph_call *call)
{
    const json_t *recipient = json_object_get(call->body, "recipient");
    const char *user = text_in(recipient, "id");

    if (user)
        return person_find(call->world, call->account->network, user);
    list_for_each (node, &call->world->people) {
        struct person *person = container_of(node, struct person, link);

        if (person->account == call->account)
            return person;
    }
    return NULL;
}

void graph_meta_messages(struct graph_call *call)
{
    const json_t *message = json_object_get(call->body, "message"),
                 *action = json_object_get(call->body, "sender_action");
    bool is_instagram = call->account->network == NETWORK_INSTAGRAM;
    struct person *person = recipient_of(call);

    call->kind = "message";
    if (json_object_size(json_object_get(call->body, "recipient")) == 0)
        graph_missing(call, "recipient");
    else if (message && action)
        meta_refuse(call, 2018014, "Cannot send message and sender_action in the same request");
    else if (!message && !action)
        graph_missing(call, "message");
    else if (!is_type_allowed(call))
        return;
    else if (!person)
        meta_refuse(call, is_instagram ? 2534014 : 2018001,
                    is_instagram ? "No matching Instagram user" : "No matching user found");
    else if (message && !json_is_object(message))
        meta_refuse(call, 0, "Param message must be an object");
    else if (message)
        send_message(call, person, message);
    else
        act(call, person, json_string_value(action) ? json_string_value(action) : "");
}
