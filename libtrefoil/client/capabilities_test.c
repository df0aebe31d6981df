/* A capability record comes back as it was written, and one that is too large or torn never does. */
#include "client/capabilities.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "wire/limits.h"

static const char *const mimes[] = { "audio/ogg", "audio/mp4" };

static struct trefoil_capability voice(void)
{
    return (struct trefoil_capability){ .feature = "voice",
                                        .support = "partial",
                                        .becomes = "audio",
                                        .in_bytes = true,
                                        .max_text = 1024,
                                        .max_footer = 60,
                                        .max_bytes = 16u << 20,
                                        .mimes = mimes,
                                        .n_mimes = 2 };
}

static void test_record_comes_back_as_it_was_written(void **state)
{
    (void) state;
    struct arena arena = ARENA_EMPTY(1 << 20);
    struct trefoil_capability features[] = { voice(), { .feature = "reply", .support = "full" } };
    struct trefoil_capabilities record = { .account = "whatsapp/1",
                                           .has_converter = true,
                                           .features = features,
                                           .n_features = 2,
                                           .state = { TREFOIL_ACCOUNT_BAD_CREDENTIALS, 190, 463, "renew the token" },
                                           .state_since_ms = 77 },
                                back;
    struct bytes bytes;

    assert_int_equal(capabilities_write(&record, &arena, &bytes), 0);
    assert_int_equal(capabilities_read(bytes, &arena, &back), 0);
    assert_true(back.has_converter);
    assert_int_equal(back.n_features, 2);
    assert_string_equal(back.features[0].feature, "voice");
    assert_string_equal(back.features[0].support, "partial");
    assert_string_equal(back.features[0].becomes, "audio");
    assert_true(back.features[0].in_bytes);
    assert_int_equal(back.features[0].max_text, 1024);
    assert_int_equal(back.features[0].max_footer, 60);
    assert_int_equal(back.features[0].max_bytes, 16u << 20);
    assert_int_equal(back.features[0].n_mimes, 2);
    assert_string_equal(back.features[0].mimes[1], "audio/mp4");
    assert_null(back.features[1].becomes);
    assert_int_equal(back.state.health, TREFOIL_ACCOUNT_BAD_CREDENTIALS);
    assert_int_equal(back.state.code, 190);
    assert_int_equal(back.state.subcode, 463);
    assert_string_equal(back.state.next_action, "renew the token");
    assert_int_equal(back.state_since_ms, 77);
    arena_deinit(&arena);
}

static void test_record_without_its_words_or_beyond_its_limits_is_not_written(void **state)
{
    (void) state;
    struct arena arena = ARENA_EMPTY(1 << 20);
    static char long_word[BUS_CAPABILITIES_MAX_BYTES + 1];
    struct trefoil_capability features[BUS_CAPABILITIES_MAX + 1];
    struct trefoil_capabilities record = { .account = "whatsapp/1", .features = features, .n_features = 1 };
    struct bytes bytes;

    for (size_t i = 0; i < BUS_CAPABILITIES_MAX + 1; i++)
        features[i] = voice();
    assert_int_equal(capabilities_write(NULL, &arena, &bytes), -EINVAL);
    features[0].support = NULL;
    assert_int_equal(capabilities_write(&record, &arena, &bytes), -EINVAL);
    features[0] = voice();
    features[0].n_mimes = BUS_CAPABILITY_MIMES_MAX + 1;
    assert_int_equal(capabilities_write(&record, &arena, &bytes), -EMSGSIZE);
    features[0] = voice();
    record.n_features = BUS_CAPABILITIES_MAX;
    assert_int_equal(capabilities_write(&record, &arena, &bytes), 0);
    record.n_features++;
    assert_int_equal(capabilities_write(&record, &arena, &bytes), -EMSGSIZE);
    record.n_features = 1;
    memset(long_word, 'x', sizeof(long_word) - 1);
    features[0].becomes = long_word;
    assert_int_equal(capabilities_write(&record, &arena, &bytes), -EMSGSIZE);
    record.account = NULL;
    assert_int_equal(capabilities_write(&record, &arena, &bytes), -EINVAL);
    arena_deinit(&arena);
}

static void test_torn_or_oversized_record_is_not_read(void **state)
{
    (void) state;
    struct arena arena = ARENA_EMPTY(1 << 20);
    static const uint8_t large[BUS_CAPABILITIES_MAX_BYTES + 1];
    struct trefoil_capability features[] = { voice() };
    struct trefoil_capabilities record = { .account = "whatsapp/1", .features = features, .n_features = 1 }, back;
    struct bytes bytes;

    assert_int_equal(capabilities_write(&record, &arena, &bytes), 0);
    assert_int_equal(capabilities_read(bytes_make(bytes.data, bytes.size - 1), &arena, &back), -EBADMSG);
    assert_int_equal(capabilities_read(bytes_make(large, sizeof(large)), &arena, &back), -EBADMSG);
    assert_int_equal(capabilities_read(BYTES_EMPTY, &arena, &back), 0);
    assert_int_equal(back.n_features, 0);
    arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_record_comes_back_as_it_was_written),
        cmocka_unit_test(test_record_without_its_words_or_beyond_its_limits_is_not_written),
        cmocka_unit_test(test_torn_or_oversized_record_is_not_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
