/* Help as text in two columns, from the table of commands. Never says what the table does not. */
#include "cli/help.h"

#include <string.h>

static void put_line(FILE *out, const char *left, size_t width, const char *right)
{
    fprintf(out, "  %-*s  %s\n", (int) width, left, right);
}

static void put_options(FILE *out, const char *title, const struct cli_option *options)
{
    char left[64];

    fprintf(out, "\n%s\n", title);
    for (const struct cli_option *option = options; option->name; option++) {
        snprintf(left, sizeof(left), "--%s%s%s", option->name, option->value ? " " : "",
                 option->value ? option->value : "");
        put_line(out, left, 20, option->help);
    }
}

static void put_commands(FILE *out, const char *group)
{
    size_t size = group ? strlen(group) : 0;
    char left[64];

    for (const struct cli_command *command = cli_commands; command->name; command++) {
        if (group && (strncmp(command->name, group, size) != 0 || command->name[size] != ' '))
            continue;
        snprintf(left, sizeof(left), "%s%s%s", command->name, command->arguments ? " " : "",
                 command->arguments ? command->arguments : "");
        put_line(out, left, 28, command->help);
    }
}

void help_all(FILE *out)
{
    fprintf(out, "trefoil: keys, rooms, messages and books of a Trefoil system\n\n"
                 "usage: trefoil COMMAND [ARGUMENTS] [OPTIONS]\n\ncommands\n");
    put_commands(out, NULL);
    put_options(out, "options of every command", cli_global_options);
    fprintf(out, "\nEvery command explains itself: trefoil COMMAND --help\n"
                 "Exit codes: 0 done, 1 it did not work, 2 the command line is wrong.\n");
}

void help_group(FILE *out, const char *group)
{
    fprintf(out, "usage: trefoil %s COMMAND [ARGUMENTS] [OPTIONS]\n\ncommands\n", group);
    put_commands(out, group);
    fprintf(out, "\nEvery command explains itself: trefoil %s COMMAND --help\n", group);
}

void help_command(FILE *out, const struct cli_command *command)
{
    fprintf(out, "trefoil %s: %s\n\nusage: trefoil %s%s%s%s\n", command->name, command->help, command->name,
            command->arguments ? " " : "", command->arguments ? command->arguments : "", " [OPTIONS]");
    if (command->details)
        fprintf(out, "\n%s", command->details);
    if (command->options)
        put_options(out, "options", command->options);
    put_options(out, "options of every command", cli_global_options);
}
