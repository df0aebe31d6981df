/* The threads that make batches durable, and the hand-over to them and back. Never knows what a batch means.
 *
 * One thread appends what was handed over to the redo log, everything that came meanwhile together: from then on it is
 * durable. The other one brings it into the tables, many batches at a time: from then on it is settled, and its owner
 * may forget it. A batch the log cannot take (too large, a broken file, no space) waits to be settled, and is durable
 * only then. While the tables cannot be written nothing becomes durable: both are tried again every STORE_RETRY_MS.
 */
#ifndef TREFOIL_GATEWAY_IO_STORE_WRITER_H
#define TREFOIL_GATEWAY_IO_STORE_WRITER_H

#include "store_batch.h"
#include "store_lmdb.h"
#include "store_log.h"

#include <uv.h>

#define WRITER_ENTRY_BYTES ((size_t) 2 << 20)  /* of one entry of the log, unless one batch has more */
#define WRITER_COMMIT_BYTES ((size_t) 8 << 20) /* batches of one commit, together, unless one alone has more */
#define WRITER_SETTLE_BYTES ((size_t) 4 << 20) /* as soon as so much waits */
#define WRITER_SETTLE_BATCHES 1024             /* or so many */
#define WRITER_SETTLE_MS 1000                  /* or the oldest so long */

struct store_writer;

struct store_writer_facts {
    uint64_t commits, batches; /* times something became durable, and how much */
    uint64_t last_commit_us;   /* how long the last of them took */
    uint64_t settlings, last_settling_us;
    int trouble; /* 0, or what the tables cannot be written for */
};

/* `wake` is sent whenever there is something to collect. It outlives the writer, as do `lmdb` and `log`. `logged` are the
 * batches that only the log has; on success they are taken. */
must_use_ int store_writer_new(struct lmdb *lmdb, struct store_log *log, uv_async_t *wake, struct list *logged,
                               struct store_writer **ret);

/* Waits until everything is settled, or cannot be. What is not goes to `ret_left`. Accepts NULL, returns NULL. */
struct store_writer *store_writer_free(struct store_writer *writer, struct list *ret_left);

/* Takes the batch. */
void store_writer_submit(struct store_writer *writer, struct batch **batch);

/* Moves the settled batches to the end of `settled`, oldest first. The answer: the number of the newest durable batch. */
uint64_t store_writer_collect(struct store_writer *writer, struct list *settled);

struct store_writer_facts store_writer_facts(struct store_writer *writer);

#endif
