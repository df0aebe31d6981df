/* What becomes durable together: journal records, table changes, ids seen, things to drop. Filled by the owner; once
 * submitted, read by the writer and changed by nobody. Never touches the disk.
 */
#ifndef TREFOIL_GATEWAY_IO_STORE_BATCH_H
#define TREFOIL_GATEWAY_IO_STORE_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attributes.h"
#include "base/bytes.h"
#include "base/list.h"

#include "seen.h"
#include "store.h"

#define BATCH_MAX_BYTES ((size_t) 256 << 20)

struct batch;

/* What becomes of one key of one table. Lives in its batch; the newest of a key is visible in the overlay. */
struct change {
    struct change *next; /* in the batch, in the order of the calls */
    struct change *next_in_bucket;
    struct list in_table, in_group;
    struct batch *batch;
    uint64_t hash;
    uint32_t value_size, value_room;
    uint16_t key_size;
    uint8_t table;
    bool is_deletion;
    bool is_replaced; /* by a later one of the same batch: not worth writing */
    bool is_visible;
    uint8_t bytes[]; /* the key, then the value */
};

struct batch {
    struct list link;      /* wherever it is on its way */
    struct list in_flight; /* the owner's list of submitted ones */
    uint64_t number;       /* counts up over the life of the store */
    uint64_t tag;
    size_t size_bytes; /* what it adds to the backlog */

    uint64_t first_seq; /* of its first record */
    uint8_t *records;   /* one behind the other */
    size_t records_size, records_room;
    uint32_t *ends; /* where each ends */
    size_t n_records, ends_room;

    struct arena memory; /* of the changes */
    struct change *first_change, *last_change;
    size_t n_changes;

    struct seen_mark *marks; /* those that belong to the current generation */
    size_t n_marks, marks_room;
    uint64_t marks_ms;
    struct seen_generation *full; /* generations to write down as runs, oldest first */

    uint64_t prune_to;        /* journal records up to this one go; 0: none */
    uint32_t first_kept_run;  /* runs before this one go; 0: none */
    uint32_t next_generation; /* that of the marks */
};

must_use_ struct batch *batch_new(void);
struct batch *batch_free(struct batch *batch);

/* Empty again, keeping its memory. */
void batch_reset(struct batch *batch);
bool batch_is_empty(const struct batch *batch);
size_t batch_held_bytes(const struct batch *batch);

/* All: 0, -ENOMEM, and then nothing was added. */
must_use_ int batch_add_record(struct batch *batch, struct bytes record);
must_use_ int batch_add_mark(struct batch *batch, struct seen_mark mark, uint64_t now_ms);
must_use_ int batch_add_change(struct batch *batch, enum store_table table, struct bytes key, struct bytes value,
                               struct change **ret);

/* The marks so far belong to `generation`, which is to be written down whole. */
void batch_add_generation(struct batch *batch, struct seen_generation *generation);

static inline struct bytes batch_record(const struct batch *batch, size_t at)
{
    size_t start = at ? batch->ends[at - 1] : 0;

    return bytes_make(batch->records + start, batch->ends[at] - start);
}

static inline struct bytes change_key(const struct change *change)
{
    return bytes_make(change->bytes, change->key_size);
}

static inline struct bytes change_value(const struct change *change)
{
    return bytes_make(change->bytes + change->key_size, change->value_size);
}

#endif
