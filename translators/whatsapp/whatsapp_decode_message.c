/* What a person wrote, or a colleague in the phone app: one message, one event.
 * Never guesses at a type it does not know: that is kept whole.
 */
#include <string.h>

#include "formats/text.h"
#include "whatsapp_map.h"

static bool is_type(const struct whatsapp_reading *reading, const char *type)
{
    return reading->type && strcmp(reading->type, type) == 0;
}

static void decode_text(struct whatsapp_reading *reading)
{
    struct json_value text = meta_need_object(&reading->item, reading->item.value, "text");

    reading->event.message.kind = TREFOIL_KIND_TEXT;
    reading->event.message.body.text.body = meta_need_text(&reading->item, text, "body");
}

/* A removal has no emoji, or an empty one. */
static void decode_reaction(struct whatsapp_reading *reading)
{
    struct json_value body = meta_need_object(&reading->item, reading->item.value, "reaction");
    struct trefoil_reaction *reaction = &reading->event.message.body.reaction;
    const char *emoji = meta_may_text(&reading->item, body, "emoji");

    reading->event.message.kind = TREFOIL_KIND_REACTION;
    reaction->target = meta_need_id(&reading->item, body, "message_id");
    reaction->emoji = emoji && *emoji ? emoji : NULL;
    reaction->removed = !reaction->emoji;
    reading->event.message.fallback =
        reaction->removed ? "[reaction removed]" : text_fallback(whatsapp_memory(reading), "reaction", emoji);
    meta_relate(&reading->item, &reading->event, reaction->target);
}

static void decode_revoke(struct whatsapp_reading *reading)
{
    struct json_value body = meta_need_object(&reading->item, reading->item.value, "revoke");
    const char *target = meta_need_id(&reading->item, body, "original_message_id");

    reading->event.message.kind = TREFOIL_KIND_RETRACT;
    reading->event.message.body.retract.target = target;
    reading->event.message.fallback = "[message unsent]";
    meta_relate(&reading->item, &reading->event, target);
}

/* The type is not one we know; `content` is where its words may be. */
static void keep_unknown(struct whatsapp_reading *reading, struct json_value content, const char *type,
                         const char *kind)
{
    struct arena *mem = whatsapp_memory(reading);
    const char *inner = json_text(json_get(json_get(content, type), "type"), mem);

    reading->item.kind = inner ? arena_format(mem, "%s/%s", kind, inner) : kind;
    meta_make_unsupported(&reading->item, &reading->event, whatsapp_fallback(content, type, mem));
}

/* A full replacement of the content, which may be of any type. */
static void decode_edit(struct whatsapp_reading *reading)
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
    } else if (type && !whatsapp_content(reading, content, type)) {
        keep_unknown(reading, content, type, arena_format(whatsapp_memory(reading), "edit/%s", type));
    }
}

/* The network's own word that it will not show us this. */
static void decode_unsupported(struct whatsapp_reading *reading)
{
    struct meta_item *item = &reading->item;
    struct arena *mem = whatsapp_memory(reading);
    struct json_value error = json_first(meta_may_array(item, item->value, "errors"));
    const char *what = json_text(json_get(json_get(item->value, "unsupported"), "type"), mem);
    const char *title = json_text(json_get(error, "title"), mem);

    item->kind = what ? arena_format(mem, "unsupported/%s", what) : "unsupported";
    meta_make_unsupported(item, &reading->event,
                          what ? whatsapp_fallback(item->value, "unsupported", mem)
                               : text_fallback(mem, "unsupported", title));
    reading->event.message.body.unsupported.reason = text_first_of(title, "not supported by the network");
    extras_put_json(&reading->extras, "error.code", json_get(error, "code"));
    extras_put_json(&reading->extras, "error.details", json_get(json_get(error, "error_data"), "details"));
}

/* A file that could not be taken over comes as its error, without itself. */
static bool is_only_error(const struct whatsapp_reading *reading)
{
    struct json_value value = reading->item.value;

    return json_exists(json_first(json_get(value, "errors"))) && !json_exists(json_get(value, reading->type));
}

