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
        assert_int_equal(limiter_take(&limiter, 0, "ana", TREFOIL_LANE_REPLY, 1000), 0);
    assert_int_equal(limiter_take(&limiter, 0, "ben", TREFOIL_LANE_REPLY, 1000), 100);
    assert_int_equal(limiter_take(&limiter, 0, "ben", TREFOIL_LANE_REPLY, 1099), 1);
    assert_int_equal(limiter_take(&limiter, 0, "ben", TREFOIL_LANE_REPLY, 1100), 0);
    assert_int_equal(limiter_take(&limiter, 1, "ben", TREFOIL_LANE_REPLY, 1000), 0);
    limiter_deinit(&limiter);
}

/* Ten videos a second, while words go at the account's own rate. */
static void test_sound_and_video_have_a_rate_of_their_own(void **state unused_)
{
    struct translator_limits limits = { .account_per_s = 300, .heavy_per_s = 10 };
    struct limiter limiter;

    assert_int_equal(limiter_init(&limiter, &limits, 2, 1), 0);
    for (int i = 0; i < 10; i++)
        assert_int_equal(limiter_take_heavy(&limiter, 0, "ana", TREFOIL_LANE_REPLY, 1000), 0);
    assert_int_equal(limiter_take_heavy(&limiter, 0, "ana", TREFOIL_LANE_REPLY, 1000), 100);
    assert_int_equal(limiter_take_heavy(&limiter, 1, "ana", TREFOIL_LANE_REPLY, 1000), 0);
    for (int i = 0; i < 290; i++)
        assert_int_equal(limiter_take(&limiter, 0, "ben", TREFOIL_LANE_REPLY, 1000), 0);
    assert_true(limiter_take(&limiter, 0, "ben", TREFOIL_LANE_REPLY, 1000) > 0);
    assert_int_equal(limiter_take_heavy(&limiter, 0, "ana", TREFOIL_LANE_REPLY, 1100), 0);
    limiter_deinit(&limiter);
}

static void test_pair_that_spent_its_burst_does_not_delay_another_pair(void **state unused_)
{
    struct limiter limiter;
    setup(&limiter, 0, 2, 6000);

    assert_int_equal(limiter_take(&limiter, 0, "ana", TREFOIL_LANE_REPLY, 5), 0);
    assert_int_equal(limiter_take(&limiter, 0, "ana", TREFOIL_LANE_REPLY, 5), 0);
    assert_int_equal(limiter_take(&limiter, 0, "ana", TREFOIL_LANE_REPLY, 5), 6000);
    assert_int_equal(limiter_take(&limiter, 0, "ben", TREFOIL_LANE_REPLY, 5), 0);
    assert_int_equal(limiter_take(&limiter, 1, "ana", TREFOIL_LANE_REPLY, 5), 0);
    assert_int_equal(limiter_take(&limiter, 0, "ana", TREFOIL_LANE_REPLY, 6005), 0);
    limiter_deinit(&limiter);
}

static void test_waiting_costs_no_tokens(void **state unused_)
{
    struct limiter limiter;
    setup(&limiter, 100, 1, 1000);

    assert_int_equal(limiter_take(&limiter, 0, "ana", TREFOIL_LANE_REPLY, 0), 0);
    for (int i = 0; i < 500; i++)
        assert_int_equal(limiter_take(&limiter, 0, "ana", TREFOIL_LANE_REPLY, 0), 1000);
    assert_int_equal(limiter_take(&limiter, 0, "ben", TREFOIL_LANE_REPLY, 0), 0);
    limiter_deinit(&limiter);
}

static void test_pause_holds_the_account_and_is_never_shortened(void **state unused_)
{
    struct limiter limiter;
    setup(&limiter, 0, 0, 0);

    limiter_pause_account(&limiter, 0, 5000);
    limiter_pause_account(&limiter, 0, 2000);
    assert_int_equal(limiter_take(&limiter, 0, "ana", TREFOIL_LANE_REPLY, 1000), 4000);
    assert_int_equal(limiter_take(&limiter, 1, "ana", TREFOIL_LANE_REPLY, 1000), 0);
    assert_int_equal(limiter_take(&limiter, 0, "ana", TREFOIL_LANE_REPLY, 5000), 0);
    limiter_deinit(&limiter);
}

static void test_pause_of_a_pair_leaves_the_account_free(void **state unused_)
{
    struct limiter limiter;
    setup(&limiter, 0, 0, 0);

    limiter_pause_pair(&limiter, 0, "ana", 3000);
    assert_int_equal(limiter_take(&limiter, 0, "ana", TREFOIL_LANE_REPLY, 1000), 2000);
    assert_int_equal(limiter_take(&limiter, 0, "ben", TREFOIL_LANE_REPLY, 1000), 0);
    limiter_deinit(&limiter);
}

