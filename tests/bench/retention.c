/* Retention under full load: pieces of a few seconds, one after the other on the same store, before the oldest record is
 * over and after. Never deletes the store before it is done.
 */
#include "fanout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RETENTION_S 60.0 /* the shortest a roster can name */
#define WARM_UP_S 0.5
#define PIECES_MAX 256
#define AFTER_S 5.0            /* the first tick after the retention finds work; a little later as much goes as comes */
#define THROUGHPUT_TARGET 0.85 /* it may cost 15 % */
#define SIZE_TARGET 1.10       /* of what the store had when the first record went */

struct piece {
    double began_s, ended_s, rate;
    uint64_t store_bytes;
};

static struct piece load(struct plan *plan, double seconds, uint64_t origin_us)
{
    struct fanout_setup setup = { .plan = *plan };
    struct tally *tally = calloc(1, sizeof(*tally));
    struct piece piece;
    char store[400];

    if (!tally)
        give_up("memory");
    piece.began_s = (double) (now_us() - origin_us) / 1e6;
    plan_times(&setup.plan, WARM_UP_S, seconds);
    struct crew_member publisher = crew_start(fanout_publisher, &setup);
    if (!crew_wait(&publisher, tally))
        give_up("the publisher failed");
    piece.ended_s = (double) (now_us() - origin_us) / 1e6;
    piece.rate = (double) tally->envelopes / seconds;
    (void) snprintf(store, sizeof(store), "%.250s/store", plan->directory);
    piece.store_bytes = directory_bytes(store);
    printf("%5.0f s: %.0f envelopes/s, publish→confirm p50 %.2f ms p99 %.2f ms, store %.2f GB\n", piece.ended_s,
           piece.rate, latencies_percentile(&tally->confirms, 50) / 1e3,
           latencies_percentile(&tally->confirms, 99) / 1e3, (double) piece.store_bytes / 1e9);
    fflush(stdout);
    free(tally);
    return piece;
}

static int by_rate(const void *a, const void *b)
{
    double x = ((const struct piece *) a)->rate, y = ((const struct piece *) b)->rate;

    return x < y ? -1 : x > y;
}

static double median(struct piece *pieces, size_t n)
{
    if (n == 0)
        return 0;
    qsort(pieces, n, sizeof(*pieces), by_rate);
    return pieces[n / 2].rate;
}

int main(int argc, char **argv)
{
    struct plan plan = { .payload = 512, .window = 4096, .batch = 32, .retention = "1m" };
    double seconds = option_number(argc, argv, "--seconds", 5), after = option_number(argc, argv, "--after", 40);
    static struct piece before[PIECES_MAX], during[PIECES_MAX];
    size_t n_before = 0, n_during = 0;
    uint64_t cpu_us, full_bytes = 0, last_bytes = 0;
    char bin[CREW_PATH_MAX];
    int port = free_port();

    if (option_flag(argc, argv, "--help") || seconds < 1) {
        fprintf(stderr,
                "retention [--seconds 5 of a piece] [--after 40] [--people 0] [--rate 0] [--dir build/bench-data]\n");
        return 2;
    }
    plan.people = (uint64_t) option_number(argc, argv, "--people", 0);
    plan.rate = option_number(argc, argv, "--rate", 0);
    find_programs(bin);
    (void) snprintf(plan.directory, sizeof(plan.directory), "%s/retention",
                    option_text(argc, argv, "--dir", "build/bench-data"));
    fanout_prepare(&plan, bin, port);
    struct crew_member gateway = fanout_gateway(&plan, bin, port);
    for (uint64_t origin_us = now_us(); (double) (now_us() - origin_us) / 1e6 < RETENTION_S + AFTER_S + after;) {
        struct piece piece = load(&plan, seconds, origin_us);

        if (piece.ended_s < RETENTION_S && n_before < PIECES_MAX)
            before[n_before++] = piece;
        if (piece.began_s > RETENTION_S + AFTER_S && n_during < PIECES_MAX)
            during[n_during++] = piece;
        if (piece.began_s < RETENTION_S + AFTER_S)
            full_bytes = piece.store_bytes;
        last_bytes = piece.store_bytes;
    }
    crew_stop(&gateway, &cpu_us);
    double without = median(before, n_before), with = median(during, n_during);
    print_result("retention.throughput", with, "envelopes/s", without > 0 ? with / without : 0, THROUGHPUT_TARGET);
    print_result("retention.store", (double) last_bytes / 1e9, "GB",
                 full_bytes > 0 ? (double) last_bytes / (double) full_bytes : 0, -SIZE_TARGET);
    empty_directory(plan.directory);
    return 0;
}
