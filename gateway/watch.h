/* The gateway's figures for /metrics. Never counts by itself: it shows what the others counted. */
#ifndef TREFOIL_GATEWAY_WATCH_H
#define TREFOIL_GATEWAY_WATCH_H

#include "gateway.h"

/* Makes the registry too. -ENOMEM. */
must_use_ int watch_new(struct gateway *gateway, struct watch **ret);
struct watch *watch_free(struct watch *watch);

#endif
