/* The thread that makes batches durable, and the hand-over to it and back. Never knows what a batch means.
 *
 * All that was handed over while a commit ran goes into the next one. A commit that fails is tried again every
 * STORE_RETRY_MS with the same batches.
 */
#ifndef TREFOIL_GATEWAY_IO_STORE_WRITER_H
#define TREFOIL_GATEWAY_IO_STORE_WRITER_H

#include "store_batch.h"
#include "store_lmdb.h"

#include <uv.h>

#define WRITER_COMMIT_BYTES ((size_t) 64 << 20) /* batches of one commit, together, unless one alone has more */

struct store_writer;

struct store_writer_facts {
    uint64_t commits, batches, last_commit_us;
    int trouble; /* 0, or what the last commit failed with */
};

/* `wake` is sent whenever there is something to collect. It outlives the writer. */
must_use_ int store_writer_new(struct lmdb *lmdb, uv_async_t *wake, struct store_writer **ret);

/* Waits until everything is written, or cannot be. What could not goes to `ret_left`. Accepts NULL, returns NULL. */
struct store_writer *store_writer_free(struct store_writer *writer, struct list *ret_left);

/* Takes the batch. */
void store_writer_submit(struct store_writer *writer, struct batch **batch);

/* Moves the durable batches to the end of `done`, oldest first. */
void store_writer_collect(struct store_writer *writer, struct list *done);

struct store_writer_facts store_writer_facts(struct store_writer *writer);

#endif
