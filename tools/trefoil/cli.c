/* Takes a command line apart by the table and calls what the table says. Never does anything itself. */
#include "cli/cli.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/help.h"
#include "cli/settings.h"
#include "cli/text.h"
#include "daemon/suggest.h"

#define COMPLAINT_MAX_BYTES 4096

const struct cli_option cli_global_options[] = {
    { "keyring", "FILE", "who is asking; default ./run/keys/admin.keyring (TREFOIL_KEYRING)" },
    { "gateway", "ENDPOINT", "where the gateway listens; default tcp://127.0.0.1:7700 (TREFOIL_GATEWAY)" },
    { "config", "FILE", "a YAML file with the keys `keyring` and `gateway` (TREFOIL_CONFIG)" },
    { "help", NULL, "explain and exit" },
    { 0 },
};

printf_(3, 0) static int complain(const struct cli *cli, int code, const char *format, va_list arguments)
{
    char text[COMPLAINT_MAX_BYTES]; /* there are words of others in it */

    vsnprintf(text, sizeof(text), format, arguments);
    fputs("trefoil: ", stderr);
    text_put_plain(stderr, text);
    fputc('\n', stderr);
    if (code == CLI_USAGE && cli->command)
        fprintf(stderr, "see: trefoil %s --help\n", cli->command->name);
    return code;
}

int cli_fail(const struct cli *cli, const char *format, ...)
{
    va_list arguments;
    int code;

    va_start(arguments, format);
    code = complain(cli, CLI_FAILED, format, arguments);
    va_end(arguments);
    return code;
}

int cli_misuse(const struct cli *cli, const char *format, ...)
{
    va_list arguments;
    int code;

    va_start(arguments, format);
    code = complain(cli, CLI_USAGE, format, arguments);
    va_end(arguments);
    return code;
}

/* The option at `index` of the command's, then of the global ones; NULL behind the last. */
static const struct cli_option *option_at(const struct cli_command *command, size_t index)
{
    const struct cli_option *option = command ? command->options : NULL;

    for (; option && option->name; option++, index--)
        if (index == 0)
            return option;
    for (option = cli_global_options; option->name; option++, index--)
        if (index == 0)
            return option;
    return NULL;
}

const char *cli_option(const struct cli *cli, const char *name)
{
    const struct cli_option *option;

    for (size_t i = 0; (option = option_at(cli->command, i)); i++)
        if (strcmp(option->name, name) == 0)
            return cli->values[i];
    assert(option != NULL); /* the command has no such option: our mistake */
    return NULL;
}

/* The index of the option an argument like --name or --name=value means, or -1. */
static int find_option(const struct cli_command *command, const char *argument)
{
    size_t size = strcspn(argument + 2, "=");
    const struct cli_option *option;

    if (strcmp(argument, "-h") == 0)
        argument = "--help", size = 4;
    for (size_t i = 0; (option = option_at(command, i)); i++)
        if (strlen(option->name) == size && strncmp(option->name, argument + 2, size) == 0)
            return (int) i;
    return -1;
}

static bool is_option(const char *argument)
{
    return argument[0] == '-' && argument[1] != '\0';
}

static int unknown_option(const struct cli *cli, const char *argument)
{
    char name[SUGGEST_WORD_MAX_BYTES + 1];
    struct suggestion near = { .word = name };
    const struct cli_option *option;
    size_t size = strcspn(argument, "=");

    snprintf(name, sizeof(name), "%.*s", (int) (size > 2 ? size - 2 : 0), argument + (size > 2 ? 2 : size));
    for (size_t i = 0; (option = option_at(cli->command, i)); i++)
        suggestion_offer(&near, option->name);
    if (near.best)
        return cli_misuse(cli, "unknown option %.*s; did you mean --%s?", (int) size, argument, near.best);
    return cli_misuse(cli, "unknown option %.*s (a text that begins with - goes behind --)", (int) size, argument);
}

/* One option at argv[*at], its value included. */
static int take_option(struct cli *cli, int argc, char *const *argv, int *at)
{
    const char *argument = argv[*at], *equals = strchr(argument, '=');
    int index = find_option(cli->command, argument);
    const struct cli_option *option = index < 0 ? NULL : option_at(cli->command, (size_t) index);

    if (!option)
        return unknown_option(cli, argument);
    if (cli->values[index])
        return cli_misuse(cli, "--%s is given twice", option->name);
    if (!option->value && equals)
        return cli_misuse(cli, "--%s takes no value", option->name);
    if (!option->value) {
        cli->values[index] = "";
        return CLI_OK;
    }
    if (equals) {
        cli->values[index] = equals + 1;
        return CLI_OK;
    }
    if (*at + 1 >= argc)
        return cli_misuse(cli, "--%s needs a value: --%s %s", option->name, option->name, option->value);
    cli->values[index] = argv[++*at];
    return CLI_OK;
}

/* The position of the next word that is neither an option nor a global option's value, or argc. */
static int next_word(int argc, char *const *argv, int at)
{
    for (; at < argc; at++) {
        const struct cli_option *option;
        int index;
        if (!is_option(argv[at]) || strcmp(argv[at], "--") == 0)
            return at;
        index = find_option(NULL, argv[at]);
        option = index < 0 ? NULL : option_at(NULL, (size_t) index);
        if (option && option->value && !strchr(argv[at], '='))
            at++;
    }
    return argc;
}

