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

/* An answer "unknown" was all its holder knows, and who never came back is not asked: nobody is. */
static void write_held(struct writer *to, const struct entry *entry)
{
    static const uint8_t nobody[REPLICA_BYTES];

    writer_u64(to, entry->seq);
    bool is_asked = entry->state == ENTRY_DOUBT && !entry->any_unknown;
    writer_put(to, bytes_make(is_asked ? entry->replica : nobody, REPLICA_BYTES));
}

/* In doubt, or doubted already and not handed out since: that nobody could say. */
static bool may_be_sent(const struct entry *entry)
{
    return entry->state == ENTRY_DOUBT || entry->maybe_sent;
}

void rest_write(const struct broker *broker, const struct subscription *subscription, struct writer *to)
{
    const struct lines *lines = &subscription->lines;
    struct bytes key;
    void *value;
    uint16_t n = 0;

    if (!subscription->rest.is_beginning)
        return;
    for (size_t at = 0; map_next(&lines->by_seq, &at, &key, &value);)
        if (may_be_sent(value) && n++ == GATEWAY_HELD_MAX)
            return;
    writer_u64(to, broker->tables.ops->head(broker->tables.owner));
    writer_u16(to, n);
    for (size_t at = 0; map_next(&lines->by_seq, &at, &key, &value);)
        if (may_be_sent(value))
            write_held(to, value);
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
    subscription->is_dirty = broker->is_waking = broker->is_wake_new = true;
    rest->is_known = head == broker->tables.ops->head(broker->tables.owner);
    return 0;
}

const uint8_t *rest_holder(struct subscription *subscription, uint64_t seq)
{
    for (size_t i = 0; i < subscription->rest.n_held; i++) {
        struct held *held = &subscription->rest.held[i];

        if (held->seq != seq)
            continue;
        held->seq = 0; /* what comes from the store once more this life knows by itself */
        return held->replica;
    }
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
