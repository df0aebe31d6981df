/* Tokens, event ids and padding. */
#include "seal/token.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "seal/padding.h"
#include "seal_kit/world.h"

#define ACCOUNT bytes_of_text(WORLD_ACCOUNT)

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

static struct bytes seal(struct world *world, enum token_kind kind, const char *value)
{
    const struct token_plain plain = { kind, ACCOUNT, bytes_of_text(value) };
    struct bytes token;

    assert_int_equal(token_seal(secret_of(world, WORLD_WHATSAPP), &plain, &world->arena, &token), 0);
    return token;
}

static void test_same_thing_gives_same_token_and_another_holder_opens_it(void **state)
{
    struct world *world = *state;
    const struct bytes token = seal(world, TOKEN_ADDRESS, "4915112345678");
    struct token_plain plain;

    assert_true(bytes_equal(token, seal(world, TOKEN_ADDRESS, "4915112345678")));
    assert_int_equal(token.size, 49);
    assert_int_equal(token_table_key(token).size, SEAL_TOKEN_KEY_BYTES);
    assert_int_equal(token_open(secret_of(world, WORLD_CRM), ACCOUNT, token, &world->arena, &plain), 0);
    assert_int_equal(plain.kind, TOKEN_ADDRESS);
    assert_true(bytes_equal_text(plain.value, "4915112345678"));
    assert_true(bytes_equal(plain.account, ACCOUNT));
}

static void test_kind_account_and_channel_are_part_of_the_token(void **state)
{
    struct world *world = *state;
    const struct bytes token = seal(world, TOKEN_ADDRESS, "x");
    struct channel_secret other = *secret_of(world, WORLD_WHATSAPP);
    struct token_plain plain;

    assert_false(bytes_equal(token, seal(world, TOKEN_REF, "x")));
    assert_int_equal(token_open(secret_of(world, WORLD_CRM), bytes_of_text("whatsapp/1"), token, &world->arena, &plain),
                     -EBADMSG);
    memcpy(other.channel, world->other, SEAL_ID_BYTES); /* the same keys, moved to another channel */
    assert_int_equal(token_open(&other, ACCOUNT, token, &world->arena, &plain), -EBADMSG);
}

static void test_every_flipped_bit_and_truncation_of_a_token_is_refused(void **state)
{
    struct world *world = *state;
    const struct bytes tokens[] = { seal(world, TOKEN_ADDRESS, "4915112345678"),
                                    seal(world, TOKEN_REF, "wamid.HBgNNDkxNTExMjM0NTY3OBUCABIYFjNFQjBDNTk3") };
    struct token_plain plain;
    uint8_t copy[128] = { 0 };

    for (size_t i = 0; i < ARRAY_SIZE(tokens); i++) {
        memcpy(copy, tokens[i].data, tokens[i].size);
        for (size_t bit = 0; bit < tokens[i].size * 8; bit++) {
            copy[bit / 8] ^= (uint8_t) (1u << (bit % 8));
            assert_int_not_equal(token_open(secret_of(world, WORLD_CRM), ACCOUNT, bytes_make(copy, tokens[i].size),
                                            &world->arena, &plain),
                                 0);
            copy[bit / 8] ^= (uint8_t) (1u << (bit % 8));
        }
        for (size_t size = 0; size < sizeof(copy); size++)
            if (size != tokens[i].size)
                assert_int_equal(
                    token_open(secret_of(world, WORLD_CRM), ACCOUNT, bytes_make(copy, size), &world->arena, &plain),
                    -EBADMSG);
    }
}

static void test_values_from_one_byte_to_the_limit_fit(void **state)
{
    struct world *world = *state;
    uint8_t value[SEAL_TOKEN_VALUE_MAX_BYTES + 1];
    const size_t sizes[] = { 1, 29, 30, 61, 62, SEAL_TOKEN_VALUE_MAX_BYTES };
    const size_t expected[] = { 49, 49, 81, 81, 113, SEAL_TOKEN_MAX_BYTES };
    struct token_plain plain = { TOKEN_REF, ACCOUNT, BYTES_EMPTY }, back;
    struct bytes token;

    memset(value, 'v', sizeof(value));
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        plain.value = bytes_make(value, sizes[i]);
        assert_int_equal(token_seal(secret_of(world, WORLD_CRM), &plain, &world->arena, &token), 0);
        assert_int_equal(token.size, expected[i]);
        assert_int_equal(token_open(secret_of(world, WORLD_CRM), ACCOUNT, token, &world->arena, &back), 0);
        assert_int_equal(back.value.size, sizes[i]);
    }
    plain.value = bytes_make(value, sizeof(value));
    assert_int_equal(token_seal(secret_of(world, WORLD_CRM), &plain, &world->arena, &token), -EMSGSIZE);
    plain.value = BYTES_EMPTY;
    assert_int_equal(token_seal(secret_of(world, WORLD_CRM), &plain, &world->arena, &token), -EMSGSIZE);
}

