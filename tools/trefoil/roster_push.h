/* A signed roster on its way to the gateway. Never signs one. */
#ifndef TREFOIL_CLI_ROSTER_PUSH_H
#define TREFOIL_CLI_ROSTER_PUSH_H

#include "base/bytes.h"
#include "cli/cli.h"

must_use_ int roster_push(struct cli *cli, struct bytes bundle);

#endif
