/* Rates and pauses hold, exactly, on a clock that only the test moves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "skeleton/limiter.h"

static void setup(struct limiter *limiter, uint32_t per_s, uint32_t burst, uint32_t refill_ms)
{
    struct translator_limits limits = { per_s, burst, refill_ms };
    assert_int_equal(limiter_init(limiter, &limits, 2, 1), 0);
}

static void test_account_takes_its_rate_and_then_waits(void **state unused_)
{
    struct limiter limiter;
    setup(&limiter, 10, 0, 0);

    for (int i = 0; i < 10; i++)
        assert_int_equal(limiter_take(&limiter, 0, "ana", 1000), 0);
    assert_int_equal(limiter_take(&limiter, 0, "ben", 1000), 100);
    assert_int_equal(limiter_take(&limiter, 0, "ben", 1099), 1);
    assert_int_equal(limiter_take(&limiter, 0, "ben", 1100), 0);
    assert_int_equal(limiter_take(&limiter, 1, "ben", 1000), 0);
    limiter_deinit(&limiter);
}

static void test_pair_that_spent_its_burst_does_not_delay_another_pair(void **state unused_)
{
    struct limiter limiter;
    setup(&limiter, 0, 2, 6000);

    assert_int_equal(limiter_take(&limiter, 0, "ana", 5), 0);
    assert_int_equal(limiter_take(&limiter, 0, "ana", 5), 0);
    assert_int_equal(limiter_take(&limiter, 0, "ana", 5), 6000);
    assert_int_equal(limiter_take(&limiter, 0, "ben", 5), 0);
    assert_int_equal(limiter_take(&limiter, 1, "ana", 5), 0);
    assert_int_equal(limiter_take(&limiter, 0, "ana", 6005), 0);
    limiter_deinit(&limiter);
}

static void test_waiting_costs_no_tokens(void **state unused_)
{
    struct limiter limiter;
    setup(&limiter, 100, 1, 1000);

    assert_int_equal(limiter_take(&limiter, 0, "ana", 0), 0);
    for (int i = 0; i < 500; i++)
        assert_int_equal(limiter_take(&limiter, 0, "ana", 0), 1000);
    assert_int_equal(limiter_take(&limiter, 0, "ben", 0), 0);
    limiter_deinit(&limiter);
}

static void test_pause_holds_the_account_and_is_never_shortened(void **state unused_)
{
    struct limiter limiter;
    setup(&limiter, 0, 0, 0);

    limiter_pause_account(&limiter, 0, 5000);
    limiter_pause_account(&limiter, 0, 2000);
    assert_int_equal(limiter_take(&limiter, 0, "ana", 1000), 4000);
    assert_int_equal(limiter_take(&limiter, 1, "ana", 1000), 0);
    assert_int_equal(limiter_take(&limiter, 0, "ana", 5000), 0);
    limiter_deinit(&limiter);
}

static void test_pause_of_a_pair_leaves_the_account_free(void **state unused_)
{
    struct limiter limiter;
    setup(&limiter, 0, 0, 0);

    limiter_pause_pair(&limiter, 0, "ana", 3000);
    assert_int_equal(limiter_take(&limiter, 0, "ana", 1000), 2000);
    assert_int_equal(limiter_take(&limiter, 0, "ben", 1000), 0);
    limiter_deinit(&limiter);
}

static void test_resumed_account_goes_at_once(void **state unused_)
{
    struct limiter limiter;
    setup(&limiter, 0, 0, 0);

    limiter_pause_account(&limiter, 0, 60000);
    limiter_resume_account(&limiter, 0);
    assert_int_equal(limiter_take(&limiter, 0, "ana", 1), 0);
    limiter_deinit(&limiter);
}

static void test_more_strangers_than_room_cost_bounded_memory(void **state unused_)
{
    struct limiter limiter;
    char user_id[16];
    setup(&limiter, 0, 1, 1000);

    for (unsigned i = 0; i < LIMITER_PAIRS_MAX + 10; i++) {
        snprintf(user_id, sizeof(user_id), "u%u", i);
        assert_int_equal(limiter_take(&limiter, 0, user_id, 0), 0);
    }
    assert_in_range(limiter.pairs.count, 1, LIMITER_PAIRS_MAX);
    limiter_deinit(&limiter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_account_takes_its_rate_and_then_waits),
        cmocka_unit_test(test_pair_that_spent_its_burst_does_not_delay_another_pair),
        cmocka_unit_test(test_waiting_costs_no_tokens),
        cmocka_unit_test(test_pause_holds_the_account_and_is_never_shortened),
        cmocka_unit_test(test_pause_of_a_pair_leaves_the_account_free),
        cmocka_unit_test(test_resumed_account_goes_at_once),
        cmocka_unit_test(test_more_strangers_than_room_cost_bounded_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
