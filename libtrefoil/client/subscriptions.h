/* What this client has subscribed to, kept over reconnections. Never opens a delivery. */
#ifndef TREFOIL_CLIENT_SUBSCRIPTIONS_H
#define TREFOIL_CLIENT_SUBSCRIPTIONS_H

#include <trefoil/client.h>

#include "client/answers.h"
#include "client/connection.h"

struct subscription {
    struct trefoil_subscription wish; /* `name` is our own copy */
    uint32_t handle;
    bool is_raw;       /* deliveries are handed on unopened */
    bool is_confirmed; /* by Subscribed, on this or an earlier connection */
    uint64_t next_seq; /* for those without a name: where to go on */
    struct answers answers;
};

struct subscriptions {
    struct subscription *items[BUS_SUBSCRIPTIONS_MAX];
    size_t n;
    uint64_t spare, spare_bytes; /* credit to give back that no delivery is held for */
};

void subscriptions_deinit(struct subscriptions *subscriptions);

/* -ENOSPC, -ENOMEM, -EINVAL (name too long). */
must_use_ int subscriptions_add(struct subscriptions *subscriptions, const struct trefoil_subscription *wish,
                                struct subscription **ret);

/* By handle, or NULL. */
struct subscription *subscriptions_get(const struct subscriptions *subscriptions, uint32_t handle);

/* Tells the gateway, now that the connection is up. -errno. */
must_use_ int subscription_send(const struct subscription *subscription, struct connection *connection);

/* The gateway knows it. */
void subscription_confirm(struct subscription *subscription, const Trefoil__Subscribed *subscribed);

/* A new connection: everything is told again, then the first credit is given. -errno. */
must_use_ int subscriptions_rewind(struct subscriptions *subscriptions, struct connection *connection,
                                   uint32_t receive_credit);

/* Sends what has been answered, and gives the credit for it back. -errno. */
must_use_ int subscriptions_flush(struct subscriptions *subscriptions, struct connection *connection);
/* Credit to give back, in envelopes. */
uint64_t subscriptions_spent(const struct subscriptions *subscriptions);

/* Outcomes wait to be sent: somebody's next delivery depends on them. */
bool subscriptions_has_outcomes(const struct subscriptions *subscriptions);

bool subscriptions_has_unsent(const struct subscriptions *subscriptions);
bool subscriptions_is_settled(const struct subscriptions *subscriptions);

#endif
