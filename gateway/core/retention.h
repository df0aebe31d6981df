/* What goes with time: records at the end of their channel's retention, then the grants that opened them and the letters
 * that remember them. Never touches what somebody may still have to read.
 */
#ifndef TREFOIL_CORE_RETENTION_H
#define TREFOIL_CORE_RETENTION_H

#include <stdint.h>

struct broker;

/* A bounded piece of the work: once per tick. */
void retention_prune(struct broker *broker);

/* The longest retention of all channels: one record kept so long keeps what came after it in the journal. */
uint64_t retention_longest_ms(const struct broker *broker);

/* The store is full: what is over by now goes, a bounded number until the store works again, so that what waits finds
 * room. Nothing on any other trouble. */
void retention_relieve(struct broker *broker);

#endif
