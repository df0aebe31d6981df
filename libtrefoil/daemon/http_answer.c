/* What the owner does with an exchange: looks at it, answers it, streams. Never answers by itself. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/http_exchange.h"

#define STREAM_BLOCK_BYTES 4096
#define SOURCE_BLOCK_BYTES (32u << 10)

const char *http_request_header(struct http_exchange *exchange, const char *name)
{
    return MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, name);
}

const char *http_request_query(struct http_exchange *exchange, const char *name)
{
    return MHD_lookup_connection_value(exchange->connection, MHD_GET_ARGUMENT_KIND, name);
}

void http_exchange_set(struct http_exchange *exchange, void *data)
{
    exchange->data = data;
}

void *http_exchange_get(const struct http_exchange *exchange)
{
    return exchange->data;
}

static struct MHD_Response *response_of(struct bytes body)
{
    struct MHD_Response *response;
    void *copy;

    if (body.size == 0)
        return MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    copy = malloc(body.size);
    if (!copy)
        return NULL;
    memcpy(copy, body.data, body.size);
    response = MHD_create_response_from_buffer(body.size, copy, MHD_RESPMEM_MUST_FREE);
    if (!response)
        free(copy);
    return response;
}

static bool add_header(struct MHD_Response *response, const char *name, const char *value)
{
    return MHD_add_response_header(response, name, value) == MHD_YES;
}

int http_answer(struct http_exchange **exchange, unsigned status, const char *content_type, struct bytes body)
{
    return http_answer_with(exchange, status, content_type, body, NULL, 0);
}

/* Gives the response up, whatever happens: the exchange's answer, or nobody's. */
static int answer(struct http_exchange **exchange_, unsigned status, const char *content_type,
                  struct MHD_Response *response, const struct http_header *headers, size_t n_headers)
{
    struct http_exchange *exchange = *exchange_;
    bool is_whole = response && (!content_type || add_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type));

    assert(exchange->phase == PHASE_ASKED);
    for (size_t i = 0; is_whole && i < n_headers; i++)
        is_whole = add_header(response, headers[i].name, headers[i].value);
    if (!is_whole) {
        if (response)
            MHD_destroy_response(response);
        http_drop(exchange_);
        return -ENOMEM;
    }
    exchange->response = response;
    exchange->status = status;
    http_exchange_release(exchange, PHASE_ANSWERED);
    http_exchange_resume(exchange);
    *exchange_ = NULL;
    return 0;
}

int http_answer_with(struct http_exchange **exchange, unsigned status, const char *content_type, struct bytes body,
                     const struct http_header *headers, size_t n_headers)
{
    return answer(exchange, status, content_type, response_of(body), headers, n_headers);
}

/* ---- Answers pulled piece by piece ---- */

/* Outlives the exchange: libmicrohttpd lets go of the response when it likes. */
struct pull {
    void *context;
    long (*source)(void *context, uint8_t *buffer, size_t room);
    void (*on_end)(void *context); /* NULL until the answer is under way */
};

static ssize_t on_pull(void *context, unused_ uint64_t at, char *buffer, size_t room)
{
    struct pull *pull = context;
    long n = pull->source(pull->context, (uint8_t *) buffer, room);

    return n > 0 && (size_t) n <= room ? n : MHD_CONTENT_READER_END_WITH_ERROR;
}

static void on_pull_end(void *context)
{
    struct pull *pull = context;

    if (pull->on_end)
        pull->on_end(pull->context);
    free(pull);
}

int http_answer_source(struct http_exchange **exchange, unsigned status, const char *content_type, uint64_t size_bytes,
                       const struct http_header *headers, size_t n_headers, void *context,
                       long (*source)(void *context, uint8_t *buffer, size_t room), void (*on_end)(void *context))
{
    struct pull *pull = calloc(1, sizeof(*pull));
    struct MHD_Response *response = NULL;
    int r;

    if (pull) {
        pull->context = context;
        pull->source = source;
        response = MHD_create_response_from_callback(size_bytes, SOURCE_BLOCK_BYTES, on_pull, pull, on_pull_end);
        if (!response) {
            free(pull);
            pull = NULL;
        }
    }
    r = answer(exchange, status, content_type, response, headers, n_headers);
    if (r == 0)
        pull->on_end = on_end;
    return r;
}

void http_drop(struct http_exchange **exchange_)
{
    struct http_exchange *exchange = *exchange_;

    *exchange_ = NULL;
    http_exchange_release(exchange, PHASE_DROPPED);
    http_exchange_shutdown(exchange);
    http_exchange_resume(exchange);
}

/* ---- Streams ---- */

/* libmicrohttpd asks for more bytes of a stream. */
static ssize_t on_stream_read(void *context, unused_ uint64_t at, char *buffer, size_t room)
{
    struct http_exchange *exchange = context;
    size_t n = exchange->backlog_size < room ? exchange->backlog_size : room;

    if (exchange->phase == PHASE_DROPPED)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    if (n > 0) {
        memcpy(buffer, exchange->backlog, n);
        memmove(exchange->backlog, exchange->backlog + n, exchange->backlog_size - n);
        exchange->backlog_size -= n;
        return (ssize_t) n;
    }
    if (exchange->phase == PHASE_ANSWERED)
        return MHD_CONTENT_READER_END_OF_STREAM;
    http_exchange_suspend(exchange);
    return 0;
}

int http_stream_begin(struct http_exchange *exchange, const char *content_type, size_t max_backlog_bytes)
{
    struct MHD_Response *response;

    assert(exchange->phase == PHASE_ASKED);
    response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK_BYTES, on_stream_read, exchange, NULL);
    if (!response)
        return -ENOMEM;
    if (!add_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type) ||
        !add_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store")) {
        MHD_destroy_response(response);
        return -ENOMEM;
    }
    exchange->response = response;
    exchange->status = MHD_HTTP_OK;
    exchange->max_backlog_bytes = max_backlog_bytes;
    exchange->phase = PHASE_STREAMING;
    http_exchange_resume(exchange);
    return 0;
}

int http_stream_send(struct http_exchange *exchange, struct bytes bytes)
{
    assert(exchange->phase == PHASE_STREAMING);
    if (bytes.size > exchange->max_backlog_bytes - exchange->backlog_size ||
        !http_make_room(&exchange->backlog, &exchange->backlog_room, exchange->backlog_size, bytes.size)) {
        /* on_gone follows from the loop, when libmicrohttpd meets the closed socket. */
        http_exchange_shutdown(exchange);
        http_exchange_resume(exchange);
        return -ENOBUFS;
    }
    if (bytes.size > 0)
        memcpy(exchange->backlog + exchange->backlog_size, bytes.data, bytes.size);
    exchange->backlog_size += bytes.size;
    http_exchange_resume(exchange);
    return 0;
}

void http_stream_end(struct http_exchange **exchange_)
{
    struct http_exchange *exchange = *exchange_;

    *exchange_ = NULL;
    http_exchange_release(exchange, PHASE_ANSWERED);
    http_exchange_resume(exchange);
}
