/* Walks everything that waits, each target once: memory before rows before the journal. */
#include "core/pending.h"

#include <errno.h>

#include "core/parking.h"

#define ROWS_AT_ONCE 64

struct walk {
    struct broker *broker;
    const struct id *channel;
    const struct subscription *orphan; /* of a service no longer in the roster: the one furthest behind */
    uint64_t tail, steps_left, targets;
    bool is_cut;
};

static bool take_step(struct walk *walk)
{
    walk->is_cut = walk->is_cut || walk->steps_left == 0;
    walk->steps_left -= !walk->is_cut;
    return !walk->is_cut;
}

/* Pruned records took their targets with them, whatever still points there. */
static bool is_kept(const struct walk *walk, uint64_t seq)
{
    return seq >= walk->tail;
}

/* 1, or 0 when it has ended. */
static int open_one(struct walk *walk, uint64_t seq, uint32_t target)
{
    struct ending ending;
    int r = ledger_ending(&walk->broker->ledger, seq, target, &ending);

    return r == -ENOENT ? 1 : r < 0 ? r : 0;
}

static int count_open(struct walk *walk, uint64_t seq, const struct target_set *set)
{
    for (uint32_t i = 0; i < GATEWAY_TARGETS_MAX; i++) {
        if (!target_set_has(set, i))
            continue;
        int r = open_one(walk, seq, i);
        if (r < 0)
            return r;
        walk->targets += (unsigned) r;
    }
    return 0;
}

static void count_memory(struct walk *walk, const struct subscription *subscription)
{
    struct bytes key;
    void *value;

    for (size_t at = 0; map_next(&subscription->lines.by_seq, &at, &key, &value);) {
        const struct entry *entry = value;

        if (!take_step(walk))
            return;
        for (uint32_t i = 0; is_kept(walk, entry->seq) && i < GATEWAY_TARGETS_MAX; i++)
            walk->targets += target_set_has(&entry->left, i);
    }
}

static int count_rows(struct walk *walk, const struct subscription *subscription)
{
    struct parked rows[ROWS_AT_ONCE];
    struct parking_place place = { .seq = 0 };

    for (;;) {
        arena_reset(&walk->broker->scratch);
        int n = parking_walk(walk->broker, subscription, &place, rows, ROWS_AT_ONCE);
        for (int i = 0; i < n; i++) {
            if (!take_step(walk))
                return 0;
            arena_reset(&walk->broker->scratch);
            if (!is_kept(walk, rows[i].seq) || lines_find(&subscription->lines, rows[i].seq))
                continue;
            int r = count_open(walk, rows[i].seq, &rows[i].left);
            if (r < 0)
                return r;
        }
        if (n < ROWS_AT_ONCE)
            return n < 0 ? n : 0;
    }
}

/* A record the cursor has not come to may be in a line all the same: from an earlier life, or put back by hand. */
static bool waits_elsewhere(struct walk *walk, const struct subscription *subscription, const struct record *record)
{
    struct parked row;

    return lines_find(&subscription->lines, record->seq) ||
           (record->seq <= subscription->unsure &&
            parking_get(walk->broker, subscription, &record->room, record->seq, &row) == 0);
}

/* The subscription's part of the record. What belongs to no service any more waits where the last owner stopped. */
static struct target_set part_of(const struct walk *walk, const struct subscription *subscription,
                                 const struct record *record)
{
    struct cursor at = { record->targets };
    struct target_set set = { { 0 } };
    struct record_target target;

    if (members_service(walk->broker->members, &subscription->service))
        return dispatch_targets(walk->broker, subscription, record);
    for (uint32_t i = 0; subscription == walk->orphan && record_next_target(&at, &target); i++)
        if (!members_owner(walk->broker->members, target.account))
            target_set_add(&set, i);
    return set;
}

static int count_record(struct walk *walk, const struct subscription *subscription, const struct record *record)
{
    if (record->n_targets == 0 || !id_equal(&record->channel, walk->channel))
        return 0;
    struct target_set set = part_of(walk, subscription, record);
    if (target_set_is_empty(&set) || waits_elsewhere(walk, subscription, record))
        return 0;
    return count_open(walk, record->seq, &set);
}

static int count_journal(struct walk *walk, const struct subscription *subscription)
{
    struct broker *broker = walk->broker;
    uint64_t head = broker->tables.ops->head(broker->tables.owner);

    for (uint64_t seq = subscription->cursor < walk->tail ? walk->tail : subscription->cursor; seq <= head; seq++) {
        struct record *record;

        if (!take_step(walk))
            return 0;
        arena_reset(&broker->scratch);
        int r = broker_record(broker, seq, &record);
        if (r == -ENOENT)
            continue;
        if (r < 0)
            return r;
        r = count_record(walk, subscription, record);
        record_unref(record);
        if (r < 0)
            return r;
    }
    return 0;
}

static const struct subscription *find_orphan(const struct broker *broker, const struct id *channel)
{
    const struct subscription *orphan = NULL;

    list_for_each (node, &broker->subscriptions) {
        const struct subscription *subscription = container_of(node, struct subscription, link);

        if (subscription->targets && id_equal(&subscription->channel, channel) &&
            !members_service(broker->members, &subscription->service) &&
            (!orphan || subscription->cursor < orphan->cursor))
            orphan = subscription;
    }
    return orphan;
}

int pending_count(struct broker *broker, const struct id *channel, uint64_t steps_max, struct pending *ret)
{
    struct walk walk = { .broker = broker,
                         .channel = channel,
                         .orphan = find_orphan(broker, channel),
                         .tail = broker->tables.ops->tail(broker->tables.owner),
                         .steps_left = steps_max };

    list_for_each (node, &broker->subscriptions) {
        const struct subscription *subscription = container_of(node, struct subscription, link);

        if (!subscription->targets || !id_equal(&subscription->channel, channel))
            continue;
        count_memory(&walk, subscription);
        int r = count_rows(&walk, subscription);
        if (r == 0)
            r = count_journal(&walk, subscription);
        if (r < 0)
            return r;
    }
    *ret = (struct pending){ walk.targets, !walk.is_cut };
    return 0;
}

bool pending_adds_up(const struct counts *counts, const struct pending *pending)
{
    uint64_t sum = counts->sent + counts->bounced + counts->dead + pending->targets;

    if (counts->received != counts->published + counts->duplicate + counts->rejected)
        return false;
    return pending->is_whole ? sum == counts->targets : sum <= counts->targets;
}
