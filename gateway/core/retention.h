/* What goes with time: records at the end of their channel's retention, then the grants that opened them and the letters
 * that remember them. Never touches what somebody may still have to read.
 */
#ifndef TREFOIL_CORE_RETENTION_H
#define TREFOIL_CORE_RETENTION_H

struct broker;

/* A bounded piece of the work: once per tick. */
void retention_prune(struct broker *broker);

/* The store is full: what is over by now goes, a bounded number until the store works again, so that what waits finds
 * room. Nothing on any other trouble. */
void retention_relieve(struct broker *broker);

#endif
