/* POST /PHONE_NUMBER_ID/messages: text, replies, reactions, mark as read, typing. Never sends other kinds in this issue. */
#include <string.h>

#include "sandbox/conversation.h"
#include "sandbox/events.h"
#include "sandbox/graph.h"

#define MAX_TEXT_CHARACTERS 4096
#define MAX_MARK_CHARACTERS 512
#define TYPING_MS 25000
#define BSUID_PREFIX "US.1349"

static void refuse_value(struct graph_call *call, const char *details)
{
    struct graph_error error = {
        .status = 400, .code = 131009, .message = "Parameter value is not valid", .details = details
    };

    graph_refuse(call, &error);
}

static void mark_read(struct graph_call *call)
{
    const char *status = text_in(call->body, "status"), *id = text_in(call->body, "message_id");
    const json_t *typing = json_object_get(call->body, "typing_indicator");
    struct bubble *bubble = id ? bubble_find(call->world, id) : NULL;
    json_t *success;

    call->kind = typing ? "typing" : "read";
    if (!status || strcmp(status, "read") != 0) {
        graph_invalid(call, "Param status must be one of {READ}");
    } else if (!id) {
        graph_missing(call, "message_id");
    } else if (!bubble || bubble->person->account != call->account || bubble->from != SIDE_PERSON) {
        refuse_value(call, "Message id is not known to this number");
    } else if (typing && (!text_in(typing, "type") || strcmp(text_in(typing, "type"), "text") != 0)) {
        graph_invalid(call, "Param typing_indicator['type'] must be one of {TEXT}");
    } else {
        conversation_business_read(bubble->person, bubble);
        if (typing)
            person_typing(bubble->person, TYPING_MS);
        success = json_pack("{s:b}", "success", 1);
        graph_reply(call, &success);
    }
}

static void reply_sent(struct graph_call *call, const char *recipient, const char *id)
{
    const char *input = text_in(call->body, "to");
    json_t *json =
        json_pack("{s:s,s:[{s:s,s:s}],s:[{s:s}]}", "messaging_product", "whatsapp", "contacts", "input",
                  input ? input : text_in(call->body, "recipient"), "wa_id", recipient, "messages", "id", id);

    call->is_accepted = true;
    graph_reply(call, &json);
}

/* Nobody has a phone with that number: accepted, and failed afterwards, as the network does it. */
static void send_into_the_void(struct graph_call *call, const char *recipient)
{
    char id[MESSAGE_ID_SIZE];
    struct failure failure = { .message_id = id,
                               .recipient = recipient,
                               .mark = text_in(call->body, "biz_opaque_callback_data"),
                               .code = 131026,
                               .title = "Message undeliverable" };

    whatsapp_message_id(&call->world->dice, recipient, false, id);
    event_failed(call->world, call->account, &failure);
    reply_sent(call, recipient, id);
}

static void send_text(struct graph_call *call, struct person *person)
{
    const char *text = text_in(json_object_get(call->body, "text"), "body");
    const char *quoted = text_in(json_object_get(call->body, "context"), "message_id");
    struct bubble_order order = { .from = SIDE_BUSINESS,
                                  .text = text,
                                  .mark = text_in(call->body, "biz_opaque_callback_data") };
    struct bubble *bubble;

    call->kind = "text";
    if (!text || !*text) {
        graph_missing(call, "text['body']");
        return;
    }
    if (count_characters(text) > MAX_TEXT_CHARACTERS) {
        graph_invalid(call, "Param text['body'] must be at most 4096 characters long.");
        return;
    }
    /* An unknown quotation is not an error: the bubble just shows none. */
    order.reply_to = quoted && bubble_find(call->world, quoted) ? quoted : NULL;
    call->account->n_duplicates += order.mark && mark_seen_before(person, order.mark, text);
    bubble = bubble_add(person, &order);
    if (!bubble) {
        graph_refuse(call, &(struct graph_error){ .status = 500, .code = 131000, .message = "Something went wrong" });
        return;
    }
    conversation_sent(bubble);
    reply_sent(call, person->user_id, bubble->id);
}

