/* libmicrohttpd's epoll set, watched by the loop: one poll handle, one timer, no threads.
 * Never holds more of a body than max_body_bytes, never calls its owner outside the loop.
 *
 * A request that must think is suspended: libmicrohttpd forgets its socket until the answer is there, so a client that
 * leaves meanwhile is noticed only when the answer is written. The owner's own bound on thinking is what ends it.
 */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/list.h"
#include "daemon/http_server.h"

#define LISTEN_BACKLOG 511
#define FIRST_BODY_BYTES 4096
#define STREAM_BLOCK_BYTES 4096
/* A body over the cap is read and thrown away up to this many caps, so that its sender reads the 413. */
#define MAX_DISCARDED_CAPS 8
#define MAX_CLOSING_ROUNDS 16

struct http_server {
    struct http_server_options options;
    struct MHD_Daemon *daemon;
    uv_poll_t poll;
    uv_timer_t timer;
    unsigned n_closing; /* handles the loop still holds */
    uint16_t port;
    bool has_resumed;      /* libmicrohttpd cannot wake an outside loop by itself */
    struct list exchanges; /* asked and not yet answered, and streams */
};

enum phase {
    PHASE_READING,
    PHASE_REFUSED, /* too large: the rest is thrown away */
    PHASE_ASKED,   /* the owner has it */
    PHASE_STREAMING,
    PHASE_ANSWERED, /* the owner has let go */
    PHASE_DROPPED,
};

struct http_exchange {
    struct http_server *server;
    struct MHD_Connection *connection;
    struct MHD_Response *response; /* until queued */
    struct list link;
    void *data;
    enum phase phase;
    unsigned status;
    bool is_suspended;
    bool is_queued;

    uint8_t *body;
    size_t body_size, body_room;
    size_t n_discarded;

    uint8_t *backlog; /* of a stream */
    size_t backlog_size, backlog_room, max_backlog_bytes;
};

static void server_turn(struct http_server *server);

/* ---- The loop ---- */

static void on_poll(uv_poll_t *poll, unused_ int status, unused_ int events)
{
    server_turn(poll->data);
}

static void on_timer(uv_timer_t *timer)
{
    server_turn(timer->data);
}

static void server_turn(struct http_server *server)
{
    MHD_UNSIGNED_LONG_LONG wait_ms = 0;

    server->has_resumed = false;
    (void) MHD_run(server->daemon);
    if (server->has_resumed || MHD_get_timeout(server->daemon, &wait_ms) == MHD_YES)
        (void) uv_timer_start(&server->timer, on_timer, wait_ms, 0);
    else
        (void) uv_timer_stop(&server->timer);
}

/* ---- Exchanges ---- */

static void exchange_suspend(struct http_exchange *exchange)
{
    exchange->is_suspended = true;
    MHD_suspend_connection(exchange->connection);
}

static void exchange_resume(struct http_exchange *exchange)
{
    if (!exchange->is_suspended)
        return;
    exchange->is_suspended = false;
    MHD_resume_connection(exchange->connection);
    exchange->server->has_resumed = true;
    (void) uv_timer_start(&exchange->server->timer, on_timer, 0, 0);
}

/* The owner has no more to do with it. */
static void exchange_release(struct http_exchange *exchange, enum phase phase)
{
    exchange->phase = phase;
    list_remove(&exchange->link);
}

static void exchange_shutdown(struct http_exchange *exchange)
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

