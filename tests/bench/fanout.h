/* The real thing: trefoil-gateway and libtrefoil's client, envelopes sealed once and published many times under new ids,
 * so that what is measured is the way through the gateway and not Ed25519.
 */
#ifndef TREFOIL_BENCH_FANOUT_H
#define TREFOIL_BENCH_FANOUT_H

#include "crew.h"

#define FANOUT_SUBSCRIBERS_MAX 16

struct fanout_setup {
    struct plan plan;
    unsigned subscriber; /* which of them */
};

/* The roles; `context` is a fanout_setup whose plan's directory holds the keys. */
void fanout_publisher(const void *context, struct tally *ret);
void fanout_subscriber(const void *context, struct tally *ret);

/* A whole run. `bin` is the folder of the programs. */
void fanout_run(const struct plan *plan, const char *bin, double warm_up, double seconds, struct outcome *ret);

#endif
