/* The record the bus and the documentation get says what the table says. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "skeleton/capability_record.h"

static const char *const voice_mimes[] = { "audio/ogg", "audio/aac", NULL };
static const struct capability table[N_FEATURES] = {
    [FEATURE_TEXT] = { .support = SUPPORT_FULL, .unit = CAPABILITY_BYTES, .max_text = 2000 },
    [FEATURE_VOICE] = { .support = SUPPORT_FULL,
                        .unconverted = SUPPORT_PARTIAL,
                        .becomes = "audio",
                        .unconverted_becomes = "a file",
                        .max_bytes = 16u << 20,
                        .mimes = voice_mimes },
};
static const struct translator_ops ops = { .name = "test", .capabilities = table };
static const struct translator_ops without_table = { .name = "test" };

static void test_record_has_every_feature_with_its_limits(void **state unused_)
{
    struct arena mem = ARENA_EMPTY(1 << 20);
    struct trefoil_capabilities record;
    assert_int_equal(capability_record_make(&ops, true, &mem, &record), 0);
    assert_int_equal(record.n_features, N_FEATURES);
    assert_true(record.has_converter);
    const struct trefoil_capability *text = &record.features[FEATURE_TEXT], *voice = &record.features[FEATURE_VOICE];
    assert_string_equal(text->feature, "text");
    assert_string_equal(text->support, "full");
    assert_true(text->in_bytes);
    assert_int_equal(text->max_text, 2000);
    assert_string_equal(voice->support, "full");
    assert_int_equal(voice->n_mimes, 2);
    assert_string_equal(voice->mimes[1], "audio/aac");
    assert_string_equal(record.features[FEATURE_ORDER].support, "rejected");
    arena_deinit(&mem);
}

static void test_process_without_a_converter_promises_less(void **state unused_)
{
    struct arena mem = ARENA_EMPTY(1 << 20);
    struct trefoil_capabilities record;
    assert_int_equal(capability_record_make(&ops, false, &mem, &record), 0);
    assert_false(record.has_converter);
    assert_string_equal(record.features[FEATURE_VOICE].support, "partial");
    assert_string_equal(record.features[FEATURE_VOICE].becomes, "a file");
    assert_string_equal(record.features[FEATURE_TEXT].support, "full");
    arena_deinit(&mem);
}

static void test_json_names_what_there_is_and_nothing_else(void **state unused_)
{
    static const char beginning[] = "{\"network\":\"test\",\"has_converter\":true,\"features\":[";
    static const char text_cell[] = "{\"feature\":\"text\",\"support\":\"full\",\"in_bytes\":true,\"max_text\":2000},";
    static const char voice_cell[] = "{\"feature\":\"voice\",\"support\":\"full\",\"unconverted\":\"partial\","
                                     "\"unconverted_becomes\":\"a file\",\"becomes\":\"audio\",\"max_bytes\":16777216,"
                                     "\"mimes\":[\"audio/ogg\",\"audio/aac\"]},";
    struct arena mem = ARENA_EMPTY(1 << 20);
    struct bytes json;
    assert_int_equal(capability_record_json(&ops, true, &mem, &json), 0);
    const char *text = arena_text(&mem, json);
    assert_non_null(text);
    assert_int_equal(strncmp(text, beginning, strlen(beginning)), 0);
    assert_non_null(strstr(text, text_cell));
    assert_non_null(strstr(text, voice_cell));
    arena_deinit(&mem);
}

static void test_map_without_a_table_has_no_record(void **state unused_)
{
    struct arena mem = ARENA_EMPTY(1 << 20);
    struct trefoil_capabilities record;
    struct bytes json;
    assert_int_equal(capability_record_make(&without_table, true, &mem, &record), -ENOENT);
    assert_int_equal(capability_record_json(&without_table, true, &mem, &json), -ENOENT);
    arena_deinit(&mem);
}

static void test_arena_that_is_too_small_is_refused(void **state unused_)
{
    struct arena mem = ARENA_EMPTY(256);
    struct trefoil_capabilities record;
    assert_int_equal(capability_record_make(&ops, true, &mem, &record), -ENOMEM);
    arena_deinit(&mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_record_has_every_feature_with_its_limits),
        cmocka_unit_test(test_process_without_a_converter_promises_less),
        cmocka_unit_test(test_json_names_what_there_is_and_nothing_else),
        cmocka_unit_test(test_map_without_a_table_has_no_record),
        cmocka_unit_test(test_arena_that_is_too_small_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
