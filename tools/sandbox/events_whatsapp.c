/* What WhatsApp's people do, as elements of value.messages[]. Never carries a number that the person hides. */
#include <stdio.h>
#include <string.h>

#include "sandbox/assets.h"
#include "sandbox/events.h"
#include "sandbox/webhook_sender.h"

#define TIME_SIZE 24
#define INBOUND_MEDIA_MS (7 * DAY_MS)
#define SHA256_TEXT_SIZE sodium_base64_ENCODED_LEN(crypto_hash_sha256_BYTES, sodium_base64_VARIANT_ORIGINAL)

json_t *whatsapp_value(const struct account *account)
{
    return json_pack("{s:s,s:{s:s,s:s}}", "messaging_product", "whatsapp", "metadata", "display_phone_number",
                     DISPLAY_NUMBER, "phone_number_id", account->id);
}

static bool is_group(const struct person *person)
{
    return strncmp(person->user_id, WA_GROUP_PREFIX, strlen(WA_GROUP_PREFIX)) == 0;
}

/* Who speaks: in a group the first who is none. */
static const struct person *speaker_of(const struct person *person)
{
    if (!is_group(person))
        return person;
    list_for_each (node, &person->world->people) {
        const struct person *other = container_of(node, struct person, link);

        if (other->account == person->account && !is_group(other))
            return other;
    }
    return person;
}

json_t *whatsapp_contacts(const struct person *person_)
{
    const struct person *person = speaker_of(person_);
    json_t *profile = json_pack("{s:s}", "name", person->name), *contact = json_pack("{s:O}", "profile", profile);
    const char *number = person_number(person);

    if (person->username)
        (void) json_object_set_new(profile, "username", json_string(person->username));
    if (number)
        (void) json_object_set_new(contact, "wa_id", json_string(number));
    (void) json_object_set_new(contact, "user_id", json_string(person->bsuid));
    json_decref(profile);
    return json_pack("[o]", contact);
}

static void set_if_missing(json_t *object, const char *member, json_t *value)
{
    if (json_object_get(object, member))
        json_decref(value);
    else
        (void) json_object_set_new(object, member, value);
}

void whatsapp_sign(json_t *message, struct person *person, const char *id, int64_t at_ms)
{
    const struct person *speaker = speaker_of(person);
    const char *number = person_number(speaker);
    char time[TIME_SIZE];

    (void) snprintf(time, sizeof(time), "%lld", (long long) (at_ms / 1000));
    if (number)
        set_if_missing(message, "from", json_string(number));
    set_if_missing(message, "from_user_id", json_string(speaker->bsuid));
    if (speaker != person)
        set_if_missing(message, "group_id", json_string(person->user_id));
    set_if_missing(message, "id", json_string(id));
    set_if_missing(message, "timestamp", json_string(time));
}

/* Takes `content`, the member named `type`. */
static json_t *message_of(struct person *person, const char *id, const char *type, json_t *content)
{
    json_t *message = json_object();

    whatsapp_sign(message, person, id, wall_ms());
    (void) json_object_set_new(message, "type", json_string(type));
    (void) json_object_set_new(message, type, content);
    return message;
}

static void post(struct person *person, json_t *message, struct bubble *bubble)
{
    json_t *value = whatsapp_value(person->account);

    (void) json_object_set_new(value, "contacts", whatsapp_contacts(person));
    (void) json_object_set_new(value, "messages", json_pack("[o]", message));
    webhook_event(person, LANE_MESSAGES, &value, bubble);
}

void whatsapp_new_message(struct person *person, const char *type, json_t *content)
{
    char id[MESSAGE_ID_SIZE];

    whatsapp_message_id(&person->world->dice, person->user_id, true, id);
    post(person, message_of(person, id, type, content), NULL);
}

/* ---- Contents ---- */

static const char *media_type(enum kind kind)
{
    static const char *const types[N_KINDS] = {
        [KIND_IMAGE] = "image",   [KIND_VIDEO] = "video",     [KIND_AUDIO] = "audio",    [KIND_VOICE] = "audio",
        [KIND_FILE] = "document", [KIND_STICKER] = "sticker", [KIND_ANIMATED] = "video",
    };

    return types[kind];
}

