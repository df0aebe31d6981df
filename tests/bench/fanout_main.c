/* The command: the real gateway and the floor, in turns, at full load and at 1,000/s; prints both and the ratio. */
#include "fanout.h"
#include "floor.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define WARM_UP_S 1.5
#define SLOW_RATE 1000
#define DELIVERIES_TARGET 0.85    /* with three subscribers */
#define FEW_DELIVERIES_TARGET 0.4 /* with fewer the way in weighs more: header, signature, commitment, routing */
#define LATENCY_TARGET 2.0
#define BYTES_TARGET 2.0

struct side {
    struct outcome full, slow; /* of all rounds together */
};

static void outcome_merge(struct outcome *to, const struct outcome *from)
{
    tally_merge(&to->publisher, &from->publisher);
    tally_merge(&to->subscribers, &from->subscribers);
    tally_merge(&to->gateway, &from->gateway);
    to->store_bytes += from->store_bytes;
    to->published += from->published;
}

static void measure(const struct plan *plan, const char *bin, double seconds, struct side *real, struct side *bare)
{
    struct plan mine = *plan;
    struct outcome *outcome = calloc(1, sizeof(*outcome));

    if (!outcome)
        give_up("memory");
    if (bare) {
        wake_memory();
        floor_run(&mine, WARM_UP_S, seconds, outcome);
        print_outcome(mine.rate > 0 ? "floor, 1,000/s" : "floor, full load", outcome, seconds);
        outcome_merge(mine.rate > 0 ? &bare->slow : &bare->full, outcome);
        *outcome = (struct outcome){ 0 };
    }
    wake_memory();
    fanout_run(&mine, bin, WARM_UP_S, seconds, outcome);
    print_outcome(mine.rate > 0 ? "trefoil, 1,000/s" : "trefoil, full load", outcome, seconds);
    outcome_merge(mine.rate > 0 ? &real->slow : &real->full, outcome);
    free(outcome);
}

static double bytes_of(const struct outcome *outcome)
{
    return (double) outcome->store_bytes / (double) (outcome->published ? outcome->published : 1);
}

static void conclude(const struct side *real, const struct side *bare, double seconds, unsigned subscribers)
{
    double deliveries = (double) real->full.subscribers.envelopes / seconds,
           floor_deliveries = (double) bare->full.subscribers.envelopes / seconds,
           latency = latencies_percentile(&real->slow.subscribers.delivers, 50),
           floor_latency = latencies_percentile(&bare->slow.subscribers.delivers, 50);

    print_result("fanout.bytes", bytes_of(&real->full), "bytes/envelope", bytes_of(&real->full) / bytes_of(&bare->full),
                 -BYTES_TARGET);
    print_result("fanout.latency", latency, "us", floor_latency > 0 ? latency / floor_latency : 0, -LATENCY_TARGET);
    print_result("fanout.deliveries", deliveries, "deliveries/s",
                 floor_deliveries > 0 ? deliveries / floor_deliveries : 0,
                 subscribers >= 3 ? DELIVERIES_TARGET : FEW_DELIVERIES_TARGET);
}

int main(int argc, char **argv)
{
    struct plan plan = {
        .subscribers = (unsigned) option_number(argc, argv, "--subscribers", 3),
        .payload = 512,
        .window = (uint32_t) option_number(argc, argv, "--window", 4096),
    };
    double seconds = option_number(argc, argv, "--seconds", 4);
    unsigned rounds = (unsigned) option_number(argc, argv, "--rounds", 2),
             batch = (unsigned) option_number(argc, argv, "--batch", 32);
    static struct side real, bare;
    char bin[CREW_PATH_MAX];

    if (option_flag(argc, argv, "--help") || plan.subscribers == 0 || rounds == 0 || batch == 0) {
        fprintf(stderr, "fanout [--subscribers 3] [--seconds 4] [--rounds 2] [--window 4096] [--batch 32, the floor's] "
                        "[--alone, without the floor] [--dir build/bench-data]\n");
        return 2;
    }
    bool is_alone = option_flag(argc, argv, "--alone");

    keep_memory();
    find_programs(bin);
    snprintf(plan.directory, sizeof(plan.directory), "%s/fanout", option_text(argc, argv, "--dir", "build/bench-data"));
    for (unsigned i = 0; i < rounds; i++) {
        plan.rate = 0;
        plan.batch = batch;
        measure(&plan, bin, seconds, &real, is_alone ? NULL : &bare);
        plan.rate = SLOW_RATE;
        plan.batch = 1;
        measure(&plan, bin, seconds, &real, is_alone ? NULL : &bare);
    }
    if (!is_alone)
        conclude(&real, &bare, seconds * rounds, plan.subscribers);
    return 0;
}
