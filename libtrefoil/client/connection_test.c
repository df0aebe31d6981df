/* A real socket over loopback, CURVE on: the descriptor tells the truth, loss is noticed. */
#include "client/connection.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "client/inside.h"
#include "client/outbox.h"

#define PATIENCE_MS 5000
#define HEARTBEAT_MS 60000 /* no machine is so busy that this passes by itself */

/* The other side: a ROUTER that says what the test tells it to. */
static struct {
    void *context, *router;
    char endpoint[64];
    uint8_t pk[32], sk[32];
    zmq_msg_t peer;
} far;

static struct keyring ring;
static struct connection connection;

static void bind_far(const char *endpoint)
{
    int one = 1, zero = 0;
    size_t size = sizeof(far.endpoint);

    far.router = zmq_socket(far.context, ZMQ_ROUTER);
    zmq_setsockopt(far.router, ZMQ_LINGER, &zero, sizeof(zero));
    zmq_setsockopt(far.router, ZMQ_CURVE_SERVER, &one, sizeof(one));
    zmq_setsockopt(far.router, ZMQ_CURVE_SECRETKEY, far.sk, sizeof(far.sk));
    assert_int_equal(zmq_bind(far.router, endpoint), 0);
    zmq_getsockopt(far.router, ZMQ_LAST_ENDPOINT, far.endpoint, &size);
}

static int setup(unused_ void **state)
{
    memset(&ring, 0, sizeof(ring));
    snprintf(ring.service_name, sizeof(ring.service_name), "bot");
    crypto_box_keypair(ring.transport_pk, ring.transport_sk);
    crypto_box_keypair(far.pk, far.sk);
    memcpy(ring.gateway_transport_pk, far.pk, sizeof(far.pk));
    far.context = zmq_ctx_new();
    zmq_msg_init(&far.peer);
    bind_far("tcp://127.0.0.1:*");
    return connection_init(&connection, far.endpoint, &ring, 100);
}

static int teardown(unused_ void **state)
{
    connection_deinit(&connection);
    zmq_msg_close(&far.peer);
    if (far.router)
        zmq_close(far.router);
    zmq_ctx_term(far.context);
    return 0;
}

static Trefoil__Frame *hear(struct arena *arena)
{
    zmq_pollitem_t item = { far.router, 0, ZMQ_POLLIN, 0 };
    Trefoil__Frame *frame = NULL;
    zmq_msg_t body;

    assert_int_equal(zmq_poll(&item, 1, PATIENCE_MS), 1);
    zmq_msg_init(&body);
    assert_true(zmq_msg_recv(&far.peer, far.router, 0) > 0);
    assert_true(zmq_msg_recv(&body, far.router, 0) >= 0);
    struct bytes copy = arena_copy(arena, bytes_make(zmq_msg_data(&body), zmq_msg_size(&body)));
    zmq_msg_close(&body);
    assert_int_equal(frame_unpack(copy, arena, &frame), 0);
    return frame;
}

static void say(Trefoil__Frame__BodyCase kind, const void *body)
{
    Trefoil__Frame frame = frame_make(kind, body);
    zmq_msg_t to, message;
    size_t size = 0;

    zmq_msg_init(&to);
    zmq_msg_copy(&to, &far.peer);
    assert_int_equal(frame_size(&frame, &size), 0);
    zmq_msg_init_size(&message, size);
    frame_write(&frame, zmq_msg_data(&message));
    assert_true(zmq_msg_send(&to, far.router, ZMQ_SNDMORE) >= 0);
    assert_true(zmq_msg_send(&message, far.router, 0) >= 0);
}

static bool is_readable(int timeout_ms)
{
    struct pollfd fd = { zsock_fd(&connection.zsock), POLLIN, 0 };

    return poll(&fd, 1, timeout_ms) == 1;
}

/* Steps, as a client would, whenever the descriptor asks for it, until a frame or a loss comes. */
static bool wait_frame(zmq_msg_t *ret)
{
    for (int turns = 0; turns < 1000; turns++) {
        int r = connection_receive(&connection, ret);

        if (r > 0)
            return true;
        assert_int_equal(r, 0);
        if (connection_step(&connection, 3) != CONNECTION_STEADY)
            return false;
        zsock_settle(&connection.zsock, false, connection_deadline(&connection));
        (void) is_readable(PATIENCE_MS);
    }
    return false;
}