static void test_each_refusal_in_a_row_waits_four_times_as_long(void **state unused_)
{
    static const uint64_t waits[] = { 1000, 4000, 16000, 64000, 256000, 1024000, LIMITER_GROWN_MAX_MS };
    struct limiter limiter;
    uint64_t now_ms = 1;
    setup(&limiter, 0, 0, 0);

    for (size_t i = 0; i < sizeof(waits) / sizeof(*waits); i++) {
        assert_int_equal(limiter_refused_ms(&limiter, 0, "ana", 1000, now_ms), waits[i]);
        assert_int_equal(limiter_refused_ms(&limiter, 0, NULL, 1000, now_ms), waits[i]);
        assert_int_equal(limiter_take(&limiter, 0, "ana", TREFOIL_LANE_REPLY, now_ms), waits[i]);
        now_ms += waits[i];
        assert_int_equal(limiter_take(&limiter, 0, "ana", TREFOIL_LANE_REPLY, now_ms), 0);
    }
    assert_int_equal(limiter_refused_ms(&limiter, 0, "ana", 2 * LIMITER_GROWN_MAX_MS, now_ms),
                     2 * LIMITER_GROWN_MAX_MS);
    assert_int_equal(limiter_refused_ms(&limiter, 0, "ben", 1000, now_ms), 1000);
    assert_int_equal(limiter_refused_ms(&limiter, 1, NULL, 1000, now_ms), 1000);
    limiter_deinit(&limiter);
}

static void test_what_was_under_way_belongs_to_the_refusal_that_began_the_pause(void **state unused_)
{
    struct limiter limiter;
    setup(&limiter, 0, 0, 0);

    assert_int_equal(limiter_refused_ms(&limiter, 0, "ana", 1000, 10), 1000);
    assert_int_equal(limiter_refused_ms(&limiter, 0, "ana", 1000, 410), 600);
    limiter_took(&limiter, 0, "ana", 500); /* on its way before the pause */
    assert_int_equal(limiter_refused_ms(&limiter, 0, "ana", 1000, 1010), 4000);
    limiter_deinit(&limiter);
}

static void test_a_message_taken_ends_the_row_of_refusals(void **state unused_)
{
    struct limiter limiter;
    setup(&limiter, 0, 0, 0);

    assert_int_equal(limiter_refused_ms(&limiter, 0, "ana", 1000, 0), 1000);
    assert_int_equal(limiter_refused_ms(&limiter, 0, NULL, 1000, 0), 1000);
    limiter_took(&limiter, 0, "ana", 1000);
    assert_int_equal(limiter_refused_ms(&limiter, 0, "ana", 1000, 1000), 1000);
    assert_int_equal(limiter_refused_ms(&limiter, 0, NULL, 1000, 1000), 1000);
    limiter_resume_account(&limiter, 0);
    assert_int_equal(limiter_refused_ms(&limiter, 0, NULL, 1000, 1001), 1000);
    limiter_deinit(&limiter);
}

static void test_resumed_account_goes_at_once(void **state unused_)
{
    struct limiter limiter;
    setup(&limiter, 0, 0, 0);

    limiter_pause_account(&limiter, 0, 60000);
    limiter_resume_account(&limiter, 0);
    assert_int_equal(limiter_take(&limiter, 0, "ana", TREFOIL_LANE_REPLY, 1), 0);
    limiter_deinit(&limiter);
}

static void test_more_strangers_than_room_cost_bounded_memory(void **state unused_)
{
    struct limiter limiter;
    char user_id[16];
    setup(&limiter, 0, 1, 1000);

    for (unsigned i = 0; i < LIMITER_PAIRS_MAX + 10; i++) {
        snprintf(user_id, sizeof(user_id), "u%u", i);
        assert_int_equal(limiter_take(&limiter, 0, user_id, TREFOIL_LANE_REPLY, 0), 0);
    }
    assert_in_range(limiter.pairs.count, 1, LIMITER_PAIRS_MAX);
    limiter_deinit(&limiter);
}

static void test_bulk_leaves_a_share_of_the_bucket_to_replies(void **state unused_)
{
    struct limiter limiter;
    setup(&limiter, 80, 0, 0);

    for (int i = 0; i < 60; i++)
        assert_int_equal(limiter_take(&limiter, 0, "ana", TREFOIL_LANE_BULK, 0), 0);
    assert_int_equal(limiter_take(&limiter, 0, "ana", TREFOIL_LANE_BULK, 0), 13);
    for (int i = 0; i < 20; i++)
        assert_int_equal(limiter_take(&limiter, 0, "ben", TREFOIL_LANE_REPLY, 0), 0);
    assert_int_equal(limiter_take(&limiter, 0, "ben", TREFOIL_LANE_REPLY, 0), 13);
    limiter_deinit(&limiter);
}

