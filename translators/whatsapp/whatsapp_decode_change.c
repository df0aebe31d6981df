/* What became of a person: new numbers and ids, preferences, the address book, calls.
 * Never said by the person in words, so only services hear of it.
 */
#include <string.h>

#include "formats/fingerprint.h"
#include "formats/text.h"
#include "whatsapp_map.h"

static const char *named(const struct whatsapp_reading *reading, const char *kind)
{
    const char *name = fingerprint(json_raw(reading->item.value), whatsapp_memory(reading));

    return arena_format(whatsapp_memory(reading), "%s/%s", kind, name ? name : "-");
}

/* `user_changed_number`: `from` is the old number. `user_changed_user_id`: the old id may be in the words alone. */
void whatsapp_system(struct whatsapp_reading *reading, const struct whatsapp_person *person)
{
    struct meta_item *item = &reading->item;
    struct arena *mem = whatsapp_memory(reading);
    struct json_value body = meta_need_object(item, item->value, "system");
    const char *type = json_text(json_get(body, "type"), mem);
    const char *text = json_text(json_get(body, "body"), mem);
    const char *number = meta_may_id(item, body, "wa_id"), *bsuid = meta_may_id(item, body, "user_id");
    const char *const ids[] = { number, bsuid, person->wa_id, person->bsuid,
                                meta_may_id(item, body, "parent_user_id") };
    bool is_number = type && (strcmp(type, "user_changed_number") == 0 || strcmp(type, "customer_changed_number") == 0);
    bool is_id = type && strcmp(type, "user_changed_user_id") == 0;

    reading->event.message.author.network = reading->change->reading->network;
    if (!is_number && !is_id) {
        whatsapp_find_person(reading, person);
        item->kind = type ? arena_format(mem, "system/%s", type) : "system";
        meta_make_unsupported(item, &reading->event, whatsapp_fallback(item->value, "system", mem));
        reading->event.audience = TREFOIL_AUDIENCE_SERVICES;
        return;
    }
    whatsapp_link(reading, ids, ARRAY_SIZE(ids), type);
    whatsapp_make_system(reading, is_number ? TREFOIL_SYSTEM_NUMBER_CHANGED : TREFOIL_SYSTEM_USER_ID_CHANGED, "system",
                         text);
    reading->event.message.body.system.from_id = is_number || !person->bsuid ? person->wa_id : person->bsuid;
    reading->event.message.body.system.to_id = is_number && number ? number : bsuid;
}

void whatsapp_id_update(struct whatsapp_change *change, struct json_value value)
{
    struct whatsapp_reading reading = whatsapp_begin(change, value, "user_id_update");
    struct meta_item *item = &reading.item;
    struct json_value id = meta_need_object(item, value, "user_id");
    struct json_value parent = meta_may_object(item, value, "parent_user_id");
    const char *previous = meta_may_id(item, id, "previous"), *current = meta_need_id(item, id, "current");
    const char *const ids[] = { meta_may_id(item, value, "wa_id"), current, previous,
                                meta_may_id(item, parent, "current"), meta_may_id(item, parent, "previous") };
    const struct whatsapp_person person = { .wa_id = ids[0], .bsuid = current };

    whatsapp_find_person(&reading, &person);
    whatsapp_link(&reading, ids, ARRAY_SIZE(ids), "user_id_update");
    reading.event.key = named(&reading, "user_id_update");
    reading.event.message.sent_ms = meta_may_seconds(item, value, "timestamp");
    whatsapp_make_system(&reading, TREFOIL_SYSTEM_USER_ID_CHANGED, "system", meta_may_text(item, value, "detail"));
    reading.event.message.body.system.from_id = previous;
    reading.event.message.body.system.to_id = current;
    whatsapp_end(&reading);
}

void whatsapp_preference(struct whatsapp_change *change, struct json_value value)
{
    struct whatsapp_reading reading = whatsapp_begin(change, value, "user_preferences");
    struct meta_item *item = &reading.item;
    const struct whatsapp_person person = {
        .wa_id = meta_may_id(item, value, "wa_id"),
        .bsuid = meta_may_id(item, value, "user_id"),
        .parent_bsuid = meta_may_id(item, value, "parent_user_id"),
    };
    const char *wish = meta_need_text(item, value, "value"), *detail = meta_may_text(item, value, "detail");
    bool is_stop = wish && strcmp(wish, "stop") == 0;

    whatsapp_find_person(&reading, &person);
    reading.event.key = named(&reading, "user_preference");
    reading.event.message.sent_ms = meta_may_seconds(item, value, "timestamp");
    extras_put_json(&reading.extras, "preference.category", json_get(value, "category"));
    if (is_stop || (wish && strcmp(wish, "resume") == 0)) {
        whatsapp_make_system(&reading, is_stop ? TREFOIL_SYSTEM_OPT_OUT : TREFOIL_SYSTEM_OPT_IN,
                             is_stop ? "opt-out" : "opt-in", detail);
        reading.event.consent = is_stop ? TREFOIL_CONSENT_WITHDRAWN : TREFOIL_CONSENT_GIVEN;
    } else {
        reading.event.audience = TREFOIL_AUDIENCE_SERVICES;
        meta_make_unsupported(item, &reading.event, text_fallback(whatsapp_memory(&reading), "preference", detail));
    }
    whatsapp_end(&reading);
}

