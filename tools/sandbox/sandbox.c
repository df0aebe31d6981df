/* One port, four kinds of path. Never looks inside a request itself. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sandbox/assets.h"
#include "sandbox/call_log.h"
#include "sandbox/control.h"
#include "sandbox/feed.h"
#include "sandbox/fetch.h"
#include "sandbox/graph.h"
#include "sandbox/page.h"
#include "sandbox/pour.h"
#include "sandbox/sandbox.h"
#include "sandbox/subscription.h"

#define MAX_BODY_BYTES (4 * 1024 * 1024)
#define MAX_CONNECTIONS 1000
#define IDLE_MS 120000
#define CONNECT_TIMEOUT_MS 2000

static void answer(struct sandbox *sandbox, struct http_exchange *exchange, const struct http_request *request,
                   struct intake *intake)
{
    struct world *world = &sandbox->world;

    if (graph_owns(request->path))
        graph_answer(world, exchange, request, intake);
    else if (intake && intake_writer(intake))
        control_put_file(world, exchange, intake);
    else if (strncmp(request->path, "/control/", 9) == 0)
        control_answer(world, exchange, request);
    else if (assets_own(request->path))
        assets_answer(world, exchange, request->path);
    else if (strcmp(request->path, "/events") == 0)
        feed_join(world->feed, exchange);
    else
        page_answer(sandbox->page_folder, exchange, request->path);
}

static uint64_t piece_limit(void *owner, struct http_exchange *exchange, const struct http_request *request)
{
    struct sandbox *sandbox = owner;
    struct intake *intake = intake_new(&sandbox->world, exchange, request);

    http_exchange_set(exchange, intake);
    return intake ? MAX_INTAKE_BYTES : 0;
}

static int on_piece(void *owner unused_, struct http_exchange *exchange, struct bytes piece)
{
    intake_feed(http_exchange_get(exchange), piece);
    return 0;
}

static void on_request(void *owner, struct http_exchange *exchange, const struct http_request *request)
{
    struct intake *intake = http_exchange_get(exchange);

    http_exchange_set(exchange, NULL);
    answer(owner, exchange, request, intake);
    intake_free(intake);
}

static void on_gone(void *owner, struct http_exchange *exchange)
{
    struct sandbox *sandbox = owner;

    intake_free(http_exchange_get(exchange));
    if (!pour_leave(&sandbox->world, exchange) && sandbox->world.feed)
        feed_leave(sandbox->world.feed, exchange);
}

static int listen_for_all(struct sandbox *sandbox, uv_loop_t *loop, const struct settings *settings)
{
    struct http_server_options options = { .host = settings->host,
                                           .port = (uint16_t) settings->port,
                                           .max_body_bytes = MAX_BODY_BYTES,
                                           .max_connections = MAX_CONNECTIONS,
                                           .idle_ms = IDLE_MS,
                                           .owner = sandbox,
                                           .on_request = on_request,
                                           .on_gone = on_gone,
                                           .piece_limit = piece_limit,
                                           .on_piece = on_piece };

    return http_server_open(loop, &options, &sandbox->server);
}

/* Where translators find the media that webhooks name. */
static void name_place(struct sandbox *sandbox, const struct settings *settings)
{
    char *url = sandbox->world.base_url;
    bool is_anywhere = strcmp(settings->host, "0.0.0.0") == 0 || strcmp(settings->host, "::") == 0;

    if (settings->public_url && *settings->public_url)
        (void) snprintf(url, sizeof(sandbox->world.base_url), "%s", settings->public_url);
    else
        (void) snprintf(url, sizeof(sandbox->world.base_url), "http://%s:%u",
                        is_anywhere ? "127.0.0.1" : settings->host, http_server_port(sandbox->server));
}

int sandbox_start(struct sandbox *sandbox, uv_loop_t *loop, const struct settings *settings, const char **ret_what)
{
    struct http_client_options client = { (uint32_t) settings->max_webhooks_in_flight, CONNECT_TIMEOUT_MS,
                                          "facebookexternalua" };
    struct world *world = &sandbox->world;
    int r = world_init(world, loop, settings, ret_what);

    if (r < 0)
        return r;
    *ret_what = "memory";
    r = feed_new(world, &world->feed);
    if (r < 0)
        return r;
    r = call_log_new(&world->calls);
    if (r < 0)
        return r;
    r = http_client_open(loop, &client, &world->client);
    if (r < 0)
        return r;
    *ret_what = "host and port";
    r = listen_for_all(sandbox, loop, settings);
    if (r < 0)
        return r;
    name_place(sandbox, settings);
    return subscriptions_start(world);
}

void sandbox_stop(struct sandbox *sandbox)
{
    struct world *world = &sandbox->world;

    world->is_closing = true;
    world->client = http_client_close(world->client);
    fetches_forget(world);
    subscriptions_stop(world);
    world->feed = feed_free(world->feed);
    pours_stop(world);
    sandbox->server = http_server_close(sandbox->server);
    world_deinit(world);
}

void sandbox_deinit(struct sandbox *sandbox)
{
    sandbox->world.calls = call_log_free(sandbox->world.calls);
}
