/* From a header to a route: who gets the envelope, and what it relates to. Tokens only. Never judges the publisher. */
#ifndef TREFOIL_CORE_ROUTER_H
#define TREFOIL_CORE_ROUTER_H

#include "core/broker.h"
#include "wire/envelope.h"

struct arrival {
    const struct service *service;
    const struct channel *channel;
    const struct envelope_header *header;
    struct bytes envelope;
};

/* Everything in `ret` borrows from the arrival, the directory and the scratch. `ret_from` is the address of the person
 * whose thread it is, or NULL. 0, a positive enum reject, -ENOMEM, -EIO. */
must_use_ int router_route(struct broker *broker, const struct arrival *arrival, struct route *ret,
                           struct address **ret_from);

/* The room of whoever has this address. -ENOENT: nobody yet. */
must_use_ int router_room_of(struct broker *broker, const struct id *channel, struct bytes address, struct id *ret);

/* The envelope a header's n-th relation names: its sequence, 0 when unknown. */
must_use_ int router_related(struct broker *broker, const struct arrival *arrival, size_t n, uint64_t *ret_seq);

#endif
