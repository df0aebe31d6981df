/* WhatsApp's interactive messages and their limits: buttons, lists, links, requests, forms, products, carousels.
 * Never answers for people: pressing is theirs.
 */
#include <string.h>

#include "sandbox/assets.h"
#include "sandbox/sending.h"

#define MAX_BODY 1024
#define MAX_LIST_BODY 4096
#define MAX_HEADER 60
#define MAX_FOOTER 60
#define MAX_BUTTONS 3
#define MAX_TITLE 20
#define MAX_BUTTON_ID 256
#define MAX_SECTIONS 10
#define MAX_ROWS 10
#define MAX_ROW_ID 200
#define MAX_ROW_TITLE 24
#define MAX_ROW_DESCRIPTION 72
#define MIN_CARDS 2
#define MAX_CARDS 10
#define MAX_URL 2000

/* One interactive type. */
struct sort {
    const char *type, *shape;
    bool (*read)(struct sending *sending, const json_t *action, json_t *choices);
    size_t max_body; /* 0: a body may be left out */
    bool takes_media_header, takes_header;
};

static json_t *options_of(json_t *choices)
{
    return json_object_get(choices, "options");
}

/* True when another one has this member's text already. */
static bool is_taken(const json_t *options, const char *member, const char *text)
{
    const json_t *option;
    size_t i;

    json_array_foreach (options, i, option) {
        const char *other = text_in(option, member);

        if (other && text && strcmp(other, text) == 0)
            return true;
    }
    return false;
}

static bool read_buttons(struct sending *sending, const json_t *action, json_t *choices)
{
    const json_t *buttons = json_object_get(action, "buttons"), *button;
    size_t i;

    if (json_array_size(buttons) == 0)
        return refuse_missing(sending, "interactive['action']['buttons']");
    if (json_array_size(buttons) > MAX_BUTTONS)
        return refuse_value(sending, "Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: 3");
    json_array_foreach (buttons, i, button) {
        const json_t *reply = json_object_get(button, "reply");

        if (!check_text(sending, reply, "id", "button id", MAX_BUTTON_ID) ||
            !check_text(sending, reply, "title", "button title", MAX_TITLE))
            return false;
        if (is_taken(options_of(choices), "id", text_in(reply, "id")) ||
            is_taken(options_of(choices), "title", text_in(reply, "title")))
            return refuse_value(sending, "Duplicated id or title of a button");
        (void) json_array_append_new(options_of(choices), json_pack("{s:O,s:O}", "id", json_object_get(reply, "id"),
                                                                    "title", json_object_get(reply, "title")));
    }
    return true;
}

static bool read_row(struct sending *sending, const json_t *section, const json_t *row, json_t *options)
{
    json_t *option, *description = json_object_get(row, "description"), *title = json_object_get(section, "title");

    if (!check_text(sending, row, "id", "row id", MAX_ROW_ID) ||
        !check_text(sending, row, "title", "row title", MAX_ROW_TITLE) ||
        !check_optional(sending, row, "description", "row description", MAX_ROW_DESCRIPTION))
        return false;
    if (is_taken(options, "id", text_in(row, "id")))
        return refuse_value(sending, "Duplicated id of a row");
    option = json_pack("{s:O,s:O}", "id", json_object_get(row, "id"), "title", json_object_get(row, "title"));
    if (description)
        (void) json_object_set(option, "description", description);
    if (title)
        (void) json_object_set(option, "section", title);
    (void) json_array_append_new(options, option);
    return true;
}

static bool read_list(struct sending *sending, const json_t *action, json_t *choices)
{
    const json_t *sections = json_object_get(action, "sections"), *section;
    size_t i;

    if (!check_text(sending, action, "button", "interactive['action']['button']", MAX_TITLE))
        return false;
    (void) json_object_set(choices, "label", json_object_get(action, "button"));
    if (json_array_size(sections) == 0)
        return refuse_missing(sending, "interactive['action']['sections']");
    if (json_array_size(sections) > MAX_SECTIONS)
        return refuse_value(sending, "at most 10 sections");
    json_array_foreach (sections, i, section) {
        const json_t *rows = json_object_get(section, "rows"), *row;
        size_t r;

        if (json_array_size(sections) > 1 && !text_in(section, "title"))
            return refuse_missing(sending, "section title, when there is more than one section,");
        if (!check_optional(sending, section, "title", "section title", MAX_ROW_TITLE))
            return false;
        if (json_array_size(rows) == 0)
            return refuse_missing(sending, "section rows");
        json_array_foreach (rows, r, row) {
            if (!read_row(sending, section, row, options_of(choices)))
                return false;
        }
    }
    return json_array_size(options_of(choices)) <= MAX_ROWS ||
           refuse_value(sending, "Total row count exceed max allowed count: 10");
}

