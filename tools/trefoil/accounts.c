/* `trefoil accounts`: how each account is, since when, and what a human can do. Never judges: translators do. */
#include "cli/accounts.h"

#include <inttypes.h>

#include "cli/bus.h"
#include "cli/commands.h"
#include "cli/text.h"
#include "cli/words.h"

const char *accounts_state(const struct trefoil_capabilities *account)
{
    if (account->replicas == 0)
        return "stopped";
    return account->state.health == TREFOIL_ACCOUNT_NONE ? "not said" : words_health(account->state.health);
}

void accounts_put(FILE *out, const struct trefoil_capabilities *accounts, size_t n_accounts)
{
    char since[TEXT_TIME_BYTES];

    for (size_t i = 0; i < n_accounts; i++) {
        const struct trefoil_capabilities *account = &accounts[i];

        text_put_column(out, account->account ? account->account : "-", 32);
        fprintf(out, "  %-15s  since %s  ", accounts_state(account), text_of_time(account->state_since_ms, since));
        text_put_plain(out, account->service && *account->service ? account->service : "nobody");
        fprintf(out, ", %" PRIu32 " connected", account->replicas);
        if (account->state.code > 0)
            fprintf(out, "  code %" PRIu32 "/%" PRIu32, account->state.code, account->state.subcode);
        if (account->state.next_action) {
            fprintf(out, "  → ");
            text_put_plain(out, account->state.next_action);
        }
        fprintf(out, "\n");
    }
}

void accounts_put_json(FILE *out, const struct trefoil_capabilities *accounts, size_t n_accounts)
{
    for (size_t i = 0; i < n_accounts; i++) {
        const struct trefoil_capabilities *account = &accounts[i];

        fprintf(out, "{\"account\":");
        text_put_json(out, account->account);
        fprintf(out, ",\"state\":");
        text_put_json(out, accounts_state(account));
        fprintf(out, ",\"told\":");
        text_put_json(out, words_health(account->state.health));
        fprintf(out, ",\"since_ms\":%" PRIu64 ",\"code\":%" PRIu32 ",\"subcode\":%" PRIu32 ",\"next_action\":",
                account->state_since_ms, account->state.code, account->state.subcode);
        text_put_json(out, account->state.next_action);
        fprintf(out, ",\"service\":");
        text_put_json(out, account->service);
        fprintf(out, ",\"replicas\":%" PRIu32 "}\n", account->replicas);
    }
}

/* Who reads and writes besides: all of the channel, in the order of the roster. */
static void put_services(const struct trefoil_answer *answer)
{
    printf("\nservices:");
    for (size_t i = 0; i < answer->n_counters; i++) {
        printf("%s ", i > 0 ? "," : "");
        text_put_plain(stdout, answer->counters[i].name);
        printf(" %" PRIu64, answer->counters[i].value);
    }
    printf(" connected\n");
}

static void put_page_json(void *context, const struct trefoil_answer *page)
{
    (void) context;
    accounts_put_json(stdout, page->capabilities, page->n_capabilities);
}

static void put_page(void *context, const struct trefoil_answer *page)
{
    (void) context;
    accounts_put(stdout, page->capabilities, page->n_capabilities);
    if (page->n_counters > 0)
        put_services(page);
}

int command_accounts(struct cli *cli)
{
    bool json = cli_option(cli, "json") != NULL;
    size_t n = 0;
    struct bus bus;
    int r = bus_open(cli, &bus);

    if (r == CLI_OK)
        r = bus_walk_accounts(&bus, json ? put_page_json : put_page, NULL, &n);
    if (r == CLI_OK && n == 0)
        r = cli_fail(cli, "no translator has said yet how its account is; are they running? (trefoil roster show)");
    bus_close(&bus);
    return r;
}
