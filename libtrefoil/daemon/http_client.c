/* libcurl's multi handle with its sockets and its timer on the loop. Connections are kept alive and shared by calls.
 * Never sends a request twice: libcurl's own "connection died, retry" is made impossible for requests with a body.
 *
 * What a failure means is decided by one fact: did any byte of the request leave? If not, nothing was accepted
 * (NOT_SENT); if so, it may have been (LOST). Only a whole answer is ANSWERED.
 */
#include <assert.h>
#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "daemon/http_client.h"

#define MAX_SPARE_HANDLES 16
#define MAX_RETRY_AFTER_S (24 * 60 * 60)
#define FIRST_REPLY_BYTES 1024
#define MAX_URL_BYTES 8192

struct http_client {
    struct http_client_options options;
    uv_loop_t *loop;
    CURLM *multi;
    uv_timer_t timer;
    struct list calls;
    struct list watches;
    size_t n_calls;
    CURL *spare[MAX_SPARE_HANDLES];
    size_t n_spare;
    bool is_closing;
};

/* One socket of libcurl's, watched by the loop. */
struct watch {
    struct http_client *client;
    struct list link;
    uv_poll_t poll;
    curl_socket_t socket;
};

struct call {
    struct http_client *client;
    struct list link;
    CURL *easy;
    struct curl_slist *headers;
    void *context;
    void (*on_reply)(void *context, const struct http_reply *reply);

    uint8_t *body; /* of the request */
    size_t body_size, body_at;
    uint8_t *reply;
    size_t reply_size, reply_room, max_reply_bytes;
    bool is_too_large;
};

static void finish_calls(struct http_client *client);

/* ---- Sockets and the timer ---- */

static void on_watch_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void watch_close(struct watch *watch)
{
    list_remove(&watch->link);
    (void) uv_poll_stop(&watch->poll);
    uv_close((uv_handle_t *) &watch->poll, on_watch_closed);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct watch *watch = poll->data;
    struct http_client *client = watch->client;
    int flags = 0, n_running;

    if (status < 0)
        flags = CURL_CSELECT_ERR;
    if (events & UV_READABLE)
        flags |= CURL_CSELECT_IN;
    if (events & UV_WRITABLE)
        flags |= CURL_CSELECT_OUT;
    (void) curl_multi_socket_action(client->multi, watch->socket, flags, &n_running);
    finish_calls(client);
}

static struct watch *watch_new(struct http_client *client, curl_socket_t socket)
{
    struct watch *watch = calloc(1, sizeof(*watch));

    if (!watch)
        return NULL;
    if (uv_poll_init_socket(client->loop, &watch->poll, socket) < 0) {
        free(watch);
        return NULL;
    }
    watch->client = client;
    watch->socket = socket;
    watch->poll.data = watch;
    list_append(&client->watches, &watch->link);
    return watch;
}

static int on_curl_socket(unused_ CURL *easy, curl_socket_t socket, int what, void *context, void *socket_context)
{
    struct http_client *client = context;
    struct watch *watch = socket_context;
    int events = 0;

    if (what == CURL_POLL_REMOVE) {
        if (watch) {
            (void) curl_multi_assign(client->multi, socket, NULL);
            watch_close(watch);
        }
        return 0;
    }
    if (!watch) {
        watch = watch_new(client, socket);
        if (!watch)
            return -1;
        (void) curl_multi_assign(client->multi, socket, watch);
    }
    if (what & CURL_POLL_IN)
        events |= UV_READABLE;
    if (what & CURL_POLL_OUT)
        events |= UV_WRITABLE;
    return uv_poll_start(&watch->poll, events, on_poll) < 0 ? -1 : 0;
}

static void on_timer(uv_timer_t *timer)
{
    struct http_client *client = timer->data;
    int n_running;

    (void) curl_multi_socket_action(client->multi, CURL_SOCKET_TIMEOUT, 0, &n_running);
    finish_calls(client);
}

static int on_curl_timer(unused_ CURLM *multi, long timeout_ms, void *context)
{
    struct http_client *client = context;

    if (client->is_closing || timeout_ms < 0)
        (void) uv_timer_stop(&client->timer);
    else
        (void) uv_timer_start(&client->timer, on_timer, (uint64_t) timeout_ms, 0);
    return 0;
}

/* ---- Bytes of a call ---- */

static size_t on_curl_read(char *buffer, size_t size, size_t count, void *context)
{
    struct call *call = context;
    size_t room = size * count, left = call->body_size - call->body_at;
    size_t n = left < room ? left : room;

    if (n > 0)
        memcpy(buffer, call->body + call->body_at, n);
    call->body_at += n;
    return n;
}

