/* What a person wrote, or a colleague in the phone app: one message, one event.
 * Never guesses at a type it does not know: that is kept whole.
 */
#include "whatsapp_map.h"

#include <string.h>

#include "formats/text.h"

/* The message a decoder below works on. */
struct reading {
    struct whatsapp_change *change;
    struct meta_item item;
    struct event event;
    const char *type;
};

static struct arena *memory(const struct reading *reading)
{
    return reading->change->reading->mem;
}

static void decode_text(struct reading *reading)
{
    struct json_value text = meta_need_object(&reading->item, reading->item.value, "text");

    reading->event.message.kind = TREFOIL_KIND_TEXT;
    reading->event.message.body.text.body = meta_need_text(&reading->item, text, "body");
}

/* A removal has no emoji, or an empty one. */
static void decode_reaction(struct reading *reading)
{
    struct json_value body = meta_need_object(&reading->item, reading->item.value, "reaction");
    struct trefoil_reaction *reaction = &reading->event.message.body.reaction;
    const char *emoji = meta_may_text(&reading->item, body, "emoji");

    reading->event.message.kind = TREFOIL_KIND_REACTION;
    reaction->target = meta_need_id(&reading->item, body, "message_id");
    reaction->emoji = emoji && *emoji ? emoji : NULL;
    reaction->removed = !reaction->emoji;
    meta_relate(&reading->item, &reading->event, reaction->target);
}

static void decode_revoke(struct reading *reading)
{
    struct json_value body = meta_need_object(&reading->item, reading->item.value, "revoke");
    const char *target = meta_need_id(&reading->item, body, "original_message_id");

    reading->event.message.kind = TREFOIL_KIND_RETRACT;
    reading->event.message.body.retract.target = target;
    meta_relate(&reading->item, &reading->event, target);
}

/* A full replacement of the content, which may be of any type. */
static void decode_edit(struct reading *reading)
{
    struct json_value body = meta_need_object(&reading->item, reading->item.value, "edit");
    struct json_value content = meta_need_object(&reading->item, body, "message");
    const char *type = meta_need_text(&reading->item, content, "type");
    struct trefoil_message *message = &reading->event.message;

    message->is_edit = true;
    message->replaces = meta_need_id(&reading->item, body, "original_message_id");
    meta_relate(&reading->item, &reading->event, message->replaces);
    if (type && strcmp(type, "text") == 0) {
        message->kind = TREFOIL_KIND_TEXT;
        message->body.text.body =
            meta_need_text(&reading->item, meta_need_object(&reading->item, content, "text"), "body");
        return;
    }
    reading->item.kind = arena_format(memory(reading), "edit/%s", type ? type : "-");
    meta_make_unsupported(&reading->item, &reading->event,
                          whatsapp_fallback(content, type ? type : "-", memory(reading)));
}

/* Types whose content is an object named like them: the list of those we know, to tell broken from unknown. */
static bool has_object(const char *type)
{
    static const char *const types[] = {
        "image", "video", "audio", "document", "sticker", "location", "interactive", "button", "order", "system",
    };

    for (size_t i = 0; i < ARRAY_SIZE(types); i++)
        if (strcmp(type, types[i]) == 0)
            return true;
    return false;
}

static void decode_other(struct reading *reading)
{
    const char *type = reading->type;

    if (has_object(type))
        (void) meta_need_object(&reading->item, reading->item.value, type);
    if (strcmp(type, "system") == 0)
        reading->event.audience = TREFOIL_AUDIENCE_SERVICES; /* about the person, not said by the person */
    reading->item.kind = type;
    meta_make_unsupported(&reading->item, &reading->event,
                          whatsapp_fallback(reading->item.value, type, memory(reading)));
}

static void decode_content(struct reading *reading)
{
    static const struct {
        const char *type;
        void (*decode)(struct reading *reading);
    } decoders[] = {
        { "text", decode_text },
        { "reaction", decode_reaction },
        { "edit", decode_edit },
        { "revoke", decode_revoke },
    };

    for (size_t i = 0; i < ARRAY_SIZE(decoders); i++)
        if (strcmp(reading->type, decoders[i].type) == 0) {
            decoders[i].decode(reading);
            return;
        }
    decode_other(reading);
}

