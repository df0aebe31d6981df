/* What translators still had in hand when the gateway was asked to stop: the next life asks them, and doubts nothing
 * else. Never written by a gateway that died.
 */
#ifndef TREFOIL_CORE_REST_H
#define TREFOIL_CORE_REST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "core/peer.h"

struct broker;
struct subscription;

struct held {
    uint64_t seq;
    uint8_t replica[REPLICA_BYTES];
};

struct rest {
    bool is_known;     /* the life before ended in order: what is not held was not out */
    bool is_beginning; /* this one does: the row that is saved now says so */
    struct held *held;
    size_t n_held;
};

void rest_deinit(struct rest *rest);

/* At the end of the subscription's row. Writes nothing when more is held than a row takes. */
void rest_write(const struct broker *broker, const struct subscription *subscription, struct writer *to);
/* -EBADMSG, -ENOMEM. A row without it is of a gateway that died. */
must_use_ int rest_read(struct broker *broker, struct subscription *subscription, struct cursor *at);

/* Who had it, or NULL; told once. */
const uint8_t *rest_holder(struct subscription *subscription, uint64_t seq);

/* All peers are gone; the rows that say so go into the open batch with the next flush. Nothing may be handed out after
 * it. */
void broker_rest(struct broker *broker);

#endif
