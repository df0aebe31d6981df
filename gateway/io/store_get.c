/* What the owner reads: the disk, and over it what is not there yet. Never changes anything. */
#include "store_inner.h"

#include <errno.h>
#include <stdlib.h>

uint64_t store_head(const struct store *store)
{
    return store->head;
}

uint64_t store_tail(const struct store *store)
{
    return store->tail;
}

uint64_t store_durable(const struct store *store)
{
    return store->durable;
}

bool store_load_ids(struct store *store)
{
    uint32_t run;

    if (!seen_unloaded(store->seen, &run) || (!store->is_loading && seen_begin_loading(store->seen, run) < 0))
        return false;
    store->is_loading = true;
    int r = lmdb_load_run(store->lmdb, run, STORE_LOAD_IDS, &store->loaded_to, store->seen);
    if (r == 0) {
        seen_end_loading(store->seen, run);
        store->is_loading = false;
        store->loaded_to = (struct seen_id){ 0, 0 };
    }
    return r >= 0;
}

int store_seen(struct store *store, const uint8_t id[16], uint64_t *ret_seq)
{
    struct seen_id mixed = seen_id_of(store->seen, id);
    uint32_t runs[SEEN_RUNS_MAX];

    if (seen_find(store->seen, mixed, ret_seq))
        return 1;
    (void) store_load_ids(store); /* in their order they are read from the disk once, one by one again and again */
    size_t n = seen_candidates(store->seen, mixed, runs);
    for (size_t i = 0; i < n; i++) {
        int r = lmdb_find_id(store->lmdb, runs[i], mixed, ret_seq);

        if (r != 0)
            return r;
    }
    return 0;
}

void store_expect(const struct store *store, const uint8_t id[16])
{
    seen_expect(store->seen, seen_id_of(store->seen, id));
}

static int copy(struct arena *mem, struct bytes value, struct bytes *ret)
{
    struct bytes made = arena_copy(mem, value);

    if (made.size != value.size)
        return -ENOMEM;
    *ret = made;
    return 0;
}

int store_get(struct store *store, enum store_table table, struct bytes key, struct arena *mem, struct bytes *ret)
{
    if (key.size == 0 || key.size > STORE_KEY_MAX_BYTES)
        return -ENOENT;
    const struct change *change = overlay_find(&store->overlay, table, key, overlay_hash(table, key));
    if (!change)
        return lmdb_get(store->lmdb, table, key, mem, ret);
    return change->is_deletion ? -ENOENT : copy(mem, change_value(change), ret);
}

/* ---- a walk over two sorted lists at once ---- */

struct merge {
    struct change **changes;
    size_t n, at;
    int (*each)(void *context, struct bytes key, struct bytes value);
    void *context;
};

static int give_change(struct merge *merge)
{
    const struct change *change = merge->changes[merge->at++];

    return change->is_deletion ? 0 : merge->each(merge->context, change_key(change), change_value(change));
}

/* An entry on disk: first the changes before it; a change of the same key takes its place. */
static int merge_entry(void *context, struct bytes key, struct bytes value)
{
    struct merge *merge = context;

    while (merge->at < merge->n) {
        int order = bytes_compare(change_key(merge->changes[merge->at]), key);

        if (order > 0)
            break;
        int r = give_change(merge);
        if (r != 0 || order == 0)
            return r;
    }
    return merge->each(merge->context, key, value);
}

int store_scan(struct store *store, enum store_table table, struct bytes prefix, struct bytes after,
               int (*each)(void *context, struct bytes key, struct bytes value), void *context)
{
    struct merge merge = { .each = each, .context = context };
    int r = overlay_sorted(&store->overlay, table, prefix, after, &merge.changes, &merge.n);

    if (r < 0)
        return r;
    r = lmdb_scan(store->lmdb, table, prefix, after, merge_entry, &merge);
    while (r == 0 && merge.at < merge.n)
        r = give_change(&merge);
    free(merge.changes);
    return r;
}

