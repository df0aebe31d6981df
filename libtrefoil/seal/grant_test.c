/* Grants made and opened; grants that lie. */
#include "seal/grant.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "seal/envelope_keys.h"
#include "seal_kit/forge.h"
#include "wire/proto_arena.h"

static int set_up(void **state)
{
    *state = world_new();
    return 0;
}

static int tear_down(void **state)
{
    world_free(*state);
    return 0;
}

static struct bytes mint(struct world *world, struct sending_key *key)
{
    struct bytes grant;

    *key = forge_key(world, WORLD_WHATSAPP, &grant);
    return grant;
}

static void test_all_readers_get_the_senders_key(void **state)
{
    struct world *world = *state;
    const enum world_service readers[] = { WORLD_WHATSAPP, WORLD_BOT, WORLD_CRM };
    struct sending_key key;
    struct grant grant;
    uint8_t k_send[SEAL_KEY_BYTES];

    assert_int_equal(grant_parse(mint(world, &key), &world->arena, &grant), 0);
    assert_int_equal(grant_check(&grant, &world->trust.roster, GRANT_FRESH), GRANT_GOOD);
    assert_memory_equal(grant.key_id, key.key_id, SEAL_KEY_ID_BYTES);
    assert_int_equal(grant.n_wraps, 3);
    assert_int_equal(grant.wraps[0].generation, 2); /* the newest of two valid ones */
    for (size_t i = 0; i < ARRAY_SIZE(readers); i++) {
        assert_int_equal(grant_open(&grant, world->keyrings[readers[i]], k_send), 0);
        assert_memory_equal(k_send, key.k_send, SEAL_KEY_BYTES);
    }
    assert_int_equal(grant_open(&grant, world->keyrings[WORLD_STRANGER], k_send), -ENOKEY);
}

static void test_grant_is_the_protobuf_of_the_schema(void **state)
{
    struct world *world = *state;
    ProtobufCAllocator allocator = proto_arena(&world->arena);
    struct sending_key key;
    const struct bytes bytes = mint(world, &key);
    Trefoil__Grant *grant = trefoil__grant__unpack(&allocator, bytes.size, bytes.data);

    assert_non_null(grant);
    Trefoil__GrantBody *body = trefoil__grant_body__unpack(&allocator, grant->body.len, grant->body.data);
    assert_non_null(body);
    assert_int_equal(body->n_wraps, 3);
    assert_int_equal(body->wraps[2]->sealed_share.len, SEAL_WRAP_SHARE_BYTES);
    assert_true(body->not_before_ms == WORLD_NOW_MS);
    assert_int_equal(trefoil__grant_body__get_packed_size(body), grant->body.len);
}

static void test_only_writers_mint(void **state)
{
    struct world *world = *state;
    static const uint8_t replica[SEAL_REPLICA_BYTES] = { 9 };
    const struct random random = random_system();
    struct grant_recipe recipe = { world->keyrings[WORLD_CRM], &world->trust, bytes_make(world->family, SEAL_ID_BYTES),
                                   bytes_make(replica, sizeof(replica)), WORLD_NOW_MS };
    struct sending_key key;
    struct bytes grant;

    assert_int_equal(grant_mint(&recipe, &random, &world->arena, &key, &grant), -EACCES); /* reads only */
    recipe.channel = bytes_make(world->tenant, SEAL_ID_BYTES);
    assert_int_equal(grant_mint(&recipe, &random, &world->arena, &key, &grant), -EACCES); /* no such channel */
    recipe.keyring = world->keyrings[WORLD_BOT];
    recipe.channel = bytes_make(world->other, SEAL_ID_BYTES);
    recipe.now_ms = WORLD_NOW_MS + 100 * SEAL_WRAP_ACTIVE_MS;
    assert_int_equal(grant_mint(&recipe, &random, &world->arena, &key, &grant), -ENOKEY); /* wrap keys long over */
}

