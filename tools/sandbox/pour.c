/* A timer per slow answer that hands out a slice of the file. Never reads ahead. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sandbox/pour.h"

#define TICK_MS 50
#define MAX_SLICE_BYTES 262144
#define MAX_BACKLOG_BYTES (2 * 1024 * 1024)
#define ENDLESS_BYTES_PER_S (4 * 1024 * 1024)

struct pouring {
    struct list link;
    uv_timer_t timer;
    struct http_exchange *exchange; /* NULL: over */
    int fd;
    uint64_t at, size;
    uint32_t slice;
    bool is_endless;
};

static void on_closed(uv_handle_t *handle)
{
    struct pouring *pouring = handle->data;

    (void) close(pouring->fd);
    free(pouring);
}

static void stop(struct pouring *pouring)
{
    list_remove(&pouring->link);
    pouring->exchange = NULL;
    (void) uv_timer_stop(&pouring->timer);
    uv_close((uv_handle_t *) &pouring->timer, on_closed);
}

static void on_tick(uv_timer_t *timer)
{
    static uint8_t slice[MAX_SLICE_BYTES];
    struct pouring *pouring = timer->data;
    uint64_t left = pouring->size - pouring->at;
    size_t room = pouring->slice < left ? pouring->slice : (size_t) left;
    long n = room > 0 ? file_read(pouring->fd, pouring->at, slice, room) : 0;

    if (n <= 0 && pouring->is_endless) {
        memset(slice, 0, pouring->slice);
        n = (long) pouring->slice;
    }
    if (n <= 0) {
        http_stream_end(&pouring->exchange);
        stop(pouring);
        return;
    }
    pouring->at += pouring->at < pouring->size ? (uint64_t) n : 0;
    /* Who takes it too slowly is dropped by the server, which then says so. */
    if (http_stream_send(pouring->exchange, bytes_make(slice, (size_t) n)) < 0)
        (void) uv_timer_stop(timer);
}

void pour(struct world *world, struct http_exchange *exchange, const struct pour_order *order)
{
    struct pouring *pouring = calloc(1, sizeof(*pouring));
    uint32_t rate = order->is_endless ? ENDLESS_BYTES_PER_S : order->bytes_per_s;

    if (!pouring) {
        http_drop(&exchange);
        return;
    }
    pouring->fd = dup(order->file->fd);
    if (pouring->fd < 0 || http_stream_begin(exchange, order->mime, MAX_BACKLOG_BYTES) < 0) {
        if (pouring->fd >= 0)
            (void) close(pouring->fd);
        free(pouring);
        http_drop(&exchange);
        return;
    }
    pouring->exchange = exchange;
    pouring->size = order->file->size;
    pouring->is_endless = order->is_endless;
    pouring->slice = rate / (1000 / TICK_MS);
    if (pouring->slice == 0)
        pouring->slice = 1;
    if (pouring->slice > MAX_SLICE_BYTES)
        pouring->slice = MAX_SLICE_BYTES;
    (void) uv_timer_init(world->loop, &pouring->timer);
    pouring->timer.data = pouring;
    list_append(&world->pours, &pouring->link);
    (void) uv_timer_start(&pouring->timer, on_tick, TICK_MS, TICK_MS);
}

bool pour_leave(struct world *world, const struct http_exchange *exchange)
{
    list_for_each (node, &world->pours) {
        struct pouring *pouring = container_of(node, struct pouring, link);

        if (pouring->exchange == exchange) {
            stop(pouring);
            return true;
        }
    }
    return false;
}

void pours_stop(struct world *world)
{
    list_for_each_safe (node, after, &world->pours) {
        struct pouring *pouring = container_of(node, struct pouring, link);

        http_stream_end(&pouring->exchange);
        stop(pouring);
    }
}
