/* The store contract: what the gateway asks of whatever keeps its memory. LMDB behind a redo log is the first
 * implementation (store_lmdb.c, store_log.c). Never knows what a record or a value means.
 *
 * One owner thread (the loop) calls everything here; the implementation may use threads of its own. Changes are
 * collected in a batch and submitted; all of a batch becomes durable, or nothing of it. Batches become durable in the
 * order of submission, several together when they queue up (group commit: one fsync for all that arrived meanwhile).
 *
 * Reads see everything submitted before, durable or not, and everything already put into the open batch.
 *
 * A batch is never lost: when the disk is full or broken it stays queued and is tried again every
 * STORE_RETRY_MS; `on_trouble` tells when that begins (-ENOSPC, -EROFS, -EIO, …) and ends (0).
 */
#ifndef TREFOIL_GATEWAY_IO_STORE_H
#define TREFOIL_GATEWAY_IO_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "base/arena.h"
#include "base/attributes.h"
#include "base/bytes.h"

#define STORE_RETRY_MS 500
#define STORE_KEY_MAX_BYTES 256
#define STORE_RECORD_MAX_BYTES ((size_t) 4 << 20)

enum store_table {
    STORE_SUBSCRIPTIONS, /* channel, service, name → kind, floor, gaps or what was held at a stop in order */
    STORE_PARKED,        /* subscription, room, seq → targets left, attempts, not before */
    STORE_ADDRESSES,     /* channel, token key → address record */
    STORE_PERSONS,       /* person → addresses, room */
    STORE_ROOMS,         /* room → members, sealed name */
    STORE_REFS,          /* channel, token key → seq, target */
    STORE_SENT,          /* seq, target → outcome, ref tokens */
    STORE_GRANTS,        /* key id → grant, not before which time it may go */
    STORE_TRUST,         /* roster and wrap keys */
    STORE_DEAD,          /* id → dead letter */
    STORE_IDS,           /* never used: the redo log names tables by number, so it keeps its place */
    STORE_TRACE,         /* seq, at → hop */
    STORE_COUNTERS,      /* name → value */
    STORE_CAPABILITIES,  /* channel, account → since, record */
    STORE_N_TABLES,
};

struct store;

struct store_events {
    void *owner;
    /* This batch is on disk. `tag` is what was given to store_submit(). Called on the loop, in order of submission. */
    void (*on_durable)(void *owner, uint64_t tag);
    /* `error` < 0: commits fail and are tried again; 0: they work again. Called on the loop. */
    void (*on_trouble)(void *owner, int error);
};

struct store_options {
    const char *directory;
    uint64_t max_bytes;      /* cap on the file; reached: -ENOSPC until something is pruned */
    uint64_t seen_window_ms; /* how long an envelope id is remembered at least; 7 days or more in production */
    uint64_t now_ms;
};

/* Opens or creates. -errno; -EBUSY when another process holds it; -EBADMSG when the files are not ours. */
must_use_ int store_open(const struct store_options *options, uv_loop_t *loop, const struct store_events *events,
                         struct store **ret);

/* Waits for what was submitted (unless it cannot be committed), closes, frees. No callback comes any more; the loop has
 * to run once more to let go of its handle. Accepts NULL, returns NULL. */
struct store *store_close(struct store *store);

/* Sequence of the newest journal record, durable or not; 0 when there never was one. And of the oldest still kept: one
 * more than the head when none is. */
uint64_t store_head(const struct store *store);
uint64_t store_tail(const struct store *store);

/* Newest journal record that is on disk. */
uint64_t store_durable(const struct store *store);

/* Adds to the open batch. The bytes are copied. Records get consecutive sequences. -ENOMEM, -EMSGSIZE. */
must_use_ int store_append(struct store *store, struct bytes record, uint64_t now_ms, uint64_t *ret_seq);
must_use_ int store_put(struct store *store, enum store_table table, struct bytes key, struct bytes value);
must_use_ int store_delete(struct store *store, enum store_table table, struct bytes key);

/* Has this envelope id been marked within the window? Then 1 and its sequence; else 0. */
must_use_ int store_seen(struct store *store, const uint8_t id[16], uint64_t *ret_seq);
void store_expect(const struct store *store, const uint8_t id[16]); /* it will be looked for soon */
must_use_ int store_mark_seen(struct store *store, const uint8_t id[16], uint64_t seq, uint64_t now_ms);

/* Closes the open batch and hands it to the writer. Nothing in it: no callback follows, returns 0 all the same with
 * *ret_empty set. */
must_use_ int store_submit(struct store *store, uint64_t tag, bool *ret_empty);

/* Bytes submitted and not yet durable: the caller's measure for back-pressure. */
size_t store_backlog_bytes(const struct store *store);

/* The value, copied into `mem`. -ENOENT, -ENOMEM, -EIO. */
must_use_ int store_get(struct store *store, enum store_table table, struct bytes key, struct arena *mem,
                        struct bytes *ret);

/* Walks the entries whose keys begin with `prefix`, after the key `after` (empty: from the first), in key order, until
 * `each` returns non-zero, which is passed on. Key and value are valid during the call only; `each` must not write. */
must_use_ int store_scan(struct store *store, enum store_table table, struct bytes prefix, struct bytes after,
                         int (*each)(void *context, struct bytes key, struct bytes value), void *context);

/* Walks journal records from `from_seq` on, durable ones only, until `each` returns non-zero, which is passed on. `each` may
 * look up, put and delete, but neither append nor prune. */
must_use_ int store_read(struct store *store, uint64_t from_seq,
                         int (*each)(void *context, uint64_t seq, struct bytes record), void *context);

/* One record, copied into `mem`. -ENOENT when pruned or never written. */
must_use_ int store_record(struct store *store, uint64_t seq, struct arena *mem, struct bytes *ret);

/* Drops journal records up to and with `up_to_seq` and forgets ids outside the window, as part of the open batch.
 * What belongs to the records in the tables is the caller's to delete. */
must_use_ int store_prune(struct store *store, uint64_t up_to_seq, uint64_t now_ms);

/* Facts for metrics. */
struct store_facts {
    uint64_t file_bytes, used_bytes, records, commits, commit_batches, last_commit_us, settlings, last_settling_us,
        seen_ids;
    int trouble; /* 0, or the -errno commits fail with */
};
void store_facts(const struct store *store, struct store_facts *ret);

#endif