static void on_completed(void *context, unused_ struct MHD_Connection *connection, void **slot,
                         unused_ enum MHD_RequestTerminationCode code)
{
    struct http_server *server = context;
    struct http_exchange *exchange = *slot;

    if (!exchange)
        return;
    *slot = NULL;
    if ((exchange->phase == PHASE_ASKED || exchange->phase == PHASE_STREAMING) && server->options.on_gone)
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

static enum MHD_Result refuse_too_large(struct http_exchange *exchange)
{
    struct http_server *server = exchange->server;

    exchange->response = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    if (!exchange->response)
        return MHD_NO;
    exchange->status = MHD_HTTP_CONTENT_TOO_LARGE;
    if (server->options.on_refused)
        server->options.on_refused(server->options.owner, exchange->status);
    return exchange_queue(exchange);
}

/* The request line and the headers are there; nothing of the body yet. */
static enum MHD_Result begin(struct http_server *server, struct MHD_Connection *connection, void **slot)
{
    struct http_exchange *exchange = exchange_new(server, connection);
    const char *length = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
    size_t size = 0;

    if (!exchange)
        return MHD_NO;
    *slot = exchange;
    if (!length)
        return MHD_YES;
    if (!text_to_size(length, &size) || size / MAX_DISCARDED_CAPS > server->options.max_body_bytes)
        return refuse_too_large(exchange);
    if (size > server->options.max_body_bytes) {
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

/* Grows `*memory` so that `more` bytes fit behind `used`. */
static bool make_room(uint8_t **memory, size_t *room, size_t used, size_t more)
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

static enum MHD_Result take_body(struct http_exchange *exchange, const char *data, size_t *size)
{
    size_t cap = exchange->server->options.max_body_bytes, n = *size;

    *size = 0;
    if (exchange->is_queued)
        return MHD_YES;
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
    if (!make_room(&exchange->body, &exchange->body_room, exchange->body_size, n))
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

    exchange->phase = PHASE_ASKED;
    list_append(&server->exchanges, &exchange->link);
    server->options.on_request(server->options.owner, exchange, &request);
    if (exchange->phase == PHASE_DROPPED)
        return MHD_NO;
    if (exchange->response)
        return exchange_queue(exchange);
    exchange_suspend(exchange);
    return MHD_YES;
}

static enum MHD_Result on_access(void *context, struct MHD_Connection *connection, const char *url, const char *method,
                                 unused_ const char *version, const char *data, size_t *size, void **slot)
{
    struct http_exchange *exchange = *slot;

    if (!exchange)
        return begin(context, connection, slot);
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
        exchange_suspend(exchange);
    return MHD_YES;
}

/* ---- Opening and closing ---- */

static int listen_on(const char *host, uint16_t port, uint16_t *ret_port)
{
    struct sockaddr_storage address = { 0 };
    struct sockaddr_in *v4 = (struct sockaddr_in *) &address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *) &address;
    socklen_t size = sizeof(*v4);
    int fd, r, one = 1;

    if (uv_ip4_addr(host, port, v4) < 0) {
        if (uv_ip6_addr(host, port, v6) < 0)
            return -EINVAL;
        size = sizeof(*v6);
    }
    fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
        bind(fd, (struct sockaddr *) &address, size) < 0 || listen(fd, LISTEN_BACKLOG) < 0 ||
        getsockname(fd, (struct sockaddr *) &address, &size) < 0) {
        r = -errno;
        (void) close(fd);
        return r;
    }
    *ret_port = ntohs(address.ss_family == AF_INET ? v4->sin_port : v6->sin6_port);
    return fd;
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct http_server *server = handle->data;

    if (--server->n_closing == 0)
        free(server);
}

static int start_daemon(struct http_server *server, int fd)
{
    const struct http_server_options *options = &server->options;
    unsigned idle_s = (options->idle_ms + 999) / 1000;

    server->daemon =
        MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_access, server,
                         MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_TIMEOUT, idle_s,
                         MHD_OPTION_CONNECTION_LIMIT, options->max_connections ? options->max_connections : 1024,
                         MHD_OPTION_NOTIFY_COMPLETED, on_completed, server, MHD_OPTION_END);
    return server->daemon ? 0 : -ENOMEM;
}

