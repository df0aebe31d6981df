/* One state and four times decide everything here. Never waits. */
#include "client/connection.h"

#include <errno.h>
#include <string.h>

#include <sodium.h>

#include "client/clock.h"

#define HEARTBEAT_LEAST_MS 50
#define HEARTBEAT_MOST_MS (60u * 1000)
#define GOOD_CONNECTION_MS 1000 /* one that lasted this long ends the growing of pauses */
#define AGENT "libtrefoil/0.1"

int connection_init(struct connection *connection, const char *endpoint, const struct keyring *keyring,
                    uint32_t longest_pause_ms)
{
    *connection = CONNECTION_EMPTY;
    connection->keyring = keyring;
    connection->longest_pause_ms = longest_pause_ms;
    connection->pause_ms = BUS_RECONNECT_FIRST_MS;
    randombytes_buf(connection->replica, sizeof(connection->replica));
    int r = zsock_init(&connection->zsock);
    if (r == 0)
        r = names_init(&connection->names, endpoint);
    if (r == 0)
        r = zsock_watch(&connection->zsock, connection->names.wake_fd);
    return r;
}

void connection_deinit(struct connection *connection)
{
    names_deinit(&connection->names);
    zsock_deinit(&connection->zsock);
}

void connection_drop(struct connection *connection)
{
    uint64_t now_ms = clock_run_ms();

    if (connection->state == CONNECTION_UP && now_ms >= connection->up_at_ms + GOOD_CONNECTION_MS)
        connection->pause_ms = BUS_RECONNECT_FIRST_MS;
    if (connection->is_leaving)
        connection->eager_until_ms = now_ms + BUS_RETURN_MS;
    zsock_close(&connection->zsock);
    connection->state = CONNECTION_DOWN;
    connection->is_leaving = false;
    connection->retry_at_ms = now_ms + connection->pause_ms;
    if (now_ms < connection->eager_until_ms)
        return;
    connection->pause_ms *= 2;
    if (connection->pause_ms > connection->longest_pause_ms)
        connection->pause_ms = connection->longest_pause_ms;
}

static int greet(struct connection *connection, const char *endpoint, uint64_t roster_version)
{
    const struct keyring *keyring = connection->keyring;
    struct zsock_keys keys = { keyring->transport_pk, keyring->transport_sk, keyring->gateway_transport_pk };
    Trefoil__Hello hello = TREFOIL__HELLO__INIT;
    char agent[] = AGENT;
    int r = zsock_open(&connection->zsock, endpoint, &keys);

    if (r < 0)
        return r;
    connection->state = CONNECTION_GREETING;
    connection->greeted_at_ms = clock_run_ms();
    hello.version_min = BUS_VERSION_MIN;
    hello.version_max = BUS_VERSION_MAX;
    hello.service = (char *) (uintptr_t) keyring->service_name;
    hello.replica = frame_binary(bytes_make(connection->replica, sizeof(connection->replica)));
    hello.roster_version = roster_version;
    hello.agent = agent;
    hello.max_batch = BUS_BATCH_MAX_ENVELOPES;
    return connection_send(connection, TREFOIL__FRAME__BODY_HELLO, &hello);
}

static bool is_overdue(const struct connection *connection, uint64_t now_ms)
{
    if (connection->state == CONNECTION_GREETING)
        return now_ms >= connection->greeted_at_ms + BUS_HELLO_WAIT_MS;
    return now_ms >= connection->last_received_ms + (uint64_t) connection->heartbeat_ms * BUS_HEARTBEATS_MISSED;
}

static int beat(struct connection *connection, uint64_t now_ms)
{
    Trefoil__Heartbeat heartbeat = TREFOIL__HEARTBEAT__INIT;

    if (connection->state != CONNECTION_UP || now_ms < connection->last_sent_ms + connection->heartbeat_ms)
        return 0;
    heartbeat.now_ms = clock_wall_ms();
    return connection_send(connection, TREFOIL__FRAME__BODY_HEARTBEAT, &heartbeat);
}

static void try_again(struct connection *connection, uint64_t now_ms, uint64_t roster_version)
{
    const char *endpoint = NULL;
    int r = names_find(&connection->names, now_ms, &endpoint);

    if (r > 0)
        r = greet(connection, endpoint, roster_version);
    if (r < 0)
        connection_drop(connection);
}

