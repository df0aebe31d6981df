/* Writes and reads what is held over a stop in order. Never hands anything out. */
#include "core/rest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/broker.h"

enum { HELD_BYTES = 8 + REPLICA_BYTES };

void rest_deinit(struct rest *rest)
{
    free(rest->held);
    *rest = (struct rest){ .is_known = false };
}

/* An answer "unknown" was all its holder knows: nobody is asked about it. */
static void write_held(struct writer *to, const struct entry *entry)
{
    static const uint8_t nobody[REPLICA_BYTES];

    writer_u64(to, entry->seq);
    writer_put(to, bytes_make(entry->any_unknown ? nobody : entry->replica, REPLICA_BYTES));
}

void rest_write(const struct broker *broker, const struct subscription *subscription, struct writer *to)
{
    uint16_t n = 0;

    if (!subscription->rest.is_beginning)
        return;
    list_for_each (node, &subscription->lines.doubts)
        if (n++ == GATEWAY_HELD_MAX)
            return;
    writer_u64(to, broker->tables.ops->head(broker->tables.owner));
    writer_u16(to, n);
    list_for_each (node, &subscription->lines.doubts)
        write_held(to, container_of(node, struct entry, in_doubt));
}

int rest_read(struct broker *broker, struct subscription *subscription, struct cursor *at)
{
    struct rest *rest = &subscription->rest;
    struct bytes replica;
    uint64_t head;
    uint16_t n;

    if (at->rest.size == 0)
        return 0;
    if (cursor_u64(at, &head) < 0 || cursor_u16(at, &n) < 0 || at->rest.size != (size_t) n * HELD_BYTES)
        return -EBADMSG;
    rest->held = calloc((size_t) n + 1, sizeof(*rest->held));
    if (!rest->held)
        return -ENOMEM;
    for (; rest->n_held < n; rest->n_held++) {
        if (cursor_u64(at, &rest->held[rest->n_held].seq) < 0 || cursor_take(at, REPLICA_BYTES, &replica) < 0)
            return -EBADMSG;
        memcpy(rest->held[rest->n_held].replica, replica.data, REPLICA_BYTES);
    }
    /* The row is written again without it, and nothing is handed out before that is on disk. */
    subscription->is_dirty = broker->is_waking = true;
    rest->is_known = head == broker->tables.ops->head(broker->tables.owner);
    return 0;
}

const uint8_t *rest_holder(const struct subscription *subscription, uint64_t seq)
{
    for (size_t i = 0; i < subscription->rest.n_held; i++)
        if (subscription->rest.held[i].seq == seq)
            return subscription->rest.held[i].replica;
    return NULL;
}

void broker_rest(struct broker *broker)
{
    activity_flush_all(broker);
    list_for_each (node, &broker->subscriptions) {
        struct subscription *subscription = container_of(node, struct subscription, link);

        if (!subscription->targets || !subscription->is_durable)
            continue;
        subscription->rest.is_beginning = subscription->is_dirty = true;
    }
}
