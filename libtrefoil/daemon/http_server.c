/* libmicrohttpd's epoll set, watched by the loop: one poll handle, one timer, no threads.
 * Never calls its owner outside the loop.
 *
 * A request that must think is suspended: libmicrohttpd forgets its socket until the answer is there, so a client that
 * leaves meanwhile is noticed only when the answer is written. The owner's own bound on thinking is what ends it.
 */
#include "daemon/http_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/http_exchange.h"

#define LISTEN_BACKLOG 511
#define MAX_CLOSING_ROUNDS 16

/* ---- The loop ---- */

static void server_turn(struct http_server *server);

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

void http_server_wake(struct http_server *server)
{
    server->has_resumed = true;
    (void) uv_timer_start(&server->timer, on_timer, 0, 0);
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
        MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, http_exchange_on_access, server,
                         MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_TIMEOUT, idle_s,
                         MHD_OPTION_CONNECTION_LIMIT, options->max_connections ? options->max_connections : 1024,
                         MHD_OPTION_NOTIFY_COMPLETED, http_exchange_on_completed, server, MHD_OPTION_END);
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

/* Whoever comes too late is turned away by the kernel, not left in a queue that nobody reads. */
static void stop_listening(struct http_server *server)
{
    MHD_socket fd = MHD_quiesce_daemon(server->daemon);

    if (fd != MHD_INVALID_SOCKET)
        (void) close(fd);
}

/* libmicrohttpd refuses to stop while connections are suspended: what comes in these rounds is not asked about. */
static void answer_the_waiting(struct http_server *server)
{
    list_for_each_safe (node, after, &server->exchanges) {
        struct http_exchange *exchange = container_of(node, struct http_exchange, link);

        bool is_known = exchange->phase == PHASE_STREAMING || exchange->phase == PHASE_ASKED;
        if (is_known && server->options.on_gone) /* whoever holds it lets go: it will be freed without his doing */
            server->options.on_gone(server->options.owner, exchange);
        if (exchange->phase == PHASE_STREAMING)
            http_stream_end(&exchange);
        else
            (void) !http_answer(&exchange, MHD_HTTP_SERVICE_UNAVAILABLE, NULL, BYTES_EMPTY); /* or dropped */
    }
    for (unsigned i = 0; i < MAX_CLOSING_ROUNDS; i++)
        (void) MHD_run(server->daemon);
}

struct http_server *http_server_close(struct http_server *server)
{
    if (!server)
        return NULL;
    server->is_closing = true;
    stop_listening(server);
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