static bool read_link(struct sending *sending, const json_t *action, json_t *choices)
{
    const json_t *parameters = json_object_get(action, "parameters");

    if (!check_text(sending, parameters, "display_text", "display_text", MAX_TITLE) ||
        !check_text(sending, parameters, "url", "url", MAX_URL))
        return false;
    (void) json_array_append_new(options_of(choices),
                                 json_pack("{s:O,s:O,s:O}", "id", json_object_get(parameters, "url"), "title",
                                           json_object_get(parameters, "display_text"), "url",
                                           json_object_get(parameters, "url")));
    return true;
}

static bool read_request(struct sending *sending, const json_t *action, json_t *choices unused_)
{
    return check_text(sending, action, "name", "interactive['action']['name']", MAX_TITLE);
}

static bool read_flow(struct sending *sending, const json_t *action, json_t *choices)
{
    const json_t *parameters = json_object_get(action, "parameters");
    const char *token = text_in(parameters, "flow_token");

    if (!check_text(sending, parameters, "flow_message_version", "flow_message_version", MAX_TITLE) ||
        !check_text(sending, parameters, "flow_cta", "flow_cta", MAX_TITLE + 10))
        return false;
    if (!text_in(parameters, "flow_id") && !text_in(parameters, "flow_name"))
        return refuse_missing(sending, "flow_id or flow_name");
    (void) json_array_append_new(options_of(choices), json_pack("{s:s,s:O}", "id", token ? token : "unused", "title",
                                                                json_object_get(parameters, "flow_cta")));
    return true;
}

static bool read_product(struct sending *sending, const json_t *action, json_t *choices)
{
    if (!check_text(sending, action, "catalog_id", "catalog_id", MAX_URL) ||
        !check_text(sending, action, "product_retailer_id", "product_retailer_id", MAX_URL))
        return false;
    (void) json_array_append_new(options_of(choices),
                                 json_pack("{s:O,s:O}", "id", json_object_get(action, "product_retailer_id"), "title",
                                           json_object_get(action, "product_retailer_id")));
    return true;
}

static bool read_products(struct sending *sending, const json_t *action, json_t *choices unused_)
{
    return check_text(sending, action, "catalog_id", "catalog_id", MAX_URL) &&
           (json_array_size(json_object_get(action, "sections")) > 0 ||
            refuse_missing(sending, "interactive['action']['sections']"));
}

static bool read_card(struct sending *sending, const json_t *card, json_t *choices)
{
    const json_t *action = json_object_get(card, "action");
    const char *name = text_in(action, "name");

    if (!json_object_get(card, "header"))
        return refuse_missing(sending, "card header");
    return name && strcmp(name, "cta_url") == 0
               ? read_link(sending, action, choices)
               : json_array_size(json_object_get(action, "buttons")) > 0 || refuse_missing(sending, "card action");
}

static bool read_carousel(struct sending *sending, const json_t *action, json_t *choices)
{
    const json_t *cards = json_object_get(action, "cards"), *card;
    size_t i;

    if (json_array_size(cards) < MIN_CARDS || json_array_size(cards) > MAX_CARDS)
        return refuse_value(sending, "carousel: 2 to 10 cards");
    json_array_foreach (cards, i, card) {
        if (!read_card(sending, card, choices))
            return false;
    }
    return true;
}

