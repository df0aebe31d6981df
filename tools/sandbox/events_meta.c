/* What Messenger's and Instagram's people do, and the echoes of what was sent to them, as elements of messaging[].
 * Never tells one network what only the other has.
 */
#include <stdlib.h>
#include <string.h>

#include "sandbox/assets.h"
#include "sandbox/events.h"
#include "sandbox/webhook_sender.h"

#define THREAD_MEDIA_MS (3650 * DAY_MS) /* media in the thread itself does not expire; its addresses do */
#define STICKER_ID 369239263222822

static bool is_instagram(const struct person *person)
{
    return person->account->network == NETWORK_INSTAGRAM;
}

/* Takes `content`, the member named `kind`. */
static json_t *item_of(const struct person *person, int64_t at_ms, const char *kind, json_t *content)
{
    return json_pack("{s:{s:s},s:{s:s},s:I,s:o}", "sender", "id", person->user_id, "recipient", "id",
                     person->account->id, "timestamp", (json_int_t) at_ms, kind, content);
}

void meta_event(struct person *person, bool is_receipt, const char *kind, json_t *content)
{
    json_t *item = item_of(person, wall_ms(), kind, content);

    webhook_event(person, is_receipt ? LANE_RECEIPTS : LANE_MESSAGES, &item, NULL);
}

/* ---- Messages ---- */

static const char *attachment_type(const struct person *person, enum kind kind)
{
    static const char *const types[N_KINDS] = {
        [KIND_IMAGE] = "image", [KIND_VIDEO] = "video",     [KIND_AUDIO] = "audio",    [KIND_VOICE] = "audio",
        [KIND_FILE] = "file",   [KIND_STICKER] = "sticker", [KIND_ANIMATED] = "image",
    };

    return kind == KIND_STICKER && is_instagram(person) ? "image" : types[kind];
}

static void add_file(struct bubble *bubble, const json_t *item, json_t *list)
{
    struct person *person = bubble->person;
    enum kind kind;
    const struct file *file = file_of_json(person->world, item, &kind);
    struct asset *asset = file ? asset_new(person->account, file, bubble->id, THREAD_MEDIA_MS) : NULL;
    char url[ASSET_URL_SIZE];
    json_t *payload;

    if (!asset)
        return;
    asset_url(asset, url);
    payload = json_pack("{s:s}", "url", url);
    if (kind == KIND_STICKER && !is_instagram(person))
        (void) json_object_set_new(payload, "sticker_id", json_integer(STICKER_ID));
    (void) json_array_append_new(list,
                                 json_pack("{s:s,s:o}", "type", attachment_type(person, kind), "payload", payload));
}

/* NULL: none. */
static json_t *attachments_of(struct bubble *bubble)
{
    const json_t *media = json_object_get(bubble->content, "media"),
                 *place = json_object_get(bubble->content, "location"), *item;
    json_t *list;
    size_t i;

    if (bubble->attachments)
        return json_deep_copy(bubble->attachments);
    if (place)
        return json_pack("[{s:s,s:s,s:{s:{s:O,s:O}}}]", "type", "location", "title", "Pinned Location", "payload",
                         "coordinates", "lat", json_object_get(place, "latitude"), "long",
                         json_object_get(place, "longitude"));
    if (!media)
        return NULL;
    list = json_array();
    json_array_foreach (media, i, item)
        add_file(bubble, item, list);
    return list;
}

static json_t *reply_of(const struct bubble *bubble)
{
    const json_t *story = json_object_get(bubble->content, "story");
    const struct bubble *quoted = bubble->reply_to ? bubble_find(bubble->person->world, bubble->reply_to) : NULL;

    if (bubble->reply_to)
        return json_pack("{s:s,s:b}", "mid", bubble->reply_to, "is_self_reply", quoted && quoted->from == bubble->from);
    if (story && json_object_get(story, "id"))
        return json_pack("{s:{s:O,s:O}}", "story", "url", json_object_get(story, "url"), "id",
                         json_object_get(story, "id"));
    return NULL;
}

/* "" where the attachments are all there is. A shared link stands in the text, too. */
static const char *words_of(const struct bubble *bubble)
{
    const json_t *content = bubble->content, *story = json_object_get(content, "story");
    const char *caption = json_string_value(json_object_get(content, "caption"));
    const char *share = json_string_value(json_object_get(json_object_get(content, "share"), "kind"));
    bool is_mention = story && !json_object_get(story, "id");

    if (caption)
        return caption;
    if (is_mention || (share && strcmp(share, "link") != 0))
        return "";
    return bubble->attachments && bubble->kind != KIND_TEXT ? "" : bubble->text;
}

json_t *meta_message(struct bubble *bubble)
{
    json_t *message = json_pack("{s:s}", "mid", bubble->id), *attachments = attachments_of(bubble),
           *reply = reply_of(bubble);
    const json_t *choice = json_object_get(bubble->content, "choice");
    const char *words = words_of(bubble);

    if (*words)
        (void) json_object_set_new(message, "text", json_string(words));
    if (json_array_size(attachments) > 0)
        (void) json_object_set(message, "attachments", attachments);
    json_decref(attachments);
    if (reply)
        (void) json_object_set_new(message, "reply_to", reply);
    if (choice)
        (void) json_object_set_new(message, "quick_reply",
                                   json_pack("{s:O}", "payload", json_object_get(choice, "id")));
    return message;
}

/* ---- What people do ---- */

static json_t *products(const json_t *items)
{
    json_t *list = json_array();
    const json_t *item;
    size_t i;

    json_array_foreach (items, i, item)
        (void) json_array_append_new(
            list, json_pack("{s:s,s:O?,s:O?,s:O?,s:O?,s:O?}", "id", "7700000000000040", "retailer_id",
                            json_object_get(item, "id"), "name", json_object_get(item, "id"), "unit_price",
                            json_object_get(item, "price"), "currency", json_object_get(item, "currency"), "quantity",
                            json_object_get(item, "quantity")));
    return list;
}

static json_t *said_item(struct bubble *bubble)
{
    const struct person *person = bubble->person;
    const json_t *order = json_object_get(bubble->content, "order"),
                 *choice = json_object_get(bubble->content, "choice");
    const char *shape = json_string_value(json_object_get(choice, "shape"));
    json_t *content;

    if (order) {
        content = json_pack("{s:o,s:s}", "products", products(json_object_get(order, "items")), "note", bubble->text);
        return item_of(person, bubble->at_ms, "order", content);
    }
    if (choice && strcmp(shape, "quick_replies") != 0) {
        content = json_pack("{s:s,s:O,s:O}", "mid", bubble->id, "title", json_object_get(choice, "title"), "payload",
                            json_object_get(choice, "id"));
        return item_of(person, bubble->at_ms, "postback", content);
    }
    return item_of(person, bubble->at_ms, "message", meta_message(bubble));
}

void meta_said(struct bubble *bubble)
{
    json_t *item = said_item(bubble);

    webhook_event(bubble->person, LANE_MESSAGES, &item, bubble);
}
