/* What messaging elements mean: one decoder per member an element can have.
 * Never sees more than one element.
 */
#include "messaging_item.h"

#include <string.h>

#include "formats/fingerprint.h"
#include "formats/text.h"

#define TARGETS_MAX 64 /* of one receipt; the bus takes no more per event */

struct event messaging_event(const struct messaging_item *element, enum trefoil_audience audience)
{
    struct event event = { .audience = audience, .user_id = element->user_id, .echo = element->is_echo };

    event.message.sent_ms = element->sent_ms;
    event.message.standby = element->is_standby;
    event.message.by_business = element->is_echo;
    event.message.author.network = element->dialect->network;
    if (!element->is_echo)
        event.message.author.user_id = element->user_id;
    /* Another application's conversation: told, but not ours to carry on. */
    if (element->is_standby)
        event.audience = TREFOIL_AUDIENCE_SERVICES;
    return event;
}

void messaging_open_window(const struct messaging_item *element, struct event *event)
{
    if (!element->is_echo && !element->is_standby && element->user_id)
        event->opens_window_ms = element->sent_ms;
}

unsigned messaging_option(const struct messaging_dialect *dialect, const uint8_t *options, enum messaging_option option)
{
    return options && (size_t) option < dialect->n_options ? options[option] : 0;
}

static const char *key_part(const char *text)
{
    return text ? text : "-";
}

const char *messaging_key(const struct messaging_item *element, const char *kind)
{
    struct arena *mem = element->item.reading->mem;
    const char *bytes =
        element->user_id && element->sent_ms > 0 ? NULL : fingerprint(json_raw(element->item.value), mem);

    return arena_format(mem, "%s/%s/%llu%s%s", kind, key_part(element->user_id), (unsigned long long) element->sent_ms,
                        bytes ? "/" : "", bytes ? bytes : "");
}

static struct event receipt_event(struct messaging_item *element, enum trefoil_receipt_state state)
{
    struct event event = messaging_event(element, TREFOIL_AUDIENCE_AUTHOR);

    event.message.kind = TREFOIL_KIND_RECEIPT;
    event.message.body.receipt.state = state;
    return event;
}

/* Everything up to a moment was delivered or read; no message is named. */
static void add_watermark(struct messaging_item *element, enum trefoil_receipt_state state, uint64_t watermark_ms)
{
    struct event event = receipt_event(element, state);

    if (watermark_ms == 0 && !element->item.fault)
        element->item.fault = "no watermark";
    event.key = arena_format(element->item.reading->mem, "%s/%s/%llu", element->item.kind, key_part(element->user_id),
                             (unsigned long long) watermark_ms);
    event.watermark_ms = watermark_ms;
    event.message.body.receipt.watermark_ms = watermark_ms;
    meta_item_add(&element->item, &event);
}

/* Up to TARGETS_MAX of the messages from `*mid` on, which is moved behind them. */
static void add_delivered(struct messaging_item *element, struct json_value mids, struct json_value *mid)
{
    struct arena *mem = element->item.reading->mem;
    struct event event = receipt_event(element, TREFOIL_RECEIPT_DELIVERED);
    const char **targets = arena_array(mem, TARGETS_MAX, sizeof *targets);
    size_t n = 0;

    while (targets && json_exists(*mid) && n < TARGETS_MAX) {
        targets[n] = json_id(*mid, mem);
        if (!targets[n] || !*targets[n] || strlen(targets[n]) > META_ID_MAX_BYTES)
            element->item.fault = "wrong type: mids";
        n++;
        *mid = json_next(mids, *mid);
    }
    if (!targets || element->item.fault) {
        *mid = JSON_NOTHING;
        meta_item_add(&element->item, &event);
        return;
    }
    event.key = arena_format(mem, "delivery/%s/%llu/%s", key_part(element->user_id),
                             (unsigned long long) element->sent_ms, targets[0]);
    event.relates = event.message.body.receipt.targets = targets;
    event.n_relates = event.message.body.receipt.n_targets = n;
    meta_item_add(&element->item, &event);
}

static void decode_delivery(struct messaging_item *element, struct json_value delivery)
{
    uint64_t watermark_ms = meta_may_milliseconds(&element->item, delivery, "watermark");
    struct json_value mids = meta_may_array(&element->item, delivery, "mids");
    struct json_value mid = json_first(mids);

    if (element->sent_ms == 0)
        element->sent_ms = watermark_ms; /* the element has no time of its own */
    if (!json_exists(mid) || element->item.fault) {
        add_watermark(element, TREFOIL_RECEIPT_DELIVERED, watermark_ms);
        return;
    }
    while (json_exists(mid))
        add_delivered(element, mids, &mid);
}

/* Messenger tells a moment, Instagram the last message seen. */
static void decode_read(struct messaging_item *element, struct json_value read)
{
    const char *mid = meta_may_id(&element->item, read, "mid");
    struct event event = receipt_event(element, TREFOIL_RECEIPT_READ);

    if (!mid) {
        add_watermark(element, TREFOIL_RECEIPT_READ, meta_may_milliseconds(&element->item, read, "watermark"));
        return;
    }
    event.key = arena_format(element->item.reading->mem, "read/%s/%s", key_part(element->user_id), mid);
    meta_relate(&element->item, &event, mid);
    event.message.body.receipt.targets = event.relates;
    event.message.body.receipt.n_targets = event.n_relates;
    meta_item_add(&element->item, &event);
}