enum connection_step connection_step(struct connection *connection, uint64_t roster_version)
{
    uint64_t now_ms = clock_run_ms();

    names_hear(&connection->names, now_ms);
    if (connection->state == CONNECTION_DOWN) {
        if (now_ms >= connection->retry_at_ms)
            try_again(connection, now_ms, roster_version);
        return CONNECTION_STEADY;
    }
    enum zsock_fate fate = zsock_fate(&connection->zsock);
    if (fate == ZSOCK_ALIVE && !is_overdue(connection, now_ms) && beat(connection, now_ms) == 0)
        return CONNECTION_STEADY;
    connection_drop(connection);
    return fate == ZSOCK_NOT_ADMITTED ? CONNECTION_NOT_ADMITTED : CONNECTION_LOST;
}

uint64_t connection_deadline(const struct connection *connection)
{
    /* the attempt is due, and waits for its name */
    if (connection->state == CONNECTION_DOWN && connection->names.lookup && clock_run_ms() >= connection->retry_at_ms)
        return names_deadline(&connection->names);
    if (connection->state == CONNECTION_DOWN)
        return connection->retry_at_ms;
    if (connection->state == CONNECTION_GREETING)
        return connection->greeted_at_ms + BUS_HELLO_WAIT_MS;
    uint64_t beat_ms = connection->last_sent_ms + connection->heartbeat_ms;
    uint64_t death_ms = connection->last_received_ms + (uint64_t) connection->heartbeat_ms * BUS_HEARTBEATS_MISSED;
    return beat_ms < death_ms ? beat_ms : death_ms;
}

static uint32_t at_most(uint32_t value, uint32_t most)
{
    return value < most ? value : most;
}

int connection_welcome(struct connection *connection, const Trefoil__Welcome *welcome)
{
    if (connection->state != CONNECTION_GREETING || welcome->publish_credit == 0 ||
        welcome->publish_credit_bytes == 0 || welcome->max_batch == 0 || welcome->max_frame_bytes == 0)
        return -EPROTO;
    if (welcome->version < BUS_VERSION_MIN || welcome->version > BUS_VERSION_MAX)
        return -EPROTONOSUPPORT;
    connection->version = welcome->version;
    connection->state = CONNECTION_UP;
    names_keep(&connection->names);
    connection->up_at_ms = clock_run_ms();
    connection->heartbeat_ms = at_most(welcome->heartbeat_ms, HEARTBEAT_MOST_MS);
    if (connection->heartbeat_ms < HEARTBEAT_LEAST_MS)
        connection->heartbeat_ms = HEARTBEAT_LEAST_MS;
    connection->window = at_most(welcome->publish_credit, BUS_CREDIT_MAX);
    connection->window_bytes = at_most(welcome->publish_credit_bytes, BUS_CREDIT_MAX_BYTES);
    connection->max_batch = at_most(welcome->max_batch, BUS_BATCH_MAX_ENVELOPES);
    connection->max_frame_bytes = at_most(welcome->max_frame_bytes, BUS_FRAME_MAX_BYTES);
    return 0;
}

int connection_send_message(struct connection *connection, zmq_msg_t *message)
{
    if (connection->state == CONNECTION_DOWN)
        return -ENOTCONN;
    int r = zsock_send(&connection->zsock, message);
    if (r == 0)
        connection->last_sent_ms = clock_run_ms();
    return r;
}

int connection_send(struct connection *connection, Trefoil__Frame__BodyCase kind, const void *body)
{
    Trefoil__Frame frame = frame_make(kind, body);
    zmq_msg_t message;
    size_t size;
    int r = frame_size(&frame, &size);

    if (r < 0)
        return r;
    if (zmq_msg_init_size(&message, size) < 0)
        return -ENOMEM;
    frame_write(&frame, zmq_msg_data(&message));
    r = connection_send_message(connection, &message);
    if (r < 0)
        zmq_msg_close(&message);
    return r;
}

int connection_receive(struct connection *connection, zmq_msg_t *ret)
{
    int r = zsock_receive(&connection->zsock, ret);

    if (r > 0)
        connection->last_received_ms = clock_run_ms();
    return r;
}
