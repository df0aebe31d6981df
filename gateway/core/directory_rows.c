/* Packs addresses, persons and rooms. Pure; every read is checked.
 */
#include "core/directory_rows.h"

#include <errno.h>
#include <stdlib.h>

#define SENT_BYTES 20
#define ADDRESS_TAIL_BYTES (8 + 8 + 8 + 1 + 1) /* no multiple of a mark, so that rows without it are known */
#define ADDRESS_TAIL_VERSION 1
#define ROOM_MOVED UINT16_MAX /* in the place of the number of persons */

struct key address_row_key(const struct id *channel, struct bytes token)
{
    struct key key = { .size = 0 };

    key_put(&key, id_bytes(channel));
    key_put(&key, token_key(token));
    return key;
}

int address_new(const struct id *channel, struct bytes account, struct bytes token, struct address **ret)
{
    struct address *address = calloc(1, sizeof(*address) + account.size + token.size);

    if (!address)
        return -ENOMEM;
    if (bytes_copy(account, address->text, account.size) < 0 ||
        bytes_copy(token, address->text + account.size, token.size) < 0) {
        free(address);
        return -EMSGSIZE;
    }
    address->channel = *channel;
    address->account = bytes_make(address->text, account.size);
    address->token = bytes_make(address->text + account.size, token.size);
    *ret = address;
    return 0;
}

struct address *address_free(struct address *address)
{
    if (address)
        free(address->ref);
    free(address);
    return NULL;
}

int address_set_last_ref(struct address *address, struct bytes ref)
{
    if (bytes_equal(address->last_ref, ref))
        return 0;
    uint8_t *copy = malloc(ref.size + 1);
    if (!copy)
        return -ENOMEM;
    if (bytes_copy(ref, copy, ref.size) < 0) {
        free(copy);
        return -EMSGSIZE;
    }
    free(address->ref);
    address->ref = copy;
    address->last_ref = bytes_make(copy, ref.size);
    return 0;
}

struct room *room_new(const struct id *id, const struct id *channel)
{
    struct room *room = calloc(1, sizeof(*room));

    if (!room)
        return NULL;
    room->id = *id;
    room->channel = *channel;
    return room;
}

struct room *room_free(struct room *room)
{
    if (room) {
        free((void *) (uintptr_t) room->name.data);
        free(room->persons);
    }
    free(room);
    return NULL;
}

/* Most rooms have one or two. */
int room_reserve(struct room *room, size_t n_persons)
{
    size_t larger = room->persons_room ? room->persons_room : 1;

    if (n_persons > GATEWAY_ROOM_PERSONS_MAX)
        return -ENOSPC;
    if (n_persons <= room->persons_room)
        return 0;
    while (larger < n_persons)
        larger *= 2;
    struct id *moved = realloc(room->persons, larger * sizeof(*moved));
    if (!moved)
        return -ENOMEM;
    room->persons = moved;
    room->persons_room = (uint16_t) larger;
    return 0;
}

int room_add_person(struct room *room, const struct id *person)
{
    int r = room_reserve(room, (size_t) room->n_persons + 1);

    if (r == 0)
        room->persons[room->n_persons++] = *person;
    return r;
}

/* Behind the marks, and only when it says something: rows of before have none. */
static void put_tail(struct writer *to, const struct address *address)
{
    if (address->window_ms == 0 && address->consent_seq == 0 && address->linked_seq == 0)
        return;
    writer_u64(to, address->window_ms);
    writer_u64(to, address->consent_seq);
    writer_u64(to, address->linked_seq);
    writer_u8(to, address->consent);
    writer_u8(to, ADDRESS_TAIL_VERSION);
}

