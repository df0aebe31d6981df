/* The whole sandbox on a loop: Graph API, control API, live feed and page on one port, webhooks going out.
 * Never more than one process and one thread.
 */
#ifndef TREFOIL_SANDBOX_SANDBOX_H
#define TREFOIL_SANDBOX_SANDBOX_H

#include "daemon/http_server.h"
#include "sandbox/world.h"

struct sandbox {
    struct world world;
    struct http_server *server;
    const char *page_folder; /* NULL: built in */
};

/* `sandbox` is zeroed. -errno, with the part at fault in `*ret_what`; then too sandbox_stop() is due. */
must_use_ int sandbox_start(struct sandbox *sandbox, uv_loop_t *loop, const struct settings *settings,
                            const char **ret_what);

/* Then the loop must run out, before sandbox_deinit(). */
void sandbox_stop(struct sandbox *sandbox);
void sandbox_deinit(struct sandbox *sandbox);

#endif
