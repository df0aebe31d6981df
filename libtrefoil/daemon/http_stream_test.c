/* Bodies that stream, in both directions, and what a guard keeps a call from. Client and server over loopback. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/http_stage.h"

#define MAX_BODY 1000
#define PIECE_LIMIT (24u << 20)
#define LARGE (20u << 20)
#define MAX_PIECE (64u << 10)

struct world {
    struct http_stage stage;

    int n_requests, n_gone, n_refused;
    int refuse_piece;              /* what on_piece answers */
    struct pattern arrived, given; /* at the server, by the server */
    struct http_exchange *stream;
    struct pattern up, down; /* of the call under test */
    int n_replies, n_pieces;
    int piece_answer;     /* what on_bytes answers */
    bool abandons_inside; /* on_bytes abandons the call */
    struct http_reply reply;
    char body[200], content_type[100], location[100], disposition[100];
};

static uint64_t on_limit(unused_ void *owner, struct http_exchange *exchange, const struct http_request *request)
{
    assert_int_equal(request->body.size, 0);
    assert_null(http_exchange_get(exchange));
    return strcmp(request->path, "/files") == 0 ? PIECE_LIMIT : 0;
}

static int on_piece(void *owner, unused_ struct http_exchange *exchange, struct bytes piece)
{
    struct world *world = owner;

    pattern_take(&world->arrived, piece);
    return world->refuse_piece;
}

static void on_request(void *owner, struct http_exchange *exchange, const struct http_request *request)
{
    static const struct http_header headers[] = { { "Location", "https://example.org/next" },
                                                  { "Content-Disposition", "attachment; filename=\"a.pdf\"" } };
    struct world *world = owner;

    world->n_requests++;
    if (strcmp(request->path, "/give") == 0) {
        assert_int_equal(http_answer_source(&exchange, 200, "application/pdf", world->given.size, headers, 2,
                                            &world->given, pattern_give, pattern_end),
                         0);
    } else if (strcmp(request->path, "/stream") == 0) {
        assert_int_equal(http_stream_begin(exchange, "text/event-stream", 10000), 0);
        assert_int_equal(http_stream_send(exchange, bytes_of_text("a beginning")), 0);
        world->stream = exchange;
        return;
    } else {
        assert_int_equal(http_answer(&exchange, strcmp(request->path, "/not") == 0 ? 404 : 200, "text/plain",
                                     bytes_of_text("some words")),
                         0);
    }
    assert_null(exchange);
}

static void on_gone(void *owner, struct http_exchange *exchange)
{
    struct world *world = owner;

    world->n_gone++;
    if (world->stream == exchange)
        world->stream = NULL;
}

static void on_refused(void *owner, unused_ unsigned status)
{
    ((struct world *) owner)->n_refused++;
}

static void copy(char room[100], const char *text)
{
    (void) snprintf(room, 100, "%s", text ? text : "");
}

static void on_reply(void *context, const struct http_reply *reply)
{
    struct world *world = context;

    world->n_replies++;
    uv_stop(&world->stage.loop); /* a reply may come from a timer, and the loop would sleep after it */
    world->reply = *reply;
    copy(world->content_type, reply->content_type);
    copy(world->location, reply->location);
    copy(world->disposition, reply->disposition);
    assert_true(reply->body.size < sizeof(world->body));
    if (reply->body.size > 0)
        memcpy(world->body, reply->body.data, reply->body.size);
    world->body[reply->body.size] = 0;
    assert_true((reply->result == HTTP_ANSWERED) == !reply->why);
}

static int on_bytes(void *context, struct bytes piece)
{
    struct world *world = context;

    world->n_pieces++;
    pattern_take(&world->down, piece);
    if (world->abandons_inside)
        http_abandon(world->stage.client, world);
    return world->piece_answer;
}

static long source(void *context, uint8_t *buffer, size_t room)
{
    return pattern_give(&((struct world *) context)->up, buffer, room);
}

