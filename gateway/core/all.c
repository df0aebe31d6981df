/* Hands out to ALL subscriptions: everything of the channel but the service's own, in journal order. Replicas share
 * the rooms by hash. Never waits for one seat while another has credit, as far as the window reaches.
 */
#include "core/broker.h"

static uint32_t mix(uint32_t a, uint32_t b)
{
    uint32_t hash = (a ^ (b * 0x9e3779b1u)) * 0x85ebca6bu;

    hash ^= hash >> 15;
    hash *= 0xc2b2ae35u;
    return hash ^ hash >> 13;
}

/* The seat with the highest number for this room: when one leaves, only its rooms move. */
static struct seat *pick(const struct subscription *subscription, uint32_t room_hash)
{
    struct seat *best = NULL;
    uint32_t best_weight = 0;

    list_for_each (node, &subscription->seats) {
        struct seat *seat = container_of(node, struct seat, in_subscription);
        uint32_t weight = mix(room_hash, (uint32_t) bytes_hash(bytes_make(seat->peer->replica, REPLICA_BYTES)));

        if (seat->peer->is_draining)
            continue;
        if (!best || weight > best_weight) {
            best = seat;
            best_weight = weight;
        }
    }
    return best;
}

static void hand(struct broker *broker, struct subscription *subscription, struct flight *flight,
                 const struct record *record)
{
    window_hand(&subscription->window, flight);
    peer_charge(flight->seat->peer, record->envelope.size);
    broker->tally.handed++;
    if (flight->attempt > 1)
        broker->tally.redelivered++;
    broker->events.on_hand(broker->events.owner, &(struct handing){ .seat = flight->seat,
                                                                    .seq = flight->seq,
                                                                    .attempt = flight->attempt,
                                                                    .maybe_sent = flight->attempt > 1,
                                                                    .front = record->front,
                                                                    .back = record->back });
}

/* A newcomer's first deliveries wait until all from before it came are dealt with: a room never has two holders. */
static bool may_hand(const struct subscription *subscription, const struct flight *flight)
{
    const struct seat *seat = flight->seat;

    return peer_can_take(seat->peer) && (flight->seq < seat->joins_at || subscription->floor + 1 >= seat->joins_at ||
                                         window_at(&subscription->window, 0)->seq >= seat->joins_at);
}

static void hand_waiting(struct broker *broker, struct subscription *subscription)
{
    struct window *window = &subscription->window;
    uint64_t blocked_hash = 0;

    for (size_t i = 0; i < window->count && window->n_waiting > 0; i++) {
        struct flight *flight = window_at(window, i);
        struct record *record;

        if (flight->state != FLIGHT_WAITING)
            continue;
        if (!flight->seat) {
            flight->seat = pick(subscription, flight->room_hash);
            if (!flight->seat)
                return;
            flight->seat->n_waiting++;
        }
        uint64_t bit = (uint64_t) 1 << (bytes_hash(bytes_make(flight->seat->peer->replica, REPLICA_BYTES)) % 64);
        if ((blocked_hash & bit) || !may_hand(subscription, flight)) {
            blocked_hash |= bit; /* the seat's later ones must not overtake */
            continue;
        }
        arena_reset(&broker->scratch);
        if (broker_record(broker, flight->seq, &record) < 0) { /* pruned meanwhile */
            window_ack(window, flight->seq, 1);
            return;
        }
        hand(broker, subscription, flight, record);
        record_unref(record);
    }
}

static bool is_done_already(struct subscription *subscription, uint64_t seq)
{
    for (size_t i = 0; i < subscription->n_gaps; i++)
        if (seq - subscription->gaps[i].first < subscription->gaps[i].count)
            return true;
    if (seq > subscription->unsure)
        subscription->n_gaps = 0;
    return false;
}

static void move_floor(struct subscription *subscription)
{
    uint64_t floor = window_floor(&subscription->window, subscription->cursor);

    if (floor > subscription->floor)
        subscription->floor = floor;
}

void all_pump(struct broker *broker, struct subscription *subscription)
{
    if (subscription->n_seats == 0)
        return;
    if (subscription->window.n_waiting > 0)
        hand_waiting(broker, subscription);
    struct seat *only = subscription->n_seats == 1
                            ? container_of(list_first(&subscription->seats), struct seat, in_subscription)
                            : NULL;
    for (;;) {
        struct record *record = subscription_peek(broker, subscription);

        if (!record)
            break;
        if (!id_equal(&record->channel, &subscription->channel) || id_equal(&record->service, &subscription->service)) {
            subscription->cursor = record->seq + 1;
            continue;
        }
        if (subscription->n_gaps > 0 && is_done_already(subscription, record->seq)) {
            if (!window_add(&subscription->window, record->seq, 0, NULL)) /* so that the next life knows it, too */
                break;
            (void) window_ack(&subscription->window, record->seq, 1);
            subscription->cursor = record->seq + 1;
            continue;
        }
        if (window_is_full(&subscription->window) ||
            (only && (!peer_can_take(only->peer) || subscription->window.n_waiting > 0)))
            break;
        uint32_t room_hash = (uint32_t) bytes_hash_fast(id_bytes(&record->room), 0);
        struct seat *seat = only ? only : pick(subscription, room_hash);
        if (!seat)
            break;
        struct flight *flight = window_add(&subscription->window, record->seq, room_hash, seat);
        if (!flight)
            break;
        subscription->cursor = record->seq + 1;
        if (seat->n_waiting == 1 && may_hand(subscription, flight))
            hand(broker, subscription, flight, record);
    }
    move_floor(subscription);
    if (subscription->window.count == 0 && subscription->floor > subscription->saved + GATEWAY_WINDOW)
        subscription->is_dirty = true;
}

void all_ack(struct subscription *subscription, uint64_t first, uint64_t count)
{
    if (window_ack(&subscription->window, first, count) == 0)
        return;
    move_floor(subscription);
    subscription->is_dirty = true;
}
