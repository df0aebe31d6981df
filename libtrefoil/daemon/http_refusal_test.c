/* What is kept of a refusal where an answer was to stream. Client and server over loopback. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/http_stage.h"

#define KEPT (64u << 10)
#define ENDLESS (200u << 20)

struct world {
    struct http_stage stage;

    struct pattern given; /* by the server, with a 404 */
    int n_pieces, n_replies;
    enum http_result result;
    int status;
    size_t body_size;
    bool is_wrong;
};

static void on_request(void *owner, struct http_exchange *exchange, unused_ const struct http_request *request)
{
    struct world *world = owner;

    assert_int_equal(http_answer_source(&exchange, 404, "application/xml", world->given.size, NULL, 0, &world->given,
                                        pattern_give, pattern_end),
                     0);
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
    uv_stop(&world->stage.loop);
    world->result = reply->result;
    world->status = reply->status;
    world->body_size = reply->body.size;
    for (size_t i = 0; i < reply->body.size; i++)
        world->is_wrong |= reply->body.data[i] != pattern_byte(i);
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

    http_stage_open(&world->stage, &server, 60000);
    *state = world;
    return 0;
}

static int close_world(void **state)
{
    struct world *world = *state;

    http_stage_close(&world->stage);
    free(world);
    return 0;
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

    world->given.size = refusal_bytes;
    (void) snprintf(url, sizeof(url), "http://127.0.0.1:%u/", http_server_port(world->stage.server));
    assert_int_equal(http_send(world->stage.client, &call), 0);
    http_stage_run_until(&world->stage, &world->n_replies, 1);
    http_stage_run_until(&world->stage, &world->given.n_ends, 1);
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
    assert_true(world->given.at < ENDLESS / 2);
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
