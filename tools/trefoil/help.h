/* Help, made from the table of commands. Never says what the table does not. */
#ifndef TREFOIL_CLI_HELP_H
#define TREFOIL_CLI_HELP_H

#include <stdio.h>

#include "cli/cli.h"

void help_all(FILE *out);
void help_group(FILE *out, const char *group); /* the commands whose name begins with this word */
void help_command(FILE *out, const struct cli_command *command);

#endif
