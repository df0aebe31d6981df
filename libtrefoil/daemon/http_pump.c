/* One poll handle per socket of libcurl's, one timer. Never touches a transfer. */
#include "daemon/http_pump.h"

#include <errno.h>
#include <stdlib.h>

#include "base/list.h"

struct http_pump {
    uv_loop_t *loop;
    CURLM *multi;
    uv_timer_t timer;
    struct list watches;
    void *owner;
    void (*on_turn)(void *owner);
    bool is_inside, is_stopped;
};

/* One socket of libcurl's, watched by the loop. */
struct watch {
    struct http_pump *pump;
    struct list link;
    uv_poll_t poll;
    curl_socket_t socket;
};

static void turn(struct http_pump *pump, curl_socket_t socket, int flags)
{
    int n_running;

    pump->is_inside = true;
    (void) curl_multi_socket_action(pump->multi, socket, flags, &n_running);
    pump->is_inside = false;
    pump->on_turn(pump->owner);
}

static void on_watch_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void watch_close(struct watch *watch)
{
    list_remove(&watch->link);
    (void) uv_poll_stop(&watch->poll);
    uv_close((uv_handle_t *) &watch->poll, on_watch_closed);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct watch *watch = poll->data;
    int flags = 0;

    if (status < 0)
        flags = CURL_CSELECT_ERR;
    if (events & UV_READABLE)
        flags |= CURL_CSELECT_IN;
    if (events & UV_WRITABLE)
        flags |= CURL_CSELECT_OUT;
    turn(watch->pump, watch->socket, flags);
}

static struct watch *watch_new(struct http_pump *pump, curl_socket_t socket)
{
    struct watch *watch = calloc(1, sizeof(*watch));

    if (!watch)
        return NULL;
    if (uv_poll_init_socket(pump->loop, &watch->poll, socket) < 0) {
        free(watch);
        return NULL;
    }
    watch->pump = pump;
    watch->socket = socket;
    watch->poll.data = watch;
    list_append(&pump->watches, &watch->link);
    return watch;
}

static int on_curl_socket(unused_ CURL *easy, curl_socket_t socket, int what, void *context, void *socket_context)
{
    struct http_pump *pump = context;
    struct watch *watch = socket_context;
    int events = 0;

    if (what == CURL_POLL_REMOVE) {
        if (watch) {
            (void) curl_multi_assign(pump->multi, socket, NULL);
            watch_close(watch);
        }
        return 0;
    }
    if (!watch) {
        watch = watch_new(pump, socket);
        if (!watch)
            return -1;
        (void) curl_multi_assign(pump->multi, socket, watch);
    }
    if (what & CURL_POLL_IN)
        events |= UV_READABLE;
    if (what & CURL_POLL_OUT)
        events |= UV_WRITABLE;
    return uv_poll_start(&watch->poll, events, on_poll) < 0 ? -1 : 0;
}

static void on_timer(uv_timer_t *timer)
{
    turn(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static int on_curl_timer(unused_ CURLM *multi, long timeout_ms, void *context)
{
    struct http_pump *pump = context;

    if (pump->is_stopped || timeout_ms < 0)
        (void) uv_timer_stop(&pump->timer);
    else
        (void) uv_timer_start(&pump->timer, on_timer, (uint64_t) timeout_ms, 0);
    return 0;
}

int http_pump_new(uv_loop_t *loop, CURLM *multi, void *owner, void (*on_turn)(void *owner), struct http_pump **ret)
{
    struct http_pump *pump = calloc(1, sizeof(*pump));

    if (!pump)
        return -ENOMEM;
    pump->loop = loop;
    pump->multi = multi;
    pump->owner = owner;
    pump->on_turn = on_turn;
    list_init(&pump->watches);
    (void) uv_timer_init(loop, &pump->timer);
    pump->timer.data = pump;
    (void) curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_curl_socket);
    (void) curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, pump);
    (void) curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_curl_timer);
    (void) curl_multi_setopt(multi, CURLMOPT_TIMERDATA, pump);
    *ret = pump;
    return 0;
}

bool http_pump_is_inside(const struct http_pump *pump)
{
    return pump->is_inside;
}

void http_pump_stop(struct http_pump *pump)
{
    pump->is_stopped = true;
    (void) uv_timer_stop(&pump->timer);
}

static void on_timer_closed(uv_handle_t *handle)
{
    free(handle->data);
}

struct http_pump *http_pump_free(struct http_pump *pump)
{
    if (!pump)
        return NULL;
    list_for_each_safe (node, after, &pump->watches)
        watch_close(container_of(node, struct watch, link));
    uv_close((uv_handle_t *) &pump->timer, on_timer_closed);
    return NULL;
}
