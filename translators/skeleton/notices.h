/* Tells the services of the channel how the accounts are: one event per change, the newest state wins.
 * Never decides what the state is.
 */
#ifndef TREFOIL_SKELETON_NOTICES_H
#define TREFOIL_SKELETON_NOTICES_H

#include "accounts.h"
#include "bus.h"

struct account_notice;

struct notices {
    struct bus *bus;
    const struct accounts *accounts;
    const char *network;
    struct account_notice *all; /* one per account */
};

/* -ENOMEM. */
must_use_ int notices_init(struct notices *notices, struct bus *bus, const struct accounts *accounts,
                           const char *network, struct arena *mem);

/* Before the bus closes: what has not gone out is dropped. Legal on zero. */
void notices_deinit(struct notices *notices);

/* This account has changed. */
void notices_tell(struct notices *notices, size_t index);

/* Tells again what the bus refused for a while. For every few seconds. */
void notices_again(struct notices *notices);

#endif
