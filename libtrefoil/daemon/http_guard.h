/* Where a URL that strangers chose may lead: decides, never connects. Names are not judged, addresses are: what a name
 * means is known only when it has been resolved, and it may mean something else a moment later.
 */
#ifndef TREFOIL_DAEMON_HTTP_GUARD_H
#define TREFOIL_DAEMON_HTTP_GUARD_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/attributes.h"
#include "daemon/http_client.h"

/* True for a unicast address of the public Internet that is none of this host's own. */
bool http_guard_is_public(const struct sockaddr *address);

/* The same for its text, as inet_ntop() writes it. */
bool http_guard_is_public_text(const char *address);

/* Whether the addresses behind `url` must be judged: 0 no, 1 yes. -EINVAL: not http or https, too long, no host, or,
 * under a guard, with a name and password in it. */
must_use_ int http_guard_judge(const struct http_guard *guard, const char *url);

#endif
