/* One item of a webhook on its way to become an event: checked field by field, kept whole when a check fails.
 * Never gives up on a body: what is wrong with one item stays with that item.
 */
#ifndef TREFOIL_META_ITEM_H
#define TREFOIL_META_ITEM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "formats/json.h"
#include "skeleton_types/translator.h"

#define META_ID_MAX_BYTES 512
#define META_TEXT_MAX_BYTES (1u << 20) /* no more fits into content (CONTENT_TEXT_MAX_BYTES): kept whole as raw bytes */
#define META_TIME_MAX_S 253402300799   /* the last second of the year 9999 */

/* One decode() at work. */
struct meta_reading {
    const char *network;
    const struct decode_context *context;
    struct arena *mem;
    struct event_list events;
    bool failed; /* no room for an event */
};

/* `value` is the item as it came: its bytes are what an unsupported or malformed event keeps. */
struct meta_item {
    struct meta_reading *reading;
    struct json_value value;
    const char *account_id; /* whose, by the item's own words; NULL: it does not say */
    const char *kind;       /* what the network calls it; a constant, or in the arena */
    const char *fault;      /* the first thing wrong with it, NULL while sound */
};

/* An item, with a fault already when its JSON has one. */
struct meta_item meta_item_make(struct meta_reading *reading, struct json_value value, const char *account_id,
                                const char *kind);

/* Members of `object`. A member that is missing where it is needed, of a wrong type or out of range is a fault of the
 * item; the answer is then NULL, nothing or 0. `key` is a constant.
 */
const char *meta_need_id(struct meta_item *item, struct json_value object, const char *key);
const char *meta_may_id(struct meta_item *item, struct json_value object, const char *key);
const char *meta_need_text(struct meta_item *item, struct json_value object, const char *key);
const char *meta_may_text(struct meta_item *item, struct json_value object, const char *key);
struct json_value meta_need_object(struct meta_item *item, struct json_value object, const char *key);
struct json_value meta_may_object(struct meta_item *item, struct json_value object, const char *key);
struct json_value meta_may_array(struct meta_item *item, struct json_value object, const char *key);
uint64_t meta_may_number(struct meta_item *item, struct json_value object, const char *key, uint64_t max);
uint64_t meta_may_seconds(struct meta_item *item, struct json_value object, const char *key); /* as milliseconds */
uint64_t meta_may_milliseconds(struct meta_item *item, struct json_value object, const char *key);

/* True when the account is one of ours. */
bool meta_is_ours(const struct meta_reading *reading, const char *account_id);

/* Makes the event an unsupported one that keeps the item's bytes. */
void meta_make_unsupported(struct meta_item *item, struct event *event, const char *fallback);

/* The ids an event relates to, as a list of one; none when NULL. */
void meta_relate(struct meta_item *item, struct event *event, const char *id);

/* Adds the event: with its account when that is ours; as a stray that only services see when it is not; as a malformed
 * one, whatever was filled in, when the item has a fault.
 */
void meta_item_add(struct meta_item *item, const struct event *event);

/* Adds `value` whole, for the services: an unknown kind, or with `fault` a malformed one. */
void meta_add_whole(struct meta_reading *reading, struct json_value value, const char *account_id, const char *kind,
                    const char *fault);

/* The text as JSON whose root is an object with a list "entry", all of it free of faults of its own; else the body
 * becomes one event and the answer is false.
 */
bool meta_open_body(struct meta_reading *reading, struct bytes body, const char *object, struct json *ret);

/* All events: 0, or -ENOMEM when an event or a text found no room. */
must_use_ int meta_reading_end(const struct meta_reading *reading, struct event_list *ret);

#endif
