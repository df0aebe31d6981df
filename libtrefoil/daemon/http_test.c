/* The server and the client against each other over loopback, and against sockets that misbehave on purpose. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "daemon/http_stage.h"

#define MAX_BODY 1000
#define MAX_REPLY 100000

/* What came back, kept for the asserts. */
struct outcome {
    int n_replies;
    enum http_result result;
    int status;
    uint32_t retry_after_ms;
    char wanted[2][16];
    char body[MAX_REPLY + 1];
};

struct world {
    struct http_stage stage;

    int n_requests, n_gone, n_refused;
    char method[16], path[128], body[MAX_BODY + 1], header[64], query[64];
    enum { ANSWER_NOW, ANSWER_NEVER, DROP, STREAM } habit;
    struct http_exchange *waiting; /* with ANSWER_NEVER and STREAM */
};

static void on_request(void *owner, struct http_exchange *exchange, const struct http_request *request)
{
    static const struct http_header headers[] = { { "Retry-After", "7" } };
    struct world *world = owner;
    const char *header = http_request_header(exchange, "x-mark"), *query = http_request_query(exchange, "hub.mode");

    world->n_requests++;
    (void) snprintf(world->method, sizeof(world->method), "%s", request->method);
    (void) snprintf(world->path, sizeof(world->path), "%s", request->path);
    (void) snprintf(world->header, sizeof(world->header), "%s", header ? header : "");
    (void) snprintf(world->query, sizeof(world->query), "%s", query ? query : "");
    memcpy(world->body, request->body.data ? (const char *) request->body.data : "", request->body.size);
    world->body[request->body.size] = 0;
    if (world->habit == ANSWER_NOW) {
        assert_int_equal(http_answer_with(&exchange, 201, "text/plain", bytes_of_text("done"), headers, 1), 0);
        assert_null(exchange);
    } else if (world->habit == DROP) {
        http_drop(&exchange);
    } else {
        if (world->habit == STREAM)
            assert_int_equal(http_stream_begin(exchange, "text/event-stream", 10000), 0);
        world->waiting = exchange;
    }
}

static void on_gone(void *owner, struct http_exchange *exchange)
{
    struct world *world = owner;

    world->n_gone++;
    if (world->waiting == exchange)
        world->waiting = NULL;
}

static void on_refused(void *owner, unsigned status)
{
    struct world *world = owner;

    assert_int_equal(status, 413);
    world->n_refused++;
}

static void on_reply(void *context, const struct http_reply *reply)
{
    struct outcome *outcome = context;

    outcome->n_replies++;
    outcome->result = reply->result;
    outcome->status = reply->status;
    outcome->retry_after_ms = reply->retry_after_ms;
    for (size_t i = 0; i < 2; i++)
        (void) snprintf(outcome->wanted[i], sizeof(outcome->wanted[i]), "%s",
                        reply->wanted[i] ? reply->wanted[i] : "absent");
    assert_true(reply->body.size <= MAX_REPLY);
    if (reply->body.size > 0)
        memcpy(outcome->body, reply->body.data, reply->body.size);
    outcome->body[reply->body.size] = 0;
    if (reply->result != HTTP_ANSWERED)
        assert_non_null(reply->why);
}

