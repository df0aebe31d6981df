/* Subscriptions: found, made, saved, read ahead for. Never hands anything out.
 */
#include "core/subscription.h"

#include <errno.h>
#include <stdlib.h>

#include "core/broker.h"

static struct key row_key(const struct subscription *subscription)
{
    struct key key = { .size = 0 };

    key_put(&key, id_bytes(&subscription->channel));
    key_put(&key, id_bytes(&subscription->service));
    key_put(&key, bytes_of_text(subscription->name));
    return key;
}

/* Names may be longer than a map's key: channel and service are folded. */
static struct key name_key(const struct id *channel, const struct id *service, struct bytes name)
{
    struct key key = { .size = 0 };
    struct key ids = { .size = 0 };

    key_put(&ids, id_bytes(channel));
    key_put(&ids, id_bytes(service));
    key_u64(&key, bytes_hash(key_bytes(&ids)));
    key_put(&key, bytes_slice(name, 0, MAP_KEY_MAX_BYTES - 16));
    key_u64(&key, bytes_hash(name));
    return key;
}

static struct key reader_key(const struct id *channel, const struct id *service)
{
    struct key key = { .size = 0 };

    key_put(&key, id_bytes(channel));
    key_put(&key, id_bytes(service));
    return key;
}

bool subscription_is_known(const struct broker *broker, const struct id *channel, const struct id *service,
                           struct bytes name)
{
    struct key key = name_key(channel, service, name);

    return map_get(&broker->by_name, key_bytes(&key)) != NULL;
}

unsigned subscription_count(const struct broker *broker, const struct id *service)
{
    unsigned n = 0;

    list_for_each (node, &broker->subscriptions) {
        const struct subscription *subscription = container_of(node, struct subscription, link);

        n += subscription->is_durable && !subscription->targets && id_equal(&subscription->service, service);
    }
    return n;
}

int subscription_open(struct broker *broker, const struct id *channel, const struct id *service, struct bytes name,
                      struct subscription **ret)
{
    struct key key = name_key(channel, service, name);
    struct subscription *subscription = name.size > 0 ? map_get(&broker->by_name, key_bytes(&key)) : NULL;

    if (subscription) {
        *ret = subscription;
        return 0;
    }
    subscription = calloc(1, sizeof(*subscription));
    if (!subscription)
        return -ENOMEM;
    if (bytes_copy(name, subscription->name, GATEWAY_NAME_MAX_BYTES) < 0) {
        free(subscription);
        return -EMSGSIZE;
    }
    subscription->channel = *channel;
    subscription->service = *service;
    subscription->is_durable = name.size > 0;
    list_init(&subscription->seats);
    lines_init(&subscription->lines);
    int r = name.size > 0 ? map_set(&broker->by_name, key_bytes(&key), subscription) : 0;
    if (r < 0) {
        free(subscription);
        return r;
    }
    list_append(&broker->subscriptions, &subscription->link);
    *ret = subscription;
    return 0;
}

static void drop_ahead(struct subscription *subscription)
{
    for (size_t i = 0; i < subscription->n_ahead; i++)
        record_unref(subscription->ahead[i]);
    subscription->n_ahead = subscription->at_ahead = subscription->ahead_bytes = 0;
}

struct subscription *subscription_free(struct broker *broker, struct subscription *subscription)
{
    struct bytes name = bytes_of_text(subscription->name);
    struct key key = name_key(&subscription->channel, &subscription->service, name);

    if (name.size > 0)
        map_remove(&broker->by_name, key_bytes(&key));
    list_remove(&subscription->link);
    drop_ahead(subscription);
    window_deinit(&subscription->window);
    lines_deinit(&subscription->lines);
    rest_deinit(&subscription->rest);
    free(subscription);
    return NULL;
}

struct subscription *subscription_of_reader(struct broker *broker, const struct id *channel, const struct id *service)
{
    struct key key = reader_key(channel, service);
    struct subscription *subscription = map_get(&broker->by_reader, key_bytes(&key));

