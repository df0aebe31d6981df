/* The command: Trefoil and its peers in turns, several rounds, median with least and most, ratios, a chart. */
#include "fanout.h"
#include "floor.h"
#include "peers.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WARM_UP_S 1.5
#define ROUNDS_MAX 9

static const struct peer *const peers[] = { &peer_jetstream,      &peer_jetstream_tls, &peer_redis_always,
                                            &peer_redis_everysec, &peer_rabbitmq,      &peer_mosquitto };
#define N_PEERS (sizeof(peers) / sizeof(*peers))
#define N_SIDES (N_PEERS + 2) /* Trefoil first, the floor last */

struct side {
    double deliveries[ROUNDS_MAX];
    struct outcome slow; /* of all rounds at one rate together */
};

static double target_of(const char *name)
{
    return strcmp(name, "jetstream") == 0 || strcmp(name, "redis-always") == 0 ? 3.5 : 0;
}

static void run_side(size_t side, const struct plan *plan, const char *bin, double seconds, struct outcome *ret)
{
    struct plan mine = *plan;

    wake_memory();
    if (side == 0) {
        fanout_run(&mine, bin, WARM_UP_S, seconds, ret);
    } else if (side == N_SIDES - 1) {
        mine.batch = plan->rate > 0 ? 1 : 32;
        floor_run(&mine, WARM_UP_S, seconds, ret);
    } else {
        peers_run(peers[side - 1], &mine, WARM_UP_S, seconds, ret);
    }
}

static const char *name_of(size_t side)
{
    return side == 0 ? "trefoil" : side == N_SIDES - 1 ? "floor" : peers[side - 1]->name;
}

static bool is_chosen(size_t side, const char *only)
{
    return !only || side == 0 || strstr(only, name_of(side)) != NULL;
}

static struct figure figure_of(size_t side, const struct side *of, unsigned rounds)
{
    double sorted[ROUNDS_MAX];
    const struct peer *peer = side > 0 && side < N_SIDES - 1 ? peers[side - 1] : NULL;

    memcpy(sorted, of->deliveries, sizeof(sorted));
    double median = median_of(sorted, rounds);
    return (struct figure){
        .name = name_of(side),
        .durability = peer ? peer->durability : "fsync before the confirm",
        .encryption = peer        ? peer->encryption
                      : side == 0 ? "CURVE, content sealed end to end"
                                  : "CURVE",
        .median = median,
        .low = sorted[0],
        .high = sorted[rounds - 1],
    };
}

static void measure_load(struct side *sides, const struct plan *plan, const char *bin, double seconds, unsigned rounds,
                         const char *only)
{
    struct outcome *outcome = calloc(1, sizeof(*outcome));

    if (!outcome)
        give_up("memory");
    for (unsigned round = 0; round < rounds; round++)
        for (size_t side = 0; side < N_SIDES; side++) {
            if (!is_chosen(side, only))
                continue;
            *outcome = (struct outcome){ 0 };
            run_side(side, plan, bin, seconds, outcome);
            sides[side].deliveries[round] = (double) outcome->subscribers.envelopes / seconds;
            print_outcome(name_of(side), outcome, seconds);
        }
    free(outcome);
}

static void tell_load(const struct side *sides, const struct plan *plan, unsigned rounds, const char *only,
                      const char *chart)
{
    struct figure figures[N_SIDES];
    size_t n = 0;

    printf("\n| | deliveries/s: median (least – most) | Trefoil is | a confirm means | encryption |\n"
           "| --- | --- | --- | --- | --- |\n");
    for (size_t side = 0; side < N_SIDES; side++) {
        if (!is_chosen(side, only))
            continue;
        struct figure *figure = &figures[n++];
        *figure = figure_of(side, &sides[side], rounds);
        printf("| %s | %.0f (%.0f – %.0f) | %.2f × | %s | %s |\n", figure->name, figure->median, figure->low,
               figure->high, figure->median > 0 ? figures[0].median / figure->median : 0, figure->durability,
               figure->encryption);
    }
    printf("\n");
    for (size_t i = 1; i < n; i++) {
        double ratio = figures[i].median > 0 ? figures[0].median / figures[i].median : 0,
               target = strcmp(figures[i].name, "floor") == 0 ? 0.85 : target_of(figures[i].name);
        printf("RESULT name=peers peer=%s subscribers=%u deliveries=%.0f ratio=%.3f target=>=%.2f %s\n",
               figures[i].name, plan->subscribers, figures[i].median, ratio, target, ratio >= target ? "ok" : "short");
    }
    peers_chart(chart, figures, n, plan->subscribers);
    printf("chart: %s\n", chart);
}