static void test_reply_that_waits_has_the_next_token(void **state unused_)
{
    static const uint32_t rates[] = { 1, 2, 80 };
    for (size_t i = 0; i < ARRAY_SIZE(rates); i++) {
        struct limiter limiter;
        setup(&limiter, rates[i], 0, 0);
        while (limiter_take(&limiter, 0, "ana", TREFOIL_LANE_REPLY, 0) == 0) {
        }
        limiter_wait(&limiter, 0, TREFOIL_LANE_REPLY);
        assert_int_not_equal(limiter_take(&limiter, 0, "ben", TREFOIL_LANE_BULK, 1000 / rates[i] + 1), 0);
        limiter_wait_over(&limiter, 0, TREFOIL_LANE_REPLY);
        assert_int_equal(limiter_take(&limiter, 0, "ana", TREFOIL_LANE_REPLY, 1000 / rates[i] + 1), 0);
        limiter_deinit(&limiter);
    }
}

/* Ten thousand wait, all asking each millisecond; replies come at half the account's rate. */
static void queue_and_answer(uint32_t per_s)
{
    struct limiter limiter;
    uint64_t longest_ms = 0, n_bulk = 10000, asked_ms = 0, now_ms = 0, n_replies = 0,
             token_ms = (1000 + per_s - 1) / per_s;
    bool is_waiting = false;
    setup(&limiter, per_s, 0, 0);

    for (; n_bulk > 0; now_ms++) {
        if (!is_waiting && now_ms % (2 * token_ms) == 0) {
            is_waiting = true;
            asked_ms = now_ms;
            limiter_wait(&limiter, 0, TREFOIL_LANE_REPLY);
        }
        while (n_bulk > 0 && limiter_take(&limiter, 0, "bulk", TREFOIL_LANE_BULK, now_ms) == 0)
            n_bulk--;
        if (is_waiting && limiter_take(&limiter, 0, "ana", TREFOIL_LANE_REPLY, now_ms) == 0) {
            is_waiting = false;
            n_replies++;
            limiter_wait_over(&limiter, 0, TREFOIL_LANE_REPLY);
            longest_ms = now_ms - asked_ms > longest_ms ? now_ms - asked_ms : longest_ms;
        }
    }
    assert_in_range(longest_ms, 0, token_ms);
    /* … and bulk has what is left of the rate, no less. */
    assert_in_range(now_ms, 0, (10000 + n_replies) * 1000 / per_s + 2 * token_ms);
    limiter_deinit(&limiter);
}

static void test_reply_waits_one_token_at_most_behind_ten_thousand_of_bulk(void **state unused_)
{
    queue_and_answer(1);
    queue_and_answer(3);
    queue_and_answer(80);
    queue_and_answer(500);
}

static void test_bulk_sent_away_comes_back_one_after_the_other(void **state unused_)
{
    struct limiter limiter;
    setup(&limiter, 80, 0, 0);

    assert_int_equal(limiter_bulk_slot_ms(&limiter, 0, 1000, 5000), 1000);
    assert_int_equal(limiter_bulk_slot_ms(&limiter, 0, 1000, 5000), 1012);
    for (int i = 0; i < 9997; i++)
        assert_in_range(limiter_bulk_slot_ms(&limiter, 0, 1000, 5000), 1012, LIMITER_SLOT_MAX_MS);
    assert_int_equal(limiter_bulk_slot_ms(&limiter, 0, 1000, 5000), 1000 + 9999 * 12500 / 1000);
    assert_int_equal(limiter_bulk_slot_ms(&limiter, 1, 1000, 5000), 1000);
    assert_int_equal(limiter_bulk_slot_ms(&limiter, 0, 1000, 900000), 1000);
    limiter_deinit(&limiter);
}

static void test_pair_limits_bulk_and_replies_alike(void **state unused_)
{
    struct limiter limiter;
    setup(&limiter, 80, 2, 6000);

    assert_int_equal(limiter_take(&limiter, 0, "ana", TREFOIL_LANE_BULK, 5), 0);
    assert_int_equal(limiter_take(&limiter, 0, "ana", TREFOIL_LANE_REPLY, 5), 0);
    assert_int_equal(limiter_take(&limiter, 0, "ana", TREFOIL_LANE_REPLY, 5), 6000);
    assert_int_equal(limiter_take(&limiter, 0, "ana", TREFOIL_LANE_BULK, 5), 6000);
    limiter_deinit(&limiter);
}

