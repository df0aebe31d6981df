/* What the owner puts into the open batch. Never hands it over. */
#include "store_inner.h"

#include <errno.h>
#include <string.h>

int store_append(struct store *store, struct bytes record, uint64_t now_ms unused_, uint64_t *ret_seq)
{
    struct batch *batch = store_batch(store);

    if (record.size > STORE_RECORD_MAX_BYTES)
        return -EMSGSIZE;
    if (!batch)
        return -ENOMEM;
    int r = batch_add_record(batch, record);
    if (r < 0)
        return r;
    *ret_seq = ++store->head;
    return 0;
}

/* The change of this key in the open batch, when it can simply be overwritten: counters change with every envelope. */
static bool overwrite(const struct batch *batch, struct change *older, struct bytes value, bool is_deletion)
{
    if (!older || older->batch != batch || value.size > older->value_room)
        return false;
    if (value.size)
        memcpy(older->bytes + older->key_size, value.data, value.size);
    older->value_size = (uint32_t) value.size;
    older->is_deletion = is_deletion;
    return true;
}

/* `older` is what the overlay has of this key. */
static void show(struct store *store, struct change *change, struct change *older)
{
    if (older && older->batch == change->batch)
        older->is_replaced = true;
    overlay_show(&store->overlay, change, older);
}

static int change_key_to(struct store *store, enum store_table table, struct bytes key, struct bytes value,
                         bool is_deletion)
{
    struct batch *batch = store_batch(store);
    struct change *change;

    if (key.size == 0 || key.size > STORE_KEY_MAX_BYTES)
        return -EMSGSIZE;
    if (!batch)
        return -ENOMEM;
    uint64_t hash = overlay_hash(table, key);
    struct change *older = overlay_find(&store->overlay, table, key, hash);
    if (overwrite(batch, older, value, is_deletion))
        return 0;
    int r = batch_add_change(batch, table, key, value, &change);
    if (r < 0)
        return r;
    change->hash = hash;
    change->is_deletion = is_deletion;
    show(store, change, older);
    return 0;
}

int store_put(struct store *store, enum store_table table, struct bytes key, struct bytes value)
{
    return change_key_to(store, table, key, value, false);
}

int store_delete(struct store *store, enum store_table table, struct bytes key)
{
    return change_key_to(store, table, key, BYTES_EMPTY, true);
}

void store_forget_runs(struct store *store, uint32_t first_kept)
{
    if (first_kept <= store->first_run)
        return;
    seen_forget(store->seen, first_kept);
    store->first_run = first_kept;
}

/* In memory now, on disk with the batch. */
static void forget_runs(struct store *store, struct batch *batch, uint32_t first_kept)
{
    if (first_kept > store->first_run)
        batch->first_kept_run = first_kept;
    store_forget_runs(store, first_kept);
}

/* Ends the current generation of ids. Without memory for the next it just goes on. */
static void turn(struct store *store, struct batch *batch)
{
    struct seen_generation *full = seen_turn(store->seen);

    if (!full)
        return;
    batch_add_generation(batch, full);
    forget_runs(store, batch, seen_first_kept(store->seen, 0));
}

int store_mark_seen(struct store *store, const uint8_t id[16], uint64_t seq, uint64_t now_ms)
{
    struct batch *batch = store_batch(store);
    struct seen_mark mark = { seen_id_of(store->seen, id), seq };

    if (!batch)
        return -ENOMEM;
    int r = batch_add_mark(batch, mark, now_ms);
    if (r < 0)
        return r;
    r = seen_add(store->seen, mark, now_ms);
    if (r < 0) {
        batch->n_marks--;
        return r;
    }
    if (seen_current(store->seen)->n_ids >= SEEN_GENERATION_IDS)
        turn(store, batch);
    return 0;
}

int store_prune(struct store *store, uint64_t up_to_seq, uint64_t now_ms)
{
    struct batch *batch = store_batch(store);
    const struct seen_run *current = seen_current(store->seen);

    if (!batch)
        return -ENOMEM;
    if (up_to_seq > store->head)
        up_to_seq = store->head;
    if (up_to_seq >= store->tail) {
        batch->prune_to = up_to_seq;
        store->tail = up_to_seq + 1;
    }
    if (current->n_ids && now_ms > current->oldest_ms &&
        now_ms - current->oldest_ms > store->window_ms / STORE_TURNS_PER_WINDOW)
        turn(store, batch);
    if (now_ms > store->window_ms)
        forget_runs(store, batch, seen_first_kept(store->seen, now_ms - store->window_ms));
    return 0;
}

static int adopt_one(struct store *store, struct batch *batch)
{
    int r = 0;

    if (batch->next_generation != seen_current(store->seen)->number ||
        (batch->n_records && batch->first_seq != store->head + 1))
        return -EBADMSG;
    for (size_t i = 0; i < batch->n_marks && r == 0; i++)
        r = seen_add(store->seen, batch->marks[i], batch->marks_ms);
    for (struct change *change = batch->first_change; change; change = change->next) {
        change->hash = overlay_hash((enum store_table) change->table, change_key(change));
        show(store, change,
             overlay_find(&store->overlay, (enum store_table) change->table, change_key(change), change->hash));
    }
    store->head += batch->n_records;
    if (batch->prune_to >= store->tail)
        store->tail = batch->prune_to + 1;
    store_forget_runs(store, batch->first_kept_run);
    list_append(&store->in_flight, &batch->in_flight);
    store->next_batch = batch->number + 1;
    return r;
}

int store_adopt(struct store *store, const struct list *batches)
{
    int r = 0;

    for (struct list *node = batches->next; node != batches && r == 0; node = node->next)
        r = adopt_one(store, container_of(node, struct batch, link));
    store->durable = store->head;
    return r;
}
