/* Many addresses and rooms, a long journal: what they cost. One gateway goes through a thousand addresses, as many as are
 * asked for, SIGKILL and a new start, all on the same store. Never deletes the store before it is done.
 */
#include "fanout.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define FEW 1000
#define WARM_UP_S 1.0
#define THROUGHPUT_TARGET 0.9
#define RESTART_TARGET_S 1.0
#define FILLED_BYTES 1000 /* of a store, per address: with fewer it was not filled */
#define REST_S 10         /* after a fill: what is written behind is written then */
#define ROUNDS_MAX 9

/* Publishes and waits for the end; what was confirmed. */
static void publish(const struct plan *plan, struct tally *ret)
{
    struct fanout_setup setup = { .plan = *plan };
    struct crew_member publisher = crew_start(fanout_publisher, &setup);

    memset(ret, 0, sizeof(*ret));
    if (!crew_wait(&publisher, ret))
        give_up("the publisher failed");
}

/* Envelopes a second, and of the gateway's processor per envelope: a busy machine hardly changes the latter. */
struct speed {
    double rate, cpu_us;
};

static struct speed speed_of(struct plan *plan, const struct crew_member *gateway, uint64_t people, double seconds)
{
    uint64_t cpu_us = crew_cpu_us(gateway);
    struct tally *tally = calloc(1, sizeof(*tally));

    if (!tally)
        give_up("memory");
    plan->people = people;
    plan->count = 0;
    plan_times(plan, WARM_UP_S, seconds);
    publish(plan, tally);
    struct speed speed = { (double) tally->envelopes / seconds,
                           (double) (crew_cpu_us(gateway) - cpu_us) / (double) (tally->total ? tally->total : 1) };
    printf("%llu addresses: %.0f envelopes/s, %.2f µs each, publish→confirm p50 %.2f ms p99 %.2f ms\n",
           (unsigned long long) people, speed.rate, speed.cpu_us, latencies_percentile(&tally->confirms, 50) / 1e3,
           latencies_percentile(&tally->confirms, 99) / 1e3);
    fflush(stdout);
    free(tally);
    return speed;
}

/* One envelope from each. */
static void fill(struct plan *plan, uint64_t people)
{
    struct tally *tally = calloc(1, sizeof(*tally));
    uint64_t began_us = now_us();

    if (!tally)
        give_up("memory");
    plan->people = plan->count = people;
    plan_times(plan, 0, 1);
    publish(plan, tally);
    printf("filled with %llu addresses, each in a room of its own, in %.0f s\n", (unsigned long long) people,
           (double) (now_us() - began_us) / 1e6);
    fflush(stdout);
    free(tally);
    sleep(REST_S);
}

/* One event from each that nothing is kept of: a gateway that was just started has them all in memory then, as after a
 * fill. */
static void warm_up(const struct plan *plan, uint64_t people)
{
    struct plan all = *plan;
    struct tally *tally = calloc(1, sizeof(*tally));
    uint64_t began_us = now_us();

    if (!tally)
        give_up("memory");
    all.people = all.count = people;
    all.passes_by = true;
    publish(&all, tally);
    printf("%llu addresses read into memory in %.0f s\n", (unsigned long long) people,
           (double) (now_us() - began_us) / 1e6);
    fflush(stdout);
    free(tally);
}

/* From the start of the process to the first confirm of a new publisher. */
static double restart(const struct plan *plan, const char *bin, int port, struct crew_member *gateway)
{
    struct plan one = *plan;
    struct tally *tally = calloc(1, sizeof(*tally));
    uint64_t began_us;

    if (!tally)
        give_up("memory");
    kill(gateway->pid, SIGKILL);
    waitpid(gateway->pid, NULL, 0);
    began_us = now_us();
    *gateway = fanout_gateway(plan, bin, port);
    double seconds = (double) (now_us() - began_us) / 1e6;
    one.people = FEW;
    one.count = 1;
    publish(&one, tally);
    double confirmed = (double) (now_us() - began_us) / 1e6;
    printf("killed: listens again after %.2f s, confirms after %.2f s\n", seconds, confirmed);
    free(tally);
    return confirmed;
}

/* Few and many in turns, on the same store; what few came to before there were others. */
struct rounds {
    struct speed alone, few[ROUNDS_MAX], many[ROUNDS_MAX];
    unsigned n;
};

