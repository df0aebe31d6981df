/* Files, places, cards, taps and orders: what people send that is more than text.
 * Never fetches anything, never looks at the envelope around it.
 */
#include <string.h>

#include "formats/text.h"
#include "whatsapp_map.h"

enum { CARDS_MAX = 256, ENTRIES_MAX = 64, ITEMS_MAX = 1000, DIGEST_BYTES = 32, BASE64_DIGITS = 43 };

static const struct {
    const char *type;
    enum trefoil_media_kind kind;
} media_types[] = {
    { "image", TREFOIL_MEDIA_IMAGE },   { "video", TREFOIL_MEDIA_VIDEO },     { "audio", TREFOIL_MEDIA_AUDIO },
    { "document", TREFOIL_MEDIA_FILE }, { "sticker", TREFOIL_MEDIA_STICKER },
};

static int base64_digit(char character)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = character ? strchr(digits, character) : NULL;

    return at ? (int) (at - digits) : -1;
}

/* 43 digits hold 258 bits; one "=" follows. */
static bool from_base64(const char *text, uint8_t *ret)
{
    uint32_t bits = 0;
    size_t n_bits = 0, n = 0;

    for (size_t i = 0; i < BASE64_DIGITS; i++) {
        int digit = base64_digit(text[i]);

        if (digit < 0)
            return false;
        bits = (bits << 6 | (uint32_t) digit) & 0xffffff;
        n_bits += 6;
        if (n_bits >= 8 && n < DIGEST_BYTES) {
            n_bits -= 8;
            ret[n++] = (uint8_t) (bits >> n_bits);
        }
    }
    return n == DIGEST_BYTES;
}

/* The documents show it in both writings. Another one is no digest, and no reason to lose the file. */
static struct trefoil_bytes digest_of(struct json_value value, struct arena *mem)
{
    const char *text = json_text(value, mem);
    struct bytes bytes = bytes_of_text(text);
    uint8_t *digest = text ? arena_alloc(mem, DIGEST_BYTES) : NULL;
    bool is_known = false;

    if (digest && bytes.size == 2 * (size_t) DIGEST_BYTES)
        is_known = bytes_from_hex(bytes, digest, DIGEST_BYTES) == 0;
    else if (digest && (bytes.size == BASE64_DIGITS || (bytes.size == BASE64_DIGITS + 1 && text[BASE64_DIGITS] == '=')))
        is_known = from_base64(text, digest);
    return is_known ? (struct trefoil_bytes){ digest, DIGEST_BYTES } : (struct trefoil_bytes){ 0 };
}

static void read_media(struct whatsapp_reading *reading, struct json_value body, enum trefoil_media_kind kind)
{
    struct meta_item *item = &reading->item;
    struct arena *mem = whatsapp_memory(reading);
    struct trefoil_media *media = arena_alloc(mem, sizeof *media);

    if (!media)
        return;
    media->kind = kind == TREFOIL_MEDIA_AUDIO && json_is_true(json_get(body, "voice")) ? TREFOIL_MEDIA_VOICE : kind;
    media->mime = meta_may_text(item, body, "mime_type");
    media->name = meta_may_text(item, body, "filename");
    media->network_id = meta_may_id(item, body, "id");
    media->network_url = meta_may_text(item, body, "url");
    media->size_bytes = meta_may_number(item, body, "file_size", INT64_MAX);
    media->sha256 = digest_of(json_get(body, "sha256"), mem);
    if (!media->network_id && !media->network_url && !item->fault)
        item->fault = "missing: id";
    if (json_is_true(json_get(body, "animated")))
        extras_put(&reading->extras, "sticker.animated", "true");
    reading->event.message.kind = TREFOIL_KIND_MEDIA;
    reading->event.message.body.media = (struct trefoil_media_list){
        .caption = meta_may_text(item, body, "caption"),
        .media = media,
        .n_media = 1,
    };
}

static double degrees(struct meta_item *item, struct json_value body, const char *key, double max)
{
    double value = 0;

    if (json_double(json_get(body, key), &value) < 0 || !(value >= -max && value <= max)) {
        if (!item->fault)
            item->fault = "not on earth";
        return 0;
    }
    return value;
}

