/* What cannot be derived about an envelope's way: deferrals, doubts, retries. Everything else follows from the journal,
 * the endings and the floors. Bounded per envelope by the attempts it may have.
 */
#ifndef TREFOIL_CORE_TRACE_H
#define TREFOIL_CORE_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/id.h"

struct broker;

struct hop {
    uint64_t at_ms;
    uint32_t target; /* UINT32_MAX: all of the delivery */
    uint8_t outcome;
    struct bytes what, who, text; /* constant words, service name, reason */
};

void trace_note(struct broker *broker, uint64_t seq, const struct hop *hop);

/* Fewer than GATEWAY_HOPS_PER_ENVELOPE notes so far: for what attempts do not bound. */
bool trace_has_room(struct broker *broker, uint64_t seq);

/* Walks the notes of an envelope in order of time. Slices live during the call. */
must_use_ int trace_scan(struct broker *broker, uint64_t seq, int (*each)(void *context, const struct hop *hop),
                         void *context);

/* Deletes the notes of the envelopes from `from` up to and with `up_to`. */
must_use_ int trace_prune(struct broker *broker, uint64_t from, uint64_t up_to);

#endif