int address_pack(const struct address *address, struct arena *mem, struct bytes *ret)
{
    size_t room = 64 + GATEWAY_LAST_SENT * SENT_BYTES + ADDRESS_TAIL_BYTES + address->account.size +
                  address->token.size + address->last_ref.size;
    struct writer to = writer_make(arena_alloc(mem, room), room);

    if (!to.data)
        return -ENOMEM;
    writer_put(&to, id_bytes(&address->person));
    writer_u64(&to, address->last_active_ms);
    writer_u64(&to, address->last_seq);
    writer_u16(&to, (uint16_t) address->account.size);
    writer_put(&to, address->account);
    writer_u16(&to, (uint16_t) address->token.size);
    writer_put(&to, address->token);
    writer_u16(&to, (uint16_t) address->last_ref.size);
    writer_put(&to, address->last_ref);
    for (size_t i = 0; i < GATEWAY_LAST_SENT && address->sent[i].seq; i++) {
        writer_u64(&to, address->sent[i].seq);
        writer_u64(&to, address->sent[i].at_ms);
        writer_u32(&to, address->sent[i].target);
    }
    put_tail(&to, address);
    *ret = writer_bytes(&to);
    return to.overflow ? -EMSGSIZE : 0;
}

static int take_tail(struct bytes tail, struct address *address)
{
    struct cursor at = { tail };
    uint8_t version = 0;

    if (cursor_u64(&at, &address->window_ms) < 0 || cursor_u64(&at, &address->consent_seq) < 0 ||
        cursor_u64(&at, &address->linked_seq) < 0 || cursor_u8(&at, &address->consent) < 0 ||
        cursor_u8(&at, &version) < 0)
        return -EBADMSG;
    return version == ADDRESS_TAIL_VERSION ? 0 : -EBADMSG;
}

static int take_short(struct cursor *at, struct bytes *ret)
{
    uint16_t size;

    return cursor_u16(at, &size) < 0 ? -EBADMSG : cursor_take(at, size, ret);
}

int address_unpack(const struct id *channel, struct bytes row, struct address **ret)
{
    struct cursor at = { row };
    struct bytes person, account, token, last_ref;
    uint64_t active, seq;
    struct address *address;

    if (cursor_take(&at, ID_BYTES, &person) < 0 || cursor_u64(&at, &active) < 0 || cursor_u64(&at, &seq) < 0 ||
        take_short(&at, &account) < 0 || take_short(&at, &token) < 0 || take_short(&at, &last_ref) < 0)
        return -EBADMSG;
    int r = address_new(channel, account, token, &address);
    if (r < 0)
        return r;
    address->person = id_from(person);
    address->last_active_ms = active;
    address->last_seq = seq;
    r = address_set_last_ref(address, last_ref);
    if (r == 0 && at.rest.size % SENT_BYTES == ADDRESS_TAIL_BYTES % SENT_BYTES && at.rest.size >= ADDRESS_TAIL_BYTES) {
        r = take_tail(bytes_slice(at.rest, at.rest.size - ADDRESS_TAIL_BYTES, ADDRESS_TAIL_BYTES), address);
        at.rest.size -= ADDRESS_TAIL_BYTES;
    }
    for (size_t i = 0; r == 0 && i < GATEWAY_LAST_SENT && at.rest.size > 0; i++)
        if (cursor_u64(&at, &address->sent[i].seq) < 0 || cursor_u64(&at, &address->sent[i].at_ms) < 0 ||
            cursor_u32(&at, &address->sent[i].target) < 0)
            r = -EBADMSG;
    if (r < 0) {
        address_free(address);
        return r;
    }
    *ret = address;
    return 0;
}

int person_pack(const struct person *person, struct arena *mem, struct bytes *ret)
{
    size_t room = 3 * ID_BYTES + (size_t) person->n_addresses * TOKEN_KEY_BYTES;
    struct writer to = writer_make(arena_alloc(mem, room), room);

    if (!to.data)
        return -ENOMEM;
    writer_put(&to, id_bytes(&person->room));
    writer_put(&to, id_bytes(&person->channel));
    for (size_t i = 0; i < person->n_addresses; i++)
        writer_put(&to, bytes_make(person->addresses[i], TOKEN_KEY_BYTES));
    *ret = writer_bytes(&to);
    return to.overflow ? -EMSGSIZE : 0;
}

