/* Personal parts: opened by who holds the token key, refused when anything about them is another. */
#include "seal/personal.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "seal_kit/world.h"

#define PLAIN bytes_of_text("user 4915112345678")

static const uint8_t id_bytes[SEAL_ID_BYTES] = { 7, 7 };

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

static const struct channel_secret *secret_of(struct world *world, enum world_service service)
{
    return keyring_channel(world->keyrings[service], world->family);
}

static struct personal_part part_of(struct bytes bytes)
{
    return (struct personal_part){ bytes_make(id_bytes, sizeof(id_bytes)), bytes };
}

static struct bytes sealed_by(struct world *world, const struct channel_secret *secret)
{
    const struct random random = world_random(&world->random);
    const struct personal_part plain = part_of(PLAIN);
    struct bytes sealed;

    assert_int_equal(personal_seal(secret, &plain, &random, &world->arena, &sealed), 0);
    return sealed;
}

static int open_result(struct world *world, struct bytes bytes)
{
    const struct personal_part sealed = part_of(bytes);
    struct bytes plain;

    return personal_open(secret_of(world, WORLD_CRM), &sealed, &world->arena, &plain);
}

static void test_another_holder_opens_it_and_a_service_without_the_role_has_no_key(void **state)
{
    struct world *world = *state;
    const struct bytes bytes = sealed_by(world, secret_of(world, WORLD_WHATSAPP));
    const struct personal_part sealed = part_of(bytes);
    struct bytes plain;

    assert_int_equal(bytes.size, PLAIN.size + PERSONAL_ADDED_BYTES);
    assert_null(memmem(bytes.data, bytes.size, "49151", 5));
    assert_int_equal(personal_open(secret_of(world, WORLD_CRM), &sealed, &world->arena, &plain), 0);
    assert_true(bytes_equal(plain, PLAIN));
    assert_null(secret_of(world, WORLD_BOT));
    assert_false(bytes_equal(bytes, sealed_by(world, secret_of(world, WORLD_WHATSAPP)))); /* never the same twice */
}

static void test_every_flipped_bit_and_every_other_length_is_refused(void **state)
{
    struct world *world = *state;
    const struct bytes bytes = sealed_by(world, secret_of(world, WORLD_WHATSAPP));
    uint8_t copy[256] = { 0 };

    memcpy(copy, bytes.data, bytes.size);
    for (size_t bit = 0; bit < bytes.size * 8; bit++) {
        copy[bit / 8] ^= (uint8_t) (1u << (bit % 8));
        const int r = open_result(world, bytes_make(copy, bytes.size));

        /* a generation we never had is no key of ours; the one other we have does not fit */
        assert_true(r == -EBADMSG || (bit < 8 && r == -ENOKEY));
        copy[bit / 8] ^= (uint8_t) (1u << (bit % 8));
    }
    for (size_t size = 0; size < sizeof(copy); size++)
        assert_int_equal(open_result(world, bytes_make(copy, size)), size == bytes.size ? 0 : -EBADMSG);
    copy[0] ^= 3; /* generation 1 instead of 2: ours, too */
    assert_int_equal(open_result(world, bytes_make(copy, bytes.size)), -EBADMSG);
}

static void test_part_of_another_envelope_or_channel_is_refused(void **state)
{
    struct world *world = *state;
    struct personal_part sealed = part_of(sealed_by(world, secret_of(world, WORLD_WHATSAPP)));
    struct channel_secret other = *secret_of(world, WORLD_CRM);
    const uint8_t next[SEAL_ID_BYTES] = { 7, 8 };
    struct bytes plain;

    memcpy(other.channel, world->other, SEAL_ID_BYTES); /* the same keys, moved to another channel */
    assert_int_equal(personal_open(&other, &sealed, &world->arena, &plain), -EBADMSG);
    sealed.envelope_id = bytes_make(next, sizeof(next));
    assert_int_equal(personal_open(secret_of(world, WORLD_CRM), &sealed, &world->arena, &plain), -EBADMSG);
    sealed.envelope_id.size--;
    assert_int_equal(personal_open(secret_of(world, WORLD_CRM), &sealed, &world->arena, &plain), -EBADMSG);
}

static void test_older_generation_still_opens_and_a_gone_one_says_so(void **state)
{
    struct world *world = *state;
    struct channel_secret secret = *secret_of(world, WORLD_CRM);
    struct bytes plain;

    secret.n_token_keys = 1; /* before the rotation */
    const struct personal_part old = part_of(sealed_by(world, &secret));
    assert_int_equal(old.bytes.data[0], 1);
    assert_int_equal(open_result(world, old.bytes), 0);
    secret.token_keys[0] = secret.token_keys[1];
    assert_int_equal(personal_open(&secret, &old, &world->arena, &plain), -ENOKEY);
}

static void test_what_has_no_key_no_envelope_or_no_bytes_is_not_sealed(void **state)
{
    struct world *world = *state;
    const struct random random = world_random(&world->random);
    struct channel_secret keyless = { .n_token_keys = 0 };
    struct personal_part plain = part_of(PLAIN);
    struct bytes sealed;

    assert_int_equal(personal_seal(&keyless, &plain, &random, &world->arena, &sealed), -ENOKEY);
    plain.envelope_id = BYTES_EMPTY;
    assert_int_equal(personal_seal(secret_of(world, WORLD_CRM), &plain, &random, &world->arena, &sealed), -EINVAL);
    plain = part_of(BYTES_EMPTY);
    assert_int_equal(personal_seal(secret_of(world, WORLD_CRM), &plain, &random, &world->arena, &sealed), -EMSGSIZE);
    plain.bytes = bytes_make(id_bytes, SEAL_CONTENT_MAX_BYTES + 1);
    assert_int_equal(personal_seal(secret_of(world, WORLD_CRM), &plain, &random, &world->arena, &sealed), -EMSGSIZE);
}

#define WORLD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD(test_another_holder_opens_it_and_a_service_without_the_role_has_no_key),
        WORLD(test_every_flipped_bit_and_every_other_length_is_refused),
        WORLD(test_part_of_another_envelope_or_channel_is_refused),
        WORLD(test_older_generation_still_opens_and_a_gone_one_says_so),
        WORLD(test_what_has_no_key_no_envelope_or_no_bytes_is_not_sealed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
