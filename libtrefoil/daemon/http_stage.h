/* A server and a client on one loop, a guard that ends tests which would hang, and bytes that are known without being
 * kept. For tests; never used outside *_test.c.
 */
#ifndef TREFOIL_DAEMON_HTTP_STAGE_H
#define TREFOIL_DAEMON_HTTP_STAGE_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "daemon/http_client.h"
#include "daemon/http_server.h"

struct http_stage {
    uv_loop_t loop;
    struct http_server *server;
    struct http_client *client;
    uv_timer_t guard;
    bool is_late;
};

static void http_stage_late(uv_timer_t *timer)
{
    ((struct http_stage *) timer->data)->is_late = true;
}

static inline void http_stage_open(struct http_stage *stage, const struct http_server_options *server,
                                   uint64_t guard_ms)
{
    struct http_client_options client = { 4, 2000, "test" };

    assert_int_equal(uv_loop_init(&stage->loop), 0);
    assert_int_equal(http_server_open(&stage->loop, server, &stage->server), 0);
    assert_int_equal(http_client_open(&stage->loop, &client, &stage->client), 0);
    assert_int_equal(uv_timer_init(&stage->loop, &stage->guard), 0);
    stage->guard.data = stage;
    assert_int_equal(uv_timer_start(&stage->guard, http_stage_late, guard_ms, 0), 0);
}

static inline void http_stage_close(struct http_stage *stage)
{
    stage->client = http_client_close(stage->client);
    stage->server = http_server_close(stage->server);
    uv_close((uv_handle_t *) &stage->guard, NULL);
    (void) uv_run(&stage->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&stage->loop), 0);
}

static inline void http_stage_run_until(struct http_stage *stage, const int *count, int wanted)
{
    while (*count < wanted && !stage->is_late)
        (void) uv_run(&stage->loop, UV_RUN_ONCE);
    assert_false(stage->is_late);
}

/* A stream of bytes whose nth is known, made and checked without ever being whole. */
struct pattern {
    uint64_t at, size, fail_at; /* 0: never */
    int n_ends;
    bool is_wrong;
    size_t largest;
};

static inline uint8_t pattern_byte(uint64_t at)
{
    return (uint8_t) (at * 131 + at / 251);
}

static inline long pattern_give(void *context, uint8_t *buffer, size_t room)
{
    struct pattern *pattern = context;
    size_t n = room < pattern->size - pattern->at ? room : (size_t) (pattern->size - pattern->at);

    if (pattern->fail_at && pattern->at >= pattern->fail_at)
        return -EIO;
    for (size_t i = 0; i < n; i++)
        buffer[i] = pattern_byte(pattern->at + i);
    pattern->at += n;
    return (long) n;
}

static inline void pattern_take(struct pattern *pattern, struct bytes piece)
{
    for (size_t i = 0; i < piece.size; i++)
        pattern->is_wrong |= piece.data[i] != pattern_byte(pattern->at + i);
    pattern->at += piece.size;
    if (piece.size > pattern->largest)
        pattern->largest = piece.size;
}

static inline void pattern_end(void *context)
{
    ((struct pattern *) context)->n_ends++;
}

#endif
