/* What a peer is owed once a batch is on disk: confirms, acks, answers. Never sent before. */
#ifndef TREFOIL_GATEWAY_PROMISE_H
#define TREFOIL_GATEWAY_PROMISE_H

#include "gateway.h"

struct run_list {
    struct run *runs;
    size_t n, room;
};

struct promise {
    struct list link;        /* gateway.promises */
    struct session *session; /* NULL: the peer is gone */
    uint64_t tag;
    bool is_patient; /* nothing but plain acks: nobody waits to be told that they are safe */
    uint64_t n_patient;
    struct run_list accepted, duplicate; /* tickets */
    uint64_t n_tickets, n_bytes;
    struct rejected {
        uint64_t ticket;
        uint32_t reason;
        const char *text; /* constant */
    } * rejected;
    size_t n_rejected, rejected_room;
    struct acked {
        uint32_t handle;
        struct run_list done;
    } * acked;
    size_t n_acked;
    struct later { /* whole frames */
        struct later *next;
        uint8_t *block;
        size_t size;
    } * first, **last;
};

/* The promise of the batch being collected; NULL: no memory. */
struct promise *promise_open(struct gateway *gateway, struct session *session);

void promise_verdict(struct gateway *gateway, struct session *session, uint64_t ticket, size_t size,
                     const struct verdict *verdict);

/* Deliveries are over. `is_plain`: acknowledged and no more, which may be told a tick later, with others. */
void promise_acked(struct gateway *gateway, struct session *session, uint32_t handle, const struct run *run,
                   bool is_plain);

/* A frame for the peer when the batch is on disk. */
void promise_frame(struct gateway *gateway, struct session *session, const Trefoil__Frame *frame);

/* The batch is submitted: its promises wait for the tag. Patient ones may be of a later batch instead. */
void promise_submit(struct gateway *gateway);

/* Everything up to this tag is on disk: keeps the promises. */
void promise_keep(struct gateway *gateway, uint64_t tag);

/* Sends what need not wait. */
void promise_send_at_once(struct gateway *gateway, struct session *session);

/* The store is in trouble: whoever waits for a confirm is told to try again later. */
void promise_break(struct gateway *gateway, enum reject reason, const char *text);

void promise_session_gone(struct gateway *gateway, struct session *session);

#endif