static json_t *unsupported(const char *what)
{
    return json_pack("{s:s}", "type", what);
}

static json_t *media_content(struct bubble *bubble, const char **ret_type)
{
    const json_t *item = json_array_get(json_object_get(bubble->content, "media"), 0);
    json_t *caption = json_object_get(bubble->content, "caption"), *media;
    enum kind kind;
    const struct file *file = file_of_json(bubble->person->world, item, &kind);
    struct asset *asset = file ? asset_new(bubble->person->account, file, bubble->id, INBOUND_MEDIA_MS) : NULL;
    char url[ASSET_URL_SIZE], sha256[SHA256_TEXT_SIZE];

    *ret_type = "unsupported";
    if (!asset || (kind == KIND_ANIMATED && strncmp(file->mime, "video/", 6) != 0))
        return unsupported("gif");
    *ret_type = media_type(kind);
    asset_url(asset, url);
    sodium_bin2base64(sha256, sizeof(sha256), file->sha256, sizeof(file->sha256), sodium_base64_VARIANT_ORIGINAL);
    media =
        json_pack("{s:s,s:s,s:s,s:s}", "mime_type", asset_mime(asset), "sha256", sha256, "id", asset->id, "url", url);
    if (json_is_string(caption) && kind != KIND_AUDIO && kind != KIND_VOICE && kind != KIND_STICKER)
        (void) json_object_set(media, "caption", caption);
    if (kind == KIND_FILE)
        (void) json_object_set(media, "filename", file->name);
    if (kind == KIND_AUDIO || kind == KIND_VOICE)
        (void) json_object_set_new(media, "voice", json_boolean(kind == KIND_VOICE));
    if (kind == KIND_STICKER)
        (void) json_object_set_new(media, "animated", json_false());
    return media;
}

static json_t *each_of(const json_t *texts, const char *member, const char *type)
{
    json_t *list = json_array();
    const json_t *text;
    size_t i;

    json_array_foreach (texts, i, text)
        (void) json_array_append_new(list, json_pack("{s:O,s:s}", member, text, "type", type));
    return list;
}

static json_t *cards(const json_t *contacts)
{
    json_t *list = json_array();
    const json_t *contact;
    size_t i;

    json_array_foreach (contacts, i, contact) {
        const json_t *name = json_object_get(contact, "name"), *phones = json_object_get(contact, "phones"),
                     *emails = json_object_get(contact, "emails");
        json_t *card = json_pack("{s:{s:O,s:O}}", "name", "formatted_name", name, "first_name", name);

        if (json_array_size(phones) > 0)
            (void) json_object_set_new(card, "phones", each_of(phones, "phone", "CELL"));
        if (json_array_size(emails) > 0)
            (void) json_object_set_new(card, "emails", each_of(emails, "email", "WORK"));
        (void) json_array_append_new(list, card);
    }
    return list;
}

static json_t *cart(const json_t *order)
{
    json_t *items = json_array(), *json, *text = json_object_get(order, "text");
    const char *catalog = json_string_value(json_object_get(order, "catalog"));
    const json_t *item, *list = json_object_get(order, "items");
    size_t i;

    json_array_foreach (list, i, item)
        (void) json_array_append_new(
            items, json_pack("{s:O?,s:O?,s:O?,s:O?}", "product_retailer_id", json_object_get(item, "id"), "quantity",
                             json_object_get(item, "quantity"), "item_price", json_object_get(item, "price"),
                             "currency", json_object_get(item, "currency")));
    json = json_pack("{s:s,s:o}", "catalog_id", catalog ? catalog : "194800000000020", "product_items", items);
    if (json_is_string(text))
        (void) json_object_set(json, "text", text);
    return json;
}

