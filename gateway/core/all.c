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

/* Whether a room may be this seat's. One that drains takes no new rooms and keeps those of which something is with it:
 * elsewhere the new would overtake what it gives back. */
static bool may_have(const struct window *window, struct seat *seat, uint32_t room_hash)
{
    if (!seat->peer->is_draining)
        return true;
    if (seat->n_out + seat->n_waiting == 0)
        return false;
    if (!seat->knows_rooms)
        window_note_rooms(window, seat);
    return seat_has_room(seat, room_hash);
}

/* The seat with the highest number for this room: when one leaves, only its rooms move. */
static struct seat *pick(const struct subscription *subscription, uint32_t room_hash)
{
    struct seat *best = NULL;
    uint32_t best_weight = 0;

    list_for_each (node, &subscription->seats) {
        struct seat *seat = container_of(node, struct seat, in_subscription);
        uint32_t weight = mix(room_hash, (uint32_t) bytes_hash(bytes_make(seat->peer->replica, REPLICA_BYTES)));

        if (!may_have(&subscription->window, seat, room_hash))
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

/* What waits for a draining seat goes to others as soon as nothing is out there. */
static void prepare_seats(struct subscription *subscription)
{
    list_for_each (node, &subscription->seats) {
        struct seat *seat = container_of(node, struct seat, in_subscription);

        seat->is_blocked = false;
        if (seat->peer->is_draining && seat->n_out == 0 && seat->n_waiting > 0) {
            window_seat_gone(&subscription->window, seat);
            seat->n_waiting = 0;
        }
    }
}

/* False: something waits for which there is nobody, or which cannot be read for now: nothing may overtake it. */
static bool hand_waiting(struct broker *broker, struct subscription *subscription)
{
    struct window *window = &subscription->window;

    prepare_seats(subscription);
    for (size_t i = 0; i < window->count && window->n_waiting > 0; i++) {
        struct flight *flight = window_at(window, i);
        struct record *record;

        if (flight->state != FLIGHT_WAITING)
            continue;
        if (!flight->seat) {
            flight->seat = pick(subscription, flight->room_hash);
            if (!flight->seat)
                return false;
            flight->seat->n_waiting++;
        }
        if (flight->seat->is_blocked || !may_hand(subscription, flight)) {
            flight->seat->is_blocked = true; /* its later ones must not overtake */
            continue;
        }
        arena_reset(&broker->scratch);
        int r = broker_record(broker, flight->seq, &record);
        if (r < 0 && !broker_record_is_gone(r))
            return false;
        if (r < 0) { /* pruned meanwhile; with it may go what is done behind it */
            size_t count = window->count;

            window_ack(window, flight->seq, 1);
            size_t n_gone = count - window->count;
            i = n_gone > i ? SIZE_MAX : i - n_gone; /* the next is the one behind it */
            continue;
        }
        hand(broker, subscription, flight, record);
        record_unref(record);
    }
    return true;
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

bool all_pump(struct broker *broker, struct subscription *subscription)
{
    unsigned n = 0;

    if (subscription->n_seats == 0)
        return false;
    if (subscription->window.n_waiting > 0 && !hand_waiting(broker, subscription))
        return false;
    struct seat *only = subscription->n_seats == 1
                            ? container_of(list_first(&subscription->seats), struct seat, in_subscription)
                            : NULL;
    for (; n < GATEWAY_PUMP_RECORDS; n++) {
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
    return n == GATEWAY_PUMP_RECORDS;
}

void all_ack(struct subscription *subscription, uint64_t first, uint64_t count)
{
    if (window_ack(&subscription->window, first, count) == 0)
        return;
    move_floor(subscription);
    subscription->is_dirty = true;
}
