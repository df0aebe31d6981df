/* Names and the intake that waits for them, against a network on loopback HTTP. The bus is paper: what is said to it is
 * kept.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/http_client.h"
#include "daemon/http_server.h"
#include "echo/echo.h"
#include "skeleton/intake.h"

enum { SAID_MAX = 256, GUARD_MS = 10000, SHORT_WAIT_MS = 200 };

/* What the network does when asked about somebody. */
enum { TELL = 200, HIDE = 404, BREAK = 500, HOLD = -1, DROP = 0 };

struct said {
    char id[16], name[NAMES_TEXT_MAX_BYTES + 1];
};

struct bus {
    struct said said[SAID_MAX];
    unsigned n_said;
};

struct scene {
    uv_loop_t loop;
    struct settings settings;
    struct account_settings account_settings;
    struct account account;
    struct accounts accounts;
    struct figures figures;
    struct log log;
    struct bus bus;
    struct http_server *network, *door;
    struct http_client *client;
    struct names *names;
    struct intake *intake;
    struct arena mem;
    uv_timer_t guard;
    int habit;               /* to everybody … */
    const char *held_person; /* … but this one, who is held */
    const char *name;        /* what everybody is called */
    struct http_exchange *held;
    unsigned n_asked;
    char path[64], bearer[64];
};

void bus_post(struct bus *bus, struct post *post)
{
    const struct trefoil_message *message = post->publication.message;
    struct said *said = &bus->said[bus->n_said++];
    assert_true(bus->n_said < SAID_MAX);
    snprintf(said->id, sizeof(said->id), "%s", message->message_id ? message->message_id : "-");
    snprintf(said->name, sizeof(said->name), "%s", message->author.name ? message->author.name : "-");
}

void bus_withdraw(struct bus *bus, struct post *post)
{
    (void) bus;
    (void) post;
}

void bus_mention(struct bus *bus, struct trefoil_publication *publication)
{
    (void) bus;
    (void) publication;
}

static int ask_profile(const struct place *place, struct arena *mem, struct request *ret)
{
    if (place->user_id[0] == '!')
        return -ENOTSUP;
    *ret = (struct request){ .method = "GET", .path = arena_format(mem, "/v1/%s", place->user_id) };
    return ret->path ? 0 : -ENOMEM;
}

static void read_profile(const struct reply *reply, struct arena *mem, struct profile *ret)
{
    ret->name = arena_text(mem, reply->body);
}

static void tell(struct scene *scene, struct http_exchange **exchange)
{
    assert_int_equal(http_answer(exchange, 200, "text/plain", bytes_of_text(scene->name)), 0);
}

static void on_question(void *owner, struct http_exchange *exchange, const struct http_request *request)
{
    struct scene *scene = owner;
    bool is_held = scene->held_person && strcmp(request->path + strlen("/v1/"), scene->held_person) == 0;

    scene->n_asked++;
    snprintf(scene->path, sizeof(scene->path), "%s", request->path);
    snprintf(scene->bearer, sizeof(scene->bearer), "%s", http_request_header(exchange, "Authorization"));
    if (is_held || scene->habit == HOLD)
        scene->held = exchange;
    else if (scene->habit == DROP)
        http_drop(&exchange);
    else if (scene->habit == TELL)
        tell(scene, &exchange);
    else
        assert_int_equal(http_answer(&exchange, (unsigned) scene->habit, "text/plain", BYTES_EMPTY), 0);
}

static void on_body(void *owner, struct http_exchange *exchange, const struct http_request *request)
{
    struct scene *scene = owner;
    intake_body(scene->intake, exchange, request->body);
}

static void on_gone(void *owner, struct http_exchange *exchange)
{
    struct scene *scene = owner;
    if (exchange == scene->held)
        scene->held = NULL;
}

static void on_name(void *owner)
{
    intake_look(((struct scene *) owner)->intake);
}

static void on_idle(void *owner)
{
    (void) owner;
}

static void on_answered(void *context, const struct http_reply *reply)
{
    (void) context;
    (void) reply;
}

static void on_guard(uv_timer_t *timer)
{
    (void) timer;
    fail_msg("nothing happened for %d ms", GUARD_MS);
}