/* Old payloads name a reaction without showing it. */
static const char *emoji_of(struct messaging_item *element, struct json_value reaction)
{
    static const char *const emoji[][2] = {
        { "love", "❤️" }, { "like", "👍" }, { "dislike", "👎" }, { "sad", "😢" },
        { "angry", "😠" },     { "wow", "😮" },  { "smile", "😆" },   { "laugh", "😆" },
    };
    const char *shown = meta_may_text(&element->item, reaction, "emoji");

    for (size_t i = 0; !(shown && *shown) && i < ARRAY_SIZE(emoji); i++)
        if (json_is_text(json_get(reaction, "reaction"), emoji[i][0]))
            shown = emoji[i][1];
    return shown && *shown ? shown : NULL;
}

static void decode_reaction(struct messaging_item *element, struct json_value reaction)
{
    struct event event = messaging_event(element, TREFOIL_AUDIENCE_ROOM);
    const char *mid = meta_need_id(&element->item, reaction, "mid");
    const char *action = meta_need_text(&element->item, reaction, "action");
    bool removed = action && strcmp(action, "unreact") == 0;
    const char *emoji = removed ? NULL : emoji_of(element, reaction);

    event.key = arena_format(element->item.reading->mem, "reaction/%s/%s/%s/%llu", key_part(mid),
                             key_part(element->user_id), key_part(action), (unsigned long long) element->sent_ms);
    meta_relate(&element->item, &event, mid);
    if (emoji || removed) {
        event.message.kind = TREFOIL_KIND_REACTION;
        event.message.body.reaction = (struct trefoil_reaction){ .target = mid, .emoji = emoji, .removed = removed };
        event.message.fallback =
            text_fallback(element->item.reading->mem, removed ? "reaction removed" : "reaction", emoji);
    } else {
        meta_make_unsupported(&element->item, &event, "[reaction]");
    }
    if (!removed)
        messaging_open_window(element, &event);
    meta_item_add(&element->item, &event);
}

/* num_edit 0 is no edit: some apps are told of new messages this way, without text and without people. There is nothing
 * in it but that the message exists. */
static void fill_edit_zero(struct messaging_item *element, struct event *event)
{
    const uint8_t *options = element->item.reading->context->options;

    if (messaging_option(element->dialect, options, OPTION_EDIT_ZERO) == 0)
        event->audience = TREFOIL_AUDIENCE_SERVICES;
    event->message.kind = TREFOIL_KIND_SYSTEM;
    event->message.fallback = "[a message the network did not deliver]";
    event->message.body.system = (struct trefoil_system){
        .kind = TREFOIL_SYSTEM_ACCOUNT_NOTICE,
        .text = "a message the network did not deliver",
    };
}

static void decode_edit(struct messaging_item *element, struct json_value edit)
{
    struct event event = messaging_event(element, TREFOIL_AUDIENCE_ROOM);
    const char *mid = meta_need_id(&element->item, edit, "mid");
    uint64_t n = meta_may_number(&element->item, edit, "num_edit", UINT32_MAX);
    const char *text = meta_may_text(&element->item, edit, "text");

    event.key = arena_format(element->item.reading->mem, "edit/%s/%llu", key_part(mid), (unsigned long long) n);
    meta_relate(&element->item, &event, mid);
    if (n == 0) {
        fill_edit_zero(element, &event);
    } else if (text) {
        event.message.kind = TREFOIL_KIND_TEXT;
        event.message.is_edit = true;
        event.message.replaces = mid;
        event.message.body.text.body = text;
    } else {
        event.audience = TREFOIL_AUDIENCE_SERVICES;
        meta_make_unsupported(&element->item, &event, "[edited message]");
    }
    meta_item_add(&element->item, &event);
}

/* A kind nobody told us of: the first member that is not part of every element names it. */
static void add_unknown(struct messaging_item *element)
{
    static const char *const usual[] = { "sender", "recipient", "timestamp" };
    struct arena *mem = element->item.reading->mem;
    struct event event = messaging_event(element, TREFOIL_AUDIENCE_SERVICES);
    const char *kind = NULL;

    json_for_each (member, element->item.value) {
        const char *name = json_key(member, mem);
        bool is_usual = !name;

        for (size_t i = 0; name && i < ARRAY_SIZE(usual); i++)
            is_usual = is_usual || strcmp(name, usual[i]) == 0;
        if (!is_usual) {
            kind = name;
            break;
        }
    }
    element->item.kind = kind ? kind : "messaging";
    event.key = messaging_key(element, element->item.kind);
    meta_make_unsupported(&element->item, &event, text_fallback(mem, kind ? kind : "event", NULL));
    meta_item_add(&element->item, &event);
}

struct decoder {
    const char *member;
    void (*decode)(struct messaging_item *element, struct json_value body);
};

static const struct decoder decoders[] = {
    { "message", messaging_message }, { "delivery", decode_delivery }, { "read", decode_read },
    { "reaction", decode_reaction },  { "message_edit", decode_edit },
};

void messaging_element(struct messaging_item *element)
{
    struct json_value value = element->item.value;

    for (size_t i = 0; i < ARRAY_SIZE(decoders); i++)
        if (json_exists(json_get(value, decoders[i].member))) {
            element->item.kind = decoders[i].member;
            decoders[i].decode(element, meta_need_object(&element->item, value, decoders[i].member));
            return;
        }
    if (!messaging_notice(element))
        add_unknown(element);
}
