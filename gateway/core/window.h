/* Deliveries of an ALL subscription that are out: a window over the journal, in order, with gaps. Replicas share it by
 * room: the rooms of a seat follow from a hash, and move only when nothing of them is out. Never reads a record.
 */
#ifndef TREFOIL_CORE_WINDOW_H
#define TREFOIL_CORE_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "core/peer.h"

enum flight_state { FLIGHT_WAITING, FLIGHT_OUT, FLIGHT_DONE };

struct flight {
    uint64_t seq;
    struct seat *seat; /* NULL: its holder vanished */
    uint32_t room_hash;
    uint16_t attempt; /* how often it was handed out */
    uint8_t state;
};

struct window {
    struct flight *ring;
    size_t room, first, count; /* room is a power of two */
    unsigned n_waiting;
};

#define WINDOW_EMPTY ((struct window){ NULL })
void window_deinit(struct window *window);

static inline struct flight *window_at(const struct window *window, size_t index)
{
    return &window->ring[(window->first + index) & (window->room - 1)];
}

bool window_is_full(const struct window *window);

/* Adds the next sequence, WAITING. NULL: full or no memory. */
must_use_ struct flight *window_add(struct window *window, uint64_t seq, uint32_t room_hash, struct seat *seat);
void window_hand(struct window *window, struct flight *flight);

/* Everything in [first, first + count) is dealt with. How many of them were not before. */
size_t window_ack(struct window *window, uint64_t first, uint64_t count);

/* Everything up to here is dealt with; `next` is the first sequence that was never added. */
uint64_t window_floor(const struct window *window, uint64_t next);

/* The seat knows the rooms of which something is with it. */
void window_note_rooms(const struct window *window, struct seat *seat);

/* What the seat held waits for another one. */
void window_seat_gone(struct window *window, const struct seat *seat);

#endif
