/* Items of webhooks: their checks, and the three ways they end: as an event, a stray, or kept whole as malformed.
 * Never looks at what a field means.
 */
#include "item.h"

#include <errno.h>
#include <string.h>

#include "formats/fingerprint.h"

struct meta_item meta_item_make(struct meta_reading *reading, struct json_value value, const char *account_id,
                                const char *kind)
{
    struct meta_item item = { .reading = reading, .value = value, .account_id = account_id, .kind = kind };

    item.fault = json_fault(value);
    if (!item.fault && json_type(value) != JSON_OBJECT)
        item.fault = "not an object";
    return item;
}

static void find_fault(struct meta_item *item, const char *what, const char *key)
{
    if (!item->fault)
        item->fault = arena_format(item->reading->mem, "%s: %s", what, key);
}

/* A member that may be absent or null; otherwise it must be of this type. */
static struct json_value may(struct meta_item *item, struct json_value object, const char *key, enum json_type type)
{
    struct json_value value = json_get(object, key);

    if (json_type(value) == JSON_ABSENT || json_type(value) == JSON_NULL)
        return JSON_NOTHING;
    if (json_type(value) != type) {
        find_fault(item, "wrong type", key);
        return JSON_NOTHING;
    }
    return value;
}

const char *meta_may_id(struct meta_item *item, struct json_value object, const char *key)
{
    struct json_value value = json_get(object, key);

    if (json_type(value) == JSON_ABSENT || json_type(value) == JSON_NULL)
        return NULL;
    const char *id = json_id(value, item->reading->mem);
    if (!id && !item->reading->mem->failed)
        find_fault(item, "wrong type", key);
    if (id && (!*id || strlen(id) > META_ID_MAX_BYTES)) {
        find_fault(item, "length out of range", key);
        return NULL;
    }
    return id;
}

const char *meta_need_id(struct meta_item *item, struct json_value object, const char *key)
{
    const char *id = meta_may_id(item, object, key);

    if (!id)
        find_fault(item, "missing", key);
    return id;
}

const char *meta_may_text(struct meta_item *item, struct json_value object, const char *key)
{
    const char *text = json_text(may(item, object, key, JSON_STRING), item->reading->mem);

    if (text && strlen(text) > META_TEXT_MAX_BYTES) {
        find_fault(item, "length out of range", key);
        return NULL;
    }
    return text;
}

const char *meta_need_text(struct meta_item *item, struct json_value object, const char *key)
{
    const char *text = meta_may_text(item, object, key);

    if (!text)
        find_fault(item, "missing", key);
    return text;
}

struct json_value meta_may_object(struct meta_item *item, struct json_value object, const char *key)
{
    return may(item, object, key, JSON_OBJECT);
}

struct json_value meta_need_object(struct meta_item *item, struct json_value object, const char *key)
{
    struct json_value value = may(item, object, key, JSON_OBJECT);

    if (!json_exists(value))
        find_fault(item, "missing", key);
    return value;
}

struct json_value meta_may_array(struct meta_item *item, struct json_value object, const char *key)
{
    return may(item, object, key, JSON_ARRAY);
}

uint64_t meta_may_number(struct meta_item *item, struct json_value object, const char *key, uint64_t max)
{
    struct json_value value = json_get(object, key);
    int64_t number;

    if (json_type(value) == JSON_ABSENT || json_type(value) == JSON_NULL)
        return 0;
    if (json_i64(value, &number) < 0) {
        find_fault(item, "wrong type", key);
        return 0;
    }
    if (number < 0 || (uint64_t) number > max) {
        find_fault(item, "number out of range", key);
        return 0;
    }
    return (uint64_t) number;
}

uint64_t meta_may_seconds(struct meta_item *item, struct json_value object, const char *key)
{
    return meta_may_number(item, object, key, META_TIME_MAX_S) * 1000;
}

uint64_t meta_may_milliseconds(struct meta_item *item, struct json_value object, const char *key)
{
    return meta_may_number(item, object, key, META_TIME_MAX_S * 1000);
}

bool meta_is_ours(const struct meta_reading *reading, const char *account_id)
{
    for (size_t i = 0; account_id && i < reading->context->n_accounts; i++)
        if (strcmp(reading->context->account_ids[i], account_id) == 0)
            return true;
    return false;
}

/* A copy: an event outlives the body it came in. */
static struct trefoil_bytes raw_of(struct meta_reading *reading, struct bytes bytes)
{
    struct bytes copy = arena_copy(reading->mem, bytes);

    return (struct trefoil_bytes){ copy.data, copy.size };
}

void meta_make_unsupported(struct meta_item *item, struct event *event, const char *fallback)
{
    event->is_unsupported = true;
    event->message.kind = TREFOIL_KIND_UNSUPPORTED;
    event->message.fallback = fallback;
    event->message.body.unsupported = (struct trefoil_unsupported){
        .network_kind = item->kind,
        .reason = "not translated yet",
        .raw = raw_of(item->reading, json_raw(item->value)),
    };
}

