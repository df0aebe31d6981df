/* An HTTP/1.1 listener on the loop: whole requests in, whole answers out, with time to think in between.
 * Over libmicrohttpd with external polling; one thread. Never parses a body.
 */
#ifndef TREFOIL_DAEMON_HTTP_SERVER_H
#define TREFOIL_DAEMON_HTTP_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "base/attributes.h"
#include "base/bytes.h"

struct http_server;
struct http_exchange; /* one request waiting for its answer; owned by the server */

struct http_request {
    const char *method;
    const char *path;  /* percent-decoded by libmicrohttpd, without the query */
    struct bytes body; /* whole; valid until the exchange is answered */
};

struct http_server_options {
    const char *host;      /* "127.0.0.1" */
    uint16_t port;         /* 0: any; http_server_port() tells */
    size_t max_body_bytes; /* larger: 413 by itself, the handler never sees it */
    uint32_t max_connections;
    uint32_t idle_ms;
    void *owner;
    /* Called once per whole request, on the loop. Answer now or later, exactly once, by http_answer() or
     * http_stream_begin(). When the client goes away first, on_gone tells; the exchange is then dead. */
    void (*on_request)(void *owner, struct http_exchange *exchange, const struct http_request *request);
    void (*on_gone)(void *owner, struct http_exchange *exchange); /* may be NULL */
    void (*on_refused)(void *owner, unsigned status);             /* 413, 414, …: for counters; may be NULL */

    /* Bodies piece by piece, for what may be larger than memory. `piece_limit` is asked when the headers are there: how
     * large this body may be, or 0 for the ordinary way. Then every piece goes to `on_piece`, whose negative answer
     * drops the connection, and on_request follows with an empty body; or, whatever went wrong, on_gone. Both NULL:
     * never. A request announced as larger is answered by 413. */
    uint64_t (*piece_limit)(void *owner, struct http_exchange *exchange, const struct http_request *request);
    int (*on_piece)(void *owner, struct http_exchange *exchange, struct bytes piece);
};

/* -EADDRINUSE, -EACCES, -ENOMEM, -errno. */
must_use_ int http_server_open(uv_loop_t *loop, const struct http_server_options *options, struct http_server **ret);

/* Stops listening; exchanges still open get 503. Frees. Accepts NULL, returns NULL. */
struct http_server *http_server_close(struct http_server *server);

uint16_t http_server_port(const struct http_server *server);

/* Borrowed until the exchange is answered; NULL when absent. Names of headers in any case. */
const char *http_request_header(struct http_exchange *exchange, const char *name);
const char *http_request_query(struct http_exchange *exchange, const char *name);

/* The caller's own pointer, kept with the exchange. */
void http_exchange_set(struct http_exchange *exchange, void *data);
void *http_exchange_get(const struct http_exchange *exchange);

struct http_header {
    const char *name, *value;
};

/* Copies the body, answers, and the exchange is gone. -ENOMEM (then the connection is dropped). */
must_use_ int http_answer(struct http_exchange **exchange, unsigned status, const char *content_type,
                          struct bytes body);
must_use_ int http_answer_with(struct http_exchange **exchange, unsigned status, const char *content_type,
                               struct bytes body, const struct http_header *headers, size_t n_headers);

/* An answer of known size, pulled piece by piece as the client takes it: `source` fills at most `room` bytes and answers
 * how many, at least one, or -errno, which drops the connection. Asked until `size_bytes` are given, and not at all for
 * HEAD. `on_end` (may be NULL) exactly once, on the loop or in http_server_close(), when all was taken or the client
 * went away (on_gone is not called any more). The exchange is gone. -ENOMEM: the connection is dropped, and the context
 * still the caller's: `on_end` is not called. */
must_use_ int http_answer_source(struct http_exchange **exchange, unsigned status, const char *content_type,
                                 uint64_t size_bytes, const struct http_header *headers, size_t n_headers,
                                 void *context, long (*source)(void *context, uint8_t *buffer, size_t room),
                                 void (*on_end)(void *context));

/* Accepts the request and drops the connection without an answer: for the sandbox's faults. */
void http_drop(struct http_exchange **exchange);

/* An answer without end (server-sent events): begin once, then send; end by http_stream_end(). A reader that lets more
 * than `max_backlog_bytes` pile up is dropped (on_gone). */
must_use_ int http_stream_begin(struct http_exchange *exchange, const char *content_type, size_t max_backlog_bytes);
must_use_ int http_stream_send(struct http_exchange *exchange, struct bytes bytes);
void http_stream_end(struct http_exchange **exchange);

#endif