static void test_every_flipped_bit_and_truncation_is_refused(void **state)
{
    struct world *world = *state;
    struct sending_key key;
    const struct bytes bytes = mint(world, &key);
    uint8_t copy[2048], k_send[SEAL_KEY_BYTES];
    struct grant grant;

    memcpy(copy, bytes.data, bytes.size);
    for (size_t bit = 0; bit < bytes.size * 8; bit++) {
        copy[bit / 8] ^= (uint8_t) (1u << (bit % 8));
        struct arena scratch = ARENA_EMPTY(1 << 20);
        if (grant_parse(bytes_make(copy, bytes.size), &scratch, &grant) == 0) {
            assert_int_not_equal(grant_check(&grant, &world->trust.roster, GRANT_REMEMBERED), GRANT_GOOD);
            /* even without the signatures nothing in the body can change under the same key */
            if (bit < 8 * (bytes.size - 132))
                assert_int_not_equal(grant_open(&grant, world->keyrings[WORLD_BOT], k_send), 0);
        }
        arena_deinit(&scratch);
        copy[bit / 8] ^= (uint8_t) (1u << (bit % 8));
    }
    for (size_t size = 0; size < bytes.size; size++)
        assert_int_equal(grant_parse(bytes_make(bytes.data, size), &world->arena, &grant), -EBADMSG);
    copy[bytes.size] = 0;
    assert_int_equal(grant_parse(bytes_make(copy, bytes.size + 1), &world->arena, &grant), -EBADMSG);
}

/* Written again and parsed; without wraps when it is not even well-formed. */
static struct grant forge(struct forgery *forgery)
{
    struct grant grant;

    if (grant_parse(forgery_write(forgery), &forgery->world->arena, &grant) < 0)
        memset(&grant, 0, sizeof(grant));
    return grant;
}

static void test_sender_that_gives_two_readers_two_keys_is_caught_by_one_of_them(void **state)
{
    struct world *world = *state;
    struct forgery forgery;
    uint8_t k_send[SEAL_KEY_BYTES];
    int opened = 0;

    forgery_init(&forgery, world);
    forgery_equivocate(&forgery);
    const struct grant grant = forge(&forgery);
    assert_int_equal(grant_check(&grant, &world->trust.roster, GRANT_FRESH), GRANT_GOOD); /* nobody sees it outside */
    for (size_t i = 0; i < 3; i++)
        opened += grant_open(&grant, world->keyrings[i], k_send) == 0;
    assert_int_equal(opened, 1);
}

static void test_share_replanted_in_another_context_gives_no_key(void **state)
{
    struct world *world = *state;
    struct forgery forgery;
    uint8_t k_send[SEAL_KEY_BYTES];
    struct grant grant;

    forgery_init(&forgery, world);
    forgery.body->max_seq--; /* signed by the writer himself, wraps copied */
    grant = forge(&forgery);
    assert_int_equal(grant_check(&grant, &world->trust.roster, GRANT_FRESH), GRANT_GOOD);
    assert_int_equal(grant_open(&grant, world->keyrings[WORLD_BOT], k_send), -EBADMSG);
}

static void test_wrap_for_another_reader_does_not_open(void **state)
{
    struct world *world = *state;
    struct forgery forgery;
    uint8_t k_send[SEAL_KEY_BYTES];
    struct grant grant;

    forgery_init(&forgery, world);
    ProtobufCBinaryData first = forgery.body->wraps[0]->sealed_share;
    forgery.body->wraps[0]->sealed_share = forgery.body->wraps[1]->sealed_share;
    forgery.body->wraps[1]->sealed_share = first;
    grant = forge(&forgery);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(grant_open(&grant, world->keyrings[i], k_send), -EBADMSG);
}

static void test_generation_we_no_longer_have_is_told_apart_from_a_lie(void **state)
{
    struct world *world = *state;
    struct sending_key key;
    struct grant grant;
    uint8_t k_send[SEAL_KEY_BYTES];

    assert_int_equal(grant_parse(mint(world, &key), &world->arena, &grant), 0);
    world->keyrings[WORLD_BOT]->n_wraps = 1; /* generation 2 destroyed */
    assert_int_equal(grant_open(&grant, world->keyrings[WORLD_BOT], k_send), -ENOKEY);
}

static enum grant_verdict verdict(struct forgery *forgery, const struct roster *roster, enum grant_age age)
{
    const struct grant grant = forge(forgery);

    assert_true(grant.n_wraps > 0); /* well-formed */
    return grant_check(&grant, roster, age);
}

