/* The items of three networks, by hand as the reference shows them. Never mixes what a network does not have. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/events.h"
#include "sandbox/webhook_sender.h"

#define TIME_SIZE 24
#define BSUID_SIZE 64
#define DISPLAY_NUMBER "15550001111"
#define PAGE_INBOX_APP "263902037430900"

static bool is_whatsapp(const struct person *person)
{
    return person->account->network == NETWORK_WHATSAPP;
}

/* ---- WhatsApp's shapes ---- */

static void seconds(int64_t ms, char ret[TIME_SIZE])
{
    (void) snprintf(ret, TIME_SIZE, "%lld", (long long) (ms / 1000));
}

static void bsuid(const struct person *person, char ret[BSUID_SIZE])
{
    (void) snprintf(ret, BSUID_SIZE, "US.1349%.40s", person->user_id);
}

static json_t *wa_value(const struct account *account)
{
    return json_pack("{s:s,s:{s:s,s:s}}", "messaging_product", "whatsapp", "metadata", "display_phone_number",
                     DISPLAY_NUMBER, "phone_number_id", account->id);
}

static json_t *wa_contacts(const struct person *person)
{
    char id[BSUID_SIZE];

    bsuid(person, id);
    return json_pack("[{s:{s:s},s:s,s:s}]", "profile", "name", person->name, "wa_id", person->user_id, "user_id", id);
}

/* Takes `content`, the member named `type`. */
static void wa_message(struct person *person, const char *id, const char *type, json_t *content)
{
    char time[TIME_SIZE], user[BSUID_SIZE];
    json_t *value = wa_value(person->account);

    seconds(wall_ms(), time);
    bsuid(person, user);
    (void) json_object_set_new(value, "contacts", wa_contacts(person));
    (void) json_object_set_new(value, "messages",
                               json_pack("[{s:s,s:s,s:s,s:s,s:s,s:o}]", "from", person->user_id, "from_user_id", user,
                                         "id", id, "timestamp", time, "type", type, type, content));
    webhook_event(person, LANE_MESSAGES, &value, NULL);
}

static void wa_new_message(struct person *person, const char *type, json_t *content)
{
    char id[MESSAGE_ID_SIZE];

    whatsapp_message_id(&person->world->dice, person->user_id, true, id);
    wa_message(person, id, type, content);
}

static void wa_said(struct bubble *bubble)
{
    struct person *person = bubble->person;
    const struct bubble *quoted = bubble->reply_to ? bubble_find(person->world, bubble->reply_to) : NULL;
    char time[TIME_SIZE], user[BSUID_SIZE];
    json_t *value = wa_value(person->account), *message;

    seconds(bubble->at_ms, time);
    bsuid(person, user);
    message = json_pack("{s:s,s:s,s:s,s:s,s:s,s:{s:s}}", "from", person->user_id, "from_user_id", user, "id",
                        bubble->id, "timestamp", time, "type", "text", "text", "body", bubble->text);
    if (bubble->reply_to)
        (void) json_object_set_new(message, "context",
                                   json_pack("{s:s,s:s}", "from",
                                             quoted && quoted->from == SIDE_PERSON ? person->user_id : DISPLAY_NUMBER,
                                             "id", bubble->reply_to));
    (void) json_object_set_new(value, "contacts", wa_contacts(person));
    (void) json_object_set_new(value, "messages", json_pack("[o]", message));
    webhook_event(person, LANE_MESSAGES, &value, bubble);
}

static json_t *wa_pricing(void)
{
    return json_pack("{s:b,s:s,s:s,s:s}", "billable", 0, "pricing_model", "PMP", "type", "free_customer_service",
                     "category", "service");
}

/* What a status is about: a bubble, or a reaction, which is none. */
struct sent {
    struct person *person;
    const char *id, *mark;
};

static void wa_status(const struct sent *sent, const char *status, bool with_pricing)
{
    struct person *person = sent->person;
    char time[TIME_SIZE], user[BSUID_SIZE];
    json_t *value = wa_value(person->account), *item;

    seconds(wall_ms(), time);
    bsuid(person, user);
    item = json_pack("{s:s,s:s,s:s,s:s,s:s}", "id", sent->id, "status", status, "timestamp", time, "recipient_id",
                     person->user_id, "recipient_user_id", user);
    if (sent->mark)
        (void) json_object_set_new(item, "biz_opaque_callback_data", json_string(sent->mark));
    if (with_pricing)
        (void) json_object_set_new(item, "pricing", wa_pricing());
    (void) json_object_set_new(value, "contacts", wa_contacts(person));
    (void) json_object_set_new(value, "statuses", json_pack("[o]", item));
    webhook_event(person, LANE_RECEIPTS, &value, NULL);
}

