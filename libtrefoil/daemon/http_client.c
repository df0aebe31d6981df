/* libcurl's multi handle on the loop. Connections are kept alive and shared by calls.
 * Never sends a request twice: libcurl's own "connection died, retry" is made impossible for requests with a body.
 */
#include "daemon/http_client.h"

#include <assert.h>
#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>

#include "base/list.h"
#include "daemon/http_pump.h"
#include "daemon/http_transfer.h"

#define MAX_SPARE_HANDLES 16

struct http_client {
    struct http_client_options options;
    uv_loop_t *loop;
    CURLM *multi;
    struct http_pump *pump;
    uv_timer_t idle;
    struct list calls;
    size_t n_calls;
    CURL *spare[MAX_SPARE_HANDLES];
    size_t n_spare;
    bool is_closing;
};

/* ---- The end of a call ---- */

/* libcurl and the list let go of it; it is the caller's alone. */
static void detach(struct http_client *client, struct http_transfer *transfer)
{
    (void) curl_multi_remove_handle(client->multi, transfer->easy);
    list_remove(&transfer->link);
    list_init(&transfer->link);
    client->n_calls--;
}

static void recycle(struct http_client *client, struct http_transfer *transfer)
{
    CURL *easy = http_transfer_free(transfer);

    if (client->n_spare < MAX_SPARE_HANDLES)
        client->spare[client->n_spare++] = easy;
    else
        curl_easy_cleanup(easy);
}

static void end(struct http_client *client, struct http_transfer *transfer, CURLcode code)
{
    struct http_reply reply;

    http_transfer_describe(transfer, code, &reply);
    detach(client, transfer);
    if (!transfer->is_abandoned)
        transfer->on_reply(transfer->context, &reply);
    recycle(client, transfer);
}

/* Calls abandoned from inside libcurl, where it would not let go of them. */
static void reap(struct http_client *client)
{
    list_for_each_safe (node, after, &client->calls) {
        struct http_transfer *transfer = container_of(node, struct http_transfer, link);

        if (transfer->is_abandoned) {
            detach(client, transfer);
            recycle(client, transfer);
        }
    }
}

static void on_turn(void *owner)
{
    struct http_client *client = owner;
    CURLMsg *message;
    int n_left;

    while ((message = curl_multi_info_read(client->multi, &n_left))) {
        char *private = NULL;

        if (message->msg != CURLMSG_DONE)
            continue;
        (void) curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
        end(client, (struct http_transfer *) (void *) private, message->data.result);
    }
    reap(client);
}

void http_abandon(struct http_client *client, const void *context)
{
    list_for_each_safe (node, after, &client->calls) {
        struct http_transfer *transfer = container_of(node, struct http_transfer, link);

        if (transfer->context != context || transfer->is_abandoned)
            continue;
        transfer->is_abandoned = true;
        if (!http_pump_is_inside(client->pump)) {
            detach(client, transfer);
            recycle(client, transfer);
        }
        return;
    }
}

/* ---- Silence ---- */

static void on_idle(uv_timer_t *timer);

static struct http_transfer *most_silent(struct http_client *client, uint64_t *ret_deadline)
{
    struct http_transfer *first = NULL;

    *ret_deadline = UINT64_MAX;
    list_for_each_safe (node, after, &client->calls) {
        struct http_transfer *transfer = container_of(node, struct http_transfer, link);
        const uint64_t deadline = http_transfer_deadline(transfer);

        if (deadline < *ret_deadline) {
            *ret_deadline = deadline;
            first = transfer;
        }
    }
    return first;
}

static void watch_silence(struct http_client *client)
{
    const uint64_t now = uv_now(client->loop);
    uint64_t deadline;

    if (most_silent(client, &deadline))
        (void) uv_timer_start(&client->idle, on_idle, deadline > now ? deadline - now : 0, 0);
    else
        (void) uv_timer_stop(&client->idle);
}

static void on_idle(uv_timer_t *timer)
{
    struct http_client *client = timer->data;
    struct http_transfer *transfer;
    uint64_t deadline;

    while ((transfer = most_silent(client, &deadline)) && deadline <= uv_now(client->loop))
        end(client, transfer, CURLE_OPERATION_TIMEDOUT);
    watch_silence(client);
}

/* ---- Calls ---- */

int http_send(struct http_client *client, const struct http_call *order)
{
    struct http_transfer *transfer;
    CURL *easy;
    int r;

    assert(order->on_reply && !client->is_closing && !http_pump_is_inside(client->pump));
    easy = client->n_spare > 0 ? client->spare[--client->n_spare] : curl_easy_init();
    if (!easy)
        return -ENOMEM;
    r = http_transfer_new(client->loop, &client->options, easy, order, &transfer);
    if (r < 0)
        return r;
    if (curl_multi_add_handle(client->multi, transfer->easy) != CURLM_OK) {
        recycle(client, transfer);
        return -ENOMEM;
    }
    list_append(&client->calls, &transfer->link);
    client->n_calls++;
    if (transfer->idle_ms > 0)
        watch_silence(client);
    return 0;
}

size_t http_client_n_calls(const struct http_client *client)
{
    return client->n_calls;
}

/* ---- Opening and closing ---- */

int http_client_open(uv_loop_t *loop, const struct http_client_options *options, struct http_client **ret)
{
    struct http_client *client = calloc(1, sizeof(*client));

    if (!client)
        return -ENOMEM;
    client->options = *options;
    client->loop = loop;
    list_init(&client->calls);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || !(client->multi = curl_multi_init())) {
        free(client);
        return -ENOMEM;
    }
    if (http_pump_new(loop, client->multi, client, on_turn, &client->pump) < 0) {
        (void) curl_multi_cleanup(client->multi);
        free(client);
        return -ENOMEM;
    }
    (void) uv_timer_init(loop, &client->idle);
    client->idle.data = client;
    (void) curl_multi_setopt(client->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long) options->max_connections_per_host);
    *ret = client;
    return 0;
}

static void on_timer_closed(uv_handle_t *handle)
{
    free(handle->data);
}

struct http_client *http_client_close(struct http_client *client)
{
    if (!client)
        return NULL;
    client->is_closing = true;
    http_pump_stop(client->pump);
    list_for_each_safe (node, after, &client->calls) {
        struct http_transfer *transfer = container_of(node, struct http_transfer, link);

        detach(client, transfer);
        recycle(client, transfer);
    }
    while (client->n_spare > 0)
        curl_easy_cleanup(client->spare[--client->n_spare]);
    (void) curl_multi_cleanup(client->multi);
    client->pump = http_pump_free(client->pump);
    curl_global_cleanup();
    uv_close((uv_handle_t *) &client->idle, on_timer_closed);
    return NULL;
}
