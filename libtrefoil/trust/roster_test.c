/* Rosters, wrap keys and bundles: what is signed well, and what only looks like it. */
#include "trust/roster.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "proto/trust.pb-c.h"
#include "seal_kit/world.h"
#include "trust/hash.h"
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

static struct roster_service *services_of(struct roster *roster)
{
    return (struct roster_service *) (uintptr_t) roster->services;
}

static struct roster_channel *channels_of(struct roster *roster)
{
    return (struct roster_channel *) (uintptr_t) roster->channels;
}

static void test_labels_are_unique_and_long_enough(void **state)
{
    (void) state;
    static const char *const labels[] = { LABELS };

    for (size_t i = 0; i < ARRAY_SIZE(labels); i++) {
        assert_in_range(strlen(labels[i]), LABEL_MIN_BYTES, LABEL_MAX_BYTES);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(labels[i], labels[j]);
    }
}

static void test_border_between_two_parts_is_hashed(void **state)
{
    (void) state;
    uint8_t a[32], b[32];

    assert_int_equal(
        labelled_hash(&HASH_INPUT(LABEL_KEY_ID, BYTES_EMPTY, bytes_of_text("ab"), bytes_of_text("c")), a, sizeof(a)),
        0);
    assert_int_equal(
        labelled_hash(&HASH_INPUT(LABEL_KEY_ID, BYTES_EMPTY, bytes_of_text("a"), bytes_of_text("bc")), b, sizeof(b)),
        0);
    assert_memory_not_equal(a, b, sizeof(a));
}

static void test_roster_answers_who_may_what(void **state)
{
    struct world *world = *state;
    const struct roster *roster = &world->trust.roster;
    const struct roster_channel *family = roster_channel_by_name(roster, bytes_of_text("family"));
    const struct roster_service *whatsapp = roster_service_by_name(roster, bytes_of_text("whatsapp"));
    const struct bytes transport = bytes_make(world->keyrings[WORLD_BOT]->transport_pk, SEAL_KEY_BYTES);

    assert_non_null(family);
    assert_ptr_equal(family, roster_channel_by_id(roster, bytes_make(world->family, SEAL_ID_BYTES)));
    assert_ptr_equal(whatsapp, roster_service_by_id(roster, world_id(world, WORLD_WHATSAPP)));
    assert_ptr_equal(whatsapp, roster_service_by_account(roster, bytes_of_text(WORLD_ACCOUNT)));
    assert_string_equal(roster_service_by_transport(roster, transport)->name, "bot");
    assert_true(roster_owns_account(whatsapp, bytes_of_text(WORLD_ACCOUNT)));
    assert_false(roster_owns_account(whatsapp, bytes_of_text("whatsapp/1")));
    assert_true(roster_is_writer(family, whatsapp->id) && roster_is_reader(family, world_id(world, WORLD_CRM)));
    assert_false(roster_is_writer(family, world_id(world, WORLD_CRM)));
    assert_null(roster_service_by_transport(roster, bytes_make(world->root_pk, SEAL_KEY_BYTES)));
    assert_null(roster_service_by_name(roster, bytes_of_text("whatsap")));
    assert_true(roster_is_current(roster, WORLD_NOW_MS));
    assert_false(roster_is_current(roster, roster->not_after_ms + SEAL_CLOCK_SKEW_MS + 1));
    assert_false(roster_is_current(roster, roster->not_before_ms - SEAL_CLOCK_SKEW_MS - 1));
}

static void test_roster_is_the_protobuf_of_the_schema(void **state)
{
    struct world *world = *state;
    ProtobufCAllocator allocator = proto_arena(&world->arena);
    struct bytes body;

    assert_int_equal(roster_write(world_roster(world, 1), &world->arena, &body), 0);
    Trefoil__Roster *proto = trefoil__roster__unpack(&allocator, body.size, body.data);
    assert_non_null(proto);
    assert_int_equal(proto->n_services, WORLD_N_SERVICES);
    assert_string_equal(proto->services[0]->accounts[0], WORLD_ACCOUNT);
    assert_int_equal(proto->channels[0]->n_readers, 3);
    assert_int_equal(trefoil__roster__get_packed_size(proto), body.size);
}

static void test_every_flipped_bit_and_truncation_of_a_roster_is_refused(void **state)
{
    struct world *world = *state;
    const struct bytes bytes = world->trust.roster_signed;
    uint8_t *copy = malloc(bytes.size);
    struct roster roster;

    memcpy(copy, bytes.data, bytes.size);
    for (size_t bit = 0; bit < bytes.size * 8; bit++) {
        struct arena scratch = ARENA_EMPTY(1 << 20);

        copy[bit / 8] ^= (uint8_t) (1u << (bit % 8));
        assert_int_equal(roster_verify(bytes_make(copy, bytes.size), world->root_pk, 1, &scratch, &roster), -EBADMSG);
        copy[bit / 8] ^= (uint8_t) (1u << (bit % 8));
        arena_deinit(&scratch);
    }
    for (size_t size = 0; size < bytes.size; size++)
        assert_int_equal(roster_verify(bytes_make(copy, size), world->root_pk, 1, &world->arena, &roster), -EBADMSG);
    free(copy);
}

