/* One messaging element between its envelope and its event. For this room's decoders only. */
#ifndef TREFOIL_META_MESSAGING_ITEM_H
#define TREFOIL_META_MESSAGING_ITEM_H

#include "extras.h"
#include "item.h"
#include "messaging.h"

struct messaging_item {
    struct meta_item item;
    const struct messaging_dialect *dialect;
    const char *user_id; /* the person; NULL when the element names none */
    bool is_echo;        /* written by the business */
    bool is_standby;     /* another application owns the thread */
    uint64_t sent_ms;
};

/* What a decoder starts from: author, thread, time and audience as the envelope tells them. */
struct event messaging_event(const struct messaging_item *element, enum trefoil_audience audience);

/* The person acted just now, and the network lets the business answer: reply windows count from here. Nothing for what the
 * business wrote or what another application has in hand. */
void messaging_open_window(const struct messaging_item *element, struct event *event);

/* The key of an event that has no id: what, whose and when; where nobody or no time is named, its bytes besides. */
const char *messaging_key(const struct messaging_item *element, const char *kind);

/* Dispatches on the member the element has, and adds its event or events. */
void messaging_element(struct messaging_item *element);

/* The event of a "message" member. */
void messaging_message(struct messaging_item *element, struct json_value message);

/* The event of any other member that is told rather than said: buttons pressed, carts, consents, hand-overs. False: it
 * has none that is known. */
bool messaging_notice(struct messaging_item *element);

/* The event of a change that is no conversation: a comment, a template's fate. */
struct meta_entry {
    const char *id, *time; /* NULL: not said */
};
void messaging_change(struct meta_reading *reading, struct json_value change, const struct meta_entry *entry,
                      const char *field);

/* The ad or link somebody came through; what has no member goes to `extras`. The second keeps it in the arena. */
struct trefoil_referral messaging_referral(struct json_value referral, struct extras *extras);
const struct trefoil_referral *messaging_keep_referral(const struct trefoil_referral *referral, struct arena *mem);

/* "2026-09-22 18:00 UTC" for a time in Unix seconds; NULL when the arena is exhausted. */
const char *messaging_date(int64_t time_s, struct arena *mem);

#endif