    if (subscription)
        return subscription;
    if (subscription_open(broker, channel, service, bytes_of_text("\x01targets"), &subscription) < 0)
        return NULL;
    if (map_set(&broker->by_reader, key_bytes(&key), subscription) < 0)
        return subscription_free(broker, subscription);
    subscription->targets = true;
    subscription->cursor = broker->tables.ops->tail(broker->tables.owner);
    if (subscription->cursor == 0)
        subscription->cursor = 1;
    subscription->floor = subscription->cursor - 1;
    /* These accounts may have been another's before: what he sent is settled, and what he had in hand may be sent. */
    subscription->unsure = broker->tables.ops->head(broker->tables.owner);
    subscription->is_dirty = true;
    return subscription;
}

void subscription_save(struct broker *broker, struct subscription *subscription)
{
    struct key key = row_key(subscription);
    uint8_t row[1 + 8 + 8 + 2 + GATEWAY_HELD_MAX * 16];
    struct writer to = writer_make(row, sizeof(row));
    const struct window *window = &subscription->window;
    struct run run = { 0 };
    size_t n_runs = 0;

    subscription->is_dirty = false;
    if (!subscription->is_durable)
        return;
    writer_u8(&to, subscription->targets);
    writer_u64(&to, subscription->floor);
    for (size_t i = 0; i < window->count && n_runs < GATEWAY_GAPS_STORED; i++) {
        const struct flight *flight = window_at(window, i);

        if (flight->state == FLIGHT_DONE && run.count++ == 0)
            run.first = flight->seq;
        if (run.count > 0 && (flight->state != FLIGHT_DONE || i + 1 == window->count)) {
            uint64_t end = flight->state == FLIGHT_DONE ? flight->seq + 1 : flight->seq;

            writer_u64(&to, run.first);
            writer_u64(&to, end - run.first);
            run.count = 0;
            n_runs++;
        }
    }
    if (subscription->targets)
        rest_write(broker, subscription, &to);
    tables_put(&broker->tables, TABLE_SUBSCRIPTIONS, key_bytes(&key), writer_bytes(&to));
    subscription->saved = subscription->floor;
}

static int load_one(void *context, struct bytes key, struct bytes value)
{
    struct broker *broker = context;
    struct cursor key_at = { key }, at = { value };
    struct bytes channel_bytes, service_bytes;
    struct subscription *subscription;
    uint8_t targets;
    uint64_t floor;

    if (cursor_take(&key_at, ID_BYTES, &channel_bytes) < 0 || cursor_take(&key_at, ID_BYTES, &service_bytes) < 0 ||
        cursor_u8(&at, &targets) < 0 || cursor_u64(&at, &floor) < 0)
        return -EBADMSG;
    struct id channel = id_from(channel_bytes), service = id_from(service_bytes);
    if (targets)
        subscription = subscription_of_reader(broker, &channel, &service);
    else if (subscription_open(broker, &channel, &service, key_at.rest, &subscription) < 0)
        subscription = NULL;
    if (!subscription)
        return -ENOMEM;
    subscription->floor = subscription->saved = floor;
    subscription->cursor = floor + 1;
    subscription->unsure = broker->tables.ops->head(broker->tables.owner);
    subscription->is_dirty = false;
    if (targets)
        return rest_read(broker, subscription, &at);
    while (at.rest.size > 0 && subscription->n_gaps < GATEWAY_GAPS_STORED) {
        struct run *gap = &subscription->gaps[subscription->n_gaps++];

        if (cursor_u64(&at, &gap->first) < 0 || cursor_u64(&at, &gap->count) < 0)
            return -EBADMSG;
    }
    return 0;
}

int subscription_load_all(struct broker *broker)
{
    int r =
        broker->tables.ops->scan(broker->tables.owner, TABLE_SUBSCRIPTIONS, BYTES_EMPTY, BYTES_EMPTY, load_one, broker);

    if (r < 0)
        return r;
    list_for_each (node, &broker->subscriptions) {
        struct subscription *subscription = container_of(node, struct subscription, link);

        if (subscription->targets)
            dispatch_load(broker, subscription);
    }
    return 0;
}

