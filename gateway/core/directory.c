/* The directory's lookups and its cache. Changes people ask for are in directory_change.c. Never decides who may ask.
 */
#include "core/directory.h"

#include <errno.h>
#include <stdlib.h>

#include "core/directory_rows.h"
#include "core/directory_write.h"

#define SWEEP_KEYS 64
#define SWEEP_ROUNDS 3    /* the first may find everybody used, the second nobody */
#define ROOM_MOVES_MAX 64 /* a room that leads to a room that … */

void directory_init(struct directory *directory, struct tables *tables, struct arena *scratch)
{
    uint64_t seed;

    tables->ops->random(tables->owner, &seed, sizeof(seed));
    *directory = (struct directory){
        .tables = tables,
        .scratch = scratch,
        .cache_max = GATEWAY_DIRECTORY_CACHE,
        .addresses = MAP_EMPTY((size_t) GATEWAY_DIRECTORY_CACHE * 2, seed),
        .persons = MAP_EMPTY((size_t) GATEWAY_DIRECTORY_CACHE * 2, seed),
        .rooms = MAP_EMPTY((size_t) GATEWAY_DIRECTORY_CACHE * 2, seed),
    };
}

static void forget_addresses(struct directory *directory)
{
    struct bytes key;
    void *value;

    for (size_t at = 0; map_next(&directory->addresses, &at, &key, &value);)
        address_free(value);
    map_deinit(&directory->addresses);
}

static void forget_persons(struct directory *directory)
{
    struct bytes key;
    void *value;

    for (size_t at = 0; map_next(&directory->persons, &at, &key, &value);)
        free(value);
    map_deinit(&directory->persons);
}

static void forget_rooms(struct directory *directory)
{
    struct bytes key;
    void *value;

    for (size_t at = 0; map_next(&directory->rooms, &at, &key, &value);)
        room_free(value);
    map_deinit(&directory->rooms);
}

void directory_deinit(struct directory *directory)
{
    forget_addresses(directory);
    forget_persons(directory);
    forget_rooms(directory);
}

static bool address_is_idle(void *value)
{
    struct address *address = value;
    bool is_idle = !address->is_used;

    address->is_used = false;
    return is_idle;
}

static bool person_is_idle(void *value)
{
    struct person *person = value;
    bool is_idle = !person->is_used;

    person->is_used = false;
    return is_idle;
}

static bool room_is_idle(void *value)
{
    struct room *room = value;
    bool is_idle = !room->is_used;

    room->is_used = false;
    return is_idle;
}

static void let_address_go(void *value)
{
    address_free(value);
}

static void let_person_go(void *value)
{
    free(value);
}

static void let_room_go(void *value)
{
    room_free(value);
}

struct cache_kind {
    bool (*is_idle)(void *value); /* since it was asked last */
    void (*let_go)(void *value);
};

/* A clock: from where the hand stood, whoever was not used since it came by last goes, until there is room again. */
static void sweep(struct map *map, size_t max, size_t *hand, const struct cache_kind *kind)
{
    struct key gone[SWEEP_KEYS];
    struct bytes key;
    void *value;

    for (int rounds = 0; map->count > max && rounds < SWEEP_ROUNDS;) {
        size_t n = 0;
        bool has_more = true;

        while (n < SWEEP_KEYS && n < map->count - max && (has_more = map_next(map, hand, &key, &value)))
            if (kind->is_idle(value)) {
                gone[n].size = 0;
                key_put(&gone[n++], key);
            }
        for (size_t i = 0; i < n; i++)
            kind->let_go(map_remove(map, key_bytes(&gone[i])));
        if (!has_more) {
            *hand = 0;
            rounds++;
        }
    }
}

void directory_turn(struct directory *directory)
{
    static const struct cache_kind addresses = { address_is_idle, let_address_go },
                                   persons = { person_is_idle, let_person_go }, rooms = { room_is_idle, let_room_go };

    sweep(&directory->addresses, directory->cache_max, &directory->hands[0], &addresses);
    sweep(&directory->persons, directory->cache_max, &directory->hands[1], &persons);
    sweep(&directory->rooms, directory->cache_max, &directory->hands[2], &rooms);
}

