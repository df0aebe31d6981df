/* What is answered to somebody overtakes what is sent to many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "send.h"
#include "sender_scene.h"

enum { PER_S = 4, TOKEN_MS = 1000 / PER_S }; /* one token is kept from bulk */

static int open_slow_scene(void **state)
{
    int r = open_scene(state);
    struct scene *scene = *state;
    scene->ops.limits = (struct translator_limits){ .account_per_s = PER_S };
    sender_again(scene);
    for (size_t i = 0; i < LOG_MAX; i++)
        scene->script[i] = 200;
    return r;
}

static void deliver_in(struct scene *scene, enum trefoil_lane lane, const char *user_id, const char *words,
                       uint64_t seq)
{
    struct trefoil_message message = { .kind = TREFOIL_KIND_TEXT, .body.text.body = words };
    struct trefoil_target target = { .index = 2, .address = { "echo/100", user_id } };
    deliver_to(scene, &message, seq, &target, lane);
}

static void wait_for_outcomes(struct scene *scene, unsigned n)
{
    while (scene->bus.n_outcomes < n)
        uv_run(&scene->loop, UV_RUN_ONCE);
}

static const char *words_of(const struct scene *scene, unsigned n)
{
    return strchr(scene->bodies[n], '\n') + 1;
}

static const char *const usage_headers[] = { "X-Used", NULL };

static void read_usage(const char *const *values, struct arena *mem, struct usage *ret)
{
    (void) mem;
    *ret = (struct usage){ .is_said = true, .percent = values[0] ? 0 : 100 };
}

static uint32_t share_of(const struct scene *scene, size_t account)
{
    return pace_share(&scene->sender->limiter.accounts[account].pace, uv_now(&scene->loop));
}

static void test_account_that_was_too_fast_goes_on_at_half_its_rate_and_others_do_not(void **state)
{
    struct scene *scene = *state;

    scene->script[0] = scene->script[1] = 429;
    deliver_in(scene, TREFOIL_LANE_REPLY, "ana", "r1", SEQ + 1);
    deliver_in(scene, TREFOIL_LANE_REPLY, "ben", "r2", SEQ + 2); /* was under way: one burst */
    wait_for_outcomes(scene, 2);
    assert_int_equal(metric_value(scene->figures.slowed_down), 1);
    assert_in_range(share_of(scene, 0), PACE_WHOLE / 2, PACE_WHOLE / 2 + 10);
    assert_int_equal(share_of(scene, 1), PACE_WHOLE);
}

static void test_allowance_that_an_answer_says_is_used_up_slows_its_account(void **state)
{
    struct scene *scene = *state;

    scene->ops.usage_headers = usage_headers;
    scene->ops.read_usage = read_usage;
    deliver_in(scene, TREFOIL_LANE_REPLY, "ana", "r1", SEQ + 1);
    wait_for_outcomes(scene, 1);
    assert_int_equal(scene->bus.outcomes[0].outcome, TREFOIL_OUTCOME_SENT);
    assert_int_equal(share_of(scene, 0), PACE_LEAST);
    assert_int_equal(share_of(scene, 1), PACE_WHOLE);
}

static void test_replies_go_before_bulk_that_waits(void **state)
{
    static const char *const order[] = { "b1", "b2", "b3", "r1", "r2", "b4", "b5" };
    struct scene *scene = *state;
    char words[8];

    for (unsigned i = 1; i <= 5; i++) { /* three go at once */
        snprintf(words, sizeof(words), "b%u", i);
        deliver_in(scene, TREFOIL_LANE_BULK, words, words, SEQ + i);
    }
    deliver_in(scene, TREFOIL_LANE_REPLY, "ana", "r1", SEQ + 6); /* takes what bulk had to leave */
    deliver_in(scene, TREFOIL_LANE_REPLY, "ben", "r2", SEQ + 7); /* waits, and shorter than b4 did */
    wait_for_outcomes(scene, ARRAY_SIZE(order));
    assert_int_equal(scene->n_asked, ARRAY_SIZE(order));
    for (unsigned i = 4; i < ARRAY_SIZE(order); i++) /* the first four went at once, and may arrive in any order */
        assert_string_equal(words_of(scene, i), order[i]);
    for (unsigned i = 0; i < ARRAY_SIZE(order); i++)
        assert_int_equal(scene->bus.outcomes[i].outcome, TREFOIL_OUTCOME_SENT);
}

