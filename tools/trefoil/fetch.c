/* A loop of its own for one call. Never follows a redirect. */
#include "cli/fetch.h"

#include <uv.h>

#include "daemon/http_client.h"

#define FETCH_TIMEOUT_MS 5000

struct fetch {
    struct cli *cli;
    struct bytes body;
    enum http_result result;
    int status;
};

static void on_reply(void *context, const struct http_reply *reply)
{
    struct fetch *fetch = context;

    fetch->result = reply->result;
    fetch->status = reply->status;
    fetch->body = arena_copy(&fetch->cli->mem, reply->body);
}

int fetch_text(struct cli *cli, const char *url, struct bytes *ret)
{
    const struct http_client_options options = { 1, FETCH_TIMEOUT_MS, "trefoil" };
    struct fetch fetch = { .cli = cli, .result = HTTP_NOT_SENT };
    struct http_call call = { .method = "GET",
                              .url = url,
                              .timeout_ms = FETCH_TIMEOUT_MS,
                              .max_reply_bytes = FETCH_MAX_BYTES,
                              .context = &fetch,
                              .on_reply = on_reply };
    struct http_client *client = NULL;
    uv_loop_t loop;

    uv_loop_init(&loop);
    int r = http_client_open(&loop, &options, &client);
    if (r == 0)
        r = http_send(client, &call);
    while (r == 0 && http_client_n_calls(client) > 0)
        uv_run(&loop, UV_RUN_ONCE);
    http_client_close(client);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    if (r < 0 || fetch.result != HTTP_ANSWERED || fetch.status != 200)
        return cli_fail(cli, "%s does not answer (status %d); is it running?", url, fetch.status);
    *ret = fetch.body;
    return CLI_OK;
}
