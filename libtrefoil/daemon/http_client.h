/* HTTP requests on the loop, over libcurl's multi interface; one thread. Never retries, never follows redirects,
 * never interprets an answer. Bodies of any size stream in both directions.
 */
#ifndef TREFOIL_DAEMON_HTTP_CLIENT_H
#define TREFOIL_DAEMON_HTTP_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "base/attributes.h"
#include "base/bytes.h"

struct http_client;

#define HTTP_WANTED_MAX 4

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
    struct bytes body;       /* valid during the callback; empty when it was streamed to on_bytes */
    uint32_t retry_after_ms; /* from Retry-After in seconds; 0: none */
    const char *content_type, *location, *disposition; /* headers of that meaning, NULL when absent; likewise valid */
    uint64_t size_bytes;                               /* Content-Length; 0: not said */
    const char
        *wanted[HTTP_WANTED_MAX]; /* values of http_call.wanted, in their order; NULL when absent; likewise valid */
    bool is_refused;              /* with HTTP_NOT_SENT: the guard forbids where it leads; trying again is vain */
    bool is_late;                 /* when not answered: because timeout_ms, idle_ms or the time to connect was over */
    const char *why;              /* constant words when not answered */
};

/* Where a URL that strangers chose may lead: only http and https, without name and password in it, to any port, and only
 * to addresses of the public Internet, after the name was resolved: not to this host, private networks, link-local or
 * metadata addresses, in any spelling. A redirect is an answer; following it is another call, and judged again. */
struct http_guard {
    const char *const *allowed; /* "host:port" that may be reached all the same; NULL-terminated; NULL: none */
};

/* A signature of the request (AWS signature 4, as S3 and its kin want it; libcurl makes it). The body is signed by a
 * header "x-amz-content-sha256: …", which is the caller's to give; a query must be sorted by name. */
struct http_signing {
    const char *region, *service; /* "us-east-1", "s3" */
    const char *access_key, *secret_key;
};

struct http_call { /* copied by http_send(), but for what streams */
    const char *method;
    const char *url;
    const char *bearer; /* sent as "Authorization: Bearer …"; NULL: none; never logged */
    const char *content_type;
    const char *const *headers; /* further "Name: value" lines */
    size_t n_headers;
    const char *const *wanted; /* names of headers of the answer, NULL-terminated, at most HTTP_WANTED_MAX; they live as
                                * long as the call; NULL: none */
    struct bytes body;
    uint32_t timeout_ms;                /* of the whole call; 0: no limit */
    uint32_t idle_ms;                   /* longest silence once it is connected; 0: only timeout_ms counts */
    size_t max_reply_bytes;             /* larger: HTTP_LOST */
    const struct http_guard *guard;     /* NULL: anywhere */
    const struct http_signing *signing; /* NULL: none */

    /* The body piece by piece instead of `body`: fills at most `room` bytes, answers how many, at least one, or -errno,
     * which ends the call. Asked until `source_bytes` are given. In it and in `on_bytes` no call may be sent. */
    uint64_t source_bytes;
    long (*source)(void *context, uint8_t *buffer, size_t room);

    /* The answer piece by piece, when its status is 2xx: a negative answer ends the call as HTTP_LOST. Of another status'
     * body on_reply gets the beginning: 64 KB, or `max_reply_bytes` where that is less. */
    int (*on_bytes)(void *context, struct bytes piece);
    void *context;
    void (*on_reply)(void *context,
                     const struct http_reply *reply); /* exactly once, on the loop, never inside http_send() */
};

/* -ENOMEM, -EINVAL (URL). */
must_use_ int http_send(struct http_client *client, const struct http_call *call);

/* The one call with this context, if it is still under way, ends without a further callback: also from within `source`
 * or `on_bytes`. */
void http_abandon(struct http_client *client, const void *context);

/* Calls under way. */
size_t http_client_n_calls(const struct http_client *client);

#endif
