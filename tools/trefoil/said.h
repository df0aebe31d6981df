/* What `trefoil send` says: a text of the command line, or a message written as JSON, with what the options add.
 * Never talks to the gateway.
 */
#ifndef TREFOIL_CLI_SAID_H
#define TREFOIL_CLI_SAID_H

#include <trefoil/client.h>

#include "cli/cli.h"

/* Fills message, audience, lane, `relates_ids` and `id` of the publication; all of it lives in the command's memory. The
 * author's network and name stay NULL, and the id zero, where nobody said them. CLI_OK, or what to end with after a
 * complaint. */
must_use_ int said_read(struct cli *cli, struct trefoil_message *ret, struct trefoil_publication *publication);

#endif