/* A filled-in form: what was filled in is a text that holds JSON. */
static json_t *form_reply(const json_t *choice)
{
    json_t *data = json_object_get(choice, "data");
    json_t *all = json_pack("{s:O}", "flow_token", json_object_get(choice, "id")), *reply;
    char *text;

    if (data)
        (void) json_object_update(all, data);
    text = json_dumps(all, JSON_COMPACT);
    reply = json_pack("{s:s,s:{s:s,s:s,s:s?}}", "type", "nfm_reply", "nfm_reply", "name", "flow", "body", "Sent",
                      "response_json", text);
    free(text);
    json_decref(all);
    return reply;
}

static json_t *choice_content(const json_t *choice, const char **ret_type)
{
    const char *shape = json_string_value(json_object_get(choice, "shape"));
    json_t *id = json_object_get(choice, "id"), *title = json_object_get(choice, "title"), *reply;
    bool is_list = strcmp(shape, "list") == 0;
    const char *type = is_list ? "list_reply" : "button_reply";

    *ret_type = "interactive";
    if (strcmp(shape, "template") == 0) {
        *ret_type = "button";
        return json_pack("{s:O,s:O}", "payload", id, "text", title);
    }
    if (strcmp(shape, "form") == 0)
        return form_reply(choice);
    reply = json_pack("{s:O,s:O}", "id", id, "title", title);
    if (is_list && json_object_get(choice, "description"))
        (void) json_object_set(reply, "description", json_object_get(choice, "description"));
    return json_pack("{s:s,s:o}", "type", type, type, reply);
}

json_t *whatsapp_content(struct bubble *bubble, const char **ret_type)
{
    switch (bubble->kind) {
    case KIND_IMAGE:
    case KIND_VIDEO:
    case KIND_AUDIO:
    case KIND_VOICE:
    case KIND_FILE:
    case KIND_STICKER:
    case KIND_ANIMATED:
        return media_content(bubble, ret_type);
    case KIND_LOCATION:
        *ret_type = "location";
        return json_deep_copy(json_object_get(bubble->content, "location"));
    case KIND_CONTACTS:
        *ret_type = "contacts";
        return cards(json_object_get(bubble->content, "contacts"));
    case KIND_ORDER:
        *ret_type = "order";
        return cart(json_object_get(bubble->content, "order"));
    case KIND_CHOICE:
        return choice_content(json_object_get(bubble->content, "choice"), ret_type);
    case KIND_TEXT:
    case KIND_CHOICES:
    case KIND_TEMPLATE:
    case KIND_NOTE:
    case N_KINDS:
        break;
    }
    *ret_type = "text";
    return json_pack("{s:s}", "body", bubble->text);
}

/* ---- Saying it ---- */

static json_t *context_of(const struct bubble *bubble)
{
    const struct person *person = bubble->person;
    const struct bubble *quoted = bubble->reply_to ? bubble_find(person->world, bubble->reply_to) : NULL;
    json_t *context = json_object();
    const char *author = quoted && quoted->from == SIDE_PERSON ? person_number(person) : DISPLAY_NUMBER;

    if (bubble->reply_to)
        (void) json_object_set_new(context, "id", json_string(bubble->reply_to));
    if (bubble->reply_to && author)
        (void) json_object_set_new(context, "from", json_string(author));
    if (json_is_true(json_object_get(bubble->content, "forwarded")))
        (void) json_object_set_new(context, "forwarded", json_true());
    return context;
}

void whatsapp_said(struct bubble *bubble)
{
    const char *type;
    json_t *content = whatsapp_content(bubble, &type), *context = context_of(bubble);
    json_t *message = message_of(bubble->person, bubble->id, type, content);

    if (json_object_size(context) > 0)
        (void) json_object_set(message, "context", context);
    if (strcmp(type, "unsupported") == 0)
        (void) json_object_set_new(message, "errors",
                                   json_pack("[{s:i,s:s,s:s,s:{s:s}}]", "code", 131051, "title", "Message type unknown",
                                             "message", "Message type unknown", "error_data", "details",
                                             "Message type is currently not supported."));
    json_decref(context);
    post(bubble->person, message, bubble);
}
