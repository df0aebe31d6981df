/* What each account's network can express, as its owner says: one record per channel and account, kept as it came.
 * Never reads a record.
 */
#ifndef TREFOIL_CORE_ABILITIES_H
#define TREFOIL_CORE_ABILITIES_H

#include "core/broker.h"

struct ability {
    struct bytes account, record;
    uint64_t since_ms; /* when it last changed */
};

/* 1 when it is kept, 0 when it was there already. -EACCES (not this service's account, or not its channel), -EMSGSIZE,
 * -ENOMEM, -EIO. */
must_use_ int abilities_put(struct broker *broker, const struct id *service, const struct id *channel,
                            const struct ability *ability);

/* Walks the records of a channel by account, after the account `after` (empty: from the first), until `each` returns
 * non-zero, which is passed on. Slices live during the call. Accounts outside the roster are passed over. */
must_use_ int abilities_list(struct broker *broker, const struct id *channel, struct bytes after,
                             int (*each)(void *context, const struct ability *ability), void *context);

/* Drops what belongs to no account of the roster any more. */
must_use_ int abilities_sweep(struct broker *broker);

#endif
