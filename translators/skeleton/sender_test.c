/* The sender against a network on loopback HTTP that does as it is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sender_scene.h"

/* Two parts on the echo network. */
static const char *long_words(struct scene *scene)
{
    char *words = arena_alloc(&scene->mem, ECHO_TEXT_MAX_BYTES + 11);
    assert_non_null(words);
    memset(words, 'a', ECHO_TEXT_MAX_BYTES);
    memset(words + ECHO_TEXT_MAX_BYTES, 'b', 10);
    return words;
}

static void test_accepted_message_is_sent_under_the_network_s_id(void **state)
{
    struct scene *scene = *state;
    scene->script[0] = 200;
    deliver(scene, "Hello");
    wait_for_outcome(scene);
    assert_string_equal(scene->bodies[0], "ana tf1.7.2\nHello");
    assert_int_equal(scene->bus.outcomes[0].outcome, TREFOIL_OUTCOME_SENT);
    assert_int_equal(scene->bus.outcomes[0].target, 2);
    assert_string_equal(scene->bus.outcomes[0].account, "echo/100");
    assert_string_equal(scene->bus.ids[0], "m1");
    assert_int_equal(sender_n_busy(scene->sender), 0);
}

static void test_trouble_there_defers_with_a_time(void **state)
{
    struct scene *scene = *state;
    scene->script[0] = 503;
    deliver(scene, "Hello");
    wait_for_outcome(scene);
    assert_int_equal(scene->bus.outcomes[0].outcome, TREFOIL_OUTCOME_DEFERRED);
    assert_in_range(scene->bus.outcomes[0].retry_ms, 500, 2000);
    assert_int_equal(scene->bus.outcomes[0].code, 503);
    assert_int_equal(scene->bus.n_posts, 0);
}

/* Too much to this person, and no word how long that lasts. */
static void judge_too_much(const struct request *request, const struct reply *reply, struct arena *mem,
                           struct verdict *ret)
{
    (void) request, (void) mem;
    *ret = (struct verdict){ .outcome = TREFOIL_OUTCOME_DEFERRED, .retry_ms = 1, .pause = PAUSE_PAIR, .grows = true };
    if (reply->http_status == 200)
        *ret = (struct verdict){ .outcome = TREFOIL_OUTCOME_SENT, .message_id = "m" };
}

static void test_refusals_in_a_row_wait_longer_until_one_is_taken(void **state)
{
    static const int answers[] = { 400, 400, 400, 200, 400 };
    static const uint32_t waits[] = { 1, 4, 16, 0, 1 };
    struct scene *scene = *state;

    scene->ops.judge = judge_too_much;
    memcpy(scene->script, answers, sizeof(answers));
    for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
        deliver(scene, "Hello");
        while (scene->bus.n_outcomes <= i)
            uv_run(&scene->loop, UV_RUN_DEFAULT);
        assert_int_equal(scene->bus.outcomes[i].retry_ms, waits[i]);
        assert_int_equal(scene->bus.outcomes[i].outcome,
                         answers[i] == 200 ? TREFOIL_OUTCOME_SENT : TREFOIL_OUTCOME_RETURNED);
    }
}

static const char *the_person;

static void judge_known_as(const struct request *request, const struct reply *reply, struct arena *mem,
                           struct verdict *ret)
{
    (void) request, (void) reply, (void) mem;
    *ret = (struct verdict){ .outcome = TREFOIL_OUTCOME_SENT, .message_id = "m", .user_id = the_person };
}

static void test_person_known_by_another_id_becomes_one_address(void **state)
{
    static const char *const people[] = { "ana", NULL, "anna" };
    struct scene *scene = *state;

    scene->ops.judge = judge_known_as;
    for (size_t i = 0; i < sizeof(people) / sizeof(*people); i++) {
        the_person = people[i];
        scene->script[i] = 200;
        deliver(scene, "Hello");
        while (scene->bus.n_outcomes <= i)
            uv_run(&scene->loop, UV_RUN_DEFAULT);
        assert_int_equal(scene->bus.outcomes[i].outcome, TREFOIL_OUTCOME_SENT);
    }
    assert_int_equal(scene->bus.n_mentioned, 1);
    assert_string_equal(scene->bus.mentioned[0], "echo/100/anna = ana");
}

