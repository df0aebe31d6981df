/* Packs and unpacks journal records. Pure; every read is checked, because files can rot.
 */
#include "core/record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/field.h"
#include "gateway/limits.h"
#include "memory/large.h"

#define RECORD_VERSION 1
#define RELATION_BYTES (ID_BYTES + 8)
#define FIXED_BYTES (1 + 1 + 1 + 8 + 8 + 4 * ID_BYTES)

enum delivery_field { /* of message Delivery in control.proto */
                      DELIVERY_ENVELOPE = 2,
                      DELIVERY_ROOM = 3,
                      DELIVERY_ACCEPTED_MS = 4,
                      DELIVERY_RELATES_ID = 8,
                      DELIVERY_ROOM_SIZE = 9,
};

static bool has_room(const struct route *route)
{
    return (route->flags & RECORD_HAS_ROOM) != 0;
}

static size_t relation_id_size(const struct record_relation *relation)
{
    return id_is_zero(&relation->id) ? 0 : ID_BYTES;
}

static size_t front_size(const struct route *route)
{
    return field_bytes_size(route->envelope.size) + field_number_size(route->accepted_ms) +
           (has_room(route) ? field_bytes_size(ID_BYTES) : 0);
}

static size_t back_size(const struct route *route)
{
    size_t size = field_number_size(route->room_size);

    for (size_t i = 0; i < route->n_relations; i++)
        size += field_bytes_size(relation_id_size(&route->relations[i]));
    return size;
}

static void write_front(struct writer *to, const struct route *route)
{
    field_bytes(to, DELIVERY_ENVELOPE, route->envelope);
    if (has_room(route))
        field_bytes(to, DELIVERY_ROOM, id_bytes(&route->room));
    field_number(to, DELIVERY_ACCEPTED_MS, route->accepted_ms);
}

static void write_back(struct writer *to, const struct route *route)
{
    for (size_t i = 0; i < route->n_relations; i++)
        field_bytes(to, DELIVERY_RELATES_ID,
                    bytes_make(route->relations[i].id.bytes, relation_id_size(&route->relations[i])));
    field_number(to, DELIVERY_ROOM_SIZE, route->room_size);
}

static size_t packed_size(const struct route *route)
{
    size_t size = FIXED_BYTES + 1 + route->account.size + 2 + route->from.size + 2 + route->ref.size;

    size += 1 + route->n_relations * RELATION_BYTES + 2;
    for (size_t i = 0; i < route->n_targets; i++)
        size += 1 + route->targets[i].account.size + 2 + route->targets[i].address.size + 2 +
                route->targets[i].last_ref.size;
    return size + 4 + front_size(route) + 4 + back_size(route);
}

static void write_short(struct writer *to, struct bytes bytes)
{
    writer_u16(to, (uint16_t) bytes.size);
    writer_put(to, bytes);
}

static void write_tiny(struct writer *to, struct bytes bytes)
{
    writer_u8(to, (uint8_t) bytes.size);
    writer_put(to, bytes);
}

static void write_record(struct writer *to, const struct route *route)
{
    writer_u8(to, RECORD_VERSION);
    writer_u8(to, route->audience);
    writer_u8(to, route->flags);
    writer_u64(to, route->accepted_ms);
    writer_u64(to, route->expires_ms);
    writer_put(to, id_bytes(&route->channel));
    writer_put(to, id_bytes(&route->service));
    writer_put(to, id_bytes(&route->room));
    writer_put(to, id_bytes(&route->envelope_id));
    write_tiny(to, route->account);
    write_short(to, route->from);
    write_short(to, route->ref);
    writer_u8(to, (uint8_t) route->n_relations);
    for (size_t i = 0; i < route->n_relations; i++) {
        writer_put(to, id_bytes(&route->relations[i].id));
        writer_u64(to, route->relations[i].seq);
    }
    writer_u16(to, (uint16_t) route->n_targets);
    for (size_t i = 0; i < route->n_targets; i++) {
        write_tiny(to, route->targets[i].account);
        write_short(to, route->targets[i].address);
        write_short(to, route->targets[i].last_ref);
    }
    writer_u32(to, (uint32_t) front_size(route));
    write_front(to, route);
    writer_u32(to, (uint32_t) back_size(route));
    write_back(to, route);
}

static int read_tiny(struct cursor *from, struct bytes *ret)
{
    uint8_t size;

    return cursor_u8(from, &size) < 0 ? -EBADMSG : cursor_take(from, size, ret);
}

static int read_short(struct cursor *from, struct bytes *ret)
{
    uint16_t size;

    return cursor_u16(from, &size) < 0 ? -EBADMSG : cursor_take(from, size, ret);
}

static int read_id(struct cursor *from, struct id *ret)
{
    struct bytes bytes;

    if (cursor_take(from, ID_BYTES, &bytes) < 0)
        return -EBADMSG;
    *ret = id_from(bytes);
    return 0;
}

bool record_next_target(struct cursor *at, struct record_target *ret)
{
    return read_tiny(at, &ret->account) == 0 && read_short(at, &ret->address) == 0 &&
           read_short(at, &ret->last_ref) == 0;
}

static int read_fixed(struct cursor *from, struct record *record)
{
    uint8_t version;

    if (cursor_u8(from, &version) < 0 || version != RECORD_VERSION || cursor_u8(from, &record->audience) < 0 ||
        cursor_u8(from, &record->flags) < 0 || cursor_u64(from, &record->accepted_ms) < 0 ||
        cursor_u64(from, &record->expires_ms) < 0 || read_id(from, &record->channel) < 0 ||
        read_id(from, &record->service) < 0 || read_id(from, &record->room) < 0 ||
        read_id(from, &record->envelope_id) < 0)
        return -EBADMSG;
    return 0;
}