/* ---- the journal: the tables, and after them what is in no table yet ---- */

struct bounded_read {
    uint64_t last;
    bool is_over;
    int (*each)(void *context, uint64_t seq, struct bytes record);
    void *context;
};

static int read_bounded(void *context, uint64_t seq, struct bytes record)
{
    struct bounded_read *bounded = context;

    bounded->is_over = seq > bounded->last;
    return bounded->is_over ? 1 : bounded->each(bounded->context, seq, record);
}

static int read_settled(struct store *store, uint64_t from_seq,
                        int (*each)(void *context, uint64_t seq, struct bytes record), void *context)
{
    struct bounded_read bounded = { .last = store->settled, .each = each, .context = context };

    if (from_seq > store->settled)
        return 0;
    int r = lmdb_read(store->lmdb, from_seq, read_bounded, &bounded);
    return bounded.is_over ? 0 : r;
}

/* Durable ones only: `each` puts and deletes, in the open batch, which is none of these. */
static int read_in_flight(const struct store *store, uint64_t from_seq,
                          int (*each)(void *context, uint64_t seq, struct bytes record), void *context)
{
    int r = 0;

    for (struct list *node = store->in_flight.next; node != store->first_untold && r == 0; node = node->next) {
        const struct batch *batch = container_of(node, struct batch, in_flight);

        for (size_t i = 0; i < batch->n_records && r == 0; i++)
            if (batch->first_seq + i >= from_seq)
                r = each(context, batch->first_seq + i, batch_record(batch, i));
    }
    return r;
}

int store_read(struct store *store, uint64_t from_seq, int (*each)(void *context, uint64_t seq, struct bytes record),
               void *context)
{
    if (from_seq < store->tail)
        from_seq = store->tail;
    int r = read_settled(store, from_seq, each, context);
    return r == 0 ? read_in_flight(store, from_seq, each, context) : r;
}

struct wanted {
    uint64_t seq;
    struct arena *mem;
    struct bytes *ret;
    int result;
};

static int take_wanted(void *context, uint64_t seq, struct bytes record)
{
    struct wanted *wanted = context;

    wanted->result = seq == wanted->seq ? copy(wanted->mem, record, wanted->ret) : -ENOENT;
    return 1;
}

/* From the newest back: what is asked for has mostly just come. */
static const struct batch *batch_with(const struct store *store, uint64_t seq)
{
    if (store->open && store->open->n_records && seq >= store->open->first_seq)
        return store->open;
    for (struct list *node = store->in_flight.previous; node != &store->in_flight; node = node->previous) {
        const struct batch *batch = container_of(node, struct batch, in_flight);

        if (batch->n_records && seq >= batch->first_seq)
            return seq - batch->first_seq < batch->n_records ? batch : NULL;
    }
    return NULL;
}

int store_record(struct store *store, uint64_t seq, struct arena *mem, struct bytes *ret)
{
    struct wanted wanted = { seq, mem, ret, -ENOENT };

    if (seq < store->tail || seq > store->head)
        return -ENOENT;
    if (seq > store->settled) {
        const struct batch *batch = batch_with(store, seq);

        return batch ? copy(mem, batch_record(batch, (size_t) (seq - batch->first_seq)), ret) : -ENOENT;
    }
    int r = lmdb_read(store->lmdb, seq, take_wanted, &wanted);
    return r < 0 ? r : wanted.result;
}

void store_facts(const struct store *store, struct store_facts *ret)
{
    struct store_writer_facts writer = store_writer_facts(store->writer);
    struct store_facts facts = {
        .records = store->head + 1 - store->tail,
        .commits = writer.commits,
        .commit_batches = writer.batches,
        .last_commit_us = writer.last_commit_us,
        .settlings = writer.settlings,
        .last_settling_us = writer.last_settling_us,
        .seen_ids = seen_count(store->seen),
        .trouble = writer.trouble,
    };

    lmdb_sizes(store->lmdb, &facts.file_bytes, &facts.used_bytes);
    *ret = facts;
}
