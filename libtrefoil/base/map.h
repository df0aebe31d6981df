/* A hash table from short byte keys to pointers, open addressing, a cap on entries.
 * Never owns the values; keys are copied. Iteration order means nothing.
 */
#ifndef TREFOIL_BASE_MAP_H
#define TREFOIL_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

#define MAP_KEY_MAX_BYTES 64

struct map_entry;

struct map {
    struct map_entry *entries;
    size_t room; /* slots, a power of two */
    size_t count;
    size_t max_count;
    uint64_t seed; /* mixed into the hash; random where strangers choose keys */
};

#define MAP_EMPTY(max, seed_) ((struct map){ .max_count = (max), .seed = (seed_) })

/* The value, or NULL. */
void *map_get(const struct map *map, struct bytes key);

/* Sets or replaces; `value` is not NULL. 0, -ENOMEM, -ENOSPC (cap reached), -EMSGSIZE (key too long or empty). */
must_use_ int map_set(struct map *map, struct bytes key, void *value);

/* Takes the entry out and returns its value, or NULL. */
void *map_remove(struct map *map, struct bytes key);

/* Walks all entries: start with *at = 0; false at the end. The map must not change meanwhile. */
bool map_next(const struct map *map, size_t *at, struct bytes *ret_key, void **ret_value);

/* Gives the table back. Legal on MAP_EMPTY. */
void map_deinit(struct map *map);

#endif
