/* The broker's life: peers come and go, time passes, the store answers. The rules are in the files around it.
 */
#include "core/broker.h"

#include <errno.h>
#include <stdlib.h>

#include "core/abilities.h"
#include "core/away.h"
#include "core/publish.h"
#include "core/retention.h"
#include "wire/limits.h"

int broker_init(struct broker *broker, const struct tables *tables, const struct broker_options *options,
                const struct broker_events *events)
{
    uint64_t seed;

    *broker = (struct broker){ .tables = *tables,
                               .options = *options,
                               .events = *events,
                               .scratch = ARENA_EMPTY(GATEWAY_SCRATCH_BYTES),
                               .header = ARENA_EMPTY(GATEWAY_SCRATCH_BYTES) };
    live_init(&broker->live);
    tables->ops->random(tables->owner, &seed, sizeof(seed));
    broker->by_name = MAP_EMPTY(GATEWAY_SUBSCRIPTIONS_MAX, seed);
    broker->by_reader = MAP_EMPTY(GATEWAY_SUBSCRIPTIONS_MAX, seed);
    broker->grants = MAP_EMPTY((size_t) 1 << 20, seed);
    broker->away = MAP_EMPTY((size_t) 1 << 20, seed);
    list_init(&broker->peers);
    list_init(&broker->subscriptions);
    list_init(&broker->holds);
    directory_init(&broker->directory, &broker->tables, &broker->scratch, options->directory_cache);
    activity_init(&broker->activity);
    audit_init(&broker->audit, &broker->tables);
    broker->ledger = (struct ledger){ &broker->tables, &broker->scratch, &broker->audit, &broker->directory };
    broker->durable = tables->ops->durable(tables->owner);
    broker->targets = calloc(GATEWAY_TARGETS_MAX, sizeof(*broker->targets));
    return broker->targets ? 0 : -ENOMEM;
}

static void free_values(struct map *map)
{
    struct bytes key;
    void *value;

    for (size_t at = 0; map_next(map, &at, &key, &value);)
        free(value);
    map_deinit(map);
}

void broker_deinit(struct broker *broker)
{
    list_for_each_safe (node, after, &broker->peers)
        broker_peer_gone(broker, container_of(node, struct peer, link));
    list_for_each_safe (node, after, &broker->subscriptions)
        subscription_free(broker, container_of(node, struct subscription, link));
    free_values(&broker->grants);
    free_values(&broker->away);
    map_deinit(&broker->by_name);
    map_deinit(&broker->by_reader);
    activity_deinit(&broker->activity);
    directory_deinit(&broker->directory);
    audit_deinit(&broker->audit);
    live_deinit(&broker->live);
    arena_deinit(&broker->scratch);
    arena_deinit(&broker->header);
    members_free(broker->members);
    free(broker->targets);
}

static int load_grant(void *context, struct bytes key, struct bytes value)
{
    struct broker *broker = context;
    struct grant_facts *facts = calloc(1, sizeof(*facts));
    struct cursor at = { value };
    struct bytes service, channel;

    if (!facts)
        return -ENOMEM;
    facts->key_id = id_from(key);
    if (cursor_take(&at, ID_BYTES, &service) < 0 || cursor_take(&at, ID_BYTES, &channel) < 0 ||
        cursor_u64(&at, &facts->roster_version) < 0 || cursor_u64(&at, &facts->not_after_ms) < 0 ||
        cursor_u64(&at, &facts->max_seq) < 0) {
        free(facts);
        return -EBADMSG;
    }
    facts->service = id_from(service);
    facts->channel = id_from(channel);
    int r = map_set(&broker->grants, key, facts);
    if (r < 0)
        free(facts);
    return r;
}

/* Translators get their subscriptions with the roster, not with their first visit: nothing for them is ever missed. */
static int open_readers(struct broker *broker)
{
    for (size_t i = 0; i < broker->members->n_channels; i++)
        for (size_t j = 0; j < broker->members->n_services; j++) {
            const struct channel *channel = &broker->members->channels[i];
            const struct service *service = &broker->members->services[j];

            if ((service->role & MEMBER_TRANSLATOR) && service_set_has(&channel->readers, service) &&
                !subscription_of_reader(broker, &channel->id, &service->id))
                return -ENOMEM;
        }
    return 0;
}

int broker_set_members(struct broker *broker, struct members **members)
{
    bool is_first = !broker->members;

    members_free(broker->members);
    broker->members = *members;
    *members = NULL;
    if (is_first) {
        int r =
            broker->tables.ops->scan(broker->tables.owner, TABLE_GRANTS, BYTES_EMPTY, BYTES_EMPTY, load_grant, broker);

        if (r == 0)
            r = subscription_load_all(broker);
        if (r == 0)
            r = activity_replay(broker);
        if (r < 0)
            return r;
    }
    int r = abilities_sweep(broker);
    return r < 0 ? r : open_readers(broker);
}

int broker_record(struct broker *broker, uint64_t seq, struct record **ret)
{
    struct record *record = live_get(&broker->live, seq);
    struct bytes journal;

    if (record) {
        *ret = record_ref(record);
        return 0;
    }
    int r = broker->tables.ops->record(broker->tables.owner, seq, &broker->scratch, &journal);
    return r < 0 ? r : record_parse(journal, seq, ret);
}

