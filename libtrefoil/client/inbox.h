/* Deliver frames that have arrived and wait to be read, in order; one delivery at a time. Never opens one, never copies
 * one: a frame is kept as ZeroMQ gave it until its last delivery has been taken.
 */
#ifndef TREFOIL_CLIENT_INBOX_H
#define TREFOIL_CLIENT_INBOX_H

#include <stdbool.h>

#include <zmq.h>

#include "base/arena.h"
#include "base/list.h"
#include "wire/frame.h"

/* A gateway that keeps to our credit never comes near it. */
#define INBOX_MAX_BYTES (2u * BUS_DELIVER_CREDIT_BYTES + BUS_FRAME_MAX_BYTES)

struct inbox {
    struct list frames;
    size_t bytes;
    struct arena arena;        /* of the frame at the head, once unpacked */
    Trefoil__Deliver *deliver; /* NULL: the head is not unpacked */
    size_t at;                 /* next delivery of it */
};

void inbox_init(struct inbox *inbox);
void inbox_deinit(struct inbox *inbox);

/* Takes the message on success. -ENOMEM, -EPROTO (the gateway sends more than it may). */
must_use_ int inbox_push(struct inbox *inbox, zmq_msg_t *message);

/* 1 and the delivery at the head, valid until inbox_pop() and the next call after it; 0 when there is none; -EBADMSG,
 * -EMSGSIZE, -ENOMEM. */
must_use_ int inbox_peek(struct inbox *inbox, uint32_t *ret_handle, const Trefoil__Delivery **ret);
void inbox_pop(struct inbox *inbox);

bool inbox_is_empty(const struct inbox *inbox);
void inbox_clear(struct inbox *inbox);

#endif
