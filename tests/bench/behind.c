/* A subscriber that is stopped for an hour of traffic: what the others notice of it, and what the gateway needs for it.
 * Never measures the stopped one: it has nothing.
 */
#include "fanout.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ACTIVE 2 /* the third is stopped */
#define WARM_UP_S 1.0
#define ROUNDS_MAX 9
#define P99_TARGET 1.10
#define MEMORY_TARGET 1.25 /* flat: what the newest records in memory make of it, no more */

struct bench {
    struct plan plan;
    struct crew_member gateway;
};

/* Of its own: pages of its files are the kernel's, which takes them back. */
static double resident_mb(const struct crew_member *member)
{
    char path[64], line[256];
    double kib = 0;

    (void) snprintf(path, sizeof(path), "/proc/%d/status", (int) member->pid);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof(line), file))
        if (strncmp(line, "RssAnon:", 8) == 0)
            kib = strtod(line + 8, NULL);
    if (file)
        fclose(file);
    return kib / 1024;
}

/* The active ones at work for a time. What they counted, together. */
static void work(const struct bench *bench, double rate, double seconds, struct tally *ret)
{
    struct fanout_setup setup = { .plan = bench->plan };
    struct crew_member subscribers[ACTIVE];
    struct tally *tally = calloc(1, sizeof(*tally));

    if (!tally)
        give_up("memory");
    setup.plan.rate = rate;
    plan_times(&setup.plan, WARM_UP_S, seconds);
    for (unsigned i = 0; i < ACTIVE; i++) {
        setup.subscriber = i;
        subscribers[i] = crew_start(fanout_subscriber, &setup);
    }
    struct crew_member publisher = crew_start(fanout_publisher, &setup);
    bool is_whole = crew_wait(&publisher, tally);
    ret->total += tally->total;
    for (unsigned i = 0; i < ACTIVE; i++) {
        is_whole = crew_wait(&subscribers[i], tally) && is_whole;
        latencies_merge(&ret->delivers, &tally->delivers);
    }
    free(tally);
    if (!is_whole)
        give_up("a process of the benchmark failed");
}

/* The median of the rounds' p99, in ms. */
static double measure(const struct bench *bench, double rate, double seconds, unsigned rounds, const char *when)
{
    double p99[ROUNDS_MAX];

    for (unsigned round = 0; round < rounds; round++) {
        struct tally *tally = calloc(1, sizeof(*tally));

        if (!tally)
            give_up("memory");
        work(bench, rate, seconds, tally);
        p99[round] = latencies_percentile(&tally->delivers, 99) / 1e3;
        printf("%s, %.0f/s: publish→deliver p50 %.2f ms p99 %.2f ms, %llu deliveries\n", when, rate,
               latencies_percentile(&tally->delivers, 50) / 1e3, p99[round],
               (unsigned long long) tally->delivers.count);
        fflush(stdout);
        free(tally);
    }
    return median_of(p99, rounds);
}

/* Subscribes, durably, and is stopped in the middle of its work. */
static struct crew_member stop_one(const struct bench *bench)
{
    struct fanout_setup setup = { .plan = bench->plan, .subscriber = ACTIVE };

    plan_times(&setup.plan, 0, 86400);
    struct crew_member stopped = crew_start(fanout_subscriber, &setup);
    usleep(1500000);
    if (kill(stopped.pid, SIGSTOP) < 0)
        give_up("nobody to stop");
    return stopped;
}

int main(int argc, char **argv)
{
    struct bench bench = { .plan = { .subscribers = ACTIVE + 1, .payload = 512, .window = 4096, .batch = 32 } };
    double rate = option_number(argc, argv, "--rate", 1000), seconds = option_number(argc, argv, "--seconds", 8);
    double backlog = option_number(argc, argv, "--backlog", 3600 * rate);
    unsigned rounds = (unsigned) option_number(argc, argv, "--rounds", 9);
    uint64_t done = 0, cpu_us;
    char bin[CREW_PATH_MAX];
    int port = free_port();

    if (option_flag(argc, argv, "--help") || rounds == 0 || rounds > ROUNDS_MAX || rate <= 0) {
        fprintf(stderr, "behind [--rate 1000] [--seconds 8] [--rounds 9] [--backlog 3600 × rate] [--dir "
                        "build/bench-data]\n");
        return 2;
    }
    keep_memory();
    find_programs(bin);
    (void) snprintf(bench.plan.directory, sizeof(bench.plan.directory), "%s/behind",
                    option_text(argc, argv, "--dir", "build/bench-data"));
    fanout_prepare(&bench.plan, bin, port);
    bench.gateway = fanout_gateway(&bench.plan, bin, port);
    double before = measure(&bench, rate, seconds, rounds, "all read");
    struct crew_member stopped = stop_one(&bench);
    work(&bench, 0, 3, &(struct tally){ 0 }); /* memory as it is at full load */
    double memory_before = resident_mb(&bench.gateway);
    while ((double) done < backlog) {
        struct tally *tally = calloc(1, sizeof(*tally));

        if (!tally)
            give_up("memory");
        work(&bench, 0, 5, tally);
        done += tally->total;
        free(tally);
        printf("%llu published that the stopped one has not read, gateway %.0f MB\n", (unsigned long long) done,
               resident_mb(&bench.gateway));
        fflush(stdout);
    }
    double memory_after = resident_mb(&bench.gateway);
    double after = measure(&bench, rate, seconds, rounds, "one is stopped");
    kill(stopped.pid, SIGKILL);
    crew_stop(&bench.gateway, &cpu_us);
    print_result("behind.p99", after, "ms", before > 0 ? after / before : 0, -P99_TARGET);
    print_result("behind.memory", memory_after, "MB", memory_before > 0 ? memory_after / memory_before : 0,
                 -MEMORY_TARGET);
    empty_directory(bench.plan.directory);
    return 0;
}
