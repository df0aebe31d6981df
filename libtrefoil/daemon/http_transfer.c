/* Options and callbacks of one libcurl handle. Never decides when it runs.
 *
 * What a failure means is decided by one fact: did any byte of the request leave? If not, nothing was accepted
 * (NOT_SENT); if so, it may have been (LOST). Only a whole answer is ANSWERED, or a refusal of which enough has come.
 */
#include "daemon/http_transfer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/http_guard.h"

#define MAX_RETRY_AFTER_S (24 * 60 * 60)
#define FIRST_REPLY_BYTES 1024
#define RECEIVE_BYTES (64L << 10) /* of one piece */
/* Of a refusal where an answer was to stream: so much is kept, and after so much more nobody waits for its end. */
#define MAX_REFUSAL_BYTES ((size_t) 64 << 10)
#define MAX_REFUSAL_DROPPED_BYTES ((size_t) 1 << 20)

static void touch(struct http_transfer *transfer)
{
    transfer->touched_ms = uv_now(transfer->loop);
}

/* ---- Bytes ---- */

static size_t on_curl_read(char *buffer, size_t size, size_t count, void *context)
{
    struct http_transfer *transfer = context;
    uint64_t left = transfer->body_size - transfer->body_at;
    size_t room = size * count;
    long n = (long) (left < room ? left : room);

    if (transfer->is_abandoned)
        return CURL_READFUNC_ABORT;
    if (transfer->source && n > 0)
        n = transfer->source(transfer->context, (uint8_t *) buffer, (size_t) n);
    else if (n > 0)
        memcpy(buffer, transfer->body + transfer->body_at, (size_t) n);
    if (n < 0 || (n == 0 && left > 0)) {
        transfer->is_declined = true;
        return CURL_READFUNC_ABORT;
    }
    transfer->body_at += (uint64_t) n;
    touch(transfer);
    return (size_t) n;
}

/* A body that has left is never sent again: libcurl would do so by itself on a kept connection that died. */
static int on_curl_seek(unused_ void *context, unused_ curl_off_t offset, unused_ int origin)
{
    return CURL_SEEKFUNC_FAIL;
}

static bool keep(struct http_transfer *transfer, const char *data, size_t n)
{
    if (n > transfer->reply_room - transfer->reply_size) {
        size_t room = transfer->reply_room ? transfer->reply_room : FIRST_REPLY_BYTES;
        uint8_t *grown;

        while (room - transfer->reply_size < n)
            room *= 2;
        grown = realloc(transfer->reply, room);
        if (!grown)
            return false;
        transfer->reply = grown;
        transfer->reply_room = room;
    }
    memcpy(transfer->reply + transfer->reply_size, data, n);
    return true;
}