static int open_world(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    struct http_server_options server = { .host = "127.0.0.1",
                                          .max_body_bytes = MAX_BODY,
                                          .max_connections = 20,
                                          .idle_ms = 30000,
                                          .owner = world,
                                          .on_request = on_request,
                                          .on_gone = on_gone,
                                          .on_refused = on_refused };

    http_stage_open(&world->stage, &server, 10000);
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

static void send_to(struct world *world, uint16_t port, struct http_call call, struct outcome *outcome)
{
    char url[200];

    (void) snprintf(url, sizeof(url), "http://127.0.0.1:%u/a%%20path?hub.mode=subscribe", port);
    call.url = url;
    call.method = call.method ? call.method : "POST";
    call.timeout_ms = call.timeout_ms ? call.timeout_ms : 5000;
    call.max_reply_bytes = call.max_reply_bytes ? call.max_reply_bytes : MAX_REPLY;
    call.context = outcome;
    call.on_reply = on_reply;
    assert_int_equal(http_send(world->stage.client, &call), 0);
    assert_int_equal(outcome->n_replies, 0);
}

static void ask(struct world *world, struct http_call call, struct outcome *outcome)
{
    send_to(world, http_server_port(world->stage.server), call, outcome);
}

static void test_wanted_headers_of_the_answer_are_handed_over(void **state)
{
    static const char *const wanted[] = { "X-Never-Sent", "retry-after", NULL };
    struct world *world = *state;
    struct outcome outcome = { 0 };

    ask(world, (struct http_call){ .wanted = wanted }, &outcome);
    http_stage_run_until(&world->stage, &outcome.n_replies, 1);
    assert_string_equal(outcome.wanted[0], "absent");
    assert_string_equal(outcome.wanted[1], "7");
}

static void test_whole_request_arrives_and_whole_answer_returns(void **state)
{
    struct world *world = *state;
    const char *lines[] = { "X-Mark: 42" };
    struct outcome outcome = { 0 };

    ask(world, (struct http_call){ .body = bytes_of_text("hello"), .headers = lines, .n_headers = 1 }, &outcome);
    assert_int_equal(http_client_n_calls(world->stage.client), 1);
    http_stage_run_until(&world->stage, &outcome.n_replies, 1);
    assert_int_equal(outcome.result, HTTP_ANSWERED);
    assert_int_equal(outcome.status, 201);
    assert_string_equal(outcome.body, "done");
    assert_int_equal(outcome.retry_after_ms, 7000);
    assert_string_equal(world->method, "POST");
    assert_string_equal(world->path, "/a path");
    assert_string_equal(world->body, "hello");
    assert_string_equal(world->header, "42");
    assert_string_equal(world->query, "subscribe");
    assert_int_equal(http_client_n_calls(world->stage.client), 0);
    assert_int_equal(world->n_gone, 0);
}

static void test_get_has_no_body_and_bearer_becomes_a_header(void **state)
{
    struct world *world = *state;
    struct outcome outcome = { 0 };
    const char *bearer;

    world->habit = ANSWER_NEVER;
    ask(world, (struct http_call){ .method = "GET", .bearer = "abc" }, &outcome);
    http_stage_run_until(&world->stage, &world->n_requests, 1);
    bearer = http_request_header(world->waiting, "authorization");
    assert_string_equal(bearer, "Bearer abc");
    assert_string_equal(world->method, "GET");
    assert_int_equal(http_answer(&world->waiting, 204, NULL, BYTES_EMPTY), 0);
    http_stage_run_until(&world->stage, &outcome.n_replies, 1);
    assert_int_equal(outcome.status, 204);
}

static void test_answer_may_come_later(void **state)
{
    struct world *world = *state;
    struct outcome outcome = { 0 };

    world->habit = ANSWER_NEVER;
    ask(world, (struct http_call){ .body = bytes_of_text("x") }, &outcome);
    http_stage_run_until(&world->stage, &world->n_requests, 1);
    for (int i = 0; i < 3; i++)
        (void) uv_run(&world->stage.loop, UV_RUN_NOWAIT);
    assert_int_equal(outcome.n_replies, 0);
    assert_int_equal(http_answer(&world->waiting, 200, "text/plain", bytes_of_text("late")), 0);
    http_stage_run_until(&world->stage, &outcome.n_replies, 1);
    assert_string_equal(outcome.body, "late");
}

static void test_body_over_the_cap_gets_413_unseen_by_the_owner(void **state)
{
    struct world *world = *state;
    static const size_t sizes[] = { MAX_BODY + 1, MAX_BODY * 7, MAX_BODY * 9 };
    static const uint8_t zeros[MAX_BODY * 9];

    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        struct outcome outcome = { 0 };

        ask(world, (struct http_call){ .body = bytes_make(zeros, sizes[i]) }, &outcome);
        http_stage_run_until(&world->stage, &outcome.n_replies, 1);
        assert_int_equal(outcome.result, HTTP_ANSWERED);
        assert_int_equal(outcome.status, 413);
        assert_int_equal(world->n_refused, (int) i + 1);
    }
    assert_int_equal(world->n_requests, 0);
}

