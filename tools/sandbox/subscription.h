/* The subscription handshake with every translator: without it no event is posted to it.
 * Never gives up: it asks again until the challenge comes back exactly.
 */
#ifndef TREFOIL_SANDBOX_SUBSCRIPTION_H
#define TREFOIL_SANDBOX_SUBSCRIPTION_H

#include "sandbox/world.h"

must_use_ int subscriptions_start(struct world *world);

/* After the HTTP client is closed. */
void subscriptions_stop(struct world *world);

#endif
