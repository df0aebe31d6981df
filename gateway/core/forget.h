/* Forgetting a person: directory entries, references, dead letters and pending deliveries go at once; what was said stays
 * sealed in the journal until its retention is over. Never breaks the books: what was pending dies of "forgotten".
 */
#ifndef TREFOIL_CORE_FORGET_H
#define TREFOIL_CORE_FORGET_H

#include "core/broker.h"

struct forgotten {
    uint64_t addresses, refs, letters, deliveries; /* removed */
    uint64_t records, last_ms;                     /* what stays in the journal; when the newest was accepted */
    uint64_t next;                                 /* where to go on; 0: all done */
};

/* Forgets whoever this address belongs to, on all networks: reads a bounded piece of the journal after `after`, and is
 * repeated with `next` until that is 0, when the directory has forgotten too. -ENOENT, -ENOMEM, -EIO, -EBADMSG. */
must_use_ int broker_forget(struct broker *broker, const struct id *channel, struct bytes token, uint64_t after,
                            struct forgotten *ret);

#endif
