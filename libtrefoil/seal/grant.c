/* Grants made and opened. Never wraps for anybody the roster does not name a reader. */
#include "seal/grant.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "trust/hash.h"
#include "wire/proto_writer.h"

/* crypto_box_seal() with the ephemeral key handed in: the same bytes, made twice when a test wants them twice. */
static int seal_share(const uint8_t *share, const uint8_t *reader_pk, const struct random *random,
                      uint8_t ret[SEAL_WRAP_SHARE_BYTES])
{
    uint8_t sk[SEAL_KEY_BYTES], nonce[crypto_box_NONCEBYTES];
    crypto_generichash_state state;

    random_fill(random, sk, sizeof(sk));
    int r = crypto_scalarmult_base(ret, sk);
    if (r == 0)
        r = crypto_generichash_init(&state, NULL, 0, sizeof(nonce));
    if (r == 0) {
        crypto_generichash_update(&state, ret, SEAL_KEY_BYTES);
        crypto_generichash_update(&state, reader_pk, SEAL_KEY_BYTES);
        crypto_generichash_final(&state, nonce, sizeof(nonce));
        r = crypto_box_easy(ret + SEAL_KEY_BYTES, share, SEAL_KEY_BYTES, nonce, reader_pk, sk);
    }
    sodium_memzero(sk, sizeof(sk));
    return r == 0 ? 0 : -EINVAL;
}

static int by_service(const void *a, const void *b)
{
    const struct grant_wrap *left = a, *right = b;

    return bytes_compare(left->service, right->service);
}

/* One wrap for every reader with a valid wrap key, ascending by service. */
static int wrap_share(const struct grant_recipe *recipe, const uint8_t *share, const struct random *random,
                      struct arena *arena, struct grant *grant)
{
    const struct roster_channel *channel = roster_channel_by_id(&recipe->trust->roster, recipe->channel);
    struct grant_wrap *wraps = arena_array(arena, channel->n_readers, sizeof(*wraps));
    size_t n = 0;

    if (!wraps)
        return -ENOMEM;
    for (size_t i = 0; i < channel->n_readers; i++) {
        const struct wrap_key *key = trust_wrap_key(recipe->trust, channel->readers[i], recipe->now_ms);

        if (key)
            wraps[n++] = (struct grant_wrap){ key->service, key->generation, key->pk };
    }
    qsort(wraps, n, sizeof(*wraps), by_service);
    for (size_t i = 0; i < n; i++) {
        uint8_t *sealed = arena_alloc(arena, SEAL_WRAP_SHARE_BYTES);

        if (!sealed)
            return -ENOMEM;
        if (seal_share(share, wraps[i].sealed_share.data, random, sealed) < 0)
            return -EINVAL;
        wraps[i].sealed_share = bytes_make(sealed, SEAL_WRAP_SHARE_BYTES);
    }
    grant->wraps = wraps;
    grant->n_wraps = n;
    return n > 0 ? 0 : -ENOKEY;
}

static void put_wrap(struct proto_writer *writer, const struct grant_wrap *wrap)
{
    proto_put_bytes(writer, 1, wrap->service);
    proto_put_u64(writer, 2, wrap->generation);
    proto_put_bytes(writer, 3, wrap->sealed_share);
}

static void put_body(struct proto_writer *writer, const struct grant *grant)
{
    proto_put_bytes(writer, 1, grant->tenant);
    proto_put_bytes(writer, 2, grant->channel);
    proto_put_bytes(writer, 3, grant->service);
    proto_put_bytes(writer, 4, grant->replica);
    proto_put_u64(writer, 5, grant->roster_version);
    proto_put_bytes(writer, 6, grant->roster_hash);
    proto_put_u64(writer, 7, grant->not_before_ms);
    proto_put_u64(writer, 8, grant->not_after_ms);
    proto_put_u64(writer, 9, grant->max_seq);
    proto_put_bytes(writer, 10, grant->session_pk);
    for (size_t i = 0; i < grant->n_wraps; i++) {
        struct proto_writer inner = { 0 };

        put_wrap(&inner, &grant->wraps[i]);
        proto_put_front(writer, 11, inner.size);
        put_wrap(writer, &grant->wraps[i]);
    }
}

