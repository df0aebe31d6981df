/* Rows of deliveries that wait in the store: subscription, room, sequence → targets left, attempts, not before.
 * Never decides who waits.
 */
#ifndef TREFOIL_CORE_PARKING_H
#define TREFOIL_CORE_PARKING_H

#include "core/lines.h"
#include "core/subscription.h"

struct parked {
    uint64_t seq, not_before_ms;
    uint32_t attempts;
    bool maybe_sent, vanished, is_bulk;
    struct target_set left;
};

void parking_put(struct broker *broker, const struct subscription *subscription, const struct id *room,
                 const struct parked *parked);
void parking_delete(struct broker *broker, const struct subscription *subscription, const struct id *room,
                    uint64_t seq);
must_use_ int parking_get(struct broker *broker, const struct subscription *subscription, const struct id *room,
                          uint64_t seq, struct parked *ret);

/* The next rows of a room after `after`, in order, at most `room_for`: how many, or -errno. */
must_use_ int parking_read(struct broker *broker, const struct subscription *subscription, const struct line *line,
                           struct parked *ret, size_t room_for);

/* Where a walk over all rows of a subscription is; zero: before the first. */
struct parking_place {
    struct id room;
    uint64_t seq;
};

/* The next rows of the whole subscription: how many, or -errno. Moves the place on. */
must_use_ int parking_walk(struct broker *broker, const struct subscription *subscription, struct parking_place *place,
                           struct parked *ret, size_t room_for);

/* Every room that has something parked, once, with its first row. */
must_use_ int parking_rooms(struct broker *broker, const struct subscription *subscription,
                            int (*each)(void *context, const struct id *room, const struct parked *first),
                            void *context);

#endif
