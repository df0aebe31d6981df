/* HTTP requests on the loop, over libcurl's multi interface; one thread. Never retries, never follows redirects,
 * never interprets an answer.
 */
#ifndef TREFOIL_DAEMON_HTTP_CLIENT_H
#define TREFOIL_DAEMON_HTTP_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "base/attributes.h"
#include "base/bytes.h"

struct http_client;

struct http_client_options {
    uint32_t max_connections_per_host;
    uint32_t connect_timeout_ms;
    const char *user_agent;
};

must_use_ int http_client_open(uv_loop_t *loop, const struct http_client_options *options, struct http_client **ret);

/* Abandons what is under way (no callbacks). Accepts NULL, returns NULL. */
struct http_client *http_client_close(struct http_client *client);

enum http_result {
    HTTP_ANSWERED, /* a whole answer; see status */
    HTTP_NOT_SENT, /* no connection: certainly nothing was accepted */
    HTTP_LOST,     /* the request went out at least in part and no whole answer came */
};

struct http_reply {
    enum http_result result;
    int status;
    struct bytes body;       /* valid during the callback */
    uint32_t retry_after_ms; /* from Retry-After in seconds; 0: none */
    const char *why;         /* constant words when not answered */
};

struct http_call { /* copied by http_send() */
    const char *method;
    const char *url;
    const char *bearer; /* sent as "Authorization: Bearer …"; NULL: none; never logged */
    const char *content_type;
    const char *const *headers; /* further "Name: value" lines */
    size_t n_headers;
    struct bytes body;
    uint32_t timeout_ms;
    size_t max_reply_bytes; /* larger: HTTP_LOST */
    void *context;
    void (*on_reply)(void *context,
                     const struct http_reply *reply); /* exactly once, on the loop, never inside http_send() */
};

/* -ENOMEM, -EINVAL (URL). */
must_use_ int http_send(struct http_client *client, const struct http_call *call);

/* Calls under way. */
size_t http_client_n_calls(const struct http_client *client);

#endif
