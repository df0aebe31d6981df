/* The directory's changes: meeting, joining, leaving, linking, forgetting. Never decides who may ask for them.
 */
#include <errno.h>
#include <stdlib.h>

#include "core/directory.h"
#include "core/directory_rows.h"
#include "core/directory_write.h"

#define ORDER_BYTES 6 /* of a new id; ten are left to chance */

/* In the order of the journal, so that whoever comes today lies together in the tables and a commit writes a few pages
 * of them, not one for each; random behind that. */
static struct id fresh_id(struct directory *directory)
{
    uint64_t head = directory->tables->ops->head(directory->tables->owner);
    struct id id;

    directory->tables->ops->random(directory->tables->owner, id.bytes, sizeof(id.bytes));
    for (int i = 0; i < ORDER_BYTES; i++)
        id.bytes[i] = (uint8_t) (head >> (8 * (ORDER_BYTES - 1 - i)));
    return id;
}

static int add_room(struct directory *directory, const struct id *id, const struct id *channel, struct room **ret)
{
    struct room *room;
    void *made;
    int r = pool_add(&directory->rooms, id->bytes, &made);

    if (r < 0)
        return r;
    room = made;
    room->channel = *channel;
    *ret = room;
    return 0;
}

static void let_room_go(struct directory *directory, struct room *room)
{
    room_empty(room);
    pool_drop(&directory->rooms, room);
}

/* A new address without a person yet. */
static int add_address(struct directory *directory, const struct id *channel, struct bytes account, struct bytes token,
                       struct address **ret)
{
    struct key key = address_row_key(channel, token);
    struct address *address;
    void *made;
    int r = pool_add(&directory->addresses, key.data, &made);

    if (r < 0)
        return r;
    address = made;
    address->person_at = POOL_NOWHERE;
    address->last_seq = directory->tables->ops->head(directory->tables->owner);
    r = address_name(address, account, token);
    if (r < 0) {
        pool_drop(&directory->addresses, address);
        return r;
    }
    *ret = address;
    return 0;
}

static void let_address_go(struct directory *directory, struct address *address)
{
    address_empty(address);
    pool_drop(&directory->addresses, address);
}

/* A new person in a room of his own. */
static int add_person(struct directory *directory, const struct id *channel, struct person **ret)
{
    struct id room_id = fresh_id(directory), id = fresh_id(directory);
    struct person *person;
    struct room *room;
    void *made;
    int r = pool_add(&directory->persons, id.bytes, &made);

    if (r < 0)
        return r;
    person = made;
    r = add_room(directory, &room_id, channel, &room);
    if (r == 0) {
        r = room_add_person(room, &person->id);
        if (r < 0)
            let_room_go(directory, room);
    }
    if (r < 0) {
        pool_drop(&directory->persons, person);
        return r;
    }
    person->channel = *channel;
    person->room = room_id;
    person->room_at = room->head.number;
    directory_write_room(directory, room);
    *ret = person;
    return 0;
}

/* -ENOSPC, -ENOMEM, and then nothing has changed. */
static int give_address(struct directory *directory, struct person *person, struct address *address)
{
    int r = person_add_address(person, address->key);

    if (r < 0)
        return r;
    address->person = person->id;
    address->person_at = person->head.number;
    directory_write_person(directory, person);
    directory_touch(directory, address);
    address->is_new = true;
    return 0;
}

int directory_meet(struct directory *directory, const struct id *channel, struct bytes account, struct bytes token,
                   struct address **ret)
{
    struct address *address;
    struct person *person;
    int r = directory_address(directory, channel, token, ret);

    if (r != -ENOENT)
        return r;
    r = add_address(directory, channel, account, token, &address);
    if (r < 0)
        return r;
    r = add_person(directory, channel, &person);
    if (r == 0)
        r = give_address(directory, person, address);
    if (r < 0) {
        let_address_go(directory, address);
        return r;
    }
    *ret = address;
    return 0;
}

/* Takes the person out of the room; an empty room without a name is gone. */
static int leave_room(struct directory *directory, struct person *person)
{
    struct room *room;
    int r = directory_room(directory, &person->room, &room);

    if (r < 0)
        return r == -ENOENT ? 0 : r;
    for (uint16_t i = 0; i < room->n_persons; i++)
        if (id_equal(&room->persons[i], &person->id)) {
            room->persons[i] = room->persons[--room->n_persons];
            break;
        }
    if (room->n_persons > 0 || room->name.size > 0) {
        directory_write_room(directory, room);
        return 0;
    }
    tables_delete(directory->tables, TABLE_ROOMS, id_bytes(&room->id));
    let_room_go(directory, room);
    return 0;
}

