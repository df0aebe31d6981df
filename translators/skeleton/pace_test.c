/* What the network says about our speed is heeded at once and forgotten slowly, on a clock that only the test moves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "skeleton/pace.h"

static void test_whole_rate_until_somebody_objects(void **state unused_)
{
    struct pace pace = { 0 };
    assert_int_equal(pace_share(&pace, 0), PACE_WHOLE);
    assert_int_equal(pace_share(&pace, UINT64_MAX), PACE_WHOLE);
}

static void test_each_objection_halves_and_time_gives_back(void **state unused_)
{
    struct pace pace = { 0 };
    assert_true(pace_slow(&pace, 10000));
    assert_int_equal(pace_share(&pace, 10000), 500);
    assert_true(pace_slow(&pace, 11000)); /* a second gave ten back */
    assert_int_equal(pace_share(&pace, 11000), 255);
    assert_int_equal(pace_share(&pace, 21000), 355);
    assert_int_equal(pace_share(&pace, 11000 + 74500), PACE_WHOLE);
    assert_int_equal(pace_share(&pace, 900000000), PACE_WHOLE);
}

static void test_burst_of_objections_counts_once(void **state unused_)
{
    struct pace pace = { 0 };
    assert_true(pace_slow(&pace, 5));
    for (uint64_t now_ms = 5; now_ms < 5 + PACE_ONCE_MS; now_ms += 50)
        assert_false(pace_slow(&pace, now_ms));
    assert_int_equal(pace_share(&pace, 5), 500);
}

static void test_objections_without_end_leave_the_least(void **state unused_)
{
    struct pace pace = { 0 };
    for (uint64_t now_ms = 0; now_ms < 60000; now_ms += 1000)
        assert_true(pace_slow(&pace, now_ms));
    assert_in_range(pace_share(&pace, 59000), PACE_LEAST, PACE_LEAST + 2 * PACE_REGAIN_PER_S);
}

static void test_usage_slows_down_before_the_network_objects(void **state unused_)
{
    struct pace pace = { 0 };
    pace_usage(&pace, 74, 1000);
    assert_int_equal(pace_share(&pace, 1000), PACE_WHOLE);
    pace_usage(&pace, 80, 1000);
    assert_int_equal(pace_share(&pace, 1000), 810);
    pace_usage(&pace, 100, 1000);
    assert_int_equal(pace_share(&pace, 1000), PACE_LEAST);
    pace_usage(&pace, 4000000000u, 1000);
    assert_int_equal(pace_share(&pace, 1000), PACE_LEAST);
    pace_usage(&pace, 20, 2000);
    assert_int_equal(pace_share(&pace, 2000), PACE_WHOLE);
}

static void test_old_usage_is_not_believed(void **state unused_)
{
    struct pace pace = { 0 };
    pace_usage(&pace, 100, 1000);
    assert_int_equal(pace_share(&pace, 1000 + PACE_USAGE_KEPT_MS - 1), PACE_LEAST);
    assert_int_equal(pace_share(&pace, 1000 + PACE_USAGE_KEPT_MS), PACE_WHOLE);
}

static void test_the_greater_reason_counts(void **state unused_)
{
    struct pace pace = { 0 };
    pace_slow(&pace, 1000);
    pace_usage(&pace, 80, 1000);
    assert_int_equal(pace_share(&pace, 1000), 500);
    pace_usage(&pace, 100, 1000);
    assert_int_equal(pace_share(&pace, 1000), PACE_LEAST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_rate_until_somebody_objects),
        cmocka_unit_test(test_each_objection_halves_and_time_gives_back),
        cmocka_unit_test(test_burst_of_objections_counts_once),
        cmocka_unit_test(test_objections_without_end_leave_the_least),
        cmocka_unit_test(test_usage_slows_down_before_the_network_objects),
        cmocka_unit_test(test_old_usage_is_not_believed),
        cmocka_unit_test(test_the_greater_reason_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