static long status_of(CURL *easy)
{
    long status = 0;

    (void) curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

/* Whoever refuses says so by his status; his words may be of any length all the same. */
static size_t take_refusal(struct http_transfer *transfer, const char *data, size_t n)
{
    const size_t cap = transfer->max_reply_bytes < MAX_REFUSAL_BYTES ? transfer->max_reply_bytes : MAX_REFUSAL_BYTES;
    const size_t room = cap - transfer->reply_size, n_kept = n < room ? n : room;

    if (n_kept > 0 && !keep(transfer, data, n_kept))
        return CURL_WRITEFUNC_ERROR;
    transfer->reply_size += n_kept;
    transfer->n_dropped += n - n_kept;
    transfer->is_enough = transfer->n_dropped > MAX_REFUSAL_DROPPED_BYTES;
    return transfer->is_enough ? CURL_WRITEFUNC_ERROR : n;
}

static size_t on_curl_write(char *data, size_t size, size_t count, void *context)
{
    struct http_transfer *transfer = context;
    size_t n = size * count;

    if (transfer->is_abandoned)
        return CURL_WRITEFUNC_ERROR;
    touch(transfer);
    if (transfer->on_bytes && status_of(transfer->easy) / 100 != 2)
        return take_refusal(transfer, data, n);
    if (n > transfer->max_reply_bytes - transfer->reply_size) {
        transfer->is_too_large = true;
        return CURL_WRITEFUNC_ERROR;
    }
    if (n == 0)
        return 0;
    if (transfer->on_bytes) {
        if (transfer->on_bytes(transfer->context, bytes_make(data, n)) < 0) {
            transfer->is_declined = true;
            return CURL_WRITEFUNC_ERROR;
        }
    } else if (!keep(transfer, data, n)) {
        return CURL_WRITEFUNC_ERROR;
    }
    transfer->reply_size += n;
    return n;
}

/* ---- The guard ---- */

static curl_socket_t on_curl_open(void *context, unused_ curlsocktype purpose, struct curl_sockaddr *address)
{
    struct http_transfer *transfer = context;

    if (transfer->is_guarded && !http_guard_is_public(&address->addr)) {
        transfer->is_refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* Connected, and nothing sent. A kept connection may be one that another call, without a guard, has opened. */
static int on_curl_connected(void *context, char *address, unused_ char *local_address, unused_ int port,
                             unused_ int local_port)
{
    struct http_transfer *transfer = context;

    touch(transfer);
    if (transfer->is_guarded && !http_guard_is_public_text(address)) {
        transfer->is_refused = true;
        return CURL_PREREQFUNC_ABORT;
    }
    return CURL_PREREQFUNC_OK;
}

/* ---- Options ---- */

static bool add_line(struct http_transfer *transfer, const char *name, const char *value)
{
    size_t size = strlen(name) + strlen(value) + 1;
    struct curl_slist *longer;
    char *line = malloc(size);

    if (!line)
        return false;
    snprintf(line, size, "%s%s", name, value);
    longer = curl_slist_append(transfer->headers, line);
    explicit_bzero(line, size);
    free(line);
    if (!longer)
        return false;
    transfer->headers = longer;
    return true;
}

static bool add_headers(struct http_transfer *transfer, const struct http_call *order)
{
    /* libcurl would sign the header it is told to leave out; a signed request may ask before it sends a large body */
    if ((!order->signing && !add_line(transfer, "Expect:", "")) ||
        (order->bearer && !add_line(transfer, "Authorization: Bearer ", order->bearer)) ||
        (order->content_type && !add_line(transfer, "Content-Type: ", order->content_type)))
        return false;
    for (size_t i = 0; i < order->n_headers; i++) {
        if (!add_line(transfer, order->headers[i], ""))
            return false;
    }
    return true;
}

static bool keep_body(struct http_transfer *transfer, const struct http_call *order)
{
    if (order->source) {
        transfer->source = order->source;
        transfer->body_size = order->source_bytes;
        return true;
    }
    transfer->body = malloc(order->body.size + 1);
    if (!transfer->body)
        return false;
    if (order->body.size > 0)
        memcpy(transfer->body, order->body.data, order->body.size);
    transfer->body_size = order->body.size;
    return true;
}

static void set_connection(struct http_transfer *transfer, const struct http_client_options *options,
                           const struct http_call *order)
{
    CURL *easy = transfer->easy;

    (void) curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    (void) curl_easy_setopt(easy, CURLOPT_PROXY, ""); /* none, whatever the environment says */
    (void) curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    (void) curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_1);
    (void) curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    (void) curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, RECEIVE_BYTES);
    (void) curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long) options->connect_timeout_ms);
    (void) curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long) order->timeout_ms);
    (void) curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_curl_open);
    (void) curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer);
    (void) curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_curl_connected);
    (void) curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer);
    if (options->user_agent)
        (void) curl_easy_setopt(easy, CURLOPT_USERAGENT, options->user_agent);
}

static bool set_signing(CURL *easy, const struct http_signing *signing)
{
    char scheme[100];
    int size = snprintf(scheme, sizeof(scheme), "aws:amz:%s:%s", signing->region, signing->service);

    return size > 0 && (size_t) size < sizeof(scheme) &&
           curl_easy_setopt(easy, CURLOPT_AWS_SIGV4, scheme) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_USERNAME, signing->access_key) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PASSWORD, signing->secret_key) == CURLE_OK;
}

static bool set_request(struct http_transfer *transfer, const struct http_call *order)
{
    CURL *easy = transfer->easy;

    if (curl_easy_setopt(easy, CURLOPT_URL, order->url) != CURLE_OK ||
        (order->signing && !set_signing(easy, order->signing)))
        return false;
    if (transfer->body_size > 0 || strcmp(order->method, "POST") == 0) {
        (void) curl_easy_setopt(easy, CURLOPT_POST, 1L);
        (void) curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) transfer->body_size);
        (void) curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_curl_read);
        (void) curl_easy_setopt(easy, CURLOPT_READDATA, transfer);
        (void) curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, on_curl_seek);
    }
    if (strcmp(order->method, "HEAD") == 0)
        (void) curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    else if (curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, order->method) != CURLE_OK)
        return false;
    (void) curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers);
    (void) curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_curl_write);
    (void) curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    (void) curl_easy_setopt(easy, CURLOPT_PRIVATE, (char *) transfer);
    return true;
}