static void decode_content(struct whatsapp_reading *reading)
{
    static const struct {
        const char *type;
        void (*decode)(struct whatsapp_reading *reading);
    } decoders[] = {
        { "text", decode_text },     { "reaction", decode_reaction },       { "edit", decode_edit },
        { "revoke", decode_revoke }, { "unsupported", decode_unsupported }, { "unknown", decode_unsupported },
    };
    const char *type = reading->type;

    if (is_only_error(reading)) {
        decode_unsupported(reading);
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(decoders); i++)
        if (strcmp(type, decoders[i].type) == 0) {
            decoders[i].decode(reading);
            return;
        }
    if (!whatsapp_content(reading, reading->item.value, type))
        keep_unknown(reading, reading->item.value, type, type);
}

/* Which message this answers, or that it was passed on. An edit's context is meaningless. */
static void decode_context(struct whatsapp_reading *reading)
{
    struct json_value context = meta_may_object(&reading->item, reading->item.value, "context");
    struct trefoil_message *message = &reading->event.message;

    message->forwarded = json_is_true(json_get(context, "forwarded"));
    message->frequently_forwarded = json_is_true(json_get(context, "frequently_forwarded"));
    if (is_type(reading, "edit"))
        return;
    message->in_reply_to = meta_may_id(&reading->item, context, "id");
    meta_relate(&reading->item, &reading->event, message->in_reply_to);
}

static void read_ad(struct whatsapp_reading *reading, struct json_value referral, struct trefoil_referral *ret)
{
    struct arena *mem = whatsapp_memory(reading);

    ret->source = json_text(json_get(referral, "source_type"), mem);
    ret->source_id = json_id(json_get(referral, "source_id"), mem);
    ret->url = json_text(json_get(referral, "source_url"), mem);
    ret->headline = json_text(json_get(referral, "headline"), mem);
    ret->body = json_text(json_get(referral, "body"), mem);
    ret->click_id = json_text(json_get(referral, "ctwa_clid"), mem);
    extras_put_json(&reading->extras, "ad.media_type", json_get(referral, "media_type"));
    extras_put_json(&reading->extras, "ad.image_url", json_get(referral, "image_url"));
    extras_put_json(&reading->extras, "ad.video_url", json_get(referral, "video_url"));
    extras_put_json(&reading->extras, "ad.thumbnail_url", json_get(referral, "thumbnail_url"));
    extras_put_json(&reading->extras, "ad.welcome", json_get(json_get(referral, "welcome_message"), "text"));
}

/* The ad or post a message came through, or the product it asks about. */
static void decode_referral(struct whatsapp_reading *reading)
{
    struct arena *mem = whatsapp_memory(reading);
    struct json_value referral = meta_may_object(&reading->item, reading->item.value, "referral");
    struct json_value product = json_get(json_get(reading->item.value, "context"), "referred_product");
    struct trefoil_referral *made;

    if (!json_exists(referral) && !json_exists(product))
        return;
    made = arena_alloc(mem, sizeof *made);
    if (!made)
        return;
    if (json_exists(referral)) {
        read_ad(reading, referral, made);
    } else {
        made->source = "product";
        made->source_id = json_id(json_get(product, "product_retailer_id"), mem);
        made->ref = json_id(json_get(product, "catalog_id"), mem);
    }
    reading->event.message.referral = made;
}

/* A placeholder's file comes later under the same id. */
static const char *key_of(const struct whatsapp_reading *reading, const char *id)
{
    bool is_history = reading->change->is_history;

    return arena_format(whatsapp_memory(reading), "%s/%s%s", is_history ? "history" : "message", id ? id : "-",
                        is_history && is_type(reading, "media_placeholder") ? "/placeholder" : "");
}