/* The address book of the phone app. */
void whatsapp_contact_sync(struct whatsapp_change *change, struct json_value value)
{
    struct whatsapp_reading reading = whatsapp_begin(change, value, "state_sync");
    struct meta_item *item = &reading.item;
    struct json_value contact = meta_may_object(item, value, "contact");
    const char *action = meta_may_text(item, value, "action"), *name = meta_may_text(item, contact, "full_name");
    const char *number = meta_may_id(item, contact, "phone_number");
    const char *const ids[] = { number, meta_may_id(item, contact, "user_id") };
    const char *word = action && strcmp(action, "remove") == 0 ? "contact removed" : "contact saved";

    reading.event.key = named(&reading, "state_sync");
    reading.event.message.sent_ms = meta_may_seconds(item, json_get(value, "metadata"), "timestamp");
    reading.event.message.author.name = name;
    reading.event.message.author.network = change->reading->network;
    whatsapp_link(&reading, ids, ARRAY_SIZE(ids), "state_sync");
    if (json_exists(contact)) {
        whatsapp_make_system(&reading, TREFOIL_SYSTEM_CONTACT_SYNC, word, text_first_of(name, number));
        extras_put(&reading.extras, "contact.action", action);
        extras_put_json(&reading.extras, "contact.first_name", json_get(contact, "first_name"));
        extras_put_json(&reading.extras, "contact.username", json_get(contact, "username"));
    } else {
        reading.event.audience = TREFOIL_AUDIENCE_SERVICES;
        meta_make_unsupported(item, &reading.event, "[state_sync]");
    }
    whatsapp_end(&reading);
}

static const struct {
    const char *member, *key;
} call_facts[] = {
    { "id", "call.id" },
    { "event", "call.event" },
    { "direction", "call.direction" },
    { "status", "call.status" },
    { "start_time", "call.start" },
    { "end_time", "call.end" },
    { "duration", "call.duration" },
    { "cta_payload", "call.payload" },
    { "deeplink_payload", "call.payload" },
};

static struct whatsapp_person caller(struct meta_item *item, bool is_ours)
{
    struct json_value value = item->value;
    struct whatsapp_person person = {
        .wa_id = meta_may_id(item, value, is_ours ? "to" : "from"),
        .bsuid = meta_may_id(item, value, is_ours ? "to_user_id" : "from_user_id"),
    };

    if (!person.wa_id)
        person.wa_id = meta_may_id(item, value, "recipient_id");
    if (!person.bsuid)
        person.bsuid = meta_may_id(item, value, "recipient_user_id");
    return person;
}

/* A call by a person may be answered in writing for as long as a message. */
void whatsapp_call(struct whatsapp_change *change, struct json_value value)
{
    struct whatsapp_reading reading = whatsapp_begin(change, value, "call");
    struct meta_item *item = &reading.item;
    bool is_ours = json_is_text(json_get(value, "direction"), "BUSINESS_INITIATED");
    const struct whatsapp_person person = caller(item, is_ours);
    const char *event = meta_may_text(item, value, "event");

    (void) meta_need_id(item, value, "id");
    whatsapp_find_person(&reading, &person);
    reading.event.key = named(&reading, "call");
    reading.event.mark = meta_may_text(item, value, "biz_opaque_callback_data");
    reading.event.message.sent_ms = meta_may_seconds(item, value, "timestamp");
    whatsapp_make_system(&reading, TREFOIL_SYSTEM_CALL, is_ours ? "outgoing call" : "call",
                         text_first_of(event, json_text(json_get(value, "status"), whatsapp_memory(&reading))));
    for (size_t i = 0; i < ARRAY_SIZE(call_facts); i++)
        extras_put_json(&reading.extras, call_facts[i].key, json_get(value, call_facts[i].member));
    if (!is_ours && event && strcmp(event, "connect") == 0)
        reading.event.opens_window_ms = reading.event.message.sent_ms;
    whatsapp_end(&reading);
}
