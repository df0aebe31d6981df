/* Locations, contacts, templates and pins as WhatsApp takes them. Never knows which templates were approved. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/assets.h"
#include "sandbox/events.h"
#include "sandbox/sending.h"

#define MAX_CONTACTS 257
#define MAX_PLACE_CHARACTERS 1000
#define MAX_TEMPLATE_NAME 512
#define MAX_TEMPLATE_BUTTONS 10
#define MAX_TEMPLATE_TEXT 1024
#define MAX_PIN_DAYS 30

bool refuse_missing(struct sending *sending, const char *parameter)
{
    char details[160];

    (void) snprintf(details, sizeof(details), "Parameter '%s' is mandatory", parameter);
    graph_refuse(sending->call,
                 &(struct graph_error){
                     .status = 400, .code = 131008, .message = "Required parameter is missing", .details = details });
    return false;
}

bool refuse_value(struct sending *sending, const char *details)
{
    graph_refuse(sending->call,
                 &(struct graph_error){
                     .status = 400, .code = 131009, .message = "Parameter value is not valid", .details = details });
    return false;
}

bool check_optional(struct sending *sending, const json_t *object, const char *member, const char *name, size_t max)
{
    const json_t *value = json_object_get(object, member);
    char details[200];

    if (!value)
        return true;
    if (json_is_string(value) && count_characters(json_string_value(value)) <= max)
        return true;
    (void) snprintf(details, sizeof(details), "%s must be a text of at most %zu characters", name, max);
    return refuse_value(sending, details);
}

bool check_text(struct sending *sending, const json_t *object, const char *member, const char *name, size_t max)
{
    const char *text = text_in(object, member);

    if (!text || !*text)
        return refuse_missing(sending, name);
    return check_optional(sending, object, member, name, max);
}

/* ---- Locations ---- */

/* A number, or the text of one. */
static bool read_degrees(const json_t *value, double max, double *ret)
{
    char *end = NULL;
    const char *text = json_string_value(value);

    *ret = text ? strtod(text, &end) : json_number_value(value);
    return (json_is_number(value) || (text && *text && !*end)) && *ret >= -max && *ret <= max;
}

bool read_location(struct sending *sending, const json_t *location)
{
    json_t *latitude = json_object_get(location, "latitude"), *longitude = json_object_get(location, "longitude");
    json_t *place;
    double lat, lon;

    if (!latitude || !longitude)
        return refuse_missing(sending, latitude ? "location['longitude']" : "location['latitude']");
    if (!read_degrees(latitude, 90, &lat) || !read_degrees(longitude, 180, &lon))
        return refuse_value(sending, "location: latitude -90 to 90, longitude -180 to 180");
    if (!check_optional(sending, location, "name", "location['name']", MAX_PLACE_CHARACTERS) ||
        !check_optional(sending, location, "address", "location['address']", MAX_PLACE_CHARACTERS))
        return false;
    place = json_pack("{s:f,s:f,s:O*,s:O*}", "latitude", lat, "longitude", lon, "name",
                      json_object_get(location, "name"), "address", json_object_get(location, "address"));
    sending->order.kind = KIND_LOCATION;
    sending->content = json_pack("{s:o}", "location", place);
    return true;
}

/* ---- Contacts ---- */

static json_t *texts_of(const json_t *list, const char *member)
{
    json_t *texts = json_array();
    const json_t *item;
    size_t i;

    json_array_foreach (list, i, item) {
        json_t *text = json_object_get(item, member);

        if (json_is_string(text))
            (void) json_array_append(texts, text);
    }
    return texts;
}

bool read_contacts(struct sending *sending, const json_t *contacts)
{
    json_t *shown = json_array();
    const json_t *contact;
    size_t i;

    sending->order.kind = KIND_CONTACTS;
    sending->content = json_pack("{s:o}", "contacts", shown);
    if (json_array_size(contacts) == 0)
        return refuse_missing(sending, "contacts");
    if (json_array_size(contacts) > MAX_CONTACTS)
        return refuse_value(sending, "contacts: at most 257");
    json_array_foreach (contacts, i, contact) {
        const json_t *name = json_object_get(contact, "name");
        const char *formatted = text_in(name, "formatted_name");

        if (!formatted || !*formatted)
            return refuse_missing(sending, "contacts[].name.formatted_name");
        (void) json_array_append_new(shown, json_pack("{s:s,s:o,s:o}", "name", formatted, "phones",
                                                      texts_of(json_object_get(contact, "phones"), "phone"), "emails",
                                                      texts_of(json_object_get(contact, "emails"), "email")));
    }
    return true;
}

