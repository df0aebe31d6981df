/* The page for whoever watches the process: /metrics, /healthz, /readyz. Plain HTTP, loopback unless told otherwise.
 * Never changes anything: GET and HEAD only.
 */
#ifndef TREFOIL_DAEMON_ADMIN_H
#define TREFOIL_DAEMON_ADMIN_H

#include <stdint.h>

#include <uv.h>

#include "base/attributes.h"
#include "daemon/metrics.h"

#define ADMIN_REASONS_MAX 16

struct admin;

struct admin_options {
    const char *host;        /* NULL: 127.0.0.1 */
    uint16_t port;           /* 0: any; admin_port() tells */
    const char *process;     /* "gateway", "whatsapp", … */
    struct metrics *metrics; /* borrowed; gets the process's own figures (memory, CPU, files) added */
    void *owner;
    /* Fills in constant words for what is wrong, at most `room` of them: how many. 0 means ready. */
    unsigned (*why_not_ready)(void *owner, const char **reasons, unsigned room);
};

/* /healthz: 200 {"alive":true} · /readyz: 200 {"ready":true}, 503 {"ready":false,"why":["bus not connected"]} ·
 * /metrics · anything else 404, other methods 405. -EADDRINUSE, -EACCES, -ENOMEM, -errno. */
must_use_ int admin_open(uv_loop_t *loop, const struct admin_options *options, struct admin **ret);

/* Accepts NULL, returns NULL. */
struct admin *admin_close(struct admin *admin);

uint16_t admin_port(const struct admin *admin);

#endif
