/* The live feed: whoever has the page open hears of every change by server-sent events; and the JSON of a phone.
 * Never keeps events: who comes late asks for the phones first.
 */
#ifndef TREFOIL_SANDBOX_FEED_H
#define TREFOIL_SANDBOX_FEED_H

#include <jansson.h>

#include "daemon/http_server.h"
#include "sandbox/world.h"

struct feed;

must_use_ int feed_new(struct world *world, struct feed **ret);
struct feed *feed_free(struct feed *feed);

/* GET /events */
void feed_join(struct feed *feed, struct http_exchange *exchange);
void feed_leave(struct feed *feed, struct http_exchange *exchange);

/* What happened; a NULL feed hears nothing. */
void feed_bubble(struct feed *feed, const struct bubble *bubble);
void feed_typing(struct feed *feed, const struct person *person);
void feed_person(struct feed *feed, const struct person *person);
void feed_reset(struct feed *feed);

/* One step of a message's way: "webhook" or "graph", with the status of the answer (0: none) and how long it took. */
struct hop {
    const char *name, *kind;
    enum network network;
    int status;
    int64_t took_ms;
};
void feed_hop(struct feed *feed, const struct hop *hop);

/* New references, or NULL. */
json_t *bubble_json(const struct bubble *bubble);
json_t *person_json(const struct person *person, bool with_bubbles);

#endif
