/* POST /PHONE_NUMBER_ID/messages: what is sent, to whom, and what becomes of it; mark as read, typing. Never looks into
 * the content of a kind: its reader does.
 */
#include <stdlib.h>
#include <string.h>

#include "sandbox/assets.h"
#include "sandbox/conversation.h"
#include "sandbox/events.h"
#include "sandbox/fetch.h"
#include "sandbox/sending.h"

#define MAX_TEXT_CHARACTERS 4096
#define MAX_MARK_CHARACTERS 512
#define TYPING_MS 25000
#define WINDOW_MS (24 * HOUR_MS)
#define FETCH_MS 30000

static void refuse_target(struct graph_call *call, const char *details)
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
        refuse_target(call, "Message id is not known to this number");
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

/* ---- Answers ---- */

/* A number is answered with the number it is known by, a business-scoped id with itself, a group with the group. */
static void reply_sent(struct graph_call *call, const char *recipient, const char *id, bool is_template)
{
    const char *to = text_in(call->body, "to"), *input = to ? to : text_in(call->body, "recipient");
    bool is_group = strncmp(recipient, WA_GROUP_PREFIX, strlen(WA_GROUP_PREFIX)) == 0;
    json_t *message = json_pack("{s:s}", "id", id), *json;

    if (is_template)
        (void) json_object_set_new(message, "message_status", json_string("accepted"));
    if (is_group)
        (void) json_object_set_new(message, "group_id", json_string(recipient));
    json = json_pack("{s:s,s:[{s:s,s:s}],s:[o]}", "messaging_product", "whatsapp", "contacts", "input", input,
                     to ? "wa_id" : "user_id", to ? recipient : input, "messages", message);
    call->is_accepted = true;
    graph_reply(call, &json);
}

/* Accepted, and failed afterwards, as the network does it. */
static void fail(struct graph_call *call, const char *recipient, const char *id, int code, const char *title,
                 const char *details)
{
    struct failure failure = { .message_id = id,
                               .recipient = recipient,
                               .mark = text_in(call->body, "biz_opaque_callback_data"),
                               .code = code,
                               .title = title,
                               .details = details };

    event_failed(call->world, call->account, &failure);
}

static void fail_media(struct graph_call *call, const char *recipient, const char *id, const char *details)
{
    fail(call, recipient, id, 131053, "Media upload error", details);
}

static void send_into_the_void(struct graph_call *call, const char *recipient)
{
    char id[MESSAGE_ID_SIZE];

    whatsapp_message_id(&call->world->dice, recipient, false, id);
    fail(call, recipient, id, 131026, "Message undeliverable", NULL);
    reply_sent(call, recipient, id, false);
}

/* ---- Reactions ---- */

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
        refuse_target(call, "Message id of the reaction is not known in this conversation");
    } else {
        bubble_react(bubble, SIDE_BUSINESS, emoji);
        whatsapp_message_id(&call->world->dice, person->user_id, false, id);
        event_reaction_sent(person, id, text_in(call->body, "biz_opaque_callback_data"));
        reply_sent(call, person->user_id, id, false);
    }
}

/* ---- Links ---- */

/* A message that waits for its file. */
struct late {
    struct graph_call *call; /* kept */
    struct person *person;
    struct bubble_order order; /* its texts are the body's */
    const struct medium *medium;
    json_t *content;
    char id[MESSAGE_ID_SIZE];
};

static void forget_late(void *context)
{
    struct late *late = context;

    json_decref(late->content);
    graph_let_go(late->call);
    free(late);
}

static void on_link(void *context, struct file *file, bool is_too_large)
{
    struct late *late = context;
    const char *why = is_too_large ? "Media file size too big." : "Downloading media from the link failed.";
    struct bubble *bubble;

    if (file && is_medium_fit(late->medium, file, &why)) {
        late->order.kind =
            show_medium(late->content, json_object_get(late->call->body, late->medium->type), late->medium, file);
        late->order.content = late->content;
        late->order.id = late->id;
        bubble = bubble_add(late->person, &late->order);
        if (bubble)
            conversation_sent(bubble);
    } else {
        fail_media(late->call, late->person->user_id, late->id, why);
    }
    forget_late(late);
}

