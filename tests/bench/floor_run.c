/* One run of the floor: its processes started, ended, counted. Never plays a role itself. */
#include "floor.h"

#include <stdio.h>
#include <stdlib.h>
#include <zmq.h>

#define SUBSCRIBERS_MAX 16

void floor_run(const struct plan *plan, double warm_up, double seconds, struct outcome *ret)
{
    struct floor_setup setup = { .plan = *plan };
    struct crew_member subscribers[SUBSCRIBERS_MAX];
    unsigned n = plan->subscribers < SUBSCRIBERS_MAX ? plan->subscribers : SUBSCRIBERS_MAX;
    struct tally *tally = calloc(1, sizeof(*tally));

    if (!tally || zmq_curve_keypair(setup.public_key, setup.secret_key) < 0)
        give_up("curve");
    empty_directory(setup.plan.directory);
    snprintf(setup.plan.endpoint, sizeof(setup.plan.endpoint), "tcp://127.0.0.1:%d", free_port());
    plan_times(&setup.plan, warm_up, seconds);
    struct crew_member gateway = crew_start(floor_gateway, &setup);
    for (unsigned i = 0; i < n; i++)
        subscribers[i] = crew_start(floor_subscriber, &setup);
    struct crew_member publisher = crew_start(floor_publisher, &setup);

    bool is_whole = crew_wait(&publisher, &ret->publisher);
    for (unsigned i = 0; i < n; i++) {
        is_whole = crew_wait(&subscribers[i], tally) && is_whole;
        tally_merge(&ret->subscribers, tally);
    }
    is_whole = crew_wait(&gateway, &ret->gateway) && is_whole;
    ret->published = ret->gateway.total;
    ret->store_bytes = directory_bytes(setup.plan.directory);
    empty_directory(setup.plan.directory);
    free(tally);
    if (!is_whole)
        give_up("a process of the floor failed");
}
