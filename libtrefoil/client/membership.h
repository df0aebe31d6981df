/* The newest roster this client has seen proof of, and its own place in it. Never believes the gateway: the root's
 * signature decides.
 */
#ifndef TREFOIL_CLIENT_MEMBERSHIP_H
#define TREFOIL_CLIENT_MEMBERSHIP_H

#include "seal/keyring.h"
#include "trust/trust_bundle.h"

struct membership {
    const struct keyring *keyring; /* borrowed */
    struct arena arena;            /* of `trust` */
    struct trust trust;
    bool is_known;
    const struct roster_service *self; /* NULL: the roster does not name us */
    uint8_t digest[SEAL_HASH_BYTES];   /* of the bundle */
};

void membership_init(struct membership *membership, const struct keyring *keyring);
void membership_deinit(struct membership *membership);

static inline uint64_t membership_version(const struct membership *membership)
{
    return membership->is_known ? membership->trust.roster.version : 0;
}

enum membership_change { MEMBERSHIP_SAME, MEMBERSHIP_NEW_KEYS, MEMBERSHIP_NEW_ROSTER };

/* A serialized TrustBundle from the gateway. -EBADMSG (not by our root, a fork, another tenant), -ESTALE (older than
 * what we know), -ETIME (outside its time), -ENOMEM; what was known stays then. */
must_use_ int membership_take(struct membership *membership, struct bytes bundle, uint64_t now_ms,
                              enum membership_change *ret);

/* The index in the keyring of our newest wrap key that has not ended and that nobody has been told of; else -1. One
 * that begins later counts: others change over to it by themselves when its time has come. */
int membership_untold_wrap(const struct membership *membership, uint64_t now_ms);

/* The channel of this name we are in; with NULL the only one. NULL: none, or not just one. */
const struct roster_channel *membership_channel(const struct membership *membership, const char *name);

#endif
