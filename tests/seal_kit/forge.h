/* Grants and envelopes as a dishonest member would make them: well-formed, well-signed, and wrong in one place. Never
 * linked by anything that ships.
 */
#ifndef TREFOIL_SEAL_KIT_FORGE_H
#define TREFOIL_SEAL_KIT_FORGE_H

#include "proto/trust.pb-c.h"
#include "seal_kit/world.h"

/* A fresh sending key of the service in `family`, bare, and its grant. */
struct sending_key forge_key(struct world *world, enum world_service service, struct bytes *ret_grant);

/* The parts as they stand; signed anew when `session_sk` is given. */
struct bytes forge_parts(struct world *world, const struct envelope *envelope, const uint8_t *session_sk);

/* Any header (key_id is set, seq unless 0) over any padded plaintext, sealed and signed with `key`. */
struct bytes forge_envelope(struct world *world, const struct sending_key *key, struct envelope_header header,
                            struct bytes padded);

/* A grant of whatsapp taken apart: change the body, then write it again with both signatures. */
struct forgery {
    struct world *world;
    Trefoil__GrantBody *body;
    struct sending_key key;
    uint8_t commit[SEAL_COMMIT_BYTES];
};

void forgery_init(struct forgery *forgery, struct world *world);
struct bytes forgery_write(struct forgery *forgery);

/* Wraps the first share for the first reader and the second for the others, and commits to the first. */
void forgery_equivocate(struct forgery *forgery);

/* Any body, signed as whatever `label` says. */
struct bytes forge_signed(struct world *world, const char *label, struct bytes body, const uint8_t *sk);

#endif
