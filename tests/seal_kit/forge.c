/* Forged objects for tests and vectors. Never checks what it makes. */
#include "seal_kit/forge.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "seal/envelope_keys.h"
#include "trust/hash.h"
#include "wire/proto_arena.h"
#include "wire/proto_writer.h"

static void must(bool held)
{
    if (!held)
        abort();
}

static void sign(const struct hash_input *input, const uint8_t *sk, uint8_t *ret)
{
    uint8_t message[SIGNED_MESSAGE_MAX_BYTES];
    int size = signed_message(input, message);

    must(size > 0);
    crypto_sign_detached(ret, NULL, message, (unsigned long long) size, sk);
}

struct sending_key forge_key(struct world *world, enum world_service service, struct bytes *ret_grant)
{
    static const uint8_t replica[SEAL_REPLICA_BYTES] = "replica";
    const struct random random = world_random(&world->random);
    const struct grant_recipe recipe = { world->keyrings[service], &world->trust,
                                         bytes_make(world->family, SEAL_ID_BYTES), bytes_make(replica, sizeof(replica)),
                                         WORLD_NOW_MS };
    struct sending_key key;

    must(grant_mint(&recipe, &random, &world->arena, &key, ret_grant) == 0);
    return key;
}

struct bytes forge_parts(struct world *world, const struct envelope *envelope, const uint8_t *session_sk)
{
    struct envelope changed = *envelope;
    uint8_t signature[SEAL_SIGNATURE_BYTES];
    struct bytes bytes;

    if (session_sk) {
        sign(&ENVELOPE_SIGNED(&changed), session_sk, signature);
        changed.signature = bytes_make(signature, sizeof(signature));
    }
    must(envelope_write(&changed, &world->arena, &bytes) == 0);
    return bytes;
}

struct bytes forge_envelope(struct world *world, const struct sending_key *key, struct envelope_header header,
                            struct bytes padded)
{
    static const uint8_t salt[SEAL_SALT_BYTES] = "a salt of thirty-two bytes, fix";
    struct envelope envelope = { .salt = bytes_make(salt, sizeof(salt)) };
    struct envelope_keys keys;
    uint8_t room[ENVELOPE_AAD_MAX_BYTES], *sealed = arena_alloc(&world->arena, padded.size + SEAL_TAG_BYTES);

    header.key_id = bytes_make(key->key_id, SEAL_KEY_ID_BYTES);
    header.seq = header.seq ? header.seq : 1;
    must(sealed && envelope_header_write(&header, &world->arena, &envelope.header) == 0);
    must(envelope_keys_derive(key->k_send, envelope.header, envelope.salt, &keys) == 0);
    envelope.commit = bytes_make(keys.commit, SEAL_COMMIT_BYTES);
    const struct bytes aad = envelope_aad(&envelope, room);
    crypto_aead_xchacha20poly1305_ietf_encrypt(sealed, NULL, padded.data, padded.size, aad.data, aad.size, NULL,
                                               envelope.salt.data, keys.key);
    envelope.sealed = bytes_make(sealed, padded.size + SEAL_TAG_BYTES);
    return forge_parts(world, &envelope, key->session_sk);
}

void forgery_init(struct forgery *forgery, struct world *world)
{
    ProtobufCAllocator allocator = proto_arena(&world->arena);
    struct bytes bytes;
    struct grant grant;

    forgery->world = world;
    forgery->key = forge_key(world, WORLD_WHATSAPP, &bytes);
    must(grant_parse(bytes, &world->arena, &grant) == 0);
    forgery->body = trefoil__grant_body__unpack(&allocator, grant.body.size, grant.body.data);
    memcpy(forgery->commit, grant.key_commit.data, SEAL_COMMIT_BYTES);
}

static struct bytes write_body(const struct forgery *forgery)
{
    const size_t size = trefoil__grant_body__get_packed_size(forgery->body);
    uint8_t *body = arena_alloc(&forgery->world->arena, size);

    must(body != NULL);
    trefoil__grant_body__pack(forgery->body, body);
    return bytes_make(body, size);
}

