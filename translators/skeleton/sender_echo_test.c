/* Sends that somebody else began, on a network whose echoes return no mark. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sender_scene.h"

static const struct utterance hello = { "echo/100", "ana", "Hello" };

static void run_ms(struct scene *scene, uint64_t ms)
{
    uv_update_time(&scene->loop);
    uint64_t end_ms = uv_now(&scene->loop) + ms;

    while (uv_now(&scene->loop) < end_ms)
        uv_run(&scene->loop, UV_RUN_NOWAIT);
}

/* Waits in vain, asks around, and gets it back from the gateway. */
static void deliver_in_doubt_again(struct scene *scene, const char *words)
{
    deliver_in_doubt(scene, words, 2);
    wait_for_outcome(scene);
    assert_int_equal(scene->bus.outcomes[0].outcome, TREFOIL_OUTCOME_UNKNOWN);
    scene->bus.n_outcomes = 0;
    deliver_in_doubt(scene, words, 3);
}

static void test_echo_of_a_send_another_began_is_proof_when_the_delivery_comes_here(void **state)
{
    struct scene *scene = *state;

    assert_false(hear(scene, &hello, "theirs"));
    deliver_in_doubt(scene, "Hello", 2);
    assert_int_equal(scene->bus.n_outcomes, 1);
    assert_int_equal(scene->bus.outcomes[0].outcome, TREFOIL_OUTCOME_SENT);
    assert_string_equal(scene->bus.ids[0], "theirs");
    assert_int_equal(scene->n_asked, 0);
    assert_int_equal(metric_value(scene->figures.unknown_resolved), 1);
}

static void test_delivery_another_began_waits_for_its_echo_before_it_is_sent_again(void **state)
{
    struct scene *scene = *state;

    scene->settings.unknown_wait_ms = 2000;
    deliver_in_doubt(scene, "Hello", 2);
    run_ms(scene, 20);
    assert_int_equal(scene->n_asked, 0);
    assert_false(hear(scene, &hello, "theirs"));
    assert_int_equal(scene->bus.outcomes[0].outcome, TREFOIL_OUTCOME_SENT);
    assert_string_equal(scene->bus.ids[0], "theirs");
    assert_int_equal(scene->n_asked, 0);
}

static void test_delivery_another_began_is_sent_when_no_echo_comes_here_or_elsewhere(void **state)
{
    struct scene *scene = *state;

    scene->script[0] = 200;
    assert_false(hear(scene, &(struct utterance){ "echo/100", "ben", "Hello" }, "e1"));
    assert_false(hear(scene, &(struct utterance){ "echo/200", "ana", "Hello" }, "e2"));
    assert_false(hear(scene, &(struct utterance){ "echo/100", "ana", "Goodbye" }, "e3"));
    deliver_in_doubt_again(scene, "Hello");
    wait_for_outcome(scene);
    assert_int_equal(scene->bus.outcomes[0].outcome, TREFOIL_OUTCOME_SENT);
    assert_string_equal(scene->bus.ids[0], "m1");
    assert_int_equal(scene->n_asked, 1);
    assert_int_equal(metric_value(scene->figures.unknown_resent), 1);
}

/* Another replica may have the echo: only the gateway knows. */
static void test_delivery_another_began_is_asked_around_before_it_is_sent_again(void **state)
{
    struct scene *scene = *state;

    deliver_in_doubt(scene, "Hello", 2);
    wait_for_outcome(scene);
    assert_int_equal(scene->bus.outcomes[0].outcome, TREFOIL_OUTCOME_UNKNOWN);
    assert_int_equal(scene->n_asked, 0);
    assert_int_equal(metric_value(scene->figures.unknown_resent), 0);
    assert_true(hear(scene, &hello, "late"));
}

/* Whoever had it in between may have sent it. */
static void test_delivery_whose_next_holder_vanished_waits_for_an_echo_anew(void **state)
{
    struct scene *scene = *state;

    deliver_in_doubt(scene, "Hello", 2);
    wait_for_outcome(scene);
    scene->bus.n_outcomes = 0;
    scene->settings.unknown_wait_ms = 2000;
    deliver_after_a_death(scene, "Hello", 4);
    run_ms(scene, 20);
    assert_int_equal(scene->n_asked, 0);
    assert_false(hear(scene, &hello, "theirs"));
    assert_string_equal(scene->bus.ids[0], "theirs");
}

