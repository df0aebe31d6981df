/* The sender against a network on loopback HTTP that does as it is told. The bus is paper: what is said to it is kept.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/http_server.h"
#include "echo/echo.h"
#include "skeleton/sender.h"

enum { UNKNOWN_WAIT_MS = 60, SEQ = 7, GUARD_MS = 5000, LOG_MAX = 16 };

struct scene;

/* What is said to the bus. */
struct bus {
    struct scene *scene;
    struct trefoil_target_outcome outcomes[LOG_MAX];
    char ids[LOG_MAX][64], lost[LOG_MAX][64];
    unsigned n_outcomes;
    struct post *posts[LOG_MAX];
    unsigned n_posts;
};

struct scene {
    uv_loop_t loop;
    struct arena mem;
    struct settings settings;
    struct account_settings account_settings[2];
    struct account account[2];
    struct accounts accounts;
    struct figures figures;
    struct log log;
    struct bus bus;
    struct http_server *network;
    struct sender *sender;
    uv_timer_t guard;
    int script[LOG_MAX]; /* statuses to answer with; 0: drop the answer, -1: say nothing yet */
    unsigned n_asked;
    char bodies[LOG_MAX][1024];
    struct http_exchange *silent;
};

void bus_outcome(struct bus *bus, uint32_t handle, uint64_t seq, const struct trefoil_target_outcome *outcome)
{
    unsigned n = bus->n_outcomes++;
    assert_true(n < LOG_MAX);
    assert_int_equal(handle, 3);
    assert_in_range(seq, SEQ, SEQ + 2);
    bus->outcomes[n] = *outcome;
    if (outcome->n_message_ids)
        snprintf(bus->ids[n], sizeof(bus->ids[n]), "%s", outcome->message_ids[outcome->n_message_ids - 1]);
    if (outcome->n_lost)
        snprintf(bus->lost[n], sizeof(bus->lost[n]), "%s", outcome->lost[outcome->n_lost - 1]);
    uv_stop(&bus->scene->loop);
}

void bus_post(struct bus *bus, struct post *post)
{
    assert_true(bus->n_posts < LOG_MAX);
    bus->posts[bus->n_posts++] = post;
    uv_stop(&bus->scene->loop);
}

void bus_withdraw(struct bus *bus, struct post *post)
{
    (void) bus;
    (void) post;
}

static void on_request(void *owner, struct http_exchange *exchange, const struct http_request *request)
{
    struct scene *scene = owner;
    unsigned n = scene->n_asked++;
    char answer[32];
    assert_true(n < LOG_MAX);
    snprintf(scene->bodies[n], sizeof(scene->bodies[n]), "%.*s", (int) request->body.size,
             (const char *) request->body.data);
    if (scene->script[n] == 0) {
        http_drop(&exchange);
    } else if (scene->script[n] < 0) {
        scene->silent = exchange;
        uv_stop(&scene->loop);
    } else {
        snprintf(answer, sizeof(answer), "ok m%u\n", n + 1);
        struct http_header wait = { "Retry-After", "1" };
        assert_int_equal(http_answer_with(&exchange, (unsigned) scene->script[n], "text/plain", bytes_of_text(answer),
                                          &wait, scene->script[n] == 429),
                         0);
    }
}

static void on_idle(void *owner)
{
    (void) owner;
}

static void on_guard(uv_timer_t *timer)
{
    (void) timer;
    fail_msg("nothing happened for %d ms", GUARD_MS);
}

static void open_accounts(struct scene *scene)
{
    static char token[] = "access";
    scene->account_settings[0].id = "100";
    scene->account_settings[1].id = "200";
    for (size_t i = 0; i < 2; i++) {
        scene->account[i].settings = &scene->account_settings[i];
        scene->account[i].name = i ? "echo/200" : "echo/100";
        scene->account[i].token.text = token;
        scene->account[i].health = TREFOIL_ACCOUNT_CONNECTED;
    }
    scene->accounts = (struct accounts){ .accounts = scene->account, .n_accounts = 2 };
}

static int open_scene(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));
    assert_non_null(scene);
    uv_loop_init(&scene->loop);
    scene->mem = ARENA_EMPTY(1 << 20);
    scene->bus.scene = scene;
    scene->log = (struct log){ LOG_ERROR_, false, "test" };
    open_accounts(scene);
    assert_int_equal(figures_init(&scene->figures), 0);
    struct http_server_options network = { .host = "127.0.0.1",
                                           .max_body_bytes = 1 << 16,
                                           .max_connections = 16,
                                           .idle_ms = 60000,
                                           .owner = scene,
                                           .on_request = on_request };
    assert_int_equal(http_server_open(&scene->loop, &network, &scene->network), 0);
    scene->settings.graph_url = arena_format(&scene->mem, "http://127.0.0.1:%u", http_server_port(scene->network));
    scene->settings.send_timeout_ms = 4000;
    scene->settings.unknown_wait_ms = UNKNOWN_WAIT_MS;
    struct sender_options options = { .bus = &scene->bus,
                                      .ops = &echo_ops,
                                      .accounts = &scene->accounts,
                                      .settings = &scene->settings,
                                      .figures = &scene->figures,
                                      .log = &scene->log,
                                      .owner = scene,
                                      .on_idle = on_idle };
    assert_int_equal(sender_open(&scene->loop, &options, &scene->sender), 0);
    uv_timer_init(&scene->loop, &scene->guard);
    uv_timer_start(&scene->guard, on_guard, GUARD_MS, 0);
    *state = scene;
    return 0;
}

