/* The command: runs the floor at full load and at a fixed rate, prints both. */
#include "floor.h"

#include <stdio.h>
#include <stdlib.h>

#define WARM_UP_S 1.0
#define SCALE_DELIVERIES 429000.0 /* of the first prototype, three subscribers, on a machine of this size */

int main(int argc, char **argv)
{
    struct plan plan = {
        .subscribers = (unsigned) option_number(argc, argv, "--subscribers", 3),
        .batch = (uint32_t) option_number(argc, argv, "--batch", 32),
        .payload = (uint32_t) option_number(argc, argv, "--bytes", 512),
        .window = (uint32_t) option_number(argc, argv, "--window", 4096),
    };
    double seconds = option_number(argc, argv, "--seconds", 5);
    static struct outcome full, slow;

    if (plan.batch == 0 || plan.subscribers == 0 || option_flag(argc, argv, "--help")) {
        fprintf(stderr, "floor [--subscribers 3] [--seconds 5] [--batch 32] [--bytes 512] [--window 4096] "
                        "[--dir build/bench-data]\n");
        return 2;
    }
    snprintf(plan.directory, sizeof(plan.directory), "%s/floor", option_text(argc, argv, "--dir", "build/bench-data"));
    floor_run(&plan, WARM_UP_S, seconds, &full);
    print_outcome("floor, full load", &full, seconds);
    plan.rate = 1000;
    plan.batch = 1;
    floor_run(&plan, WARM_UP_S, seconds, &slow);
    print_outcome("floor, 1,000/s", &slow, seconds);

    double deliveries = (double) full.subscribers.envelopes / seconds;
    print_result("floor.deliveries", deliveries, "deliveries/s", deliveries / SCALE_DELIVERIES * 3 / plan.subscribers,
                 0.5);
    return 0;
}