/* A URL of ours that the network could not fetch. */
static void judge_once_more(const struct request *request, const struct reply *reply, struct arena *mem,
                            struct verdict *ret)
{
    (void) request, (void) reply, (void) mem;
    *ret = (struct verdict){ .outcome = TREFOIL_OUTCOME_DEFERRED, .retry_ms = 1, .bounded = true, .once = true };
}

static void test_what_may_be_tried_once_more_bounces_at_the_second_try(void **state)
{
    struct scene *scene = *state;
    struct trefoil_target ana = { .index = 2, .address = { "echo/100", "ana" } };
    struct trefoil_delivery again = { .handle = 3, .seq = SEQ, .attempt = 2, .targets = &ana, .n_targets = 1 };

    again.message = (struct trefoil_message){ .kind = TREFOIL_KIND_TEXT, .body.text.body = "Hello" };
    scene->ops.judge = judge_once_more;
    scene->script[0] = scene->script[1] = 400;
    deliver(scene, "Hello");
    wait_for_outcome(scene);
    assert_int_equal(scene->bus.outcomes[0].outcome, TREFOIL_OUTCOME_DEFERRED);
    sender_take(scene->sender, &again);
    wait_for_post(scene);
    assert_int_equal(scene->bus.posts[0]->publication.message->body.receipt.state, TREFOIL_RECEIPT_FAILED);
    scene->bus.posts[0]->on_done(scene->bus.posts[0], POST_CONFIRMED);
    assert_int_equal(scene->bus.outcomes[1].outcome, TREFOIL_OUTCOME_BOUNCED);
}

static void test_author_hears_of_a_bounce_before_the_gateway_does(void **state)
{
    struct scene *scene = *state;
    scene->script[0] = 404;
    deliver(scene, "Hello");
    wait_for_post(scene);
    const struct trefoil_publication *notice = &scene->bus.posts[0]->publication;
    assert_int_equal(scene->bus.n_outcomes, 0);
    assert_int_equal(notice->audience, TREFOIL_AUDIENCE_AUTHOR);
    assert_int_equal(notice->relates_ids[0].bytes[0], 9);
    assert_int_equal(notice->message->body.receipt.state, TREFOIL_RECEIPT_FAILED);
    assert_int_equal(notice->message->body.receipt.code, 404);
    scene->bus.posts[0]->on_done(scene->bus.posts[0], POST_CONFIRMED);
    assert_int_equal(scene->bus.n_outcomes, 1);
    assert_int_equal(scene->bus.outcomes[0].outcome, TREFOIL_OUTCOME_BOUNCED);
}

static void test_author_is_told_again_while_the_bus_refuses_for_now(void **state)
{
    struct scene *scene = *state;

    scene->script[0] = 404;
    deliver(scene, "Hello");
    wait_for_post(scene);
    scene->bus.posts[0]->on_done(scene->bus.posts[0], POST_RETRY);
    assert_int_equal(scene->bus.n_outcomes, 0);
    while (scene->bus.n_posts < 2)
        uv_run(&scene->loop, UV_RUN_DEFAULT);
    assert_ptr_equal(scene->bus.posts[1], scene->bus.posts[0]);
    scene->bus.posts[1]->on_done(scene->bus.posts[1], POST_CONFIRMED);
    assert_int_equal(scene->bus.outcomes[0].outcome, TREFOIL_OUTCOME_BOUNCED);
}