static void send_reaction(struct graph_call *call, struct person *person)
{
    const json_t *reaction = json_object_get(call->body, "reaction");
    const char *target = text_in(reaction, "message_id"), *emoji = text_in(reaction, "emoji");
    struct bubble *bubble = target ? bubble_find(call->world, target) : NULL;
    char id[MESSAGE_ID_SIZE];

    call->kind = "reaction";
    if (!target) {
        graph_missing(call, "reaction['message_id']");
    } else if (!emoji) {
        graph_missing(call, "reaction['emoji']");
    } else if (json_object_get(call->body, "context")) {
        graph_invalid(call, "Param context is not allowed with type reaction");
    } else if (!bubble || bubble->person != person) {
        refuse_value(call, "Message id of the reaction is not known in this conversation");
    } else {
        bubble_react(bubble, SIDE_BUSINESS, emoji);
        whatsapp_message_id(&call->world->dice, person->user_id, false, id);
        event_reaction_sent(person, id, text_in(call->body, "biz_opaque_callback_data"));
        reply_sent(call, person->user_id, id);
    }
}

static void refuse_type(struct graph_call *call, const char *type)
{
    static const char *const known[] = { "audio",    "contacts", "document", "image", "interactive",
                                         "location", "sticker",  "template", "video", "pin" };
    struct graph_error error = { .status = 400,
                                 .code = 131051,
                                 .message = "Unsupported message type",
                                 .details = "Message type is currently not supported." };

    for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
        if (strcmp(type, known[i]) == 0) {
            call->kind = known[i];
            graph_refuse(call, &error);
            return;
        }
    }
    graph_invalid(call, "Param type must be one of {AUDIO, CONTACTS, DOCUMENT, IMAGE, INTERACTIVE, LOCATION, REACTION, "
                        "STICKER, TEMPLATE, TEXT, VIDEO}");
}

/* The number without its plus, or that of a business-scoped id. NULL: neither is given. */
static const char *recipient_of(const struct graph_call *call)
{
    const char *to = text_in(call->body, "to"), *recipient = text_in(call->body, "recipient");

    if (to)
        return *to == '+' ? to + 1 : to;
    if (recipient && strncmp(recipient, BSUID_PREFIX, strlen(BSUID_PREFIX)) == 0)
        return recipient + strlen(BSUID_PREFIX);
    return recipient;
}

static void send_message(struct graph_call *call)
{
    const char *type = text_in(call->body, "type"), *recipient = recipient_of(call);
    const char *mark = text_in(call->body, "biz_opaque_callback_data");
    const char *recipient_type = text_in(call->body, "recipient_type");
    struct person *person = recipient ? person_find(call->world, NETWORK_WHATSAPP, recipient) : NULL;

    type = type ? type : "text";
    if (!recipient || !*recipient) {
        graph_missing(call, "to");
    } else if (recipient_type && strcmp(recipient_type, "individual") != 0) {
        graph_invalid(call, "Param recipient_type must be one of {INDIVIDUAL}");
    } else if (mark && count_characters(mark) > MAX_MARK_CHARACTERS) {
        graph_invalid(call, "Param biz_opaque_callback_data must be at most 512 characters long.");
    } else if (strcmp(type, "text") != 0 && strcmp(type, "reaction") != 0) {
        refuse_type(call, type);
    } else if (!person) {
        send_into_the_void(call, recipient);
    } else if (strcmp(type, "text") == 0) {
        send_text(call, person);
    } else {
        send_reaction(call, person);
    }
}

void graph_whatsapp_messages(struct graph_call *call)
{
    const char *product = text_in(call->body, "messaging_product");

    call->kind = "message";
    if (!product)
        graph_missing(call, "messaging_product");
    else if (strcmp(product, "whatsapp") != 0)
        graph_invalid(call, "Param messaging_product must be one of {WHATSAPP}");
    else if (json_object_get(call->body, "status"))
        mark_read(call);
    else
        send_message(call);
}