static void test_body_of_exactly_the_cap_is_taken(void **state)
{
    struct world *world = *state;
    uint8_t body[MAX_BODY];
    struct outcome outcome = { 0 };

    memset(body, 'a', sizeof(body));
    ask(world, (struct http_call){ .body = bytes_make(body, sizeof(body)) }, &outcome);
    http_stage_run_until(&world->stage, &outcome.n_replies, 1);
    assert_int_equal(outcome.status, 201);
    assert_int_equal(strlen(world->body), MAX_BODY);
}

static void test_dropped_request_is_lost_and_never_sent_twice(void **state)
{
    struct world *world = *state;
    struct outcome first = { 0 }, second = { 0 };

    ask(world, (struct http_call){ .body = bytes_of_text("one") }, &first);
    http_stage_run_until(&world->stage, &first.n_replies, 1);
    /* The same kept connection, where libcurl would like to try again by itself. */
    world->habit = DROP;
    ask(world, (struct http_call){ .body = bytes_of_text("two") }, &second);
    http_stage_run_until(&world->stage, &second.n_replies, 1);
    assert_int_equal(second.result, HTTP_LOST);
    assert_int_equal(world->n_requests, 2);
}

static void test_dropping_a_waiting_request_loses_it(void **state)
{
    struct world *world = *state;
    struct outcome outcome = { 0 };

    world->habit = ANSWER_NEVER;
    ask(world, (struct http_call){ .body = bytes_of_text("x") }, &outcome);
    http_stage_run_until(&world->stage, &world->n_requests, 1);
    http_drop(&world->waiting);
    http_stage_run_until(&world->stage, &outcome.n_replies, 1);
    assert_int_equal(outcome.result, HTTP_LOST);
    assert_int_equal(world->n_gone, 0);
}

static void test_refused_connection_was_not_sent(void **state)
{
    struct world *world = *state;
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof(address);
    struct outcome outcome = { 0 };
    int fd = socket(AF_INET, SOCK_STREAM, 0); /* bound and not listening: nobody else gets the port */

    assert_int_equal(bind(fd, (struct sockaddr *) &address, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *) &address, &size), 0);
    send_to(world, ntohs(address.sin_port), (struct http_call){ .body = bytes_of_text("x") }, &outcome);
    http_stage_run_until(&world->stage, &outcome.n_replies, 1);
    assert_int_equal(outcome.result, HTTP_NOT_SENT);
    (void) close(fd);
}

static void test_answer_that_takes_too_long_is_lost(void **state)
{
    struct world *world = *state;
    struct outcome outcome = { 0 };

    world->habit = ANSWER_NEVER;
    ask(world, (struct http_call){ .body = bytes_of_text("x"), .timeout_ms = 50 }, &outcome);
    http_stage_run_until(&world->stage, &outcome.n_replies, 1);
    assert_int_equal(outcome.result, HTTP_LOST);
    assert_int_equal(world->n_requests, 1);
}

static void test_answer_larger_than_allowed_is_lost(void **state)
{
    struct world *world = *state;
    struct outcome outcome = { 0 };

    ask(world, (struct http_call){ .body = bytes_of_text("x"), .max_reply_bytes = 3 }, &outcome);
    http_stage_run_until(&world->stage, &outcome.n_replies, 1);
    assert_int_equal(outcome.result, HTTP_LOST);
}

static void test_bad_url_is_refused_at_once(void **state)
{
    struct world *world = *state;
    static const char *const urls[] = { "", "gopher://127.0.0.1/", "http://", "http://a b/", "file:///etc/passwd" };
    struct outcome outcome = { 0 };

    for (size_t i = 0; i < ARRAY_SIZE(urls); i++) {
        struct http_call call = { .method = "GET", .url = urls[i], .context = &outcome, .on_reply = on_reply };

        assert_int_equal(http_send(world->stage.client, &call), -EINVAL);
    }
    assert_int_equal(http_client_n_calls(world->stage.client), 0);
}

static void test_many_calls_share_few_connections(void **state)
{
    struct world *world = *state;
    struct outcome *outcomes = calloc(50, sizeof(*outcomes));

    for (int i = 0; i < 50; i++)
        ask(world, (struct http_call){ .body = bytes_of_text("x") }, &outcomes[i]);
    http_stage_run_until(&world->stage, &world->n_requests, 50);
    for (int i = 0; i < 50; i++) {
        http_stage_run_until(&world->stage, &outcomes[i].n_replies, 1);
        assert_int_equal(outcomes[i].status, 201);
    }
    free(outcomes);
}