static void test_part_that_was_taken_is_never_repeated(void **state)
{
    struct scene *scene = *state;
    scene->script[0] = 200;
    scene->script[1] = 503;
    scene->script[2] = 200;
    deliver(scene, long_words(scene));
    wait_for_outcome(scene);
    assert_int_equal(scene->n_asked, 3);
    assert_string_equal(scene->bodies[1], "ana tf1.7.2\nbbbbbbbbbb");
    assert_string_equal(scene->bodies[2], scene->bodies[1]);
    assert_int_equal(scene->bus.outcomes[0].outcome, TREFOIL_OUTCOME_SENT);
    assert_int_equal(scene->bus.outcomes[0].n_message_ids, 2);
    assert_string_equal(scene->bus.ids[0], "m3");
    assert_int_equal(scene->bus.outcomes[0].n_lost, 0);
}

/* A limit or a token takes as long as it takes: that is no refusal of the part. */
static void test_part_that_waits_for_its_account_is_not_given_up(void **state)
{
    struct scene *scene = *state;

    scene->ops.judge = judge_too_much;
    for (unsigned i = 1; i <= TRANSLATOR_BOUNDED_TRIES; i++)
        scene->script[i] = 400;
    scene->script[0] = scene->script[TRANSLATOR_BOUNDED_TRIES + 1] = 200;
    deliver(scene, long_words(scene));
    wait_for_outcome(scene);
    assert_int_equal(scene->n_asked, TRANSLATOR_BOUNDED_TRIES + 2);
    assert_int_equal(scene->bus.outcomes[0].outcome, TREFOIL_OUTCOME_SENT);
    assert_int_equal(scene->bus.outcomes[0].n_lost, 0);
    assert_int_equal(scene->bus.outcomes[0].n_message_ids, 2);
}

static void test_message_of_which_a_part_is_refused_was_sent_and_says_what_is_lost(void **state)
{
    struct scene *scene = *state;
    scene->script[0] = 200;
    scene->script[1] = 400;
    deliver(scene, long_words(scene));
    wait_for_post(scene);
    scene->bus.posts[0]->on_done(scene->bus.posts[0], POST_CONFIRMED);
    assert_int_equal(scene->bus.outcomes[0].outcome, TREFOIL_OUTCOME_SENT);
    assert_int_equal(scene->bus.outcomes[0].n_message_ids, 1);
    assert_string_equal(scene->bus.lost[0], "rest-of-a-split-message");
}

static void assert_proven(const struct scene *scene)
{
    assert_int_equal(scene->bus.outcomes[0].outcome, TREFOIL_OUTCOME_SENT);
    assert_string_equal(scene->bus.ids[0], "proven");
}

static void test_lost_answer_waits_for_proof_and_is_not_repeated(void **state)
{
    struct scene *scene = *state;
    scene->settings.unknown_wait_ms = 2000;
    scene->script[0] = 0;
    deliver(scene, "Hello");
    while (metric_value(scene->figures.requests[2]) < 1)
        uv_run(&scene->loop, UV_RUN_ONCE);
    assert_int_equal(scene->bus.n_outcomes, 0);
    sender_prove(scene->sender, SEQ, 1, "of another target");
    assert_int_equal(scene->bus.n_outcomes, 0);
    sender_prove(scene->sender, SEQ, 2, "proven");
    assert_int_equal(scene->bus.n_outcomes, 1);
    assert_proven(scene);
    assert_int_equal(scene->n_asked, 1);
}

static void test_proof_that_comes_before_the_answer_is_lost_counts(void **state)
{
    struct scene *scene = *state;
    scene->script[0] = -1;
    deliver(scene, "Hello");
    wait_for_request(scene, 1);
    sender_prove(scene->sender, SEQ, 2, "proven");
    assert_int_equal(scene->bus.n_outcomes, 0);
    http_drop(&scene->silent);
    wait_for_outcome(scene);
    assert_proven(scene);
}

