/* A hash table with chains through the changes themselves, and a list per table for walks. Never owns a change. */
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
    return overlay->buckets ? 0 : -ENOMEM;
}

void overlay_deinit(struct overlay *overlay)
{
    free(overlay->buckets);
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
    change->is_visible = false;
    overlay->count--;
}

static int by_key(const void *a, const void *b)
{
    return bytes_compare(change_key(*(struct change *const *) a), change_key(*(struct change *const *) b));
}

int overlay_sorted(const struct overlay *overlay, enum store_table table, struct bytes prefix, struct bytes after,
                   struct change ***ret, size_t *ret_n)
{
    struct change **sorted = NULL;
    size_t n = 0, room = 0;

    list_for_each (node, &overlay->tables[table]) {
        struct change *change = container_of(node, struct change, in_table);
        struct bytes key = change_key(change);

        if (!bytes_equal(bytes_slice(key, 0, prefix.size), prefix) || bytes_compare(key, after) <= 0)
            continue;
        if (n == room) {
            room = room ? room * 2 : 64;
            struct change **larger = realloc(sorted, room * sizeof(struct change *));

            if (!larger) {
                free(sorted);
                return -ENOMEM;
            }
            sorted = larger;
        }
        sorted[n++] = change;
    }
    if (n)
        qsort(sorted, n, sizeof(struct change *), by_key);
    *ret = sorted;
    *ret_n = n;
    return 0;
}