static int close_scene(void **state)
{
    struct scene *scene = *state;
    sender_close(scene->sender);
    http_server_close(scene->network);
    uv_close((uv_handle_t *) &scene->guard, NULL);
    while (uv_run(&scene->loop, UV_RUN_DEFAULT)) { /* a stop asked for earlier ends one turn only */
    }
    assert_int_equal(uv_loop_close(&scene->loop), 0);
    figures_deinit(&scene->figures);
    arena_deinit(&scene->mem);
    free(scene);
    return 0;
}

static void deliver_kind(struct scene *scene, const struct trefoil_message *message, uint64_t seq)
{
    struct trefoil_target target = { .index = 2, .address = { "echo/100", "ana" } };
    struct trefoil_delivery delivery = { .handle = 3,
                                         .seq = seq,
                                         .envelope = { { 9 } },
                                         .attempt = 1,
                                         .room_size = 2,
                                         .targets = &target,
                                         .n_targets = 1,
                                         .message = *message };
    sender_take(scene->sender, &delivery);
}

static void deliver(struct scene *scene, const char *words)
{
    struct trefoil_message message = { .kind = TREFOIL_KIND_TEXT, .body.text.body = words };
    deliver_kind(scene, &message, SEQ);
}

/* Two parts on the echo network. */
static const char *long_words(struct scene *scene)
{
    char *words = arena_alloc(&scene->mem, ECHO_TEXT_MAX_BYTES + 11);
    assert_non_null(words);
    memset(words, 'a', ECHO_TEXT_MAX_BYTES);
    memset(words + ECHO_TEXT_MAX_BYTES, 'b', 10);
    return words;
}

static void wait_for_outcome(struct scene *scene)
{
    while (!scene->bus.n_outcomes)
        uv_run(&scene->loop, UV_RUN_DEFAULT);
}

static void wait_for_post(struct scene *scene)
{
    while (!scene->bus.n_posts)
        uv_run(&scene->loop, UV_RUN_DEFAULT);
}

static void wait_for_request(struct scene *scene, unsigned n)
{
    while (scene->n_asked < n)
        uv_run(&scene->loop, UV_RUN_ONCE);
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
    assert_int_equal(scene->bus.outcomes[0].outcome, TREFOIL_OUTCOME_SENT);
    assert_string_equal(scene->bus.ids[0], "proven");
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
    assert_int_equal(scene->bus.outcomes[0].outcome, TREFOIL_OUTCOME_SENT);
    assert_string_equal(scene->bus.ids[0], "proven");
}

static void test_echo_of_the_same_words_is_proof_where_no_mark_comes_back(void **state)
{
    struct scene *scene = *state;
    scene->settings.unknown_wait_ms = 2000;
    scene->script[0] = 0;
    deliver(scene, "Hello");
    while (metric_value(scene->figures.requests[2]) < 1)
        uv_run(&scene->loop, UV_RUN_ONCE);
    sender_prove_words(scene->sender, "echo/100", "ana", "Goodbye", "echo-1");
    sender_prove_words(scene->sender, "echo/100", "ben", "Hello", "echo-2");
    sender_prove_words(scene->sender, "echo/200", "ana", "Hello", "echo-3");
    assert_int_equal(scene->bus.n_outcomes, 0);
    sender_prove_words(scene->sender, "echo/100", "ana", "Hello", "echo-4");
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
    sender_prove_words(scene->sender, "echo/100", "ana", "ok", "m1");
    http_drop(&scene->silent);
    while (scene->bus.n_outcomes < 2)
        uv_run(&scene->loop, UV_RUN_DEFAULT);
    assert_int_equal(scene->bus.outcomes[1].outcome, TREFOIL_OUTCOME_DEFERRED);
}

static void test_lost_answer_without_proof_is_resent_by_policy(void **state)
{
    struct scene *scene = *state;
    scene->script[0] = 0;
    deliver(scene, "Hello");
    wait_for_outcome(scene);
    assert_int_equal(scene->bus.outcomes[0].outcome, TREFOIL_OUTCOME_DEFERRED);
    assert_string_equal(scene->bus.outcomes[0].reason, "unknown, resent by policy");
    assert_int_equal(scene->n_asked, 1);
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
        in_scene(test_author_hears_of_a_bounce_before_the_gateway_does),
        in_scene(test_part_that_was_taken_is_never_repeated),
        in_scene(test_message_of_which_a_part_is_refused_was_sent_and_says_what_is_lost),
        in_scene(test_lost_answer_waits_for_proof_and_is_not_repeated),
        in_scene(test_proof_that_comes_before_the_answer_is_lost_counts),
        in_scene(test_echo_of_the_same_words_is_proof_where_no_mark_comes_back),
        in_scene(test_echo_of_an_earlier_message_proves_nothing_about_the_next_like_it),
        in_scene(test_lost_answer_without_proof_is_resent_by_policy),
        in_scene(test_lost_answer_without_proof_can_be_given_up),
        in_scene(test_refused_token_stops_the_account_until_it_is_replaced),
        in_scene(test_process_that_ends_returns_what_it_has_not_begun),
        in_scene(test_delivery_that_comes_again_while_it_is_out_is_sent_once),
        in_scene(test_ephemeral_delivery_has_no_outcome),
        in_scene(test_what_has_no_words_here_is_sent_without_a_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