static void put_grant(struct proto_writer *writer, const struct grant *grant)
{
    proto_put_bytes(writer, 1, grant->body);
    proto_put_bytes(writer, 2, grant->key_commit);
    proto_put_bytes(writer, 3, grant->identity_signature);
    proto_put_bytes(writer, 4, grant->session_signature);
}

static int write_part(void (*put)(struct proto_writer *, const struct grant *), const struct grant *grant,
                      struct arena *arena, struct bytes *ret)
{
    struct proto_writer writer = { 0 };

    put(&writer, grant);
    if (writer.size > SEAL_GRANT_MAX_BYTES)
        return -EINVAL;
    writer = (struct proto_writer){ arena_alloc(arena, writer.size), 0 };
    if (!writer.data)
        return -ENOMEM;
    put(&writer, grant);
    *ret = bytes_make(writer.data, writer.size);
    return 0;
}

static int derive(const uint8_t *share, const uint8_t *body_hash, uint8_t *ret_k_send, uint8_t *ret_commit)
{
    const struct bytes hash = bytes_make(body_hash, SEAL_HASH_BYTES);
    int r =
        labelled_hash(&HASH_INPUT(LABEL_SEND_KEY, bytes_make(share, SEAL_KEY_BYTES), hash), ret_k_send, SEAL_KEY_BYTES);

    if (r == 0)
        r = labelled_hash(&HASH_INPUT(LABEL_SEND_COMMIT, bytes_make(ret_k_send, SEAL_KEY_BYTES), hash), ret_commit,
                          SEAL_COMMIT_BYTES);
    return r;
}

static int sign(const struct hash_input *input, const uint8_t *sk, struct arena *arena, struct bytes *ret)
{
    uint8_t message[SIGNED_MESSAGE_MAX_BYTES];
    uint8_t *signature = arena_alloc(arena, SEAL_SIGNATURE_BYTES);
    int size = signed_message(input, message);

    if (!signature)
        return -ENOMEM;
    if (size < 0 || crypto_sign_detached(signature, NULL, message, (unsigned long long) size, sk) != 0)
        return -EINVAL;
    *ret = bytes_make(signature, SEAL_SIGNATURE_BYTES);
    return 0;
}

/* Body, key, commitment, signatures, in that order: each depends on all before it. */
static int finish(struct grant *grant, const uint8_t *share, const struct keyring *keyring, struct arena *arena,
                  struct sending_key *key)
{
    uint8_t *commit = arena_alloc(arena, SEAL_COMMIT_BYTES);
    int r = write_part(put_body, grant, arena, &grant->body);

    if (r == 0 && !commit)
        r = -ENOMEM;
    if (r == 0)
        r = labelled_hash(&HASH_INPUT(LABEL_GRANT_BODY, BYTES_EMPTY, grant->body), grant->body_hash,
                          sizeof(grant->body_hash));
    if (r == 0)
        r = derive(share, grant->body_hash, key->k_send, commit);
    if (r < 0)
        return r;
    grant->key_commit = bytes_make(commit, SEAL_COMMIT_BYTES);
    r = labelled_hash(&HASH_INPUT(LABEL_KEY_ID, BYTES_EMPTY, grant->body, grant->key_commit), key->key_id,
                      sizeof(key->key_id));
    if (r == 0)
        r = sign(&HASH_INPUT(LABEL_GRANT_IDENTITY, BYTES_EMPTY, grant->body, grant->key_commit), keyring->identity_sk,
                 arena, &grant->identity_signature);
    if (r == 0)
        r = sign(&HASH_INPUT(LABEL_GRANT_SESSION, BYTES_EMPTY, grant->body, grant->key_commit), key->session_sk, arena,
                 &grant->session_signature);
    return r;
}

static int make_session(const struct random *random, struct sending_key *key)
{
    uint8_t seed[SEAL_KEY_BYTES];

    random_fill(random, seed, sizeof(seed));
    int r = crypto_sign_seed_keypair(key->session_pk, key->session_sk, seed);
    sodium_memzero(seed, sizeof(seed));
    return r == 0 ? 0 : -EINVAL;
}

