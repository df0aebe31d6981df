/* What became of a message we sent: one status, one receipt to its author.
 * Never remembers an earlier status; they come in any order.
 */
#include "whatsapp_map.h"

#include <string.h>

static enum trefoil_receipt_state state_of(const char *status)
{
    static const struct {
        const char *status;
        enum trefoil_receipt_state state;
    } states[] = {
        { "sent", TREFOIL_RECEIPT_SENT },     { "delivered", TREFOIL_RECEIPT_DELIVERED },
        { "read", TREFOIL_RECEIPT_READ },     { "played", TREFOIL_RECEIPT_PLAYED },
        { "failed", TREFOIL_RECEIPT_FAILED },
    };

    for (size_t i = 0; status && i < ARRAY_SIZE(states); i++)
        if (strcmp(status, states[i].status) == 0)
            return states[i].state;
    return TREFOIL_RECEIPT_NONE;
}

/* In a group the message went to all, and one member is told of. */
static struct whatsapp_person recipient_of(struct meta_item *item, bool is_group)
{
    struct json_value value = item->value;
    struct whatsapp_person person = { 0 };

    if (is_group) {
        person.wa_id = meta_may_id(item, value, "recipient_participant_id");
        if (!person.wa_id)
            person.wa_id = meta_may_id(item, value, "participant_recipient_id");
        person.bsuid = meta_may_id(item, value, "recipient_participant_user_id");
    } else {
        person.wa_id = meta_may_id(item, value, "recipient_id");
        person.bsuid = meta_may_id(item, value, "recipient_user_id");
        person.parent_bsuid = meta_may_id(item, value, "recipient_parent_user_id");
        if (!person.parent_bsuid) /* as it was called before May 2026 */
            person.parent_bsuid = meta_may_id(item, value, "parent_recipient_user_id");
    }
    return person;
}

static void fill_receipt(struct whatsapp_reading *reading, enum trefoil_receipt_state state)
{
    struct meta_item *item = &reading->item;
    struct event *event = &reading->event;
    struct trefoil_receipt *receipt = &event->message.body.receipt;
    struct json_value error = json_first(meta_may_array(item, item->value, "errors"));
    struct arena *mem = whatsapp_memory(reading);

    event->message.kind = TREFOIL_KIND_RECEIPT;
    receipt->state = state;
    receipt->targets = event->relates;
    receipt->n_targets = event->n_relates;
    receipt->pricing_category = json_text(json_get(json_get(item->value, "pricing"), "category"), mem);
    if (state != TREFOIL_RECEIPT_FAILED)
        return;
    receipt->code = (uint32_t) meta_may_number(item, error, "code", UINT32_MAX);
    receipt->reason = json_text(json_get(error, "title"), mem);
    if (!receipt->reason)
        receipt->reason = json_text(json_get(error, "message"), mem);
    extras_put_json(&reading->extras, "error.details", json_get(json_get(error, "error_data"), "details"));
}

/* What it cost, and what the network counts as one conversation. */
static void put_facts(struct whatsapp_reading *reading)
{
    struct json_value pricing = json_get(reading->item.value, "pricing");
    struct json_value conversation = json_get(reading->item.value, "conversation");

    extras_put_json(&reading->extras, "identity.key_hash",
                    json_get(reading->item.value, "recipient_identity_key_hash"));
    extras_put_json(&reading->extras, "pricing.model", json_get(pricing, "pricing_model"));
    extras_put_json(&reading->extras, "pricing.type", json_get(pricing, "type"));
    extras_put_json(&reading->extras, "pricing.billable", json_get(pricing, "billable"));
    extras_put_json(&reading->extras, "conversation.id", json_get(conversation, "id"));
    extras_put_json(&reading->extras, "conversation.origin", json_get(json_get(conversation, "origin"), "type"));
    extras_put_json(&reading->extras, "conversation.expires", json_get(conversation, "expiration_timestamp"));
}

static void read_status(struct whatsapp_reading *reading)
{
    struct meta_item *item = &reading->item;
    struct event *event = &reading->event;
    struct arena *mem = whatsapp_memory(reading);
    const char *id = meta_need_id(item, item->value, "id");
    const char *status = meta_need_text(item, item->value, "status");
    bool is_group = json_is_text(json_get(item->value, "recipient_type"), "group");
    struct whatsapp_person person = recipient_of(item, is_group);
    const char *participant = is_group ? whatsapp_user_id(&person) : NULL;
    enum trefoil_receipt_state state = state_of(status);

    event->audience =
        is_group ? TREFOIL_AUDIENCE_SERVICES : TREFOIL_AUDIENCE_AUTHOR; /* no group is a person's thread */
    event->key = arena_format(mem, "status/%s/%s%s%s", id ? id : "-", status ? status : "-", participant ? "/" : "",
                              participant ? participant : "");
    event->mark = meta_may_text(item, item->value, "biz_opaque_callback_data");
    event->message.sent_ms = meta_may_seconds(item, item->value, "timestamp");
    event->message.group_id = is_group ? meta_may_id(item, item->value, "recipient_id") : NULL;
    whatsapp_find_person(reading, &person);
    meta_relate(item, event, id);
    put_facts(reading);
    if (state != TREFOIL_RECEIPT_NONE) {
        fill_receipt(reading, state);
    } else {
        item->kind = arena_format(mem, "status/%s", status ? status : "-");
        event->audience = TREFOIL_AUDIENCE_SERVICES;
        meta_make_unsupported(item, event, "[status]");
    }
}

void whatsapp_status(struct whatsapp_change *change, struct json_value value)
{
    struct whatsapp_reading reading = whatsapp_begin(change, value, "status");

    if (json_is_text(json_get(value, "type"), "call")) { /* what became of a call */
        whatsapp_call(change, value);
        return;
    }
    read_status(&reading);
    whatsapp_end(&reading);
}