/* The status of the first try comes while the second waits or is out. */
static void test_proof_that_comes_before_the_next_try_ends_it(void **state)
{
    struct scene *scene = *state;

    scene->script[0] = 429;
    deliver(scene, "Hello"); /* pauses the account for a second */
    wait_for_outcome(scene);
    scene->bus.n_outcomes = 0;
    deliver(scene, "Hello"); /* waits for that second to end */
    assert_int_equal(sender_n_busy(scene->sender), 1);
    sender_prove(scene->sender, SEQ, 2, "proven");
    assert_int_equal(scene->bus.n_outcomes, 1);
    assert_proven(scene);
    assert_int_equal(scene->n_asked, 1);
    assert_int_equal(sender_n_busy(scene->sender), 0);
}

static void test_proof_counts_more_than_an_answer_of_trouble(void **state)
{
    struct scene *scene = *state;

    scene->script[0] = -1;
    deliver(scene, "Hello");
    wait_for_request(scene, 1);
    sender_prove(scene->sender, SEQ, 2, "proven");
    assert_int_equal(http_answer(&scene->silent, 503, "text/plain", bytes_of_text("trouble")), 0);
    wait_for_outcome(scene);
    assert_proven(scene);
    assert_int_equal(scene->n_asked, 1);
}

/* Only the last part carries the mark: an earlier try sent them all. */
static void test_proof_of_the_whole_ends_a_second_try_that_is_at_its_first_part(void **state)
{
    struct scene *scene = *state;

    scene->script[0] = -1;
    deliver(scene, long_words(scene));
    wait_for_request(scene, 1);
    sender_prove(scene->sender, SEQ, 2, "proven");
    assert_int_equal(http_answer(&scene->silent, 200, "text/plain", bytes_of_text("ok m1")), 0);
    wait_for_outcome(scene);
    assert_int_equal(scene->bus.outcomes[0].outcome, TREFOIL_OUTCOME_SENT);
    assert_int_equal(scene->bus.outcomes[0].n_lost, 0);
    assert_int_equal(scene->n_asked, 1);
}

static void test_echo_of_the_same_words_is_proof_where_no_mark_comes_back(void **state)
{
    struct scene *scene = *state;
    scene->settings.unknown_wait_ms = 2000;
    scene->script[0] = 0;
    deliver(scene, "Hello");
    while (metric_value(scene->figures.requests[2]) < 1)
        uv_run(&scene->loop, UV_RUN_ONCE);
    assert_false(hear(scene, &(struct utterance){ "echo/100", "ana", "Goodbye" }, "echo-1"));
    assert_false(hear(scene, &(struct utterance){ "echo/100", "ben", "Hello" }, "echo-2"));
    assert_false(hear(scene, &(struct utterance){ "echo/200", "ana", "Hello" }, "echo-3"));
    assert_int_equal(scene->bus.n_outcomes, 0);
    assert_false(hear(scene, &(struct utterance){ "echo/100", "ana", "Hello" }, "echo-4"));
    assert_int_equal(scene->bus.outcomes[0].outcome, TREFOIL_OUTCOME_SENT);
    assert_string_equal(scene->bus.ids[0], "echo-4");
}

static void test_echo_of_an_earlier_message_proves_nothing_about_the_next_like_it(void **state)
{
    struct scene *scene = *state;
    struct trefoil_message message = { .kind = TREFOIL_KIND_TEXT, .body.text.body = "ok" };
    scene->script[0] = 200;
    deliver_kind(scene, &message, SEQ);
    wait_for_outcome(scene);
    scene->script[1] = -1;
    deliver_kind(scene, &message, SEQ + 1);
    wait_for_request(scene, 2);
    assert_false(hear(scene, &(struct utterance){ "echo/100", "ana", "ok" }, "m1"));
    http_drop(&scene->silent);
    while (scene->bus.n_outcomes < 2)
        uv_run(&scene->loop, UV_RUN_DEFAULT);
    assert_int_equal(scene->bus.outcomes[1].outcome, TREFOIL_OUTCOME_UNKNOWN);
}

/* Another replica may have heard its echo: the gateway asks around before it is sent again. */
static void test_lost_answer_without_proof_is_resent_by_policy(void **state)
{
    struct scene *scene = *state;
    scene->script[0] = 0;
    deliver(scene, "Hello");
    wait_for_outcome(scene);
    assert_int_equal(scene->bus.outcomes[0].outcome, TREFOIL_OUTCOME_UNKNOWN);
    assert_string_equal(scene->bus.outcomes[0].reason, "unknown, asked around before it is sent again");
    assert_int_equal(scene->n_asked, 1);
}

