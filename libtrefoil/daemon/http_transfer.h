/* One request and its answer on a libcurl handle: its options, its bytes, what became of it. Knows no loop.
 * Internal to the client.
 */
#ifndef TREFOIL_DAEMON_HTTP_TRANSFER_H
#define TREFOIL_DAEMON_HTTP_TRANSFER_H

#include <curl/curl.h>

#include "base/list.h"
#include "daemon/http_client.h"

struct http_transfer {
    struct list link;
    CURL *easy;
    struct curl_slist *headers;
    const uv_loop_t *loop; /* whose time it is */
    void *context;
    void (*on_reply)(void *context, const struct http_reply *reply);
    long (*source)(void *context, uint8_t *buffer, size_t room);
    int (*on_bytes)(void *context, struct bytes piece);
    const char *const *wanted;

    uint8_t *body; /* of the request, unless there is a source */
    uint64_t body_size, body_at;
    uint8_t *reply;
    size_t reply_size, reply_room, max_reply_bytes;
    size_t n_dropped; /* of a refusal, behind what is kept */

    uint32_t idle_ms;
    uint64_t touched_ms; /* when a byte moved last; 0: there is no connection yet */

    bool is_guarded;
    bool is_refused, is_too_large, is_declined; /* why it ended */
    bool is_enough;                             /* likewise: the refusal is understood, its end is not waited for */
    bool is_abandoned;                          /* nobody is called any more */
};

/* Takes `easy`, whatever happens. -EINVAL (URL), -ENOMEM. */
must_use_ int http_transfer_new(const uv_loop_t *loop, const struct http_client_options *options, CURL *easy,
                                const struct http_call *order, struct http_transfer **ret);

/* Gives the handle back, to be used again or cleaned up. */
CURL *http_transfer_free(struct http_transfer *transfer);

/* How it ended, with the transfer's own memory in it. */
void http_transfer_describe(const struct http_transfer *transfer, CURLcode code, struct http_reply *ret);

/* When it will have been silent for too long; UINT64_MAX: that does not matter. */
uint64_t http_transfer_deadline(const struct http_transfer *transfer);

#endif
