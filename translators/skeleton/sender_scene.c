/* Builds the stage and plays the network and the bus. Never judges: tests do. */
#include "sender_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

void bus_outcome(struct bus *bus, uint32_t handle, uint64_t seq, const struct trefoil_target_outcome *outcome)
{
    unsigned n = bus->n_outcomes++;
    assert_true(n < LOG_MAX);
    assert_int_equal(handle, 3);
    assert_in_range(seq, SEQ, SEQ + LOG_MAX);
    bus->outcomes[n] = *outcome;
    if (outcome->n_message_ids)
        snprintf(bus->ids[n], sizeof(bus->ids[n]), "%s", outcome->message_ids[outcome->n_message_ids - 1]);
    if (outcome->n_lost) {
        snprintf(bus->first_lost[n], sizeof(bus->first_lost[n]), "%s", outcome->lost[0]);
        snprintf(bus->lost[n], sizeof(bus->lost[n]), "%s", outcome->lost[outcome->n_lost - 1]);
    }
    uv_stop(&bus->scene->loop);
}

bool bus_is_paused(const struct bus *bus)
{
    return bus->is_paused;
}

void bus_post(struct bus *bus, struct post *post)
{
    assert_true(bus->n_posts < LOG_MAX);
    bus->posts[bus->n_posts++] = post;
    uv_stop(&bus->scene->loop);
}

void bus_mention(struct bus *bus, struct trefoil_publication *publication)
{
    assert_true(bus->n_mentioned < LOG_MAX);
    snprintf(bus->mentioned[bus->n_mentioned++], sizeof(bus->mentioned[0]), "%s/%s = %s", publication->from.account,
             publication->from.user_id, publication->n_aliases ? publication->aliases[0] : "-");
    assert_int_equal(publication->audience, TREFOIL_AUDIENCE_SERVICES);
    assert_int_equal(publication->message->author.n_aliases, publication->n_aliases);
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

/* One scene at a time, one time of the world. */
static uint64_t the_time_ms;

static uint64_t wall_ms(void)
{
    return the_time_ms;
}

void set_time(uint64_t now_ms)
{
    the_time_ms = now_ms;
}

static void open_sender(struct scene *scene)
{
    struct sender_options options = { .bus = &scene->bus,
                                      .ops = &scene->ops,
                                      .accounts = &scene->accounts,
                                      .settings = &scene->settings,
                                      .figures = &scene->figures,
                                      .log = &scene->log,
                                      .wall_ms = wall_ms,
                                      .owner = scene,
                                      .on_idle = on_idle };
    assert_int_equal(sender_open(&scene->loop, &options, &scene->sender), 0);
}

void sender_again(struct scene *scene)
{
    sender_close(scene->sender);
    open_sender(scene);
}

int open_scene(void **state)
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
                                           .max_connections = LOG_MAX,
                                           .idle_ms = 60000,
                                           .owner = scene,
                                           .on_request = on_request };
    assert_int_equal(http_server_open(&scene->loop, &network, &scene->network), 0);
    scene->settings.graph_url = arena_format(&scene->mem, "http://127.0.0.1:%u", http_server_port(scene->network));
    scene->settings.send_timeout_ms = 4000;
    scene->settings.unknown_wait_ms = UNKNOWN_WAIT_MS;
    scene->ops = echo_ops;
    open_sender(scene);
    uv_timer_init(&scene->loop, &scene->guard);
    uv_timer_start(&scene->guard, on_guard, GUARD_MS, 0);
    *state = scene;
    return 0;
}

int close_scene(void **state)
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

void deliver_to(struct scene *scene, const struct trefoil_message *message, uint64_t seq,
                const struct trefoil_target *target, enum trefoil_lane lane)
{
    struct trefoil_delivery delivery = { .handle = 3,
                                         .seq = seq,
                                         .envelope = { { 9 } },
                                         .attempt = 1,
                                         .room_size = 2,
                                         .lane = lane,
                                         .targets = target,
                                         .n_targets = 1,
                                         .message = *message };
    sender_take(scene->sender, &delivery);
}

void deliver_kind(struct scene *scene, const struct trefoil_message *message, uint64_t seq)
{
    struct trefoil_target target = { .index = 2, .address = { "echo/100", "ana" } };
    deliver_to(scene, message, seq, &target, TREFOIL_LANE_REPLY);
}

void deliver(struct scene *scene, const char *words)
{
    struct trefoil_message message = { .kind = TREFOIL_KIND_TEXT, .body.text.body = words };
    deliver_kind(scene, &message, SEQ);
}

static void deliver_again(struct scene *scene, const char *words, uint32_t attempt, bool vanished)
{
    struct trefoil_target target = { .index = 2, .address = { "echo/100", "ana" } };
    struct trefoil_delivery delivery = { .handle = 3,
                                         .seq = SEQ,
                                         .envelope = { { 9 } },
                                         .attempt = attempt,
                                         .maybe_sent = true,
                                         .vanished = vanished,
                                         .room_size = 2,
                                         .targets = &target,
                                         .n_targets = 1,
                                         .message = { .kind = TREFOIL_KIND_TEXT, .body.text.body = words } };
    sender_take(scene->sender, &delivery);
}

void deliver_in_doubt(struct scene *scene, const char *words, uint32_t attempt)
{
    deliver_again(scene, words, attempt, false);
}

void deliver_after_a_death(struct scene *scene, const char *words, uint32_t attempt)
{
    deliver_again(scene, words, attempt, true);
}

bool hear(struct scene *scene, const struct utterance *said, const char *message_id)
{
    uint64_t seq = 0;
    uint32_t target = 0;
    bool is_ours = sender_prove_words(scene->sender, said, message_id, &seq, &target);

    assert_true(!is_ours || (seq == SEQ && target == 2));
    return is_ours;
}

void wait_for_outcome(struct scene *scene)
{
    while (!scene->bus.n_outcomes)
        uv_run(&scene->loop, UV_RUN_DEFAULT);
}

void wait_for_post(struct scene *scene)
{
    while (!scene->bus.n_posts)
        uv_run(&scene->loop, UV_RUN_DEFAULT);
}

void wait_for_request(struct scene *scene, unsigned n)
{
    while (scene->n_asked < n)
        uv_run(&scene->loop, UV_RUN_ONCE);
}