/* Which message this answers, or that it was passed on. An edit's context is meaningless. */
static void decode_context(struct reading *reading)
{
    struct json_value context = meta_may_object(&reading->item, reading->item.value, "context");
    struct trefoil_message *message = &reading->event.message;

    message->forwarded = json_is_true(json_get(context, "forwarded"));
    message->frequently_forwarded = json_is_true(json_get(context, "frequently_forwarded"));
    if (reading->type && strcmp(reading->type, "edit") == 0)
        return;
    message->in_reply_to = meta_may_id(&reading->item, context, "id");
    meta_relate(&reading->item, &reading->event, message->in_reply_to);
}

/* The ad or post a message came through, or the product it asks about. */
static void decode_referral(struct reading *reading)
{
    struct arena *mem = memory(reading);
    struct json_value referral = meta_may_object(&reading->item, reading->item.value, "referral");
    struct json_value context = json_get(reading->item.value, "context");
    struct json_value product = json_get(context, "referred_product");
    struct trefoil_referral *made;

    if (!json_exists(referral) && !json_exists(product))
        return;
    made = arena_alloc(mem, sizeof *made);
    if (!made)
        return;
    if (json_exists(referral)) {
        made->source = json_text(json_get(referral, "source_type"), mem);
        made->source_id = json_id(json_get(referral, "source_id"), mem);
        made->url = json_text(json_get(referral, "source_url"), mem);
        made->headline = json_text(json_get(referral, "headline"), mem);
        made->body = json_text(json_get(referral, "body"), mem);
        made->click_id = json_text(json_get(referral, "ctwa_clid"), mem);
    } else {
        made->source = "product";
        made->source_id = json_id(json_get(product, "product_retailer_id"), mem);
        made->ref = json_id(json_get(product, "catalog_id"), mem);
    }
    reading->event.message.referral = made;
}

/* What messages of all types have. */
static void decode_envelope(struct reading *reading)
{
    struct meta_item *item = &reading->item;
    struct event *event = &reading->event;
    const char *id = meta_need_id(item, item->value, "id");

    reading->type = meta_need_text(item, item->value, "type");
    event->audience = TREFOIL_AUDIENCE_ROOM;
    event->key =
        arena_format(memory(reading), "%s/%s", reading->change->is_history ? "history" : "message", id ? id : "-");
    event->message.message_id = id;
    event->message.sent_ms = meta_may_seconds(item, item->value, "timestamp");
    event->message.group_id = meta_may_id(item, item->value, "group_id");
    event->message.thread = event->message.group_id;
    decode_context(reading);
    decode_referral(reading);
}

static void finish(struct reading *reading)
{
    if (reading->type && reading->change->is_history) {
        reading->item.kind = arena_format(memory(reading), "history/%s", reading->type);
        meta_make_unsupported(&reading->item, &reading->event,
                              whatsapp_fallback(reading->item.value, reading->type, memory(reading)));
    } else if (reading->type) {
        decode_content(reading);
    }
    /* A group is not the thread of any of its members, and what is long past is no conversation. */
    if (reading->event.message.group_id || reading->change->is_history)
        reading->event.audience = TREFOIL_AUDIENCE_SERVICES;
    meta_item_add(&reading->item, &reading->event);
}

void whatsapp_message(struct whatsapp_change *change, struct json_value value)
{
    struct reading reading = {
        .change = change,
        .item = meta_item_make(change->reading, value, change->account_id, "message"),
    };
    struct meta_item *item = &reading.item;
    struct whatsapp_person person = {
        .wa_id = meta_may_id(item, value, "from"),
        .bsuid = meta_may_id(item, value, "from_user_id"),
        .parent_bsuid = meta_may_id(item, value, "from_parent_user_id"),
    };

    decode_envelope(&reading);
    reading.event.user_id = whatsapp_user_id(&person);
    whatsapp_find_person(change, &person, &reading.event.message.author);
    if (!reading.event.user_id && !item->fault && reading.type && strcmp(reading.type, "system") != 0)
        item->fault = "missing: from";
    finish(&reading);
}

void whatsapp_echo(struct whatsapp_change *change, struct json_value value)
{
    struct reading reading = {
        .change = change,
        .item = meta_item_make(change->reading, value, change->account_id, "message_echo"),
    };
    struct meta_item *item = &reading.item;
    struct whatsapp_person person = {
        .wa_id = meta_may_id(item, value, "to"),
        .bsuid = meta_may_id(item, value, "to_user_id"),
    };

    decode_envelope(&reading);
    reading.event.user_id = whatsapp_user_id(&person);
    reading.event.echo = true;
    reading.event.message.by_business = true;
    reading.event.message.author.network = change->reading->network;
    if (!reading.event.user_id && !item->fault)
        item->fault = "missing: to";
    finish(&reading);
}
