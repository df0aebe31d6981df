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

/* A gateway of its own for a measurement: keys and configuration in the plan's directory, the process on `port`, ready
 * when this returns. A second call finds what is there. */
void fanout_prepare(struct plan *plan, const char *bin, int port);
struct crew_member fanout_gateway(const struct plan *plan, const char *bin, int port);

/* A whole run. `bin` is the folder of the programs. */
void fanout_run(const struct plan *plan, const char *bin, double warm_up, double seconds, struct outcome *ret);

#endif