static void test_another_root_and_an_older_version_are_refused(void **state)
{
    struct world *world = *state;
    struct roster roster;
    uint8_t zero[SEAL_KEY_BYTES] = { 0 }; /* a key of small order */

    assert_int_equal(
        roster_verify(world->trust.roster_signed, world->keyrings[0]->identity_pk, 1, &world->arena, &roster),
        -EBADMSG);
    assert_int_equal(roster_verify(world->trust.roster_signed, zero, 1, &world->arena, &roster), -EBADMSG);
    assert_int_equal(roster_verify(world->trust.roster_signed, world->root_pk, 2, &world->arena, &roster), -ESTALE);
}

static void test_chain_tells_next_from_fork_from_gap(void **state)
{
    struct world *world = *state;
    const struct roster *first = &world->trust.roster;
    const struct trust second = world_trust(world, world_roster(world, 2));
    struct roster *plain = world_roster(world, 2);
    uint8_t other_hash[SEAL_HASH_BYTES] = { 1 };

    assert_int_equal(roster_compare(first, first), ROSTER_SAME);
    assert_int_equal(roster_compare(first, &second.roster), ROSTER_NEXT);
    assert_int_equal(roster_compare(&second.roster, first), -ESTALE);
    plain->previous_hash = bytes_make(other_hash, sizeof(other_hash));
    const struct trust fork = world_trust(world, plain);
    assert_int_equal(roster_compare(first, &fork.roster), -EBADMSG);
    assert_int_equal(roster_compare(&second.roster, &fork.roster), -EBADMSG);
    plain->version = 3;
    const struct trust third = world_trust(world, plain);
    assert_int_equal(roster_compare(first, &third.roster), ROSTER_LATER);
}

static void test_rosters_that_contradict_themselves_are_not_signed(void **state)
{
    struct world *world = *state;
    const char *const taken[] = { WORLD_ACCOUNT };
    const char *const twice[] = { WORLD_ACCOUNT, WORLD_ACCOUNT };
    const char *const bare[] = { "whatsapp" };
    const struct bytes ghost[] = { bytes_make(world->tenant, SEAL_ID_BYTES) };
    const struct bytes same[] = { world_id(world, WORLD_BOT), world_id(world, WORLD_BOT) };
    struct roster *roster;
    struct bytes bytes;

#define UNSIGNED(change)                                                                         \
    do {                                                                                         \
        roster = world_roster(world, 1);                                                         \
        change;                                                                                  \
        assert_int_equal(roster_sign(roster, world->root_seed, &world->arena, &bytes), -EINVAL); \
    } while (0)
    UNSIGNED(roster->version = 0);
    UNSIGNED(roster->version = 2); /* without the hash of version 1 */
    UNSIGNED(roster->previous_hash = bytes_make(world->root_pk, SEAL_HASH_BYTES));
    UNSIGNED(roster->tenant = BYTES_EMPTY);
    UNSIGNED(roster->not_after_ms = roster->not_before_ms);
    UNSIGNED(services_of(roster)[1].name = "whatsapp");
    UNSIGNED(services_of(roster)[1].name = "What's up");
    UNSIGNED(services_of(roster)[1].name = "");
    UNSIGNED(services_of(roster)[1].id = services_of(roster)[0].id);
    UNSIGNED(services_of(roster)[1].identity_pk = services_of(roster)[0].identity_pk);
    UNSIGNED(services_of(roster)[1].transport_pks = services_of(roster)[0].transport_pks);
    UNSIGNED(services_of(roster)[1].role = 32);
    UNSIGNED(services_of(roster)[1].identity_pk = BYTES_EMPTY);
    UNSIGNED(services_of(roster)[1].accounts = taken; services_of(roster)[1].n_accounts = 1);
    UNSIGNED(services_of(roster)[0].accounts = twice; services_of(roster)[0].n_accounts = 2);
    UNSIGNED(services_of(roster)[0].accounts = bare);
    UNSIGNED(channels_of(roster)[1].name = "family");
    UNSIGNED(channels_of(roster)[1].id = channels_of(roster)[0].id);
    UNSIGNED(channels_of(roster)[1].writers = ghost);
    UNSIGNED(channels_of(roster)[1].readers = ghost);
    UNSIGNED(channels_of(roster)[1].readers = same; channels_of(roster)[1].n_readers = 2);
#undef UNSIGNED
}

