/* Linear probing with backward shift on removal: no tombstones. Never owns the values. */
#include "base/map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAP_FIRST_ROOM ((size_t) 16)

struct map_entry {
    void *value; /* NULL: free */
    uint64_t hash;
    uint8_t key_size;
    uint8_t key[MAP_KEY_MAX_BYTES];
};

static uint64_t hash_of(const struct map *map, struct bytes key)
{
    uint64_t hash = bytes_hash(key) ^ map->seed;

    hash ^= hash >> 33;
    hash *= 0xff51afd7ed558ccdu;
    hash ^= hash >> 33;
    return hash;
}

static struct bytes key_of(const struct map_entry *entry)
{
    return bytes_make(entry->key, entry->key_size);
}

/* The entry with this key, or the free slot where it belongs. The table is never full. */
static struct map_entry *find(const struct map *map, struct bytes key, uint64_t hash)
{
    size_t at = (size_t) hash & (map->room - 1);

    while (map->entries[at].value && !(map->entries[at].hash == hash && bytes_equal(key_of(&map->entries[at]), key)))
        at = (at + 1) & (map->room - 1);
    return &map->entries[at];
}

void *map_get(const struct map *map, struct bytes key)
{
    if (map->count == 0 || key.size == 0 || key.size > MAP_KEY_MAX_BYTES)
        return NULL;
    return find(map, key, hash_of(map, key))->value;
}

static int grow(struct map *map)
{
    struct map larger = *map;

    larger.room = map->room ? map->room * 2 : MAP_FIRST_ROOM;
    larger.entries = calloc(larger.room, sizeof(*larger.entries));
    if (!larger.entries)
        return -ENOMEM;
    for (size_t i = 0; i < map->room; i++)
        if (map->entries[i].value)
            *find(&larger, key_of(&map->entries[i]), map->entries[i].hash) = map->entries[i];
    free(map->entries);
    *map = larger;
    return 0;
}

int map_set(struct map *map, struct bytes key, void *value)
{
    if (key.size == 0 || key.size > MAP_KEY_MAX_BYTES)
        return -EMSGSIZE;
    if ((map->count + 1) * 4 > map->room * 3) {
        int r = grow(map);

        if (r < 0)
            return r;
    }
    uint64_t hash = hash_of(map, key);
    struct map_entry *entry = find(map, key, hash);

    if (!entry->value) {
        if (map->count >= map->max_count)
            return -ENOSPC;
        entry->hash = hash;
        entry->key_size = (uint8_t) key.size;
        memcpy(entry->key, key.data, key.size);
        map->count++;
    }
    entry->value = value;
    return 0;
}

void *map_remove(struct map *map, struct bytes key)
{
    if (map->count == 0 || key.size == 0 || key.size > MAP_KEY_MAX_BYTES)
        return NULL;
    struct map_entry *entry = find(map, key, hash_of(map, key));
    void *value = entry->value;

    if (!value)
        return NULL;
    map->count--;

    /* close the gap: move back whatever probed past it */
    size_t gap = (size_t) (entry - map->entries), mask = map->room - 1;
    for (size_t at = (gap + 1) & mask; map->entries[at].value; at = (at + 1) & mask) {
        size_t home = (size_t) map->entries[at].hash & mask;

        if (((at - home) & mask) >= ((at - gap) & mask)) {
            map->entries[gap] = map->entries[at];
            gap = at;
        }
    }
    map->entries[gap].value = NULL;
    return value;
}

bool map_next(const struct map *map, size_t *at, struct bytes *ret_key, void **ret_value)
{
    while (*at < map->room) {
        const struct map_entry *entry = &map->entries[(*at)++];

        if (entry->value) {
            *ret_key = key_of(entry);
            *ret_value = entry->value;
            return true;
        }
    }
    return false;
}

void map_deinit(struct map *map)
{
    free(map->entries);
    map->entries = NULL;
    map->room = map->count = 0;
}
