/* What the sender does with messages that reply windows, consent or strictness concern: bounced here, replaced, dropped.
 * No request goes out for what may not go.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "policy.h"
#include "sender_scene.h"

#define HOUR_MS ((uint64_t) 3600 * 1000)
#define NOW_MS (1000 * HOUR_MS)

static int open_windowed_scene(void **state)
{
    int r = open_scene(state);
    struct scene *scene = *state;
    scene->ops.windows = (struct translator_windows){ .open_s = 24 * 3600, .templates_after = true };
    scene->settings.window_margin_ms = 120000;
    set_time(NOW_MS);
    return r;
}

static void deliver_aged(struct scene *scene, const struct trefoil_message *message, uint64_t acted_ms)
{
    struct trefoil_target target = { .index = 2, .address = { "echo/100", "ana" }, .window_ms = acted_ms };
    deliver_to(scene, message, SEQ, &target, TREFOIL_LANE_REPLY);
}

static void finish_notice(struct scene *scene)
{
    wait_for_post(scene);
    scene->bus.posts[0]->on_done(scene->bus.posts[0], POST_CONFIRMED);
}

static const struct trefoil_message hello = { .kind = TREFOIL_KIND_TEXT, .body.text.body = "Hello" };

static void test_inside_the_window_it_goes_as_it_was_said(void **state)
{
    struct scene *scene = *state;
    scene->script[0] = 200;
    deliver_aged(scene, &hello, NOW_MS - 23 * HOUR_MS);
    wait_for_outcome(scene);
    assert_int_equal(scene->bus.outcomes[0].outcome, TREFOIL_OUTCOME_SENT);
    assert_int_equal(scene->bus.outcomes[0].n_lost, 0);
    assert_null(scene->bus.outcomes[0].reason);
    assert_string_equal(scene->bodies[0], "ana tf1.7.2\nHello");
}

static void test_closed_window_bounces_here_tells_the_author_and_asks_nobody(void **state)
{
    struct scene *scene = *state;
    deliver_aged(scene, &hello, NOW_MS - 25 * HOUR_MS);
    wait_for_post(scene);
    const struct trefoil_receipt *notice = &scene->bus.posts[0]->publication.message->body.receipt;
    assert_int_equal(notice->state, TREFOIL_RECEIPT_FAILED);
    assert_int_equal(notice->code, 0);
    assert_string_equal(notice->reason, POLICY_CLOSED);
    finish_notice(scene);
    assert_int_equal(scene->bus.outcomes[0].outcome, TREFOIL_OUTCOME_BOUNCED);
    assert_string_equal(scene->bus.outcomes[0].reason, "outside the reply window");
    assert_int_equal(scene->n_asked, 0);
    assert_int_equal(
        metric_value(metrics_counter(scene->figures.metrics, "trefoil_policy_total", "",
                                     METRIC_LABEL("decision", "refused"), METRIC_LABEL("reason", POLICY_CLOSED))),
        1);
}

static int encode_invited(const struct trefoil_message *message, const struct place *place, struct arena *mem,
                          struct request_list *ret)
{
    int r = echo_ops.encode(message, place, mem, ret);

    for (size_t i = 0; i < ret->n_requests; i++)
        ret->requests[i].is_invited = true;
    return r;
}

/* The network knows by the token for how long: no window of ours is in the way. */
static void test_message_by_a_token_the_person_gave_goes_when_the_window_is_closed(void **state)
{
    struct scene *scene = *state;

    scene->ops.encode = encode_invited;
    scene->script[0] = 200;
    deliver_aged(scene, &hello, NOW_MS - 25 * HOUR_MS);
    wait_for_outcome(scene);
    assert_int_equal(scene->bus.outcomes[0].outcome, TREFOIL_OUTCOME_SENT);
}

