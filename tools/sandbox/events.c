/* The items of three networks, by hand as the reference shows them. Never mixes what a network does not have. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/events.h"
#include "sandbox/webhook_sender.h"

#define TIME_SIZE 24
#define PAGE_INBOX_APP "263902037430900"

static bool is_whatsapp(const struct person *person)
{
    return person->account->network == NETWORK_WHATSAPP;
}

static void seconds(int64_t ms, char ret[TIME_SIZE])
{
    (void) snprintf(ret, TIME_SIZE, "%lld", (long long) (ms / 1000));
}

/* ---- Statuses of WhatsApp ---- */

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

static bool is_group(const struct person *person)
{
    return strncmp(person->user_id, WA_GROUP_PREFIX, strlen(WA_GROUP_PREFIX)) == 0;
}

/* Whose status it is: a person's, or that of one member of a group. */
static void name_recipient(json_t *item, const struct person *person)
{
    const char *number = person_number(person);

    if (is_group(person)) {
        (void) json_object_set_new(item, "recipient_id", json_string(person->user_id));
        (void) json_object_set_new(item, "recipient_type", json_string("group"));
        return;
    }
    if (number)
        (void) json_object_set_new(item, "recipient_id", json_string(number));
    (void) json_object_set_new(item, "recipient_user_id", json_string(person->bsuid));
}

static void wa_status(const struct sent *sent, const char *status, bool with_pricing)
{
    struct person *person = sent->person;
    char time[TIME_SIZE];
    json_t *value = whatsapp_value(person->account), *item;

    seconds(wall_ms(), time);
    item = json_pack("{s:s,s:s,s:s}", "id", sent->id, "status", status, "timestamp", time);
    name_recipient(item, person);
    if (sent->mark)
        (void) json_object_set_new(item, "biz_opaque_callback_data", json_string(sent->mark));
    if (with_pricing)
        (void) json_object_set_new(item, "pricing", wa_pricing());
    (void) json_object_set_new(value, "contacts", whatsapp_contacts(person));
    (void) json_object_set_new(value, "statuses", json_pack("[o]", item));
    webhook_event(person, LANE_RECEIPTS, &value, NULL);
}

/* ---- What people do ---- */

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

void event_message(struct bubble *bubble)
{
    if (is_whatsapp(bubble->person))
        whatsapp_said(bubble);
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
        whatsapp_new_message(person, "reaction", content);
        return;
    }
    if (emoji && *emoji)
        content = json_pack("{s:s,s:s,s:s,s:s}", "reaction", reaction_name(person->account->network, emoji), "emoji",
                            emoji, "action", "react", "mid", target->id);
    else
        content = json_pack("{s:s,s:s}", "action", "unreact", "mid", target->id);
    meta_event(person, false, "reaction", content);
}

void event_edit(struct bubble *bubble)
{
    struct person *person = bubble->person;
    const char *type;
    json_t *content;

    if (is_whatsapp(person)) {
        content = whatsapp_content(bubble, &type);
        whatsapp_new_message(person, "edit",
                             json_pack("{s:s,s:{s:{s:s},s:s,s:o}}", "original_message_id", bubble->id, "message",
                                       "context", "id", "M0", "type", type, type, content));
    } else
        meta_event(
            person, false, "message_edit",
            json_pack("{s:s,s:s,s:i}", "mid", bubble->id, "text", bubble->text, "num_edit", (int) bubble->n_edits));
}

void event_unsend(struct bubble *bubble)
{
    struct person *person = bubble->person;

    if (is_whatsapp(person))
        whatsapp_new_message(person, "revoke", json_pack("{s:s}", "original_message_id", bubble->id));
    else if (person->account->network == NETWORK_INSTAGRAM)
        meta_event(person, false, "message", json_pack("{s:s,s:b}", "mid", bubble->id, "is_deleted", 1));
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
        meta_event(person, true, "read", json_pack("{s:I}", "watermark", (json_int_t) wall_ms()));
        break;
    case NETWORK_INSTAGRAM:
    case N_NETWORKS:
        meta_event(person, true, "read", json_pack("{s:s}", "mid", newest->id));
        break;
    }
}

void event_failed(struct world *world, struct account *account, const struct failure *failure)
{
    /* Nobody on this network: the status has no lane of a person, so the first one's serves. */
    struct person *any = NULL;
    char time[TIME_SIZE];
    json_t *value = whatsapp_value(account), *item;
    bool is_bsuid;

    list_for_each (node, &world->people) {
        struct person *person = container_of(node, struct person, link);

        if (person->account == account && !any)
            any = person;
    }
    seconds(wall_ms(), time);
    item = json_pack("{s:s,s:s,s:s,s:[{s:i,s:s,s:s,s:{s:s},s:s}]}", "id", failure->message_id, "status", "failed",
                     "timestamp", time, "errors", "code", failure->code, "title", failure->title, "message",
                     failure->title, "error_data", "details", failure->details ? failure->details : failure->title,
                     "href", "/documentation/business-messaging/whatsapp/support/error-codes");
    is_bsuid = strlen(failure->recipient) > 3 && failure->recipient[2] == '.';
    (void) json_object_set_new(item, is_bsuid ? "recipient_user_id" : "recipient_id", json_string(failure->recipient));
    if (failure->mark)
        (void) json_object_set_new(item, "biz_opaque_callback_data", json_string(failure->mark));
    (void) json_object_set_new(value, "statuses", json_pack("[o]", item));
    if (any)
        webhook_event(any, LANE_RECEIPTS, &value, NULL);
    else
        json_decref(value);
}
