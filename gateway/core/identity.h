/* One person under several addresses of one account, and what events say of him: when he acted last, whether he wants to
 * be written to, which addresses are his. Takes a translator's word for its own accounts and nobody else's.
 */
#ifndef TREFOIL_CORE_IDENTITY_H
#define TREFOIL_CORE_IDENTITY_H

#include "core/broker.h"
#include "core/router.h"

/* The addresses a person has on one account: the one asked about first. */
struct kin {
    struct address *list[GATEWAY_PERSON_ADDRESSES_MAX];
    size_t n;
};

/* Borrowed until the next turn. n is 0 when the token is unknown. -ENOMEM, -EIO. */
must_use_ int identity_kin(struct directory *directory, const struct id *channel, struct bytes token, struct kin *ret);
must_use_ int identity_kin_of(struct directory *directory, struct address *address, struct kin *ret);

/* True when both tokens are addresses of one person on one account. */
bool identity_is_same(struct directory *directory, const struct id *channel, struct bytes one, struct bytes other);

/* What is known of whoever is behind the token: on this account, whichever of his addresses it was said of. */
struct identity_facts {
    uint64_t window_ms;
    bool consent_withdrawn;
};
struct identity_facts identity_facts(const struct kin *kin);

/* What linking the aliases of one event came to. */
struct identity_links {
    struct address *linked[SEAL_ALIASES_MAX + 1]; /* were nobody's or another's before */
    size_t n_linked;
    bool is_merged, rooms_differed, is_refused;
};

/* Makes the aliases of the arrival addresses of the person it is from, before it is routed. -ENOMEM, -EIO. */
must_use_ int identity_link(struct broker *broker, const struct arrival *arrival, struct identity_links *ret);

/* Once the arrival has a sequence: what it says of `from`, and of the links. `at_ms`: when it was taken. True: something
 * of `from` changed. */
bool identity_learn(const struct envelope_header *header, uint64_t at_ms, uint64_t seq, struct address *from);
void identity_note(struct broker *broker, uint64_t seq, const struct identity_links *links);

#endif
