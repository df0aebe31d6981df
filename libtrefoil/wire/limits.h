/* Sizes of sealing, suite 1, and the limits on what strangers send in it. Facts only.
 * Here, in the lowest room that needs them, because the gateway may not see the room `seal`.
 */
#ifndef TREFOIL_WIRE_LIMITS_H
#define TREFOIL_WIRE_LIMITS_H

#define SEAL_ID_BYTES 16
#define SEAL_KEY_BYTES 32
#define SEAL_SIGN_SECRET_BYTES 64
#define SEAL_SIGNATURE_BYTES 64
#define SEAL_HASH_BYTES 32
#define SEAL_NAME_MAX_BYTES 64
#define SEAL_ACCOUNT_MAX_BYTES 128
#define SEAL_REPLICA_BYTES 8
#define SEAL_KEY_ID_BYTES 16
#define SEAL_SALT_BYTES 32
#define SEAL_COMMIT_BYTES 32
#define SEAL_TAG_BYTES 16

#define SEAL_TOKEN_GENERATIONS 2
#define SEAL_TOKEN_KEY_BYTES 17         /* generation and iv: what tables index by */
#define SEAL_TOKEN_BLOCK_BYTES 32       /* sealed part: a multiple of it */
#define SEAL_TOKEN_VALUE_MAX_BYTES 1021 /* of an address or a message id */
#define SEAL_TOKEN_MIN_BYTES (1 + 16 + 32)
#define SEAL_TOKEN_MAX_BYTES (1 + 16 + 1024)

#define SEAL_WRAP_GENERATIONS 8
#define SEAL_WRAP_ACTIVE_MS (30ull * 24 * 3600 * 1000)
#define SEAL_WRAP_SHARE_BYTES 80 /* crypto_box_seal of a share */
#define SEAL_CHANNELS_MAX 64
#define SEAL_SERVICES_MAX 256
#define SEAL_ACCOUNTS_MAX 256  /* per service */
#define SEAL_TRANSPORTS_MAX 32 /* per service */
#define SEAL_WRAPS_MAX 256     /* per grant */
#define SEAL_WRAP_KEYS_MAX (SEAL_SERVICES_MAX * SEAL_WRAP_GENERATIONS)
#define SEAL_WRAP_KEY_MAX_BYTES 512
#define SEAL_ROSTER_MAX_BYTES (1 << 20)
#define SEAL_BUNDLE_MAX_BYTES (2 << 20)
#define SEAL_GRANT_MAX_BYTES (64 << 10)
#define SEAL_KEYRING_MAX_BYTES (64 << 10)

#define SEAL_GRANT_LIFE_MS (3600ull * 1000)
#define SEAL_GRANT_MAX_SEQ (1ull << 20)
#define SEAL_CLOCK_SKEW_MS (5ull * 60 * 1000)

#define SEAL_CONTENT_MAX_BYTES (4 << 20) /* before padding */
#define SEAL_SEALED_MIN_BYTES (256 + SEAL_TAG_BYTES)
#define SEAL_HEADER_MAX_BYTES (8 << 10)
#define SEAL_RELATES_MAX 64
#define SEAL_ENVELOPE_MAX_BYTES (5 << 20)
#define SEAL_HOPS_MAX 4

#endif
