/* Publications that the gateway has not confirmed yet, in order, and which of them are on their way. Never forgets one
 * before its confirm or rejection has been told; never seals.
 */
#ifndef TREFOIL_CLIENT_OUTBOX_H
#define TREFOIL_CLIENT_OUTBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"
#include "client/connection.h"

#define OUTBOX_SPAN (1u << 16) /* tickets between the oldest unconfirmed and the newest; a power of two */
#define OUTBOX_SEALINGS_MAX 5  /* times one publication is sealed before it is given back */

struct publication {
    uint64_t ticket;
    bool is_sent, needs_seal;
    unsigned n_sealings;
    struct bytes envelope; /* behind this struct, or of its own memory once it was sealed again */
    struct bytes content;  /* to seal it again under another grant; empty: it came sealed */
    uint8_t first_envelope[];
};

struct outbox {
    struct publication **ring; /* by ticket; NULL where it is done */
    uint64_t oldest, next;     /* tickets */
    uint64_t unsent;           /* nothing before this ticket waits to be sent */
    size_t n_open, open_bytes; /* unconfirmed */
    size_t n_flying, flying_bytes;
    uint32_t window; /* of the connection, kept over its end */
    uint64_t window_bytes;
    bool was_refused; /* somebody was told AGAIN */
};

/* -ENOMEM. */
must_use_ int outbox_init(struct outbox *outbox);
void outbox_deinit(struct outbox *outbox);

/* True when one more of this size may be taken. */
bool outbox_has_room(const struct outbox *outbox, size_t size);

/* Copies both; the ticket is its name from now on. -EAGAIN (no room), -ENOMEM. */
must_use_ int outbox_add(struct outbox *outbox, struct bytes envelope, struct bytes content, uint64_t *ret_ticket);

/* Enough has been collected for a frame of its own. */
bool outbox_is_full_batch(const struct outbox *outbox, const struct connection *connection);
bool outbox_has_unsent(const struct outbox *outbox);

/* Sends what may be sent. Stops before a publication that must be sealed again, which is then in `*ret_stale`, else
 * NULL there. 0, -errno. */
must_use_ int outbox_flush(struct outbox *outbox, struct connection *connection, struct publication **ret_stale);

/* A new envelope for it, copied. -ENOMEM. */
must_use_ int outbox_reseal(struct outbox *outbox, struct publication *publication, struct bytes envelope);

/* The connection ended: everything unconfirmed is to be sent again. */
void outbox_rewind(struct outbox *outbox);

/* The publication, or NULL when it is unknown or done. */
struct publication *outbox_get(const struct outbox *outbox, uint64_t ticket);

/* It was not taken; it shall be sent once more, in its place. */
void outbox_again(struct outbox *outbox, struct publication *publication, bool needs_seal);

/* It is done: forgotten. */
void outbox_done(struct outbox *outbox, struct publication *publication);

#endif
