/* `trefoil capabilities`: what each network can express, as its translator published it. Never judges it. */
#include "cli/bus.h"
#include "cli/capability_table.h"
#include "cli/commands.h"

typedef void putter(FILE *out, const struct trefoil_capabilities *accounts, size_t n_accounts);

/* Page by page: a table each. */
static int put_pages(struct cli *cli, struct bus *bus, putter *put, const char *between, size_t *ret_n)
{
    struct trefoil_ask ask = { .question = TREFOIL_ASK_CAPABILITY_LIST, .channel = bus->channel };
    const struct trefoil_answer *answer;
    bool more = true;

    *ret_n = 0;
    while (more) {
        int r = bus_ask(bus, &ask, &answer);
        if (r != CLI_OK)
            return r;
        if (*ret_n > 0 && answer->n_capabilities > 0)
            fputs(between, stdout);
        if (answer->n_capabilities > 0)
            put(stdout, answer->capabilities, answer->n_capabilities);
        *ret_n += answer->n_capabilities;
        more = answer->more && answer->n_capabilities > 0;
        if (more) {
            const char *last = answer->capabilities[answer->n_capabilities - 1].account;
            ask.address.account = arena_text(&cli->mem, bytes_of_text(last));
        }
    }
    return CLI_OK;
}

int command_capabilities(struct cli *cli)
{
    bool json = cli_option(cli, "json") != NULL, markdown = cli_option(cli, "markdown") != NULL;
    putter *put = json ? capability_table_put_json : markdown ? capability_table_put_markdown : capability_table_put;
    struct bus bus;
    size_t n;
    int r;

    if (json && markdown)
        return cli_misuse(cli, "one of --json and --markdown");
    r = bus_open(cli, &bus);
    if (r == CLI_OK)
        r = put_pages(cli, &bus, put, json ? "" : "\n", &n);
    if (r == CLI_OK && n == 0 && !json)
        r = cli_fail(cli, "no translator has said yet what its network can express");
    bus_close(&bus);
    return r;
}