/* Sealed under a token key this replica does not have: another may, or this one when it is replaced. */
static void test_address_that_cannot_be_opened_here_is_left_to_others(void **state)
{
    struct scene *scene = *state;
    struct trefoil_target target = { .index = 2, .address = { "echo/100", NULL } };

    deliver_to(scene, &hello, SEQ, &target, TREFOIL_LANE_REPLY);
    assert_int_equal(scene->bus.outcomes[0].outcome, TREFOIL_OUTCOME_RETURNED);
    assert_string_equal(scene->bus.outcomes[0].reason, "address cannot be opened here");
    assert_int_equal(scene->n_asked, 0);
}

static void test_margin_closes_the_window_before_the_network_does(void **state)
{
    struct scene *scene = *state;
    deliver_aged(scene, &hello, NOW_MS - 24 * HOUR_MS + 60000);
    finish_notice(scene);
    assert_int_equal(scene->bus.outcomes[0].outcome, TREFOIL_OUTCOME_BOUNCED);
    assert_int_equal(scene->n_asked, 0);
}

static void test_template_of_the_account_stands_for_what_comes_too_late(void **state)
{
    struct scene *scene = *state;
    scene->account_settings[0].window_template = "we_answer";
    scene->account_settings[0].window_template_language = "en_US";
    scene->script[0] = 200;
    struct trefoil_message lines = { .kind = TREFOIL_KIND_TEXT, .body.text.body = "Hello\n\n  Ana" };
    deliver_aged(scene, &lines, NOW_MS - 25 * HOUR_MS);
    wait_for_outcome(scene);
    assert_string_equal(scene->bodies[0], "ana tf1.7.2\nHello Ana");
    assert_int_equal(scene->bus.outcomes[0].outcome, TREFOIL_OUTCOME_SENT);
    assert_string_equal(scene->bus.outcomes[0].reason, POLICY_CLOSED);
    assert_string_equal(scene->bus.ids[0], "m1");
    assert_string_equal(scene->bus.first_lost[0], "text→template");
    assert_int_equal(metric_value(metrics_counter(scene->figures.metrics, "trefoil_lost_total", "",
                                                  METRIC_LABEL("what", "text→template"))),
                     1);
}

static void test_strict_message_is_not_replaced(void **state)
{
    struct scene *scene = *state;
    scene->account_settings[0].window_template = "we_answer";
    scene->account_settings[0].window_template_language = "en_US";
    struct trefoil_message message = hello;
    message.strict = true;
    deliver_aged(scene, &message, NOW_MS - 25 * HOUR_MS);
    finish_notice(scene);
    assert_int_equal(scene->bus.outcomes[0].outcome, TREFOIL_OUTCOME_BOUNCED);
    assert_string_equal(scene->bus.first_lost[0], "text→template");
    assert_int_equal(scene->n_asked, 0);
}

static void test_read_mark_after_the_window_is_nothing_and_no_failure(void **state)
{
    struct scene *scene = *state;
    struct trefoil_message typing = { .kind = TREFOIL_KIND_TYPING, .fallback = "types" };
    deliver_aged(scene, &typing, NOW_MS - 25 * HOUR_MS);
    wait_for_outcome(scene);
    assert_int_equal(scene->bus.outcomes[0].outcome, TREFOIL_OUTCOME_SENT);
    assert_int_equal(scene->bus.outcomes[0].n_message_ids, 0);
    assert_int_equal(scene->bus.n_posts, 0);
    assert_int_equal(scene->n_asked, 0);
}

static void test_what_has_no_words_here_is_not_refused(void **state)
{
    struct scene *scene = *state;
    struct trefoil_message silent = { .kind = TREFOIL_KIND_REACTION, .body.reaction.removed = true };
    scene->settings.unknown_window = UNKNOWN_WINDOW_REFUSE;
    deliver_aged(scene, &silent, 0);
    wait_for_outcome(scene);
    assert_int_equal(scene->bus.outcomes[0].outcome, TREFOIL_OUTCOME_SENT);
    assert_int_equal(scene->bus.n_posts, 0);
}

