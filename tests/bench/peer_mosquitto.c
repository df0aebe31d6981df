/* Mosquitto: one topic, QoS 1 both ways, persistent sessions, persistence on. Never leaves a session behind. */
#include "peers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mosquitto.h>

#define TOPIC "bench"
#define KEEPALIVE_S 60

static void prepare(const struct plan *plan, int port, char texts[16][PEER_PATH_MAX], char *arguments[16],
                    char *environment[16])
{
    char content[1024];

    (void) environment;
    /* no limit on what waits, or it would throw away; saved as often as it can be by time */
    (void) snprintf(content, sizeof(content),
                    "listener %d 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_location %s/\n"
                    "autosave_interval 1\nmax_queued_messages 0\nmax_inflight_messages 4096\nuser root\n",
                    port, plan->directory);
    arguments[0] = peer_text(texts[0], "/usr/sbin/mosquitto");
    arguments[1] = peer_text(texts[1], "-c");
    arguments[2] = peer_file(texts[2], plan, "mosquitto.conf", content);
}

struct link {
    struct mosquitto *mosquitto;
    unsigned n_confirms;
    peer_sink *sink;
    void *context;
};

static void on_publish(struct mosquitto *mosquitto, void *context, int id)
{
    (void) mosquitto;
    (void) id;
    ((struct link *) context)->n_confirms++;
}

static void on_message(struct mosquitto *mosquitto, void *context, const struct mosquitto_message *message)
{
    struct link *link = context;

    (void) mosquitto;
    if (link->sink)
        link->sink(link->context, message->payload, (size_t) message->payloadlen);
}

static void on_connect(struct mosquitto *mosquitto, void *context, int result)
{
    (void) context;
    (void) mosquitto;
    if (result != 0)
        give_up("mosquitto refuses the connection");
}

static struct link *link_to(const char *id, int port)
{
    struct link *link = calloc(1, sizeof(*link));

    mosquitto_lib_init();
    if (!link || !(link->mosquitto = mosquitto_new(id, false, link)))
        give_up("memory");
    mosquitto_connect_callback_set(link->mosquitto, on_connect);
    mosquitto_publish_callback_set(link->mosquitto, on_publish);
    mosquitto_message_callback_set(link->mosquitto, on_message);
    mosquitto_int_option(link->mosquitto, MOSQ_OPT_RECEIVE_MAXIMUM, 4096);
    mosquitto_int_option(link->mosquitto, MOSQ_OPT_SEND_MAXIMUM, 4096);
    mosquitto_int_option(link->mosquitto, MOSQ_OPT_TCP_NODELAY, 1);
    if (mosquitto_connect(link->mosquitto, "127.0.0.1", port, KEEPALIVE_S) != MOSQ_ERR_SUCCESS)
        give_up("mosquitto");
    return link;
}

static void *open_publisher(const struct plan *plan, int port)
{
    (void) plan;
    return link_to("source", port);
}

static void publish(void *context, const void *payload, size_t size)
{
    struct link *link = context;

    if (mosquitto_publish(link->mosquitto, NULL, TOPIC, (int) size, payload, 1, false) != MOSQ_ERR_SUCCESS)
        give_up("mosquitto_publish");
}

static unsigned confirms(void *context, int timeout_ms)
{
    struct link *link = context;
    unsigned n;

    if (mosquitto_loop(link->mosquitto, timeout_ms, 1) != MOSQ_ERR_SUCCESS)
        give_up("mosquitto_loop");
    n = link->n_confirms;
    link->n_confirms = 0;
    return n;
}

static void *open_subscriber(const struct plan *plan, int port, unsigned index)
{
    char id[32];

    (void) plan;
    (void) snprintf(id, sizeof(id), "sink%u", index);
    struct link *link = link_to(id, port);
    for (int i = 0; i < 10; i++) /* until the connection is accepted */
        (void) mosquitto_loop(link->mosquitto, 10, 1);
    if (mosquitto_subscribe(link->mosquitto, NULL, TOPIC, 1) != MOSQ_ERR_SUCCESS)
        give_up("mosquitto_subscribe");
    return link;
}

static void take(void *context, int timeout_ms, peer_sink *sink, void *sink_context)
{
    struct link *link = context;

    link->sink = sink;
    link->context = sink_context;
    if (mosquitto_loop(link->mosquitto, timeout_ms, 1) != MOSQ_ERR_SUCCESS)
        give_up("mosquitto_loop");
}

const struct peer peer_mosquitto = {
    .name = "mosquitto",
    .durability = "in memory, saved every second: a crash loses it",
    .encryption = "none (TLS possible)",
    .prepare = prepare,
    .open_publisher = open_publisher,
    .publish = publish,
    .confirms = confirms,
    .open_subscriber = open_subscriber,
    .take = take,
};
