/* `trefoil capabilities`: what each network can express, as its translator published it. Never judges it. */
#include "cli/bus.h"
#include "cli/capability_table.h"
#include "cli/commands.h"

/* Page by page: a table each. */
struct tables {
    void (*put)(FILE *out, const struct trefoil_capabilities *accounts, size_t n_accounts);
    const char *between;
    bool has_one;
};

static void put_page(void *context, const struct trefoil_answer *page)
{
    struct tables *tables = context;

    if (page->n_capabilities == 0)
        return;
    if (tables->has_one)
        fputs(tables->between, stdout);
    tables->has_one = true;
    tables->put(stdout, page->capabilities, page->n_capabilities);
}

int command_capabilities(struct cli *cli)
{
    bool json = cli_option(cli, "json") != NULL, markdown = cli_option(cli, "markdown") != NULL;
    struct tables tables = {
        .put = json       ? capability_table_put_json
               : markdown ? capability_table_put_markdown
                          : capability_table_put,
        .between = json ? "" : "\n",
    };
    struct bus bus;
    size_t n = 0;
    int r;

    if (json && markdown)
        return cli_misuse(cli, "one of --json and --markdown");
    r = bus_open(cli, &bus);
    if (r == CLI_OK)
        r = bus_walk_accounts(&bus, put_page, &tables, &n);
    if (r == CLI_OK && n == 0 && !json)
        r = cli_fail(cli, "no translator has said yet what its network can express");
    bus_close(&bus);
    return r;
}
