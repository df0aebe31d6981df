/* What the owner's side of the store is made of. Never seen outside store*.c.
 *
 * One thread calls everything here. What it has put into batches stays visible through the overlay (table changes),
 * the batches themselves (records) and the memory of ids, until the writer says that it is settled.
 */
#ifndef TREFOIL_GATEWAY_IO_STORE_INNER_H
#define TREFOIL_GATEWAY_IO_STORE_INNER_H

#include "seen.h"
#include "store.h"
#include "store_batch.h"
#include "store_lmdb.h"
#include "store_overlay.h"
#include "store_writer.h"

#define STORE_SPARE_BYTES ((size_t) 8 << 20) /* what batches done with may hold, to be used again */
#define STORE_LOAD_IDS (8 * LMDB_BLOCK_IDS)  /* at a time: some milliseconds */
#define STORE_TURNS_PER_WINDOW 8 /* a generation that is not full ends after this part of the window, to be forgotten */

/* The loop's handle outlives the store: libuv gives it back only when the loop runs. */
struct waker {
    uv_async_t async;
    struct store *store; /* NULL: closed */
};

struct store {
    struct store_events events;
    struct lmdb *lmdb;
    struct store_log *log;
    struct store_writer *writer;
    struct waker *waker;
    struct seen *seen;
    bool is_loading;          /* a run of ids … */
    struct seen_id loaded_to; /* … up to here */
    struct overlay overlay;

    struct batch *open;        /* NULL: nothing was put since the last one was submitted */
    struct list in_flight;     /* submitted, not settled, oldest first */
    struct list *first_untold; /* the first of them that was not told durable; the list itself: none */
    struct list spare;
    size_t spare_bytes;

    uint64_t next_batch;
    uint64_t head, tail; /* of the journal */
    uint64_t durable;    /* newest record that is on disk */
    uint64_t settled;    /* newest record that is read from there */
    uint32_t first_run;
    uint64_t window_ms;
    size_t backlog_bytes;
    int trouble;
};

/* The open batch, or NULL when there is no memory for one. */
struct batch *store_batch(struct store *store);

/* The batches that only the log has, on their way to the writer: from now on they are read like all that is in flight.
 * -ENOMEM; -EBADMSG when they do not follow upon what the tables have. */
must_use_ int store_adopt(struct store *store, const struct list *batches);

/* Loads a few of the ids that earlier lives have seen. False: there are no more, or none that can be read now. */
bool store_load_ids(struct store *store);

/* The oldest runs before `first_kept` go, in memory only. */
void store_forget_runs(struct store *store, uint32_t first_kept);

#endif
