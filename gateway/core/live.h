/* The newest journal records, kept in memory from publish until handed out or evicted: live deliveries never touch the
 * disk. Never grows beyond its limits.
 */
#ifndef TREFOIL_CORE_LIVE_H
#define TREFOIL_CORE_LIVE_H

#include "core/record.h"
#include "gateway/limits.h"

struct live {
    struct record *ring[GATEWAY_LIVE_RECORDS];
    uint64_t first, last; /* sequences held: first..last; last < first: none */
    size_t bytes;
};

#define LIVE_EMPTY ((struct live){ .first = 1 })

void live_deinit(struct live *live);

/* Takes over one ownership of the record, which has its sequence. */
void live_add(struct live *live, struct record *record);

/* Borrowed, or NULL. */
static inline struct record *live_get(const struct live *live, uint64_t seq)
{
    return seq >= live->first && seq <= live->last ? live->ring[seq % GATEWAY_LIVE_RECORDS] : NULL;
}

#endif
