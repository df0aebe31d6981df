/* Walks the bodies of WhatsApp's webhooks: every entry, every change, every list in it, every item.
 * Never looks into an item; its neighbours' faults are not its own.
 */
#include "whatsapp_map.h"

#include <string.h>

/* Lists a change can have, whatever its field: normally one, but any combination is read. */
struct items {
    const char *key;
    void (*decode)(struct whatsapp_change *change, struct json_value item);
};

static const struct items lists[] = {
    { "messages", whatsapp_message },
    { "statuses", whatsapp_status },
    { "message_echoes", whatsapp_echo },
    { "history", whatsapp_history },
    { "errors", whatsapp_error },
    { "state_sync", whatsapp_contact_sync },
    { "user_id_update", whatsapp_id_update },
    { "user_preferences", whatsapp_preference },
    { "groups", whatsapp_group },
    { "calls", whatsapp_call },
};

/* Errors of a number stand beside whose it is; those of a flow are part of a notice. */
static bool is_of_number(const struct whatsapp_change *change)
{
    return json_exists(json_get(change->value, "metadata"));
}

/* How many of the lists the change had. */
static size_t decode_lists(struct whatsapp_change *change)
{
    size_t n = 0;

    for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
        struct json_value list = json_get(change->value, lists[i].key);

        if (!json_exists(list) || (lists[i].decode == whatsapp_error && !is_of_number(change)))
            continue;
        n++;
        if (json_type(list) != JSON_ARRAY)
            meta_add_whole(change->reading, list, change->account_id, lists[i].key, "wrong type");
        else
            json_for_each (item, list)
                lists[i].decode(change, item);
    }
    return n;
}

/* What makes the whole change unreadable: without these nobody knows whose its items are. */
static const char *change_fault(struct json_value change)
{
    struct json_value value = json_get(change, "value"), metadata = json_get(value, "metadata");

    if (json_type(change) != JSON_OBJECT || json_type(value) != JSON_OBJECT)
        return "not an object";
    if (json_own_fault(change) || json_own_fault(value))
        return json_own_fault(change) ? json_own_fault(change) : json_own_fault(value);
    if (json_fault(metadata))
        return json_fault(metadata);
    if (json_exists(metadata) && json_type(json_get(metadata, "phone_number_id")) != JSON_STRING)
        return "wrong type: phone_number_id";
    return NULL;
}

static void decode_change(struct whatsapp_change *change, struct json_value value)
{
    struct arena *mem = change->reading->mem;
    const char *field = json_text(json_get(value, "field"), mem);
    const char *fault = change_fault(value);
    struct json_value metadata = json_get(json_get(value, "value"), "metadata");

    change->value = json_get(value, "value");
    change->account_id = json_text(json_get(metadata, "phone_number_id"), mem);
    change->number = json_text(json_get(metadata, "display_phone_number"), mem);
    change->is_history = field && strcmp(field, "history") == 0;
    change->last_contact = JSON_NOTHING;
    if (!fault && (decode_lists(change) > 0 || (field && whatsapp_field(change, value, field))))
        return;
    meta_add_whole(change->reading, value, change->account_id, field ? field : "change",
                   fault ? fault : json_fault(value));
}

static void decode_entry(struct whatsapp_change *change, struct json_value entry)
{
    struct json_value changes = json_get(entry, "changes");

    if (json_type(entry) != JSON_OBJECT || json_own_fault(entry) || json_type(changes) != JSON_ARRAY) {
        meta_add_whole(change->reading, entry, NULL, "entry",
                       json_own_fault(entry) ? json_own_fault(entry) : "no changes");
        return;
    }
    change->entry_time = json_id(json_get(entry, "time"), change->reading->mem);
    json_for_each (value, changes)
        decode_change(change, value);
}

int whatsapp_decode(struct bytes body, const struct decode_context *context, struct arena *mem, struct event_list *ret)
{
    struct meta_reading reading = { .network = "whatsapp", .context = context, .mem = mem };
    struct whatsapp_change change = { .reading = &reading, .n_contacts_left = WHATSAPP_CONTACTS_MAX };
    struct json json;

    if (meta_open_body(&reading, body, "whatsapp_business_account", &json))
        json_for_each (entry, json_get(json_root(&json), "entry"))
            decode_entry(&change, entry);
    return meta_reading_end(&reading, ret);
}
