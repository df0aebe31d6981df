/* The directory's lookups and its cache. Changes people ask for are in directory_change.c. Never decides who may ask.
 */
#include "core/directory.h"

#include <errno.h>
#include <stdlib.h>

#include "core/directory_rows.h"
#include "core/directory_write.h"

#define SWEEP_ROUNDS 3    /* the first may find everybody used, the second nobody */
#define ROOM_MOVES_MAX 64 /* a room that leads to a room that … */

void directory_init(struct directory *directory, struct tables *tables, struct arena *scratch, uint32_t cache_max)
{
    uint32_t max = cache_max + GATEWAY_DIRECTORY_SLACK;
    uint64_t seed;

    tables->ops->random(tables->owner, &seed, sizeof(seed));
    *directory = (struct directory){
        .tables = tables,
        .scratch = scratch,
        .cache_max = cache_max,
        .addresses = POOL_EMPTY(struct address, ADDRESS_KEY_BYTES, max, seed),
        .persons = POOL_EMPTY(struct person, ID_BYTES, max, seed),
        .rooms = POOL_EMPTY(struct room, ID_BYTES, max, seed),
    };
}

static void empty_address(void *address)
{
    address_empty(address);
}

static void empty_person(void *person)
{
    person_empty(person);
}

static void empty_room(void *room)
{
    room_empty(room);
}

static void forget_all(struct pool *pool, void (*empty)(void *thing))
{
    uint32_t at = 0;

    for (void *thing; (thing = pool_next(pool, &at));)
        empty(thing);
    pool_deinit(pool);
}

void directory_deinit(struct directory *directory)
{
    forget_all(&directory->addresses, empty_address);
    forget_all(&directory->persons, empty_person);
    forget_all(&directory->rooms, empty_room);
}

static bool is_behind(const void *address)
{
    return ((const struct address *) address)->behind_seq > 0;
}

static bool is_never_behind(const void *thing unused_)
{
    return false;
}

/* A clock: from where the hand stood, whoever was not used since it came by last goes, until there is room again; not
 * those whose row is behind. */
static void sweep(struct pool *pool, size_t max, bool (*must_stay)(const void *thing), void (*empty)(void *thing))
{
    for (unsigned rounds = 0; pool->count > max && rounds < SWEEP_ROUNDS;) {
        void *idle = pool_step(pool, &rounds);

        if (!idle || must_stay(idle))
            continue;
        empty(idle);
        pool_drop(pool, idle);
    }
}

void directory_turn(struct directory *directory)
{
    sweep(&directory->addresses, directory->cache_max, is_behind, empty_address);
    sweep(&directory->persons, directory->cache_max, is_never_behind, empty_person);
    sweep(&directory->rooms, directory->cache_max, is_never_behind, empty_room);
}

void directory_expect(const struct directory *directory, const struct key *key, bool is_again)
{
    if (key->size != ADDRESS_KEY_BYTES)
        return;
    if (is_again)
        pool_expect_thing(&directory->addresses, key->data);
    else
        pool_expect(&directory->addresses, key->data);
}

