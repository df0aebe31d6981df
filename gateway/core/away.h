/* Which addresses a send is out to, and which echoes and receipts wait for its acknowledgement. Never judges them. */
#ifndef TREFOIL_CORE_AWAY_H
#define TREFOIL_CORE_AWAY_H

#include <stdbool.h>

#include "base/list.h"
#include "core/id.h"

struct broker;
struct peer;

struct away {
    unsigned n_out;
    struct list holds;
};

struct hold {
    struct list in_all, in_away;
    struct peer *peer; /* NULL: gone, nobody waits for the verdict */
    uint64_t ticket, until_ms;
    struct id channel;
    bool is_echo;
    bool is_due; /* the send it waited for has an answer */
    uint8_t key[TOKEN_KEY_BYTES];
    size_t size;
    uint8_t envelope[];
};

/* A send to the address goes out; an answer to one came in. */
void away_out(struct broker *broker, const struct id *channel, struct bytes address);
void away_back(struct broker *broker, const struct id *channel, struct bytes address);
bool away_is_out(const struct broker *broker, const struct id *channel, struct bytes address);

/* Who brought the oldest echo that waits for the address' answer; NULL: nobody. */
struct peer *away_heard_by(const struct broker *broker, const struct id *channel, struct bytes address);

/* What waits, and for which address' answer. */
struct waiting {
    struct peer *peer;
    uint64_t ticket;
    const struct id *channel;
    struct bytes address, envelope;
    bool is_echo;
};

/* Keeps an envelope until the address' answer is in, or hold_ms. -ENOSPC, -ENOMEM. */
must_use_ int hold_add(struct broker *broker, const struct waiting *waiting);
void hold_free(struct broker *broker, struct hold *hold);
void hold_peer_gone(struct broker *broker, const struct peer *peer);

/* The oldest hold that is due or has waited too long; NULL when there is none. */
struct hold *hold_next(struct broker *broker);

#endif
