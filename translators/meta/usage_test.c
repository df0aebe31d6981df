/* Usage headers as the networks write them, and as they never should. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "meta/usage.h"

static struct usage read(const char *app, const char *business)
{
    const char *values[] = { app, business };
    struct arena mem = ARENA_EMPTY(1u << 20);
    struct usage usage;

    meta_read_usage(values, &mem, &usage);
    arena_deinit(&mem);
    return usage;
}

static void test_highest_percentage_counts(void **state unused_)
{
    struct usage usage = read("{\"call_count\":28,\"total_time\":25,\"total_cputime\":61}", NULL);
    assert_true(usage.is_said);
    assert_int_equal(usage.percent, 61);
    assert_int_equal(usage.regain_ms, 0);
}

static void test_business_figures_tell_when_calls_are_taken_again(void **state unused_)
{
    struct usage usage =
        read("{\"call_count\":3,\"total_time\":2,\"total_cputime\":1}",
             "{\"102290000000001\":[{\"type\":\"whatsapp\",\"call_count\":45,\"total_cputime\":5,"
             "\"total_time\":7,\"estimated_time_to_regain_access\":0},{\"type\":\"messenger\","
             "\"call_count\":101,\"estimated_time_to_regain_access\":19}],\"2\":[{\"call_count\":7}]}");
    assert_int_equal(usage.percent, 101);
    assert_int_equal(usage.regain_ms, 19 * 60000);
}

static void test_no_header_says_nothing(void **state unused_)
{
    assert_false(read(NULL, NULL).is_said);
    assert_int_equal(read(NULL, NULL).percent, 0);
}

static void test_nonsense_says_nothing(void **state unused_)
{
    static const char *const texts[] = { "", "{", "[]", "7", "\"\"", "{\"1\":7}", "{\"1\":[7]}", "null" };

    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        assert_int_equal(read(texts[i], texts[i]).percent, 0);
        assert_int_equal(read(texts[i], texts[i]).regain_ms, 0);
    }
    assert_int_equal(read("{\"call_count\":-3,\"total_time\":\"x\"}", NULL).percent, 0);
}

static void test_figures_beyond_belief_are_cut(void **state unused_)
{
    struct usage usage =
        read("{\"call_count\":99999999999}", "{\"1\":[{\"estimated_time_to_regain_access\":99999999}]}");
    assert_int_equal(usage.percent, 10000);
    assert_int_equal(usage.regain_ms, 24 * 3600 * 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_highest_percentage_counts),
        cmocka_unit_test(test_business_figures_tell_when_calls_are_taken_again),
        cmocka_unit_test(test_no_header_says_nothing),
        cmocka_unit_test(test_nonsense_says_nothing),
        cmocka_unit_test(test_figures_beyond_belief_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
