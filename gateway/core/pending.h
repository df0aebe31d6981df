/* What is really still open, found where it waits: in lines, in parked rows, in the journal ahead of the cursors.
 * The counters have no part in it, so that law 6 is a check and not a definition. Never changes anything.
 */
#ifndef TREFOIL_CORE_PENDING_H
#define TREFOIL_CORE_PENDING_H

#include "core/broker.h"

struct pending {
    uint64_t targets;
    bool is_whole; /* false: there is more than was looked at */
};

/* Looks at `steps_max` entries, rows and records at most. -ENOMEM, -EIO, -EBADMSG. */
must_use_ int pending_count(struct broker *broker, const struct id *channel, uint64_t steps_max, struct pending *ret);

/* Do the counters say what is there? Of a partial count: do they not contradict it? */
bool pending_adds_up(const struct counts *counts, const struct pending *pending);

#endif
