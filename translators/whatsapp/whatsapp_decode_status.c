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
    }
    return person;
}

static void fill_receipt(struct meta_item *item, struct event *event, enum trefoil_receipt_state state)
{
    struct trefoil_receipt *receipt = &event->message.body.receipt;
    struct json_value error = json_first(meta_may_array(item, item->value, "errors"));
    struct arena *mem = item->reading->mem;

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
}

void whatsapp_status(struct whatsapp_change *change, struct json_value value)
{
    struct arena *mem = change->reading->mem;
    struct meta_item item = meta_item_make(change->reading, value, change->account_id, "status");
    struct event event = { .audience = TREFOIL_AUDIENCE_AUTHOR };
    const char *id = meta_need_id(&item, value, "id");
    const char *status = meta_need_text(&item, value, "status");
    bool is_group = json_is_text(json_get(value, "recipient_type"), "group");
    struct whatsapp_person person = recipient_of(&item, is_group);
    const char *participant = is_group ? whatsapp_user_id(&person) : NULL;
    enum trefoil_receipt_state state = state_of(status);

    event.key = arena_format(mem, "status/%s/%s%s%s", id ? id : "-", status ? status : "-", participant ? "/" : "",
                             participant ? participant : "");
    event.user_id = whatsapp_user_id(&person);
    event.mark = meta_may_text(&item, value, "biz_opaque_callback_data");
    event.message.sent_ms = meta_may_seconds(&item, value, "timestamp");
    whatsapp_find_person(change, &person, &event.message.author);
    meta_relate(&item, &event, id);
    if (is_group) { /* a group's thread is not the person's */
        event.audience = TREFOIL_AUDIENCE_SERVICES;
        event.message.group_id = meta_may_id(&item, value, "recipient_id");
    }
    if (state != TREFOIL_RECEIPT_NONE) {
        fill_receipt(&item, &event, state);
    } else {
        item.kind = arena_format(mem, "status/%s", status ? status : "-");
        event.audience = TREFOIL_AUDIENCE_SERVICES;
        meta_make_unsupported(&item, &event, "[status]");
    }
    meta_item_add(&item, &event);
}