static const struct cli_command *find_command(const char *first, const char *second)
{
    char name[64];

    snprintf(name, sizeof(name), "%s %s", first, second ? second : "");
    for (const struct cli_command *command = cli_commands; command->name; command++)
        if (strcmp(command->name, first) == 0 || (second && strcmp(command->name, name) == 0))
            return command;
    return NULL;
}

static bool is_group(const char *word)
{
    size_t size = strlen(word);

    for (const struct cli_command *command = cli_commands; command->name; command++)
        if (strncmp(command->name, word, size) == 0 && command->name[size] == ' ')
            return true;
    return false;
}

/* Suggests among first words, or among the second words of a group. */
static int unknown_command(const struct cli *cli, const char *group, const char *word)
{
    struct suggestion near = { .word = word };
    char names[64][24];
    size_t n = 0, size = group ? strlen(group) : 0;

    for (const struct cli_command *command = cli_commands; command->name && n < ARRAY_SIZE(names); command++) {
        if (group && (strncmp(command->name, group, size) != 0 || command->name[size] != ' '))
            continue;
        snprintf(names[n], sizeof(names[n]), "%s", command->name + (group ? size + 1 : 0));
        names[n][strcspn(names[n], " ")] = '\0';
        suggestion_offer(&near, names[n++]);
    }
    if (near.best)
        return cli_misuse(cli, "unknown command %s%s%s; did you mean %s%s%s?", group ? group : "", group ? " " : "",
                          word, group ? group : "", group ? " " : "", near.best);
    return cli_misuse(cli, "unknown command %s%s%s; trefoil %s%s--help lists all", group ? group : "", group ? " " : "",
                      word, group ? group : "", group ? " " : "");
}

/* Finds the command; `ret_words` are the positions of its one or two words. */
static int choose_command(struct cli *cli, int argc, char *const *argv, int ret_words[2], bool *ret_run)
{
    int first = next_word(argc, argv, 1), second = first < argc ? next_word(argc, argv, first + 1) : argc;
    bool wants_help = false;

    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        wants_help = wants_help || strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0;
    *ret_run = false;
    if (first < argc && strcmp(argv[first], "help") == 0) { /* trefoil help room join */
        wants_help = true;
        first = second;
        second = first < argc ? next_word(argc, argv, first + 1) : argc;
    }
    if (first == argc) {
        help_all(wants_help ? stdout : stderr);
        return wants_help ? CLI_OK : CLI_USAGE;
    }
    ret_words[0] = first;
    ret_words[1] = -1;
    if (is_group(argv[first])) {
        if (second == argc) {
            help_group(wants_help ? stdout : stderr, argv[first]);
            return wants_help ? CLI_OK : CLI_USAGE;
        }
        ret_words[1] = second;
        cli->command = find_command(argv[first], argv[second]);
        if (!cli->command)
            return unknown_command(cli, argv[first], argv[second]);
    } else {
        cli->command = find_command(argv[first], NULL);
        if (!cli->command)
            return unknown_command(cli, NULL, argv[first]);
    }
    if (wants_help)
        help_command(stdout, cli->command);
    *ret_run = !wants_help;
    return CLI_OK;
}

static int take_argument(struct cli *cli, const char *argument)
{
    if (cli->n_arguments >= cli->command->max_arguments || cli->n_arguments >= CLI_ARGUMENTS_MAX)
        return cli_misuse(cli, "one argument too many: %s", argument);
    cli->arguments[cli->n_arguments++] = argument;
    return CLI_OK;
}

int cli_parse(struct cli *cli, int argc, char *const *argv, bool *ret_run)
{
    bool only_arguments = false;
    int words[2] = { -1, -1 }, r = choose_command(cli, argc, argv, words, ret_run);

    if (r != CLI_OK || !*ret_run)
        return r;
    for (int i = 1; i < argc && r == CLI_OK; i++) {
        if (i == words[0] || i == words[1])
            continue;
        if (!only_arguments && strcmp(argv[i], "--") == 0)
            only_arguments = true;
        else if (!only_arguments && is_option(argv[i]))
            r = take_option(cli, argc, argv, &i);
        else
            r = take_argument(cli, argv[i]);
    }
    if (r == CLI_OK && cli->n_arguments < cli->command->min_arguments)
        r = cli_misuse(cli, "an argument is missing; usage: trefoil %s %s", cli->command->name,
                       cli->command->arguments);
    *ret_run = r == CLI_OK;
    return r;
}

int cli_main(int argc, char *const *argv, char *const *env)
{
    struct cli cli = { .mem = ARENA_EMPTY(CLI_MEMORY_MAX_BYTES) };
    bool run = false;
    int r = cli_parse(&cli, argc, argv, &run);

    if (run)
        r = settings_settle(&cli, env);
    if (run && r == CLI_OK)
        r = cli.command->run(&cli);
    if (r == CLI_OK && (fflush(stdout) != 0 || ferror(stdout)))
        r = cli_fail(&cli, "what should be printed cannot be written");
    arena_deinit(&cli.mem);
    return r;
}