/* The envelope is the first field of the front: tag, length, bytes. */
static int find_envelope(struct record *record)
{
    struct cursor at = { record->front };
    uint8_t byte;
    uint64_t size = 0;

    if (cursor_u8(&at, &byte) < 0 || byte != (DELIVERY_ENVELOPE << 3 | 2))
        return -EBADMSG;
    for (unsigned shift = 0; shift < 35; shift += 7) {
        if (cursor_u8(&at, &byte) < 0)
            return -EBADMSG;
        size |= (uint64_t) (byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return cursor_take(&at, (size_t) size, &record->envelope);
    }
    return -EBADMSG;
}

/* Fills in everything but `seq` and `owners` from record->data. */
static int unpack(struct record *record)
{
    struct cursor at = { bytes_make(record->data, record->size) };
    struct record_target target;
    uint32_t size;

    if (read_fixed(&at, record) < 0 || read_tiny(&at, &record->account) < 0 || read_short(&at, &record->from) < 0 ||
        read_short(&at, &record->ref) < 0 || cursor_u8(&at, &record->n_relations) < 0 ||
        record->n_relations > RECORD_RELATIONS_MAX ||
        cursor_take(&at, (size_t) record->n_relations * RELATION_BYTES, &record->relations) < 0 ||
        cursor_u16(&at, &record->n_targets) < 0 || record->n_targets > GATEWAY_TARGETS_MAX)
        return -EBADMSG;
    record->targets.data = at.rest.data;
    for (unsigned i = 0; i < record->n_targets; i++)
        if (!record_next_target(&at, &target))
            return -EBADMSG;
    record->targets.size = record->n_targets ? (size_t) (at.rest.data - record->targets.data) : 0;
    if (cursor_u32(&at, &size) < 0 || cursor_take(&at, size, &record->front) < 0 || cursor_u32(&at, &size) < 0 ||
        size != at.rest.size || cursor_take(&at, size, &record->back) < 0)
        return -EBADMSG;
    return find_envelope(record);
}

/* In memory of its own. */
static struct record *allocate(size_t size)
{
    struct record *record = malloc(sizeof(*record) + size);

    if (!record)
        return NULL;
    memset(record, 0, sizeof(*record));
    record->own.owners = 1;
    record->memory = &record->own;
    record->size = size;
    return record;
}

static bool fits(const struct route *route)
{
    if (route->n_relations > RECORD_RELATIONS_MAX || route->n_targets > GATEWAY_TARGETS_MAX ||
        route->envelope.size > GATEWAY_ENVELOPE_MAX_BYTES || route->account.size > UINT8_MAX ||
        route->from.size > UINT16_MAX || route->ref.size > UINT16_MAX)
        return false;
    for (size_t i = 0; i < route->n_targets; i++)
        if (route->targets[i].account.size > UINT8_MAX || route->targets[i].address.size > UINT16_MAX ||
            route->targets[i].last_ref.size > UINT16_MAX)
            return false;
    return true;
}

size_t record_room(const struct route *route)
{
    return fits(route) ? sizeof(struct record) + packed_size(route) : 0;
}

int record_write(const struct route *route, void *place, size_t room_bytes, struct record_memory *memory,
                 struct record **ret)
{
    struct record *record = place;

    memset(record, 0, sizeof(*record));
    record->memory = memory;
    record->size = room_bytes - sizeof(*record);
    struct writer to = writer_make(record->data, record->size);
    write_record(&to, route);
    if (to.overflow || to.size != record->size || unpack(record) < 0)
        return -EMSGSIZE;
    *ret = record;
    return 0;
}

int record_new(const struct route *route, struct record **ret)
{
    size_t room_bytes = record_room(route);

    if (room_bytes == 0)
        return -EMSGSIZE;
    void *place = malloc(room_bytes);
    if (!place)
        return -ENOMEM;
    int r = record_write(route, place, room_bytes, place, ret);
    if (r < 0)
        free(place);
    else
        (*ret)->own.owners = 1;
    return r;
}

int record_parse(struct bytes journal, uint64_t seq, struct record **ret)
{
    struct record *record = allocate(journal.size);

    if (!record)
        return -ENOMEM;
    if (journal.size > 0)
        memcpy(record->data, journal.data, journal.size);
    record->seq = seq;
    int r = unpack(record);
    if (r < 0) {
        free(record);
        return r;
    }
    *ret = record;
    return 0;
}

struct record *record_ref(struct record *record)
{
    record->memory->owners++;
    return record;
}

void record_memory_unref(struct record_memory *memory)
{
    if (--memory->owners > 0)
        return;
    if (memory->block_bytes > 0)
        large_free(memory, memory->block_bytes);
    else
        free(memory);
}

struct record *record_unref(struct record *record)
{
    if (record)
        record_memory_unref(record->memory);
    return NULL;
}

struct record_relation record_relation_at(const struct record *record, size_t index)
{
    struct cursor at = { bytes_slice(record->relations, index * RELATION_BYTES, RELATION_BYTES) };
    struct record_relation relation = { 0 };

    if (read_id(&at, &relation.id) < 0 || cursor_u64(&at, &relation.seq) < 0)
        return (struct record_relation){ 0 };
    return relation;
}

bool record_target_at(const struct record *record, uint32_t index, struct record_target *ret)
{
    struct cursor at = { record->targets };

    for (uint32_t i = 0; record_next_target(&at, ret); i++)
        if (i == index)
            return true;
    return false;
}

int record_find_target(const struct record *record, struct bytes address)
{
    struct cursor at = { record->targets };
    struct record_target target;

    for (int i = 0; record_next_target(&at, &target); i++)
        if (bytes_equal(target.address, address))
            return i;
    return -ENOENT;
}
