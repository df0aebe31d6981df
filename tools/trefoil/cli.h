/* The command line: a table of commands, from which parsing, help and suggestions all follow.
 * Never knows what a command does.
 */
#ifndef TREFOIL_CLI_CLI_H
#define TREFOIL_CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attributes.h"

/* What the process ends with. */
enum cli_exit { CLI_OK = 0, CLI_FAILED = 1, CLI_USAGE = 2 };

#define CLI_OPTIONS_MAX 16 /* of one command, the global ones included */
#define CLI_ARGUMENTS_MAX 64
#define CLI_MEMORY_MAX_BYTES (64u << 20)

struct cli_option {
    const char *name;  /* "reply-to", written --reply-to */
    const char *value; /* what stands for its value in the help; NULL: a flag */
    const char *help;
};

struct cli;

struct cli_command {
    const char *name;      /* "room join" */
    const char *arguments; /* "ROOM ADDRESS"; NULL: none */
    unsigned min_arguments, max_arguments;
    const char *help;                 /* one line */
    const char *details;              /* more lines, examples; NULL */
    const struct cli_option *options; /* terminated by a NULL name; NULL: only the global ones */
    int (*run)(struct cli *cli);
};

struct cli {
    const struct cli_command *command;
    const char *arguments[CLI_ARGUMENTS_MAX];
    unsigned n_arguments;
    const char *values[CLI_OPTIONS_MAX]; /* in the order of the command's options, then the global ones */
    const char *keyring, *gateway;       /* settled from option, environment, --config, default, in this order */
    bool is_default_keyring;             /* nobody has named one */
    struct arena mem;
};

extern const struct cli_command cli_commands[]; /* terminated by a NULL name */
extern const struct cli_option cli_global_options[];

/* Parses, runs, and cleans up: what main() returns. Help goes to stdout, complaints to stderr. */
must_use_ int cli_main(int argc, char *const *argv, char *const *env);

/* Parses only. CLI_OK with `*ret_run` false when help was printed, CLI_USAGE after a complaint. */
must_use_ int cli_parse(struct cli *cli, int argc, char *const *argv, bool *ret_run);

/* The option's value ("" for a flag), or NULL when it was not given. The command must have it. */
const char *cli_option(const struct cli *cli, const char *name);

/* Say what went wrong, with a newline added, and return what the process ends with. */
must_use_ int cli_fail(const struct cli *cli, const char *format, ...) printf_(2, 3);
must_use_ int cli_misuse(const struct cli *cli, const char *format, ...) printf_(2, 3);

#endif