static void test_signed_roster_with_an_unknown_field_is_refused(void **state)
{
    struct world *world = *state;
    struct bytes body;
    struct roster roster;
    uint8_t longer[2048];

    assert_int_equal(roster_write(world_roster(world, 1), &world->arena, &body), 0);
    memcpy(longer, body.data, body.size);
    memcpy(longer + body.size, "\x40\x01", 2); /* field 8: a restriction we do not know */
    assert_int_equal(roster_parse(bytes_make(longer, body.size + 2), &world->arena, &roster), -EBADMSG);
}

static void test_bundle_leaves_out_bad_wrap_keys_and_counts_them(void **state)
{
    struct world *world = *state;
    struct bytes wraps[3], bundle;
    uint8_t broken[256], small_order[256];
    struct trust trust;
    struct keyring *bot = world->keyrings[WORLD_BOT];

    assert_int_equal(wrap_key_sign(bot, 0, &world->arena, &wraps[0]), 0);
    memcpy(broken, wraps[0].data, wraps[0].size);
    broken[wraps[0].size - 1] ^= 1;
    wraps[1] = bytes_make(broken, wraps[0].size);
    memset(bot->wraps[1].pk, 0, SEAL_KEY_BYTES);
    assert_int_equal(wrap_key_sign(bot, 1, &world->arena, &wraps[2]), 0);
    memcpy(small_order, wraps[2].data, wraps[2].size);
    assert_int_equal(trust_bundle_write(world->trust.roster_signed, wraps, 3, &world->arena, &bundle), 0);
    assert_int_equal(trust_open(bundle, world->root_pk, 1, &world->arena, &trust), 0);
    assert_int_equal(trust.n_wrap_keys, 1);
    assert_int_equal(trust.n_refused, 2);
    assert_null(trust_wrap_key(&trust, world_id(world, WORLD_CRM), WORLD_NOW_MS));
    assert_non_null(trust_wrap_key(&trust, world_id(world, WORLD_BOT), WORLD_NOW_MS));
    for (size_t size = 0; size < bundle.size; size += 13)
        if (trust_open(bytes_make(bundle.data, size), world->root_pk, 1, &world->arena, &trust) == 0)
            assert_true(trust.n_wrap_keys <= 1); /* cut between two wrap keys */
}

static void test_wrap_key_is_taken_only_from_its_own_service_and_time(void **state)
{
    struct world *world = *state;
    struct keyring *bot = world->keyrings[WORLD_BOT];
    struct wrap_key key;
    struct bytes bytes;

    assert_int_equal(trust_wrap_key(&world->trust, world_id(world, WORLD_BOT), WORLD_NOW_MS)->generation, 2);
    memcpy(bot->service, world->keyrings[WORLD_CRM]->service, SEAL_ID_BYTES); /* in the name of another */
    assert_int_equal(wrap_key_sign(bot, 0, &world->arena, &bytes), 0);
    assert_int_equal(wrap_key_verify(&world->trust.roster, bytes, &key), -EACCES);
    memset(bot->service, 0x55, SEAL_ID_BYTES);
    assert_int_equal(wrap_key_sign(bot, 0, &world->arena, &bytes), 0);
    assert_int_equal(wrap_key_verify(&world->trust.roster, bytes, &key), -EACCES);
}

static void test_exchange_keys_of_small_order_are_known(void **state)
{
    struct world *world = *state;
    uint8_t one[SEAL_KEY_BYTES] = { 1 }, zero[SEAL_KEY_BYTES] = { 0 };

    assert_false(exchange_key_is_good(bytes_make(zero, sizeof(zero))));
    assert_false(exchange_key_is_good(bytes_make(one, sizeof(one))));
    assert_true(exchange_key_is_good(bytes_make(world->keyrings[0]->wraps[0].pk, SEAL_KEY_BYTES)));
}

#define WORLD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_labels_are_unique_and_long_enough),
        cmocka_unit_test(test_border_between_two_parts_is_hashed),
        WORLD(test_roster_answers_who_may_what),
        WORLD(test_roster_is_the_protobuf_of_the_schema),
        WORLD(test_every_flipped_bit_and_truncation_of_a_roster_is_refused),
        WORLD(test_another_root_and_an_older_version_are_refused),
        WORLD(test_chain_tells_next_from_fork_from_gap),
        WORLD(test_rosters_that_contradict_themselves_are_not_signed),
        WORLD(test_signed_roster_with_an_unknown_field_is_refused),
        WORLD(test_bundle_leaves_out_bad_wrap_keys_and_counts_them),
        WORLD(test_wrap_key_is_taken_only_from_its_own_service_and_time),
        WORLD(test_exchange_keys_of_small_order_are_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
