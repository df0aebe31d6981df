/* Forgetting a person, and saying what went and what dies later. Never says more than was counted. */
#include <errno.h>

#include "asks_list.h"
#include "core/forget.h"
#include "core/retention.h"

int asks_forget(struct gateway *gateway, const Trefoil__Forget *ask, Trefoil__Answer *answer)
{
    struct id id = id_from(frame_bytes(ask->channel));
    const struct channel *channel = members_channel(gateway->broker.members, &id);
    struct forgotten forgotten;

    if (!channel)
        return -ENOENT;
    gateway->must_pump = true;
    int r = broker_forget(&gateway->broker, &id, frame_bytes(ask->address), ask->after, &forgotten);
    if (r < 0)
        return r;
    answer->counters = arena_array(&gateway->frame, 8, sizeof(*answer->counters));
    if (!answer->counters)
        return -ENOMEM;
    asks_counter(gateway, answer, "addresses", forgotten.addresses);
    asks_counter(gateway, answer, "references", forgotten.refs);
    asks_counter(gateway, answer, "dead_letters", forgotten.letters);
    asks_counter(gateway, answer, "deliveries", forgotten.deliveries);
    asks_counter(gateway, answer, "records", forgotten.records);
    /* the journal goes from its oldest record on: one that another channel keeps longer keeps what came after it */
    asks_counter(gateway, answer, "records_until_ms",
                 forgotten.records > 0 ? forgotten.last_ms + retention_longest_ms(&gateway->broker) : 0);
    asks_counter(gateway, answer, "next", forgotten.next);
    answer->count = forgotten.addresses + forgotten.refs + forgotten.letters + forgotten.deliveries;
    answer->more = forgotten.next > 0;
    return 0;
}
