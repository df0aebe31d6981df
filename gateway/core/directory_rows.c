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

int address_name(struct address *address, struct bytes account, struct bytes token)
{
    uint8_t *text = malloc(account.size + token.size + 1);

    if (!text)
        return -ENOMEM;
    struct writer to = writer_make(text, account.size + token.size);
    writer_put(&to, account);
    writer_put(&to, token);
    address->text = text;
    address->account = bytes_make(text, account.size);
    address->token = bytes_make(text + account.size, token.size);
    return 0;
}

void address_empty(struct address *address)
{
    free(address->ref);
    free(address->text);
    free(address->sent);
    address->ref = address->text = NULL;
    address->sent = NULL;
}

int address_mark(struct address *address, const struct sent_mark *mark)
{
    struct sent_mark *sent = address->sent ? address->sent : calloc(GATEWAY_LAST_SENT, sizeof(*sent));

    if (!sent)
        return -ENOMEM;
    memmove(&sent[1], &sent[0], (GATEWAY_LAST_SENT - 1) * sizeof(*sent));
    sent[0] = *mark;
    address->sent = sent;
    return 0;
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

/* Most have one. */
int person_add_address(struct person *person, const uint8_t *key)
{
    uint16_t n = person->n_addresses;

    if (n >= GATEWAY_PERSON_ADDRESSES_MAX)
        return -ENOSPC;
    if ((n & (n - 1)) == 0) { /* a power of two, or none: all places are taken */
        uint8_t(*moved)[TOKEN_KEY_BYTES] = realloc(person->addresses, (n ? (size_t) n * 2 : 1) * TOKEN_KEY_BYTES);

        if (!moved)
            return -ENOMEM;
        person->addresses = moved;
    }
    memcpy(person->addresses[person->n_addresses++], key, TOKEN_KEY_BYTES);
    return 0;
}

void person_empty(struct person *person)
{
    free(person->addresses);
    person->addresses = NULL;
}

void room_empty(struct room *room)
{
    free((void *) (uintptr_t) room->name.data);
    free(room->persons);
    free(room->speakers);
    room->name = BYTES_EMPTY;
    room->persons = room->speakers = NULL;
}

/* A list of ids that has place for one more after this, doubling. */
static int reserve_ids(struct id **ids, uint16_t *room, size_t need)
{
    size_t larger = *room ? *room : 1;

    if (need <= *room)
        return 0;
    while (larger < need)
        larger *= 2;
    struct id *moved = realloc(*ids, larger * sizeof(*moved));
    if (!moved)
        return -ENOMEM;
    *ids = moved;
    *room = (uint16_t) larger;
    return 0;
}

/* Most rooms have one or two. */
int room_reserve(struct room *room, size_t n_persons)
{
    return n_persons > GATEWAY_ROOM_PERSONS_MAX ? -ENOSPC : reserve_ids(&room->persons, &room->persons_room, n_persons);
}

int room_add_person(struct room *room, const struct id *person)
{
    int r = room_reserve(room, (size_t) room->n_persons + 1);

    if (r == 0)
        room->persons[room->n_persons++] = *person;
    return r;
}

int room_add_speaker(struct room *room, const struct id *service)
{
    if (room->n_speakers >= GATEWAY_ROOM_SPEAKERS_MAX)
        return -ENOSPC;
    int r = reserve_ids(&room->speakers, &room->speakers_room, (size_t) room->n_speakers + 1);
    if (r == 0)
        room->speakers[room->n_speakers++] = *service;
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
    for (size_t i = 0; address->sent && i < GATEWAY_LAST_SENT && address->sent[i].seq; i++) {
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

/* Stored newest first: the oldest is put in front of the others first. */
static int take_marks(struct bytes marks, struct address *address)
{
    size_t n = marks.size / SENT_BYTES;
    int r = marks.size % SENT_BYTES ? -EBADMSG : 0;

    for (size_t i = n < GATEWAY_LAST_SENT ? n : GATEWAY_LAST_SENT; r == 0 && i-- > 0;) {
        struct cursor at = { bytes_slice(marks, i * SENT_BYTES, SENT_BYTES) };
        struct sent_mark mark;

        if (cursor_u64(&at, &mark.seq) < 0 || cursor_u64(&at, &mark.at_ms) < 0 || cursor_u32(&at, &mark.target) < 0)
            return -EBADMSG;
        r = address_mark(address, &mark);
    }
    return r;
}

int address_unpack(struct bytes row, struct address *to)
{
    struct cursor at = { row };
    struct bytes person, account, token, last_ref;
    int r;

    if (cursor_take(&at, ID_BYTES, &person) < 0 || cursor_u64(&at, &to->last_active_ms) < 0 ||
        cursor_u64(&at, &to->last_seq) < 0 || take_short(&at, &account) < 0 || take_short(&at, &token) < 0 ||
        take_short(&at, &last_ref) < 0)
        return -EBADMSG;
    r = address_name(to, account, token);
    if (r == 0)
        r = address_set_last_ref(to, last_ref);
    if (r < 0)
        return r;
    to->person = id_from(person);
    if (at.rest.size % SENT_BYTES == ADDRESS_TAIL_BYTES % SENT_BYTES && at.rest.size >= ADDRESS_TAIL_BYTES) {
        r = take_tail(bytes_slice(at.rest, at.rest.size - ADDRESS_TAIL_BYTES, ADDRESS_TAIL_BYTES), to);
        at.rest.size -= ADDRESS_TAIL_BYTES;
    }
    return r < 0 ? r : take_marks(at.rest, to);
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

int person_unpack(struct bytes row, struct person *to)
{
    struct cursor at = { row };
    struct bytes room, channel, token;
    int r = 0;

    if (cursor_take(&at, ID_BYTES, &room) < 0 || cursor_take(&at, ID_BYTES, &channel) < 0 ||
        at.rest.size > (size_t) GATEWAY_PERSON_ADDRESSES_MAX * TOKEN_KEY_BYTES)
        return -EBADMSG;
    to->room = id_from(room);
    to->channel = id_from(channel);
    while (r == 0 && cursor_take(&at, TOKEN_KEY_BYTES, &token) == 0)
        r = person_add_address(to, token.data);
    return r;
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

static int take_persons(struct cursor *at, struct room *room)
{
    struct bytes id;
    uint16_t n;

    if (cursor_u16(at, &n) < 0 || n > GATEWAY_ROOM_PERSONS_MAX)
        return -EBADMSG;
    int r = room_reserve(room, n);
    for (; r == 0 && n > 0; n--) {
        if (cursor_take(at, ID_BYTES, &id) < 0)
            return -EBADMSG;
        room->persons[room->n_persons++] = id_from(id);
    }
    return r;
}

static int take_speakers(struct cursor *at, struct room *room)
{
    int r = 0;
    uint16_t n;

    if (cursor_u16(at, &n) < 0 || n > GATEWAY_ROOM_SPEAKERS_MAX)
        return -EBADMSG;
    for (; r == 0 && n > 0; n--) {
        struct bytes bytes;

        if (cursor_take(at, ID_BYTES, &bytes) < 0)
            return -EBADMSG;
        struct id id = id_from(bytes);
        r = room_add_speaker(room, &id);
    }
    return r;
}

int room_unpack(struct bytes row, struct room *to)
{
    struct cursor at = { row };
    struct bytes channel;

    if (cursor_take(&at, ID_BYTES, &channel) < 0)
        return -EBADMSG;
    to->channel = id_from(channel);
    int r = take_persons(&at, to);
    if (r == 0)
        r = take_speakers(&at, to);
    if (r == 0 && at.rest.size > 0) {
        uint8_t *name = malloc(at.rest.size);

        r = name ? bytes_copy(at.rest, name, at.rest.size) : -ENOMEM;
        to->name = name ? bytes_make(name, at.rest.size) : BYTES_EMPTY;
    }
    return r;
}
