/* Button and generic templates and quick replies, with the limits of the two networks. Never presses anything. */
#include <stdio.h>
#include <string.h>

#include "sandbox/meta.h"

#define MAX_QUICK_REPLIES 13
#define MAX_TITLE 20
#define MAX_PAYLOAD 1000
#define MAX_BUTTON_TEXT 640
#define MAX_BUTTONS 3
#define MAX_ELEMENTS 10
#define MAX_ELEMENT_TEXT 80

static bool refuse(struct graph_call *call, const char *message)
{
    meta_refuse(call, 0, message);
    return false;
}

static bool fits(const char *text, size_t max)
{
    return text && *text && count_characters(text) <= max;
}

/* ---- Quick replies ---- */

static bool read_quick_reply(struct graph_call *call, const json_t *reply, json_t *options)
{
    const char *type = text_in(reply, "content_type"), *title = text_in(reply, "title"),
               *payload = text_in(reply, "payload");
    bool is_messenger = call->account->network == NETWORK_MESSENGER;

    if (type && (strcmp(type, "user_phone_number") == 0 || (is_messenger && strcmp(type, "user_email") == 0))) {
        (void) json_array_append_new(options, json_pack("{s:s,s:s}", "id", type, "title", type));
        return true;
    }
    if (!type || strcmp(type, "text") != 0)
        return refuse(call, "Param quick_replies[][content_type] must be one of {TEXT, USER_EMAIL, USER_PHONE_NUMBER}");
    if (!fits(title, MAX_TITLE))
        return refuse(call, "Param quick_replies[][title] must be 1 to 20 characters");
    if (!fits(payload, MAX_PAYLOAD))
        return refuse(call, "Param quick_replies[][payload] must be 1 to 1000 characters");
    (void) json_array_append_new(options, json_pack("{s:s,s:s}", "id", payload, "title", title));
    return true;
}

bool meta_read_quick_replies(struct graph_call *call, const json_t *list, json_t *content)
{
    const char *text = text_in(json_object_get(call->body, "message"), "text");
    json_t *options = json_array();
    const json_t *reply;
    size_t i;

    (void) json_object_set_new(
        content, "choices",
        json_pack("{s:s,s:s,s:o}", "shape", "quick_replies", "body", text ? text : "", "options", options));
    if (json_array_size(list) == 0 || json_array_size(list) > MAX_QUICK_REPLIES)
        return refuse(call, "Param message[quick_replies] must have 1 to 13 elements");
    json_array_foreach (list, i, reply) {
        if (!read_quick_reply(call, reply, options))
            return false;
    }
    return true;
}

/* ---- Templates ---- */

static bool read_button(struct graph_call *call, const json_t *button, const char *section, json_t *options)
{
    const char *type = text_in(button, "type"), *title = text_in(button, "title"),
               *payload = text_in(button, "payload"), *url = text_in(button, "url");
    bool is_link = type && strcmp(type, "web_url") == 0, is_postback = type && strcmp(type, "postback") == 0;
    bool is_call = type && strcmp(type, "phone_number") == 0 && call->account->network == NETWORK_MESSENGER;
    char tel[64];

    if (!is_link && !is_postback && !is_call)
        return refuse(call, "Param buttons[][type] is not one this network takes");
    if (!fits(title, MAX_TITLE))
        return refuse(call, "Param buttons[][title] must be 1 to 20 characters");
    if (is_link ? !fits(url, MAX_PAYLOAD * 2) : !fits(payload, MAX_PAYLOAD))
        return refuse(call, is_link ? "Param buttons[][url] is required"
                                    : "Param buttons[][payload] must be 1 to 1000 characters");
    (void) snprintf(tel, sizeof(tel), "tel:%.50s", payload ? payload : "");
    (void) json_array_append_new(options, json_pack("{s:s,s:s,s:s*,s:s*}", "id", is_link ? url : payload, "title",
                                                    title, "url", is_call ? tel : url, "section", section));
    return true;
}

static bool read_buttons(struct graph_call *call, const json_t *buttons, const char *section, json_t *options)
{
    const json_t *button;
    size_t i;

    if (json_array_size(buttons) > MAX_BUTTONS)
        return refuse(call, "Param buttons must have 1 to 3 elements");
    json_array_foreach (buttons, i, button) {
        if (!read_button(call, button, section, options))
            return false;
    }
    return true;
}

static bool read_elements(struct graph_call *call, const json_t *elements, json_t *choices)
{
    const json_t *element;
    size_t i;

    if (json_array_size(elements) == 0 || json_array_size(elements) > MAX_ELEMENTS)
        return refuse(call, "Param elements must have 1 to 10 elements");
    json_array_foreach (elements, i, element) {
        const char *title = text_in(element, "title"), *subtitle = text_in(element, "subtitle");

        if (!fits(title, MAX_ELEMENT_TEXT) || (subtitle && count_characters(subtitle) > MAX_ELEMENT_TEXT))
            return refuse(call, "Param elements[][title] must be 1 to 80 characters, subtitle at most 80");
        if (i == 0) {
            (void) json_object_set_new(choices, "header", json_string(title));
            (void) json_object_set_new(choices, "body", json_string(subtitle ? subtitle : ""));
        }
        if (!read_buttons(call, json_object_get(element, "buttons"), title, json_object_get(choices, "options")))
            return false;
    }
    return true;
}

bool meta_read_template(struct graph_call *call, const json_t *payload, json_t *content, const char **ret_text)
{
    const char *type = text_in(payload, "template_type"), *text = text_in(payload, "text");
    const json_t *buttons = json_object_get(payload, "buttons"), *elements = json_object_get(payload, "elements");
    bool is_generic = type && strcmp(type, "generic") == 0;
    json_t *choices = json_pack("{s:s,s:[]}", "shape", is_generic ? "carousel" : "buttons", "options");

    (void) json_object_set_new(content, "choices", choices);
    if (is_generic) {
        *ret_text = text_in(json_array_get(elements, 0), "title");
        return read_elements(call, elements, choices);
    }
    if (!type || strcmp(type, "button") != 0)
        return refuse(call, "Param template_type must be one of {BUTTON, GENERIC}");
    if (!fits(text, MAX_BUTTON_TEXT))
        return refuse(call, "Param attachment[payload][text] must be 1 to 640 characters");
    if (json_array_size(buttons) == 0)
        return refuse(call, "Param buttons must have 1 to 3 elements");
    *ret_text = text;
    (void) json_object_set_new(choices, "body", json_string(text));
    return read_buttons(call, buttons, NULL, json_object_get(choices, "options"));
}