int http_transfer_new(const uv_loop_t *loop, const struct http_client_options *options, CURL *easy,
                      const struct http_call *order, struct http_transfer **ret)
{
    int judged = order->url ? http_guard_judge(order->guard, order->url) : -EINVAL;
    struct http_transfer *transfer = judged < 0 ? NULL : calloc(1, sizeof(*transfer));

    if (!transfer) {
        curl_easy_cleanup(easy);
        return judged < 0 ? judged : -ENOMEM;
    }
    list_init(&transfer->link);
    transfer->easy = easy;
    transfer->loop = loop;
    transfer->context = order->context;
    transfer->on_reply = order->on_reply;
    transfer->on_bytes = order->on_bytes;
    transfer->wanted = order->wanted;
    transfer->max_reply_bytes = order->max_reply_bytes;
    transfer->idle_ms = order->idle_ms;
    transfer->is_guarded = judged == 1;
    if (!add_headers(transfer, order) || !keep_body(transfer, order) || !set_request(transfer, order)) {
        curl_easy_cleanup(http_transfer_free(transfer));
        return -ENOMEM;
    }
    set_connection(transfer, options, order);
    *ret = transfer;
    return 0;
}

CURL *http_transfer_free(struct http_transfer *transfer)
{
    CURL *easy = transfer->easy;

    curl_easy_reset(easy);
    list_remove(&transfer->link);
    curl_slist_free_all(transfer->headers);
    free(transfer->body);
    free(transfer->reply);
    free(transfer);
    return easy;
}

uint64_t http_transfer_deadline(const struct http_transfer *transfer)
{
    const uint64_t since = transfer->touched_ms ? transfer->touched_ms : uv_now(transfer->loop);

    return transfer->idle_ms > 0 ? since + transfer->idle_ms : UINT64_MAX;
}

/* ---- How it ended ---- */

static const char *header_of(CURL *easy, const char *name)
{
    struct curl_header *header;

    return curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &header) == CURLHE_OK ? header->value : NULL;
}

static uint32_t retry_after_ms(CURL *easy)
{
    const char *text = header_of(easy, "Retry-After");
    uint64_t seconds;

    if (!text || bytes_to_u64(bytes_of_text(text), MAX_RETRY_AFTER_S, &seconds) < 0)
        return 0;
    return (uint32_t) seconds * 1000;
}

static uint64_t size_of_answer(CURL *easy)
{
    const char *text = header_of(easy, "Content-Length");
    uint64_t size;

    return text && bytes_to_u64(bytes_of_text(text), INT64_MAX, &size) == 0 ? size : 0;
}

static const char *words_for(CURLcode code, const struct http_transfer *transfer)
{
    if (transfer->is_refused)
        return "address not allowed";
    if (transfer->is_too_large)
        return "answer larger than allowed";
    if (transfer->is_declined)
        return "given up on our side";
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

void http_transfer_describe(const struct http_transfer *transfer, CURLcode code, struct http_reply *ret)
{
    CURL *easy = transfer->easy;
    long request_size = 0;

    if (code == CURLE_OK || transfer->is_enough) {
        *ret = (struct http_reply){ .result = HTTP_ANSWERED,
                                    .status = (int) status_of(easy),
                                    .body = bytes_make(transfer->reply, transfer->reply ? transfer->reply_size : 0),
                                    .retry_after_ms = retry_after_ms(easy),
                                    .content_type = header_of(easy, "Content-Type"),
                                    .location = header_of(easy, "Location"),
                                    .disposition = header_of(easy, "Content-Disposition"),
                                    .size_bytes = size_of_answer(easy) };
        for (size_t i = 0; transfer->wanted && i < HTTP_WANTED_MAX && transfer->wanted[i]; i++)
            ret->wanted[i] = header_of(easy, transfer->wanted[i]);
        return;
    }
    (void) curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &request_size);
    *ret = (struct http_reply){ .result = request_size > 0 ? HTTP_LOST : HTTP_NOT_SENT,
                                .is_refused = transfer->is_refused && request_size == 0,
                                .is_late = code == CURLE_OPERATION_TIMEDOUT,
                                .why = words_for(code, transfer) };
}