static int enter_room(struct directory *directory, struct person *person, struct room *room)
{
    if (id_equal(&person->room, &room->id))
        return 0;
    if (!id_equal(&person->channel, &room->channel))
        return -EXDEV;
    if (room->n_persons >= GATEWAY_ROOM_PERSONS_MAX)
        return -ENOSPC;
    int r = room_reserve(room, (size_t) room->n_persons + 1);
    if (r == 0)
        r = leave_room(directory, person);
    if (r == 0)
        r = room_add_person(room, &person->id);
    if (r < 0)
        return r;
    person->room = room->id;
    person->room_at = room->head.number;
    directory_write_room(directory, room);
    directory_write_person(directory, person);
    return 0;
}

int directory_create(struct directory *directory, const struct id *channel, const struct id *id, struct bytes name,
                     struct id *ret_room)
{
    struct id room_id = id_is_zero(id) ? fresh_id(directory) : *id;
    struct room *room;
    uint8_t *copy = NULL;
    int r = directory_room(directory, &room_id, &room);

    if (r == 0)
        return -EEXIST;
    if (r != -ENOENT)
        return r;
    if (name.size > GATEWAY_ROOM_NAME_MAX_BYTES)
        return -EMSGSIZE;
    copy = malloc(name.size + 1);
    if (!copy)
        return -ENOMEM;
    r = bytes_copy(name, copy, name.size);
    if (r == 0)
        r = add_room(directory, &room_id, channel, &room);
    if (r < 0) {
        free(copy);
        return r;
    }
    room->name = bytes_make(copy, name.size);
    directory_write_room(directory, room);
    *ret_room = room_id;
    return 0;
}

int directory_join(struct directory *directory, struct address *address, const struct id *room_id)
{
    struct person *person;
    struct room *room;
    int r = directory_person(directory, &address->person, &person);

    if (r == 0)
        r = directory_room(directory, room_id, &room);
    return r < 0 ? r : enter_room(directory, person, room);
}

int directory_leave(struct directory *directory, struct address *address, struct id *ret_room)
{
    struct person *person;
    struct room *own;
    int r = directory_person(directory, &address->person, &person);

    if (r < 0)
        return r;
    struct id room_id = fresh_id(directory);
    r = add_room(directory, &room_id, &person->channel, &own);
    if (r == 0)
        r = enter_room(directory, person, own);
    if (r == 0)
        *ret_room = room_id;
    return r;
}

static void drop_person(struct directory *directory, struct person *person)
{
    tables_delete(directory->tables, TABLE_PERSONS, id_bytes(&person->id));
    person_empty(person);
    pool_drop(&directory->persons, person);
}

/* Takes the address away from its person; a person without addresses leaves the world. */
static int take_address(struct directory *directory, struct address *address)
{
    struct person *person;
    int r = directory_person(directory, &address->person, &person);

    if (r < 0)
        return r == -ENOENT ? 0 : r;
    for (uint16_t i = 0; i < person->n_addresses; i++)
        if (memcmp(person->addresses[i], address->token.data, TOKEN_KEY_BYTES) == 0) {
            person->n_addresses--;
            memcpy(person->addresses[i], person->addresses[person->n_addresses], TOKEN_KEY_BYTES);
            break;
        }
    if (person->n_addresses > 0) {
        directory_write_person(directory, person);
        return 0;
    }
    r = leave_room(directory, person);
    if (r < 0)
        return r;
    drop_person(directory, person);
    return 0;
}

int directory_link(struct directory *directory, struct address *address, struct address *to)
{
    struct person *person;

    if (!id_equal(&address->channel, &to->channel))
        return -EXDEV;
    if (id_equal(&address->person, &to->person))
        return 0;
    int r = directory_person(directory, &to->person, &person);
    if (r < 0)
        return r;
    if (person->n_addresses >= GATEWAY_PERSON_ADDRESSES_MAX)
        return -ENOSPC;
    r = take_address(directory, address);
    return r < 0 ? r : give_address(directory, person, address);
}

