/* One request and its answer, between libmicrohttpd and the owner of the server. Internal to the server. */
#ifndef TREFOIL_DAEMON_HTTP_EXCHANGE_H
#define TREFOIL_DAEMON_HTTP_EXCHANGE_H

#include <microhttpd.h>

#include "base/list.h"
#include "daemon/http_server.h"

struct http_server {
    struct http_server_options options;
    struct MHD_Daemon *daemon;
    uv_poll_t poll;
    uv_timer_t timer;
    unsigned n_closing; /* handles the loop still holds */
    uint16_t port;
    bool has_resumed;      /* libmicrohttpd cannot wake an outside loop by itself */
    bool is_closing;       /* nobody is asked any more */
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
    uint64_t piece_limit; /* the body goes to the owner piece by piece; 0: it does not */
    uint64_t n_piece_bytes;

    uint8_t *backlog; /* of a stream */
    size_t backlog_size, backlog_room, max_backlog_bytes;
};

/* libmicrohttpd's callbacks; `slot` holds the exchange. */
enum MHD_Result http_exchange_on_access(void *server, struct MHD_Connection *connection, const char *path,
                                        const char *method, const char *version, const char *data, size_t *size,
                                        void **slot);
void http_exchange_on_completed(void *server, struct MHD_Connection *connection, void **slot,
                                enum MHD_RequestTerminationCode code);

/* libmicrohttpd forgets the connection, and remembers it at the server's next turn. */
void http_exchange_suspend(struct http_exchange *exchange);
void http_exchange_resume(struct http_exchange *exchange);

/* The owner has no more to do with it. */
void http_exchange_release(struct http_exchange *exchange, enum phase phase);

void http_exchange_shutdown(struct http_exchange *exchange);

/* Grows `*memory` so that `more` bytes fit behind `used`. */
must_use_ bool http_make_room(uint8_t **memory, size_t *room, size_t used, size_t more);

/* Wakes the server on the loop's next turn. */
void http_server_wake(struct http_server *server);

#endif