static void send_link(struct sending *sending)
{
    struct graph_call *call = sending->call;
    struct late *late = calloc(1, sizeof(*late));
    bool is_struck = fault_strikes(&call->account->faults, FAULT_UPLOAD_ERROR, &call->world->dice);
    struct fetch_order order = { .url = sending->link,
                                 .max_bytes = sending->medium->max_bytes,
                                 .timeout_ms = FETCH_MS,
                                 .mime = sending->medium->mimes ? sending->medium->mimes[0] : "application/pdf",
                                 .context = late,
                                 .on_file = on_link,
                                 .on_forgotten = forget_late };

    if (!late || !(late->call = graph_keep(call))) {
        free(late);
        graph_refuse(call, &(struct graph_error){ .status = 500, .code = 131000, .message = "Something went wrong" });
        return;
    }
    late->person = sending->person;
    late->order = sending->order;
    late->medium = sending->medium;
    late->content = json_incref(sending->content);
    bubble_mint_id(late->person, SIDE_BUSINESS, late->id);
    reply_sent(call, late->person->user_id, late->id, false);
    if (is_struck || fetch(call->world, &order) < 0)
        on_link(late, NULL, false);
}

/* ---- Messages ---- */

static bool read_text(struct sending *sending)
{
    const char *text = text_in(json_object_get(sending->call->body, "text"), "body");

    if (!text || !*text) {
        graph_missing(sending->call, "text['body']");
        return false;
    }
    if (count_characters(text) > MAX_TEXT_CHARACTERS) {
        graph_invalid(sending->call, "Param text['body'] must be at most 4096 characters long.");
        return false;
    }
    sending->order.text = text;
    return true;
}

struct sort {
    const char *type;
    bool (*read)(struct sending *sending, const json_t *content);
};

static const struct sort sorts[] = {
    { "location", read_location },       { "contacts", read_contacts }, { "template", read_template },
    { "interactive", read_interactive }, { "pin", read_pin },
};

/* False: refused. `*ret_kind` gets constant words for the books. */
static bool read_content(struct sending *sending, const char *type)
{
    struct graph_call *call = sending->call;
    const json_t *content = json_object_get(call->body, type);
    const struct medium *medium = find_medium(type);

    if (strcmp(type, "text") == 0) {
        call->kind = "text";
        return read_text(sending);
    }
    for (size_t i = 0; i < ARRAY_SIZE(sorts); i++) {
        if (strcmp(sorts[i].type, type) != 0)
            continue;
        call->kind = sorts[i].type;
        return content ? sorts[i].read(sending, content) : refuse_missing(sending, sorts[i].type);
    }
    if (medium) {
        call->kind = medium->type;
        return content ? read_media(sending, content, medium) : refuse_missing(sending, medium->type);
    }
    graph_invalid(call, "Param type must be one of {AUDIO, CONTACTS, DOCUMENT, IMAGE, INTERACTIVE, LOCATION, PIN, "
                        "REACTION, STICKER, TEMPLATE, TEXT, VIDEO}");
    return false;
}

static bool is_window_closed(struct graph_call *call, const struct person *person)
{
    if (strncmp(person->user_id, WA_GROUP_PREFIX, strlen(WA_GROUP_PREFIX)) == 0)
        return false;
    return fault_strikes(&call->account->faults, FAULT_WINDOW_CLOSED, &call->world->dice) ||
           world_now_ms(call->world) - person->heard_ms >= WINDOW_MS;
}

static void fail_window(struct graph_call *call, const struct person *person)
{
    char id[MESSAGE_ID_SIZE];

    whatsapp_message_id(&call->world->dice, person->user_id, false, id);
    reply_sent(call, person->user_id, id, false);
    fail(call, person->user_id, id, 131047, "Re-engagement message",
         "Message failed to send because more than 24 hours have passed since the customer last replied to this "
         "number.");
}