int person_unpack(const struct id *id, struct bytes row, struct person **ret)
{
    struct cursor at = { row };
    struct bytes room, channel, token;

    if (cursor_take(&at, ID_BYTES, &room) < 0 || cursor_take(&at, ID_BYTES, &channel) < 0 ||
        at.rest.size > (size_t) GATEWAY_PERSON_ADDRESSES_MAX * TOKEN_KEY_BYTES)
        return -EBADMSG;
    struct person *person = calloc(1, sizeof(*person));
    if (!person)
        return -ENOMEM;
    person->id = *id;
    person->room = id_from(room);
    person->channel = id_from(channel);
    while (cursor_take(&at, TOKEN_KEY_BYTES, &token) == 0)
        memcpy(person->addresses[person->n_addresses++], token.data, TOKEN_KEY_BYTES);
    *ret = person;
    return 0;
}

int room_pack(const struct room *room, struct arena *mem, struct bytes *ret)
{
    size_t size = ID_BYTES + 4 + ((size_t) room->n_persons + room->n_speakers) * ID_BYTES + room->name.size;
    struct writer to = writer_make(arena_alloc(mem, size), size);

    if (!to.data)
        return -ENOMEM;
    writer_put(&to, id_bytes(&room->channel));
    writer_u16(&to, room->n_persons);
    for (size_t i = 0; i < room->n_persons; i++)
        writer_put(&to, id_bytes(&room->persons[i]));
    writer_u16(&to, room->n_speakers);
    for (size_t i = 0; i < room->n_speakers; i++)
        writer_put(&to, id_bytes(&room->speakers[i]));
    writer_put(&to, room->name);
    *ret = writer_bytes(&to);
    return to.overflow ? -EMSGSIZE : 0;
}

int room_pack_moved(const struct id *channel, const struct id *to, struct arena *mem, struct bytes *ret)
{
    size_t size = 2 * ID_BYTES + 2;
    struct writer row = writer_make(arena_alloc(mem, size), size);

    if (!row.data)
        return -ENOMEM;
    writer_put(&row, id_bytes(channel));
    writer_u16(&row, ROOM_MOVED);
    writer_put(&row, id_bytes(to));
    *ret = writer_bytes(&row);
    return 0;
}

bool room_has_moved(struct bytes row, struct id *ret_to)
{
    struct cursor at = { row };
    struct bytes channel, to;
    uint16_t n;

    if (cursor_take(&at, ID_BYTES, &channel) < 0 || cursor_u16(&at, &n) < 0 || n != ROOM_MOVED ||
        cursor_take(&at, ID_BYTES, &to) < 0)
        return false;
    *ret_to = id_from(to);
    return true;
}

static int take_ids(struct cursor *at, struct id *ids, uint16_t n)
{
    struct bytes id;

    for (uint16_t i = 0; i < n; i++) {
        if (cursor_take(at, ID_BYTES, &id) < 0)
            return -EBADMSG;
        ids[i] = id_from(id);
    }
    return 0;
}

static int take_members(struct cursor *at, struct room *room)
{
    if (cursor_u16(at, &room->n_persons) < 0 || room->n_persons > GATEWAY_ROOM_PERSONS_MAX)
        return -EBADMSG;
    int r = room_reserve(room, room->n_persons);
    if (r == 0)
        r = take_ids(at, room->persons, room->n_persons);
    if (r < 0)
        return r;
    if (cursor_u16(at, &room->n_speakers) < 0 || room->n_speakers > GATEWAY_ROOM_SPEAKERS_MAX)
        return -EBADMSG;
    return take_ids(at, room->speakers, room->n_speakers);
}

int room_unpack(const struct id *id, struct bytes row, struct room **ret)
{
    struct cursor at = { row };
    struct bytes channel_bytes;

    if (cursor_take(&at, ID_BYTES, &channel_bytes) < 0)
        return -EBADMSG;
    struct id channel = id_from(channel_bytes);
    struct room *room = room_new(id, &channel);
    if (!room)
        return -ENOMEM;
    int r = take_members(&at, room);
    if (r == 0 && at.rest.size > 0) {
        uint8_t *name = malloc(at.rest.size);

        r = name ? bytes_copy(at.rest, name, at.rest.size) : -ENOMEM;
        room->name = bytes_make(name, at.rest.size);
    }
    if (r < 0) {
        room_free(room);
        return r;
    }
    *ret = room;
    return 0;
}