static void test_closing_the_server_answers_503_to_the_waiting(void **state)
{
    struct world *world = *state;
    struct outcome outcome = { 0 };

    world->habit = ANSWER_NEVER;
    ask(world, (struct http_call){ .body = bytes_of_text("x") }, &outcome);
    http_stage_run_until(&world->stage, &world->n_requests, 1);
    world->stage.server = http_server_close(world->stage.server);
    assert_int_equal(world->n_gone, 1); /* whoever would have answered does not hold it any more */
    http_stage_run_until(&world->stage, &outcome.n_replies, 1);
    assert_int_equal(outcome.status, 503);
}

static void test_second_server_on_a_port_is_told_so(void **state)
{
    struct world *world = *state;
    struct http_server_options options = { .host = "127.0.0.1",
                                           .port = http_server_port(world->stage.server),
                                           .on_request = on_request };
    struct http_server *second = NULL;

    assert_int_equal(http_server_open(&world->stage.loop, &options, &second), -EADDRINUSE);
    options.host = "not an address";
    assert_int_equal(http_server_open(&world->stage.loop, &options, &second), -EINVAL);
    assert_null(second);
}

/* ---- Streams ---- */

static int dial(struct world *world)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                   .sin_port = htons(http_server_port(world->stage.server)) };
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(connect(fd, (struct sockaddr *) &address, sizeof(address)), 0);
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    return fd;
}

static void say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t) strlen(text));
}

/* Runs the loop until `text` has come over the socket. */
static void expect(struct world *world, int fd, const char *text)
{
    char got[4096];
    size_t size = 0;

    got[0] = 0;
    while (!strstr(got, text)) {
        ssize_t n = recv(fd, got + size, sizeof(got) - size - 1, 0);

        if (n > 0)
            size += (size_t) n;
        got[size] = 0;
        (void) uv_run(&world->stage.loop, UV_RUN_NOWAIT);
        assert_true(size < sizeof(got) - 1);
        assert_int_not_equal(n, 0);
    }
}

