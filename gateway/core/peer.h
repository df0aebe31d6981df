/* A connected process as the core sees it, and its seats: a seat is one peer at one subscription. Never knows a socket.
 */
#ifndef TREFOIL_CORE_PEER_H
#define TREFOIL_CORE_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "core/id.h"

#define REPLICA_BYTES 8
#define SEAT_ROOM_BITS 4096u

struct subscription;

struct peer {
    struct list link; /* broker.peers */
    struct id service;
    uint8_t replica[REPLICA_BYTES];
    uint64_t credit, credit_bytes; /* deliveries it can take */
    bool is_draining;              /* takes nothing new */
    struct list seats;
    unsigned n_seats;
    void *wire; /* the owner's own */
};

struct seat {
    struct list in_peer, in_subscription;
    struct peer *peer;
    struct subscription *subscription;
    uint32_t handle; /* the peer's own number for it */
    bool ephemeral_too;
    uint64_t joins_at; /* its share of the rooms begins with this sequence */
    unsigned n_out, n_waiting;
    unsigned n_bulk; /* of those out */
    bool is_blocked; /* during one walk over what waits */
    bool knows_rooms;
    uint64_t rooms[SEAT_ROOM_BITS / 64]; /* of a draining one: those of which something is with it, by their hashes */
};

static inline void seat_note_room(struct seat *seat, uint32_t room_hash)
{
    seat->rooms[room_hash % SEAT_ROOM_BITS / 64] |= (uint64_t) 1 << (room_hash % 64);
}

/* Or another room of the same few bits. */
static inline bool seat_has_room(const struct seat *seat, uint32_t room_hash)
{
    return (seat->rooms[room_hash % SEAT_ROOM_BITS / 64] >> (room_hash % 64)) & 1;
}

static inline bool peer_can_take(const struct peer *peer)
{
    return !peer->is_draining && peer->credit > 0 && peer->credit_bytes > 0;
}

/* Bulk takes at most half of what the seat's peer can have out, so that a reply always finds a place; of a credit of one
 * it takes that one. */
static inline bool seat_can_take_bulk(const struct seat *seat)
{
    uint64_t half = (seat->peer->credit + seat->n_out) / 2;

    return peer_can_take(seat->peer) && (seat->n_bulk < half || seat->n_out == 0);
}

static inline void peer_charge(struct peer *peer, size_t bytes)
{
    peer->credit--;
    peer->credit_bytes -= bytes < peer->credit_bytes ? bytes : peer->credit_bytes;
}

static inline void peer_credit(struct peer *peer, uint64_t envelopes, uint64_t bytes, const uint64_t caps[2])
{
    peer->credit = peer->credit + envelopes < caps[0] ? peer->credit + envelopes : caps[0];
    peer->credit_bytes = peer->credit_bytes + bytes < caps[1] ? peer->credit_bytes + bytes : caps[1];
}

#endif
