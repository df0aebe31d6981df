/* One step per line, in the order in which a failure matters. Never runs twice usefully, never undoes. */
#include "daemon/confine.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

static int no_core_dumps(void)
{
    return setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
}

static int not_dumpable(void)
{
    return prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L);
}

static int no_new_privileges(void)
{
    return prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L);
}

static int private_files(void)
{
    umask(077);
    return 0;
}

static int ignore_broken_pipes(void)
{
    return signal(SIGPIPE, SIG_IGN) == SIG_ERR ? -1 : 0;
}

int confine_process(const char **ret_step)
{
    static const struct {
        const char *name;
        int (*step)(void);
    } steps[] = {
        { "no core dumps", no_core_dumps },         { "not dumpable", not_dumpable },
        { "no new privileges", no_new_privileges }, { "private files", private_files },
        { "ignore SIGPIPE", ignore_broken_pipes },
    };

    for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
        if (steps[i].step() < 0) {
            *ret_step = steps[i].name;
            return -errno;
        }
    }
    return 0;
}
