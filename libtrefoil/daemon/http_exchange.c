/* Reads requests, asks the owner, and keeps what is under way. Never holds more of a body than max_body_bytes. */
#include "daemon/http_exchange.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define FIRST_BODY_BYTES 4096
/* A body over the cap is read and thrown away up to this many caps, so that its sender reads the 413. */
#define MAX_DISCARDED_CAPS 8

bool http_make_room(uint8_t **memory, size_t *room, size_t used, size_t more)
{
    size_t wanted = *room ? *room : FIRST_BODY_BYTES;
    uint8_t *grown;

    if (more > SIZE_MAX / 4 - used)
        return false;
    while (wanted < used + more)
        wanted *= 2;
    if (wanted == *room)
        return true;
    grown = realloc(*memory, wanted);
    if (!grown)
        return false;
    *memory = grown;
    *room = wanted;
    return true;
}

void http_exchange_suspend(struct http_exchange *exchange)
{
    exchange->is_suspended = true;
    MHD_suspend_connection(exchange->connection);
}

void http_exchange_resume(struct http_exchange *exchange)
{
    if (!exchange->is_suspended)
        return;
    exchange->is_suspended = false;
    MHD_resume_connection(exchange->connection);
    http_server_wake(exchange->server);
}

void http_exchange_release(struct http_exchange *exchange, enum phase phase)
{
    exchange->phase = phase;
    list_remove(&exchange->link);
}

void http_exchange_shutdown(struct http_exchange *exchange)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CONNECTION_FD);

    if (info)
        (void) shutdown(info->connect_fd, SHUT_RDWR);
}

static struct http_exchange *exchange_new(struct http_server *server, struct MHD_Connection *connection)
{
    struct http_exchange *exchange = calloc(1, sizeof(*exchange));

    if (!exchange)
        return NULL;
    exchange->server = server;
    exchange->connection = connection;
    list_init(&exchange->link);
    return exchange;
}

static void exchange_free(struct http_exchange *exchange)
{
    if (exchange->response)
        MHD_destroy_response(exchange->response);
    list_remove(&exchange->link);
    free(exchange->body);
    free(exchange->backlog);
    free(exchange);
}

void http_exchange_on_completed(void *context, unused_ struct MHD_Connection *connection, void **slot,
                                unused_ enum MHD_RequestTerminationCode code)
{
    struct http_server *server = context;
    struct http_exchange *exchange = *slot;
    bool is_known; /* to the owner */

    if (!exchange)
        return;
    *slot = NULL;
    is_known = exchange->phase == PHASE_ASKED || exchange->phase == PHASE_STREAMING ||
               (exchange->phase == PHASE_READING && exchange->piece_limit > 0);
    if (is_known && server->options.on_gone)
        server->options.on_gone(server->options.owner, exchange);
    exchange_free(exchange);
}

/* ---- Reading a request ---- */

static bool text_to_size(const char *text, size_t *ret)
{
    uint64_t size;

    if (bytes_to_u64(bytes_of_text(text), SIZE_MAX / 2, &size) < 0)
        return false;
    *ret = (size_t) size;
    return true;
}

static enum MHD_Result exchange_queue(struct http_exchange *exchange)
{
    struct MHD_Response *response = exchange->response;
    enum MHD_Result result;

