/* Many addresses and rooms, a long journal: what they cost. One gateway is given as many as are asked for, another only a
 * thousand, and as many records of theirs: the addresses are what differs. They work in turns, so that whatever the machine
 * does to one it does to the other. Then SIGKILL and a new start. Never deletes the store before it is done.
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

/* A gateway with a store of its own. */
struct house {
    struct plan plan;
    int port;
    struct crew_member gateway;
};

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

static struct speed speed_of(const struct house *house, const char *where, uint64_t people, double seconds)
{
    struct plan plan = house->plan;
    struct tally *tally = calloc(1, sizeof(*tally));

    if (!tally)
        give_up("memory");
    wake_memory();
    uint64_t cpu_us = crew_cpu_us(&house->gateway);
    plan.people = people;
    plan_times(&plan, WARM_UP_S, seconds);
    publish(&plan, tally);
    struct speed speed = { (double) tally->envelopes / seconds, (double) (crew_cpu_us(&house->gateway) - cpu_us) /
                                                                    (double) (tally->total ? tally->total : 1) };
    printf("%s, %llu addresses: %.0f envelopes/s, %.2f µs each, publish→confirm p50 %.2f ms p99 %.2f ms\n", where,
           (unsigned long long) people, speed.rate, speed.cpu_us, latencies_percentile(&tally->confirms, 50) / 1e3,
           latencies_percentile(&tally->confirms, 99) / 1e3);
    fflush(stdout);
    free(tally);
    return speed;
}