static void test_what_the_roster_does_not_allow_is_refused_by_name(void **state)
{
    struct world *world = *state;
    const struct roster *roster = &world->trust.roster;
    struct forgery forgery;
    uint8_t foreign[SEAL_HASH_BYTES] = { 1 };

#define VERDICT(change, expected)                                           \
    do {                                                                    \
        forgery_init(&forgery, world);                                      \
        change;                                                             \
        assert_int_equal(verdict(&forgery, roster, GRANT_FRESH), expected); \
    } while (0)
    VERDICT((void) 0, GRANT_GOOD);
    VERDICT(forgery.body->tenant.data = foreign, GRANT_OTHER_TENANT);
    VERDICT(forgery.body->channel.data = foreign, GRANT_UNKNOWN_CHANNEL);
    VERDICT(forgery.body->channel.data = world->other, GRANT_NOT_WRITER);
    VERDICT(forgery.body->service.data = foreign, GRANT_UNKNOWN_SENDER);
    VERDICT(forgery.body->service.data = world->keyrings[WORLD_CRM]->service, GRANT_NOT_WRITER);
    VERDICT(forgery.body->service.data = world->keyrings[WORLD_BOT]->service, GRANT_BAD_SIGNATURE);
    VERDICT(forgery.body->roster_version = 2, GRANT_NEWER_ROSTER);
    VERDICT(forgery.body->roster_hash.data = foreign, GRANT_FORKED_ROSTER);
    VERDICT(memcpy(forgery.body->session_pk.data, foreign, SEAL_KEY_BYTES), GRANT_BAD_SIGNATURE);
#undef VERDICT
}

static void test_wrap_for_somebody_who_is_no_reader_is_refused(void **state)
{
    struct world *world = *state;
    struct forgery forgery;

    forgery_init(&forgery, world);
    const size_t last = forgery.body->n_wraps - 1;
    uint8_t ghost[SEAL_ID_BYTES];
    memset(ghost, 0xff, sizeof(ghost));
    forgery.body->wraps[last]->service.data = ghost;
    assert_int_equal(verdict(&forgery, &world->trust.roster, GRANT_FRESH), GRANT_STRANGER);
}

static void test_malformed_bodies_are_refused_though_signed(void **state)
{
    struct world *world = *state;
    struct forgery forgery;

#define MALFORMED(change)                             \
    do {                                              \
        forgery_init(&forgery, world);                \
        change;                                       \
        assert_int_equal(forge(&forgery).n_wraps, 0); \
    } while (0)
    MALFORMED(forgery.body->n_wraps = 0);
    MALFORMED(forgery.body->max_seq = 0);
    MALFORMED(forgery.body->max_seq = SEAL_GRANT_MAX_SEQ + 1);
    MALFORMED(forgery.body->not_after_ms = forgery.body->not_before_ms + SEAL_GRANT_LIFE_MS + 1);
    MALFORMED(forgery.body->not_after_ms = forgery.body->not_before_ms);
    MALFORMED(forgery.body->not_before_ms = forgery.body->not_after_ms = UINT64_MAX);
    MALFORMED(forgery.body->roster_version = 0);
    MALFORMED(forgery.body->replica.len = 7);
    MALFORMED(forgery.body->session_pk.len = 31);
    MALFORMED(forgery.body->wraps[1]->generation = 0);
    MALFORMED(forgery.body->wraps[1] = forgery.body->wraps[0]); /* one reader, two shares */
    MALFORMED(forgery.body->wraps[1]->sealed_share.len = 79);
#undef MALFORMED
}

static void test_new_roster_makes_old_grants_stale_for_the_gateway_and_readable_for_readers(void **state)
{
    struct world *world = *state;
    struct forgery forgery;

    forgery_init(&forgery, world);
    const struct trust next = world_trust(world, world_roster(world, 2));
    assert_int_equal(verdict(&forgery, &next.roster, GRANT_FRESH), GRANT_STALE_ROSTER);
    assert_int_equal(verdict(&forgery, &next.roster, GRANT_REMEMBERED), GRANT_GOOD);
    forgery.body->roster_hash.data[0] ^= 1;
    assert_int_equal(verdict(&forgery, &next.roster, GRANT_REMEMBERED), GRANT_FORKED_ROSTER);
}

