/* `trefoil completion`: a bash completion made from the table of commands. Never asks the bus. */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"

static void put_options(const struct cli_option *options)
{
    for (const struct cli_option *option = options; option && option->name; option++)
        printf(" --%s", option->name);
}

/* First words, each once: commands of a group follow each other in the table. */
static void put_first_words(void)
{
    const char *last = "";

    for (const struct cli_command *command = cli_commands; command->name; command++) {
        size_t size = strcspn(command->name, " ");
        if (strlen(last) < size || strncmp(last, command->name, size) != 0 || strcspn(last, " ") != size)
            printf(" %.*s", (int) size, command->name);
        last = command->name;
    }
}

static void put_second_words(const char *group, size_t size)
{
    for (const struct cli_command *command = cli_commands; command->name; command++)
        if (strncmp(command->name, group, size) == 0 && command->name[size] == ' ')
            printf(" %s", command->name + size + 1);
}

static void put_groups(void)
{
    const char *last = "";

    for (const struct cli_command *command = cli_commands; command->name; command++) {
        size_t size = strcspn(command->name, " ");
        if (command->name[size] == ' ' && (strcspn(last, " ") != size || strncmp(last, command->name, size) != 0)) {
            printf("    \"%.*s\") words=\"", (int) size, command->name);
            put_second_words(command->name, size);
            printf("\" ;;\n");
        }
        last = command->name;
    }
}

int command_completion(struct cli *cli unused_)
{
    printf("# bash completion of trefoil; use: source <(trefoil completion)\n"
           "_trefoil() {\n"
           "    local word=${COMP_WORDS[COMP_CWORD]} first=${COMP_WORDS[1]:-} second=${COMP_WORDS[2]:-} words=\n"
           "    case ${COMP_WORDS[COMP_CWORD - 1]} in\n"
           "    --keyring | --config | --dir) mapfile -t COMPREPLY < <(compgen -f -- \"$word\"); return ;;\n"
           "    esac\n"
           "    if [ \"$COMP_CWORD\" -eq 1 ]; then words=\"");
    put_first_words();
    printf(" --help\"\n    elif [ \"$COMP_CWORD\" -eq 2 ]; then case $first in\n");
    put_groups();
    printf("    esac; fi\n    case $word in -*) case \"$first $second\" in\n");
    for (const struct cli_command *command = cli_commands; command->name; command++) {
        printf("    \"%s%s\"*) words=\"", command->name, strchr(command->name, ' ') ? "" : " ");
        put_options(command->options);
        put_options(cli_global_options);
        printf("\" ;;\n");
    }
    printf("    esac ;; esac\n"
           "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
           "}\n"
           "complete -o default -F _trefoil trefoil\n");
    return CLI_OK;
}
