/* Other durable fan-outs, doing the same work as ours: one publisher with confirms, durable subscribers with
 * acknowledgements, each a process. Never tunes one side and not the other: each peer runs as its documentation
 * recommends for production, and says what that is worth.
 */
#ifndef TREFOIL_BENCH_PEERS_H
#define TREFOIL_BENCH_PEERS_H

#include <stddef.h>

#include "crew.h"

#define PEERS_SUBSCRIBERS_MAX 16
#define PEER_PATH_MAX 512

/* Called for each payload a subscriber is given. */
typedef void peer_sink(void *context, const void *payload, size_t size);

struct peer {
    const char *name;       /* as RESULT lines call it */
    const char *durability; /* what a confirm promises */
    const char *encryption;

    /* Writes what the server needs below `directory` and fills `arguments` (16, NULL-terminated) and `environment`
     * (further NAME=value texts, 16) from `texts`. */
    void (*prepare)(const struct plan *plan, int port, char texts[16][PEER_PATH_MAX], char *arguments[16],
                    char *environment[16]);

    /* Makes the stream, exchange or topic and its durable subscriptions. NULL: nothing to be made. */
    void (*create)(const struct plan *plan, int port);

    /* One publisher. publish() never waits for a confirm; confirms() answers how many more, in order, have come, after
     * waiting up to `timeout_ms` for the first. */
    void *(*open_publisher)(const struct plan *plan, int port);
    void (*publish)(void *link, const void *payload, size_t size);
    unsigned (*confirms)(void *link, int timeout_ms);

    /* One subscriber, number `index`. take() waits up to `timeout_ms`, hands payloads to `sink` and acknowledges them. */
    void *(*open_subscriber)(const struct plan *plan, int port, unsigned index);
    void (*take)(void *link, int timeout_ms, peer_sink *sink, void *context);

    void (*clean)(const struct plan *plan, int port); /* what the server leaves running; may be NULL */
};

extern const struct peer peer_jetstream, peer_jetstream_tls, peer_redis_always, peer_redis_everysec, peer_rabbitmq,
    peer_mosquitto;

/* A whole run. */
void peers_run(const struct peer *peer, const struct plan *plan, double warm_up, double seconds, struct outcome *ret);

/* Fills a text of `texts`. */
char *peer_text(char text[PEER_PATH_MAX], const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Writes a small file below the plan's directory; its path into `text`. */
char *peer_file(char text[PEER_PATH_MAX], const struct plan *plan, const char *name, const char *content);

/* What came of everybody, for people: figures of one side over all rounds. */
struct figure {
    const char *name, *durability, *encryption;
    double median, low, high; /* deliveries/s */
};

/* A bar for each, as an SVG. */
void peers_chart(const char *path, const struct figure *figures, size_t n_figures, unsigned subscribers);

#endif
