/* RabbitMQ: a fan-out exchange, a durable queue for each subscriber, persistent messages, publisher confirms, manual
 * acknowledgements. Never uses its management plug-in.
 */
#include "peers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_tcp_socket.h>

#define EXCHANGE "bench"
#define PREFETCH 4096
#define ACK_EVERY 256

static void prepare(const struct plan *plan, int port, char texts[16][PEER_PATH_MAX], char *arguments[16],
                    char *environment[16])
{
    arguments[0] = peer_text(texts[0], "/usr/lib/rabbitmq/bin/rabbitmq-server");
    environment[0] = peer_text(texts[1], "RABBITMQ_NODE_PORT=%d", port);
    environment[1] = peer_text(texts[2], "RABBITMQ_NODE_IP_ADDRESS=127.0.0.1");
    environment[2] = peer_text(texts[3], "RABBITMQ_DIST_PORT=%d", free_port());
    environment[3] = peer_text(texts[4], "RABBITMQ_MNESIA_BASE=%s/mnesia", plan->directory);
    environment[4] = peer_text(texts[5], "RABBITMQ_LOG_BASE=%s/log", plan->directory);
    environment[5] = peer_text(texts[6], "RABBITMQ_NODENAME=bench%d@localhost", port);
    environment[6] = peer_text(texts[7], "HOME=%s", plan->directory);
    environment[7] = peer_text(texts[8], "ERL_EPMD_PORT=%d", 10000 + port % 20000);
    environment[8] = peer_text(texts[9], "RABBITMQ_ENABLED_PLUGINS_FILE=%s/plugins", plan->directory);
    environment[9] = peer_text(texts[10], "RABBITMQ_PID_FILE=%s/pid", plan->directory);
}

static void clean(const struct plan *plan, int port)
{
    char command[128];

    (void) plan;
    (void) snprintf(command, sizeof(command), "epmd -port %d -kill >/dev/null 2>&1", 10000 + port % 20000);
    if (system(command) != 0) /* NOLINT: constant but for a number of ours */
        fprintf(stderr, "epmd was gone already\n");
}

static void check(amqp_rpc_reply_t reply, const char *what)
{
    if (reply.reply_type != AMQP_RESPONSE_NORMAL)
        give_up(what);
}

/* It listens some time before it lets anybody in. */
static amqp_connection_state_t link_to(int port)
{
    amqp_connection_state_t amqp = NULL;
    bool is_in = false;

    for (int tries = 0; !is_in && tries < 100; tries++) {
        if (amqp) {
            amqp_destroy_connection(amqp);
            usleep(200000);
        }
        amqp = amqp_new_connection();
        amqp_socket_t *socket = amqp_tcp_socket_new(amqp);
        is_in = socket && amqp_socket_open(socket, "127.0.0.1", port) == AMQP_STATUS_OK &&
                amqp_login(amqp, "/", 0, 131072, 0, AMQP_SASL_METHOD_PLAIN, "guest", "guest").reply_type ==
                    AMQP_RESPONSE_NORMAL;
    }
    if (!is_in)
        give_up("rabbitmq lets nobody in");
    amqp_channel_open(amqp, 1);
    check(amqp_get_rpc_reply(amqp), "rabbitmq channel");
    return amqp;
}

static amqp_bytes_t queue_name(unsigned index, char room[16])
{
    (void) snprintf(room, 16, "q%u", index);
    return amqp_cstring_bytes(room);
}

static void create(const struct plan *plan, int port)
{
    amqp_connection_state_t amqp = link_to(port);
    amqp_bytes_t exchange = amqp_cstring_bytes(EXCHANGE);

    amqp_exchange_declare(amqp, 1, exchange, amqp_cstring_bytes("fanout"), 0, 1, 0, 0, amqp_empty_table);
    check(amqp_get_rpc_reply(amqp), "exchange");
    for (unsigned i = 0; i < plan->subscribers; i++) {
        char room[16];
        amqp_bytes_t queue = queue_name(i, room);

        amqp_queue_declare(amqp, 1, queue, 0, 1, 0, 0, amqp_empty_table);
        check(amqp_get_rpc_reply(amqp), "queue");
        amqp_queue_bind(amqp, 1, queue, exchange, amqp_empty_bytes, amqp_empty_table);
        check(amqp_get_rpc_reply(amqp), "binding");
    }
    amqp_connection_close(amqp, AMQP_REPLY_SUCCESS);
    amqp_destroy_connection(amqp);
}