static void test_wait_for_a_proof_uses_up_no_try_of_what_the_network_refuses(void **state)
{
    struct scene *scene = *state;

    scene->script[0] = 500;
    deliver_in_doubt(scene, "Hello", TRANSLATOR_BOUNDED_TRIES - 1);
    wait_for_outcome(scene);
    assert_int_equal(scene->bus.outcomes[0].outcome, TREFOIL_OUTCOME_UNKNOWN);
    scene->bus.n_outcomes = 0;
    deliver_in_doubt(scene, "Hello", TRANSLATOR_BOUNDED_TRIES);
    wait_for_outcome(scene);
    assert_int_equal(scene->n_asked, 1);
    assert_int_equal(scene->bus.outcomes[0].outcome, TREFOIL_OUTCOME_DEFERRED);
}

static void test_delivery_another_began_is_rather_said_twice_than_given_up(void **state)
{
    struct scene *scene = *state;

    scene->script[0] = 200;
    deliver_in_doubt(scene, "Hello", SENDER_ATTEMPTS_MAX);
    wait_for_outcome(scene);
    assert_int_equal(scene->bus.outcomes[0].outcome, TREFOIL_OUTCOME_SENT);
    assert_int_equal(scene->n_asked, 1);
}

static void test_echo_whose_sender_the_gateway_knows_proves_nothing(void **state)
{
    struct scene *scene = *state;

    scene->script[0] = 200;
    assert_false(hear(scene, &hello, "earlier"));
    sender_echo_over(scene->sender, "earlier");
    deliver_in_doubt_again(scene, "Hello");
    wait_for_outcome(scene);
    assert_string_equal(scene->bus.ids[0], "m1");
}

static void test_one_echo_is_no_proof_of_two_sends(void **state)
{
    struct scene *scene = *state;

    scene->script[0] = 200;
    assert_false(hear(scene, &hello, "theirs"));
    assert_false(hear(scene, &hello, "theirs"));
    deliver_in_doubt(scene, "Hello", 2);
    assert_string_equal(scene->bus.ids[0], "theirs");
    assert_false(hear(scene, &hello, "theirs"));
    scene->bus.n_outcomes = 0;
    deliver_in_doubt_again(scene, "Hello");
    wait_for_outcome(scene);
    assert_string_equal(scene->bus.ids[0], "m1");
}

/* Parts that have an echo are not sent again; the first without one waits, and what comes after it was not begun. */
static void test_parts_another_sent_are_proven_one_by_one(void **state)
{
    struct scene *scene = *state;
    char *words = arena_alloc(&scene->mem, ECHO_TEXT_MAX_BYTES + 11);
    assert_non_null(words);
    memset(words, 'a', ECHO_TEXT_MAX_BYTES);
    memset(words + ECHO_TEXT_MAX_BYTES, 'b', 10);
    const char *first = arena_text(&scene->mem, bytes_make(words, ECHO_TEXT_MAX_BYTES));

    scene->script[0] = 200;
    assert_false(hear(scene, &(struct utterance){ "echo/100", "ana", first }, "part-1"));
    deliver_in_doubt(scene, words, 2);
    wait_for_outcome(scene);
    assert_int_equal(scene->n_asked, 1);
    assert_string_equal(scene->bodies[0], "ana tf1.7.2\nbbbbbbbbbb");
    assert_int_equal(scene->bus.outcomes[0].n_message_ids, 2);
}

static void test_echo_of_the_first_try_is_explained_after_the_second(void **state)
{
    struct scene *scene = *state;

    scene->script[0] = 200;
    deliver_in_doubt_again(scene, "Hello");
    wait_for_outcome(scene);
    assert_true(hear(scene, &hello, "late"));
    assert_true(hear(scene, &hello, "late"));
    assert_false(hear(scene, &hello, "m1"));
    assert_false(hear(scene, &hello, "somebody else's"));
}

static void test_echo_of_the_first_try_that_comes_during_the_second_is_ours_too(void **state)
{
    struct scene *scene = *state;

    scene->script[0] = -1;
    deliver_in_doubt_again(scene, "Hello");
    wait_for_request(scene, 1);
    assert_false(hear(scene, &hello, "first"));
    assert_int_equal(http_answer(&scene->silent, 200, "text/plain", bytes_of_text("ok second")), 0);
    wait_for_outcome(scene);
    assert_int_equal(scene->bus.outcomes[0].n_message_ids, 2);
    assert_string_equal(scene->bus.ids[0], "second");
}

