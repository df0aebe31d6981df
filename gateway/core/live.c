/* A ring of records indexed by sequence. Never reads the journal.
 */
#include "core/live.h"

static void drop_first(struct live *live)
{
    struct record **slot = &live->ring[live->first % GATEWAY_LIVE_RECORDS];

    live->bytes -= (*slot)->size;
    *slot = record_unref(*slot);
    live->first++;
}

void live_deinit(struct live *live)
{
    while (live->first <= live->last)
        drop_first(live);
}

void live_add(struct live *live, struct record *record)
{
    if (record->seq != live->last + 1 || live->last < live->first) {
        live_deinit(live);
        live->first = record->seq;
    }
    while (live->first < record->seq &&
           (record->seq - live->first >= GATEWAY_LIVE_RECORDS || live->bytes + record->size > GATEWAY_LIVE_BYTES))
        drop_first(live);
    live->ring[record->seq % GATEWAY_LIVE_RECORDS] = record;
    live->last = record->seq;
    live->bytes += record->size;
}