int directory_adopt(struct directory *directory, const struct address *of, struct bytes token, struct address **ret)
{
    struct address *address;
    struct person *person;
    int r = directory_person(directory, &of->person, &person);

    if (r < 0)
        return r;
    if (person->n_addresses >= GATEWAY_PERSON_ADDRESSES_MAX)
        return -ENOSPC;
    r = add_address(directory, &of->channel, of->account, token, &address);
    if (r < 0)
        return r;
    r = give_address(directory, person, address);
    if (r < 0) {
        let_address_go(directory, address);
        return r;
    }
    *ret = address;
    return 0;
}

/* What was addressed to the empty room finds the other: a service answers where it was spoken to. */
static int lead_to(struct directory *directory, const struct id *from, const struct person *keep)
{
    struct bytes row;
    int r = room_pack_moved(&keep->channel, &keep->room, directory->scratch, &row);

    if (r == 0)
        tables_put(directory->tables, TABLE_ROOMS, id_bytes(from), row);
    return r;
}

/* Services that spoke in a room that is about to go are present in the other. */
static int take_speakers(struct directory *directory, const struct room *from, const struct person *keep)
{
    struct room *to;
    int r = directory_room(directory, &keep->room, &to);

    for (uint16_t i = 0; r == 0 && i < from->n_speakers; i++) {
        r = directory_speaks(directory, to, &from->speakers[i]);
        r = r == -ENOSPC ? 0 : r;
    }
    return r == -ENOENT ? 0 : r;
}

int directory_merge(struct directory *directory, struct person *keep, struct person *lose)
{
    struct id left = lose->room;
    struct room *room;
    int r = directory_room(directory, &left, &room);
    bool is_empty = r == 0 && room->n_persons == 1 && room->name.size == 0 && !id_equal(&left, &keep->room);

    if (r < 0 && r != -ENOENT)
        return r;
    if ((size_t) keep->n_addresses + lose->n_addresses > GATEWAY_PERSON_ADDRESSES_MAX)
        return -ENOSPC;
    r = is_empty ? take_speakers(directory, room, keep) : 0;
    for (uint16_t i = 0; r == 0 && i < lose->n_addresses; i++) {
        struct address *address;

        r = directory_address_by_key(directory, &lose->channel, lose->addresses[i], &address);
        r = r == 0 ? give_address(directory, keep, address) : r == -ENOENT ? 0 : r;
    }
    if (r == 0)
        r = leave_room(directory, lose);
    if (r < 0)
        return r;
    drop_person(directory, lose);
    return is_empty ? lead_to(directory, &left, keep) : 0;
}

int directory_unlink(struct directory *directory, struct address *address, struct id *ret_room)
{
    struct person *person;
    int r = directory_person(directory, &address->person, &person);

    if (r < 0)
        return r;
    if (person->n_addresses == 1) {
        *ret_room = person->room;
        return 0;
    }
    r = take_address(directory, address);
    if (r == 0)
        r = add_person(directory, &address->channel, &person);
    if (r == 0)
        r = give_address(directory, person, address);
    if (r < 0)
        return r;
    *ret_room = person->room;
    return 0;
}

int directory_forget(struct directory *directory, struct address *address)
{
    struct key key = address_row_key(&address->channel, address->token);
    int r = take_address(directory, address);

    if (r < 0)
        return r;
    tables_delete(directory->tables, TABLE_ADDRESSES, key_bytes(&key));
    let_address_go(directory, address);
    return 0;
}

int directory_speaks(struct directory *directory, struct room *room, const struct id *service)
{
    for (uint16_t i = 0; i < room->n_speakers; i++)
        if (id_equal(&room->speakers[i], service))
            return 0;
    int r = room_add_speaker(room, service);
    if (r == 0)
        directory_write_room(directory, room);
    return r;
}

struct listing {
    const struct id *channel;
    int (*each)(void *context, const struct id *room);
    void *context;
};

static int list_one(void *context, struct bytes key, struct bytes value)
{
    const struct listing *listing = context;
    struct id room = id_from(key), to;

    if (room_has_moved(value, &to) || !bytes_equal(bytes_slice(value, 0, ID_BYTES), id_bytes(listing->channel)))
        return 0;
    return listing->each(listing->context, &room);
}

int directory_list(struct directory *directory, const struct id *channel, const struct id *after,
                   int (*each)(void *context, const struct id *room), void *context)
{
    struct listing listing = { channel, each, context };

    return directory->tables->ops->scan(directory->tables->owner, TABLE_ROOMS, BYTES_EMPTY,
                                        id_is_zero(after) ? BYTES_EMPTY : id_bytes(after), list_one, &listing);
}