static void test_unknown_window_is_tried_or_refused_as_configured(void **state)
{
    struct scene *scene = *state;
    scene->script[0] = 200;
    deliver_aged(scene, &hello, 0);
    wait_for_outcome(scene);
    assert_int_equal(scene->bus.outcomes[0].outcome, TREFOIL_OUTCOME_SENT);
    scene->settings.unknown_window = UNKNOWN_WINDOW_REFUSE;
    deliver_aged(scene, &hello, 0);
    finish_notice(scene);
    assert_int_equal(scene->bus.outcomes[1].outcome, TREFOIL_OUTCOME_BOUNCED);
    assert_string_equal(scene->bus.outcomes[1].reason, POLICY_NEVER_OPENED);
    assert_int_equal(scene->n_asked, 1);
}

static void test_message_that_waits_until_its_window_closed_is_judged_again(void **state)
{
    struct scene *scene = *state;
    scene->script[0] = 429; /* pauses the account for a second */
    deliver_aged(scene, &hello, NOW_MS);
    wait_for_outcome(scene);
    struct trefoil_target target = { .index = 2,
                                     .address = { "echo/100", "ana" },
                                     .window_ms = NOW_MS - 24 * HOUR_MS + 120001 };
    deliver_to(scene, &hello, SEQ + 1, &target, TREFOIL_LANE_REPLY);
    assert_int_equal(sender_n_busy(scene->sender), 1);
    set_time(NOW_MS + 1);
    while (scene->bus.n_outcomes < 2)
        uv_run(&scene->loop, UV_RUN_DEFAULT);
    assert_int_equal(scene->bus.outcomes[1].outcome, TREFOIL_OUTCOME_RETURNED);
    assert_int_equal(scene->n_asked, 1);
}

static void test_bulk_does_not_reach_somebody_who_withdrew_consent_but_a_reply_does(void **state)
{
    struct scene *scene = *state;
    struct trefoil_target target = {
        .index = 2, .address = { "echo/100", "ana" }, .window_ms = NOW_MS - HOUR_MS, .consent_withdrawn = true
    };
    deliver_to(scene, &hello, SEQ, &target, TREFOIL_LANE_BULK);
    finish_notice(scene);
    assert_int_equal(scene->bus.outcomes[0].outcome, TREFOIL_OUTCOME_BOUNCED);
    assert_string_equal(scene->bus.outcomes[0].reason, "the person asked not to be written to");
    assert_int_equal(scene->n_asked, 0);
    scene->script[0] = 200;
    deliver_to(scene, &hello, SEQ + 1, &target, TREFOIL_LANE_REPLY);
    while (scene->bus.n_outcomes < 2)
        uv_run(&scene->loop, UV_RUN_DEFAULT);
    assert_int_equal(scene->bus.outcomes[1].outcome, TREFOIL_OUTCOME_SENT);
}

/* The echo network says text only: a reply loses what it answers. */
static const struct trefoil_message lossy = {
    .kind = TREFOIL_KIND_TEXT, .in_reply_to = "m0", .body.text.body = "Hello", .strict = true
};

static void test_strict_message_that_would_lose_something_is_refused_with_what(void **state)
{
    struct scene *scene = *state;
    deliver_aged(scene, &lossy, NOW_MS);
    finish_notice(scene);
    assert_int_equal(scene->bus.outcomes[0].outcome, TREFOIL_OUTCOME_BOUNCED);
    assert_string_equal(scene->bus.outcomes[0].reason, "strict: something would be lost");
    assert_int_equal(scene->bus.outcomes[0].n_lost, 1);
    assert_string_equal(scene->bus.lost[0], "reply");
    assert_int_equal(scene->n_asked, 0);
    assert_int_equal(
        metric_value(metrics_counter(scene->figures.metrics, "trefoil_lost_total", "", METRIC_LABEL("what", "reply"))),
        1);
}