void broker_shift(uint64_t *at_ms, int64_t by_ms)
{
    if (*at_ms > 0)
        *at_ms = by_ms < 0 && *at_ms <= (uint64_t) -by_ms ? 1 : *at_ms + (uint64_t) by_ms;
}

static void shift_lines(const struct lines *lines, int64_t by_ms)
{
    struct bytes key;
    void *value;

    list_for_each (node, &lines->asleep) {
        struct line *line = container_of(node, struct line, in_ready);

        /* The clock of an earlier life may have been right, and what is set right now the one this life began with. */
        if (by_ms < 0 || !line->is_from_before)
            broker_shift(&line->not_before_ms, by_ms);
    }
    for (size_t at = 0; map_next(&lines->by_seq, &at, &key, &value);) {
        struct entry *entry = value;

        broker_shift(&entry->until_ms, by_ms);
        broker_shift(&entry->retry_at_ms, by_ms);
    }
}

void broker_clock_set(struct broker *broker, int64_t by_ms)
{
    list_for_each (node, &broker->subscriptions) {
        struct subscription *subscription = container_of(node, struct subscription, link);

        shift_lines(&subscription->lines, by_ms);
        dispatch_clock_set(broker, subscription);
    }
    list_for_each (node, &broker->holds)
        broker_shift(&container_of(node, struct hold, in_all)->until_ms, by_ms);
    broker_shift(&broker->now_ms, by_ms);
}

void broker_tick(struct broker *broker, uint64_t now_ms)
{
    broker->now_ms = now_ms;
    directory_turn(&broker->directory);
    if (!broker->members)
        return;
    if (broker->is_troubled) {
        retention_relieve(broker);
        return;
    }
    list_for_each (node, &broker->subscriptions) {
        struct subscription *subscription = container_of(node, struct subscription, link);

        if (subscription->targets)
            dispatch_tick(broker, subscription);
    }
    publish_held(broker);
    retention_prune(broker);
}

void broker_peer_join(struct broker *broker, struct peer *peer)
{
    list_init(&peer->seats);
    list_append(&broker->peers, &peer->link);
}

void broker_peer_gone(struct broker *broker, struct peer *peer)
{
    hold_peer_gone(broker, peer);
    list_for_each_safe (node, after, &peer->seats)
        subscription_unseat(broker, container_of(node, struct seat, in_peer));
    list_remove(&peer->link);
}

void broker_peer_credit(struct broker *broker, struct peer *peer, uint64_t envelopes, uint64_t bytes)
{
    const uint64_t caps[2] = { BUS_CREDIT_MAX, BUS_CREDIT_MAX_BYTES };

    (void) broker;
    peer_credit(peer, envelopes, bytes, caps);
}

void broker_flush(struct broker *broker)
{
    activity_flush(broker);
    audit_flush(&broker->audit);
    list_for_each (node, &broker->subscriptions) {
        struct subscription *subscription = container_of(node, struct subscription, link);

        if (subscription->is_dirty)
            subscription_save(broker, subscription);
    }
}

bool broker_pump(struct broker *broker)
{
    bool has_more = false;

    broker->durable = broker->tables.ops->durable(broker->tables.owner);
    if (broker->is_troubled)
        return false;
    list_for_each (node, &broker->subscriptions) {
        struct subscription *subscription = container_of(node, struct subscription, link);

        if (!subscription->targets)
            has_more |= all_pump(broker, subscription);
        else if (!broker->is_waking)
            has_more |= dispatch_pump(broker, subscription);
    }
    return has_more;
}

void broker_trouble(struct broker *broker, int error)
{
    broker->is_troubled = error < 0;
    if (error == 0)
        broker->n_relieved = 0;
    broker->trouble = error;
}

int broker_grant(struct broker *broker, const struct grant_facts *facts, struct bytes grant)
{
    struct grant_facts *copy = map_get(&broker->grants, id_bytes(&facts->key_id));

    if (!copy) {
        copy = malloc(sizeof(*copy));
        if (!copy)
            return -ENOMEM;
        int r = map_set(&broker->grants, id_bytes(&facts->key_id), copy);
        if (r < 0) {
            free(copy);
            return r;
        }
    }
    *copy = *facts;
    arena_reset(&broker->scratch);
    size_t room = 2 * ID_BYTES + 24 + grant.size;
    struct writer to = writer_make(arena_alloc(&broker->scratch, room), room);
    if (!to.data)
        return -ENOMEM;
    writer_put(&to, id_bytes(&facts->service));
    writer_put(&to, id_bytes(&facts->channel));
    writer_u64(&to, facts->roster_version);
    writer_u64(&to, facts->not_after_ms);
    writer_u64(&to, facts->max_seq);
    writer_put(&to, grant);
    tables_put(&broker->tables, TABLE_GRANTS, id_bytes(&facts->key_id), writer_bytes(&to));
    return to.overflow ? -EMSGSIZE : 0;
}

int broker_grant_bytes(struct broker *broker, const struct id *key_id, struct bytes *ret)
{
    struct bytes row;

    arena_reset(&broker->scratch);
    int r = tables_get(&broker->tables, TABLE_GRANTS, id_bytes(key_id), &broker->scratch, &row);
    if (r < 0)
        return r;
    *ret = bytes_slice(row, 2 * ID_BYTES + 24, row.size);
    return 0;
}