static void greet_and_welcome(struct arena *arena)
{
    Trefoil__Welcome welcome = TREFOIL__WELCOME__INIT;
    Trefoil__Frame *frame = NULL;
    zmq_msg_t message;

    assert_int_equal(connection_step(&connection, 3), CONNECTION_STEADY);
    frame = hear(arena);
    assert_int_equal(frame->body_case, TREFOIL__FRAME__BODY_HELLO);
    assert_string_equal(frame->hello->service, "bot");
    assert_int_equal(frame->hello->roster_version, 3);
    welcome.version = 1;
    welcome.heartbeat_ms = HEARTBEAT_MS;
    welcome.publish_credit = 4;
    welcome.publish_credit_bytes = 1000;
    welcome.max_batch = 3;
    welcome.max_frame_bytes = BUS_FRAME_MAX_BYTES;
    say(TREFOIL__FRAME__BODY_WELCOME, &welcome);
    assert_true(wait_frame(&message));
    assert_int_equal(frame_unpack(bytes_make(zmq_msg_data(&message), zmq_msg_size(&message)), arena, &frame), 0);
    assert_int_equal(connection_welcome(&connection, frame->welcome), 0);
    zmq_msg_close(&message);
}

static void test_descriptor_stays_readable_until_everything_is_taken(unused_ void **state)
{
    struct arena arena = ARENA_EMPTY(1 << 20);
    Trefoil__Heartbeat beat = TREFOIL__HEARTBEAT__INIT;
    zmq_msg_t message;

    greet_and_welcome(&arena);
    for (int i = 0; i < 3; i++)
        say(TREFOIL__FRAME__BODY_HEARTBEAT, &beat);
    assert_true(wait_frame(&message));
    zmq_msg_close(&message);
    for (int left = 2; left > 0; left--) { /* edge-triggered, nobody would hear of these */
        zsock_settle(&connection.zsock, false, CLOCK_NEVER);
        assert_true(is_readable(PATIENCE_MS));
        if (connection_receive(&connection, &message) > 0)
            zmq_msg_close(&message);
        else
            left++;
    }
    assert_int_equal(connection_receive(&connection, &message), 0);
    zsock_settle(&connection.zsock, false, CLOCK_NEVER);
    assert_false(is_readable(0));
    zsock_raise(&connection.zsock);
    assert_true(is_readable(0));
    zsock_settle(&connection.zsock, true, CLOCK_NEVER);
    assert_true(is_readable(0));
    zsock_settle(&connection.zsock, false, clock_run_ms() + 20);
    assert_false(is_readable(0));
    assert_true(is_readable(PATIENCE_MS)); /* the deadline */
    arena_deinit(&arena);
}

/* As if this much time had passed in silence; the clock itself is not asked to hurry. */
static void let_pass(uint64_t ms)
{
    connection.last_sent_ms -= ms;
    connection.last_received_ms -= ms;
    zsock_settle(&connection.zsock, false, connection_deadline(&connection));
}

static void test_silence_gets_heartbeats_and_then_an_end(unused_ void **state)
{
    struct arena arena = ARENA_EMPTY(1 << 20);

    greet_and_welcome(&arena);
    for (int missed = 1; missed < BUS_HEARTBEATS_MISSED; missed++) {
        let_pass(HEARTBEAT_MS);
        assert_true(is_readable(PATIENCE_MS)); /* the deadline */
        assert_int_equal(connection_step(&connection, 3), CONNECTION_STEADY);
        assert_int_equal(hear(&arena)->body_case, TREFOIL__FRAME__BODY_HEARTBEAT);
        assert_int_equal(connection.state, CONNECTION_UP);
    }
    let_pass(HEARTBEAT_MS);
    assert_true(is_readable(PATIENCE_MS));
    assert_int_equal(connection_step(&connection, 3), CONNECTION_LOST);
    assert_int_equal(connection.state, CONNECTION_DOWN);
    arena_deinit(&arena);
}

static void test_closed_peer_is_noticed_at_once_and_greeted_again(unused_ void **state)
{
    struct arena arena = ARENA_EMPTY(1 << 20);
    char endpoint[64];
    zmq_msg_t message;

    greet_and_welcome(&arena);
    snprintf(endpoint, sizeof(endpoint), "%s", far.endpoint);
    zmq_close(far.router);
    assert_false(wait_frame(&message));
    assert_int_equal(connection.state, CONNECTION_DOWN);
    bind_far(endpoint);
    while (connection.state == CONNECTION_DOWN) {
        zsock_settle(&connection.zsock, false, connection_deadline(&connection));
        assert_true(is_readable(PATIENCE_MS));
        (void) connection_step(&connection, 3);
    }
    assert_int_equal(hear(&arena)->body_case, TREFOIL__FRAME__BODY_HELLO);
    arena_deinit(&arena);
}