/* A body that has left is never sent again: libcurl would do so by itself on a kept connection that died. */
static int on_curl_seek(unused_ void *context, unused_ curl_off_t offset, unused_ int origin)
{
    return CURL_SEEKFUNC_FAIL;
}

static size_t on_curl_write(char *data, size_t size, size_t count, void *context)
{
    struct call *call = context;
    size_t n = size * count;

    if (n > call->max_reply_bytes - call->reply_size) {
        call->is_too_large = true;
        return 0;
    }
    if (n > call->reply_room - call->reply_size) {
        size_t room = call->reply_room ? call->reply_room : FIRST_REPLY_BYTES;
        uint8_t *grown;

        while (room - call->reply_size < n)
            room *= 2;
        grown = realloc(call->reply, room);
        if (!grown)
            return 0;
        call->reply = grown;
        call->reply_room = room;
    }
    if (n > 0)
        memcpy(call->reply + call->reply_size, data, n);
    call->reply_size += n;
    return n;
}

/* ---- Calls ---- */

static struct call *call_free(struct call *call)
{
    struct http_client *client = call->client;

    if (call->easy && client->n_spare < MAX_SPARE_HANDLES) {
        curl_easy_reset(call->easy);
        client->spare[client->n_spare++] = call->easy;
    } else {
        curl_easy_cleanup(call->easy);
    }
    list_remove(&call->link);
    curl_slist_free_all(call->headers);
    free(call->body);
    free(call->reply);
    free(call);
    return NULL;
}

static uint32_t retry_after_ms(CURL *easy)
{
    struct curl_header *header;
    uint64_t seconds;

    if (curl_easy_header(easy, "Retry-After", 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
        return 0;
    if (bytes_to_u64(bytes_of_text(header->value), MAX_RETRY_AFTER_S, &seconds) < 0)
        return 0;
    return (uint32_t) seconds * 1000;
}

static const char *words_for(CURLcode code, const struct call *call)
{
    if (call->is_too_large)
        return "answer larger than allowed";
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
        return "name not resolved";
    case CURLE_COULDNT_CONNECT:
        return "connection refused";
    case CURLE_OPERATION_TIMEDOUT:
        return "timed out";
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
        return "TLS failed";
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_FAIL_REWIND:
        return "connection closed without an answer";
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
        return "connection broken";
    case CURLE_PARTIAL_FILE:
        return "answer cut short";
    default:
        return "no whole answer";
    }
}

static void describe(const struct call *call, CURLcode code, struct http_reply *ret)
{
    long status = 0, request_size = 0;

    if (code == CURLE_OK) {
        (void) curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
        *ret = (struct http_reply){ .result = HTTP_ANSWERED,
                                    .status = (int) status,
                                    .body = bytes_make(call->reply, call->reply_size),
                                    .retry_after_ms = retry_after_ms(call->easy) };
        return;
    }
    (void) curl_easy_getinfo(call->easy, CURLINFO_REQUEST_SIZE, &request_size);
    *ret = (struct http_reply){ .result = request_size > 0 ? HTTP_LOST : HTTP_NOT_SENT, .why = words_for(code, call) };
}

static void finish_calls(struct http_client *client)
{
    CURLMsg *message;
    int n_left;

    while ((message = curl_multi_info_read(client->multi, &n_left))) {
        CURL *easy = message->easy_handle;
        CURLcode code = message->data.result;
        struct http_reply reply;
        char *private = NULL;
        struct call *call;

        if (message->msg != CURLMSG_DONE)
            continue;
        (void) curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
        call = (struct call *) (void *) private;
        describe(call, code, &reply);
        (void) curl_multi_remove_handle(client->multi, easy);
        client->n_calls--;
        call->on_reply(call->context, &reply);
        call_free(call);
    }
}

static bool is_url_usable(const char *url)
{
    CURLU *parts = curl_url();
    char *scheme = NULL;
    bool is_usable;

    if (!parts)
        return false;
    is_usable = strlen(url) <= MAX_URL_BYTES && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
                curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);
    curl_free(scheme);
    curl_url_cleanup(parts);
    return is_usable;
}