/* ---- Templates ---- */

/* Buttons that answer, as something to choose; their titles are the template's and not in the request. */
static void add_button(json_t *options, const json_t *component)
{
    const char *payload = text_in(json_array_get(json_object_get(component, "parameters"), 0), "payload");
    const char *sub_type = text_in(component, "sub_type");

    if (payload && sub_type && strcmp(sub_type, "quick_reply") == 0)
        (void) json_array_append_new(options, json_pack("{s:s,s:s}", "id", payload, "title", payload));
}

/* A picture at the head, if it was uploaded. */
static void add_header(struct sending *sending, const json_t *component)
{
    const json_t *parameter = json_array_get(json_object_get(component, "parameters"), 0);
    const char *type = text_in(parameter, "type"), *id;
    const struct medium *medium = type ? find_medium(type) : NULL;
    const struct asset *asset;

    if (!medium)
        return;
    id = text_in(json_object_get(parameter, type), "id");
    asset = id ? asset_find(sending->call->world, sending->call->account, id) : NULL;
    if (asset)
        (void) json_object_set_new(sending->content, "media", json_pack("[o]", file_json(asset->file, medium->kind)));
}

static bool read_component(struct sending *sending, const json_t *component, json_t *options)
{
    const char *type = text_in(component, "type");
    const json_t *parameters = json_object_get(component, "parameters"), *parameter;
    size_t i;

    if (!type)
        return refuse_missing(sending, "template['components'][]['type']");
    json_array_foreach (parameters, i, parameter) {
        if (!text_in(parameter, "type"))
            return refuse_missing(sending, "template['components'][]['parameters'][]['type']");
        if (!check_optional(sending, parameter, "text", "parameter text", MAX_TEMPLATE_TEXT))
            return false;
    }
    if (strcmp(type, "header") == 0)
        add_header(sending, component);
    if (strcmp(type, "button") == 0)
        add_button(options, component);
    return true;
}

bool read_template(struct sending *sending, const json_t *template)
{
    json_t *components = json_object_get(template, "components"), *options;
    const char *language = text_in(json_object_get(template, "language"), "code");
    const json_t *component;
    size_t i;

    if (!check_text(sending, template, "name", "template['name']", MAX_TEMPLATE_NAME))
        return false;
    if (!language)
        return refuse_missing(sending, "template['language']['code']");
    options = json_array();
    sending->is_template = true;
    sending->order.kind = KIND_TEMPLATE;
    sending->order.text = text_in(template, "name");
    sending->content = json_pack("{s:{s:s,s:s,s:O?}}", "template", "name", sending->order.text, "language", language,
                                 "components", components);
    json_array_foreach (components, i, component) {
        if (!read_component(sending, component, options)) {
            json_decref(options);
            return false;
        }
    }
    if (json_array_size(options) > MAX_TEMPLATE_BUTTONS) {
        json_decref(options);
        return refuse_value(sending, "template: at most 10 buttons");
    }
    if (json_array_size(options) > 0)
        (void) json_object_set_new(sending->content, "choices",
                                   json_pack("{s:s,s:O}", "shape", "template", "options", options));
    json_decref(options);
    return true;
}

/* ---- Pins ---- */

bool read_pin(struct sending *sending, const json_t *pin)
{
    const char *type = text_in(pin, "type"), *id = text_in(pin, "message_id");
    json_int_t days = json_integer_value(json_object_get(pin, "expiration_days"));
    const struct bubble *bubble = id ? bubble_find(sending->call->world, id) : NULL;

    if (strncmp(sending->person->user_id, WA_GROUP_PREFIX, strlen(WA_GROUP_PREFIX)) != 0)
        return refuse_value(sending, "pin: only in groups");
    if (!type || (strcmp(type, "pin") != 0 && strcmp(type, "unpin") != 0))
        return refuse_value(sending, "pin['type'] must be one of {PIN, UNPIN}");
    if (!bubble || bubble->person != sending->person)
        return refuse_value(sending, "pin['message_id']: no such message in this group");
    if (strcmp(type, "pin") == 0 && (days < 1 || days > MAX_PIN_DAYS))
        return refuse_value(sending, "pin['expiration_days'] must be 1 to 30");
    sending->order.kind = KIND_NOTE;
    sending->order.text = strcmp(type, "pin") == 0 ? "pinned a message" : "unpinned a message";
    sending->order.reply_to = id;
    return true;
}
