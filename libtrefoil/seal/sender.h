/* The sending side of one replica in one channel: its session, its sending key, its counter. Never shared between
 * replicas; never written down.
 */
#ifndef TREFOIL_SEAL_SENDER_H
#define TREFOIL_SEAL_SENDER_H

#include "seal/grant.h"
#include "wire/envelope.h"

struct sender;

/* In guarded memory, without a key yet: sender_needs_grant() is true. `keyring` and `random.owner` outlive it.
 * `replica` is SEAL_REPLICA_BYTES. -ENOMEM.
 */
must_use_ int sender_new(const struct keyring *keyring, const uint8_t *channel, const uint8_t *replica,
                         struct random random, struct sender **ret);

/* Wipes and frees; accepts NULL and returns NULL. */
struct sender *sender_free(struct sender *sender);

/* True when there is no key, its time or its numbers are nearly used up, or the roster has changed. */
bool sender_needs_grant(const struct sender *sender, const struct roster *roster, uint64_t now_ms);

/* Takes a fresh key. The grant, serialized into the arena, must be stored by the gateway before the first envelope
 * under it is published. On failure the old key stays. As grant_mint().
 */
must_use_ int sender_renew(struct sender *sender, const struct trust *trust, uint64_t now_ms, struct arena *arena,
                           struct bytes *ret_grant);

/* SEAL_KEY_ID_BYTES, as sender_renew() left it. */
const uint8_t *sender_key_id(const struct sender *sender);

/* Seals `content` (a serialized Content whose claims repeat the header) under the next sequence. Of `header`, channel,
 * key_id and seq are set here; created_ms must lie in the key's time.
 * -ENOKEY (needs a grant first), -EMSGSIZE (content too large), -EINVAL (header), -ENOMEM.
 */
must_use_ int envelope_seal(struct sender *sender, const struct envelope_header *header, struct bytes content,
                            struct arena *arena, struct bytes *ret);

#endif