static int open_world(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    struct http_server_options server = { .host = "127.0.0.1",
                                          .max_body_bytes = MAX_BODY,
                                          .max_connections = 20,
                                          .idle_ms = 5000, /* it may notice a torn upload only then */
                                          .owner = world,
                                          .on_request = on_request,
                                          .on_gone = on_gone,
                                          .on_refused = on_refused,
                                          .piece_limit = on_limit,
                                          .on_piece = on_piece };

    /* The environment's proxies lead nowhere: a client that asked them would be lost. */
    (void) setenv("http_proxy", "http://127.0.0.1:1", 1);
    (void) setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
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

static int try_host(struct world *world, const char *host, const char *path, struct http_call call)
{
    char url[200];

    (void) snprintf(url, sizeof(url), "http://%s:%u%s", host, http_server_port(world->stage.server), path);
    call.url = url;
    call.method = call.method ? call.method : "GET";
    call.max_reply_bytes = call.max_reply_bytes ? call.max_reply_bytes : LARGE;
    call.context = world;
    call.on_reply = on_reply;
    return http_send(world->stage.client, &call);
}

static void send_to(struct world *world, const char *path, struct http_call call)
{
    assert_int_equal(try_host(world, "127.0.0.1", path, call), 0);
}

static void ask(struct world *world, const char *path, struct http_call call)
{
    int n = world->n_replies;

    send_to(world, path, call);
    http_stage_run_until(&world->stage, &world->n_replies, n + 1);
}

static void settle(struct world *world)
{
    for (int i = 0; i < 20; i++)
        (void) uv_run(&world->stage.loop, UV_RUN_NOWAIT);
}

/* ---- Up ---- */

static void test_large_body_streams_up_piece_by_piece(void **state)
{
    struct world *world = *state;

    world->up.size = LARGE;
    ask(world, "/files", (struct http_call){ .method = "POST", .source = source, .source_bytes = LARGE });
    assert_int_equal(world->reply.result, HTTP_ANSWERED);
    assert_int_equal(world->reply.status, 200);
    assert_int_equal(world->arrived.at, LARGE);
    assert_false(world->arrived.is_wrong);
    assert_true(world->arrived.largest <= MAX_PIECE);
    assert_int_equal(world->n_requests, 1);
    assert_int_equal(world->n_gone, 0);
}

static void test_source_may_be_put_and_small(void **state)
{
    struct world *world = *state;

    world->up.size = 1;
    ask(world, "/files", (struct http_call){ .method = "PUT", .source = source, .source_bytes = 1 });
    assert_int_equal(world->reply.status, 200);
    assert_int_equal(world->arrived.at, 1);
}

static void test_source_that_fails_ends_the_call(void **state)
{
    struct world *world = *state;

    world->up.size = LARGE;
    world->up.fail_at = LARGE / 2;
    ask(world, "/files", (struct http_call){ .method = "POST", .source = source, .source_bytes = LARGE });
    assert_int_equal(world->reply.result, HTTP_LOST);
    http_stage_run_until(&world->stage, &world->n_gone, 1);
    assert_int_equal(world->n_requests, 0);
}

static void test_source_that_dries_up_ends_the_call(void **state)
{
    struct world *world = *state;

    world->up.size = 100;
    ask(world, "/files", (struct http_call){ .method = "POST", .source = source, .source_bytes = 101 });
    assert_int_equal(world->reply.result, HTTP_LOST);
    http_stage_run_until(&world->stage, &world->n_gone, 1);
    assert_int_equal(world->n_requests, 0);
}

static void test_piece_nobody_wants_drops_the_connection(void **state)
{
    struct world *world = *state;

    world->up.size = LARGE;
    world->refuse_piece = -ENOSPC;
    ask(world, "/files", (struct http_call){ .method = "POST", .source = source, .source_bytes = LARGE });
    assert_int_equal(world->reply.result, HTTP_LOST);
    http_stage_run_until(&world->stage, &world->n_gone, 1);
    assert_int_equal(world->n_requests, 0);
    assert_true(world->arrived.at <= MAX_PIECE);
}

static void test_body_over_the_limit_of_pieces_gets_413(void **state)
{
    struct world *world = *state;

    world->up.size = PIECE_LIMIT + 1;
    ask(world, "/files", (struct http_call){ .method = "POST", .source = source, .source_bytes = PIECE_LIMIT + 1 });
    /* The answer overtakes the body; whether all of it is read before the connection goes is the network's affair. */
    assert_true(world->reply.result == HTTP_LOST || world->reply.status == 413);
    http_stage_run_until(&world->stage, &world->n_gone, 1);
    assert_int_equal(world->n_refused, 1);
    assert_int_equal(world->n_requests, 0);
    assert_int_equal(world->arrived.at, 0);
}

static void test_other_paths_keep_their_cap(void **state)
{
    struct world *world = *state;

    world->up.size = MAX_BODY + 1;
    ask(world, "/other", (struct http_call){ .method = "POST", .source = source, .source_bytes = MAX_BODY + 1 });
    assert_int_equal(world->reply.status, 413);
    assert_int_equal(world->arrived.at, 0);
}

/* ---- Down ---- */

static void test_large_answer_streams_down_piece_by_piece(void **state)
{
    struct world *world = *state;

    world->given.size = LARGE;
    ask(world, "/give", (struct http_call){ .on_bytes = on_bytes });
    assert_int_equal(world->reply.result, HTTP_ANSWERED);
    assert_int_equal(world->reply.body.size, 0);
    assert_int_equal(world->reply.size_bytes, LARGE);
    assert_int_equal(world->down.at, LARGE);
    assert_false(world->down.is_wrong);
    assert_true(world->down.largest <= MAX_PIECE);
    assert_string_equal(world->content_type, "application/pdf");
    assert_string_equal(world->location, "https://example.org/next");
    assert_string_equal(world->disposition, "attachment; filename=\"a.pdf\"");
    http_stage_run_until(&world->stage, &world->given.n_ends, 1);
    settle(world);
    assert_int_equal(world->given.n_ends, 1);
    assert_int_equal(world->n_gone, 0);
}

static void test_answer_of_nothing_and_answer_to_head_have_an_end_too(void **state)
{
    struct world *world = *state;

    ask(world, "/give", (struct http_call){ .on_bytes = on_bytes });
    assert_int_equal(world->reply.status, 200);
    http_stage_run_until(&world->stage, &world->given.n_ends, 1);
    world->given.size = 1000;
    ask(world, "/give", (struct http_call){ .method = "HEAD", .on_bytes = on_bytes });
    assert_int_equal(world->reply.size_bytes, 1000);
    http_stage_run_until(&world->stage, &world->given.n_ends, 2);
    assert_int_equal(world->n_pieces, 0);
}

static void test_words_of_a_refusal_do_not_stream(void **state)
{
    struct world *world = *state;

    ask(world, "/not", (struct http_call){ .on_bytes = on_bytes });
    assert_int_equal(world->reply.status, 404);
    assert_int_equal(world->n_pieces, 0);
    assert_string_equal(world->body, "some words");
    assert_string_equal(world->location, "");
}

static void test_reader_that_wants_no_more_ends_the_call(void **state)
{
    struct world *world = *state;

    world->given.size = LARGE;
    world->piece_answer = -ENOSPC;
    ask(world, "/give", (struct http_call){ .on_bytes = on_bytes });
    assert_int_equal(world->reply.result, HTTP_LOST);
    assert_int_equal(world->n_pieces, 1);
    http_stage_run_until(&world->stage, &world->given.n_ends, 1);
}

static void test_stream_larger_than_allowed_is_cut_off(void **state)
{
    struct world *world = *state;

    world->given.size = LARGE;
    ask(world, "/give", (struct http_call){ .on_bytes = on_bytes, .max_reply_bytes = 100000 });
    assert_int_equal(world->reply.result, HTTP_LOST);
    assert_true(world->down.at <= 100000);
    http_stage_run_until(&world->stage, &world->given.n_ends, 1);
}

static void test_source_of_the_server_that_fails_cuts_the_answer_short(void **state)
{
    struct world *world = *state;

    world->given.size = LARGE;
    world->given.fail_at = LARGE / 2;
    ask(world, "/give", (struct http_call){ .on_bytes = on_bytes });
    assert_int_equal(world->reply.result, HTTP_LOST);
    assert_true(world->down.at < LARGE);
    http_stage_run_until(&world->stage, &world->given.n_ends, 1);
}

static void test_closing_the_server_ends_what_is_pulled(void **state)
{
    struct world *world = *state;

    world->given.size = LARGE;
    send_to(world, "/give", (struct http_call){ .on_bytes = on_bytes });
    http_stage_run_until(&world->stage, &world->n_pieces, 1);
    world->stage.server = http_server_close(world->stage.server);
    assert_int_equal(world->given.n_ends, 1);
}

/* ---- Silence and giving up ---- */

static void test_silence_in_the_middle_ends_the_call(void **state)
{
    struct world *world = *state;

    ask(world, "/stream", (struct http_call){ .on_bytes = on_bytes, .idle_ms = 50 });
    assert_int_equal(world->n_pieces, 1);
    assert_int_equal(world->reply.result, HTTP_LOST);
    assert_true(world->reply.is_late);
}

static void test_silence_of_one_call_leaves_the_others_alone(void **state)
{
    struct world *world = *state;

    world->given.size = LARGE;
    send_to(world, "/stream", (struct http_call){ .on_bytes = on_bytes, .idle_ms = 1 });
    ask(world, "/give", (struct http_call){ .on_bytes = on_bytes, .idle_ms = 30000 });
    http_stage_run_until(&world->stage, &world->n_replies, 2);
    http_stage_run_until(&world->stage, &world->given.n_ends, 1);
    assert_int_equal(world->n_requests, 2);
}

static void test_abandoned_call_is_never_heard_of_again(void **state)
{
    struct world *world = *state;

    world->given.size = LARGE;
    send_to(world, "/give", (struct http_call){ .on_bytes = on_bytes });
    http_stage_run_until(&world->stage, &world->n_pieces, 1);
    http_abandon(world->stage.client, world);
    assert_int_equal(http_client_n_calls(world->stage.client), 0);
    int n = world->n_pieces;
    http_stage_run_until(&world->stage, &world->given.n_ends, 1);
    assert_int_equal(world->n_pieces, n);
    assert_int_equal(world->n_replies, 0);
    http_abandon(world->stage.client, world); /* nothing to abandon */
    ask(world, "/words", (struct http_call){ 0 });
    assert_int_equal(world->reply.status, 200);
}

static void test_call_may_be_abandoned_from_its_own_bytes(void **state)
{
    struct world *world = *state;

    world->given.size = LARGE;
    world->abandons_inside = true;
    send_to(world, "/give", (struct http_call){ .on_bytes = on_bytes });
    http_stage_run_until(&world->stage, &world->given.n_ends, 1);
    settle(world);
    assert_int_equal(world->n_pieces, 1);
    assert_int_equal(world->n_replies, 0);
    assert_int_equal(http_client_n_calls(world->stage.client), 0);
}

/* ---- The guard ---- */

static void test_guarded_call_does_not_reach_this_host_in_any_spelling(void **state)
{
    static const char *const hosts[] = { "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "017700000001",
                                         "0177.0.0.1", "127.000.000.001", "0.0.0.0", "0", "localhost", "LOCALHOST",
                                         "localhost.", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
                                         "[0:0:0:0:0:ffff:127.0.0.1]", "%31%32%37.0.0.1", "127.0.0.2",
                                         /* and some that are not this host: refused before anything is sent to them */
                                         "169.254.169.254", "[fe80::1]", "[fd00:ec2::254]", "10.0.0.1", "100.64.0.1",
                                         "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[ff02::1]", "255.255.255.255" };
    struct world *world = *state;
    const struct http_guard guard = { NULL };

    for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
        int n = world->n_replies, r = try_host(world, hosts[i], "/words", (struct http_call){ .guard = &guard });

        if (r == -EINVAL) /* libcurl takes it for no host at all: as good */
            continue;
        assert_int_equal(r, 0);
        http_stage_run_until(&world->stage, &world->n_replies, n + 1);
        if (world->reply.result != HTTP_NOT_SENT)
            fail_msg("%s was reached", hosts[i]);
        /* Spellings the resolver does not know, and families this host does not have, fail before the guard is asked. */
        if (!world->reply.is_refused && strcmp(world->reply.why, "name not resolved") != 0)
            fail_msg("%s: %s", hosts[i], world->reply.why);
    }
    assert_int_equal(world->n_requests, 0);
}

