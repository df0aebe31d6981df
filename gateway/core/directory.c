/* The directory's lookups and its cache. Changes people ask for are in directory_change.c. Never decides who may ask.
 */
#include "core/directory.h"

#include <errno.h>
#include <stdlib.h>

#include "core/directory_rows.h"
#include "core/directory_write.h"

#define ROOM_MOVES_MAX 64 /* a room that leads to a room that … */

void directory_init(struct directory *directory, struct tables *tables, struct arena *scratch)
{
    uint64_t seed;

    tables->ops->random(tables->owner, &seed, sizeof(seed));
    *directory = (struct directory){
        .tables = tables,
        .scratch = scratch,
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

void directory_turn(struct directory *directory)
{
    if (directory->addresses.count > GATEWAY_DIRECTORY_CACHE)
        forget_addresses(directory);
    if (directory->persons.count > GATEWAY_DIRECTORY_CACHE)
        forget_persons(directory);
    if (directory->rooms.count > GATEWAY_DIRECTORY_CACHE)
        forget_rooms(directory);
}

int directory_address(struct directory *directory, const struct id *channel, struct bytes token, struct address **ret)
{
    struct key key = address_row_key(channel, token);
    struct address *address = map_get(&directory->addresses, key_bytes(&key));
    struct bytes row;

    if (address) {
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
