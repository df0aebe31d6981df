/* Who asks and whom: the keyring and the gateway, from option, environment, file or default, in this order. */
#ifndef TREFOIL_CLI_SETTINGS_H
#define TREFOIL_CLI_SETTINGS_H

#include "cli/cli.h"

must_use_ int settings_settle(struct cli *cli, char *const *env);

#endif