static void test_gateway_that_said_goodbye_is_looked_for_without_growing_pauses(unused_ void **state)
{
    for (int said_goodbye = 0; said_goodbye <= 1; said_goodbye++) {
        connection.state = CONNECTION_UP;
        connection.up_at_ms = 0;
        connection.is_leaving = said_goodbye;
        for (int i = 0; i < 5; i++)
            connection_drop(&connection);
        assert_int_equal(connection.pause_ms > BUS_RECONNECT_FIRST_MS, !said_goodbye);
    }
    connection.eager_until_ms = 0; /* it takes too long */
    for (int i = 0; i < 20; i++)
        connection_drop(&connection);
    assert_int_equal(connection.pause_ms, connection.longest_pause_ms);
}

static void test_gateway_of_a_version_without_pause_is_not_told_to(unused_ void **state)
{
    static struct trefoil_client client; /* not connected: what is said fails */

    client.is_paused = true;
    client.connection.version = BUS_VERSION_PAUSE - 1;
    assert_int_equal(client_say_pause(&client), 0);
    assert_false(trefoil_client_is_paused(&client));
    client.connection.version = BUS_VERSION_PAUSE;
    assert_int_equal(client_say_pause(&client), -ENOTCONN);
}

static void test_welcome_nobody_asked_for_or_without_sense_is_refused(unused_ void **state)
{
    struct arena arena = ARENA_EMPTY(1 << 20);
    Trefoil__Welcome welcome = TREFOIL__WELCOME__INIT;

    assert_int_equal(connection_welcome(&connection, &welcome), -EPROTO);
    greet_and_welcome(&arena);
    welcome.version = welcome.publish_credit = welcome.publish_credit_bytes = welcome.max_batch = 1;
    welcome.max_frame_bytes = 1000;
    assert_int_equal(connection_welcome(&connection, &welcome), -EPROTO); /* a second one */
    connection.state = CONNECTION_GREETING;
    welcome.version = BUS_VERSION_MAX + 1;
    assert_int_equal(connection_welcome(&connection, &welcome), -EPROTONOSUPPORT);
    welcome.version = 1;
    welcome.publish_credit = 0;
    assert_int_equal(connection_welcome(&connection, &welcome), -EPROTO);
    arena_deinit(&arena);
}

static void test_outbox_keeps_order_window_and_everything_until_confirmed(unused_ void **state)
{
    struct arena arena = ARENA_EMPTY(1 << 20);
    struct outbox outbox;
    struct publication *stale;
    uint64_t ticket;

    greet_and_welcome(&arena);
    assert_int_equal(outbox_init(&outbox), 0);
    for (uint64_t i = 1; i <= 6; i++) {
        assert_int_equal(outbox_add(&outbox, bytes_of_text("envelope"), BYTES_EMPTY, &ticket), 0);
        assert_int_equal(ticket, i);
    }
    assert_int_equal(outbox_flush(&outbox, &connection, &stale), 0);
    Trefoil__Frame *frame = hear(&arena);
    assert_int_equal(frame->publish->first_ticket, 1);
    assert_int_equal(frame->publish->n_envelopes, 3); /* the batch */
    frame = hear(&arena);
    assert_int_equal(frame->publish->first_ticket, 4);
    assert_int_equal(frame->publish->n_envelopes, 1); /* the window of four */
    assert_int_equal(outbox_add(&outbox, bytes_of_text("more"), BYTES_EMPTY, &ticket), -EAGAIN);

    outbox_done(&outbox, outbox_get(&outbox, 2));
    outbox_again(&outbox, outbox_get(&outbox, 3), false);
    assert_int_equal(outbox_flush(&outbox, &connection, &stale), 0);
    assert_int_equal(hear(&arena)->publish->first_ticket, 3); /* in its place, before 5 */
    assert_int_equal(hear(&arena)->publish->first_ticket, 5);

    outbox_rewind(&outbox); /* another connection: 1, and after the gap 3, 4, 5 */
    assert_int_equal(outbox_flush(&outbox, &connection, &stale), 0);
    frame = hear(&arena);
    assert_int_equal(frame->publish->first_ticket, 1);
    assert_int_equal(frame->publish->n_envelopes, 1);
    frame = hear(&arena);
    assert_int_equal(frame->publish->first_ticket, 3);
    assert_int_equal(frame->publish->n_envelopes, 3);
    assert_null(outbox_get(&outbox, 2));
    assert_null(outbox_get(&outbox, 99));
    outbox_deinit(&outbox);
    arena_deinit(&arena);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_descriptor_stays_readable_until_everything_is_taken),
        TEST(test_silence_gets_heartbeats_and_then_an_end),
        TEST(test_closed_peer_is_noticed_at_once_and_greeted_again),
        TEST(test_gateway_that_said_goodbye_is_looked_for_without_growing_pauses),
        TEST(test_gateway_of_a_version_without_pause_is_not_told_to),
        TEST(test_welcome_nobody_asked_for_or_without_sense_is_refused),
        TEST(test_outbox_keeps_order_window_and_everything_until_confirmed),
    };

    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
