/* libcurl's sockets and its one timer, on the loop. Knows nothing of requests. */
#ifndef TREFOIL_DAEMON_HTTP_PUMP_H
#define TREFOIL_DAEMON_HTTP_PUMP_H

#include <stdbool.h>

#include <curl/curl.h>
#include <uv.h>

#include "base/attributes.h"

struct http_pump;

/* `on_turn(owner)` follows whenever libcurl has done something, outside of it. -ENOMEM. */
must_use_ int http_pump_new(uv_loop_t *loop, CURLM *multi, void *owner, void (*on_turn)(void *owner),
                            struct http_pump **ret);

/* True while libcurl is at work: in its callbacks handles can be neither added nor removed. */
bool http_pump_is_inside(const struct http_pump *pump);

/* After curl_multi_cleanup(). Accepts NULL, returns NULL. */
struct http_pump *http_pump_free(struct http_pump *pump);

/* Before curl_multi_cleanup(): nothing is watched any more. */
void http_pump_stop(struct http_pump *pump);

#endif