static const struct sort sorts[] = {
    { "button", "buttons", read_buttons, MAX_BODY, true, true },
    { "list", "list", read_list, MAX_LIST_BODY, false, true },
    { "cta_url", "link", read_link, MAX_BODY, true, true },
    { "location_request_message", "ask_location", read_request, MAX_BODY, false, false },
    { "request_contact_info", "ask_contact", read_request, MAX_BODY, false, false },
    { "flow", "form", read_flow, MAX_BODY, true, true },
    { "product", "product", read_product, 0, false, false },
    { "product_list", "products", read_products, MAX_BODY, false, true },
    { "catalog_message", "catalog", read_request, MAX_BODY, false, false },
    { "carousel", "carousel", read_carousel, MAX_BODY, false, false },
};

/* ---- What is around ---- */

static bool read_media_header(struct sending *sending, const json_t *header, const char *type)
{
    const struct medium *medium = find_medium(type);
    const json_t *media = json_object_get(header, type);
    const char *id = text_in(media, "id");
    const struct asset *asset = id ? asset_find(sending->call->world, sending->call->account, id) : NULL;

    if (!medium || medium->kind == KIND_AUDIO || medium->kind == KIND_STICKER)
        return refuse_value(sending, "header: one of text, image, video, document");
    if (!id && !text_in(media, "link"))
        return refuse_missing(sending, "header media id or link");
    if (id && !asset)
        return refuse_value(sending, "Media ID does not exist, has expired, or belongs to another number.");
    if (asset)
        (void) json_object_set_new(sending->content, "media", json_pack("[o]", file_json(asset->file, medium->kind)));
    return true;
}

static bool read_header(struct sending *sending, const json_t *header, const struct sort *sort, json_t *choices)
{
    const char *type = text_in(header, "type");

    if (!header)
        return true;
    if (!sort->takes_header)
        return refuse_value(sending, "header: not with this interactive type");
    if (!type)
        return refuse_missing(sending, "header type");
    if (strcmp(type, "text") != 0)
        return sort->takes_media_header ? read_media_header(sending, header, type)
                                        : refuse_value(sending, "header: only text with this interactive type");
    if (!check_text(sending, header, "text", "header text", MAX_HEADER))
        return false;
    (void) json_object_set(choices, "header", json_object_get(header, "text"));
    return true;
}

static bool read_words(struct sending *sending, const json_t *interactive, const struct sort *sort, json_t *choices)
{
    const json_t *body = json_object_get(interactive, "body"), *footer = json_object_get(interactive, "footer");

    if (sort->max_body > 0 && !check_text(sending, body, "text", "interactive['body']['text']", sort->max_body))
        return false;
    if (!check_optional(sending, body, "text", "interactive['body']['text']", MAX_LIST_BODY) ||
        !check_optional(sending, footer, "text", "interactive['footer']['text']", MAX_FOOTER))
        return false;
    sending->order.text = text_in(body, "text");
    if (body)
        (void) json_object_set(choices, "body", json_object_get(body, "text"));
    if (footer)
        (void) json_object_set(choices, "footer", json_object_get(footer, "text"));
    return read_header(sending, json_object_get(interactive, "header"), sort, choices);
}

bool read_interactive(struct sending *sending, const json_t *interactive)
{
    const char *type = text_in(interactive, "type");
    const json_t *action = json_object_get(interactive, "action");
    json_t *choices;

    if (!type)
        return refuse_missing(sending, "interactive['type']");
    for (size_t i = 0; i < ARRAY_SIZE(sorts); i++) {
        if (strcmp(sorts[i].type, type) != 0)
            continue;
        choices = json_pack("{s:s,s:[]}", "shape", sorts[i].shape, "options");
        sending->order.kind = KIND_CHOICES;
        sending->content = json_pack("{s:o}", "choices", choices);
        if (!action)
            return refuse_missing(sending, "interactive['action']");
        return read_words(sending, interactive, &sorts[i], choices) && sorts[i].read(sending, action, choices);
    }
    return refuse_value(sending,
                        "interactive['type'] must be one of {BUTTON, CAROUSEL, CATALOG_MESSAGE, CTA_URL, FLOW, "
                        "LIST, LOCATION_REQUEST_MESSAGE, PRODUCT, PRODUCT_LIST, REQUEST_CONTACT_INFO}");
}