static void test_removed_writer_and_voided_identity_are_refused(void **state)
{
    struct world *world = *state;
    struct forgery forgery;
    struct roster *without = world_roster(world, 2), *voided = world_roster(world, 2);

    forgery_init(&forgery, world);
    ((struct roster_channel *) (uintptr_t) without->channels)[0].n_writers = 0;
    const struct trust removed = world_trust(world, without);
    assert_int_equal(verdict(&forgery, &removed.roster, GRANT_REMEMBERED), GRANT_NOT_WRITER);
    ((struct roster_service *) (uintptr_t) voided->services)[WORLD_WHATSAPP].void_before_ms = WORLD_NOW_MS + 1;
    const struct trust after = world_trust(world, voided);
    assert_int_equal(verdict(&forgery, &after.roster, GRANT_REMEMBERED), GRANT_VOID);
    assert_int_equal(after.n_refused, 2); /* its wrap keys are void as well */
}

/* Made by the second implementation: good under the envelope keys of K_send 01…01 and 02…02, the first one's commitment
 * in the associated data.
 */
static const char salamander[] =
    "0b0000000000000000000000000000000b0000000000000000000000000000000b000000000000000000000000000000"
    "0b0000000000000000000000000000000b0000000000000000000000000000000b000000000000000000000000000000"
    "0b0000000000000000000000000000000b0000000000000000000000000000000b000000000000000000000000000000"
    "0b0000000000000000000000000000000b0000000000000000000000000000000b000000000000000000000000000000"
    "0b0000000000000000000000000000000b0000000000000000000000000000007010bf4a975c8f351c4516af62f1ff2d"
    "6884b312c8e5afee81769ebff8c5236300000000000000000100000000000000";

static int decrypt(const struct envelope *envelope, const uint8_t *key, uint8_t *ret)
{
    uint8_t room[ENVELOPE_AAD_MAX_BYTES];
    const struct bytes aad = envelope_aad(envelope, room);

    return crypto_aead_xchacha20poly1305_ietf_decrypt(ret, NULL, NULL, envelope->sealed.data, envelope->sealed.size,
                                                      aad.data, aad.size, envelope->salt.data, key);
}

static void test_ciphertext_that_is_two_messages_is_caught_by_the_commitment_alone(void **state)
{
    (void) state;
    uint8_t k_send[2][SEAL_KEY_BYTES], salt[SEAL_SALT_BYTES], sealed[272], texts[2][256];
    struct envelope_keys keys[2];

    for (uint8_t i = 0; i < sizeof(salt); i++)
        salt[i] = i;
    assert_int_equal(bytes_from_hex(bytes_of_text(salamander), sealed, sizeof(sealed)), 0);
    for (int i = 0; i < 2; i++) {
        memset(k_send[i], i + 1, SEAL_KEY_BYTES);
        assert_int_equal(
            envelope_keys_derive(k_send[i], bytes_of_text("a header"), bytes_make(salt, sizeof(salt)), &keys[i]), 0);
    }
    const struct envelope envelope = { .header = bytes_of_text("a header"),
                                       .salt = bytes_make(salt, sizeof(salt)),
                                       .commit = bytes_make(keys[0].commit, SEAL_COMMIT_BYTES),
                                       .sealed = bytes_make(sealed, sizeof(sealed)) };
    assert_int_equal(decrypt(&envelope, keys[0].key, texts[0]), 0);
    assert_int_equal(decrypt(&envelope, keys[1].key, texts[1]), 0); /* the AEAD sees nothing wrong */
    assert_memory_not_equal(texts[0], texts[1], sizeof(texts[0]));
    assert_memory_not_equal(keys[0].commit, keys[1].commit, SEAL_COMMIT_BYTES); /* what a reader compares first */
}

#define WORLD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD(test_all_readers_get_the_senders_key),
        WORLD(test_grant_is_the_protobuf_of_the_schema),
        WORLD(test_only_writers_mint),
        WORLD(test_every_flipped_bit_and_truncation_is_refused),
        WORLD(test_sender_that_gives_two_readers_two_keys_is_caught_by_one_of_them),
        WORLD(test_share_replanted_in_another_context_gives_no_key),
        WORLD(test_wrap_for_another_reader_does_not_open),
        WORLD(test_generation_we_no_longer_have_is_told_apart_from_a_lie),
        WORLD(test_what_the_roster_does_not_allow_is_refused_by_name),
        WORLD(test_wrap_for_somebody_who_is_no_reader_is_refused),
        WORLD(test_malformed_bodies_are_refused_though_signed),
        WORLD(test_new_roster_makes_old_grants_stale_for_the_gateway_and_readable_for_readers),
        WORLD(test_removed_writer_and_voided_identity_are_refused),
        cmocka_unit_test(test_ciphertext_that_is_two_messages_is_caught_by_the_commitment_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
