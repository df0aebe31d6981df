/* One thread per lookup, which shares nothing with its client but one small block. Never waits for it. */
#include "client/names.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/clock.h"
#include "wire/limits.h"

#define TCP "tcp://"
#define STACK_BYTES (1u << 20) /* what a resolver's modules may want */

struct lookup {
    atomic_int n_owners; /* the client and the thread; whoever leaves last frees it */
    atomic_bool is_done; /* what is below is whole */
    int wake_fd;         /* its own: the client's may be closed by then */
    char host[NAMES_HOST_BYTES], port[NAMES_PORT_BYTES];
    char found[NAMES_ADDRESSES_MAX][NAMES_ENDPOINT_BYTES];
    unsigned n_found;
};

static void leave(struct lookup *lookup)
{
    if (atomic_fetch_sub(&lookup->n_owners, 1) > 1)
        return;
    close(lookup->wake_fd);
    free(lookup);
}

static bool is_number(const char *host)
{
    struct in_addr four;

    return host[0] == '[' || inet_pton(AF_INET, host, &four) == 1;
}

int names_init(struct names *names, const char *endpoint)
{
    *names = NAMES_EMPTY;
    names->endpoint = endpoint;
    names->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (names->wake_fd < 0)
        return -errno;
    if (strncmp(endpoint, TCP, strlen(TCP)) != 0 || strchr(endpoint, ';')) /* not ours to take apart */
        return 0;
    const char *host = endpoint + strlen(TCP);
    const char *colon = strrchr(host, ':');
    if (!colon || colon == host || (size_t) (colon - host) >= sizeof(names->host) ||
        strlen(colon + 1) >= sizeof(names->port))
        return 0;
    memcpy(names->host, host, (size_t) (colon - host));
    memcpy(names->port, colon + 1, strlen(colon + 1));
    if (is_number(names->host))
        names->host[0] = '\0';
    return 0;
}

void names_deinit(struct names *names)
{
    if (names->lookup)
        leave(names->lookup);
    if (names->wake_fd >= 0)
        close(names->wake_fd);
    *names = NAMES_EMPTY;
}

static void add(struct lookup *lookup, const struct addrinfo *info)
{
    char address[INET6_ADDRSTRLEN + 20]; /* and the name of an interface */
    bool is_six = info->ai_family == AF_INET6;

    if (getnameinfo(info->ai_addr, info->ai_addrlen, address, sizeof(address), NULL, 0, NI_NUMERICHOST) != 0)
        return;
    int n = snprintf(lookup->found[lookup->n_found], NAMES_ENDPOINT_BYTES, TCP "%s%s%s:%s", is_six ? "[" : "", address,
                     is_six ? "]" : "", lookup->port);
    if (n > 0 && n < NAMES_ENDPOINT_BYTES)
        lookup->n_found++;
}

static void *look(void *at)
{
    struct lookup *lookup = at;
    /* Both families: asked for IPv6 only, a resolver passes an IPv4 line of /etc/hosts by and goes to the network. */
    struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
    struct addrinfo *all = NULL;
    uint64_t one = 1;

    if (getaddrinfo(lookup->host, NULL, &hints, &all) == 0) {
        for (const struct addrinfo *info = all; info && lookup->n_found < NAMES_ADDRESSES_MAX; info = info->ai_next)
            add(lookup, info);
        freeaddrinfo(all);
    }
    /* Woken first: who comes too early is woken again, while a wake after the answer was taken would stay for ever. */
    (void) !write(lookup->wake_fd, &one, sizeof(one));
    atomic_store(&lookup->is_done, true);
    leave(lookup);
    return NULL;
}

static int start_thread(struct lookup *lookup)
{
    pthread_attr_t attributes;
    sigset_t all, before;
    pthread_t thread;

    int r = pthread_attr_init(&attributes);
    if (r != 0)
        return -r;
    (void) pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    (void) pthread_attr_setstacksize(&attributes, STACK_BYTES);
    sigfillset(&all); /* the program's signals are for its own threads */
    (void) pthread_sigmask(SIG_SETMASK, &all, &before);
    r = pthread_create(&thread, &attributes, look, lookup);
    (void) pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void) pthread_attr_destroy(&attributes);
    return -r;
}

static int start(struct names *names, uint64_t now_ms)
{
    struct lookup *lookup = calloc(1, sizeof(*lookup));

    if (!lookup)
        return -ENOMEM;
    lookup->wake_fd = fcntl(names->wake_fd, F_DUPFD_CLOEXEC, 0);
    if (lookup->wake_fd < 0) {
        int r = -errno;
        free(lookup);
        return r;
    }
    memcpy(lookup->host, names->host, sizeof(lookup->host));
    memcpy(lookup->port, names->port, sizeof(lookup->port));
    atomic_init(&lookup->n_owners, 2);
    int r = start_thread(lookup);
    if (r < 0) {
        close(lookup->wake_fd);
        free(lookup);
        return r;
    }
    names->lookup = lookup;
    names->asked_at_ms = now_ms;
    return 0;
}

void names_hear(struct names *names, uint64_t now_ms)
{
    uint64_t count;

    if (!names->lookup || !atomic_load(&names->lookup->is_done))
        return;
    if (names->lookup->n_found > 0) { /* a name that is gone may be on its way back to where it was */
        memcpy(names->known, names->lookup->found, sizeof(names->known));
        names->n_known = names->lookup->n_found;
    }
    leave(names->lookup);
    names->lookup = NULL;
    names->fresh_until_ms = now_ms + BUS_NAME_WAIT_MS;
    (void) !read(names->wake_fd, &count, sizeof(count));
}

int names_find(struct names *names, uint64_t now_ms, const char **ret)
{
    if (names->host[0] == '\0') {
        *ret = names->endpoint;
        return 1;
    }
    names_hear(names, now_ms);
    if (now_ms >= names->fresh_until_ms) {
        int r = names->lookup ? 0 : start(names, now_ms);

        if (r < 0)
            return r;
        if (now_ms < names_deadline(names))
            return 0;
    }
    if (names->n_known == 0)
        return -ENOENT;
    *ret = names->known[names->turn++ % names->n_known];
    return 1;
}

uint64_t names_deadline(const struct names *names)
{
    return names->n_known > 0 ? names->asked_at_ms + BUS_NAME_WAIT_MS : CLOCK_NEVER;
}

void names_keep(struct names *names)
{
    names->turn += names->n_known - 1; /* one back, without going below zero */
}
