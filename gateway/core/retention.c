/* Prunes oldest first, a bounded number per tick, which grows with what comes in. */
#include "core/retention.h"

#include <errno.h>
#include <stdlib.h>

#include "core/broker.h"
#include "core/dead.h"
#include "core/dispatch.h"
#include "core/trace.h"

#define SLOW_PRUNE_MS (60 * 1000) /* grants; and from one walk over the letters to the next */
#define SLOW_PRUNE_MAX 64

struct sweep {
    struct broker *broker;
    uint64_t up_to, left; /* the newest record that goes; how many more this time */
    uint64_t may_go;      /* whatever comes after it is needed still */
};

static uint64_t retention_of(const struct broker *broker, const struct id *channel_id)
{
    const struct channel *channel = members_channel(broker->members, channel_id);

    return channel ? channel->retention_ms : GATEWAY_RETENTION_MS;
}

/* Nobody waits for the echo of what is not known any more. */
static void let_go(struct broker *broker, const struct record *record)
{
    list_for_each (node, &broker->subscriptions) {
        struct subscription *subscription = container_of(node, struct subscription, link);
        struct entry *entry = subscription->targets ? lines_find(&subscription->lines, record->seq) : NULL;

        if (entry)
            dispatch_away(broker, record, entry, false);
    }
}

/* One record, oldest first: 1 ends the walk. Its rows go with it. */
static int sweep_record(void *context, uint64_t seq, struct bytes journal)
{
    struct sweep *sweep = context;
    struct broker *broker = sweep->broker;
    struct record *record;

    if (sweep->left == 0 || seq > sweep->may_go)
        return 1;
    int r = record_parse(journal, seq, &record);
    if (r < 0)
        return r;
    bool is_over = record->accepted_ms + retention_of(broker, &record->channel) <= broker->now_ms;
    arena_reset(&broker->scratch);
    if (is_over)
        r = ledger_prune(&broker->ledger, record, broker->now_ms);
    if (is_over && r >= 0)
        let_go(broker, record);
    record_unref(record);
    if (!is_over || r < 0)
        return r < 0 ? r : 1;
    sweep->up_to = seq;
    sweep->left--;
    broker->tally.pruned++;
    return 0;
}

/* What is over is in the journal no more, so it is nowhere: nobody is handed it from memory. */
static void forget(struct broker *broker, uint64_t up_to)
{
    live_forget(&broker->live, up_to);
    list_for_each (node, &broker->subscriptions) {
        struct subscription *subscription = container_of(node, struct subscription, link);

        if (subscription->cursor <= up_to)
            subscription->cursor = up_to + 1;
    }
}

/* As fast as records come in, and faster: whatever the load is, the store does not grow beyond its retention. */
static uint64_t share_of_tick(struct broker *broker)
{
    uint64_t head = broker->tables.ops->head(broker->tables.owner);
    uint64_t n = (head - broker->pruned_head) * GATEWAY_PRUNE_PER_NEW;

    if (broker->pruned_head == 0 || n < GATEWAY_PRUNE_RECORDS)
        n = GATEWAY_PRUNE_RECORDS;
    broker->pruned_head = head;
    return n < GATEWAY_PRUNE_RECORDS_MAX ? n : GATEWAY_PRUNE_RECORDS_MAX;
}

/* Drops what its channel need not keep any longer, oldest first: one walk over the journal from its tail. */
static void prune_records(struct broker *broker, uint64_t n_most)
{
    struct tables *tables = &broker->tables;
    uint64_t tail = tables->ops->tail(tables->owner);
    struct sweep sweep = { .broker = broker, .left = n_most, .may_go = activity_floor(broker) };

    if (tail > broker->durable)
        return;
    int r = tables->ops->read(tables->owner, tail, sweep_record, &sweep);
    if (sweep.up_to > 0) {
        int trace = trace_prune(broker, tail, sweep.up_to);
        int pruned = tables->ops->prune(tables->owner, sweep.up_to, broker->now_ms);

        if (tables->failed == 0)
            tables->failed = trace < 0 ? trace : pruned < 0 ? -EIO : 0;
        forget(broker, sweep.up_to);
    }
    (void) r; /* a record that cannot be read stays, and what comes after it */
}

uint64_t retention_longest_ms(const struct broker *broker)
{
    uint64_t longest_ms = 0;

    for (size_t i = 0; i < broker->members->n_channels; i++)
        if (broker->members->channels[i].retention_ms > longest_ms)
            longest_ms = broker->members->channels[i].retention_ms;
    return longest_ms;
}

/* A grant may go when no record can be left that was sealed under it. */
static void prune_grants(struct broker *broker)
{
    uint64_t longest_ms =
        retention_longest_ms(broker); /* what a channel left that is gone is kept for the usual time */
    uint64_t keep_ms = (longest_ms > GATEWAY_RETENTION_MS ? longest_ms : GATEWAY_RETENTION_MS) + SLOW_PRUNE_MS;
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
    uint64_t last, ids[GATEWAY_LETTERS_PER_TICK];
    size_t n, n_seen;
};

static int collect_old(void *context, const struct dead_letter *letter)
{
    struct old_letters *old = context;
    uint64_t keep_ms = retention_of(old->broker, &letter->channel);

    if (letter->is_pruned && letter->since_ms + keep_ms < old->broker->now_ms)
        old->ids[old->n++] = letter->id;
    old->last = letter->id;
    return ++old->n_seen == GATEWAY_LETTERS_PER_TICK;
}

/* A letter whose envelope is gone is remembered for one more retention. They are gone through a piece per tick, again and
 * again: however many there are, as many go as come. */
static void prune_letters(struct broker *broker)
{
    struct old_letters old = { .broker = broker };

    if (broker->letters_seen == 0 && broker->now_ms - broker->letters_seen_ms < SLOW_PRUNE_MS)
        return;
    int r = dead_scan(&broker->tables, NULL, broker->letters_seen, collect_old, &old);
    if (r < 0)
        return;
    for (size_t i = 0; i < old.n; i++)
        dead_delete(&broker->tables, old.ids[i]);
    broker->letters_seen = r > 0 ? old.last : 0;
    broker->letters_seen_ms = broker->now_ms;
}

void retention_prune(struct broker *broker)
{
    prune_records(broker, share_of_tick(broker));
    prune_letters(broker);
    if (broker->now_ms - broker->slow_pruned_ms < SLOW_PRUNE_MS)
        return;
    broker->slow_pruned_ms = broker->now_ms;
    prune_grants(broker);
}

void retention_relieve(struct broker *broker)
{
    bool is_full = broker->trouble == -ENOSPC || broker->trouble == -EDQUOT;
    uint64_t tail = broker->tables.ops->tail(broker->tables.owner);

    if (!is_full || broker->n_relieved >= GATEWAY_RELIEF_RECORDS ||
        (broker->now_ms >= broker->relieved_ms && broker->now_ms < broker->relieved_ms + GATEWAY_RELIEF_MS))
        return;
    broker->relieved_ms = broker->now_ms;
    prune_records(broker, GATEWAY_RELIEF_RECORDS - broker->n_relieved);
    uint64_t n = broker->tables.ops->tail(broker->tables.owner) - tail;
    broker->n_relieved += n;
    broker->has_relief = broker->has_relief || n > 0;
}