static void read_location(struct whatsapp_reading *reading, struct json_value body)
{
    struct meta_item *item = &reading->item;

    reading->event.message.kind = TREFOIL_KIND_LOCATION;
    reading->event.message.body.location = (struct trefoil_location){
        .latitude = degrees(item, body, "latitude", 90),
        .longitude = degrees(item, body, "longitude", 180),
        .name = meta_may_text(item, body, "name"),
        .address = meta_may_text(item, body, "address"),
        .url = meta_may_text(item, body, "url"),
    };
}

static size_t count(struct json_value list, size_t max)
{
    size_t n = 0;

    json_for_each (entry, list)
        n++;
    return n < max ? n : max;
}

/* The member `key` of every entry, or `other` where it is missing. */
static const char *const *texts_of(struct json_value list, const char *key, const char *other, struct arena *mem,
                                   size_t *ret_n)
{
    size_t max = count(list, ENTRIES_MAX), n = 0;
    const char **texts = max > 0 ? arena_array(mem, max, sizeof *texts) : NULL;

    if (texts)
        json_for_each (entry, list) {
            const char *text =
                text_first_of(json_text(json_get(entry, key), mem), json_id(json_get(entry, other), mem));

            if (text && n < max)
                texts[n++] = text;
        }
    *ret_n = n;
    return n > 0 ? texts : NULL;
}

static void read_card(struct json_value card, struct arena *mem, struct trefoil_contact *ret)
{
    ret->name = json_text(json_get(json_get(card, "name"), "formatted_name"), mem);
    ret->organization = json_text(json_get(json_get(card, "org"), "company"), mem);
    ret->vcard = json_text(json_get(card, "vcard"), mem);
    ret->phones = texts_of(json_get(card, "phones"), "phone", "wa_id", mem, &ret->n_phones);
    ret->emails = texts_of(json_get(card, "emails"), "email", "email", mem, &ret->n_emails);
}

/* The documents place `origin` on the message, wires were seen with it in the card. */
static void read_contacts(struct whatsapp_reading *reading, struct json_value content)
{
    struct arena *mem = whatsapp_memory(reading);
    struct json_value list = meta_may_array(&reading->item, content, "contacts");
    struct json_value origin = json_get(content, "origin");
    size_t max = count(list, CARDS_MAX), n = 0;
    struct trefoil_contact *cards = max > 0 ? arena_array(mem, max, sizeof *cards) : NULL;

    if (max == 0 && !reading->item.fault)
        reading->item.fault = "missing: contacts";
    json_for_each (card, list) {
        if (!cards || n == max)
            break;
        if (!json_exists(origin))
            origin = json_get(card, "origin");
        read_card(card, mem, &cards[n++]);
    }
    extras_put_json(&reading->extras, "contacts.origin", origin);
    reading->event.message.kind = TREFOIL_KIND_CONTACTS;
    reading->event.message.body.contacts = (struct trefoil_contacts){ cards, n };
}

/* What was tapped, filled in or allowed, by the member that says so. */
static const struct tap {
    const char *type;
    enum trefoil_choice_shape shape;
    const char *id, *title, *data; /* their names; NULL: it has none */
} taps[] = {
    { "button_reply", TREFOIL_CHOICE_BUTTONS, "id", "title", NULL },
    { "list_reply", TREFOIL_CHOICE_LIST, "id", "title", NULL },
    { "nfm_reply", TREFOIL_CHOICE_FORM, "name", "body", "response_json" },
    { "call_permission_reply", TREFOIL_CHOICE_BUTTONS, NULL, "response", NULL },
};

static const char *may_text_named(struct meta_item *item, struct json_value body, const char *key)
{
    return key ? meta_may_text(item, body, key) : NULL;
}

static void read_tap(struct whatsapp_reading *reading, struct json_value body, const struct tap *tap)
{
    struct meta_item *item = &reading->item;

    reading->event.message.kind = TREFOIL_KIND_CHOICE;
    reading->event.message.body.choice = (struct trefoil_choice){
        .shape = tap->shape,
        .id = tap->id ? meta_may_text(item, body, tap->id) : "call_permission",
        .title = may_text_named(item, body, tap->title),
        .description = meta_may_text(item, body, "description"),
        .data = may_text_named(item, body, tap->data),
    };
    extras_put_json(&reading->extras, "call_permission.is_permanent", json_get(body, "is_permanent"));
    extras_put_json(&reading->extras, "call_permission.expires", json_get(body, "expiration_timestamp"));
    extras_put_json(&reading->extras, "call_permission.source", json_get(body, "response_source"));
}