static void test_delivery_whose_echo_nobody_has_is_sent_without_a_second_wait(void **state)
{
    struct scene *scene = *state;

    scene->script[0] = 0;
    scene->script[1] = 200;
    deliver(scene, "Hello");
    wait_for_outcome(scene);
    assert_int_equal(scene->bus.outcomes[0].outcome, TREFOIL_OUTCOME_UNKNOWN);
    scene->settings.unknown_wait_ms = 60000;
    scene->bus.n_outcomes = 0;
    deliver_in_doubt(scene, "Hello", 2);
    wait_for_outcome(scene);
    assert_int_equal(scene->bus.outcomes[0].outcome, TREFOIL_OUTCOME_SENT);
    assert_int_equal(scene->n_asked, 2);
}

static void test_what_another_began_is_given_up_by_policy_only_without_an_echo(void **state)
{
    struct scene *scene = *state;

    scene->settings.unknown_policy = UNKNOWN_GIVE_UP;
    assert_false(hear(scene, &hello, "theirs"));
    deliver_in_doubt(scene, "Hello", 2);
    assert_int_equal(scene->bus.outcomes[0].outcome, TREFOIL_OUTCOME_SENT);
    deliver_in_doubt(scene, "Goodbye", 2);
    wait_for_post(scene);
    scene->bus.posts[0]->on_done(scene->bus.posts[0], POST_CONFIRMED);
    assert_int_equal(scene->bus.outcomes[1].outcome, TREFOIL_OUTCOME_BOUNCED);
    assert_int_equal(scene->n_asked, 0);
}

static void test_what_stays_unknown_is_told_to_its_author_before_the_gateway_gives_up(void **state)
{
    struct scene *scene = *state;

    scene->script[0] = 0;
    deliver_in_doubt(scene, "Hello", SENDER_ATTEMPTS_MAX);
    wait_for_post(scene);
    scene->bus.posts[0]->on_done(scene->bus.posts[0], POST_CONFIRMED);
    assert_int_equal(scene->bus.outcomes[0].outcome, TREFOIL_OUTCOME_BOUNCED);
    assert_string_equal(scene->bus.outcomes[0].reason, "unknown, tried too often");
}

static void test_process_that_ends_hands_back_what_waits_for_another_s_echo(void **state)
{
    struct scene *scene = *state;

    scene->settings.unknown_wait_ms = 60000;
    deliver_in_doubt(scene, "Hello", 2);
    sender_stop(scene->sender);
    sender_return_held(scene->sender);
    assert_int_equal(scene->bus.outcomes[0].outcome, TREFOIL_OUTCOME_RETURNED);
    assert_int_equal(scene->n_asked, 0);
}

int main(void)
{
#define in_scene(test) cmocka_unit_test_setup_teardown(test, open_scene, close_scene)
    const struct CMUnitTest tests[] = {
        in_scene(test_echo_of_a_send_another_began_is_proof_when_the_delivery_comes_here),
        in_scene(test_delivery_another_began_waits_for_its_echo_before_it_is_sent_again),
        in_scene(test_delivery_another_began_is_sent_when_no_echo_comes_here_or_elsewhere),
        in_scene(test_delivery_another_began_is_asked_around_before_it_is_sent_again),
        in_scene(test_delivery_whose_next_holder_vanished_waits_for_an_echo_anew),
        in_scene(test_wait_for_a_proof_uses_up_no_try_of_what_the_network_refuses),
        in_scene(test_delivery_another_began_is_rather_said_twice_than_given_up),
        in_scene(test_echo_whose_sender_the_gateway_knows_proves_nothing),
        in_scene(test_one_echo_is_no_proof_of_two_sends),
        in_scene(test_parts_another_sent_are_proven_one_by_one),
        in_scene(test_echo_of_the_first_try_is_explained_after_the_second),
        in_scene(test_echo_of_the_first_try_that_comes_during_the_second_is_ours_too),
        in_scene(test_delivery_whose_echo_nobody_has_is_sent_without_a_second_wait),
        in_scene(test_what_another_began_is_given_up_by_policy_only_without_an_echo),
        in_scene(test_what_stays_unknown_is_told_to_its_author_before_the_gateway_gives_up),
        in_scene(test_process_that_ends_hands_back_what_waits_for_another_s_echo),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
