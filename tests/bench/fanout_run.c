/* One run on the real gateway: keys, configuration, processes started, ended, counted. Never plays a role itself. */
#include "fanout.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <unistd.h>

#define START_WAIT_US 10000000

/* Keys for a source and as many sinks as there can be. */
static void make_keys(const struct plan *plan, const char *bin)
{
    char trefoil[512], trust[512], log[512], services[256] = "source=bench/1";
    struct tally none;

    for (unsigned i = 0; i < FANOUT_SUBSCRIBERS_MAX; i++)
        snprintf(services + strlen(services), sizeof(services) - strlen(services), ",sink%u", i);
    snprintf(trefoil, sizeof(trefoil), "%s/trefoil", bin);
    snprintf(trust, sizeof(trust), "%s/trust", plan->directory);
    snprintf(log, sizeof(log), "%s/init.log", plan->directory);
    char *const arguments[] = { trefoil,
                                (char[]){ "init" },
                                trust,
                                (char[]){ "--channel" },
                                (char[]){ "main" },
                                (char[]){ "--services" },
                                services,
                                plan->retention[0] ? (char[]){ "--retention" } : NULL,
                                (char *) (uintptr_t) plan->retention,
                                NULL };
    struct crew_member init = crew_exec(log, arguments);
    if (!crew_wait(&init, &none))
        give_up(log);
}

static void write_configuration(const struct plan *plan, int admin_port, char *ret_path, size_t room)
{
    char path[512], root_pk[80] = "";

    snprintf(path, sizeof(path), "%s/trust/root.pub", plan->directory);
    FILE *file = fopen(path, "r");
    if (!file || !fgets(root_pk, sizeof(root_pk), file))
        give_up(path);
    fclose(file);
    root_pk[strcspn(root_pk, "\r\n")] = '\0';
    snprintf(ret_path, room, "%s/gateway.yaml", plan->directory);
    file = fopen(ret_path, "w");
    if (!file)
        give_up(ret_path);
    fprintf(
        file,
        "bus_endpoint: %s\nadmin_host: 127.0.0.1\nadmin_port: %d\nstore_dir: %s/store\nstore_max_bytes: 68719476736\n"
        "keyring_file: %s/trust/keys/gateway.keyring\nbundle_file: %s/trust/trust.bundle\nroot_pk: %s\n",
        plan->endpoint, admin_port, plan->directory, plan->directory, plan->directory, root_pk);
    if (plan->cache)
        fprintf(file, "directory_cache: %llu\n", (unsigned long long) plan->cache);
    fclose(file);
}

/* Until somebody listens there. */
static void wait_for_port(int port)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons((uint16_t) port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    uint64_t until = now_us() + START_WAIT_US;
    bool is_there = false;

    while (!is_there && now_us() < until) {
        int fd = socket(AF_INET, SOCK_STREAM, 0);

        is_there = connect(fd, (struct sockaddr *) &address, sizeof(address)) == 0;
        close(fd);
        if (!is_there)
            usleep(10000);
    }
    if (!is_there)
        give_up("the gateway does not start; see gateway.log in the directory of the data");
}

void fanout_prepare(struct plan *plan, const char *bin, int port)
{
    char configuration[512], root[512];

    snprintf(root, sizeof(root), "%s/trust/root.pub", plan->directory);
    snprintf(plan->endpoint, sizeof(plan->endpoint), "tcp://127.0.0.1:%d", port);
    if (!plan->is_kept || access(root, R_OK) != 0) {
        empty_directory(plan->directory);
        make_keys(plan, bin);
    }
    write_configuration(plan, free_port(), configuration, sizeof(configuration));
}

struct crew_member fanout_gateway(const struct plan *plan, const char *bin, int port)
{
    char program[512], configuration[512], log[512];

    snprintf(program, sizeof(program), "%s/trefoil-gateway", bin);
    snprintf(configuration, sizeof(configuration), "%s/gateway.yaml", plan->directory);
    snprintf(log, sizeof(log), "%s/gateway.log", plan->directory);
    char *const arguments[] = { program, (char[]){ "--config" }, configuration, NULL };
    struct crew_member gateway = crew_exec(log, arguments);
    wait_for_port(port);
    return gateway;
}

void fanout_run(const struct plan *plan, const char *bin, double warm_up, double seconds, struct outcome *ret)
{
    struct fanout_setup setup = { .plan = *plan };
    struct crew_member subscribers[FANOUT_SUBSCRIBERS_MAX];
    unsigned n = plan->subscribers < FANOUT_SUBSCRIBERS_MAX ? plan->subscribers : FANOUT_SUBSCRIBERS_MAX;
    struct tally *tally = calloc(1, sizeof(*tally));
    char store[512];
    int port = free_port();

    if (!tally)
        give_up("memory");
    fanout_prepare(&setup.plan, bin, port);
    struct crew_member gateway = fanout_gateway(&setup.plan, bin, port);
    snprintf(store, sizeof(store), "%s/store", setup.plan.directory);

    plan_times(&setup.plan, warm_up, seconds);
    for (unsigned i = 0; i < n; i++) {
        setup.subscriber = i;
        subscribers[i] = crew_start(fanout_subscriber, &setup);
    }
    struct crew_member publisher = crew_start(fanout_publisher, &setup);
    bool is_whole = crew_wait(&publisher, &ret->publisher);
    for (unsigned i = 0; i < n; i++) {
        is_whole = crew_wait(&subscribers[i], tally) && is_whole;
        tally_merge(&ret->subscribers, tally);
    }
    crew_stop(&gateway, &ret->gateway.cpu_us);
    ret->published = ret->publisher.total;
    ret->store_bytes = directory_bytes(store);
    free(tally);
    if (!is_whole)
        give_up("a process of the benchmark failed");
    empty_directory(setup.plan.directory);
}
