/* What peers ask of their seats: subscribing and acknowledging; and dead letters put back. Never hands anything out.
 */
#include <errno.h>

#include "core/broker.h"
#include "core/dead.h"
#include "core/publish.h"
#include "wire/limits.h"

static int refuse(int error, const char *words, const char **ret_why)
{
    *ret_why = words;
    return error;
}

static struct seat *seat_of(const struct peer *peer, uint32_t handle)
{
    list_for_each (node, &peer->seats) {
        struct seat *seat = container_of(node, struct seat, in_peer);

        if (seat->handle == handle)
            return seat;
    }
    return NULL;
}

static int open_all(struct broker *broker, const struct peer *peer, const struct seat_wish *wish,
                    struct subscription **ret)
{
    struct subscription *subscription;
    if (wish->name.size > 0 && !subscription_is_known(broker, &wish->channel, &peer->service, wish->name) &&
        subscription_count(broker, &peer->service) >= GATEWAY_NAMES_PER_SERVICE)
        return -EDQUOT;
    int r = subscription_open(broker, &wish->channel, &peer->service, wish->name, &subscription);
    if (r < 0)
        return r;
    bool is_new = subscription->cursor == 0;
    if (subscription->n_seats == 0 && (is_new || wish->start != START_AT_SAVED)) {
        window_deinit(&subscription->window);
        subscription->n_gaps = 0;
        subscription->floor = subscription_start(broker, (int) wish->start, wish->start_at);
        subscription->cursor = subscription->floor + 1;
        subscription->is_dirty = true;
    }
    *ret = subscription;
    return 0;
}

int broker_subscribe(struct broker *broker, struct peer *peer, const struct seat_wish *wish, struct subscription **ret,
                     const char **ret_why)
{
    const struct channel *channel = members_channel(broker->members, &wish->channel);
    const struct service *service = members_service(broker->members, &peer->service);
    struct subscription *subscription = NULL;
    struct seat *seat;
    int r;

    if (!channel || !service || !service_set_has(&channel->readers, service))
        return refuse(-EACCES, "the roster does not make this service a reader of the channel", ret_why);
    if (wish->targets && !(service->role & MEMBER_TRANSLATOR))
        return refuse(-EACCES, "only translators take targets", ret_why);
    if (wish->name.size > GATEWAY_NAME_MAX_BYTES || (wish->name.size > 0 && wish->name.data[0] < ' '))
        return refuse(-EINVAL, "the subscription's name is too long or begins with a control character", ret_why);
    if (seat_of(peer, wish->handle))
        return refuse(-EEXIST, "the handle is taken", ret_why);
    if (peer->n_seats >= BUS_SUBSCRIPTIONS_MAX)
        return refuse(-ENOSPC, "too many subscriptions on one connection", ret_why);
    arena_reset(&broker->scratch);
    if (wish->targets) {
        subscription = subscription_of_reader(broker, &wish->channel, &peer->service);
        r = subscription ? 0 : -ENOMEM;
    } else {
        r = open_all(broker, peer, wish, &subscription);
    }
    if (r == 0)
        r = subscription_seat(broker, subscription, peer, wish->handle, &seat);
    if (r == -EDQUOT)
        return refuse(r, "this service has too many durable subscriptions: use the same name with every start",
                      ret_why);
    if (r < 0)
        return refuse(r, "no room for another subscription", ret_why);
    seat->ephemeral_too = wish->ephemeral_too;
    if (subscription->targets)
        dispatch_seat_back(seat);
    *ret = subscription;
    return 0;
}

int broker_ack_run(struct broker *broker, struct peer *peer, uint32_t handle, uint64_t first, uint64_t count)
{
    struct seat *seat = seat_of(peer, handle);

    (void) broker;
    if (!seat || seat->subscription->targets)
        return -ENOENT;
    all_ack(seat->subscription, first, count);
    return 0;
}

int broker_ack(struct broker *broker, struct peer *peer, uint32_t handle, uint64_t seq, const struct outcome *outcomes,
               size_t n_outcomes)
{
    struct seat *seat = seat_of(peer, handle);

    if (!seat || !seat->subscription->targets)
        return -ENOENT;
    int r = dispatch_ack(broker, seat->subscription, &(struct answer_item){ peer, seq, outcomes, n_outcomes });
    if (broker->n_holds > 0)
        publish_held(broker);
    return r;
}

static int retry_one(struct broker *broker, const struct id *channel, const struct dead_letter *letter)
{
    struct record_target target;
    struct record *record;

    arena_reset(&broker->scratch);
    if (letter->is_pruned || broker_record(broker, dead_seq(letter->id), &record) < 0)
        return -ESTALE;
    int r = -ENOENT;
    const struct service *owner = record_target_at(record, dead_target(letter->id), &target)
                                      ? members_owner(broker->members, target.account)
                                      : NULL;
    struct subscription *subscription = owner ? subscription_of_reader(broker, channel, &owner->id) : NULL;
    if (subscription)
        r = dispatch_retry(broker, subscription, record, dead_target(letter->id));
    if (r == 0)
        r = ledger_revive(&broker->ledger, record, dead_target(letter->id));
    record_unref(record);
    return r == 0 ? broker->tables.failed : r;
}

struct collection {
    struct dead_letter letters[BROKER_RETRY_AT_ONCE];
    size_t n;
};

static int collect(void *context, const struct dead_letter *letter)
{
    struct collection *collection = context;

    collection->letters[collection->n] = *letter;
    collection->letters[collection->n].account = collection->letters[collection->n].address =
        collection->letters[collection->n].reason = BYTES_EMPTY;
    return ++collection->n == BROKER_RETRY_AT_ONCE;
}

int broker_retry(struct broker *broker, const struct id *channel, uint64_t id)
{
    struct dead_letter letter;

    arena_reset(&broker->scratch);
    int r = dead_get(&broker->tables, &broker->scratch, id, &letter);
    if (r == 0 && !id_is_zero(channel) && !id_equal(&letter.channel, channel))
        r = -ENOENT;
    return r < 0 ? r : retry_one(broker, &letter.channel, &letter);
}

int broker_retry_some(struct broker *broker, const struct id *channel, uint64_t *after, uint64_t *ret_count)
{
    struct collection collection = { .n = 0 };
    int r = dead_scan(&broker->tables, channel, *after, collect, &collection);

    *ret_count = 0;
    for (size_t i = 0; r >= 0 && i < collection.n; i++) {
        int retried = retry_one(broker, channel, &collection.letters[i]);

        if (retried < 0 && broker->tables.failed < 0)
            return retried;
        *after = collection.letters[i].id;
        *ret_count += retried == 0;
    }
    return r;
}
