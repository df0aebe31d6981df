/* A durable, named reader of the journal. Replicas of a service share one. Never knows a socket. */
#ifndef TREFOIL_CORE_SUBSCRIPTION_H
#define TREFOIL_CORE_SUBSCRIPTION_H

#include <stdbool.h>

#include "base/list.h"
#include "core/id.h"
#include "core/lines.h"
#include "core/record.h"
#include "core/rest.h"
#include "core/window.h"
#include "gateway/limits.h"

struct broker;

struct run {
    uint64_t first, count;
};

struct subscription {
    struct list link; /* broker.subscriptions */
    struct id channel, service;
    char name[GATEWAY_NAME_MAX_BYTES + 1];
    bool targets; /* TARGETS; else ALL */
    bool is_durable, is_dirty;
    uint64_t floor;   /* everything up to here is dealt with, or waits in the store by itself */
    uint64_t cursor;  /* first sequence not looked at */
    uint64_t unsure;  /* TARGETS: up to here an earlier life of the gateway may have handed out */
    uint64_t settled; /* TARGETS: up to here targets may have ended before their turn: forgotten */
    uint64_t saved;   /* the floor in the store */
    struct list seats;
    unsigned n_seats;
    struct window window;                 /* ALL */
    struct lines lines;                   /* TARGETS */
    struct rest rest;                     /* TARGETS: how the life before ended */
    struct run gaps[GATEWAY_GAPS_STORED]; /* ALL: dealt with above the floor in an earlier life */
    size_t n_gaps;
    struct record *ahead[GATEWAY_CATCH_UP_RECORDS]; /* read from the journal */
    size_t n_ahead, at_ahead;
    size_t ahead_bytes;
};

/* Whether a service has a subscription of this name already, and how many durable ones it has named. */
bool subscription_is_known(const struct broker *broker, const struct id *channel, const struct id *service,
                           struct bytes name);
unsigned subscription_count(const struct broker *broker, const struct id *service);

/* The subscription of this name: found, or made (not yet in the store). -ENOMEM, -ENOSPC. */
must_use_ int subscription_open(struct broker *broker, const struct id *channel, const struct id *service,
                                struct bytes name, struct subscription **ret);
struct subscription *subscription_free(struct broker *broker, struct subscription *subscription);

/* The TARGETS subscription of a service in a channel; made when there is none yet, so that nothing a translator has
 * missed is lost. NULL: no memory. */
struct subscription *subscription_of_reader(struct broker *broker, const struct id *channel, const struct id *service);

/* All of the store, at start. */
must_use_ int subscription_load_all(struct broker *broker);
void subscription_save(struct broker *broker, struct subscription *subscription);

/* The record at the cursor if it is durable: borrowed until the next call. NULL: nothing, or it cannot be read now.
 * Moves the cursor over what has been pruned. */
struct record *subscription_peek(struct broker *broker, struct subscription *subscription);

/* Where to begin. */
uint64_t subscription_start(struct broker *broker, int start, uint64_t start_at);

/* Another seat; -ENOMEM. */
must_use_ int subscription_seat(struct broker *broker, struct subscription *subscription, struct peer *peer,
                                uint32_t handle, struct seat **ret);
void subscription_unseat(struct broker *broker, struct seat *seat);

/* all.c: hands out what may be handed out. */
must_use_ bool all_pump(struct broker *broker, struct subscription *subscription);
void all_ack(struct subscription *subscription, uint64_t first, uint64_t count);

/* dispatch.c: the same for TARGETS. */
must_use_ bool dispatch_pump(struct broker *broker, struct subscription *subscription);
void dispatch_tick(struct broker *broker, struct subscription *subscription);

/* The clock was set, and with it when sleeping rooms wake: their rows say so, too. */
void dispatch_clock_set(struct broker *broker, struct subscription *subscription);

/* What sleeps of a service's deliveries is tried at once: it says that what they waited for has come. */
void dispatch_wake_all(struct broker *broker, const struct id *channel, const struct id *service);
void dispatch_seat_gone(struct broker *broker, struct seat *seat);
void dispatch_seat_back(struct seat *seat);
/* Whoever holds an address' echo, which has just come, can tell what became of a delivery to it that is in doubt. */
void dispatch_heard(struct broker *broker, struct subscription *subscription, struct bytes address);
void dispatch_load(struct broker *broker, struct subscription *subscription);
struct answer_item {
    const struct peer *peer; /* who says so; NULL: a network event proves it */
    uint64_t seq;
    const struct outcome *outcomes;
    size_t n_outcomes;
};
must_use_ int dispatch_ack(struct broker *broker, struct subscription *subscription, const struct answer_item *item);

/* A dead letter's target back into its line. -EAGAIN: it is out just now. */
must_use_ int dispatch_retry(struct broker *broker, struct subscription *subscription, const struct record *record,
                             uint32_t target);

/* Ends a pending target by itself, wherever it waits. */
must_use_ int dispatch_forget(struct broker *broker, struct subscription *subscription, const struct record *record,
                              const struct outcome *outcome);

/* Targets of a record that are this service's. */
struct target_set dispatch_targets(const struct broker *broker, const struct subscription *subscription,
                                   const struct record *record);

#endif
