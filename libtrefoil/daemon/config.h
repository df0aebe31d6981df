/* A process's configuration: a YAML file described by a table, every key overridable by the environment.
 * Unknown keys, wrong types and values out of range are errors that name file, line, key and what is allowed.
 * Secrets come only from files (`*_file` keys); their permissions are checked.
 */
#ifndef TREFOIL_DAEMON_CONFIG_H
#define TREFOIL_DAEMON_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attributes.h"
#include "base/bytes.h"

#define CONFIG_FILE_MAX_BYTES (1 << 20)
#define CONFIG_DEPTH_MAX 4
#define CONFIG_KEYS_MAX 64 /* in one table */
#define CONFIG_ITEMS_MAX 1024
#define CONFIG_TEXT_MAX_BYTES 4096 /* unless the key says less */
#define CONFIG_SECRET_MAX_BYTES 4096
#define CONFIG_ERROR_MAX_BYTES 512 /* room that holds every message */

enum config_type {
    CONFIG_TEXT,        /* const char * */
    CONFIG_NUMBER,      /* uint64_t, between min and max */
    CONFIG_FLAG,        /* bool: true or false */
    CONFIG_WORD,        /* int: index into `words` */
    CONFIG_SECRET_FILE, /* const char *: a path whose file nobody but its owner can read; checked at load */
    CONFIG_TEXTS,       /* struct config_texts: a list of texts */
    CONFIG_LIST,        /* struct config_list: a list of maps, each described by `items` */
};

struct config_texts {
    const char *const *texts;
    size_t n_texts;
    const uint32_t *lines; /* of the file, one for each: for whoever has more to say about a text than its length */
};
struct config_list {
    void *items;
    size_t n_items;
};

struct config_key {
    const char *name; /* "webhook_port" */
    enum config_type type;
    size_t offset; /* of the member in the struct it goes to */
    bool required;
    uint64_t min, max;              /* NUMBER; TEXT: lengths when max > 0; LIST and TEXTS: counts when max > 0 */
    const char *const *words;       /* WORD: NULL-terminated */
    const struct config_key *items; /* LIST: keys of one item, terminated by a NULL name */
    size_t item_size;               /* LIST */
    const char *initial;            /* default, as it would be written; NULL: zero */
    const char *help;               /* one line */
};

/* Reads `text` (the file's bytes) into `*ret` (zeroed by the caller, described by `keys`). Everything lives in `mem`.
 * `env` is a list of "NAME=value" as environ, or NULL; TREFOIL_WEBHOOK_PORT overrides webhook_port (top-level keys).
 * 0, -ENOMEM, or -EBADMSG with one line in `error`: "file:line: key: what is wrong; allowed: …". No value is repeated in it: it might be
 * a secret in the wrong place. Pure. */
must_use_ int config_parse(const struct config_key *keys, const char *file, struct bytes text, char *const *env,
                           struct arena *mem, void *ret, char *error, size_t error_room);

/* Reads the file, parses it, checks secret files. -errno or -EBADMSG with `error` filled in. */
must_use_ int config_load(const struct config_key *keys, const char *path, char *const *env, struct arena *mem,
                          void *ret, char *error, size_t error_room);

/* The first line of a secret file without its newline, into memory the caller wipes (arena). At most 4 KB.
 * -EACCES when others can read it, -errno, -EBADMSG when empty. */
must_use_ int config_secret(const char *path, struct arena *mem, const char **ret);

#endif