struct bytes forgery_write(struct forgery *forgery)
{
    const struct bytes body = write_body(forgery), commit = bytes_make(forgery->commit, SEAL_COMMIT_BYTES);
    uint8_t signatures[2][SEAL_SIGNATURE_BYTES];
    struct proto_writer writer = { 0 };

    sign(&HASH_INPUT(LABEL_GRANT_IDENTITY, BYTES_EMPTY, body, commit),
         forgery->world->keyrings[WORLD_WHATSAPP]->identity_sk, signatures[0]);
    sign(&HASH_INPUT(LABEL_GRANT_SESSION, BYTES_EMPTY, body, commit), forgery->key.session_sk, signatures[1]);
    const struct bytes parts[] = { body, commit, bytes_make(signatures[0], SEAL_SIGNATURE_BYTES),
                                   bytes_make(signatures[1], SEAL_SIGNATURE_BYTES) };
    writer.data = arena_alloc(&forgery->world->arena, body.size + 512);
    must(writer.data != NULL);
    for (uint32_t i = 0; i < ARRAY_SIZE(parts); i++)
        proto_put_bytes(&writer, i + 1, parts[i]);
    return bytes_make(writer.data, writer.size);
}

static const struct keyring *reader_of(const struct forgery *forgery, const Trefoil__Wrap *wrap)
{
    for (size_t i = 0; i < WORLD_N_SERVICES; i++)
        if (memcmp(wrap->service.data, forgery->world->keyrings[i]->service, SEAL_ID_BYTES) == 0)
            return forgery->world->keyrings[i];
    abort();
}

/* crypto_box_seal, from the world's randomness. */
static void seal_share(struct forgery *forgery, Trefoil__Wrap *wrap, const uint8_t *share)
{
    const struct random random = world_random(&forgery->world->random);
    const uint8_t *pk = reader_of(forgery, wrap)->wraps[wrap->generation - 1].pk;
    uint8_t sk[SEAL_KEY_BYTES], nonce[crypto_box_NONCEBYTES], both[2 * SEAL_KEY_BYTES];

    random_fill(&random, sk, sizeof(sk));
    crypto_scalarmult_base(both, sk);
    memcpy(both + SEAL_KEY_BYTES, pk, SEAL_KEY_BYTES);
    crypto_generichash(nonce, sizeof(nonce), both, sizeof(both), NULL, 0);
    memcpy(wrap->sealed_share.data, both, SEAL_KEY_BYTES);
    must(crypto_box_easy(wrap->sealed_share.data + SEAL_KEY_BYTES, share, SEAL_KEY_BYTES, nonce, pk, sk) == 0);
}

void forgery_equivocate(struct forgery *forgery)
{
    const uint8_t shares[2][SEAL_KEY_BYTES] = { { 1 }, { 2 } };
    uint8_t hash[SEAL_HASH_BYTES];

    for (size_t i = 0; i < forgery->body->n_wraps; i++)
        seal_share(forgery, forgery->body->wraps[i], shares[i > 0]);
    must(labelled_hash(&HASH_INPUT(LABEL_GRANT_BODY, BYTES_EMPTY, write_body(forgery)), hash, sizeof(hash)) == 0);
    const struct bytes parts = bytes_make(hash, sizeof(hash)), share = bytes_make(shares[0], SEAL_KEY_BYTES);
    must(labelled_hash(&HASH_INPUT(LABEL_SEND_KEY, share, parts), forgery->key.k_send, SEAL_KEY_BYTES) == 0);
    must(labelled_hash(&HASH_INPUT(LABEL_SEND_COMMIT, bytes_make(forgery->key.k_send, SEAL_KEY_BYTES), parts),
                       forgery->commit, SEAL_COMMIT_BYTES) == 0);
}

struct bytes forge_signed(struct world *world, const char *label, struct bytes body, const uint8_t *sk)
{
    uint8_t signature[SEAL_SIGNATURE_BYTES];
    struct proto_writer writer = { arena_alloc(&world->arena, body.size + 128), 0 };

    must(writer.data != NULL);
    sign(&HASH_INPUT(label, BYTES_EMPTY, body), sk, signature);
    proto_put_bytes(&writer, 1, body);
    proto_put_bytes(&writer, 2, bytes_make(signature, sizeof(signature)));
    return bytes_make(writer.data, writer.size);
}
