/* The personal part of a content, sealed once more: for those readers of the channel who hold its token key. Never
 * looks inside; wire/content.h splits and joins it.
 */
#ifndef TREFOIL_SEAL_PERSONAL_H
#define TREFOIL_SEAL_PERSONAL_H

#include "seal/random.h"
#include "seal/token.h"

#define PERSONAL_NONCE_BYTES 24
#define PERSONAL_ADDED_BYTES (1 + PERSONAL_NONCE_BYTES + SEAL_TAG_BYTES) /* generation, nonce, tag */

/* Bytes and the envelope they belong to: sealed into any other, they do not open. */
struct personal_part {
    struct bytes envelope_id; /* SEAL_ID_BYTES */
    struct bytes bytes;
};

/* Under the newest generation, into the arena. -EMSGSIZE (empty, or more than a content holds), -EINVAL (no envelope
 * id), -ENOKEY (no token key), -ENOMEM. */
must_use_ int personal_seal(const struct channel_secret *secret, const struct personal_part *plain,
                            const struct random *random, struct arena *arena, struct bytes *ret);

/* Into the arena; wiped there unless all of it is good. -ENOKEY (its generation is not ours), -EBADMSG (everything
 * else), -ENOMEM. */
must_use_ int personal_open(const struct channel_secret *secret, const struct personal_part *sealed,
                            struct arena *arena, struct bytes *ret);

#endif