static void put_on_phone(struct sending *sending)
{
    struct graph_call *call = sending->call;
    struct bubble *bubble = bubble_add(sending->person, &sending->order);

    if (!bubble) {
        graph_refuse(call, &(struct graph_error){ .status = 500, .code = 131000, .message = "Something went wrong" });
        return;
    }
    conversation_sent(bubble);
    reply_sent(call, sending->person->user_id, bubble->id, sending->is_template);
}

static void dispatch(struct sending *sending)
{
    struct graph_call *call = sending->call;
    struct person *person = sending->person;
    char id[MESSAGE_ID_SIZE];

    if (sending->order.mark)
        call->account->n_duplicates += mark_seen_before(
            person, sending->order.mark, sending->order.text ? sending->order.text : kind_name(sending->order.kind));
    sending->order.content = sending->content;
    if (!sending->is_template && is_window_closed(call, person)) {
        fail_window(call, person);
    } else if (sending->failure) {
        whatsapp_message_id(&call->world->dice, person->user_id, false, id);
        reply_sent(call, person->user_id, id, false);
        fail_media(call, person->user_id, id, sending->failure);
    } else if (sending->link) {
        send_link(sending);
    } else {
        put_on_phone(sending);
    }
}

static void send_kind(struct graph_call *call, struct person *person, const char *type)
{
    const char *quoted = text_in(json_object_get(call->body, "context"), "message_id");
    struct sending sending = {
        .call = call,
        .person = person,
        .order = { .from = SIDE_BUSINESS, .mark = text_in(call->body, "biz_opaque_callback_data") },
    };

    /* An unknown quotation is not an error: the bubble just shows none. */
    sending.order.reply_to = quoted && bubble_find(call->world, quoted) ? quoted : NULL;
    if (read_content(&sending, type))
        dispatch(&sending);
    json_decref(sending.content);
}

const char *graph_whatsapp_recipient(const struct graph_call *call)
{
    const char *to = text_in(call->body, "to");

    if (to)
        return *to == '+' ? to + 1 : to;
    return text_in(call->body, "recipient");
}

/* Groups take text, files and templates. */
static bool is_for_groups(const char *type)
{
    static const char *const types[] = { "text", "image", "video", "audio", "document", "sticker", "template" };

    for (size_t i = 0; type && i < ARRAY_SIZE(types); i++)
        if (strcmp(types[i], type) == 0)
            return true;
    return !type;
}

static bool is_for_its_kind(struct graph_call *call, const char *recipient, const struct person *person)
{
    const char *type = text_in(call->body, "recipient_type");
    bool is_group = type && strcmp(type, "group") == 0;

    if (type && !is_group && strcmp(type, "individual") != 0)
        graph_invalid(call, "Param recipient_type must be one of {GROUP, INDIVIDUAL}");
    else if (is_group && (!person || strncmp(recipient, WA_GROUP_PREFIX, strlen(WA_GROUP_PREFIX)) != 0))
        graph_refuse(call, &(struct graph_error){ .status = 400, .code = 131041, .message = "Group unknown" });
    else if (is_group && !is_for_groups(text_in(call->body, "type")))
        graph_refuse(
            call, &(struct graph_error){ .status = 400, .code = 131051, .message = "Message type is not supported" });
    else
        return true;
    return false;
}

static void send_message(struct graph_call *call)
{
    const char *type = text_in(call->body, "type"), *recipient = graph_whatsapp_recipient(call);
    const char *mark = text_in(call->body, "biz_opaque_callback_data");
    struct person *person = recipient ? person_find(call->world, NETWORK_WHATSAPP, recipient) : NULL;

    type = type ? type : "text";
    if (!recipient || !*recipient)
        graph_missing(call, "to");
    else if (!is_for_its_kind(call, recipient, person))
        return;
    else if (mark && count_characters(mark) > MAX_MARK_CHARACTERS)
        graph_invalid(call, "Param biz_opaque_callback_data must be at most 512 characters long.");
    else if (!person)
        send_into_the_void(call, recipient);
    else if (strcmp(type, "reaction") == 0)
        send_reaction(call, person);
    else
        send_kind(call, person, type);
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
