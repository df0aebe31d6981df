/* Packs, unpacks and walks parked rows. Never keeps one in memory.
 */
#include "core/parking.h"

#include <errno.h>

#include "core/broker.h"

enum parked_flag { PARKED_MAYBE_SENT = 1, PARKED_BULK = 2, PARKED_VANISHED = 4 };

#define PARKED_MAX_BYTES (4 + 8 + 1 + 2 * GATEWAY_TARGETS_MAX)

static struct key room_key(const struct subscription *subscription, const struct id *room)
{
    struct key key = { .size = 0 };

    key_put(&key, id_bytes(&subscription->channel));
    key_put(&key, id_bytes(&subscription->service));
    key_put(&key, id_bytes(room));
    return key;
}

static struct key row_key(const struct subscription *subscription, const struct id *room, uint64_t seq)
{
    struct key key = room_key(subscription, room);

    key_u64(&key, seq);
    return key;
}

void parking_put(struct broker *broker, const struct subscription *subscription, const struct id *room,
                 const struct parked *parked)
{
    struct key key = row_key(subscription, room, parked->seq);
    uint8_t row[PARKED_MAX_BYTES];
    struct writer to = writer_make(row, sizeof(row));

    writer_u32(&to, parked->attempts);
    writer_u64(&to, parked->not_before_ms);
    writer_u8(&to, (uint8_t) ((parked->maybe_sent ? PARKED_MAYBE_SENT : 0) | (parked->is_bulk ? PARKED_BULK : 0) |
                              (parked->vanished ? PARKED_VANISHED : 0)));
    for (uint32_t i = 0; i < GATEWAY_TARGETS_MAX; i++)
        if (target_set_has(&parked->left, i))
            writer_u16(&to, (uint16_t) i);
    tables_put(&broker->tables, TABLE_PARKED, key_bytes(&key), writer_bytes(&to));
}

void parking_delete(struct broker *broker, const struct subscription *subscription, const struct id *room, uint64_t seq)
{
    struct key key = row_key(subscription, room, seq);

    tables_delete(&broker->tables, TABLE_PARKED, key_bytes(&key));
}

static int parse(uint64_t seq, struct bytes row, struct parked *ret)
{
    struct cursor at = { row };
    uint8_t flags;
    uint16_t target;

    *ret = (struct parked){ .seq = seq };
    if (cursor_u32(&at, &ret->attempts) < 0 || cursor_u64(&at, &ret->not_before_ms) < 0 || cursor_u8(&at, &flags) < 0)
        return -EBADMSG;
    ret->maybe_sent = (flags & PARKED_MAYBE_SENT) != 0;
    ret->is_bulk = (flags & PARKED_BULK) != 0;
    ret->vanished = (flags & PARKED_VANISHED) != 0;
    while (cursor_u16(&at, &target) == 0)
        if (target < GATEWAY_TARGETS_MAX)
            target_set_add(&ret->left, target);
    return 0;
}

int parking_get(struct broker *broker, const struct subscription *subscription, const struct id *room, uint64_t seq,
                struct parked *ret)
{
    struct key key = row_key(subscription, room, seq);
    struct bytes row;
    int r = tables_get(&broker->tables, TABLE_PARKED, key_bytes(&key), &broker->scratch, &row);

    return r < 0 ? r : parse(seq, row, ret);
}

static int key_seq(struct bytes key, uint64_t *ret)
{
    struct cursor at = { bytes_slice(key, 3 * (size_t) ID_BYTES, 8) };

    return cursor_u64(&at, ret);
}

struct reading {
    struct parked *rows;
    size_t n_rows, room_for;
    struct id last_room;
};

static int read_one(void *context, struct bytes key, struct bytes value)
{
    struct reading *reading = context;
    uint64_t seq;

    if (key_seq(key, &seq) < 0 || parse(seq, value, &reading->rows[reading->n_rows]) < 0)
        return -EBADMSG;
    reading->last_room = id_from(bytes_slice(key, 2 * (size_t) ID_BYTES, ID_BYTES));
    return ++reading->n_rows == reading->room_for;
}

int parking_read(struct broker *broker, const struct subscription *subscription, const struct line *line,
                 struct parked *ret, size_t room_for)
{
    struct key prefix = room_key(subscription, &line->room);
    struct key after = row_key(subscription, &line->room, line->stored_after);
    struct reading reading = { .rows = ret, .room_for = room_for };
    int r = broker->tables.ops->scan(broker->tables.owner, TABLE_PARKED, key_bytes(&prefix),
                                     line->stored_after ? key_bytes(&after) : BYTES_EMPTY, read_one, &reading);

    return r < 0 ? r : (int) reading.n_rows;
}

static struct key subscription_key(const struct subscription *subscription)
{
    struct key key = { .size = 0 };

    key_put(&key, id_bytes(&subscription->channel));
    key_put(&key, id_bytes(&subscription->service));
    return key;
}

int parking_walk(struct broker *broker, const struct subscription *subscription, struct parking_place *place,
                 struct parked *ret, size_t room_for)
{
    struct key prefix = subscription_key(subscription), after = row_key(subscription, &place->room, place->seq);
    struct reading reading = { .rows = ret, .room_for = room_for };
    int r = broker->tables.ops->scan(broker->tables.owner, TABLE_PARKED, key_bytes(&prefix),
                                     place->seq ? key_bytes(&after) : BYTES_EMPTY, read_one, &reading);

    if (r < 0)
        return r;
    if (reading.n_rows > 0)
        *place = (struct parking_place){ reading.last_room, ret[reading.n_rows - 1].seq };
    return (int) reading.n_rows;
}

struct rooms_walk {
    int (*each)(void *context, const struct id *room, const struct parked *first);
    void *context;
    struct id last;
};

static int visit(void *context, struct bytes key, struct bytes value)
{
    struct rooms_walk *walk = context;
    struct id room = id_from(bytes_slice(key, 2 * (size_t) ID_BYTES, ID_BYTES));
    struct parked first;
    uint64_t seq;

    if (key_seq(key, &seq) < 0 || parse(seq, value, &first) < 0)
        return -EBADMSG;
    if (id_equal(&room, &walk->last))
        return 0;
    walk->last = room;
    return walk->each(walk->context, &room, &first);
}

int parking_rooms(struct broker *broker, const struct subscription *subscription,
                  int (*each)(void *context, const struct id *room, const struct parked *first), void *context)
{
    struct rooms_walk walk = { each, context, { { 0xff } } };
    struct key prefix = subscription_key(subscription);

    return broker->tables.ops->scan(broker->tables.owner, TABLE_PARKED, key_bytes(&prefix), BYTES_EMPTY, visit, &walk);
}
