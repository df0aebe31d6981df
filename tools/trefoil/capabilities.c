/* `trefoil capabilities`: what each network can express, as its translator published it. Never judges it. */
#include "cli/bus.h"
#include "cli/capability_table.h"
#include "cli/commands.h"

int command_capabilities(struct cli *cli)
{
    struct trefoil_ask ask = { .question = TREFOIL_ASK_CAPABILITY_LIST };
    bool json = cli_option(cli, "json") != NULL, markdown = cli_option(cli, "markdown") != NULL;
    const struct trefoil_answer *answer = NULL;
    struct bus bus;
    int r;

    if (json && markdown)
        return cli_misuse(cli, "one of --json and --markdown");
    r = bus_open(cli, &bus);
    ask.channel = bus.channel;
    if (r == CLI_OK)
        r = bus_ask(&bus, &ask, &answer);
    if (r == CLI_OK && answer->n_capabilities == 0 && !json)
        r = cli_fail(cli, "no translator has said yet what its network can express");
    if (r == CLI_OK && json)
        capability_table_put_json(stdout, answer->capabilities, answer->n_capabilities);
    else if (r == CLI_OK && markdown)
        capability_table_put_markdown(stdout, answer->capabilities, answer->n_capabilities);
    else if (r == CLI_OK)
        capability_table_put(stdout, answer->capabilities, answer->n_capabilities);
    bus_close(&bus);
    return r;
}