static void test_account_that_was_too_fast_goes_on_at_half_its_rate(void **state unused_)
{
    struct limiter limiter;
    unsigned n = 0;
    setup(&limiter, 100, 0, 0);

    assert_true(limiter_slow(&limiter, 0, 5000));
    assert_int_equal(limiter_take(&limiter, 0, "ana", TREFOIL_LANE_REPLY, 5000), 20);
    assert_int_equal(limiter_take(&limiter, 1, "ana", TREFOIL_LANE_REPLY, 5000), 0);
    for (uint64_t now_ms = 5000; now_ms < 6000; now_ms++)
        n += limiter_take(&limiter, 0, "ana", TREFOIL_LANE_REPLY, now_ms) == 0;
    assert_in_range(n, 49, 51);
    for (uint64_t now_ms = 65000; now_ms < 66000; now_ms++)
        n += limiter_take(&limiter, 0, "ana", TREFOIL_LANE_REPLY, now_ms) == 0;
    assert_in_range(n, 245, 252); /* the bucket had time to fill, and the whole rate is back */
    limiter_deinit(&limiter);
}

static void test_allowance_that_runs_out_slows_the_account_and_no_other(void **state unused_)
{
    struct limiter limiter;
    setup(&limiter, 100, 0, 0);

    for (int i = 0; i < 100; i++)
        assert_int_equal(limiter_take(&limiter, 0, "ana", TREFOIL_LANE_REPLY, 1000), 0);
    limiter_usage(&limiter, 0, 95, 1000);
    assert_int_equal(limiter_take(&limiter, 0, "ana", TREFOIL_LANE_REPLY, 1000), 42);
    assert_int_equal(limiter_take(&limiter, 1, "ana", TREFOIL_LANE_REPLY, 1000), 0);
    limiter_deinit(&limiter);
}

static void test_what_people_send_counts_where_the_network_counts_it(void **state unused_)
{
    struct translator_limits limits = { .account_per_s = 80, .counts_received = true };
    struct limiter limiter;
    assert_int_equal(limiter_init(&limiter, &limits, 2, 1), 0);

    limiter_received(&limiter, 0, 79, 1000);
    assert_int_equal(limiter_take(&limiter, 0, "ana", TREFOIL_LANE_REPLY, 1000), 0);
    assert_int_equal(limiter_take(&limiter, 0, "ana", TREFOIL_LANE_REPLY, 1000), 13);
    limiter_received(&limiter, 1, 10000, 1000); /* nobody owes the future anything */
    assert_int_equal(limiter_take(&limiter, 1, "ana", TREFOIL_LANE_REPLY, 1000), 13);
    limiter_deinit(&limiter);

    setup(&limiter, 80, 0, 0);
    limiter_received(&limiter, 0, 80, 1000);
    assert_int_equal(limiter_take(&limiter, 0, "ana", TREFOIL_LANE_REPLY, 1000), 0);
    limiter_deinit(&limiter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_account_takes_its_rate_and_then_waits),
        cmocka_unit_test(test_sound_and_video_have_a_rate_of_their_own),
        cmocka_unit_test(test_pair_that_spent_its_burst_does_not_delay_another_pair),
        cmocka_unit_test(test_waiting_costs_no_tokens),
        cmocka_unit_test(test_pause_holds_the_account_and_is_never_shortened),
        cmocka_unit_test(test_pause_of_a_pair_leaves_the_account_free),
        cmocka_unit_test(test_each_refusal_in_a_row_waits_four_times_as_long),
        cmocka_unit_test(test_what_was_under_way_belongs_to_the_refusal_that_began_the_pause),
        cmocka_unit_test(test_a_message_taken_ends_the_row_of_refusals),
        cmocka_unit_test(test_resumed_account_goes_at_once),
        cmocka_unit_test(test_bulk_leaves_a_share_of_the_bucket_to_replies),
        cmocka_unit_test(test_reply_that_waits_has_the_next_token),
        cmocka_unit_test(test_reply_waits_one_token_at_most_behind_ten_thousand_of_bulk),
        cmocka_unit_test(test_bulk_sent_away_comes_back_one_after_the_other),
        cmocka_unit_test(test_pair_limits_bulk_and_replies_alike),
        cmocka_unit_test(test_account_that_was_too_fast_goes_on_at_half_its_rate),
        cmocka_unit_test(test_allowance_that_runs_out_slows_the_account_and_no_other),
        cmocka_unit_test(test_what_people_send_counts_where_the_network_counts_it),
        cmocka_unit_test(test_more_strangers_than_room_cost_bounded_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