/* ---- The shapes of Messenger and Instagram ---- */

/* Takes `content`, the member named `kind`. */
static void meta_event(struct person *person, enum lane_kind lane, const char *kind, json_t *content)
{
    json_t *item = json_pack("{s:{s:s},s:{s:s},s:I,s:o}", "sender", "id", person->user_id, "recipient", "id",
                             person->account->id, "timestamp", (json_int_t) wall_ms(), kind, content);

    webhook_event(person, lane, &item, NULL);
}

static json_t *meta_message(const struct bubble *bubble)
{
    json_t *message = json_pack("{s:s,s:s}", "mid", bubble->id, "text", bubble->text);
    const struct bubble *quoted = bubble->reply_to ? bubble_find(bubble->person->world, bubble->reply_to) : NULL;

    if (bubble->reply_to)
        (void) json_object_set_new(
            message, "reply_to",
            json_pack("{s:s,s:b}", "mid", bubble->reply_to, "is_self_reply", quoted && quoted->from == bubble->from));
    return message;
}

static void meta_said(struct bubble *bubble)
{
    struct person *person = bubble->person;
    json_t *item =
        json_pack("{s:{s:s},s:{s:s},s:I,s:o}", "sender", "id", person->user_id, "recipient", "id", person->account->id,
                  "timestamp", (json_int_t) bubble->at_ms, "message", meta_message(bubble));

    webhook_event(person, LANE_MESSAGES, &item, bubble);
}

struct reaction_name {
    const char *emoji, *name;
};

static const char *reaction_name(enum network network, const char *emoji)
{
    static const struct reaction_name names[] = {
        { "\u2764", "love" },      { "\U0001f44d", "like" },  { "\U0001f44e", "dislike" },
        { "\U0001f622", "sad" },   { "\U0001f62e", "wow" },   { "\U0001f620", "angry" },
        { "\U0001f621", "angry" }, { "\U0001f600", "smile" }, { "\U0001f642", "smile" },
    };

    if (strcmp(emoji, "\U0001f602") == 0 || strcmp(emoji, "\U0001f606") == 0)
        return network == NETWORK_INSTAGRAM ? "laugh" : "smile";
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (strncmp(names[i].emoji, emoji, strlen(names[i].emoji)) == 0)
            return names[i].name;
    }
    return "other";
}

/* ---- What people do ---- */

void event_message(struct bubble *bubble)
{
    if (is_whatsapp(bubble->person))
        wa_said(bubble);
    else
        meta_said(bubble);
}

void event_reaction(struct bubble *target, const char *emoji)
{
    struct person *person = target->person;
    json_t *content;

    if (is_whatsapp(person)) {
        content = json_pack("{s:s}", "message_id", target->id);
        if (emoji && *emoji)
            (void) json_object_set_new(content, "emoji", json_string(emoji));
        wa_new_message(person, "reaction", content);
        return;
    }
    if (emoji && *emoji)
        content = json_pack("{s:s,s:s,s:s,s:s}", "reaction", reaction_name(person->account->network, emoji), "emoji",
                            emoji, "action", "react", "mid", target->id);
    else
        content = json_pack("{s:s,s:s}", "action", "unreact", "mid", target->id);
    meta_event(person, LANE_MESSAGES, "reaction", content);
}

void event_edit(struct bubble *bubble)
{
    struct person *person = bubble->person;

    if (is_whatsapp(person))
        wa_new_message(person, "edit",
                       json_pack("{s:s,s:{s:{s:s},s:s,s:{s:s}}}", "original_message_id", bubble->id, "message",
                                 "context", "id", "M0", "type", "text", "text", "body", bubble->text));
    else
        meta_event(
            person, LANE_MESSAGES, "message_edit",
            json_pack("{s:s,s:s,s:i}", "mid", bubble->id, "text", bubble->text, "num_edit", (int) bubble->n_edits));
}