static void take_turns(struct plan *plan, const struct crew_member *gateway, uint64_t people, double seconds,
                       struct rounds *rounds)
{
    struct speed many = speed_of(plan, gateway, people, seconds);
    struct speed few = speed_of(plan, gateway, FEW, seconds);

    printf("in this round %.2f × as many, at %.2f × the processor time\n", many.rate / few.rate,
           many.cpu_us / few.cpu_us);
    fflush(stdout);
    rounds->few[rounds->n] = few;
    rounds->many[rounds->n++] = many;
}

static void print_rounds(const struct rounds *of)
{
    double few[ROUNDS_MAX], many[ROUNDS_MAX], few_us[ROUNDS_MAX], many_us[ROUNDS_MAX], ratio[ROUNDS_MAX],
        ratio_us[ROUNDS_MAX];

    for (unsigned i = 0; i < of->n; i++) {
        few[i] = of->few[i].rate;
        many[i] = of->many[i].rate;
        few_us[i] = of->few[i].cpu_us;
        many_us[i] = of->many[i].cpu_us;
        ratio[i] = many[i] / few[i];
        ratio_us[i] = few_us[i] / many_us[i];
    }
    double rate = median_of(many, of->n), us = median_of(many_us, of->n), few_rate = median_of(few, of->n),
           few_cpu_us = median_of(few_us, of->n);
    print_result("scale.throughput", rate, "envelopes/s", median_of(ratio, of->n), THROUGHPUT_TARGET);
    print_result("scale.processor", us, "µs", median_of(ratio_us, of->n), THROUGHPUT_TARGET);
    print_result("scale.beside_few_alone", rate, "envelopes/s", rate / of->alone.rate, THROUGHPUT_TARGET);
    print_result("scale.beside_few_alone.processor", us, "µs", of->alone.cpu_us / us, THROUGHPUT_TARGET);
    print_result("scale.few_among_many", few_rate, "envelopes/s", few_rate / of->alone.rate, THROUGHPUT_TARGET);
    print_result("scale.few_among_many.processor", few_cpu_us, "µs", of->alone.cpu_us / few_cpu_us, THROUGHPUT_TARGET);
}

int main(int argc, char **argv)
{
    struct plan plan = { .payload = 512, .window = 4096, .batch = 32 };
    uint64_t people = (uint64_t) option_number(argc, argv, "--addresses", 10e6), cpu_us;
    double seconds = option_number(argc, argv, "--seconds", 10);
    char bin[CREW_PATH_MAX], store[400];
    unsigned n_rounds = (unsigned) option_number(argc, argv, "--rounds", 4);
    int port = free_port();

    if (option_flag(argc, argv, "--help") || people < FEW || n_rounds == 0 || n_rounds > ROUNDS_MAX) {
        fprintf(stderr, "scale [--addresses 10000000] [--seconds 10] [--cache 0] [--rounds 4] [--talk]\n"
                        "      [--keep] [--dir build/bench-data]\n");
        return 2;
    }
    keep_memory();
    find_programs(bin);
    (void) snprintf(plan.directory, sizeof(plan.directory), "%s/scale",
                    option_text(argc, argv, "--dir", "build/bench-data"));
    (void) snprintf(store, sizeof(store), "%.250s/store", plan.directory);
    plan.cache = (uint64_t) option_number(argc, argv, "--cache", 0);
    plan.is_kept = option_flag(argc, argv, "--keep");
    plan.talks = option_flag(argc, argv, "--talk");
    bool is_filled = plan.is_kept && directory_bytes(store) > people * FILLED_BYTES;
    fanout_prepare(&plan, bin, port);
    struct crew_member gateway = fanout_gateway(&plan, bin, port);
    if (is_filled && plan.cache > 0)
        warm_up(&plan, people);
    struct speed alone = speed_of(&plan, &gateway, FEW, seconds);
    if (!is_filled)
        fill(&plan, people);
    struct rounds of = { .alone = alone };
    for (unsigned i = 0; i < n_rounds; i++)
        take_turns(&plan, &gateway, people, seconds, &of);
    double pause_s = restart(&plan, bin, port, &gateway);
    printf("the store has %.2f GB\n", (double) directory_bytes(store) / 1e9);
    crew_stop(&gateway, &cpu_us);
    print_rounds(&of);
    print_result("scale.restart", pause_s, "s", pause_s / RESTART_TARGET_S, -1);
    if (!plan.is_kept)
        empty_directory(plan.directory);
    return 0;
}