void meta_relate(struct meta_item *item, struct event *event, const char *id)
{
    const char **ids = id ? arena_array(item->reading->mem, 1, sizeof *ids) : NULL;

    if (!ids)
        return;
    ids[0] = id;
    event->relates = ids;
    event->n_relates = 1;
}

static void add(struct meta_reading *reading, const struct event *event)
{
    struct event *place = event_list_add(&reading->events, reading->mem);

    if (!place) {
        reading->failed = true;
        return;
    }
    *place = *event;
    if (!place->message.author.network)
        place->message.author.network = reading->network;
}

/* Bytes kept whole. Their name is their fingerprint, so that a repeated delivery is recognised. */
static void add_raw(struct meta_reading *reading, struct bytes raw, const struct event *like)
{
    struct event event = *like;

    event.audience = TREFOIL_AUDIENCE_SERVICES;
    event.key = arena_format(reading->mem, "raw/%s", fingerprint(raw, reading->mem));
    event.message.kind = TREFOIL_KIND_UNSUPPORTED;
    event.message.body.unsupported.raw = raw_of(reading, raw);
    add(reading, &event);
}

static void add_malformed(struct meta_reading *reading, struct bytes raw, const char *account, const char *kind,
                          const char *fault)
{
    struct event event = { .account = account, .is_malformed = true };

    event.message.fallback = "[unreadable]";
    event.message.body.unsupported.network_kind = kind;
    event.message.body.unsupported.reason = arena_format(reading->mem, "malformed: %s", fault);
    add_raw(reading, raw, &event);
}

static const char *account_of(struct meta_reading *reading, const char *account_id)
{
    return meta_is_ours(reading, account_id) ? arena_format(reading->mem, "%s/%s", reading->network, account_id) : NULL;
}

void meta_item_add(struct meta_item *item, const struct event *event)
{
    struct meta_reading *reading = item->reading;
    const char *account = account_of(reading, item->account_id);
    struct event made = *event;

    if (item->fault) {
        add_malformed(reading, json_raw(item->value), account, item->kind, item->fault);
        return;
    }
    made.account = account;
    if (!made.user_id) { /* nobody's thread */
        made.audience = TREFOIL_AUDIENCE_SERVICES;
        made.echo = false;
    }
    if (!account) {
        made.key = arena_format(reading->mem, "stray/%s/%s", item->account_id ? item->account_id : "", event->key);
        made.audience = TREFOIL_AUDIENCE_SERVICES;
        made.user_id = NULL;
        made.relates = NULL;
        made.n_relates = 0;
        made.echo = false;
        made.mark = NULL;
        made.watermark_ms = 0;
        made.opens_window_ms = 0;
        made.consent = TREFOIL_CONSENT_UNSAID;
        made.alias_ids = NULL;
        made.n_alias_ids = 0;
    }
    add(reading, &made);
}

void meta_add_whole(struct meta_reading *reading, struct json_value value, const char *account_id, const char *kind,
                    const char *fault)
{
    struct event event = { 0 };
    const char *account = account_of(reading, account_id);

    if (fault) {
        add_malformed(reading, json_raw(value), account, kind, fault);
        return;
    }
    event.is_unsupported = true;
    event.account = account;
    event.message.fallback = arena_format(reading->mem, "[%s]", kind);
    event.message.body.unsupported.network_kind = kind;
    event.message.body.unsupported.reason = "not translated yet";
    add_raw(reading, json_raw(value), &event);
}

/* A body without structure: nothing in it can be told apart, so it stays one event. */
static void add_body(struct meta_reading *reading, struct bytes body, const char *fault)
{
    add_malformed(reading, body, NULL, "body", fault);
}

bool meta_open_body(struct meta_reading *reading, struct bytes body, const char *object, struct json *ret)
{
    int r = json_parse(body, reading->mem, ret);
    struct json_value root = json_root(ret);

    if (body.size == 0)
        return false;
    if (r == -ENOMEM) {
        reading->failed = true;
    } else if (r < 0) {
        add_body(reading, body, r == -E2BIG ? "too deep or too large" : "not JSON");
    } else if (json_type(root) != JSON_OBJECT || json_own_fault(root)) {
        add_body(reading, body, json_type(root) != JSON_OBJECT ? "not an object" : json_own_fault(root));
    } else if (json_type(json_get(root, "object")) != JSON_STRING || json_type(json_get(root, "entry")) != JSON_ARRAY) {
        add_body(reading, body, "no object or entry");
    } else if (!json_is_text(json_get(root, "object"), object)) {
        const char *kind = json_text(json_get(root, "object"), reading->mem);

        meta_add_whole(reading, root, NULL, kind ? kind : "body", json_own_fault(json_get(root, "object")));
    } else {
        return true;
    }
    return false;
}

int meta_reading_end(const struct meta_reading *reading, struct event_list *ret)
{
    if (reading->failed || reading->mem->failed)
        return -ENOMEM;
    *ret = reading->events;
    return 0;
}
