/* `trefoil roster push` and --push: the signed roster to the gateway, which verifies it against its pinned root.
 * Never signs.
 */
#include "cli/roster_push.h"

#include <stdio.h>
#include <string.h>

#include "cli/bus.h"
#include "cli/commands.h"
#include "cli/tenant.h"

int roster_push(struct cli *cli, struct bytes bundle)
{
    const struct trefoil_ask ask = { .question = TREFOIL_ASK_ROSTER_PUT, .bundle = { bundle.data, bundle.size } };
    const struct trefoil_answer *answer;
    struct bus bus;
    int r = bus_connect(cli, &bus);

    if (r == CLI_OK)
        r = bus_ask(&bus, &ask, &answer);
    if (r == CLI_OK)
        printf("The gateway at %s has it.\n", cli->gateway);
    bus_close(&bus);
    return r;
}

int command_roster_push(struct cli *cli)
{
    const char *dir = tenant_dir(cli);
    struct tenant tenant;
    int r = dir ? tenant_open(cli, dir, &tenant) : cli_fail(cli, "out of memory");

    return r == CLI_OK ? roster_push(cli, tenant.bundle) : r;
}