static void test_older_generation_still_opens_and_a_gone_one_says_so(void **state)
{
    struct world *world = *state;
    struct channel_secret secret = *secret_of(world, WORLD_CRM);
    const struct token_plain plain = { TOKEN_ADDRESS, ACCOUNT, bytes_of_text("u") };
    struct token_plain back;
    struct bytes old;

    secret.n_token_keys = 1; /* before the rotation */
    assert_int_equal(token_seal(&secret, &plain, &world->arena, &old), 0);
    assert_int_equal(old.data[0], 1);
    assert_int_equal(token_open(secret_of(world, WORLD_CRM), ACCOUNT, old, &world->arena, &back), 0);
    secret.token_keys[0] = secret.token_keys[1];
    assert_int_equal(token_open(&secret, ACCOUNT, old, &world->arena, &back), -ENOKEY);
}

static void test_event_id_is_the_same_everywhere_and_different_for_everything_else(void **state)
{
    struct world *world = *state;
    uint8_t a[SEAL_ID_BYTES], b[SEAL_ID_BYTES];

    token_event_id(secret_of(world, WORLD_WHATSAPP), ACCOUNT, bytes_of_text("key"), a);
    token_event_id(secret_of(world, WORLD_CRM), ACCOUNT, bytes_of_text("key"), b);
    assert_memory_equal(a, b, sizeof(a));
    /* the border between account and key is part of the input */
    token_event_id(secret_of(world, WORLD_CRM), bytes_of_text(WORLD_ACCOUNT "k"), bytes_of_text("ey"), b);
    assert_memory_not_equal(a, b, sizeof(a));
}

static void test_padding_classes_are_the_promised_ones(void **state)
{
    (void) state;
    assert_int_equal(padding_size(0), 256);
    assert_int_equal(padding_size(252), 256);
    assert_int_equal(padding_size(253), 512);
    assert_int_equal(padding_size(508), 512);
    assert_int_equal(padding_size(509), 1024);
    assert_int_equal(padding_size(2044), 2048);
    assert_int_equal(padding_size(4092), 4096);
    assert_int_equal(padding_size(4093), 4352);
    assert_int_equal(padding_size(60000), 61440);
    for (size_t size = 4093; size < (1u << 20); size += 977)
        assert_true(padding_size(size) >= size + 4 && padding_size(size) <= (size + 4) + (size + 4) / 16 + 1);
}

static void test_padding_comes_off_only_as_it_was_put_on(void **state)
{
    struct world *world = *state;
    const size_t sizes[] = { 0, 1, 252, 253, 4092, 4093, 60000 };
    uint8_t *content = arena_alloc(&world->arena, 60000), *copy;
    struct bytes padded, back;

    memset(content, 'c', 60000);
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        assert_int_equal(padding_add(bytes_make(content, sizes[i]), &world->arena, &padded), 0);
        assert_int_equal(padding_remove(padded, &back), 0);
        assert_int_equal(back.size, sizes[i]);
        assert_int_equal(padding_remove(bytes_make(padded.data, padded.size - 1), &back), -EBADMSG);
        if (sizes[i] + 4 == padded.size)
            continue;
        copy = arena_alloc(&world->arena, padded.size);
        memcpy(copy, padded.data, padded.size);
        copy[padded.size - 1] = 0x80;
        assert_int_equal(padding_remove(bytes_make(copy, padded.size), &back), -EBADMSG);
    }
    assert_int_equal(padding_remove(BYTES_EMPTY, &back), -EBADMSG);
}

#define WORLD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD(test_same_thing_gives_same_token_and_another_holder_opens_it),
        WORLD(test_kind_account_and_channel_are_part_of_the_token),
        WORLD(test_every_flipped_bit_and_truncation_of_a_token_is_refused),
        WORLD(test_values_from_one_byte_to_the_limit_fit),
        WORLD(test_older_generation_still_opens_and_a_gone_one_says_so),
        WORLD(test_event_id_is_the_same_everywhere_and_different_for_everything_else),
        WORLD(test_padding_classes_are_the_promised_ones),
        WORLD(test_padding_comes_off_only_as_it_was_put_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