static struct http_server *open_server(struct scene *scene,
                                       void (*on_request)(void *, struct http_exchange *, const struct http_request *))
{
    struct http_server_options options = { .host = "127.0.0.1",
                                           .max_body_bytes = 1 << 16,
                                           .max_connections = 64,
                                           .idle_ms = 60000,
                                           .owner = scene,
                                           .on_request = on_request,
                                           .on_gone = on_gone };
    struct http_server *server = NULL;
    assert_int_equal(http_server_open(&scene->loop, &options, &server), 0);
    return server;
}

static void open_people(struct scene *scene, const struct translator_ops *ops, uint32_t confirm_wait_ms)
{
    scene->settings.confirm_wait_ms = confirm_wait_ms;
    struct names_options names = { .ops = ops,
                                   .accounts = &scene->accounts,
                                   .settings = &scene->settings,
                                   .figures = &scene->figures,
                                   .owner = scene,
                                   .on_answer = on_name };
    struct intake_options intake = { .bus = &scene->bus,
                                     .ops = ops,
                                     .accounts = &scene->accounts,
                                     .figures = &scene->figures,
                                     .log = &scene->log,
                                     .confirm_wait_ms = 60000,
                                     .owner = scene,
                                     .on_idle = on_idle };
    assert_int_equal(names_open(&scene->loop, &names, &scene->names), 0);
    intake.names = scene->names;
    assert_int_equal(intake_open(&scene->loop, &intake, &scene->intake), 0);
}

static int open_waiting(void **state, uint32_t confirm_wait_ms)
{
    static const char *const ids[] = { "100" }, *const pages[] = { NULL };
    static char token[] = "access";
    static struct translator_ops ops;
    struct scene *scene = calloc(1, sizeof(*scene));
    struct http_client_options client = { 64, 2000, "test" };
    assert_non_null(scene);
    ops = echo_ops;
    ops.ask_profile = ask_profile;
    ops.read_profile = read_profile;
    uv_loop_init(&scene->loop);
    scene->mem = ARENA_EMPTY(1 << 20);
    scene->log = (struct log){ LOG_ERROR_, false, "test" };
    scene->name = "Ana";
    scene->habit = TELL;
    scene->account_settings.id = ids[0];
    scene->account =
        (struct account){ .settings = &scene->account_settings, .name = "echo/100", .token = { .text = token } };
    scene->accounts =
        (struct accounts){ .accounts = &scene->account, .n_accounts = 1, .context = { ids, pages, 1, NULL } };
    assert_int_equal(figures_init(&scene->figures), 0);
    scene->network = open_server(scene, on_question);
    scene->door = open_server(scene, on_body);
    scene->settings.graph_url = arena_format(&scene->mem, "http://127.0.0.1:%u", http_server_port(scene->network));
    scene->settings.api_version = "v1";
    assert_int_equal(http_client_open(&scene->loop, &client, &scene->client), 0);
    open_people(scene, &ops, confirm_wait_ms);
    uv_timer_init(&scene->loop, &scene->guard);
    uv_timer_start(&scene->guard, on_guard, GUARD_MS, 0);
    *state = scene;
    return 0;
}

static int open_scene(void **state)
{
    return open_waiting(state, 60000);
}

static int open_impatient(void **state)
{
    return open_waiting(state, SHORT_WAIT_MS * NAMES_WAIT_PART);
}

static int close_scene(void **state)
{
    struct scene *scene = *state;
    scene->client = http_client_close(scene->client);
    intake_close(scene->intake);
    names_close(scene->names);
    http_server_close(scene->network);
    http_server_close(scene->door);
    uv_close((uv_handle_t *) &scene->guard, NULL);
    while (uv_run(&scene->loop, UV_RUN_DEFAULT)) { /* a stop asked for earlier ends one turn only */
    }
    assert_int_equal(uv_loop_close(&scene->loop), 0);
    figures_deinit(&scene->figures);
    arena_deinit(&scene->mem);
    free(scene);
    return 0;
}

