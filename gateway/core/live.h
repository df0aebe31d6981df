/* The newest journal records, kept in memory from publish until handed out or evicted: live deliveries never touch the
 * disk. They lie one behind the other in large blocks, and a block goes as a whole: neither taking memory for a record nor
 * dropping it looks at any other, and it stays as fast when millions of other things are in memory. Never grows beyond its
 * limits.
 */
#ifndef TREFOIL_CORE_LIVE_H
#define TREFOIL_CORE_LIVE_H

#include "base/list.h"
#include "core/record.h"
#include "gateway/limits.h"

struct live {
    struct record *ring[GATEWAY_LIVE_RECORDS];
    uint64_t first, last; /* sequences held: first..last; last < first: none */
    struct list blocks;   /* in the order of their records; the last one is being filled */
    size_t bytes;         /* of all blocks */
};

void live_init(struct live *live);
void live_deinit(struct live *live);

/* A record in the memory of the newest. It belongs to `live` and is gone with the next call, unless live_add() was told to
 * keep it. -ENOMEM, -EMSGSIZE. */
must_use_ int live_record(struct live *live, const struct route *route, struct record **ret);

/* Keeps the record live_record() made last, which has its sequence now. */
void live_add(struct live *live, struct record *record);

/* Nothing up to `seq` is given out any more; its memory goes with its block. */
static inline void live_forget(struct live *live, uint64_t seq)
{
    uint64_t after = seq < live->last ? seq + 1 : live->last + 1;

    if (after > live->first)
        live->first = after;
}

/* Borrowed, or NULL. */
static inline struct record *live_get(const struct live *live, uint64_t seq)
{
    return seq >= live->first && seq <= live->last ? live->ring[seq % GATEWAY_LIVE_RECORDS] : NULL;
}

#endif