static int mint(const struct grant_recipe *recipe, const struct random *random, struct arena *arena,
                struct sending_key *key, struct bytes *ret)
{
    const struct roster *roster = &recipe->trust->roster;
    uint8_t share[SEAL_KEY_BYTES];
    struct grant grant = {
        .tenant = roster->tenant,
        .channel = recipe->channel,
        .service = bytes_make(recipe->keyring->service, SEAL_ID_BYTES),
        .replica = recipe->replica,
        .roster_version = roster->version,
        .roster_hash = bytes_make(roster->hash, SEAL_HASH_BYTES),
        .not_before_ms = recipe->now_ms,
        .not_after_ms = recipe->now_ms + SEAL_GRANT_LIFE_MS,
        .max_seq = SEAL_GRANT_MAX_SEQ,
        .session_pk = bytes_make(key->session_pk, SEAL_KEY_BYTES),
    };
    int r = make_session(random, key);

    random_fill(random, share, sizeof(share));
    if (r == 0)
        r = wrap_share(recipe, share, random, arena, &grant);
    if (r == 0)
        r = finish(&grant, share, recipe->keyring, arena, key);
    sodium_memzero(share, sizeof(share));
    if (r == 0)
        r = write_part(put_grant, &grant, arena, ret);
    key->roster_version = grant.roster_version;
    key->not_before_ms = grant.not_before_ms;
    key->not_after_ms = grant.not_after_ms;
    key->max_seq = grant.max_seq;
    return r;
}

int grant_mint(const struct grant_recipe *recipe, const struct random *random, struct arena *arena,
               struct sending_key *ret_key, struct bytes *ret)
{
    const struct roster_channel *channel = roster_channel_by_id(&recipe->trust->roster, recipe->channel);
    const struct bytes service = bytes_make(recipe->keyring->service, SEAL_ID_BYTES);
    struct sending_key key = { 0 };
    struct bytes grant;

    if (recipe->replica.size != SEAL_REPLICA_BYTES)
        return -EINVAL;
    if (!channel || !roster_is_writer(channel, service) ||
        !bytes_equal(recipe->trust->roster.tenant, bytes_make(recipe->keyring->tenant, SEAL_ID_BYTES)))
        return -EACCES;
    int r = mint(recipe, random, arena, &key, &grant);
    if (r == 0) {
        *ret_key = key;
        *ret = grant;
    }
    sodium_memzero(&key, sizeof(key));
    return r;
}

static const struct grant_wrap *wrap_for(const struct grant *grant, const struct keyring *keyring,
                                         const struct wrap_secret **ret_secret)
{
    const struct bytes service = bytes_make(keyring->service, SEAL_ID_BYTES);

    for (size_t i = 0; i < grant->n_wraps; i++)
        for (size_t j = 0; j < keyring->n_wraps; j++)
            if (bytes_equal(grant->wraps[i].service, service) &&
                grant->wraps[i].generation == keyring->wraps[j].generation) {
                *ret_secret = &keyring->wraps[j];
                return &grant->wraps[i];
            }
    return NULL;
}

int grant_open(const struct grant *grant, const struct keyring *keyring, uint8_t ret_k_send[SEAL_KEY_BYTES])
{
    const struct wrap_secret *secret;
    const struct grant_wrap *wrap = wrap_for(grant, keyring, &secret);
    uint8_t share[SEAL_KEY_BYTES], k_send[SEAL_KEY_BYTES], commit[SEAL_COMMIT_BYTES];

    if (!wrap)
        return -ENOKEY;
    if (crypto_box_seal_open(share, wrap->sealed_share.data, SEAL_WRAP_SHARE_BYTES, secret->pk, secret->sk) != 0)
        return -EBADMSG;
    int r = derive(share, grant->body_hash, k_send, commit);
    if (r == 0 && sodium_memcmp(commit, grant->key_commit.data, sizeof(commit)) != 0)
        r = -EBADMSG;
    if (r == 0)
        memcpy(ret_k_send, k_send, SEAL_KEY_BYTES);
    sodium_memzero(share, sizeof(share));
    sodium_memzero(k_send, sizeof(k_send));
    return r < 0 ? -EBADMSG : 0;
}
