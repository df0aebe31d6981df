/* The store's files: one LMDB environment. One thread writes, one reads; this room keeps them apart where LMDB does not.
 * Never waits for anything but the disk, never retries.
 *
 * Layout: `journal` holds segments (first sequence, big-endian → how many, where each ends, the records): a record
 * alone would cost its share of a page and of the tree. `ids` is the log of ids not yet in a run, `runs` holds full
 * generations of ids, sorted, in blocks. `state` is one record about all this. The rest are the store's tables.
 */
#ifndef TREFOIL_GATEWAY_IO_STORE_LMDB_H
#define TREFOIL_GATEWAY_IO_STORE_LMDB_H

#include "store_batch.h"

/* What is larger than half a page lies in pages behind one another. LMDB looks for such through all pages that are free,
 * and where many rows changed these are many and far apart: so it is asked seldom, for much. */
#define LMDB_SEGMENT_BYTES ((size_t) 256 * 4096 - 16)            /* of pages, less LMDB's head of the first */
#define LMDB_BLOCK_IDS (((size_t) 32 * 4096 - 16) / (size_t) 24) /* of a block of a run, 24 bytes each */
#define LMDB_DROPS_PER_COMMIT 64                   /* segments or blocks that go in one commit, of each kind */
#define LMDB_HEADROOM_BYTES ((size_t) 8 << 20)     /* for dropping things when the file is at its cap */
#define LMDB_LEAST_FREE_BYTES ((uint64_t) 1 << 20) /* a disk with less is full, whatever the write answered */
#define LMDB_MIN_BYTES ((uint64_t) 1 << 20)        /* smallest cap */

/* What is on disk. */
struct lmdb_state {
    uint64_t batch; /* number of the last batch */
    uint64_t head, tail;
    uint64_t seed[2];
    uint32_t generation; /* of ids in the log; all before are runs, or forgotten */
    uint32_t first_run;
};

struct lmdb;

/* -errno; -EBUSY when another process holds it; -EBADMSG when the files are not ours. */
must_use_ int lmdb_open(const char *directory, uint64_t max_bytes, struct lmdb **ret);
struct lmdb *lmdb_close(struct lmdb *lmdb);

/* ---- the writer's side ---- */

struct lmdb_state lmdb_state(const struct lmdb *lmdb);

/* Writes the batches of the list, one transaction, one sync. Batches that turn out to be on disk already are passed
 * over. Drops a bounded part of what is due. 0; 1 when more is due to be dropped; -errno, and nothing has changed. */
must_use_ int lmdb_commit(struct lmdb *lmdb, const struct list *batches);

/* What batches want dropped. */
struct lmdb_drops {
    uint64_t prune_to;
    uint32_t first_kept_run;
};
void lmdb_note_drops(struct lmdb_drops *drops, const struct list *batches);

/* Drops it ahead of their turn, because there is no room for anything else. */
must_use_ int lmdb_make_room(struct lmdb *lmdb, struct lmdb_drops drops);

/* ---- the reader's side: values are valid during the callback only ---- */

/* Reads see what is on disk now, not what was when the last one happened. */
void lmdb_refresh(struct lmdb *lmdb);

must_use_ int lmdb_get(struct lmdb *lmdb, enum store_table table, struct bytes key, struct arena *mem,
                       struct bytes *ret);
must_use_ int lmdb_scan(struct lmdb *lmdb, enum store_table table, struct bytes prefix, struct bytes after,
                        int (*each)(void *context, struct bytes key, struct bytes value), void *context);

/* Records from `from_seq` on. */
must_use_ int lmdb_read(struct lmdb *lmdb, uint64_t from_seq,
                        int (*each)(void *context, uint64_t seq, struct bytes record), void *context);

/* Is the id in this run? 1, 0, -errno. */
must_use_ int lmdb_find_id(struct lmdb *lmdb, uint32_t run, struct seen_id id, uint64_t *ret_seq);

/* Tells an empty memory of ids which runs there are, and fills it from the log. */
must_use_ int lmdb_load_seen(struct lmdb *lmdb, struct seen *seen);

/* Loads about so many ids of this run into the memory, from `*at` on; zero: from the first. 1: there are more, from the
 * new `*at` on; 0. */
must_use_ int lmdb_load_run(struct lmdb *lmdb, uint32_t run, size_t n_ids, struct seen_id *at, struct seen *seen);

void lmdb_sizes(struct lmdb *lmdb, uint64_t *ret_file_bytes, uint64_t *ret_used_bytes);

#endif
