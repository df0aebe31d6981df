/* A tenant with four services and two channels, every key made from a number: for tests, vectors and fuzzing. The same
 * in every run. Never for production: its secrets are public.
 *
 *   channel `family`: writers whatsapp, bot; readers whatsapp, bot, crm        channel `other`: bot alone
 *   `stranger` is in the roster and in no channel
 */
#ifndef TREFOIL_SEAL_KIT_WORLD_H
#define TREFOIL_SEAL_KIT_WORLD_H

#include "seal/envelope_seal.h"
#include "seal/roster_sign.h"
#include "seal/token.h"

enum world_service { WORLD_WHATSAPP, WORLD_BOT, WORLD_CRM, WORLD_STRANGER, WORLD_N_SERVICES };

#define WORLD_NOW_MS 1790000000000ull
#define WORLD_ACCOUNT "whatsapp/106540000000002"

/* Deterministic: block n is made from n. */
struct world_random {
    uint64_t n;
};

struct random world_random(struct world_random *state);

struct world {
    struct arena arena;
    struct world_random random;
    uint8_t root_seed[SEAL_KEY_BYTES], root_pk[SEAL_KEY_BYTES];
    uint8_t tenant[SEAL_ID_BYTES], family[SEAL_ID_BYTES], other[SEAL_ID_BYTES];
    struct keyring *keyrings[WORLD_N_SERVICES];
    struct bytes bundle; /* serialized TrustBundle */
    struct trust trust;
};

/* Aborts when anything fails: a test without a world has nothing to say. */
struct world *world_new(void);
struct world *world_free(struct world *world);

/* A fresh plain roster of the world's members, version `version`, in the world's arena: change it, then sign it. */
struct roster *world_roster(struct world *world, uint64_t version);

/* The world's trust rebuilt around this roster, signed by the root. */
struct trust world_trust(struct world *world, const struct roster *roster);

/* The service's id. */
struct bytes world_id(const struct world *world, enum world_service service);

/* A sender of the service in `family` with a key, and the grant it made. */
struct sender *world_sender(struct world *world, enum world_service service, struct bytes *ret_grant);

/* A serialized Content with claims that fit `header` from `service_name`, saying `text`. */
struct bytes world_content(struct world *world, const struct envelope_header *header, const char *service_name,
                           const char *text);

/* A plain durable header for the room, from WORLD_ACCOUNT. */
struct envelope_header world_header(const struct world *world);

/* Seals `text` as the service; header as world_header(). */
struct bytes world_envelope(struct world *world, struct sender *sender, enum world_service service, const char *text);

#endif