struct source {
    amqp_connection_state_t amqp;
    uint64_t confirmed;
};

static void *open_publisher(const struct plan *plan, int port)
{
    struct source *source = calloc(1, sizeof(*source));

    (void) plan;
    if (!source)
        give_up("memory");
    source->amqp = link_to(port);
    amqp_confirm_select(source->amqp, 1);
    check(amqp_get_rpc_reply(source->amqp), "confirms");
    return source;
}

static void publish(void *link, const void *payload, size_t size)
{
    const struct source *source = link;
    amqp_basic_properties_t properties = { ._flags = AMQP_BASIC_DELIVERY_MODE_FLAG, .delivery_mode = 2 };
    amqp_bytes_t body = { size, (void *) (uintptr_t) payload };

    if (amqp_basic_publish(source->amqp, 1, amqp_cstring_bytes(EXCHANGE), amqp_empty_bytes, 0, 0, &properties, body) !=
        AMQP_STATUS_OK)
        give_up("basic.publish");
}

static unsigned confirms(void *link, int timeout_ms)
{
    struct source *source = link;
    uint64_t before = source->confirmed;
    struct timeval wait = { 0, timeout_ms * 1000 };
    amqp_frame_t frame;
    int r;

    amqp_maybe_release_buffers(source->amqp);
    while ((r = amqp_simple_wait_frame_noblock(source->amqp, &frame, &wait)) == AMQP_STATUS_OK) {
        if (frame.frame_type != AMQP_FRAME_METHOD || frame.payload.method.id != AMQP_BASIC_ACK_METHOD)
            give_up("not a confirm");
        const amqp_basic_ack_t *ack = frame.payload.method.decoded;
        /* acks of single messages come out of order now and then: their number is what counts */
        source->confirmed =
            ack->multiple && ack->delivery_tag > source->confirmed ? ack->delivery_tag : source->confirmed + 1;
        wait = (struct timeval){ 0, 0 };
    }
    if (r != AMQP_STATUS_TIMEOUT)
        give_up("confirms");
    return (unsigned) (source->confirmed - before);
}

struct sink {
    amqp_connection_state_t amqp;
    unsigned unacknowledged;
    uint64_t last;
};

static void *open_subscriber(const struct plan *plan, int port, unsigned index)
{
    struct sink *sink = calloc(1, sizeof(*sink));
    char room[16];

    (void) plan;
    if (!sink)
        give_up("memory");
    sink->amqp = link_to(port);
    amqp_basic_qos(sink->amqp, 1, 0, PREFETCH, 0);
    check(amqp_get_rpc_reply(sink->amqp), "prefetch");
    amqp_basic_consume(sink->amqp, 1, queue_name(index, room), amqp_empty_bytes, 0, 0, 0, amqp_empty_table);
    check(amqp_get_rpc_reply(sink->amqp), "consuming");
    return sink;
}

static void acknowledge(struct sink *sink)
{
    if (sink->unacknowledged && amqp_basic_ack(sink->amqp, 1, sink->last, 1) != AMQP_STATUS_OK)
        give_up("basic.ack");
    sink->unacknowledged = 0;
}

static void take(void *link, int timeout_ms, peer_sink *hand, void *context)
{
    struct sink *sink = link;
    struct timeval wait = { 0, timeout_ms * 1000 };
    amqp_envelope_t envelope;

    for (unsigned i = 0; i < ACK_EVERY; i++) {
        amqp_maybe_release_buffers(sink->amqp);
        amqp_rpc_reply_t reply = amqp_consume_message(sink->amqp, &envelope, &wait, 0);

        if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION && reply.library_error == AMQP_STATUS_TIMEOUT)
            break;
        check(reply, "a delivery");
        hand(context, envelope.message.body.bytes, envelope.message.body.len);
        sink->last = envelope.delivery_tag;
        sink->unacknowledged++;
        amqp_destroy_envelope(&envelope);
        wait = (struct timeval){ 0, 0 };
    }
    acknowledge(sink);
}

const struct peer peer_rabbitmq = {
    .name = "rabbitmq",
    .durability = "fsync before the confirm, batched by time",
    .encryption = "none (TLS possible)",
    .prepare = prepare,
    .create = create,
    .open_publisher = open_publisher,
    .publish = publish,
    .confirms = confirms,
    .open_subscriber = open_subscriber,
    .take = take,
    .clean = clean,
};
