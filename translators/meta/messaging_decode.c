/* Walks the bodies of Messenger's and Instagram's webhooks: every entry, every list in it, every element.
 * Never looks into an element further than whose it is.
 */
#include "messaging.h"

#include <string.h>

#include "messaging_item.h"

/* Times of the dashboard's samples are seconds in a string; every other time is milliseconds. */
#define SECONDS_UNTIL 100000000000

struct walk {
    struct meta_reading reading;
    const struct messaging_dialect *dialect;
    struct meta_entry entry;
    bool is_standby;
};

/* The business is the recipient, or the sender of what it wrote itself; the entry is the last resort, as samples and
 * some events put other ids there. */
static void find_parties(struct messaging_item *element, const char *entry_id)
{
    struct meta_item *item = &element->item;
    struct json_value sender = meta_may_object(item, item->value, "sender");
    struct json_value recipient = meta_may_object(item, item->value, "recipient");
    const char *from = meta_may_id(item, sender, "id"), *to = meta_may_id(item, recipient, "id");

    element->is_echo = json_is_true(json_get(json_get(item->value, "message"), "is_echo"));
    item->account_id = element->is_echo ? from : to;
    element->user_id = element->is_echo ? to : from;
    if (!item->account_id || (!meta_is_ours(item->reading, item->account_id) && meta_is_ours(item->reading, entry_id)))
        item->account_id = entry_id;
    if (element->user_id && item->account_id && strcmp(element->user_id, item->account_id) == 0)
        element->user_id = NULL; /* the business talking to itself is nobody's thread */
}

static void decode_element(struct walk *walk, struct json_value value, bool is_sample)
{
    struct messaging_item element = {
        .item = meta_item_make(&walk->reading, value, walk->entry.id, "messaging"),
        .dialect = walk->dialect,
        .is_standby = walk->is_standby,
    };

    if (!element.item.fault) {
        find_parties(&element, walk->entry.id);
        element.sent_ms = meta_may_milliseconds(&element.item, value, "timestamp");
        if (is_sample && element.sent_ms < SECONDS_UNTIL)
            element.sent_ms *= 1000;
    }
    messaging_element(&element);
}

static void decode_list(struct walk *walk, struct json_value entry, const char *key, bool is_standby)
{
    struct json_value list = json_get(entry, key);

    if (json_exists(list) && json_type(list) != JSON_ARRAY)
        meta_add_whole(&walk->reading, list, walk->entry.id, key, "wrong type");
    walk->is_standby = is_standby;
    if (json_type(list) == JSON_ARRAY)
        json_for_each (value, list)
            decode_element(walk, value, false);
}

/* {"field": "messages", "value": an element}: the shape of the dashboard's samples. Other fields are no conversation. */
static void decode_change(struct walk *walk, struct json_value change)
{
    struct json_value value = json_get(change, "value");
    const char *field = json_text(json_get(change, "field"), walk->reading.mem);

    walk->is_standby = false;
    if (json_type(change) != JSON_OBJECT || json_own_fault(change) || !field)
        meta_add_whole(&walk->reading, change, walk->entry.id, "change",
                       json_own_fault(change) ? json_own_fault(change) : "no field");
    else if (json_exists(json_get(value, "sender")) && json_exists(json_get(value, "recipient")))
        decode_element(walk, value, true);
    else
        messaging_change(&walk->reading, change, &walk->entry, field);
}

static void decode_changes(struct walk *walk, struct json_value entry)
{
    struct json_value changes = json_get(entry, "changes");

    if (json_exists(changes) && json_type(changes) != JSON_ARRAY)
        meta_add_whole(&walk->reading, changes, walk->entry.id, "changes", "wrong type");
    if (json_type(changes) == JSON_ARRAY)
        json_for_each (change, changes)
            decode_change(walk, change);
}

static bool has_lists(struct json_value entry)
{
    return json_exists(json_get(entry, "messaging")) || json_exists(json_get(entry, "standby")) ||
           json_exists(json_get(entry, "changes"));
}

static void decode_entry(struct walk *walk, struct json_value entry)
{
    if (json_type(entry) != JSON_OBJECT || json_own_fault(entry)) {
        meta_add_whole(&walk->reading, entry, NULL, "entry",
                       json_own_fault(entry) ? json_own_fault(entry) : "not an object");
        return;
    }
    walk->entry = (struct meta_entry){ json_id(json_get(entry, "id"), walk->reading.mem),
                                       json_id(json_get(entry, "time"), walk->reading.mem) };
    if (!has_lists(entry))
        meta_add_whole(&walk->reading, entry, walk->entry.id, "entry", json_fault(entry));
    decode_list(walk, entry, "messaging", false);
    decode_list(walk, entry, "standby", true);
    decode_changes(walk, entry);
}

int messaging_decode(const struct messaging_dialect *dialect, struct bytes body, const struct decode_context *context,
                     struct arena *mem, struct event_list *ret)
{
    struct walk walk = {
        .reading = { .network = dialect->network, .context = context, .mem = mem },
        .dialect = dialect,
    };
    struct json json;

    if (meta_open_body(&walk.reading, body, dialect->object, &json))
        json_for_each (entry, json_get(json_root(&json), "entry"))
            decode_entry(&walk, entry);
    return meta_reading_end(&walk.reading, ret);
}