/* What messages of all types have. */
static void decode_envelope(struct whatsapp_reading *reading)
{
    struct meta_item *item = &reading->item;
    struct event *event = &reading->event;
    const char *id = meta_need_id(item, item->value, "id");

    reading->type = meta_need_text(item, item->value, "type");
    event->audience = TREFOIL_AUDIENCE_ROOM;
    event->key = key_of(reading, id);
    event->message.message_id = id;
    event->message.sent_ms = meta_may_seconds(item, item->value, "timestamp");
    event->message.group_id = meta_may_id(item, item->value, "group_id");
    event->message.thread = event->message.group_id;
    extras_put_json(&reading->extras, "history.status", json_get(json_get(item->value, "history_context"), "status"));
    decode_context(reading);
    decode_referral(reading);
}

/* A person said something, here and now: they may be answered for a while. */
static bool opens_window(const struct whatsapp_reading *reading)
{
    const struct event *event = &reading->event;

    return event->audience == TREFOIL_AUDIENCE_ROOM && event->user_id && !event->message.by_business &&
           !is_type(reading, "edit") && !is_type(reading, "revoke");
}

static void finish(struct whatsapp_reading *reading)
{
    struct event *event = &reading->event;

    if (reading->type && !is_type(reading, "system"))
        decode_content(reading);
    /* A group is not the thread of any of its members, and what is long past is no conversation. */
    if (event->message.group_id || reading->change->is_history)
        event->audience = TREFOIL_AUDIENCE_SERVICES;
    if (opens_window(reading))
        event->opens_window_ms = event->message.sent_ms;
    whatsapp_end(reading);
}

/* Old messages tell both sides: the person is the one who is not the business. */
static bool is_by_business(const struct whatsapp_reading *reading, const struct whatsapp_person *from)
{
    const struct whatsapp_change *change = reading->change;

    if (!change->is_history)
        return false;
    return json_exists(json_get(reading->item.value, "to")) ||
           (from->wa_id && change->number && strcmp(from->wa_id, change->number) == 0);
}

static struct whatsapp_person receiver(struct meta_item *item)
{
    return (struct whatsapp_person){
        .wa_id = meta_may_id(item, item->value, "to"),
        .bsuid = meta_may_id(item, item->value, "to_user_id"),
        .parent_bsuid = meta_may_id(item, item->value, "to_parent_user_id"),
    };
}

/* In the thread of the person it was written to. */
static void mark_as_ours(struct whatsapp_reading *reading, const struct whatsapp_person *to)
{
    reading->event.user_id = whatsapp_user_id(to);
    reading->event.message.by_business = true;
    reading->event.message.author.network = reading->change->reading->network;
}

void whatsapp_message(struct whatsapp_change *change, struct json_value value)
{
    struct whatsapp_reading reading = whatsapp_begin(change, value, "message");
    struct meta_item *item = &reading.item;
    struct whatsapp_person person = {
        .wa_id = meta_may_id(item, value, "from"),
        .bsuid = meta_may_id(item, value, "from_user_id"),
        .parent_bsuid = meta_may_id(item, value, "from_parent_user_id"),
    };

    decode_envelope(&reading);
    if (is_type(&reading, "system")) {
        whatsapp_system(&reading, &person);
    } else if (is_by_business(&reading, &person)) {
        person = receiver(item);
        mark_as_ours(&reading, &person);
    } else {
        whatsapp_find_person(&reading, &person);
    }
    if (!reading.event.user_id)
        reading.event.user_id = change->thread_id;
    if (!reading.event.user_id && !item->fault && reading.type && !is_type(&reading, "system"))
        item->fault = "missing: from";
    finish(&reading);
}

void whatsapp_echo(struct whatsapp_change *change, struct json_value value)
{
    struct whatsapp_reading reading = whatsapp_begin(change, value, "message_echo");
    struct whatsapp_person person = receiver(&reading.item);

    decode_envelope(&reading);
    mark_as_ours(&reading, &person);
    reading.event.echo = true;
    if (!reading.event.user_id && !reading.item.fault)
        reading.item.fault = "missing: to";
    finish(&reading);
}
