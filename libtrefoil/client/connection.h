/* The life of the connection: connecting, hello and welcome, heartbeats, its end and the next attempt. Never knows what
 * is published or delivered.
 */
#ifndef TREFOIL_CLIENT_CONNECTION_H
#define TREFOIL_CLIENT_CONNECTION_H

#include "client/names.h"
#include "client/zsock.h"
#include "seal/keyring.h"
#include "wire/frame.h"

enum connection_state {
    CONNECTION_DOWN,     /* until `retry_at_ms`, and until the gateway's name is found */
    CONNECTION_GREETING, /* hello is out */
    CONNECTION_UP,
};

struct connection {
    struct zsock zsock;
    struct names names;            /* of the endpoint */
    const struct keyring *keyring; /* borrowed */
    enum connection_state state;
    uint8_t replica[SEAL_REPLICA_BYTES];
    uint32_t pause_ms, longest_pause_ms;
    uint64_t eager_until_ms; /* pauses do not grow before: the gateway said goodbye, another comes in a moment */
    uint64_t retry_at_ms, greeted_at_ms, up_at_ms, last_sent_ms, last_received_ms;

    /* From Welcome, each within our own limits. */
    uint32_t version, heartbeat_ms, window, max_batch;
    uint64_t window_bytes;
    size_t max_frame_bytes;
    bool is_leaving; /* the gateway has said goodbye: nothing new is taken there */
};

#define CONNECTION_EMPTY ((struct connection){ .zsock = ZSOCK_EMPTY, .names = NAMES_EMPTY })

/* `longest_pause_ms`: between attempts. -errno. */
must_use_ int connection_init(struct connection *connection, const char *endpoint, const struct keyring *keyring,
                              uint32_t longest_pause_ms);
void connection_deinit(struct connection *connection);

enum connection_step {
    CONNECTION_STEADY,
    CONNECTION_LOST,         /* now DOWN; it was GREETING or UP */
    CONNECTION_NOT_ADMITTED, /* the same, because the gateway does not know our key */
};

/* Does what the time asks for: connects and greets, sends signs of life, notices death. Call when nothing can be
 * received any more. */
enum connection_step connection_step(struct connection *connection, uint64_t roster_version);

/* When to step again at the latest. */
uint64_t connection_deadline(const struct connection *connection);

/* GREETING becomes UP. -EPROTO (unasked, or words that make no sense), -EPROTONOSUPPORT (version). */
must_use_ int connection_welcome(struct connection *connection, const Trefoil__Welcome *welcome);

/* Gives the connection up; the next attempt comes after a pause. */
void connection_drop(struct connection *connection);

/* -ENOTCONN, -EMSGSIZE, -EINVAL, -ENOMEM, -errno. */
must_use_ int connection_send(struct connection *connection, Trefoil__Frame__BodyCase kind, const void *body);

/* A frame that was written already; taken on success. */
must_use_ int connection_send_message(struct connection *connection, zmq_msg_t *message);

/* 1 and a frame, 0, -errno. */
must_use_ int connection_receive(struct connection *connection, zmq_msg_t *ret);

#endif
