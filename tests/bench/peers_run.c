/* One run on somebody else's server: started, worked with, stopped, counted. Never knows whose server it is. */
#include "peers.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define START_WAIT_US 60000000
#define GRACE_US 300000
#define RING ((uint64_t) 1 << 16)
#define PER_TURN 256

struct peers_setup {
    const struct peer *peer;
    struct plan plan;
    int port;
    unsigned subscriber;
};

char *peer_text(char text[PEER_PATH_MAX], const char *format, ...)
{
    va_list list;

    va_start(list, format);
    (void) vsnprintf(text, PEER_PATH_MAX, format, list);
    va_end(list);
    return text;
}

char *peer_file(char text[PEER_PATH_MAX], const struct plan *plan, const char *name, const char *content)
{
    FILE *file = fopen(peer_text(text, "%s/%s", plan->directory, name), "w");

    if (!file || fputs(content, file) < 0 || fclose(file) != 0)
        give_up(text);
    return text;
}

/* In a group of its own: some servers are scripts with children. */
static pid_t start_server(const struct peers_setup *setup)
{
    char texts[16][PEER_PATH_MAX] = { "" }, log[PEER_PATH_MAX];
    char *arguments[16] = { NULL }, *environment[16] = { NULL };
    pid_t pid, parent = getpid();

    setup->peer->prepare(&setup->plan, setup->port, texts, arguments, environment);
    peer_text(log, "%s/server.log", setup->plan.directory);
    fflush(NULL);
    pid = fork();
    if (pid < 0)
        give_up("fork");
    if (pid > 0)
        return pid;
    int fd = open(log, O_CREAT | O_TRUNC | O_WRONLY, 0600), nothing = open("/dev/null", O_RDONLY);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    setpgid(0, 0);
    if (getppid() != parent || fd < 0 || nothing < 0 || dup2(nothing, 0) < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0)
        _exit(1);
    for (size_t i = 0; i < 16 && environment[i]; i++)
        putenv(environment[i]);
    execvp(arguments[0], arguments);
    _exit(127);
}

static void wait_for_server(const struct peers_setup *setup, pid_t pid)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons((uint16_t) setup->port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    uint64_t until = now_us() + START_WAIT_US;

    while (now_us() < until && waitpid(pid, NULL, WNOHANG) == 0) {
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        bool is_there = connect(fd, (struct sockaddr *) &address, sizeof(address)) == 0;

        close(fd);
        if (is_there)
            return;
        usleep(20000);
    }
    fprintf(stderr, "%s does not start; see %s/server.log\n", setup->peer->name, setup->plan.directory);
    exit(1);
}

static void stop_server(pid_t pid, uint64_t *ret_cpu_us)
{
    struct rusage usage = { 0 };
    uint64_t until = now_us() + 10000000;
    int status;

    kill(pid, SIGTERM);
    while (wait4(pid, &status, WNOHANG, &usage) == 0 && now_us() < until)
        usleep(20000);
    kill(-pid, SIGKILL);
    (void) wait4(pid, &status, 0, &usage);
    *ret_cpu_us = (uint64_t) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
                  (uint64_t) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/* ---- the roles -------------------------------------------------------------------------------------------------- */

/* In a process of its own: client libraries have threads, which a fork would leave behind. */
static void play_founder(const void *context, struct tally *ret)
{
    const struct peers_setup *setup = context;

    (void) ret;
    setup->peer->create(&setup->plan, setup->port);
}

static void play_publisher(const void *context, struct tally *ret)
{
    const struct peers_setup *setup = context;
    const struct plan *plan = &setup->plan;
    void *link = setup->peer->open_publisher(plan, setup->port);
    uint64_t *sent_us = calloc(RING, sizeof(*sent_us)), sent = 0, confirmed = 0, begun_us = now_us();
    uint8_t *payload = calloc(1, plan->payload);

    if (!link || !sent_us || !payload)
        give_up("a publisher");
    while (now_us() < plan->end_us) {
        bool is_due = true;

        for (unsigned i = 0; i < PER_TURN && is_due; i++) {
            uint64_t now = now_us();
            is_due = sent - confirmed < plan->window &&
                     (plan->rate <= 0 || (double) sent < plan->rate * (double) (now - begun_us) / 1e6);
            if (!is_due)
                break;
            memcpy(payload, &now, sizeof(now));
            setup->peer->publish(link, payload, plan->payload);
            sent_us[sent++ % RING] = now;
        }
        unsigned n = setup->peer->confirms(link, is_due ? 0 : 1);
        uint64_t now = now_us();
        for (; n > 0; n--, confirmed++) {
            ret->total++;
            if (!plan_counts(plan, now))
                continue;
            ret->envelopes++;
            latencies_add(&ret->confirms, now - sent_us[confirmed % RING]);
        }
    }
    free(payload);
    free(sent_us);
}

struct counting {
    const struct plan *plan;
    struct tally *tally;
};

static void count(void *context, const void *payload, size_t size)
{
    const struct counting *counting = context;
    uint64_t now = now_us(), since;

    counting->tally->total++;
    if (size < sizeof(since) || !plan_counts(counting->plan, now))
        return;
    memcpy(&since, payload, sizeof(since));
    counting->tally->envelopes++;
    latencies_add(&counting->tally->delivers, now - since);
}

static void play_subscriber(const void *context, struct tally *ret)
{
    const struct peers_setup *setup = context;
    struct counting counting = { &setup->plan, ret };
    void *link = setup->peer->open_subscriber(&setup->plan, setup->port, setup->subscriber);

    if (!link)
        give_up("a subscriber");
    while (now_us() < setup->plan.end_us + GRACE_US)
        setup->peer->take(link, 20, count, &counting);
}

void peers_run(const struct peer *peer, const struct plan *plan, double warm_up, double seconds, struct outcome *ret)
{
    struct peers_setup setup = { .peer = peer, .plan = *plan, .port = free_port() };
    struct crew_member subscribers[PEERS_SUBSCRIBERS_MAX];
    unsigned n = plan->subscribers < PEERS_SUBSCRIBERS_MAX ? plan->subscribers : PEERS_SUBSCRIBERS_MAX;
    struct tally *tally = calloc(1, sizeof(*tally));

    if (!tally)
        give_up("memory");
    empty_directory(setup.plan.directory);
    pid_t server = start_server(&setup);
    wait_for_server(&setup, server);
    if (peer->create) {
        struct crew_member founder = crew_start(play_founder, &setup);
        if (!crew_wait(&founder, tally))
            give_up("what the subscribers need cannot be made");
    }
    plan_times(&setup.plan, warm_up, seconds);
    for (unsigned i = 0; i < n; i++) {
        setup.subscriber = i;
        subscribers[i] = crew_start(play_subscriber, &setup);
    }
    usleep(200000); /* nobody is to miss the first ones */
    struct crew_member publisher = crew_start(play_publisher, &setup);
    bool is_whole = crew_wait(&publisher, &ret->publisher);
    for (unsigned i = 0; i < n; i++) {
        is_whole = crew_wait(&subscribers[i], tally) && is_whole;
        tally_merge(&ret->subscribers, tally);
    }
    stop_server(server, &ret->gateway.cpu_us);
    if (peer->clean)
        peer->clean(&setup.plan, setup.port);
    ret->published = ret->publisher.total;
    free(tally);
    if (!is_whole)
        give_up("a process of the benchmark failed");
    empty_directory(setup.plan.directory);
}