int directory_address(struct directory *directory, const struct id *channel, struct bytes token, struct address **ret)
{
    struct key key = address_row_key(channel, token);
    struct address *address = map_get(&directory->addresses, key_bytes(&key));
    struct bytes row;

    if (address) {
        address->is_used = true;
        *ret = address;
        return 0;
    }
    int r = tables_get(directory->tables, TABLE_ADDRESSES, key_bytes(&key), directory->scratch, &row);
    if (r == 0)
        r = address_unpack(channel, row, &address);
    if (r < 0)
        return r;
    r = map_set(&directory->addresses, key_bytes(&key), address);
    if (r < 0) {
        address_free(address);
        return r;
    }
    *ret = address;
    return 0;
}

int directory_address_by_key(struct directory *directory, const struct id *channel, const uint8_t *key,
                             struct address **ret)
{
    return directory_address(directory, channel, bytes_make(key, TOKEN_KEY_BYTES), ret);
}

int directory_person(struct directory *directory, const struct id *id, struct person **ret)
{
    struct person *person = map_get(&directory->persons, id_bytes(id));
    struct bytes row;

    if (person) {
        person->is_used = true;
        *ret = person;
        return 0;
    }
    int r = tables_get(directory->tables, TABLE_PERSONS, id_bytes(id), directory->scratch, &row);
    if (r == 0)
        r = person_unpack(id, row, &person);
    if (r < 0)
        return r;
    r = map_set(&directory->persons, id_bytes(id), person);
    if (r < 0) {
        free(person);
        return r;
    }
    *ret = person;
    return 0;
}

int directory_room(struct directory *directory, const struct id *id, struct room **ret)
{
    struct id at = *id;
    struct room *room;
    struct bytes row;
    int r;

    for (int hops = 0;; hops++) {
        room = map_get(&directory->rooms, id_bytes(&at));
        if (room) {
            room->is_used = true;
            *ret = room;
            return 0;
        }
        r = tables_get(directory->tables, TABLE_ROOMS, id_bytes(&at), directory->scratch, &row);
        if (r < 0)
            return r;
        if (!room_has_moved(row, &at))
            break;
        if (hops == ROOM_MOVES_MAX)
            return -ENOENT;
    }
    r = room_unpack(&at, row, &room);
    if (r < 0)
        return r;
    r = map_set(&directory->rooms, id_bytes(&at), room);
    if (r < 0) {
        room_free(room);
        return r;
    }
    *ret = room;
    return 0;
}

int directory_active(struct directory *directory, const struct person *person, struct address **ret)
{
    struct address *newest = NULL, *address;

    for (size_t i = 0; i < person->n_addresses; i++) {
        int r = directory_address_by_key(directory, &person->channel, person->addresses[i], &address);

        if (r == -ENOENT)
            continue;
        if (r < 0)
            return r;
        if (!newest || address->last_active_ms > newest->last_active_ms)
            newest = address;
    }
    *ret = newest;
    return 0;
}

void directory_touch(struct directory *directory, const struct address *address)
{
    struct key key = address_row_key(&address->channel, address->token);
    struct bytes row;
    int r = address_pack(address, directory->scratch, &row);

    if (r == 0)
        tables_put(directory->tables, TABLE_ADDRESSES, key_bytes(&key), row);
    else if (directory->tables->failed == 0)
        directory->tables->failed = r;
}

void directory_write_person(struct directory *directory, const struct person *person)
{
    struct bytes row;
    int r = person_pack(person, directory->scratch, &row);

    if (r == 0)
        tables_put(directory->tables, TABLE_PERSONS, id_bytes(&person->id), row);
    else if (directory->tables->failed == 0)
        directory->tables->failed = r;
}

void directory_write_room(struct directory *directory, const struct room *room)
{
    struct bytes row;
    int r = room_pack(room, directory->scratch, &row);

    if (r == 0)
        tables_put(directory->tables, TABLE_ROOMS, id_bytes(&room->id), row);
    else if (directory->tables->failed == 0)
        directory->tables->failed = r;
}