static void test_guard_names_loopback_behind_a_name(void **state)
{
    struct world *world = *state;
    const struct http_guard guard = { NULL };

    assert_int_equal(try_host(world, "localhost", "/words", (struct http_call){ .guard = &guard }), 0);
    http_stage_run_until(&world->stage, &world->n_replies, 1);
    assert_int_equal(world->reply.result, HTTP_NOT_SENT);
    assert_true(world->reply.is_refused);
}

static void test_guarded_call_does_not_use_a_connection_another_has_opened(void **state)
{
    struct world *world = *state;
    const struct http_guard guard = { NULL };

    ask(world, "/words", (struct http_call){ 0 }); /* and its connection is kept */
    assert_int_equal(world->reply.status, 200);
    ask(world, "/words", (struct http_call){ .guard = &guard });
    assert_int_equal(world->reply.result, HTTP_NOT_SENT);
    assert_true(world->reply.is_refused);
    assert_int_equal(world->n_requests, 1);
}

static void test_exception_of_the_guard_is_let_through(void **state)
{
    struct world *world = *state;
    char place[100];
    const char *const allowed[] = { place, NULL };
    const struct http_guard guard = { allowed };

    (void) snprintf(place, sizeof(place), "127.0.0.1:%u", http_server_port(world->stage.server));
    ask(world, "/words", (struct http_call){ .guard = &guard });
    assert_int_equal(world->reply.status, 200);
    assert_false(world->reply.is_refused);
}