static void test_strict_account_refuses_what_an_easy_one_sends(void **state)
{
    struct scene *scene = *state;
    struct trefoil_message easy = lossy;
    easy.strict = false;
    scene->script[0] = 200;
    deliver_aged(scene, &easy, NOW_MS);
    wait_for_outcome(scene);
    assert_int_equal(scene->bus.outcomes[0].outcome, TREFOIL_OUTCOME_SENT);
    scene->account_settings[0].strict = true;
    deliver_aged(scene, &easy, NOW_MS);
    finish_notice(scene);
    assert_int_equal(scene->bus.outcomes[1].outcome, TREFOIL_OUTCOME_BOUNCED);
    assert_int_equal(scene->n_asked, 1);
}

static void deliver_notice(struct scene *scene, enum trefoil_receipt_state state, uint64_t seq)
{
    struct trefoil_message notice = { .kind = TREFOIL_KIND_RECEIPT,
                                      .author = { .network = "messenger", .name = "Ben" },
                                      .body.receipt = { .state = state, .code = 7, .reason = POLICY_CLOSED } };
    deliver_kind(scene, &notice, seq);
}

static void test_notice_of_failure_is_words_to_the_author_where_that_is_wished(void **state)
{
    struct scene *scene = *state;
    scene->account_settings[0].tell_authors = true;
    scene->script[0] = 200;
    deliver_notice(scene, TREFOIL_RECEIPT_FAILED, SEQ);
    wait_for_outcome(scene);
    assert_int_equal(scene->n_asked, 1);
    assert_non_null(strstr(scene->bodies[0], "⚠ Not delivered to Ben (Messenger): outside the reply window"));
    assert_int_equal(scene->bus.n_posts, 0);
}

static void test_notice_of_failure_that_fails_is_told_to_nobody(void **state)
{
    struct scene *scene = *state;
    scene->account_settings[0].tell_authors = true;
    scene->script[0] = 400;
    deliver_notice(scene, TREFOIL_RECEIPT_FAILED, SEQ);
    wait_for_outcome(scene);
    assert_int_equal(scene->bus.outcomes[0].outcome, TREFOIL_OUTCOME_BOUNCED);
    assert_int_equal(scene->bus.n_posts, 0);
}

static void test_other_receipts_are_no_words(void **state)
{
    struct scene *scene = *state;
    scene->account_settings[0].tell_authors = true;
    scene->script[0] = 200;
    deliver_notice(scene, TREFOIL_RECEIPT_DELIVERED, SEQ);
    wait_for_outcome(scene);
    for (unsigned i = 0; i < scene->n_asked; i++)
        assert_null(strstr(scene->bodies[i], "Not delivered"));
}

int main(void)
{
#define in_scene(test) cmocka_unit_test_setup_teardown(test, open_windowed_scene, close_scene)
    const struct CMUnitTest tests[] = {
        in_scene(test_inside_the_window_it_goes_as_it_was_said),
        in_scene(test_closed_window_bounces_here_tells_the_author_and_asks_nobody),
        in_scene(test_message_by_a_token_the_person_gave_goes_when_the_window_is_closed),
        in_scene(test_address_that_cannot_be_opened_here_is_left_to_others),
        in_scene(test_margin_closes_the_window_before_the_network_does),
        in_scene(test_template_of_the_account_stands_for_what_comes_too_late),
        in_scene(test_strict_message_is_not_replaced),
        in_scene(test_read_mark_after_the_window_is_nothing_and_no_failure),
        in_scene(test_what_has_no_words_here_is_not_refused),
        in_scene(test_unknown_window_is_tried_or_refused_as_configured),
        in_scene(test_message_that_waits_until_its_window_closed_is_judged_again),
        in_scene(test_bulk_does_not_reach_somebody_who_withdrew_consent_but_a_reply_does),
        in_scene(test_strict_message_that_would_lose_something_is_refused_with_what),
        in_scene(test_strict_account_refuses_what_an_easy_one_sends),
        in_scene(test_notice_of_failure_is_words_to_the_author_where_that_is_wished),
        in_scene(test_notice_of_failure_that_fails_is_told_to_nobody),
        in_scene(test_other_receipts_are_no_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
