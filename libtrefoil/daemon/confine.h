/* What a process of ours gives up before it touches a secret: core dumps, debuggers, new privileges, open file modes.
 * Never gives anything back.
 */
#ifndef TREFOIL_DAEMON_CONFINE_H
#define TREFOIL_DAEMON_CONFINE_H

#include "base/attributes.h"

/* No core dumps, not dumpable, no new privileges, umask 077, SIGPIPE ignored. First thing in main(). 0, or -errno with
 * the step that failed, in constant words, in `*ret_step`. */
must_use_ int confine_process(const char **ret_step);

#endif
