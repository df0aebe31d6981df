/* A ring of records indexed by sequence, over blocks of memory that are used in turn. Never reads the journal.
 */
#include "core/live.h"

#include <errno.h>
#include <stdlib.h>

#include "memory/large.h"

#define ALIGN_BYTES ((size_t) 64) /* a record begins where a line of the processor's memory does */

struct block {
    struct record_memory memory; /* first: what its last owner frees */
    struct list link;            /* live.blocks */
    uint64_t first;              /* sequence of its first record; 0: has none */
    size_t used;                 /* of memory.block_bytes, this included */
};

static size_t aligned(size_t size)
{
    return (size + ALIGN_BYTES - 1) / ALIGN_BYTES * ALIGN_BYTES;
}

static struct block *oldest_of(const struct live *live)
{
    struct list *first = list_first(&live->blocks);

    return first ? container_of(first, struct block, link) : NULL;
}

static struct block *newest_of(const struct live *live)
{
    return list_is_empty(&live->blocks) ? NULL : container_of(live->blocks.previous, struct block, link);
}

void live_init(struct live *live)
{
    live->first = 1;
    live->last = 0;
    live->bytes = 0;
    list_init(&live->blocks);
}

/* Its records go as well. */
static void take_out(struct live *live, struct block *block)
{
    list_remove(&block->link);
    live->bytes -= block->memory.block_bytes;
    const struct block *next = oldest_of(live);
    uint64_t first = next && next->first > 0 ? next->first : live->last + 1;
    if (first > live->first)
        live->first = first;
}

/* Whoever holds one of its records keeps it. */
static void drop(struct live *live, struct block *block)
{
    take_out(live, block);
    record_memory_unref(&block->memory);
}

void live_deinit(struct live *live)
{
    struct block *block;

    while ((block = oldest_of(live)))
        drop(live, block);
}

/* The oldest make room; whose memory nobody else holds and is as large as needed is used again. NULL: no memory. */
static struct block *next_block(struct live *live, size_t room_bytes)
{
    size_t size = aligned(sizeof(struct block)) + room_bytes;
    struct block *newest = newest_of(live), *block = NULL, *old;

    if (newest && newest->first == 0) /* nothing in it was kept */
        drop(live, newest);
    size = (size + GATEWAY_LIVE_BLOCK_BYTES - 1) / GATEWAY_LIVE_BLOCK_BYTES * GATEWAY_LIVE_BLOCK_BYTES;
    while ((old = oldest_of(live)) && live->bytes + size > GATEWAY_LIVE_BYTES) {
        if (block || old->memory.block_bytes != size || old->memory.owners != 1) {
            drop(live, old);
            continue;
        }
        take_out(live, old);
        block = old;
    }
    if (!block) {
        block = large_new(size);
        if (!block)
            return NULL;
        block->memory = (struct record_memory){ .owners = 1, .block_bytes = size };
    }
    block->used = aligned(sizeof(*block));
    block->first = 0;
    list_append(&live->blocks, &block->link);
    live->bytes += size;
    return block;
}

int live_record(struct live *live, const struct route *route, struct record **ret)
{
    size_t room_bytes = record_room(route);
    struct block *block = newest_of(live);

    if (room_bytes == 0)
        return -EMSGSIZE;
    if (!block || block->memory.block_bytes - block->used < room_bytes)
        block = next_block(live, room_bytes);
    if (!block)
        return -ENOMEM;
    return record_write(route, (uint8_t *) block + block->used, room_bytes, &block->memory, ret);
}

void live_add(struct live *live, struct record *record)
{
    struct block *newest = newest_of(live), *oldest;

    if (record->seq != live->last + 1) { /* what lies between was never here */
        while ((oldest = oldest_of(live)) != newest)
            drop(live, oldest);
        newest->first = 0;
        live->first = record->seq;
    }
    if (newest->first == 0)
        newest->first = record->seq;
    if (record->seq - live->first >= GATEWAY_LIVE_RECORDS)
        live->first = record->seq - GATEWAY_LIVE_RECORDS + 1;
    live->ring[record->seq % GATEWAY_LIVE_RECORDS] = record;
    live->last = record->seq;
    size_t used = aligned((size_t) (record->data + record->size - (uint8_t *) newest));
    newest->used = used < newest->memory.block_bytes ? used : newest->memory.block_bytes;
}
