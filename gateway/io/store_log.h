/* The redo log: two files that batches are appended to, one sync each time, before their changes reach the tables. Never
 * read but when the store is opened: what the tables do not have yet is then found here, and stays until they have it.
 *
 * A commit of the tables writes every page it touched and waits for the disk twice; an entry of the log is written in
 * one piece over space the file already has, and waits once. So batches are told durable when they are here, and go into
 * the tables many at a time, later.
 *
 * A file is written from its front until it is full, then the other one is, over what it held: which is allowed as soon
 * as the tables have all of that. Numbers of batches only go up, so what an earlier round left behind an entry is never
 * taken for what follows it. An entry fills whole pages of 4096 bytes: a page is never read to be written. What is
 * written is not read again in this life, so it goes past the kernel's cache of files where that can be: it need not be
 * copied there, and its pages do not push out those of the tables.
 */
#ifndef TREFOIL_GATEWAY_IO_STORE_LOG_H
#define TREFOIL_GATEWAY_IO_STORE_LOG_H

#include "store_batch.h"

#define LOG_FILES 2
#define LOG_FILE_BYTES ((size_t) 16 << 20)
#define LOG_FILE_MAX_BYTES (2 * LOG_FILE_BYTES) /* while the tables lack what an earlier life has left in the log */
#define LOG_ENTRY_MAX_BYTES ((size_t) 4 << 20)
#define LOG_STEP_BYTES ((size_t) 1 << 20) /* a file that has not its full size yet grows by this */

struct store_log;

/* Opens or creates the files. `seed`: random, of the store they belong to. -errno. */
must_use_ int store_log_open(const char *directory, const uint64_t seed[2], struct store_log **ret);
struct store_log *store_log_close(struct store_log *log); /* accepts NULL, returns NULL */

/* Appends the batches beyond `after`, up to which the tables have everything, to the list, in order; the caller frees
 * them. They are on the disk. -ENOMEM, -EIO; -EBADMSG when batches between `after` and those of the log are missing. Only
 * before anything is appended; what is appended then goes behind them. */
must_use_ int store_log_load(struct store_log *log, uint64_t after, struct list *ret_batches);

/* Writes the batches of the list, as one entry, and waits for the disk. The tables have all up to the batch `settled`.
 * -EAGAIN: there is room when they have more; -EMSGSIZE: an entry cannot hold this; -errno: nothing was written, as far as
 * anybody will read. */
must_use_ int store_log_append(struct store_log *log, const struct list *batches, uint64_t settled);

/* Gives back the space of the disk that nothing is kept in. For when the disk is full. */
void store_log_shrink(struct store_log *log, uint64_t settled);

#endif
