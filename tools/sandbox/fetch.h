/* The networks fetch what a link leads to, as their crawlers do: with limits of size and time. Never follows redirects,
 * never keeps more than the file.
 */
#ifndef TREFOIL_SANDBOX_FETCH_H
#define TREFOIL_SANDBOX_FETCH_H

#include "sandbox/world.h"

struct fetch_order {
    const char *url;
    uint64_t max_bytes;
    uint32_t timeout_ms;
    const char *mime; /* when the answer does not say */
    void *context;
    /* Once, later. NULL: nothing usable came, `is_too_large` when that was why. */
    void (*on_file)(void *context, struct file *file, bool is_too_large);
    void (*on_forgotten)(void *context); /* the sandbox ends: only to be freed */
};

/* -ENOMEM, -EINVAL (no URL). */
must_use_ int fetch(struct world *world, const struct fetch_order *order);

/* The client is closed: nothing will come any more. */
void fetches_forget(struct world *world);

#endif