static void deliver_attempt(struct scene *scene, uint32_t attempt)
{
    struct trefoil_target ana = { .index = 2, .address = { "echo/100", "ana" } };
    struct trefoil_delivery delivery = { .handle = 3, .seq = SEQ, .attempt = attempt, .targets = &ana, .n_targets = 1 };

    delivery.message = (struct trefoil_message){ .kind = TREFOIL_KIND_TEXT, .body.text.body = "Hello" };
    sender_take(scene->sender, &delivery);
}

/* Nothing says whether it arrived, and each time it may have. */
static void test_what_is_never_answered_is_sent_a_few_times_and_no_more(void **state)
{
    struct scene *scene = *state;

    deliver_attempt(scene, TRANSLATOR_BOUNDED_TRIES - 1);
    wait_for_outcome(scene);
    assert_int_equal(scene->bus.outcomes[0].outcome, TREFOIL_OUTCOME_UNKNOWN);
    scene->bus.n_outcomes = 0;
    deliver_attempt(scene, TRANSLATOR_BOUNDED_TRIES);
    wait_for_post(scene);
    scene->bus.posts[0]->on_done(scene->bus.posts[0], POST_CONFIRMED);
    assert_int_equal(scene->bus.outcomes[0].outcome, TREFOIL_OUTCOME_BOUNCED);
    assert_string_equal(scene->bus.outcomes[0].reason, "unknown, tried too often");
}

/* As on networks that return a mark. */
static void judge_without_words(const struct request *request, const struct reply *reply, struct arena *mem,
                                struct verdict *ret)
{
    ((struct request *) (uintptr_t) request)->words = NULL;
    echo_ops.judge(request, reply, mem, ret);
}

static void test_what_is_sent_again_by_policy_waits_longer_each_time(void **state)
{
    static const uint32_t least_ms[] = { 700, 2900, 11900 };
    struct scene *scene = *state;

    scene->ops.judge = judge_without_words;
    for (uint32_t attempt = 1; attempt <= 3; attempt++) {
        scene->bus.n_outcomes = 0;
        deliver_attempt(scene, attempt);
        wait_for_outcome(scene);
        assert_int_equal(scene->bus.outcomes[0].outcome, TREFOIL_OUTCOME_DEFERRED);
        assert_in_range(scene->bus.outcomes[0].retry_ms, least_ms[attempt - 1], 2 * least_ms[attempt - 1]);
    }
    scene->bus.n_outcomes = 0;
    deliver_attempt(scene, TRANSLATOR_BOUNDED_TRIES);
    wait_for_post(scene);
    assert_int_equal(scene->n_asked, 4);
}

static void test_lost_answer_without_proof_can_be_given_up(void **state)
{
    struct scene *scene = *state;
    scene->settings.unknown_policy = UNKNOWN_GIVE_UP;
    scene->script[0] = 0;
    deliver(scene, "Hello");
    wait_for_post(scene);
    scene->bus.posts[0]->on_done(scene->bus.posts[0], POST_CONFIRMED);
    assert_int_equal(scene->bus.outcomes[0].outcome, TREFOIL_OUTCOME_BOUNCED);
}

static void test_refused_token_stops_the_account_until_it_is_replaced(void **state)
{
    struct scene *scene = *state;
    scene->script[0] = 401;
    scene->script[1] = 200;
    deliver(scene, "one");
    wait_for_outcome(scene);
    assert_int_equal(scene->account[0].health, TREFOIL_ACCOUNT_BAD_CREDENTIALS);
    assert_string_equal(scene->account[0].next_action, "replace the token file");
    assert_int_equal(scene->account[1].health, TREFOIL_ACCOUNT_CONNECTED);
    accounts_happened(&scene->accounts, 0, ACCOUNT_RENEWED, NULL);
    sender_resume(scene->sender, 0);
    deliver(scene, "two");
    while (scene->bus.n_outcomes < 2)
        uv_run(&scene->loop, UV_RUN_DEFAULT);
    assert_int_equal(scene->bus.outcomes[1].outcome, TREFOIL_OUTCOME_SENT);
    assert_int_equal(scene->account[0].health, TREFOIL_ACCOUNT_CONNECTED);
}

