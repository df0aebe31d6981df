/* Prunes oldest first, a bounded number per tick. */
#include "core/retention.h"

#include <errno.h>
#include <stdlib.h>

#include "core/broker.h"
#include "core/dead.h"
#include "core/trace.h"

#define SLOW_PRUNE_MS (60 * 1000) /* grants and letters */
#define SLOW_PRUNE_MAX 64

/* Drops what its channel need not keep any longer, oldest first. */
static void prune_records(struct broker *broker)
{
    uint64_t tail = broker->tables.ops->tail(broker->tables.owner), up_to = 0;

    for (uint64_t seq = tail; seq > 0 && seq <= broker->durable && seq - tail < GATEWAY_PRUNE_RECORDS; seq++) {
        struct record *record;

        arena_reset(&broker->scratch);
        int r = broker_record(broker, seq, &record);
        if (r < 0)
            break;
        const struct channel *channel = members_channel(broker->members, &record->channel);
        uint64_t retention_ms = channel ? channel->retention_ms : GATEWAY_RETENTION_MS;
        bool is_over = record->accepted_ms + retention_ms <= broker->now_ms;
        if (is_over)
            r = ledger_prune(&broker->ledger, record, broker->now_ms);
        if (is_over && r == 0)
            r = trace_prune(broker, seq);
        record_unref(record);
        if (!is_over || r < 0)
            break;
        up_to = seq;
        broker->tally.pruned++;
    }
    if (up_to > 0 && broker->tables.ops->prune(broker->tables.owner, up_to, broker->now_ms) < 0 &&
        broker->tables.failed == 0)
        broker->tables.failed = -EIO;
}

static uint64_t longest_retention_ms(const struct broker *broker)
{
    uint64_t longest_ms = GATEWAY_RETENTION_MS;

    for (size_t i = 0; i < broker->members->n_channels; i++)
        if (broker->members->channels[i].retention_ms > longest_ms)
            longest_ms = broker->members->channels[i].retention_ms;
    return longest_ms;
}

/* A grant may go when no record can be left that was sealed under it. */
static void prune_grants(struct broker *broker)
{
    uint64_t keep_ms = longest_retention_ms(broker) + SLOW_PRUNE_MS;
    struct grant_facts *gone[SLOW_PRUNE_MAX];
    struct bytes key;
    void *value;
    size_t n = 0;

    for (size_t at = 0; n < SLOW_PRUNE_MAX && map_next(&broker->grants, &at, &key, &value);) {
        struct grant_facts *facts = value;

        if (facts->not_after_ms < broker->now_ms && broker->now_ms - facts->not_after_ms > keep_ms)
            gone[n++] = facts;
    }
    for (size_t i = 0; i < n; i++) {
        tables_delete(&broker->tables, TABLE_GRANTS, id_bytes(&gone[i]->key_id));
        map_remove(&broker->grants, id_bytes(&gone[i]->key_id));
        free(gone[i]);
    }
}

struct old_letters {
    const struct broker *broker;
    uint64_t keep_ms, ids[SLOW_PRUNE_MAX];
    size_t n;
};

static int collect_old(void *context, const struct dead_letter *letter)
{
    struct old_letters *old = context;

    if (letter->is_pruned && letter->since_ms + old->keep_ms < old->broker->now_ms)
        old->ids[old->n++] = letter->id;
    return old->n == SLOW_PRUNE_MAX;
}

/* A letter whose envelope is gone is remembered for one more retention. */
static void prune_letters(struct broker *broker)
{
    for (size_t i = 0; i < broker->members->n_channels; i++) {
        const struct channel *channel = &broker->members->channels[i];
        struct old_letters old = { .broker = broker, .keep_ms = channel->retention_ms };

        if (dead_scan(&broker->tables, &channel->id, 0, collect_old, &old) < 0)
            return;
        for (size_t j = 0; j < old.n; j++)
            dead_delete(&broker->tables, old.ids[j]);
    }
}

void retention_prune(struct broker *broker)
{
    prune_records(broker);
    if (broker->now_ms - broker->slow_pruned_ms < SLOW_PRUNE_MS)
        return;
    broker->slow_pruned_ms = broker->now_ms;
    prune_grants(broker);
    prune_letters(broker);
}
