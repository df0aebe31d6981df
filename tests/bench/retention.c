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
#define CPU_TARGET 1.15
#define SIZE_TARGET 1.10 /* per record it has to keep, beside when the first one went */

struct piece {
    double began_s, ended_s, rate, cpu_us; /* of the gateway's processor, per envelope */
    uint64_t n_records, store_bytes;
};

/* Records not older than the retention at the end of the last piece. */
static double records_kept(const struct piece *pieces, size_t n)
{
    double from_s = n ? pieces[n - 1].ended_s - RETENTION_S : 0, kept = 0;

    for (size_t i = 0; i < n; i++) {
        double begin_s = pieces[i].began_s > from_s ? pieces[i].began_s : from_s;

        if (begin_s < pieces[i].ended_s)
            kept +=
                (double) pieces[i].n_records * (pieces[i].ended_s - begin_s) / (pieces[i].ended_s - pieces[i].began_s);
    }
    return kept;
}

static struct piece load(struct plan *plan, const struct crew_member *gateway, double seconds, uint64_t origin_us)
{
    uint64_t cpu_us = crew_cpu_us(gateway);
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
    piece.n_records = tally->total;
    piece.cpu_us = tally->total ? (double) (crew_cpu_us(gateway) - cpu_us) / (double) tally->total : 0;
    (void) snprintf(store, sizeof(store), "%.250s/store", plan->directory);
    piece.store_bytes = directory_bytes(store);
    printf("%5.0f s: %.0f envelopes/s, %.2f µs each, publish→confirm p50 %.2f ms p99 %.2f ms, store %.2f GB\n",
           piece.ended_s, piece.rate, piece.cpu_us, latencies_percentile(&tally->confirms, 50) / 1e3,
           latencies_percentile(&tally->confirms, 99) / 1e3, (double) piece.store_bytes / 1e9);
    fflush(stdout);
    free(tally);
    return piece;
}

/* Of the rates, or of the processor times, of the pieces that lie wholly between two moments. */
static double median(const struct piece *pieces, size_t n, double from_s, double to_s, bool is_cpu)
{
    double values[PIECES_MAX];
    size_t n_values = 0;

    for (size_t i = 0; i < n; i++)
        if (pieces[i].began_s >= from_s && pieces[i].ended_s <= to_s)
            values[n_values++] = is_cpu ? pieces[i].cpu_us : pieces[i].rate;
    return median_of(values, n_values);
}

/* A file that once was large stays so: it is measured by the most it ever had to hold. */
static double bytes_per_record(const struct piece *pieces, size_t n)
{
    double most = 0;

    for (size_t i = 1; i <= n; i++)
        most = records_kept(pieces, i) > most ? records_kept(pieces, i) : most;
    return most > 0 ? (double) pieces[n - 1].store_bytes / most : 0;
}

static void report(const struct piece *pieces, size_t n)
{
    double begin_s = RETENTION_S + AFTER_S, end_s = pieces[n - 1].ended_s;
    double rate = median(pieces, n, 0, RETENTION_S, false), rate_with = median(pieces, n, begin_s, end_s, false);
    double cpu_us = median(pieces, n, 0, RETENTION_S, true), cpu_with_us = median(pieces, n, begin_s, end_s, true);
    size_t n_full = n;

    while (n_full > 1 && pieces[n_full - 1].began_s > RETENTION_S)
        n_full--;
    double full = bytes_per_record(pieces, n_full), last = bytes_per_record(pieces, n);
    print_result("retention.throughput", rate_with, "envelopes/s", rate > 0 ? rate_with / rate : 0, THROUGHPUT_TARGET);
    print_result("retention.processor", cpu_with_us, "µs", cpu_us > 0 ? cpu_with_us / cpu_us : 0, -CPU_TARGET);
    print_result("retention.store", last, "bytes/record", full > 0 ? last / full : 0, -SIZE_TARGET);
}

int main(int argc, char **argv)
{
    struct plan plan = { .payload = 512, .window = 4096, .batch = 32, .retention = "1m" };
    double seconds = option_number(argc, argv, "--seconds", 5), after = option_number(argc, argv, "--after", 40);
    static struct piece pieces[PIECES_MAX];
    size_t n = 0;
    uint64_t cpu_us, origin_us;
    char bin[CREW_PATH_MAX];
    int port = free_port();

    if (option_flag(argc, argv, "--help") || seconds < 1) {
        fprintf(stderr,
                "retention [--seconds 5 of a piece] [--after 40] [--people 0] [--rate 0] [--dir build/bench-data]\n");
        return 2;
    }
    plan.people = (uint64_t) option_number(argc, argv, "--people", 0);
    plan.rate = option_number(argc, argv, "--rate", 0);
    keep_memory();
    find_programs(bin);
    (void) snprintf(plan.directory, sizeof(plan.directory), "%s/retention",
                    option_text(argc, argv, "--dir", "build/bench-data"));
    fanout_prepare(&plan, bin, port);
    struct crew_member gateway = fanout_gateway(&plan, bin, port);
    origin_us = now_us();
    while (n < PIECES_MAX && (double) (now_us() - origin_us) / 1e6 < RETENTION_S + AFTER_S + after) {
        pieces[n] = load(&plan, &gateway, seconds, origin_us);
        n++;
    }
    crew_stop(&gateway, &cpu_us);
    report(pieces, n);
    empty_directory(plan.directory);
    return 0;
}