static void test_process_that_ends_returns_what_it_has_not_begun(void **state)
{
    struct scene *scene = *state;
    struct trefoil_message message = { .kind = TREFOIL_KIND_TEXT, .body.text.body = "Hello" };
    scene->script[0] = 429;
    deliver_kind(scene, &message, SEQ); /* pauses the account for a second */
    wait_for_outcome(scene);
    deliver_kind(scene, &message, SEQ + 1); /* waits for that second to end */
    assert_int_equal(sender_n_busy(scene->sender), 1);
    sender_stop(scene->sender);
    deliver_kind(scene, &message, SEQ + 2);
    assert_int_equal(sender_n_busy(scene->sender), 0);
    assert_int_equal(scene->bus.n_outcomes, 1);
    sender_return_held(scene->sender);
    assert_int_equal(scene->bus.n_outcomes, 3);
    assert_int_equal(scene->bus.outcomes[1].outcome, TREFOIL_OUTCOME_RETURNED);
    assert_int_equal(scene->bus.outcomes[2].outcome, TREFOIL_OUTCOME_RETURNED);
    assert_int_equal(scene->n_asked, 1);
}

static void test_process_that_ends_and_is_handed_nothing_more_returns_at_once_though_it_is_sending(void **state)
{
    struct scene *scene = *state;
    struct trefoil_message message = { .kind = TREFOIL_KIND_TEXT, .body.text.body = "Hello" };

    scene->script[0] = -1;
    deliver_kind(scene, &message, SEQ);
    wait_for_request(scene, 1);
    scene->bus.is_paused = true;
    sender_stop(scene->sender);
    deliver_kind(scene, &message, SEQ + 1); /* was on its way already */
    assert_int_equal(scene->bus.n_outcomes, 1);
    assert_int_equal(scene->bus.outcomes[0].outcome, TREFOIL_OUTCOME_RETURNED);
    scene->bus.n_outcomes = 0;
    assert_int_equal(http_answer(&scene->silent, 200, "text/plain", bytes_of_text("ok m1")), 0);
    wait_for_outcome(scene);
    assert_int_equal(scene->bus.outcomes[0].outcome, TREFOIL_OUTCOME_SENT);
    assert_int_equal(scene->n_asked, 1);
    assert_int_equal(sender_n_busy(scene->sender), 0);
}

/* The next holder would begin with the first part. */
static void test_process_that_ends_says_of_which_messages_only_a_part_went(void **state)
{
    struct scene *scene = *state;

    scene->settings.drain_ms = 400;
    scene->script[0] = 200;
    scene->script[1] = 429;
    deliver(scene, long_words(scene)); /* the second part waits for a second */
    wait_for_request(scene, 2);
    while (metric_value(scene->figures.requests[0]) < 2)
        uv_run(&scene->loop, UV_RUN_ONCE);
    sender_stop(scene->sender);
    assert_int_equal(scene->bus.n_posts, 1);
    scene->bus.posts[0]->on_done(scene->bus.posts[0], POST_CONFIRMED);
    assert_int_equal(scene->bus.outcomes[0].outcome, TREFOIL_OUTCOME_SENT);
    assert_int_equal(scene->bus.outcomes[0].n_message_ids, 1);
    assert_string_equal(scene->bus.lost[0], "rest-of-a-split-message");
    assert_int_equal(sender_n_busy(scene->sender), 0);
}