static void test_reply_behind_bulk_waits_one_token_at_most(void **state)
{
    struct scene *scene = *state;
    char words[8];

    for (unsigned i = 1; i <= 7; i++) {
        snprintf(words, sizeof(words), "b%u", i);
        deliver_in(scene, TREFOIL_LANE_BULK, words, words, SEQ + i);
    }
    deliver_in(scene, TREFOIL_LANE_REPLY, "ana", "r1", SEQ + 8);
    wait_for_outcomes(scene, 4);
    uint64_t began_ms = uv_now(&scene->loop);
    deliver_in(scene, TREFOIL_LANE_REPLY, "ben", "r2", SEQ + 9);
    wait_for_request(scene, 5);
    assert_string_equal(words_of(scene, 4), "r2");
    assert_in_range(uv_now(&scene->loop) - began_ms, 0, TOKEN_MS + 50);
}

static void test_bulk_whose_turn_is_far_goes_back_to_the_gateway(void **state)
{
    struct scene *scene = *state;
    char words[8];

    for (unsigned i = 1; i <= 9; i++) { /* three go, four have their turn within a second */
        snprintf(words, sizeof(words), "b%u", i);
        deliver_in(scene, TREFOIL_LANE_BULK, words, words, SEQ + i);
    }
    assert_int_equal(scene->bus.n_outcomes, 2);
    assert_int_equal(scene->bus.outcomes[0].outcome, TREFOIL_OUTCOME_RETURNED);
    assert_int_equal(scene->bus.outcomes[0].retry_ms, SENDER_HOLD_MS);
    assert_int_equal(scene->bus.outcomes[1].outcome, TREFOIL_OUTCOME_RETURNED);
    assert_int_equal(scene->bus.outcomes[1].retry_ms, SENDER_HOLD_MS + TOKEN_MS);
    wait_for_outcomes(scene, 9);
    assert_int_equal(scene->n_asked, 7);
}

static void test_bulk_leaves_connections_to_replies(void **state)
{
    struct scene *scene = *state;
    char words[8];
    scene->ops.limits.account_per_s = 0;
    sender_again(scene);
    for (size_t i = 0; i < LOG_MAX; i++)
        scene->script[i] = -1; /* the network takes its time */

    for (unsigned i = 1; i <= SENDER_BULK_OUT_MAX + 6; i++) {
        snprintf(words, sizeof(words), "b%u", i);
        deliver_in(scene, TREFOIL_LANE_BULK, words, words, SEQ + i);
    }
    wait_for_request(scene, SENDER_BULK_OUT_MAX);
    deliver_in(scene, TREFOIL_LANE_REPLY, "ana", "r1", SEQ);
    wait_for_request(scene, SENDER_BULK_OUT_MAX + 1);
    assert_string_equal(words_of(scene, SENDER_BULK_OUT_MAX), "r1");
    assert_int_equal(scene->bus.n_outcomes, 0);
    assert_int_equal(sender_n_busy(scene->sender), SENDER_BULK_OUT_MAX + 7);
}

static void test_process_that_ends_returns_waiting_bulk_too(void **state)
{
    struct scene *scene = *state;
    char words[8];

    for (unsigned i = 1; i <= 5; i++) {
        snprintf(words, sizeof(words), "b%u", i);
        deliver_in(scene, TREFOIL_LANE_BULK, words, words, SEQ + i);
    }
    sender_stop(scene->sender);
    wait_for_outcomes(scene, 3);
    assert_int_equal(sender_n_busy(scene->sender), 0);
    sender_return_held(scene->sender);
    assert_int_equal(scene->bus.n_outcomes, 5);
    assert_int_equal(scene->bus.outcomes[4].outcome, TREFOIL_OUTCOME_RETURNED);
}

int main(void)
{
#define in_scene(test) cmocka_unit_test_setup_teardown(test, open_slow_scene, close_scene)
    const struct CMUnitTest tests[] = {
        in_scene(test_account_that_was_too_fast_goes_on_at_half_its_rate_and_others_do_not),
        in_scene(test_allowance_that_an_answer_says_is_used_up_slows_its_account),
        in_scene(test_replies_go_before_bulk_that_waits),
        in_scene(test_reply_behind_bulk_waits_one_token_at_most),
        in_scene(test_bulk_whose_turn_is_far_goes_back_to_the_gateway),
        in_scene(test_bulk_leaves_connections_to_replies),
        in_scene(test_process_that_ends_returns_waiting_bulk_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