static void test_guarded_url_with_a_password_is_refused_at_once(void **state)
{
    struct world *world = *state;
    const struct http_guard guard = { NULL };

    assert_int_equal(try_host(world, "user:word@127.0.0.1", "/words", (struct http_call){ .guard = &guard }), -EINVAL);
    assert_int_equal(http_client_n_calls(world->stage.client), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)
    const struct CMUnitTest tests[] = {
        TEST(test_large_body_streams_up_piece_by_piece),
        TEST(test_source_may_be_put_and_small),
        TEST(test_source_that_fails_ends_the_call),
        TEST(test_source_that_dries_up_ends_the_call),
        TEST(test_piece_nobody_wants_drops_the_connection),
        TEST(test_body_over_the_limit_of_pieces_gets_413),
        TEST(test_other_paths_keep_their_cap),
        TEST(test_large_answer_streams_down_piece_by_piece),
        TEST(test_answer_of_nothing_and_answer_to_head_have_an_end_too),
        TEST(test_words_of_a_refusal_do_not_stream),
        TEST(test_reader_that_wants_no_more_ends_the_call),
        TEST(test_stream_larger_than_allowed_is_cut_off),
        TEST(test_source_of_the_server_that_fails_cuts_the_answer_short),
        TEST(test_closing_the_server_ends_what_is_pulled),
        TEST(test_silence_in_the_middle_ends_the_call),
        TEST(test_silence_of_one_call_leaves_the_others_alone),
        TEST(test_abandoned_call_is_never_heard_of_again),
        TEST(test_call_may_be_abandoned_from_its_own_bytes),
        TEST(test_guarded_call_does_not_reach_this_host_in_any_spelling),
        TEST(test_guard_names_loopback_behind_a_name),
        TEST(test_guarded_call_does_not_use_a_connection_another_has_opened),
        TEST(test_exception_of_the_guard_is_let_through),
        TEST(test_guarded_url_with_a_password_is_refused_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