int directory_address(struct directory *directory, const struct id *channel, struct bytes token, struct address **ret)
{
    struct key key = address_row_key(channel, token);
    struct address *address;
    struct bytes row;
    void *made = NULL;

    if (key.size != ADDRESS_KEY_BYTES)
        return -ENOENT;
    address = pool_find(&directory->addresses, key.data);
    if (address) {
        *ret = address;
        return 0;
    }
    int r = tables_get(directory->tables, TABLE_ADDRESSES, key_bytes(&key), directory->scratch, &row);
    if (r == 0)
        r = pool_add(&directory->addresses, key.data, &made);
    if (r < 0)
        return r;
    address = made;
    address->person_at = POOL_NOWHERE;
    r = address_unpack(row, address);
    if (r < 0) {
        address_empty(address);
        pool_drop(&directory->addresses, address);
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
    struct person *person = pool_find(&directory->persons, id->bytes);
    struct bytes row;
    void *made = NULL;

    if (person) {
        *ret = person;
        return 0;
    }
    int r = tables_get(directory->tables, TABLE_PERSONS, id_bytes(id), directory->scratch, &row);
    if (r == 0)
        r = pool_add(&directory->persons, id->bytes, &made);
    if (r < 0)
        return r;
    person = made;
    person->room_at = POOL_NOWHERE;
    r = person_unpack(row, person);
    if (r < 0) {
        person_empty(person);
        pool_drop(&directory->persons, person);
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
    void *made = NULL;
    int r;

    for (int hops = 0;; hops++) {
        room = pool_find(&directory->rooms, at.bytes);
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
    r = pool_add(&directory->rooms, at.bytes, &made);
    if (r < 0)
        return r;
    room = made;
    r = room_unpack(row, room);
    if (r < 0) {
        room_empty(room);
        pool_drop(&directory->rooms, room);
        return r;
    }
    *ret = room;
    return 0;
}

int directory_person_of(struct directory *directory, struct address *address, struct person **ret)
{
    struct person *person = pool_at(&directory->persons, address->person_at);

    if (!person || !id_equal(&person->id, &address->person)) { /* it may be zero: nobody is */
        int r = directory_person(directory, &address->person, &person);

        if (r < 0)
            return r;
        address->person_at = person->head.number;
    }
    person->head.is_used = true;
    *ret = person;
    return 0;
}

int directory_room_of(struct directory *directory, struct person *person, struct room **ret)
{
    struct room *room = pool_at(&directory->rooms, person->room_at);

    if (!room || !id_equal(&room->id, &person->room)) {
        int r = directory_room(directory, &person->room, &room);

        if (r < 0)
            return r;
        person->room_at = room->head.number;
    }
    room->head.is_used = true;
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

void directory_touch(struct directory *directory, struct address *address)
{
    struct key key = address_row_key(&address->channel, address->token);
    struct bytes row;
    int r = address_pack(address, directory->scratch, &row);

    if (r < 0) {
        if (directory->tables->failed == 0)
            directory->tables->failed = r;
        return;
    }
    tables_put(directory->tables, TABLE_ADDRESSES, key_bytes(&key), row);
    address->behind_seq = 0;
    address->is_new = false;
}

void directory_learn_alone(const struct directory *directory, struct address *address, const struct room *room)
{
    if (room->n_persons != 1 || !id_equal(&room->persons[0], &address->person))
        return;
    address->alone_in = room->id;
    address->alone_size = (uint32_t) room->n_persons + room->n_speakers;
    address->alone_turn = directory->alone_turn;
}

/* Something about this person changed: what his addresses know by heart may be wrong. */
static void unlearn_person(struct directory *directory, const struct person *person)
{
    for (uint16_t i = 0; i < person->n_addresses; i++) {
        struct key key = address_row_key(&person->channel, bytes_make(person->addresses[i], TOKEN_KEY_BYTES));
        struct address *address = pool_peek(&directory->addresses, key.data);

        if (address)
            address->alone_size = 0;
    }
}

/* Nobody in a room of three knew it by heart, nor did before the third came: it was a room of two then. */
static void unlearn_room(struct directory *directory, const struct room *room)
{
    for (uint16_t i = 0; room->n_persons <= 2 && i < room->n_persons; i++) {
        struct person *person;
        int r = directory_person(directory, &room->persons[i], &person);

        if (r == 0)
            unlearn_person(directory, person);
        else if (r != -ENOENT)
            directory->alone_turn++;
    }
}

void directory_write_person(struct directory *directory, const struct person *person)
{
    struct bytes row;
    int r = person_pack(person, directory->scratch, &row);

    unlearn_person(directory, person);
    if (r == 0)
        tables_put(directory->tables, TABLE_PERSONS, id_bytes(&person->id), row);
    else if (directory->tables->failed == 0)
        directory->tables->failed = r;
}

void directory_write_room(struct directory *directory, const struct room *room)
{
    struct bytes row;
    int r = room_pack(room, directory->scratch, &row);

    unlearn_room(directory, room);
    if (r == 0)
        tables_put(directory->tables, TABLE_ROOMS, id_bytes(&room->id), row);
    else if (directory->tables->failed == 0)
        directory->tables->failed = r;
}
