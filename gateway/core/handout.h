/* Makes the delivery of an entry: its targets, as their networks know what the message relates to. Never chooses. */
#ifndef TREFOIL_CORE_HANDOUT_H
#define TREFOIL_CORE_HANDOUT_H

#include "core/broker.h"

/* Gives the entry to the seat. */
void handout(struct broker *broker, struct seat *seat, struct entry *entry, const struct record *record);

/* The same for an ephemeral record and a set of its targets: nothing is remembered. */
void handout_ephemeral(struct broker *broker, struct seat *seat, const struct record *record,
                       const struct target_set *targets);

#endif
