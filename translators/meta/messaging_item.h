/* One messaging element between its envelope and its event. For this room's decoders only. */
#ifndef TREFOIL_META_MESSAGING_ITEM_H
#define TREFOIL_META_MESSAGING_ITEM_H

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

/* Dispatches on the member the element has, and adds its event or events. */
void messaging_element(struct messaging_item *element);

/* The event of a "message" member. */
void messaging_message(struct messaging_item *element, struct json_value message);

#endif
