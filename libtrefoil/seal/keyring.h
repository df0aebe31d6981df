/* A service's own secrets, as read from its keyring file. Never sends, never logs; secrets live in guarded memory. */
#ifndef TREFOIL_SEAL_KEYRING_H
#define TREFOIL_SEAL_KEYRING_H

#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"
#include "seal/limits.h"

struct wrap_secret {
    uint32_t generation;
    uint64_t not_before_ms, not_after_ms;
    uint8_t pk[SEAL_KEY_BYTES], sk[SEAL_KEY_BYTES];
};

struct token_key {
    uint8_t generation;
    uint8_t key[SEAL_KEY_BYTES];
    uint8_t mac[SEAL_KEY_BYTES], enc[SEAL_KEY_BYTES]; /* derived, by token_key_derive() */
    uint8_t personal[SEAL_KEY_BYTES];                 /* likewise: of personal parts */
};

struct channel_secret {
    uint8_t channel[SEAL_ID_BYTES];
    struct token_key token_keys[SEAL_TOKEN_GENERATIONS]; /* newest last */
    size_t n_token_keys;
    uint8_t event_key[SEAL_KEY_BYTES];
};

/* Lives in sodium_malloc memory. */
struct keyring {
    uint8_t tenant[SEAL_ID_BYTES], service[SEAL_ID_BYTES];
    char service_name[SEAL_NAME_MAX_BYTES + 1];
    uint8_t root_pk[SEAL_KEY_BYTES];
    uint64_t min_roster_version;
    uint8_t identity_pk[SEAL_KEY_BYTES], identity_sk[SEAL_SIGN_SECRET_BYTES];
    uint8_t transport_pk[SEAL_KEY_BYTES], transport_sk[SEAL_KEY_BYTES];
    uint8_t gateway_transport_pk[SEAL_KEY_BYTES];
    struct wrap_secret wraps[SEAL_WRAP_GENERATIONS];
    size_t n_wraps;
    struct channel_secret channels[SEAL_CHANNELS_MAX];
    size_t n_channels;
};

/* From a serialized Keyring. -EBADMSG, -ENOMEM. Whoever calls wipes `file`. */
must_use_ int keyring_new(struct bytes file, struct keyring **ret);

/* Wipes and frees; accepts NULL and returns NULL. */
struct keyring *keyring_free(struct keyring *keyring);

/* A new ring with fresh identity, transport and first wrap key (valid from `now_ms` for SEAL_WRAP_ACTIVE_MS). */
must_use_ int keyring_generate(const char *service_name, const uint8_t *tenant, const uint8_t *root_pk, uint64_t now_ms,
                               struct keyring **ret);

/* Adds the next generation of wrap key, good for the time given. -EINVAL, -ENOSPC, -EIO. */
must_use_ int keyring_add_wrap(struct keyring *keyring, uint64_t not_before_ms, uint64_t not_after_ms);

/* The highest generation, borrowed; NULL without any. */
const struct wrap_secret *keyring_newest_wrap(const struct keyring *keyring);

/* Wipes wrap keys that ended before `before_ms`, but never the newest. Returns how many. */
size_t keyring_drop_wraps(struct keyring *keyring, uint64_t before_ms);

/* Adds fresh token and event keys for a channel. -ENOSPC. */
must_use_ int keyring_add_channel(struct keyring *keyring, const struct channel_secret *secret);
void channel_secret_generate(const uint8_t *channel, struct channel_secret *ret);

/* Serializes into malloc'ed memory the caller wipes and frees. */
must_use_ int keyring_write(const struct keyring *keyring, uint8_t **ret, size_t *ret_size);

/* Borrowed, or NULL. */
const struct channel_secret *keyring_channel(const struct keyring *keyring, const uint8_t *channel);

/* Reads the file after checking that it is a regular file nobody else can read. -EACCES (mode), -errno, -EBADMSG. */
must_use_ int keyring_load(const char *path, struct keyring **ret);

/* Writes it with mode 0600 by way of a temporary file. -EEXIST unless `replace`. */
must_use_ int keyring_save(const struct keyring *keyring, const char *path, bool replace);

#endif
