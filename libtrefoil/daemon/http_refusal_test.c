/* What is kept of a refusal where an answer was to stream. Client and server over loopback. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/http_client.h"
#include "daemon/http_server.h"

#define KEPT (64u << 10)
#define ENDLESS (200u << 20)

struct world {
    uv_loop_t loop;
    struct http_server *server;
    struct http_client *client;
    uv_timer_t guard;
    bool is_late;

    uint64_t given, given_at; /* by the server, with a 404 */
    int n_ends, n_pieces, n_replies;
    enum http_result result;
    int status;
    size_t body_size;
    bool is_wrong;
};

static uint8_t byte_at(uint64_t at)
{
    return (uint8_t) (at * 131 + at / 251);
}

static long give(void *context, uint8_t *buffer, size_t room)
{
    struct world *world = context;
    size_t n = room < world->given - world->given_at ? room : (size_t) (world->given - world->given_at);

    for (size_t i = 0; i < n; i++)
        buffer[i] = byte_at(world->given_at + i);
    world->given_at += n;
    return (long) n;
}

static void give_end(void *context)
{
    ((struct world *) context)->n_ends++;
}

static void on_request(void *owner, struct http_exchange *exchange, unused_ const struct http_request *request)
{
    struct world *world = owner;

    assert_int_equal(
        http_answer_source(&exchange, 404, "application/xml", world->given, NULL, 0, world, give, give_end), 0);
}

static int on_bytes(void *context, unused_ struct bytes piece)
{
    ((struct world *) context)->n_pieces++;
    return 0;
}

static void on_reply(void *context, const struct http_reply *reply)
{
    struct world *world = context;

    world->n_replies++;
    uv_stop(&world->loop);
    world->result = reply->result;
    world->status = reply->status;
    world->body_size = reply->body.size;
    for (size_t i = 0; i < reply->body.size; i++)
        world->is_wrong |= reply->body.data[i] != byte_at(i);
}

static void on_late(uv_timer_t *timer)
{
    ((struct world *) timer->data)->is_late = true;
}

static int open_world(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    struct http_server_options server = { .host = "127.0.0.1",
                                          .max_body_bytes = 1000,
                                          .max_connections = 20,
                                          .idle_ms = 5000,
                                          .owner = world,
                                          .on_request = on_request };
    struct http_client_options client = { 4, 2000, "test" };

    assert_int_equal(uv_loop_init(&world->loop), 0);
    assert_int_equal(http_server_open(&world->loop, &server, &world->server), 0);
    assert_int_equal(http_client_open(&world->loop, &client, &world->client), 0);
    assert_int_equal(uv_timer_init(&world->loop, &world->guard), 0);
    world->guard.data = world;
    assert_int_equal(uv_timer_start(&world->guard, on_late, 60000, 0), 0);
    *state = world;
    return 0;
}

static int close_world(void **state)
{
    struct world *world = *state;

    world->client = http_client_close(world->client);
    world->server = http_server_close(world->server);
    uv_close((uv_handle_t *) &world->guard, NULL);
    (void) uv_run(&world->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&world->loop), 0);
    free(world);
    return 0;
}

static void run_until(struct world *world, const int *count)
{
    while (*count < 1 && !world->is_late)
        (void) uv_run(&world->loop, UV_RUN_ONCE);
    assert_false(world->is_late);
}

static void ask(struct world *world, uint64_t refusal_bytes, size_t max_reply_bytes)
{
    char url[200];
    const struct http_call call = { .method = "GET",
                                    .url = url,
                                    .max_reply_bytes = max_reply_bytes,
                                    .on_bytes = on_bytes,
                                    .context = world,
                                    .on_reply = on_reply };

    world->given = refusal_bytes;
    (void) snprintf(url, sizeof(url), "http://127.0.0.1:%u/", http_server_port(world->server));
    assert_int_equal(http_send(world->client, &call), 0);
    run_until(world, &world->n_replies);
    run_until(world, &world->n_ends);
    assert_int_equal(world->n_pieces, 0);
    assert_false(world->is_wrong);
}

static void test_long_refusal_keeps_its_beginning(void **state)
{
    struct world *world = *state;

    ask(world, 3 * KEPT, SIZE_MAX);
    assert_int_equal(world->result, HTTP_ANSWERED);
    assert_int_equal(world->status, 404);
    assert_int_equal(world->body_size, KEPT);
}

static void test_endless_refusal_is_one_before_its_end(void **state)
{
    struct world *world = *state;

    ask(world, ENDLESS, SIZE_MAX);
    assert_int_equal(world->result, HTTP_ANSWERED);
    assert_int_equal(world->status, 404);
    assert_int_equal(world->body_size, KEPT);
    assert_true(world->given_at < ENDLESS / 2);
}

static void test_refusal_keeps_no_more_than_the_call_allows(void **state)
{
    struct world *world = *state;

    ask(world, KEPT, 1000);
    assert_int_equal(world->result, HTTP_ANSWERED);
    assert_int_equal(world->status, 404);
    assert_int_equal(world->body_size, 1000);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)
    const struct CMUnitTest tests[] = {
        TEST(test_long_refusal_keeps_its_beginning),
        TEST(test_endless_refusal_is_one_before_its_end),
        TEST(test_refusal_keeps_no_more_than_the_call_allows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