int http_server_open(uv_loop_t *loop, const struct http_server_options *options, struct http_server **ret)
{
    struct http_server *server = calloc(1, sizeof(*server));
    const union MHD_DaemonInfo *info;
    int fd, r;

    if (!server)
        return -ENOMEM;
    server->options = *options;
    list_init(&server->exchanges);
    fd = listen_on(options->host, options->port, &server->port);
    if (fd < 0) {
        free(server);
        return fd;
    }
    r = start_daemon(server, fd);
    if (r < 0) {
        (void) close(fd);
        free(server);
        return r;
    }
    info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    r = info ? uv_poll_init(loop, &server->poll, info->epoll_fd) : -ENOSYS;
    if (r < 0) {
        MHD_stop_daemon(server->daemon);
        free(server);
        return r;
    }
    (void) uv_timer_init(loop, &server->timer);
    server->poll.data = server->timer.data = server;
    (void) uv_poll_start(&server->poll, UV_READABLE, on_poll);
    server_turn(server);
    *ret = server;
    return 0;
}

/* libmicrohttpd refuses to stop while connections are suspended. */
static void answer_the_waiting(struct http_server *server)
{
    list_for_each_safe (node, after, &server->exchanges) {
        struct http_exchange *exchange = container_of(node, struct http_exchange, link);

        if (exchange->phase == PHASE_STREAMING)
            http_stream_end(&exchange);
        else if (http_answer(&exchange, MHD_HTTP_SERVICE_UNAVAILABLE, NULL, BYTES_EMPTY) < 0)
            http_drop(&exchange);
    }
    for (unsigned i = 0; i < MAX_CLOSING_ROUNDS; i++)
        (void) MHD_run(server->daemon);
}

struct http_server *http_server_close(struct http_server *server)
{
    if (!server)
        return NULL;
    answer_the_waiting(server);
    (void) uv_poll_stop(&server->poll);
    (void) uv_timer_stop(&server->timer);
    server->n_closing = 2;
    uv_close((uv_handle_t *) &server->poll, on_handle_closed);
    uv_close((uv_handle_t *) &server->timer, on_handle_closed);
    MHD_stop_daemon(server->daemon);
    return NULL;
}

uint16_t http_server_port(const struct http_server *server)
{
    return server->port;
}

/* ---- What the owner does with an exchange ---- */

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

int http_answer_with(struct http_exchange **exchange_, unsigned status, const char *content_type, struct bytes body,
                     const struct http_header *headers, size_t n_headers)
{
    struct http_exchange *exchange = *exchange_;
    struct MHD_Response *response;
    bool is_whole;

    assert(exchange->phase == PHASE_ASKED);
    response = response_of(body);
    is_whole = response && (!content_type || add_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type));
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
    exchange_release(exchange, PHASE_ANSWERED);
    exchange_resume(exchange);
    *exchange_ = NULL;
    return 0;
}

void http_drop(struct http_exchange **exchange_)
{
    struct http_exchange *exchange = *exchange_;

    *exchange_ = NULL;
    exchange_release(exchange, PHASE_DROPPED);
    exchange_shutdown(exchange);
    exchange_resume(exchange);
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
    exchange_suspend(exchange);
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
    exchange_resume(exchange);
    return 0;
}

int http_stream_send(struct http_exchange *exchange, struct bytes bytes)
{
    assert(exchange->phase == PHASE_STREAMING);
    if (bytes.size > exchange->max_backlog_bytes - exchange->backlog_size ||
        !make_room(&exchange->backlog, &exchange->backlog_room, exchange->backlog_size, bytes.size)) {
        /* on_gone follows from the loop, when libmicrohttpd meets the closed socket. */
        exchange_shutdown(exchange);
        exchange_resume(exchange);
        return -ENOBUFS;
    }
    if (bytes.size > 0)
        memcpy(exchange->backlog + exchange->backlog_size, bytes.data, bytes.size);
    exchange->backlog_size += bytes.size;
    exchange_resume(exchange);
    return 0;
}

void http_stream_end(struct http_exchange **exchange_)
{
    struct http_exchange *exchange = *exchange_;

    *exchange_ = NULL;
    exchange_release(exchange, PHASE_ANSWERED);
    exchange_resume(exchange);
}
