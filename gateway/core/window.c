/* The window's bookkeeping. Never hands anything out itself.
 */
#include "core/window.h"

#include <stdlib.h>

#include "gateway/limits.h"

#define FIRST_ROOM ((size_t) 256)

void window_deinit(struct window *window)
{
    free(window->ring);
    *window = WINDOW_EMPTY;
}

bool window_is_full(const struct window *window)
{
    return window->count >= GATEWAY_WINDOW;
}

static bool grow(struct window *window)
{
    size_t room = window->room ? window->room * 2 : FIRST_ROOM;
    struct flight *ring = calloc(room, sizeof(*ring));

    if (!ring)
        return false;
    for (size_t i = 0; i < window->count; i++)
        ring[i] = *window_at(window, i);
    free(window->ring);
    window->ring = ring;
    window->room = room;
    window->first = 0;
    return true;
}

struct flight *window_add(struct window *window, uint64_t seq, uint32_t room_hash, struct seat *seat)
{
    if (window_is_full(window) || (window->count == window->room && !grow(window)))
        return NULL;
    struct flight *flight = window_at(window, window->count++);
    *flight = (struct flight){ .seq = seq, .seat = seat, .room_hash = room_hash, .state = FLIGHT_WAITING };
    window->n_waiting++;
    if (seat)
        seat->n_waiting++;
    return flight;
}

void window_hand(struct window *window, struct flight *flight)
{
    flight->state = FLIGHT_OUT;
    flight->attempt++;
    flight->seat->n_waiting--;
    flight->seat->n_out++;
    window->n_waiting--;
}

/* Index of the first flight with this sequence or a later one. */
static size_t find(const struct window *window, uint64_t seq)
{
    size_t low = 0, high = window->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (window_at(window, middle)->seq < seq)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

size_t window_ack(struct window *window, uint64_t first, uint64_t count)
{
    size_t n_new = 0;

    for (size_t i = find(window, first); i < window->count; i++) {
        struct flight *flight = window_at(window, i);

        if (flight->seq - first >= count)
            break;
        if (flight->state == FLIGHT_DONE)
            continue;
        if (flight->state == FLIGHT_WAITING) {
            window->n_waiting--;
            if (flight->seat)
                flight->seat->n_waiting--;
        } else {
            flight->seat->n_out--;
        }
        flight->state = FLIGHT_DONE;
        flight->seat = NULL;
        n_new++;
    }
    while (window->count > 0 && window_at(window, 0)->state == FLIGHT_DONE) {
        window->first = (window->first + 1) & (window->room - 1);
        window->count--;
    }
    return n_new;
}

uint64_t window_floor(const struct window *window, uint64_t next)
{
    return (window->count > 0 ? window_at(window, 0)->seq : next) - 1;
}

void window_note_rooms(const struct window *window, struct seat *seat)
{
    for (size_t i = 0; i < window->count; i++) {
        const struct flight *flight = window_at(window, i);

        if (flight->seat == seat)
            seat_note_room(seat, flight->room_hash);
    }
    seat->knows_rooms = true;
}

void window_seat_gone(struct window *window, const struct seat *seat)
{
    for (size_t i = 0; i < window->count; i++) {
        struct flight *flight = window_at(window, i);

        if (flight->seat != seat)
            continue;
        if (flight->state == FLIGHT_OUT) {
            flight->state = FLIGHT_WAITING;
            window->n_waiting++;
        }
        flight->seat = NULL;
    }
}
