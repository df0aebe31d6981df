/* One value of a configuration: from its text to its place in the struct. Never looks at files or at YAML. */
#ifndef TREFOIL_DAEMON_CONFIG_VALUE_H
#define TREFOIL_DAEMON_CONFIG_VALUE_H

#include "daemon/config.h"

struct config_error {
    char *text;
    size_t room;
    const char *where; /* file, or the environment variable */
};

/* Writes "where:line: key: …; allowed: …" (line 0: left out; no key, no `allowed`). Always -EBADMSG. */
must_use_ int config_complain(const struct config_error *error, size_t line, const char *path,
                              const struct config_key *key, const char *what);

/* Puts a scalar where it belongs below `base`. 0, -ENOMEM, -EBADMSG. */
must_use_ int config_set(const struct config_key *key, struct bytes text, struct arena *mem, void *base,
                         const char **ret_what);

/* What a value of this key must look like, into `text`. */
void config_describe(const struct config_key *key, char *text, size_t room);

#endif
