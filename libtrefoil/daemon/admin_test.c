/* The admin page asked over loopback, as a scraper and an orchestrator ask it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "daemon/admin.h"
#include "daemon/http_client.h"

#define REPLY_MAX_BYTES 65536

struct world {
    uv_loop_t loop;
    struct metrics *metrics;
    struct admin *admin;
    struct http_client *client;
    unsigned n_reasons;
    bool is_answered;
    int status;
    char body[REPLY_MAX_BYTES];
};

static unsigned why_not_ready(void *owner, const char **reasons, unsigned room)
{
    const struct world *world = owner;
    static const char *const words[] = { "bus not connected", "store not writable" };

    for (unsigned i = 0; i < world->n_reasons && i < room; i++)
        reasons[i] = words[i];
    return world->n_reasons;
}

static int set_up(void **state)
{
    static struct world world;
    const struct http_client_options client = { 2, 1000, "test" };
    struct admin_options options = { .process = "test", .owner = &world, .why_not_ready = why_not_ready };

    memset(&world, 0, sizeof(world));
    if (uv_loop_init(&world.loop) < 0 || metrics_new(&world.metrics) < 0)
        return -1;
    options.metrics = world.metrics;
    if (admin_open(&world.loop, &options, &world.admin) < 0 ||
        http_client_open(&world.loop, &client, &world.client) < 0)
        return -1;
    *state = &world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;

    world->client = http_client_close(world->client);
    world->admin = admin_close(world->admin);
    world->metrics = metrics_free(world->metrics);
    while (uv_run(&world->loop, UV_RUN_DEFAULT) != 0)
        continue;
    return uv_loop_close(&world->loop);
}

static void on_reply(void *context, const struct http_reply *reply)
{
    struct world *world = context;

    assert_int_equal(reply->result, HTTP_ANSWERED);
    world->status = reply->status;
    snprintf(world->body, sizeof(world->body), "%.*s", (int) reply->body.size, (const char *) reply->body.data);
    world->is_answered = true;
}

static int ask(struct world *world, const char *method, const char *path)
{
    char url[128];
    struct http_call call = { .method = method,
                              .url = url,
                              .timeout_ms = 5000,
                              .max_reply_bytes = REPLY_MAX_BYTES - 1,
                              .context = world,
                              .on_reply = on_reply };

    snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", (unsigned) admin_port(world->admin), path);
    world->is_answered = false;
    assert_int_equal(http_send(world->client, &call), 0);
    while (!world->is_answered)
        uv_run(&world->loop, UV_RUN_ONCE);
    return world->status;
}

static void test_alive_is_alive_even_when_not_ready(void **state)
{
    struct world *world = *state;

    world->n_reasons = 1;
    assert_int_equal(ask(world, "GET", "/healthz"), 200);
    assert_string_equal(world->body, "{\"alive\":true}\n");
}

static void test_ready_says_yes_or_every_reason_why_not(void **state)
{
    struct world *world = *state;

    assert_int_equal(ask(world, "GET", "/readyz"), 200);
    assert_string_equal(world->body, "{\"ready\":true}\n");
    world->n_reasons = 2;
    assert_int_equal(ask(world, "GET", "/readyz"), 503);
    assert_string_equal(world->body, "{\"ready\":false,\"why\":[\"bus not connected\",\"store not writable\"]}\n");
}

static void test_metrics_show_ours_and_the_process(void **state)
{
    struct world *world = *state;

    metric_add(metrics_counter(world->metrics, "trefoil_posts_total", "Posts."), 3);
    assert_int_equal(ask(world, "GET", "/metrics"), 200);
    assert_non_null(strstr(world->body, "\ntrefoil_posts_total 3\n"));
    assert_non_null(strstr(world->body, "# TYPE process_cpu_seconds_total counter\n"));
    assert_non_null(strstr(world->body, "\ntrefoil_build_info{process=\"test\",version=\"0."));
    assert_null(strstr(world->body, "\nprocess_resident_memory_bytes 0\n"));
}

static void test_nothing_else_is_there_and_nothing_can_be_changed(void **state)
{
    struct world *world = *state;

    assert_int_equal(ask(world, "GET", "/"), 404);
    assert_int_equal(ask(world, "GET", "/metrics/../config"), 404);
    assert_int_equal(ask(world, "DELETE", "/metrics"), 405);
    assert_int_equal(ask(world, "POST", "/readyz"), 405);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_alive_is_alive_even_when_not_ready, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ready_says_yes_or_every_reason_why_not, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_metrics_show_ours_and_the_process, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nothing_else_is_there_and_nothing_can_be_changed, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("admin", tests, NULL, NULL);
}
