/* Between the walk over a configuration's text and whoever reads the file: which secret files were named where.
 * Never used outside config*.c.
 */
#ifndef TREFOIL_DAEMON_CONFIG_WALK_H
#define TREFOIL_DAEMON_CONFIG_WALK_H

#include "daemon/config.h"
#include "daemon/config_value.h"

struct config_secret_use {
    struct config_secret_use *next;
    const struct config_key *key;
    const char *file; /* as configured */
    const char *path; /* "accounts[2].token_file" */
    size_t line;      /* 0: from the environment, or the key's default */
};

struct config_source {
    struct bytes text;
    char *const *env;
    struct config_secret_use **secrets; /* collects, newest first; may be NULL */
};

must_use_ int config_walk(const struct config_key *keys, const struct config_source *source, struct arena *mem,
                          void *ret, const struct config_error *error);

#endif