static void print_latency(const char *name, const struct plan *plan, const char *what, const struct latencies *of)
{
    printf("RESULT name=peers.latency peer=%s rate=%.0f way=%s p50=%.2f p99=%.2f p999=%.2f unit=ms n=%llu\n", name,
           plan->rate, what, latencies_percentile(of, 50) / 1e3, latencies_percentile(of, 99) / 1e3,
           latencies_percentile(of, 99.9) / 1e3, (unsigned long long) of->count);
}

static void measure_latency(const struct plan *plan, const char *bin, double seconds, const char *only)
{
    struct outcome *outcome = calloc(1, sizeof(*outcome));

    if (!outcome)
        give_up("memory");
    for (size_t side = 0; side < N_SIDES; side++) {
        if (!is_chosen(side, only))
            continue;
        *outcome = (struct outcome){ 0 };
        run_side(side, plan, bin, seconds, outcome);
        print_latency(name_of(side), plan, "confirm", &outcome->publisher.confirms);
        print_latency(name_of(side), plan, "deliver", &outcome->subscribers.delivers);
        fflush(stdout);
    }
    free(outcome);
}

int main(int argc, char **argv)
{
    static const double rates[] = { 100, 1000, 10000 };
    static struct side sides[N_SIDES];
    struct plan plan = {
        .subscribers = (unsigned) option_number(argc, argv, "--subscribers", 3),
        .payload = 512,
        .window = 4096,
        .batch = 32,
    };
    double seconds = option_number(argc, argv, "--seconds", 5);
    unsigned rounds = (unsigned) option_number(argc, argv, "--rounds", 5);
    const char *only = option_text(argc, argv, "--only", NULL);
    char bin[CREW_PATH_MAX];

    if (option_flag(argc, argv, "--help") || plan.subscribers == 0 || plan.subscribers > PEERS_SUBSCRIBERS_MAX ||
        rounds == 0 || rounds > ROUNDS_MAX) {
        fprintf(stderr,
                "peers [--subscribers 3] [--seconds 5] [--rounds 5] [--only jetstream,redis-always,…] [--latency, "
                "at 100, 1,000 and 10,000/s] [--chart build/peers.svg] [--dir build/bench-data]\n");
        return 2;
    }
    keep_memory();
    find_programs(bin);
    (void) snprintf(plan.directory, sizeof(plan.directory), "%s/peers",
                    option_text(argc, argv, "--dir", "build/bench-data"));
    char absolute[PATH_MAX];
    empty_directory(plan.directory);
    if (!realpath(plan.directory, absolute)) /* servers have working directories of their own */
        give_up(plan.directory);
    (void) snprintf(plan.directory, sizeof(plan.directory), "%.250s", absolute);
    if (option_flag(argc, argv, "--latency")) {
        for (size_t i = 0; i < sizeof(rates) / sizeof(*rates); i++) {
            plan.rate = rates[i];
            plan.batch = 1;
            measure_latency(&plan, bin, seconds, only);
        }
        return 0;
    }
    measure_load(sides, &plan, bin, seconds, rounds, only);
    tell_load(sides, &plan, rounds, only, option_text(argc, argv, "--chart", "build/peers.svg"));
    return 0;
}