/* So many envelopes; one from each, or in turns when there are fewer. */
static void fill(const struct plan *plan, uint64_t people, uint64_t count)
{
    struct plan all = *plan;
    struct tally *tally = calloc(1, sizeof(*tally));
    uint64_t began_us = now_us();

    if (!tally)
        give_up("memory");
    all.people = people;
    all.count = count;
    plan_times(&all, 0, 1);
    publish(&all, tally);
    printf("filled with %llu records of %llu addresses, each in a room of its own, in %.0f s\n",
           (unsigned long long) count, (unsigned long long) people, (double) (now_us() - began_us) / 1e6);
    fflush(stdout);
    free(tally);
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
static double restart(struct house *house, const char *bin)
{
    struct plan one = house->plan;
    struct tally *tally = calloc(1, sizeof(*tally));
    uint64_t began_us;

    if (!tally)
        give_up("memory");
    kill(house->gateway.pid, SIGKILL);
    waitpid(house->gateway.pid, NULL, 0);
    began_us = now_us();
    house->gateway = fanout_gateway(&house->plan, bin, house->port);
    double seconds = (double) (now_us() - began_us) / 1e6;
    one.people = FEW;
    one.count = 1;
    publish(&one, tally);
    double confirmed = (double) (now_us() - began_us) / 1e6;
    printf("killed: listens again after %.2f s, confirms after %.2f s\n", seconds, confirmed);
    free(tally);
    return confirmed;
}

/* Who takes turns. */
enum side { MANY, FEW_AMONG_MANY, FEW_ALONE, N_SIDES };

struct rounds {
    struct speed of[N_SIDES][ROUNDS_MAX];
    unsigned n;
};

static void take_turns(const struct house *many, const struct house *few, uint64_t people, double seconds,
                       struct rounds *rounds)
{
    unsigned n = rounds->n++;

    rounds->of[FEW_ALONE][n] = speed_of(few, "few alone", FEW, seconds);
    rounds->of[MANY][n] = speed_of(many, "many", people, seconds);
    rounds->of[FEW_AMONG_MANY][n] = speed_of(many, "few among many", FEW, seconds);
}

/* One side beside another, round by round. */
static void print_beside(const char *name, const struct rounds *of, enum side side, enum side other)
{
    double rate[ROUNDS_MAX], us[ROUNDS_MAX], ratio[ROUNDS_MAX], ratio_us[ROUNDS_MAX];
    char name_us[60];

    for (unsigned i = 0; i < of->n; i++) {
        const struct speed *one = &of->of[side][i], *two = &of->of[other][i];

        rate[i] = one->rate;
        us[i] = one->cpu_us;
        ratio[i] = one->rate / two->rate;
        ratio_us[i] = two->cpu_us / one->cpu_us;
    }
    (void) snprintf(name_us, sizeof(name_us), "%s.processor", name);
    print_result(name, median_of(rate, of->n), "envelopes/s", median_of(ratio, of->n), THROUGHPUT_TARGET);
    print_result(name_us, median_of(us, of->n), "µs", median_of(ratio_us, of->n), THROUGHPUT_TARGET);
}

static struct house move_in(const struct plan *plan, const char *directory, const char *name, const char *bin)
{
    struct house house = { .plan = *plan, .port = free_port() };

    (void) snprintf(house.plan.directory, sizeof(house.plan.directory), "%.240s/%s", directory, name);
    fanout_prepare(&house.plan, bin, house.port);
    house.gateway = fanout_gateway(&house.plan, bin, house.port);
    return house;
}

static void move_out(struct house *house)
{
    uint64_t cpu_us;

    crew_stop(&house->gateway, &cpu_us);
    if (!house->plan.is_kept)
        empty_directory(house->plan.directory);
}

int main(int argc, char **argv)
{
    struct plan plan = { .payload = 512, .window = 4096, .batch = 32 };
    uint64_t people = (uint64_t) option_number(argc, argv, "--addresses", 10e6);
    double seconds = option_number(argc, argv, "--seconds", 10);
    const char *directory = option_text(argc, argv, "--dir", "build/bench-data");
    char bin[CREW_PATH_MAX], store[300];
    struct rounds rounds = { .n = 0 };
    unsigned n_rounds = (unsigned) option_number(argc, argv, "--rounds", 5);

    if (option_flag(argc, argv, "--help") || people < FEW || n_rounds == 0 || n_rounds > ROUNDS_MAX) {
        fprintf(stderr, "scale [--addresses 10000000] [--seconds 10] [--cache 0] [--rounds 5] [--talk]\n"
                        "      [--bare] [--keep] [--dir build/bench-data]\n"
                        "--bare: the thousand have no records from before\n");
        return 2;
    }
    keep_memory();
    find_programs(bin);
    (void) snprintf(store, sizeof(store), "%.240s/scale/store", directory);
    plan.cache = (uint64_t) option_number(argc, argv, "--cache", 0);
    plan.talks = option_flag(argc, argv, "--talk");
    struct house few = move_in(&plan, directory, "scale-few", bin);
    plan.is_kept = option_flag(argc, argv, "--keep");
    bool is_filled = plan.is_kept && directory_bytes(store) > people * FILLED_BYTES;
    struct house many = move_in(&plan, directory, "scale", bin);

    if (!option_flag(argc, argv, "--bare"))
        fill(&few.plan, FEW, people); /* and the ids of as many */
    if (!is_filled)
        fill(&many.plan, people, people);
    else if (plan.cache > 0)
        warm_up(&many.plan, people);
    sleep(REST_S);
    for (unsigned i = 0; i < n_rounds; i++)
        take_turns(&many, &few, people, seconds, &rounds);
    double pause_s = restart(&many, bin);
    printf("the store has %.2f GB\n", (double) directory_bytes(store) / 1e9);
    print_beside("scale.throughput", &rounds, MANY, FEW_ALONE);
    print_beside("scale.same_store", &rounds, MANY, FEW_AMONG_MANY);
    print_beside("scale.few_among_many", &rounds, FEW_AMONG_MANY, FEW_ALONE);
    print_result("scale.restart", pause_s, "s", pause_s / RESTART_TARGET_S, -1);
    move_out(&few);
    move_out(&many);
    return 0;
}
