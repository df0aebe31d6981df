/* POST /PAGE_ID/messages for Messenger and Instagram: text, replies, reactions, seen, typing.
 * Never sends other kinds in this issue.
 */
#include <string.h>

#include "sandbox/conversation.h"
#include "sandbox/graph.h"

#define MESSENGER_TEXT_CHARACTERS 2000 /* fewer than */
#define INSTAGRAM_TEXT_BYTES 1000      /* at most */
#define METADATA_CHARACTERS 1000       /* fewer than */
#define TYPING_MS 20000

static void refuse(struct graph_call *call, int subcode, const char *message)
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
        refuse(call, 0, "Invalid message id");
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
        refuse(call, 0, "Param sender_action must be one of {MARK_SEEN, REACT, TYPING_OFF, TYPING_ON, UNREACT}");
        return;
    }
    reply_to_action(call, person);
}

/* ---- Messages ---- */

static bool is_text_too_long(const struct graph_call *call, const char *text)
{
    if (call->account->network == NETWORK_INSTAGRAM)
        return strlen(text) > INSTAGRAM_TEXT_BYTES;
    return count_characters(text) >= MESSENGER_TEXT_CHARACTERS;
}

static void reply_sent(struct graph_call *call, const struct bubble *bubble)
{
    json_t *json = json_pack("{s:s,s:s}", "recipient_id", bubble->person->user_id, "message_id", bubble->id);

    call->is_accepted = true;
    graph_reply(call, &json);
}

static void send_text(struct graph_call *call, struct person *person, const json_t *message)
{
    struct bubble_order order = { .from = SIDE_BUSINESS,
                                  .text = text_in(message, "text"),
                                  .mark = text_in(message, "metadata"),
                                  .reply_to = text_in(json_object_get(call->body, "reply_to"), "mid") };
    struct bubble *quoted = order.reply_to ? bubble_find(call->world, order.reply_to) : NULL, *bubble;

    call->kind = "text";
    if (is_text_too_long(call, order.text)) {
        refuse(call, 0,
               call->account->network == NETWORK_INSTAGRAM
                   ? "Length of param message[text] must be less than or equal to 1000"
                   : "Length of param message[text] must be less than or equal to 2000");
        return;
    }
    if (order.mark && count_characters(order.mark) >= METADATA_CHARACTERS) {
        refuse(call, 0, "Length of param message[metadata] must be less than or equal to 1000");
        return;
    }
    if (json_object_get(call->body, "reply_to") && (!quoted || quoted->person != person)) {
        refuse(call, 0, "Invalid reply_to message id");
        return;
    }
    call->account->n_duplicates += order.mark && mark_seen_before(person, order.mark, order.text);
    bubble = bubble_add(person, &order);
    if (!bubble) {
        graph_refuse(call,
                     &(struct graph_error){ .status = 500, .code = 2, .message = "Service temporarily unavailable" });
        return;
    }
    conversation_sent(bubble);
    reply_sent(call, bubble);
}

static void send_message(struct graph_call *call, struct person *person, const json_t *message)
{
    const char *text = text_in(message, "text");
    bool has_other = json_object_get(message, "attachment") || json_object_get(message, "attachments") ||
                     json_object_get(message, "sticker_id") || json_object_get(message, "template");

    call->kind = "message";
    if (!json_is_object(message))
        refuse(call, 0, "Param message must be an object");
    else if (has_other && text)
        refuse(call, 2018034, "Message cannot be empty, must provide valid attachment or text, and not both");
    else if (has_other)
        refuse(call, call->account->network == NETWORK_INSTAGRAM ? 2534015 : 2018047, "Upload attachment failure.");
    else if (!text || !*text)
        refuse(call, 2018034, "Message cannot be empty, must provide valid attachment or text");
    else
        send_text(call, person, message);
}

static bool is_messaging_type_allowed(const struct graph_call *call)
{
    static const char *const allowed[] = { "RESPONSE", "UPDATE", "MESSAGE_TAG", "UTILITY" };
    const char *type = text_in(call->body, "messaging_type");

    if (!json_object_get(call->body, "messaging_type"))
        return true;
    for (size_t i = 0; type && i < ARRAY_SIZE(allowed); i++) {
        if (strcmp(type, allowed[i]) == 0)
            return true;
    }
    return false;
}

void graph_meta_messages(struct graph_call *call)
{
    const char *user = text_in(json_object_get(call->body, "recipient"), "id");
    const json_t *message = json_object_get(call->body, "message"),
                 *action = json_object_get(call->body, "sender_action");
    bool is_instagram = call->account->network == NETWORK_INSTAGRAM;
    struct person *person = user ? person_find(call->world, call->account->network, user) : NULL;

    call->kind = "message";
    if (!user)
        graph_missing(call, "recipient");
    else if (message && action)
        refuse(call, 2018014, "Cannot send message and sender_action in the same request");
    else if (!message && !action)
        graph_missing(call, "message");
    else if (!is_messaging_type_allowed(call))
        refuse(call, 0, "Param messaging_type must be one of {MESSAGE_TAG, RESPONSE, UPDATE, UTILITY}");
    else if (!person)
        refuse(call, is_instagram ? 2534014 : 2018001,
               is_instagram ? "No matching Instagram user" : "No matching user found");
    else if (message)
        send_message(call, person, message);
    else
        act(call, person, json_string_value(action) ? json_string_value(action) : "");
}