    exchange->response = NULL;
    exchange->is_queued = true;
    result = MHD_queue_response(exchange->connection, exchange->status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result refuse(struct http_exchange *exchange, unsigned status)
{
    exchange->response = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    if (!exchange->response)
        return MHD_NO;
    exchange->status = status;
    return exchange_queue(exchange);
}

static enum MHD_Result refuse_too_large(struct http_exchange *exchange)
{
    const struct http_server_options *options = &exchange->server->options;

    if (options->on_refused)
        options->on_refused(options->owner, MHD_HTTP_CONTENT_TOO_LARGE);
    return refuse(exchange, MHD_HTTP_CONTENT_TOO_LARGE);
}

/* The request line and the headers are there; nothing of the body yet. */
static enum MHD_Result begin(struct http_exchange *exchange, const struct http_request *request)
{
    const struct http_server_options *options = &exchange->server->options;
    const char *length =
        MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
    size_t size = 0;

    if (exchange->server->is_closing)
        return refuse(exchange, MHD_HTTP_SERVICE_UNAVAILABLE);
    if (options->piece_limit)
        exchange->piece_limit = options->piece_limit(options->owner, exchange, request);
    if (!length)
        return MHD_YES;
    if (!text_to_size(length, &size))
        return refuse_too_large(exchange);
    if (exchange->piece_limit > 0)
        return size > exchange->piece_limit ? refuse_too_large(exchange) : MHD_YES;
    if (size / MAX_DISCARDED_CAPS > options->max_body_bytes)
        return refuse_too_large(exchange);
    if (size > options->max_body_bytes) {
        exchange->phase = PHASE_REFUSED;
        return MHD_YES;
    }
    if (size > 0) {
        exchange->body = malloc(size);
        if (!exchange->body)
            return MHD_NO;
        exchange->body_room = size;
    }
    return MHD_YES;
}

/* In the middle of a body libmicrohttpd takes no answer: what is too large or not wanted any more ends the connection. */
static enum MHD_Result take_piece(struct http_exchange *exchange, struct bytes piece)
{
    const struct http_server_options *options = &exchange->server->options;

    if (piece.size > exchange->piece_limit - exchange->n_piece_bytes)
        return MHD_NO;
    exchange->n_piece_bytes += piece.size;
    if (exchange->server->is_closing)
        return MHD_NO;
    return options->on_piece(options->owner, exchange, piece) < 0 ? MHD_NO : MHD_YES;
}

static enum MHD_Result take_body(struct http_exchange *exchange, const char *data, size_t *size)
{
    size_t cap = exchange->server->options.max_body_bytes, n = *size;

    *size = 0;
    if (exchange->is_queued)
        return MHD_YES;
    if (exchange->piece_limit > 0)
        return take_piece(exchange, bytes_make(data, n));
    if (exchange->phase == PHASE_READING && n > cap - exchange->body_size) {
        exchange->phase = PHASE_REFUSED;
        free(exchange->body);
        exchange->body = NULL;
        exchange->body_size = exchange->body_room = 0;
    }
    if (exchange->phase == PHASE_REFUSED) {
        exchange->n_discarded += n;
        return exchange->n_discarded / MAX_DISCARDED_CAPS > cap ? MHD_NO : MHD_YES;
    }
    if (!http_make_room(&exchange->body, &exchange->body_room, exchange->body_size, n))
        return MHD_NO;
    memcpy(exchange->body + exchange->body_size, data, n);
    exchange->body_size += n;
    return MHD_YES;
}

/* The request is whole: ask the owner. He may answer before this returns. */
static enum MHD_Result ask(struct http_exchange *exchange, const char *method, const char *path)
{
    struct http_server *server = exchange->server;
    struct http_request request = { method, path, bytes_make(exchange->body, exchange->body_size) };

    if (server->is_closing)
        return refuse(exchange, MHD_HTTP_SERVICE_UNAVAILABLE);
    exchange->phase = PHASE_ASKED;
    list_append(&server->exchanges, &exchange->link);
    server->options.on_request(server->options.owner, exchange, &request);
    if (exchange->phase == PHASE_DROPPED)
        return MHD_NO;
    if (exchange->response)
        return exchange_queue(exchange);
    http_exchange_suspend(exchange);
    return MHD_YES;
}

enum MHD_Result http_exchange_on_access(void *context, struct MHD_Connection *connection, const char *url,
                                        const char *method, unused_ const char *version, const char *data, size_t *size,
                                        void **slot)
{
    struct http_exchange *exchange = *slot;

    if (!exchange) {
        *slot = exchange = exchange_new(context, connection);
        return exchange ? begin(exchange, &(struct http_request){ method, url, BYTES_EMPTY }) : MHD_NO;
    }
    if (*size > 0)
        return take_body(exchange, data, size);
    if (exchange->is_queued)
        return MHD_YES;
    switch (exchange->phase) {
    case PHASE_READING:
        return ask(exchange, method, url);
    case PHASE_REFUSED:
        return refuse_too_large(exchange);
    case PHASE_DROPPED:
        return MHD_NO;
    case PHASE_ASKED:
    case PHASE_STREAMING:
    case PHASE_ANSWERED:
        break;
    }
    if (exchange->response)
        return exchange_queue(exchange);
    if (!exchange->is_suspended)
        http_exchange_suspend(exchange);
    return MHD_YES;
}
