/* What events say of whoever they are from: when he was active last, his newest message, his reply window, his consent.
 * It changes with every message, so it is written behind: kept in memory, written in turn. The journal holds the events
 * themselves, and what was not written is read from there after a kill, before anything is handed out. Never lets the
 * journal go of what is not written yet.
 */
#ifndef TREFOIL_CORE_ACTIVITY_H
#define TREFOIL_CORE_ACTIVITY_H

#include "base/attributes.h"
#include "core/directory.h"

struct envelope_header;
struct broker;

struct activity_due { /* an address whose row is behind: since which event, since when */
    uint64_t seq, at_ms;
    uint32_t number;
};

struct activity {
    struct activity_due *ring; /* GATEWAY_BEHIND_RECORDS, oldest first; NULL: nothing is written behind */
    size_t first, count;
    uint64_t saved; /* up to here the rows on disk hold everything; UINT64_MAX: that is not written down yet */
};

/* Without memory everything is written at once. */
void activity_init(struct activity *activity);
void activity_deinit(struct activity *activity);

/* The event is in the journal under `seq`. */
void activity_heard(struct broker *broker, const struct envelope_header *header, uint64_t seq, struct address *from);

/* Once per batch: writes what has been behind for too long, a bounded number of rows, and how far the rows have come. */
void activity_flush(struct broker *broker);

/* Before a stop in order: everything. */
void activity_flush_all(struct broker *broker);

/* Up to this event the rows hold everything. */
uint64_t activity_floor(struct broker *broker);

/* At the start: reads from the journal what the rows do not hold. -ENOMEM, -EIO. */
must_use_ int activity_replay(struct broker *broker);

#endif
