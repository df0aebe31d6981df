/* The commands, one function each, one file each. cli_commands[] is made of them. */
#ifndef TREFOIL_CLI_COMMANDS_H
#define TREFOIL_CLI_COMMANDS_H

#include "cli/cli.h"

must_use_ int command_init(struct cli *cli);
must_use_ int command_roster_show(struct cli *cli);
must_use_ int command_roster_sign(struct cli *cli);
must_use_ int command_roster_add(struct cli *cli);
must_use_ int command_roster_remove(struct cli *cli);

#endif