static void test_stream_delivers_each_event_as_it_comes(void **state)
{
    struct world *world = *state;
    int fd = dial(world);

    world->habit = STREAM;
    say(fd, "GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
    http_stage_run_until(&world->stage, &world->n_requests, 1);
    assert_int_equal(http_stream_send(world->waiting, bytes_of_text("data: one\n\n")), 0);
    expect(world, fd, "data: one");
    for (int i = 0; i < 3; i++)
        (void) uv_run(&world->stage.loop, UV_RUN_NOWAIT);
    assert_int_equal(http_stream_send(world->waiting, bytes_of_text("data: two\n\n")), 0);
    expect(world, fd, "data: two");
    http_stream_end(&world->waiting);
    expect(world, fd, "0\r\n\r\n");
    assert_int_equal(world->n_gone, 0);
    (void) close(fd);
}

static void test_reader_who_left_is_noticed_at_the_next_event(void **state)
{
    struct world *world = *state;
    int fd = dial(world);

    world->habit = STREAM;
    say(fd, "GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
    http_stage_run_until(&world->stage, &world->n_requests, 1);
    (void) close(fd);
    while (world->waiting && !world->stage.is_late) {
        assert_int_equal(http_stream_send(world->waiting, bytes_of_text("data: hello?\n\n")), 0);
        (void) uv_run(&world->stage.loop, UV_RUN_NOWAIT);
    }
    assert_int_equal(world->n_gone, 1);
}

static void test_reader_that_does_not_read_is_dropped(void **state)
{
    struct world *world = *state;
    static const uint8_t block[8000];
    int fd = dial(world), n_accepted = 0, r = 0;

    world->habit = STREAM;
    say(fd, "GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
    http_stage_run_until(&world->stage, &world->n_requests, 1);
    while (world->waiting && !world->stage.is_late) {
        r = http_stream_send(world->waiting, bytes_make(block, sizeof(block)));
        n_accepted += r == 0;
        /* What the kernel will take is not our backlog; what it refuses is. */
        for (int i = 0; i < 4; i++)
            (void) uv_run(&world->stage.loop, UV_RUN_NOWAIT);
    }
    assert_false(world->stage.is_late);
    assert_int_equal(r, -ENOBUFS);
    assert_true(n_accepted > 1);
    assert_int_equal(world->n_gone, 1);
    (void) close(fd);
}

static void test_client_that_leaves_while_we_think_does_no_harm(void **state)
{
    struct world *world = *state;
    int fd = dial(world);
    struct outcome outcome = { 0 };

    world->habit = ANSWER_NEVER;
    say(fd, "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi");
    http_stage_run_until(&world->stage, &world->n_requests, 1);
    (void) close(fd);
    assert_int_equal(http_answer(&world->waiting, 200, NULL, bytes_of_text("too late")), 0);
    world->habit = ANSWER_NOW;
    ask(world, (struct http_call){ .body = bytes_of_text("next") }, &outcome);
    http_stage_run_until(&world->stage, &outcome.n_replies, 1);
    assert_int_equal(outcome.status, 201);
}

static void test_request_that_comes_while_closing_is_not_asked_about(void **state)
{
    static const char *const get = "GET /x HTTP/1.1\r\nHost: x\r\n\r\n";
    struct world *world = *state;
    int known = dial(world), stranger;
    char got[512] = "";
    ssize_t n;

    world->habit = ANSWER_NEVER;
    say(known, get);
    http_stage_run_until(&world->stage, &world->n_requests, 1);
    assert_int_equal(http_answer(&world->waiting, 200, NULL, bytes_of_text("first")), 0);
    expect(world, known, "first"); /* and the connection is kept */
    stranger = dial(world);
    say(known, get);
    say(stranger, get);
    world->stage.server = http_server_close(world->stage.server);
    assert_int_equal(world->n_requests, 1);
    assert_true(recv(known, got, sizeof(got) - 1, 0) > 0);
    assert_non_null(strstr(got, "HTTP/1.1 503"));
    n = recv(stranger, got, sizeof(got) - 1, 0); /* answered or closed, but not left waiting */
    assert_true(n >= 0 || errno == ECONNRESET);
    (void) close(known);
    (void) close(stranger);
}

static void test_chunked_body_over_the_cap_gets_413(void **state)
{
    struct world *world = *state;
    char chunk[MAX_BODY + 200];
    int fd = dial(world);

    say(fd, "POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    (void) snprintf(chunk, sizeof(chunk), "%x\r\n%0*d\r\n0\r\n\r\n", MAX_BODY + 100, MAX_BODY + 100, 7);
    say(fd, chunk);
    expect(world, fd, "HTTP/1.1 413");
    assert_int_equal(world->n_requests, 0);
    (void) close(fd);
}

#define in_world(test) cmocka_unit_test_setup_teardown(test, open_world, close_world)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        in_world(test_wanted_headers_of_the_answer_are_handed_over),
        in_world(test_whole_request_arrives_and_whole_answer_returns),
        in_world(test_get_has_no_body_and_bearer_becomes_a_header),
        in_world(test_answer_may_come_later),
        in_world(test_body_over_the_cap_gets_413_unseen_by_the_owner),
        in_world(test_body_of_exactly_the_cap_is_taken),
        in_world(test_dropped_request_is_lost_and_never_sent_twice),
        in_world(test_dropping_a_waiting_request_loses_it),
        in_world(test_refused_connection_was_not_sent),
        in_world(test_answer_that_takes_too_long_is_lost),
        in_world(test_answer_larger_than_allowed_is_lost),
        in_world(test_bad_url_is_refused_at_once),
        in_world(test_many_calls_share_few_connections),
        in_world(test_closing_the_server_answers_503_to_the_waiting),
        in_world(test_second_server_on_a_port_is_told_so),
        in_world(test_stream_delivers_each_event_as_it_comes),
        in_world(test_reader_who_left_is_noticed_at_the_next_event),
        in_world(test_reader_that_does_not_read_is_dropped),
        in_world(test_client_that_leaves_while_we_think_does_no_harm),
        in_world(test_request_that_comes_while_closing_is_not_asked_about),
        in_world(test_chunked_body_over_the_cap_gets_413),
    };

    return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
