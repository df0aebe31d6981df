/* URLs of files: the host in them, and where a redirect leads. Refuses whatever two readers could read differently.
 * Pure.
 */
#ifndef TREFOIL_SKELETON_MEDIA_LINK_H
#define TREFOIL_SKELETON_MEDIA_LINK_H

#include <stdbool.h>

#include "base/arena.h"

#define MEDIA_LINK_MAX_BYTES 4096

struct media_link {
    bool is_secure;         /* https */
    struct bytes authority; /* "host:port" as written */
    struct bytes host;      /* without the port */
    struct bytes path;      /* what follows, without query and fragment */
};

/* Borrows from `url`. -EINVAL: neither http nor https, a name or password in it, odd characters, too long. */
must_use_ int media_link_read(const char *url, struct media_link *ret);

/* Where `location` leads from `base`. -EINVAL, -ENOMEM. */
must_use_ int media_link_follow(const char *base, const char *location, struct arena *mem, const char **ret);

/* True when the host is `end` or lies below it; with a port in `end`, when it is exactly that host and port. */
bool media_link_ends(const struct media_link *link, const char *end);

/* The last part of the path, or NULL when there is none. */
const char *media_link_name(const struct media_link *link, struct arena *mem);

/* The file name in a Content-Disposition header, decoded; NULL when it has none. */
const char *media_link_disposition(const char *header, struct arena *mem);

#endif
