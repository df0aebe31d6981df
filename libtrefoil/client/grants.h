/* The sending keys of this replica, one per channel, and whether the gateway has stored the grants that tell of them.
 * Never seals under a grant that is not stored.
 */
#ifndef TREFOIL_CLIENT_GRANTS_H
#define TREFOIL_CLIENT_GRANTS_H

#include "client/connection.h"
#include "client/membership.h"
#include "seal/sender.h"

#define GRANTS_RETRY_MS 1000

struct grant_slot {
    uint8_t channel[SEAL_ID_BYTES];
    struct sender *sender;
    enum { GRANT_NONE, GRANT_OFFERED, GRANT_STORED } state;
    bool is_stale;      /* take a fresh key before the next envelope */
    bool awaits_roster; /* the gateway has a newer one than we */
    uint64_t retry_at_ms;
    bool is_wanted;     /* somebody was told to come back */
    struct bytes grant; /* of its own memory, while it is offered */
};

struct grants {
    const struct keyring *keyring; /* borrowed, as the next two */
    const struct membership *membership;
    struct connection *connection;
    struct grant_slot slots[SEAL_CHANNELS_MAX];
    size_t n;
    struct arena arena;
};

void grants_init(struct grants *grants, const struct keyring *keyring, const struct membership *membership,
                 struct connection *connection);
void grants_deinit(struct grants *grants);

/* A sender whose grant is stored, borrowed. -EAGAIN (a grant is on its way; ask again after GRANTS_STORED), -EACCES (not
 * a writer), -ENOKEY (no reader has a key), -ENOSPC, -ENOMEM, -errno. */
must_use_ int grants_sender(struct grants *grants, const uint8_t *channel, struct sender **ret);

/* A new connection: what is not stored is offered again, and every channel we may write to gets a key, so that the
 * first publication need not wait for one. -errno. */
must_use_ int grants_rewind(struct grants *grants);

/* No grant is on its way. */
bool grants_is_settled(const struct grants *grants);

enum grants_news { GRANTS_NOT_MINE, GRANTS_STORED, GRANTS_REFUSED };

/* The gateway's answer to an offer, or to somebody's question. */
enum grants_news grants_answer(struct grants *grants, const Trefoil__GrantIs *answer);

/* A roster has come. When it `is_new`, readers or their keys have changed: keys are renewed at the next envelope. */
void grants_roster(struct grants *grants, bool is_new);

/* The gateway refused an envelope under this key: it does not know the grant, or `awaits_roster`: it has a newer roster
 * than we, which the caller asks for. */
void grants_renew(struct grants *grants, struct bytes channel, struct bytes key_id, bool awaits_roster);

/* When a refused offer may be repeated, if somebody waits for it; else CLOCK_NEVER. */
uint64_t grants_deadline(const struct grants *grants);

#endif
