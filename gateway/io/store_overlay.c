/* A hash table with chains through the changes themselves, and a list per table and per group for walks. Never owns a
 * change.
 */
#include "store_overlay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BUCKETS ((size_t) 1024)

int overlay_init(struct overlay *overlay)
{
    *overlay = (struct overlay){ .n_buckets = FIRST_BUCKETS };
    overlay->buckets = calloc(FIRST_BUCKETS, sizeof(struct change *));
    for (size_t i = 0; i < STORE_N_TABLES; i++)
        list_init(&overlay->tables[i]);
    overlay->groups = calloc(OVERLAY_GROUPS, sizeof(struct list));
    for (size_t i = 0; overlay->groups && i < OVERLAY_GROUPS; i++)
        list_init(&overlay->groups[i]);
    return overlay->buckets && overlay->groups ? 0 : -ENOMEM;
}

void overlay_deinit(struct overlay *overlay)
{
    free(overlay->buckets);
    free(overlay->groups);
    *overlay = (struct overlay){ 0 };
}

uint64_t overlay_hash(enum store_table table, struct bytes key)
{
    return bytes_hash_fast(key, (uint64_t) table << 56);
}

static struct change **bucket_of(const struct overlay *overlay, uint64_t hash)
{
    return &overlay->buckets[hash & (overlay->n_buckets - 1)];
}

static struct list *group_of(const struct overlay *overlay, enum store_table table, struct bytes key)
{
    uint64_t hash = overlay_hash(table, bytes_slice(key, 0, OVERLAY_GROUP_BYTES));

    return &overlay->groups[hash & (OVERLAY_GROUPS - 1)];
}

struct change *overlay_find(const struct overlay *overlay, enum store_table table, struct bytes key, uint64_t hash)
{
    struct change *change = *bucket_of(overlay, hash);

    while (change && !(change->hash == hash && change->table == table && bytes_equal(change_key(change), key)))
        change = change->next_in_bucket;
    return change;
}

/* Longer chains are the only price when there is no memory for it. */
static void grow(struct overlay *overlay)
{
    size_t n_old = overlay->n_buckets;
    struct change **old = overlay->buckets, **larger = calloc(n_old * 2, sizeof(struct change *));

    if (!larger)
        return;
    overlay->buckets = larger;
    overlay->n_buckets = n_old * 2;
    for (size_t i = 0; i < n_old; i++) {
        for (struct change *change = old[i], *after; change; change = after) {
            struct change **bucket = bucket_of(overlay, change->hash);

            after = change->next_in_bucket;
            change->next_in_bucket = *bucket;
            *bucket = change;
        }
    }
    free(old);
}

void overlay_show(struct overlay *overlay, struct change *change, struct change *older)
{
    if (older)
        overlay_hide(overlay, older);
    if (overlay->count >= overlay->n_buckets)
        grow(overlay);

    struct change **bucket = bucket_of(overlay, change->hash);
    change->next_in_bucket = *bucket;
    *bucket = change;
    list_append(&overlay->tables[change->table], &change->in_table);
    list_init(&change->in_group);
    if (change->key_size >= OVERLAY_GROUP_BYTES)
        list_append(group_of(overlay, (enum store_table) change->table, change_key(change)), &change->in_group);
    change->is_visible = true;
    overlay->count++;
}

void overlay_hide(struct overlay *overlay, struct change *change)
{
    if (!change->is_visible)
        return;
    struct change **place = bucket_of(overlay, change->hash);

    while (*place != change)
        place = &(*place)->next_in_bucket;
    *place = change->next_in_bucket;
    list_remove(&change->in_table);
    list_remove(&change->in_group);
    change->is_visible = false;
    overlay->count--;
}

static int by_key(const void *a, const void *b)
{
    return bytes_compare(change_key(*(struct change *const *) a), change_key(*(struct change *const *) b));
}

struct sorting {
    enum store_table table;
    struct bytes prefix, after;
    struct change **sorted;
    size_t n, room;
};

static int consider(struct sorting *sorting, struct change *change)
{
    struct bytes key = change_key(change);

    if (change->table != sorting->table || !bytes_equal(bytes_slice(key, 0, sorting->prefix.size), sorting->prefix) ||
        bytes_compare(key, sorting->after) <= 0)
        return 0;
    if (sorting->n == sorting->room) {
        size_t room = sorting->room ? sorting->room * 2 : 64;
        struct change **larger = realloc(sorting->sorted, room * sizeof(struct change *));

        if (!larger)
            return -ENOMEM;
        sorting->sorted = larger;
        sorting->room = room;
    }
    sorting->sorted[sorting->n++] = change;
    return 0;
}

int overlay_sorted(const struct overlay *overlay, enum store_table table, struct bytes prefix, struct bytes after,
                   struct change ***ret, size_t *ret_n)
{
    struct sorting sorting = { .table = table, .prefix = prefix, .after = after };
    int r = 0;

    if (prefix.size >= OVERLAY_GROUP_BYTES) {
        list_for_each (node, group_of(overlay, table, prefix))
            if ((r = consider(&sorting, container_of(node, struct change, in_group))) < 0)
                break;
    } else {
        list_for_each (node, &overlay->tables[table])
            if ((r = consider(&sorting, container_of(node, struct change, in_table))) < 0)
                break;
    }
    if (r < 0) {
        free(sorting.sorted);
        return r;
    }
    if (sorting.n)
        qsort(sorting.sorted, sorting.n, sizeof(struct change *), by_key);
    *ret = sorting.sorted;
    *ret_n = sorting.n;
    return 0;
}
