/* Whoever can renew hears of an end once a day, from a week before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "skeleton/expiry.h"

#define NOW_MS 1790000000000ull
#define DAY_MS (24ull * 3600 * 1000)

static void test_an_end_is_told_from_a_week_before_and_once_a_day(void **state unused_)
{
    uint64_t told_ms = 0, end_ms = NOW_MS + 8 * DAY_MS;

    assert_false(expiry_is_due(end_ms, NOW_MS, &told_ms));
    assert_true(expiry_is_due(end_ms, NOW_MS + DAY_MS, &told_ms));
    assert_false(expiry_is_due(end_ms, NOW_MS + DAY_MS + 2000, &told_ms));
    assert_true(expiry_is_due(end_ms, NOW_MS + 2 * DAY_MS, &told_ms));
    assert_true(expiry_is_due(end_ms, NOW_MS + 9 * DAY_MS, &told_ms)); /* and past it */
}

static void test_an_end_nobody_knows_or_that_was_moved_is_not_told(void **state unused_)
{
    uint64_t told_ms = 0;

    assert_false(expiry_is_due(0, NOW_MS, &told_ms));
    assert_true(expiry_is_due(NOW_MS, NOW_MS, &told_ms));
    assert_false(expiry_is_due(NOW_MS + 30 * DAY_MS, NOW_MS + 2 * DAY_MS, &told_ms));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_end_is_told_from_a_week_before_and_once_a_day),
        cmocka_unit_test(test_an_end_nobody_knows_or_that_was_moved_is_not_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