/* One webhook, taken in before this returns. */
static void post(struct scene *scene, const char *body)
{
    size_t n = intake_n_batches(scene->intake);
    struct http_call call = { .method = "POST",
                              .url = arena_format(&scene->mem, "http://127.0.0.1:%u/", http_server_port(scene->door)),
                              .content_type = "text/plain",
                              .body = bytes_of_text(body),
                              .timeout_ms = 60000,
                              .max_reply_bytes = 4096,
                              .on_reply = on_answered };
    assert_int_equal(http_send(scene->client, &call), 0);
    while (intake_n_batches(scene->intake) == n)
        uv_run(&scene->loop, UV_RUN_ONCE);
}

static void wait_said(struct scene *scene, unsigned n)
{
    while (scene->bus.n_said < n)
        uv_run(&scene->loop, UV_RUN_ONCE);
    assert_int_equal(scene->bus.n_said, n);
}

static void wait_asked(struct scene *scene, unsigned n)
{
    while (scene->n_asked < n)
        uv_run(&scene->loop, UV_RUN_ONCE);
    assert_int_equal(scene->n_asked, n);
}

static void assert_said(const struct scene *scene, unsigned which, const char *id, const char *name)
{
    assert_string_equal(scene->bus.said[which].id, id);
    assert_string_equal(scene->bus.said[which].name, name);
}

static double count_of(const struct scene *scene, unsigned result)
{
    return metric_value(scene->figures.profiles[result]);
}

static void test_message_waits_for_its_author_s_name(void **state)
{
    struct scene *scene = *state;
    post(scene, "text 100 ana 1 Hello");
    assert_int_equal(scene->bus.n_said, 0);
    wait_said(scene, 1);
    assert_said(scene, 0, "1", "Ana");
    assert_string_equal(scene->path, "/v1/ana");
    assert_string_equal(scene->bearer, "Bearer access");
    assert_true(count_of(scene, 0) == 1);
}

static void test_person_the_network_does_not_name_speaks_without_a_name(void **state)
{
    struct scene *scene = *state;
    scene->habit = HIDE;
    post(scene, "text 100 ana 1 Hello");
    wait_said(scene, 1);
    assert_said(scene, 0, "1", "-");
    post(scene, "text 100 ana 2 again");
    assert_said(scene, 1, "2", "-");
    assert_int_equal(scene->n_asked, 1);
    assert_true(count_of(scene, 1) == 1);
    scene->habit = TELL; /* it was about her, nobody else */
    post(scene, "text 100 bob 3 Hello");
    wait_said(scene, 3);
    assert_said(scene, 2, "3", "Ana");
}

static void test_late_name_is_done_without_and_serves_the_next_message(void **state)
{
    struct scene *scene = *state;
    scene->habit = HOLD;
    post(scene, "text 100 ana 1 Hello");
    wait_said(scene, 1);
    assert_said(scene, 0, "1", "-");
    assert_non_null(scene->held);
    post(scene, "text 100 ana 2 still");
    assert_said(scene, 1, "2", "-"); /* nobody waits twice */
    tell(scene, &scene->held);
    while (count_of(scene, 0) < 1)
        uv_run(&scene->loop, UV_RUN_ONCE);
    post(scene, "text 100 ana 3 there");
    assert_said(scene, 2, "3", "Ana");
    assert_int_equal(scene->n_asked, 1);
}

static void test_hundred_messages_of_one_person_ask_once(void **state)
{
    struct scene *scene = *state;
    char body[4096] = "", id[16];
    size_t size = 0;
    for (unsigned i = 0; i < 100; i++)
        size += (size_t) snprintf(body + size, sizeof(body) - size, "text 100 ana %u Hello\n", i);
    post(scene, body);
    wait_said(scene, 100);
    for (unsigned i = 0; i < 100; i++) {
        snprintf(id, sizeof(id), "%u", i);
        assert_said(scene, i, id, "Ana");
    }
    post(scene, "text 100 ana 100 Hello");
    assert_said(scene, 100, "100", "Ana");
    assert_int_equal(scene->n_asked, 1);
}

