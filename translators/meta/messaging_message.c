/* The "message" member: what a person, or the business, wrote.
 * Never downloads an attachment; its bytes stay where the network keeps them.
 */
#include <string.h>

#include "attachments.h"
#include "formats/text.h"
#include "messaging_item.h"

/* The string we gave a send comes back only if this echo is of our own application's making. */
static const char *mark_of(struct messaging_item *element, struct json_value message)
{
    const char *ours = element->item.reading->context->app_id;
    const char *app = meta_may_id(&element->item, message, "app_id");

    if (!element->is_echo || !element->dialect->returns_marks || (ours && app && strcmp(ours, app) != 0))
        return NULL;
    return meta_may_text(&element->item, message, "metadata");
}

/* The ad, link, product or story a message came through. */
static const struct trefoil_referral *referral_of(struct messaging_item *element, struct json_value message)
{
    struct arena *mem = element->item.reading->mem;
    struct json_value referral = meta_may_object(&element->item, message, "referral");
    struct json_value product = json_get(referral, "product"), ad = json_get(referral, "ads_context_data");
    struct json_value story = json_get(json_get(message, "reply_to"), "story");
    struct trefoil_referral made = { 0 };

    if (json_exists(story)) {
        made.source = "story";
        made.source_id = json_id(json_get(story, "id"), mem);
        made.url = json_text(json_get(story, "url"), mem);
    } else if (json_exists(product)) {
        made.source = "product";
        made.source_id = json_id(json_get(product, "id"), mem);
    } else if (json_exists(referral)) {
        made.source = json_text(json_get(referral, "source"), mem);
        made.source_id = json_id(json_get(referral, "ad_id"), mem);
        made.url = json_text(json_get(referral, "referer_uri"), mem);
        made.headline = json_text(json_get(ad, "ad_title"), mem);
        made.ref = json_text(json_get(referral, "ref"), mem);
    } else {
        return NULL;
    }
    struct trefoil_referral *kept = arena_alloc(mem, sizeof *kept);
    if (kept)
        *kept = made;
    return kept;
}

/* The message with this id is to be forgotten. */
static void add_retract(struct messaging_item *element, const char *mid)
{
    struct event event = messaging_event(element, TREFOIL_AUDIENCE_ROOM);

    event.key = arena_format(element->item.reading->mem, "deleted/%s", mid ? mid : "-");
    meta_relate(&element->item, &event, mid);
    event.message.kind = TREFOIL_KIND_RETRACT;
    event.message.body.retract.target = mid;
    meta_item_add(&element->item, &event);
}

/* Text, or the line that stands for what is not text. */
static void fill_body(struct messaging_item *element, struct json_value message, struct event *event)
{
    struct arena *mem = element->item.reading->mem;
    struct json_value attachments = meta_may_array(&element->item, message, "attachments");
    struct json_value tapped = meta_may_object(&element->item, message, "quick_reply");
    const char *text = meta_may_text(&element->item, message, "text");

    if (json_is_true(json_get(message, "is_unsupported"))) {
        element->item.kind = "unsupported";
        meta_make_unsupported(&element->item, event, "[unsupported message]");
    } else if (json_exists(tapped)) {
        element->item.kind = "quick_reply";
        meta_make_unsupported(&element->item, event, text_fallback(mem, "choice", text));
    } else if (text && attachments_are_links(attachments)) {
        event->message.kind = TREFOIL_KIND_TEXT;
        event->message.body.text.body = text;
    } else {
        element->item.kind = attachments_kind(attachments, mem);
        meta_make_unsupported(&element->item, event, attachments_fallback(attachments, text, mem));
    }
}

void messaging_message(struct messaging_item *element, struct json_value message)
{
    const char *mid = meta_need_id(&element->item, message, "mid");
    struct json_value reply_to = meta_may_object(&element->item, message, "reply_to");
    struct event event;

    if (json_is_true(json_get(message, "is_deleted"))) {
        add_retract(element, mid);
        return;
    }
    event = messaging_event(element, TREFOIL_AUDIENCE_ROOM);
    event.key = arena_format(element->item.reading->mem, "message/%s", mid ? mid : "-");
    event.mark = mark_of(element, message);
    event.message.message_id = mid;
    event.message.in_reply_to = meta_may_id(&element->item, reply_to, "mid");
    event.message.referral = referral_of(element, message);
    meta_relate(&element->item, &event, event.message.in_reply_to);
    fill_body(element, message, &event);
    meta_item_add(&element->item, &event);
}
