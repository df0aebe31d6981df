/* One journal record: where an envelope goes, and the envelope as it was published. The part of a Delivery frame that
 * does not depend on the receiver is stored as it will be handed out, so that fan-out is one copy per receiver.
 * Never holds anything the gateway could read of the content.
 */
#ifndef TREFOIL_CORE_RECORD_H
#define TREFOIL_CORE_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"
#include "core/id.h"

#define RECORD_RELATIONS_MAX 128

enum record_flag { RECORD_ECHO = 1, RECORD_HAS_ROOM = 2, RECORD_EPHEMERAL = 4, RECORD_BULK = 8 };

struct record_target {
    struct bytes account;  /* "network/account id" */
    struct bytes address;  /* token */
    struct bytes last_ref; /* newest message from there; may be empty */
};

struct record_relation {
    struct id id; /* of the related envelope; zero: unknown */
    uint64_t seq; /* 0: unknown */
};

/* What a record is made of, before it has bytes. */
struct route {
    uint64_t accepted_ms, expires_ms;
    struct id channel, service, room, envelope_id;
    uint8_t audience, flags;
    uint32_t room_size;
    struct bytes account, from, ref;
    struct record_relation relations[RECORD_RELATIONS_MAX];
    size_t n_relations;
    struct record_target *targets;
    size_t n_targets;
    struct bytes envelope;
};

/* Begins what a record lies in: memory of its own, or a block of many. It is freed when nobody holds any of it. */
struct record_memory {
    uint32_t owners;
    size_t block_bytes; /* of large_new(); 0: memory of its own, of malloc() */
};

/* Shared by whoever still hands it out. */
struct record {
    struct record_memory own;     /* counts when it has memory of its own; first, because that is what is freed */
    struct record_memory *memory; /* that one, or its block's */
    uint64_t seq;                 /* 0 until appended */
    uint64_t accepted_ms, expires_ms;
    struct id channel, service, room, envelope_id;
    uint8_t audience, flags;
    uint16_t n_targets;
    uint8_t n_relations;
    struct bytes account, from, ref;
    struct bytes relations; /* packed; record_relation_at() */
    struct bytes targets;   /* packed; record_next_target() */
    struct bytes front;     /* first fields of a Delivery: envelope, room, accepted_ms */
    struct bytes back;      /* its last: relates_id, room_size; what lies between depends on the receiver */
    struct bytes envelope;  /* inside front */
    size_t size;
    uint8_t data[]; /* the journal's bytes */
};

/* Packs a route into memory of its own. -ENOMEM, -EMSGSIZE. */
must_use_ int record_new(const struct route *route, struct record **ret);

/* The same into a place of exactly record_room() bytes, aligned as malloc() does; 0: it has too much of something. Whoever
 * owns `memory`, in which the place is, owns the record: nothing is counted. -EMSGSIZE. */
size_t record_room(const struct route *route);
must_use_ int record_write(const struct route *route, void *place, size_t room_bytes, struct record_memory *memory,
                           struct record **ret);

/* From journal bytes, which are copied. -ENOMEM, -EBADMSG. */
must_use_ int record_parse(struct bytes journal, uint64_t seq, struct record **ret);

struct record *record_ref(struct record *record);
struct record *record_unref(struct record *record); /* accepts NULL, returns NULL */
void record_memory_unref(struct record_memory *memory);

struct record_relation record_relation_at(const struct record *record, size_t index);

/* Walks targets in order: start with a cursor over record->targets; false at the end. */
bool record_next_target(struct cursor *at, struct record_target *ret);
bool record_target_at(const struct record *record, uint32_t index, struct record_target *ret);

/* The index of the target with this address, or -ENOENT. */
int record_find_target(const struct record *record, struct bytes address);

#endif