static void test_second_message_does_not_overtake_the_first_and_strangers_do(void **state)
{
    struct scene *scene = *state;
    post(scene, "text 100 ana 1 Hello");
    wait_said(scene, 1);
    scene->held_person = "bob";
    post(scene, "text 100 ana 2 a\ntext 100 bob 3 b");
    wait_asked(scene, 2);
    assert_said(scene, 1, "2", "Ana"); /* in one body with what is held, and not about him */
    post(scene, "text 100 bob 4 c");
    post(scene, "text 100 cy 5 d");
    wait_said(scene, 3);
    assert_said(scene, 2, "5", "Ana");
    tell(scene, &scene->held);
    wait_said(scene, 5);
    assert_said(scene, 3, "3", "Ana");
    assert_said(scene, 4, "4", "Ana");
}

static void assert_trouble(struct scene *scene, int habit)
{
    scene->habit = habit;
    post(scene, "text 100 ana 1 Hello");
    wait_said(scene, 1);
    assert_said(scene, 0, "1", "-");
    post(scene, "text 100 bob 2 Hello");
    assert_said(scene, 1, "2", "-");
    assert_int_equal(scene->n_asked, 1);
    assert_true(count_of(scene, 2) == 1);
}

static void test_network_in_trouble_is_left_in_peace(void **state)
{
    assert_trouble(*state, BREAK);
}

static void test_refused_token_asks_for_nobody_else(void **state)
{
    assert_trouble(*state, 401);
}

static void test_broken_connection_costs_the_name_only(void **state)
{
    assert_trouble(*state, DROP);
}

static void test_receipts_need_no_name(void **state)
{
    struct scene *scene = *state;
    post(scene, "sent 100 ana 1 -");
    assert_int_equal(scene->bus.n_said, 1);
    assert_int_equal(scene->n_asked, 0);
}

static void test_name_too_long_to_be_one_is_cut(void **state)
{
    struct scene *scene = *state;
    char name[4 * NAMES_TEXT_MAX_BYTES + 1];
    memset(name, 'a', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    scene->name = name;
    post(scene, "text 100 ana 1 Hello");
    wait_said(scene, 1);
    assert_int_equal(strlen(scene->bus.said[0].name), NAMES_TEXT_MAX_BYTES);
}

static void ask_crowd(struct scene *scene, unsigned first, unsigned n)
{
    char user_id[16];
    for (unsigned i = first; i < first + n; i++) {
        snprintf(user_id, sizeof(user_id), "!%u", i);
        names_ask(scene->names, 0, user_id);
    }
}

static void test_full_memory_forgets_who_was_silent_longest(void **state)
{
    struct scene *scene = *state;
    struct profile profile;
    post(scene, "text 100 ana 1 Hello");
    wait_said(scene, 1);
    ask_crowd(scene, 0, NAMES_MAX - 1);
    names_ask(scene->names, 0, "ana");
    ask_crowd(scene, NAMES_MAX - 1, NAMES_MAX - 1);
    assert_int_equal(names_look(scene->names, 0, "ana", &profile), NAMES_KNOWN);
    assert_string_equal(profile.name, "Ana");
    ask_crowd(scene, 2 * NAMES_MAX, 1);
    assert_int_equal(names_look(scene->names, 0, "ana", &profile), NAMES_UNKNOWN);
}

int main(void)
{
#define in_scene(test) cmocka_unit_test_setup_teardown(test, open_scene, close_scene)
    const struct CMUnitTest tests[] = {
        in_scene(test_message_waits_for_its_author_s_name),
        in_scene(test_person_the_network_does_not_name_speaks_without_a_name),
        cmocka_unit_test_setup_teardown(test_late_name_is_done_without_and_serves_the_next_message, open_impatient,
                                        close_scene),
        in_scene(test_hundred_messages_of_one_person_ask_once),
        in_scene(test_second_message_does_not_overtake_the_first_and_strangers_do),
        in_scene(test_network_in_trouble_is_left_in_peace),
        in_scene(test_refused_token_asks_for_nobody_else),
        in_scene(test_broken_connection_costs_the_name_only),
        in_scene(test_receipts_need_no_name),
        in_scene(test_name_too_long_to_be_one_is_cut),
        in_scene(test_full_memory_forgets_who_was_silent_longest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