static int read_one(void *context, uint64_t seq, struct bytes journal)
{
    struct subscription *subscription = context;
    struct record *record;
    int r = record_parse(journal, seq, &record);

    if (r < 0)
        return r;
    subscription->ahead[subscription->n_ahead++] = record;
    subscription->ahead_bytes += record->size;
    return subscription->n_ahead == GATEWAY_CATCH_UP_RECORDS || subscription->ahead_bytes >= GATEWAY_CATCH_UP_BYTES;
}

struct record *subscription_peek(struct broker *broker, struct subscription *subscription)
{
    if (subscription->cursor > broker->durable)
        return NULL;
    struct record *record = live_get(&broker->live, subscription->cursor);
    if (record) {
        if (subscription->n_ahead > 0)
            drop_ahead(subscription);
        return record;
    }
    while (subscription->at_ahead < subscription->n_ahead &&
           subscription->ahead[subscription->at_ahead]->seq < subscription->cursor)
        subscription->at_ahead++;
    if (subscription->at_ahead == subscription->n_ahead) {
        drop_ahead(subscription);
        int r = broker->tables.ops->read(broker->tables.owner, subscription->cursor, read_one, subscription);
        if (r < 0 || subscription->n_ahead == 0)
            return NULL;
    }
    record = subscription->ahead[subscription->at_ahead];
    subscription->cursor = record->seq; /* what lies between is pruned */
    return record;
}

/* The last sequence accepted before `at_ms`. */
static uint64_t seq_at(struct broker *broker, uint64_t at_ms)
{
    uint64_t low = broker->tables.ops->tail(broker->tables.owner);
    uint64_t high = broker->tables.ops->head(broker->tables.owner) + 1;

    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        struct record *record;

        arena_reset(&broker->scratch);
        if (broker_record(broker, middle, &record) < 0)
            return high - 1;
        bool is_before = record->accepted_ms < at_ms;
        record_unref(record);
        if (is_before)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 ? low - 1 : 0;
}

uint64_t subscription_start(struct broker *broker, int start, uint64_t start_at)
{
    uint64_t head = broker->tables.ops->head(broker->tables.owner);
    uint64_t tail = broker->tables.ops->tail(broker->tables.owner);

    switch (start) {
    case START_AT_EARLIEST:
        return tail > 0 ? tail - 1 : 0;
    case START_AT_SEQ:
        return start_at == 0 ? 0 : start_at - 1 < head ? start_at - 1 : head;
    case START_AT_TIME:
        return seq_at(broker, start_at);
    default:
        return head;
    }
}

int subscription_seat(struct broker *broker, struct subscription *subscription, struct peer *peer, uint32_t handle,
                      struct seat **ret)
{
    struct seat *seat = calloc(1, sizeof(*seat));

    (void) broker;
    if (!seat)
        return -ENOMEM;
    seat->peer = peer;
    seat->subscription = subscription;
    seat->handle = handle;
    seat->joins_at = subscription->cursor;
    list_append(&peer->seats, &seat->in_peer);
    list_append(&subscription->seats, &seat->in_subscription);
    peer->n_seats++;
    subscription->n_seats++;
    *ret = seat;
    return 0;
}

void subscription_unseat(struct broker *broker, struct seat *seat)
{
    struct subscription *subscription = seat->subscription;

    list_remove(&seat->in_peer);
    list_remove(&seat->in_subscription);
    seat->peer->n_seats--;
    subscription->n_seats--;
    if (subscription->targets)
        dispatch_seat_gone(broker, seat);
    else
        window_seat_gone(&subscription->window, seat);
    free(seat);
    if (subscription->n_seats == 0)
        drop_ahead(subscription);
    if (subscription->n_seats == 0 && !subscription->is_durable)
        subscription_free(broker, subscription);
}