void event_unsend(struct bubble *bubble)
{
    struct person *person = bubble->person;

    if (is_whatsapp(person))
        wa_new_message(person, "revoke", json_pack("{s:s}", "original_message_id", bubble->id));
    else if (person->account->network == NETWORK_INSTAGRAM)
        meta_event(person, LANE_MESSAGES, "message", json_pack("{s:s,s:b}", "mid", bubble->id, "is_deleted", 1));
}

/* ---- What becomes of sends ---- */

void event_echo(struct bubble *bubble)
{
    struct person *person = bubble->person;
    const char *ours = person->world->settings->app_id;
    json_t *message = meta_message(bubble), *item;

    (void) json_object_set_new(message, "is_echo", json_true());
    if (person->account->network == NETWORK_MESSENGER) {
        (void) json_object_set_new(message, "app_id",
                                   json_integer(strtoll(bubble->is_by_agent ? PAGE_INBOX_APP : ours, NULL, 10)));
        if (bubble->mark)
            (void) json_object_set_new(message, "metadata", json_string(bubble->mark));
    }
    item = json_pack("{s:{s:s},s:{s:s},s:I,s:o}", "sender", "id", person->account->id, "recipient", "id",
                     person->user_id, "timestamp", (json_int_t) bubble->at_ms, "message", message);
    webhook_event(person, LANE_RECEIPTS, &item, NULL);
}

static struct sent sent_of(const struct bubble *bubble)
{
    return (struct sent){ bubble->person, bubble->id, bubble->mark };
}

void event_sent(struct bubble *bubble)
{
    struct sent sent = sent_of(bubble);

    if (is_whatsapp(bubble->person))
        wa_status(&sent, "sent", true);
}

void event_reaction_sent(struct person *person, const char *id, const char *mark)
{
    struct sent sent = { person, id, mark };

    wa_status(&sent, "sent", true);
}

void event_delivered(struct bubble *bubble)
{
    struct person *person = bubble->person;
    struct sent sent = sent_of(bubble);
    json_t *item;

    if (is_whatsapp(person)) {
        wa_status(&sent, "delivered", true);
    } else if (person->account->network == NETWORK_MESSENGER) {
        item = json_pack("{s:{s:s},s:{s:s},s:{s:[s],s:I}}", "sender", "id", person->user_id, "recipient", "id",
                         person->account->id, "delivery", "mids", bubble->id, "watermark", (json_int_t) bubble->at_ms);
        webhook_event(person, LANE_RECEIPTS, &item, NULL);
    }
}

void event_read(struct bubble *newest)
{
    struct person *person = newest->person;
    struct sent sent = sent_of(newest);

    switch (person->account->network) {
    case NETWORK_WHATSAPP:
        wa_status(&sent, "read", false);
        break;
    case NETWORK_MESSENGER:
        meta_event(person, LANE_RECEIPTS, "read", json_pack("{s:I}", "watermark", (json_int_t) wall_ms()));
        break;
    case NETWORK_INSTAGRAM:
    case N_NETWORKS:
        meta_event(person, LANE_RECEIPTS, "read", json_pack("{s:s}", "mid", newest->id));
        break;
    }
}

void event_failed(struct world *world, struct account *account, const struct failure *failure)
{
    /* Nobody on this network: the status has no lane of a person, so the first one's serves. */
    struct person *any = NULL;
    char time[TIME_SIZE];
    json_t *value = wa_value(account), *item;

    list_for_each (node, &world->people) {
        struct person *person = container_of(node, struct person, link);

        if (person->account == account && !any)
            any = person;
    }
    seconds(wall_ms(), time);
    item = json_pack("{s:s,s:s,s:s,s:s,s:[{s:i,s:s,s:s,s:{s:s},s:s}]}", "id", failure->message_id, "status", "failed",
                     "timestamp", time, "recipient_id", failure->recipient, "errors", "code", failure->code, "title",
                     failure->title, "message", failure->title, "error_data", "details", failure->title, "href",
                     "/documentation/business-messaging/whatsapp/support/error-codes");
    if (failure->mark)
        (void) json_object_set_new(item, "biz_opaque_callback_data", json_string(failure->mark));
    (void) json_object_set_new(value, "statuses", json_pack("[o]", item));
    if (any)
        webhook_event(any, LANE_RECEIPTS, &value, NULL);
    else
        json_decref(value);
}
