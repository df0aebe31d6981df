/* What the parts of dispatching share: dispatch.c hands out, dispatch_ack.c takes answers, dispatch_time.c wakes,
 * dispatch_left.c knows what is left to do; handout.c and retention.c count with them what is away. Nobody else needs it.
 */
#ifndef TREFOIL_CORE_DISPATCH_H
#define TREFOIL_CORE_DISPATCH_H

#include "core/broker.h"
#include "core/parking.h"

/* The sends of the entry's targets left may be with the network, or are not: echoes and receipts wait for that. Does
 * nothing when it is so already. */
void dispatch_away(struct broker *broker, const struct record *record, struct entry *entry, bool is_out);

/* Nothing is left of the entry: forgets it and lets the line go on. */
void dispatch_finish(struct broker *broker, struct subscription *subscription, struct entry *entry);

/* One target of a delivery that this subscription has come by already waits in the line of its room again. -EAGAIN: that
 * delivery is out; -ENOMEM, -ENOSPC. */
must_use_ int dispatch_put_back(struct broker *broker, struct subscription *subscription, const struct record *record,
                                uint32_t target, bool maybe_sent);

/* Takes what has ended already out of the set: another life, a dead letter's neighbour, another owner of the account. */
void dispatch_take_settled(struct broker *broker, uint64_t seq, struct target_set *left);

/* The same for an entry, which is forgotten when nothing is left. */
void dispatch_drop_settled(struct broker *broker, struct subscription *subscription, struct entry *entry);

/* Accounts may go to another service while their deliveries wait: those targets leave the entry, and wait with him. False:
 * one cannot, for now. */
must_use_ bool dispatch_keep_ours(struct broker *broker, const struct subscription *subscription,
                                  const struct record *record, struct entry *entry);

/* The entry's line goes into the store and sleeps. */
void dispatch_park(struct broker *broker, struct subscription *subscription, struct entry *entry,
                   uint64_t not_before_ms);

/* Nobody says how it ended: waits for proof, or for whoever can tell by an echo. The record is NULL when it is pruned. */
void dispatch_doubt(struct broker *broker, struct subscription *subscription, const struct record *record,
                    struct entry *entry);

void dispatch_note(struct broker *broker, const struct subscription *subscription, uint64_t seq, const char *what,
                   const char *text);

#endif
