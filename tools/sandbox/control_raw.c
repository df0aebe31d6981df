/* Events by hand: one element of messages[] or messaging[], or the value of another field. Never checks its shape: that
 * is what it is for. Ids and times that are missing are filled in.
 */
#include <stdlib.h>
#include <string.h>

#include "sandbox/control.h"
#include "sandbox/events.h"
#include "sandbox/webhook_sender.h"

static const char *text_of(const json_t *object, const char *member)
{
    return json_string_value(json_object_get(object, member));
}

/* Named, or anybody of the network: an event needs somebody's lane. NULL: refused already. */
static struct person *somebody(struct control_call *call)
{
    struct account *account;

    if (json_object_get(call->body, "person"))
        return control_person(call);
    account = control_account(call);
    if (!account)
        return NULL;
    list_for_each (node, &call->world->people) {
        struct person *person = container_of(node, struct person, link);

        if (person->account == account)
            return person;
    }
    control_refuse(call, 404, "network: nobody is there");
    return NULL;
}

/* What was said by hand is on the phone, too: later events may name it. Its id; NULL: none. */
static const char *show(struct person *person, const char *id, const char *text, bool is_text)
{
    struct bubble_order order = {
        .from = SIDE_PERSON, .kind = is_text ? KIND_TEXT : KIND_NOTE, .id = id, .text = text
    };
    const struct bubble *bubble;

    if (id && (strlen(id) >= MESSAGE_ID_SIZE || bubble_find(person->world, id)))
        return id;
    bubble = bubble_add(person, &order);
    return bubble ? bubble->id : NULL;
}

static void hear(struct person *person, int64_t at_ms)
{
    person_heard(person, at_ms + person->world->clock_ahead_ms);
}

/* ---- WhatsApp ---- */

static const char *raw_message(struct control_call *call, struct person *person, json_t *element)
{
    json_t *value = whatsapp_value(person->account);
    const char *type = text_of(element, "type"), *body = text_of(json_object_get(element, "text"), "body"), *id;
    bool is_system = type && strcmp(type, "system") == 0, is_named = json_object_get(call->body, "person") != NULL;
    const char *time;

    id = show(person, text_of(element, "id"), body ? body : type, body != NULL);
    if (is_named && !is_system)
        whatsapp_sign(element, person, id ? id : "", wall_ms());
    if (is_named && !is_system)
        (void) json_object_set_new(value, "contacts", whatsapp_contacts(person));
    time = text_of(element, "timestamp");
    hear(person, time ? strtoll(time, NULL, 10) * 1000 : wall_ms());
    (void) json_object_set_new(value, "messages", json_pack("[O]", element));
    webhook_event(person, LANE_MESSAGES, &value, NULL);
    return id;
}

static const char *raw_field(struct person *person, const char *field, json_t *element)
{
    json_t *value = whatsapp_value(person->account);

    (void) json_object_update(value, element);
    webhook_event_in(person, field, &value);
    return NULL;
}

/* ---- Messenger, Instagram ---- */

static void fill_in(const struct control_call *call, const struct person *person, json_t *element)
{
    if (!json_object_get(call->body, "person"))
        return;
    if (!json_object_get(element, "sender"))
        (void) json_object_set_new(element, "sender", json_pack("{s:s}", "id", person->user_id));
    if (!json_object_get(element, "recipient"))
        (void) json_object_set_new(element, "recipient", json_pack("{s:s}", "id", person->account->id));
}

static const char *raw_messaging(struct control_call *call, struct person *person, const char *field, json_t *element)
{
    json_t *message = json_object_get(element, "message"), *item = json_incref(element), *time;
    const char *id = NULL, *text = text_of(message, "text");

    fill_in(call, person, element);
    if (!json_object_get(element, "timestamp"))
        (void) json_object_set_new(element, "timestamp", json_integer(wall_ms()));
    time = json_object_get(element, "timestamp");
    if (message && !json_is_true(json_object_get(message, "is_echo")))
        id = show(person, text_of(message, "mid"), text ? text : "message", text != NULL);
    if (id && !json_object_get(message, "mid"))
        (void) json_object_set_new(message, "mid", json_string(id));
    if (!json_object_get(element, "delivery") && !json_object_get(element, "read"))
        hear(person, json_integer_value(time));
    webhook_event_in(person, field && strcmp(field, "standby") == 0 ? field : "messaging", &item);
    return id;
}

/* {"network", "person"?, "element": {…}, "field"?} */
void control_raw(struct control_call *call)
{
    json_t *element = json_object_get(call->body, "element");
    const char *field = text_of(call->body, "field"), *id;
    struct person *person;

    if (!json_is_object(element)) {
        control_refuse(call, 400,
                       "element: one element of messages[] or messaging[], or with field the rest of a value");
        return;
    }
    person = somebody(call);
    if (!person)
        return;
    if (person->account->network != NETWORK_WHATSAPP)
        id = raw_messaging(call, person, field, element);
    else if (field)
        id = raw_field(person, field, element);
    else
        id = raw_message(call, person, element);
    control_reply(call, json_pack("{s:s?}", "id", id));
}