static bool add_line(struct call *call, const char *name, const char *value)
{
    size_t size = strlen(name) + strlen(value) + 1;
    struct curl_slist *longer;
    char *line = malloc(size);

    if (!line)
        return false;
    snprintf(line, size, "%s%s", name, value);
    longer = curl_slist_append(call->headers, line);
    explicit_bzero(line, size);
    free(line);
    if (!longer)
        return false;
    call->headers = longer;
    return true;
}

static bool add_headers(struct call *call, const struct http_call *order)
{
    if (!add_line(call, "Expect:", "") || (order->bearer && !add_line(call, "Authorization: Bearer ", order->bearer)) ||
        (order->content_type && !add_line(call, "Content-Type: ", order->content_type)))
        return false;
    for (size_t i = 0; i < order->n_headers; i++) {
        if (!add_line(call, order->headers[i], ""))
            return false;
    }
    return true;
}

static struct call *call_new(struct http_client *client, const struct http_call *order)
{
    struct call *call = calloc(1, sizeof(*call));

    if (!call)
        return NULL;
    call->client = client;
    list_init(&call->link);
    call->context = order->context;
    call->on_reply = order->on_reply;
    call->max_reply_bytes = order->max_reply_bytes;
    call->easy = client->n_spare > 0 ? client->spare[--client->n_spare] : curl_easy_init();
    call->body = malloc(order->body.size + 1);
    if (!call->easy || !call->body || !add_headers(call, order))
        return call_free(call);
    if (order->body.size > 0)
        memcpy(call->body, order->body.data, order->body.size);
    call->body_size = order->body.size;
    return call;
}

static void set_connection(struct call *call, const struct http_call *order)
{
    const struct http_client_options *options = &call->client->options;
    CURL *easy = call->easy;

    (void) curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    (void) curl_easy_setopt(easy, CURLOPT_PROXY, "");
    (void) curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    (void) curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_1);
    (void) curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    (void) curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long) options->connect_timeout_ms);
    (void) curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long) order->timeout_ms);
    if (options->user_agent)
        (void) curl_easy_setopt(easy, CURLOPT_USERAGENT, options->user_agent);
}

static int set_request(struct call *call, const struct http_call *order)
{
    CURL *easy = call->easy;

    if (curl_easy_setopt(easy, CURLOPT_URL, order->url) != CURLE_OK)
        return -ENOMEM;
    if (call->body_size > 0 || strcmp(order->method, "POST") == 0) {
        (void) curl_easy_setopt(easy, CURLOPT_POST, 1L);
        (void) curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) call->body_size);
        (void) curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_curl_read);
        (void) curl_easy_setopt(easy, CURLOPT_READDATA, call);
        (void) curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, on_curl_seek);
    }
    if (strcmp(order->method, "HEAD") == 0)
        (void) curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    else if (curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, order->method) != CURLE_OK)
        return -ENOMEM;
    (void) curl_easy_setopt(easy, CURLOPT_HTTPHEADER, call->headers);
    (void) curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_curl_write);
    (void) curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
    (void) curl_easy_setopt(easy, CURLOPT_PRIVATE, (char *) call);
    return 0;
}

int http_send(struct http_client *client, const struct http_call *order)
{
    struct call *call;

    assert(order->on_reply && !client->is_closing);
    if (!order->url || !is_url_usable(order->url))
        return -EINVAL;
    call = call_new(client, order);
    if (!call)
        return -ENOMEM;
    set_connection(call, order);
    if (set_request(call, order) < 0 || curl_multi_add_handle(client->multi, call->easy) != CURLM_OK) {
        call_free(call);
        return -ENOMEM;
    }
    list_append(&client->calls, &call->link);
    client->n_calls++;
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
    list_init(&client->watches);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || !(client->multi = curl_multi_init())) {
        free(client);
        return -ENOMEM;
    }
    (void) uv_timer_init(loop, &client->timer);
    client->timer.data = client;
    (void) curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, on_curl_socket);
    (void) curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
    (void) curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, on_curl_timer);
    (void) curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
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
    list_for_each_safe (node, after, &client->calls) {
        struct call *call = container_of(node, struct call, link);

        (void) curl_multi_remove_handle(client->multi, call->easy);
        call_free(call);
    }
    while (client->n_spare > 0)
        curl_easy_cleanup(client->spare[--client->n_spare]);
    (void) curl_multi_cleanup(client->multi);
    list_for_each_safe (node, after, &client->watches)
        watch_close(container_of(node, struct watch, link));
    curl_global_cleanup();
    (void) uv_timer_stop(&client->timer);
    uv_close((uv_handle_t *) &client->timer, on_timer_closed);
    return NULL;
}
