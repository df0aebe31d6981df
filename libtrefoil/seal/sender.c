/* Sealing: one session, one key, one counter. Never uses a key past its time or a number twice. */
#include "seal/sender.h"

#include <errno.h>
#include <string.h>

#include <sodium.h>

#include "seal/envelope_keys.h"
#include "seal/padding.h"

#define RENEW_BEFORE_MS (60ull * 1000)

struct sender { /* in guarded memory */
    const struct keyring *keyring;
    struct random random;
    uint8_t channel[SEAL_ID_BYTES], replica[SEAL_REPLICA_BYTES];
    bool has_key;
    struct sending_key key;
    uint64_t last_seq;
};

int sender_new(const struct keyring *keyring, const uint8_t *channel, const uint8_t *replica, struct random random,
               struct sender **ret)
{
    struct sender *sender = sodium_malloc(sizeof(*sender));

    if (!sender)
        return -ENOMEM;
    sodium_memzero(sender, sizeof(*sender));
    sender->keyring = keyring;
    sender->random = random;
    memcpy(sender->channel, channel, SEAL_ID_BYTES);
    memcpy(sender->replica, replica, SEAL_REPLICA_BYTES);
    *ret = sender;
    return 0;
}

struct sender *sender_free(struct sender *sender)
{
    sodium_free(sender);
    return NULL;
}

bool sender_needs_grant(const struct sender *sender, const struct roster *roster, uint64_t now_ms)
{
    const struct sending_key *key = &sender->key;

    return !sender->has_key || key->roster_version != roster->version || sender->last_seq >= key->max_seq ||
           now_ms + SEAL_CLOCK_SKEW_MS < key->not_before_ms || now_ms + RENEW_BEFORE_MS > key->not_after_ms;
}

int sender_renew(struct sender *sender, const struct trust *trust, uint64_t now_ms, struct arena *arena,
                 struct bytes *ret_grant)
{
    const struct grant_recipe recipe = {
        .keyring = sender->keyring,
        .trust = trust,
        .channel = bytes_make(sender->channel, SEAL_ID_BYTES),
        .replica = bytes_make(sender->replica, SEAL_REPLICA_BYTES),
        .now_ms = now_ms,
    };
    int r = grant_mint(&recipe, &sender->random, arena, &sender->key, ret_grant);

    if (r < 0)
        return r;
    sender->has_key = true;
    sender->last_seq = 0;
    return 0;
}

const uint8_t *sender_key_id(const struct sender *sender)
{
    return sender->key.key_id;
}

/* Random where randomness works; where it repeats (a cloned machine), still different for different messages. */
static int make_salt(struct sender *sender, struct bytes header, struct bytes padded, uint8_t ret[SEAL_SALT_BYTES])
{
    uint8_t fresh[32];

    random_fill(&sender->random, fresh, sizeof(fresh));
    int r = labelled_hash(&HASH_INPUT(LABEL_SALT, bytes_make(sender->key.k_send, SEAL_KEY_BYTES),
                                      bytes_make(fresh, sizeof(fresh)), header, padded),
                          ret, SEAL_SALT_BYTES);
    sodium_memzero(fresh, sizeof(fresh));
    return r;
}

static int encrypt(const struct sender *sender, struct bytes padded, struct arena *arena, struct envelope *envelope)
{
    uint8_t aad_room[ENVELOPE_AAD_MAX_BYTES];
    uint8_t *sealed = arena_alloc(arena, padded.size + SEAL_TAG_BYTES), *commit = arena_alloc(arena, SEAL_COMMIT_BYTES);
    struct envelope_keys keys;

    if (!sealed || !commit)
        return -ENOMEM;
    int r = envelope_keys_derive(sender->key.k_send, envelope->header, envelope->salt, &keys);
    if (r < 0)
        return r;
    memcpy(commit, keys.commit, SEAL_COMMIT_BYTES);
    envelope->commit = bytes_make(commit, SEAL_COMMIT_BYTES);
    const struct bytes aad = envelope_aad(envelope, aad_room);
    r = crypto_aead_xchacha20poly1305_ietf_encrypt(sealed, NULL, padded.data, padded.size, aad.data, aad.size, NULL,
                                                   envelope->salt.data, keys.key);
    sodium_memzero(&keys, sizeof(keys));
    envelope->sealed = bytes_make(sealed, padded.size + SEAL_TAG_BYTES);
    return r == 0 ? 0 : -EINVAL;
}

static int seal_padded(struct sender *sender, struct bytes header, struct bytes padded, struct arena *arena,
                       struct bytes *ret)
{
    uint8_t salt[SEAL_SALT_BYTES], message[SIGNED_MESSAGE_MAX_BYTES], signature[SEAL_SIGNATURE_BYTES];
    struct envelope envelope = { .header = header, .salt = bytes_make(salt, sizeof(salt)) };
    int r = make_salt(sender, header, padded, salt);

    if (r == 0)
        r = encrypt(sender, padded, arena, &envelope);
    if (r < 0)
        return r;
    int size = signed_message(&ENVELOPE_SIGNED(&envelope), message);
    if (size < 0 ||
        crypto_sign_detached(signature, NULL, message, (unsigned long long) size, sender->key.session_sk) != 0)
        return -EINVAL;
    envelope.signature = bytes_make(signature, sizeof(signature));
    return envelope_write(&envelope, arena, ret);
}

/* 0 when the key may seal an envelope of this time. */
static int check_key(const struct sender *sender, uint64_t created_ms)
{
    const struct sending_key *key = &sender->key;

    if (!sender->has_key || sender->last_seq >= key->max_seq || created_ms > key->not_after_ms)
        return -ENOKEY;
    return created_ms + SEAL_CLOCK_SKEW_MS < key->not_before_ms ? -EINVAL : 0;
}

int envelope_seal(struct sender *sender, const struct envelope_header *header, struct bytes content,
                  struct arena *arena, struct bytes *ret)
{
    struct envelope_header full = *header;
    struct bytes header_bytes, padded;
    int r = check_key(sender, header->created_ms);

    if (r < 0)
        return r;
    full.channel = bytes_make(sender->channel, SEAL_ID_BYTES);
    full.key_id = bytes_make(sender->key.key_id, SEAL_KEY_ID_BYTES);
    full.seq = sender->last_seq + 1;
    r = padding_add(content, arena, &padded);
    if (r == 0)
        r = envelope_header_write(&full, arena, &header_bytes);
    if (r == 0) {
        sender->last_seq++; /* spent, whatever happens next */
        r = seal_padded(sender, header_bytes, padded, arena, ret);
    }
    return r;
}