static void test_delivery_that_comes_again_while_it_is_out_is_sent_once(void **state)
{
    struct scene *scene = *state;
    scene->script[0] = -1;
    deliver(scene, "Hello");
    wait_for_request(scene, 1);
    deliver(scene, "Hello");
    assert_int_equal(http_answer(&scene->silent, 200, "text/plain", bytes_of_text("ok m1")), 0);
    wait_for_outcome(scene);
    assert_int_equal(scene->n_asked, 1);
    assert_int_equal(sender_n_busy(scene->sender), 0);
}

static void test_ephemeral_delivery_has_no_outcome(void **state)
{
    struct scene *scene = *state;
    struct trefoil_message message = { .kind = TREFOIL_KIND_TEXT, .body.text.body = "psst" };
    scene->script[0] = 404;
    deliver_kind(scene, &message, 0);
    while (sender_n_busy(scene->sender))
        uv_run(&scene->loop, UV_RUN_ONCE);
    assert_int_equal(scene->bus.n_outcomes, 0);
    assert_int_equal(scene->bus.n_posts, 0);
    assert_string_equal(scene->bodies[0], "ana -\npsst");
}

static void test_what_has_no_words_here_is_sent_without_a_request(void **state)
{
    struct scene *scene = *state;
    struct trefoil_message message = { .kind = TREFOIL_KIND_RECEIPT };
    deliver_kind(scene, &message, SEQ);
    assert_int_equal(scene->bus.outcomes[0].outcome, TREFOIL_OUTCOME_SENT);
    assert_int_equal(scene->bus.outcomes[0].n_message_ids, 0);
    assert_int_equal(scene->n_asked, 0);
}

int main(void)
{
#define in_scene(test) cmocka_unit_test_setup_teardown(test, open_scene, close_scene)
    const struct CMUnitTest tests[] = {
        in_scene(test_accepted_message_is_sent_under_the_network_s_id),
        in_scene(test_trouble_there_defers_with_a_time),
        in_scene(test_refusals_in_a_row_wait_longer_until_one_is_taken),
        in_scene(test_what_may_be_tried_once_more_bounces_at_the_second_try),
        in_scene(test_person_known_by_another_id_becomes_one_address),
        in_scene(test_author_hears_of_a_bounce_before_the_gateway_does),
        in_scene(test_part_that_was_taken_is_never_repeated),
        in_scene(test_message_of_which_a_part_is_refused_was_sent_and_says_what_is_lost),
        in_scene(test_lost_answer_waits_for_proof_and_is_not_repeated),
        in_scene(test_proof_that_comes_before_the_answer_is_lost_counts),
        in_scene(test_proof_that_comes_before_the_next_try_ends_it),
        in_scene(test_proof_counts_more_than_an_answer_of_trouble),
        in_scene(test_proof_of_the_whole_ends_a_second_try_that_is_at_its_first_part),
        in_scene(test_what_is_never_answered_is_sent_a_few_times_and_no_more),
        in_scene(test_what_is_sent_again_by_policy_waits_longer_each_time),
        in_scene(test_part_that_waits_for_its_account_is_not_given_up),
        in_scene(test_author_is_told_again_while_the_bus_refuses_for_now),
        in_scene(test_process_that_ends_says_of_which_messages_only_a_part_went),
        in_scene(test_echo_of_the_same_words_is_proof_where_no_mark_comes_back),
        in_scene(test_echo_of_an_earlier_message_proves_nothing_about_the_next_like_it),
        in_scene(test_lost_answer_without_proof_is_resent_by_policy),
        in_scene(test_lost_answer_without_proof_can_be_given_up),
        in_scene(test_refused_token_stops_the_account_until_it_is_replaced),
        in_scene(test_process_that_ends_returns_what_it_has_not_begun),
        in_scene(test_process_that_ends_and_is_handed_nothing_more_returns_at_once_though_it_is_sending),
        in_scene(test_delivery_that_comes_again_while_it_is_out_is_sent_once),
        in_scene(test_ephemeral_delivery_has_no_outcome),
        in_scene(test_what_has_no_words_here_is_sent_without_a_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