static bool read_interactive(struct whatsapp_reading *reading, struct json_value body)
{
    const char *type = meta_need_text(&reading->item, body, "type");

    for (size_t i = 0; type && i < ARRAY_SIZE(taps); i++)
        if (strcmp(type, taps[i].type) == 0) {
            read_tap(reading, meta_need_object(&reading->item, body, type), &taps[i]);
            return true;
        }
    return false;
}

/* A template's button says its payload, not an id: it is what the template was sent with. */
static void read_button(struct whatsapp_reading *reading, struct json_value body)
{
    reading->event.message.kind = TREFOIL_KIND_CHOICE;
    reading->event.message.body.choice = (struct trefoil_choice){
        .shape = TREFOIL_CHOICE_BUTTONS,
        .id = meta_may_text(&reading->item, body, "payload"),
        .title = meta_may_text(&reading->item, body, "text"),
    };
    extras_put(&reading->extras, "choice.of", "template");
}

/* As it was written: money is no binary fraction. */
static const char *price_of(struct json_value value, struct arena *mem)
{
    if (json_type(value) == JSON_NUMBER && !json_fault(value))
        return arena_text(mem, json_raw(value));
    return json_text(value, mem);
}

static void read_order(struct whatsapp_reading *reading, struct json_value body)
{
    struct meta_item *item = &reading->item;
    struct arena *mem = whatsapp_memory(reading);
    struct json_value list = meta_may_array(item, body, "product_items");
    size_t max = count(list, ITEMS_MAX), n = 0;
    struct trefoil_order_item *items = max > 0 ? arena_array(mem, max, sizeof *items) : NULL;

    json_for_each (product, list) {
        if (!items || n == max)
            break;
        items[n++] = (struct trefoil_order_item){
            .id = meta_may_id(item, product, "product_retailer_id"),
            .price = price_of(json_get(product, "item_price"), mem),
            .currency = meta_may_text(item, product, "currency"),
            .quantity = (uint32_t) meta_may_number(item, product, "quantity", UINT32_MAX),
        };
    }
    reading->event.message.kind = TREFOIL_KIND_ORDER;
    reading->event.message.body.order = (struct trefoil_order){
        .catalog = meta_may_id(item, body, "catalog_id"),
        .note = meta_may_text(item, body, "text"),
        .items = items,
        .n_items = n,
    };
}

static bool read_body(struct whatsapp_reading *reading, struct json_value content, const char *type)
{
    static const struct {
        const char *type;
        void (*read)(struct whatsapp_reading *reading, struct json_value body);
    } readers[] = { { "location", read_location }, { "button", read_button }, { "order", read_order } };

    for (size_t i = 0; i < ARRAY_SIZE(media_types); i++)
        if (strcmp(type, media_types[i].type) == 0) {
            read_media(reading, meta_need_object(&reading->item, content, type), media_types[i].kind);
            return true;
        }
    for (size_t i = 0; i < ARRAY_SIZE(readers); i++)
        if (strcmp(type, readers[i].type) == 0) {
            readers[i].read(reading, meta_need_object(&reading->item, content, type));
            return true;
        }
    return false;
}

/* Old media come later by themselves; this only says that there was a file. */
static void read_placeholder(struct whatsapp_reading *reading)
{
    static const struct trefoil_media unknown = { .kind = TREFOIL_MEDIA_NONE };

    reading->event.message.kind = TREFOIL_KIND_MEDIA;
    reading->event.message.body.media = (struct trefoil_media_list){ .media = &unknown, .n_media = 1 };
}

bool whatsapp_content(struct whatsapp_reading *reading, struct json_value content, const char *type)
{
    bool is_known = true;

    if (strcmp(type, "contacts") == 0)
        read_contacts(reading, content);
    else if (strcmp(type, "media_placeholder") == 0)
        read_placeholder(reading);
    else if (strcmp(type, "interactive") == 0)
        is_known = read_interactive(reading, meta_need_object(&reading->item, content, type));
    else
        is_known = read_body(reading, content, type);
    if (is_known)
        reading->event.message.fallback = whatsapp_fallback(content, type, whatsapp_memory(reading));
    return is_known;
}
