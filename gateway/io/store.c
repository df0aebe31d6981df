/* The owner's side of the store: its life, batches on their way out and back. Never touches the disk itself. */
#include "store_inner.h"

#include <errno.h>
#include <stdlib.h>

/* Empties a batch that is done with, and keeps it for the next one unless it has grown large. */
static void recycle(struct store *store, struct batch *batch)
{
    list_remove(&batch->in_flight);
    list_remove(&batch->link);
    batch_reset(batch);
    size_t bytes = batch_held_bytes(batch);
    if (store->spare_bytes + bytes > STORE_SPARE_BYTES) {
        batch_free(batch);
        return;
    }
    list_prepend(&store->spare, &batch->link);
    store->spare_bytes += bytes;
}

struct batch *store_batch(struct store *store)
{
    struct list *spare = list_first(&store->spare);

    if (store->open)
        return store->open;
    if (spare) {
        list_remove(spare);
        store->open = container_of(spare, struct batch, link);
        store->spare_bytes -= batch_held_bytes(store->open);
    } else {
        store->open = batch_new();
    }
    if (store->open)
        store->open->first_seq = store->head + 1;
    return store->open;
}

int store_submit(struct store *store, uint64_t tag, bool *ret_empty)
{
    struct batch *batch = store->open;

    *ret_empty = !batch || batch_is_empty(batch);
    if (*ret_empty)
        return 0;
    batch->tag = tag;
    batch->number = store->next_batch++;
    batch->next_generation = seen_current(store->seen)->number;
    store->backlog_bytes += batch->size_bytes;
    list_append(&store->in_flight, &batch->in_flight);
    if (store->first_untold == &store->in_flight)
        store->first_untold = &batch->in_flight;
    store_writer_submit(store->writer, &store->open);
    return 0;
}

size_t store_backlog_bytes(const struct store *store)
{
    return store->backlog_bytes;
}

static struct batch *batch_in_flight(struct list *node)
{
    return container_of(node, struct batch, in_flight);
}

/* Those up to `number` that were not told durable yet: whoever is told may submit the next. */
static void tell_durable(struct store *store, uint64_t number)
{
    for (struct list *node = store->first_untold; node != &store->in_flight; node = store->first_untold) {
        const struct batch *batch = batch_in_flight(node);

        if (batch->number > number)
            return;
        store->first_untold = node->next;
        store->backlog_bytes -= batch->size_bytes;
        if (batch->n_records)
            store->durable = batch->first_seq + batch->n_records - 1;
        store->events.on_durable(store->events.owner, batch->tag);
    }
}

/* What the overlay and the memory of ids held for this batch is found in the tables from now on. */
static void let_go(struct store *store, struct batch *batch)
{
    for (struct change *change = batch->first_change; change; change = change->next)
        overlay_hide(&store->overlay, change);
    for (struct seen_generation *full = batch->full, *next; full; full = next) {
        next = full->next;
        seen_settle(store->seen, &full);
    }
    if (batch->n_records)
        store->settled = batch->first_seq + batch->n_records - 1;
}

static void tell_trouble(struct store *store)
{
    int trouble = store_writer_facts(store->writer).trouble;

    if (trouble == store->trouble)
        return;
    store->trouble = trouble;
    store->events.on_trouble(store->events.owner, trouble);
}

static void on_wake(uv_async_t *async)
{
    struct store *store = container_of(async, struct waker, async)->store;
    struct list settled;

    if (!store)
        return;
    list_init(&settled);
    tell_durable(store, store_writer_collect(store->writer, &settled));
    tell_trouble(store);
    if (store_load_ids(store))
        uv_async_send(async);
    if (list_is_empty(&settled))
        return;
    lmdb_refresh(store->lmdb);
    list_for_each_safe (node, after, &settled) {
        struct batch *batch = container_of(node, struct batch, link);

        let_go(store, batch);
        recycle(store, batch);
    }
}

static void on_closed(uv_handle_t *handle)
{
    free(container_of((uv_async_t *) (void *) handle, struct waker, async));
}

static int new_waker(uv_loop_t *loop, struct store *store)
{
    struct waker *waker = calloc(1, sizeof(*waker));

    if (!waker)
        return -ENOMEM;
    waker->store = store;
    int r = uv_async_init(loop, &waker->async, on_wake);
    if (r < 0) {
        free(waker);
        return r; /* libuv's errors are -errno */
    }
    store->waker = waker;
    return 0;
}

static int open_files(struct store *store, const struct store_options *options)
{
    int r = lmdb_open(options->directory, options->max_bytes, &store->lmdb);

    if (r == 0)
        r = store_log_open(options->directory, lmdb_state(store->lmdb).seed, &store->log);
    return r;
}

static void free_all(struct list *batches)
{
    list_for_each_safe (node, after, batches)
        batch_free(container_of(node, struct batch, link));
}

/* What the last life had told durable and not brought into the tables is brought there by this one, later. */
static int start_writer(struct store *store)
{
    struct list left;

    list_init(&left);
    int r = store_log_load(store->log, lmdb_state(store->lmdb).batch, &left);
    if (r == 0)
        r = store_adopt(store, &left);
    lmdb_refresh(store->lmdb); /* the writer must not wait for what the reader has seen */
    if (r == 0)
        r = store_writer_new(store->lmdb, store->log, &store->waker->async, &left, &store->writer);
    free_all(&left);
    if (r == 0)
        uv_async_send(&store->waker->async); /* there may be ids to load */
    return r;
}

static int open_parts(struct store *store, const struct store_options *options, uv_loop_t *loop)
{
    int r = overlay_init(&store->overlay);

    if (r == 0)
        r = open_files(store, options);
    if (r < 0)
        return r;

    struct lmdb_state state = lmdb_state(store->lmdb);
    store->next_batch = state.batch + 1;
    store->head = store->durable = store->settled = state.head;
    store->tail = state.tail;
    store->first_run = state.first_run;
    store->seen = seen_new(state.seed, state.generation);
    if (!store->seen)
        return -ENOMEM;
    r = lmdb_load_seen(store->lmdb, store->seen);
    if (r == 0)
        r = new_waker(loop, store);
    return r < 0 ? r : start_writer(store);
}

int store_open(const struct store_options *options, uv_loop_t *loop, const struct store_events *events,
               struct store **ret)
{
    struct store *store = calloc(1, sizeof(*store));

    if (!store)
        return -ENOMEM;
    store->events = *events;
    store->window_ms = options->seen_window_ms;
    list_init(&store->in_flight);
    list_init(&store->spare);
    store->first_untold = &store->in_flight;
    int r = open_parts(store, options, loop);
    if (r == 0)
        r = store_prune(store, 0, options->now_ms);
    if (r < 0) {
        store_close(store);
        return r;
    }
    *ret = store;
    return 0;
}

struct store *store_close(struct store *store)
{
    struct list left;

    if (!store)
        return NULL;
    list_init(&left);
    store->writer = store_writer_free(store->writer, &left);
    free_all(&left);
    free_all(&store->spare);
    store->open = batch_free(store->open);
    if (store->waker) {
        store->waker->store = NULL;
        uv_close((uv_handle_t *) &store->waker->async, on_closed);
    }
    store->log = store_log_close(store->log);
    store->lmdb = lmdb_close(store->lmdb);
    store->seen = seen_free(store->seen);
    overlay_deinit(&store->overlay);
    free(store);
    return NULL;
}
