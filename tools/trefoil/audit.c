/* `trefoil audit`: nothing was lost, and here are the numbers. Never rounds. */
#include "cli/audit.h"

#include <inttypes.h>
#include <string.h>

#include "base/attributes.h"
#include "cli/books.h"
#include "cli/bus.h"
#include "cli/commands.h"
#include "cli/fetch.h"

/* left = the sum of the rights */
struct equation {
    const char *what, *left, *rights[5];
};

static const struct equation equations[] = {
    { "envelopes", "received", { "published", "duplicate", "rejected" } },
    { "targets", "targets", { "sent", "bounced", "dead", "pending" } },
};

static bool find(const struct trefoil_counter *counters, size_t n_counters, const char *name, uint64_t *ret)
{
    for (size_t i = 0; i < n_counters; i++) {
        if (strcmp(counters[i].name, name) == 0) {
            *ret = counters[i].value;
            return true;
        }
    }
    return false;
}

/* The gateway counts what is open where it waits, and stops somewhere when it is very much. */
static bool is_at_least(const struct trefoil_counter *counters, size_t n_counters, const char *name)
{
    uint64_t at_least = 0;

    return strcmp(name, "pending") == 0 && find(counters, n_counters, "pending_at_least", &at_least) && at_least > 0;
}

static bool put_equation(FILE *out, const struct equation *equation, const struct trefoil_counter *counters,
                         size_t n_counters)
{
    uint64_t left = 0, sum = 0, value;
    bool is_whole = find(counters, n_counters, equation->left, &left), is_partial = false;

    fprintf(out, "%-10s %s %" PRIu64 " =", equation->what, equation->left, left);
    for (size_t i = 0; i < ARRAY_SIZE(equation->rights) && equation->rights[i]; i++) {
        value = 0;
        is_whole = find(counters, n_counters, equation->rights[i], &value) && is_whole;
        bool at_least = is_at_least(counters, n_counters, equation->rights[i]);
        fprintf(out, "%s %s %s%" PRIu64, i > 0 ? " +" : "", equation->rights[i], at_least ? "at least " : "", value);
        is_partial = is_partial || at_least;
        sum += value;
    }
    if (!is_whole)
        fprintf(out, "   INCOMPLETE: the gateway did not tell all of them\n");
    else if (is_partial && sum <= left)
        fprintf(out, "   ok as far as counted\n");
    else if (left != sum)
        fprintf(out, "   DOES NOT ADD UP: %" PRIu64 " %s\n", left > sum ? left - sum : sum - left,
                left > sum ? "missing" : "too many");
    else
        fprintf(out, "   ok\n");
    return is_whole && (left == sum || (is_partial && sum < left));
}

bool audit_put(FILE *out, const struct trefoil_counter *counters, size_t n_counters)
{
    bool adds_up = true;

    for (size_t i = 0; i < ARRAY_SIZE(equations); i++)
        adds_up = put_equation(out, &equations[i], counters, n_counters) && adds_up;
    return adds_up;
}

/* Reads every URL of the list into the books. */
static int read_books(struct cli *cli, const char *list, struct books *ret)
{
    *ret = (struct books){ 0 };
    while (*list) {
        size_t size = strcspn(list, ",");
        const char *url = arena_text(&cli->mem, bytes_make(list, size));
        bool is_state = url && strstr(url, "/control/state");
        struct bytes body;
        if (!url)
            return cli_fail(cli, "out of memory");
        int r = fetch_text(cli, url, &body);
        if (r != CLI_OK)
            return r;
        if ((is_state ? books_add_state(ret, body) : books_add_metrics(ret, body)) < 0)
            return cli_fail(cli, "%s: neither a translator's /metrics nor the sandbox's /control/state", url);
        list += size + (list[size] == ',');
    }
    return CLI_OK;
}

int command_audit(struct cli *cli)
{
    struct trefoil_ask ask = { .question = TREFOIL_ASK_AUDIT };
    const struct trefoil_answer *answer;
    const char *with = cli_option(cli, "with");
    struct bus bus = { 0 };
    struct books books;
    int r = with ? read_books(cli, with, &books) : CLI_OK;

    if (r == CLI_OK)
        r = bus_open(cli, &bus);
    ask.channel = bus.channel;
    if (r == CLI_OK)
        r = bus_ask(&bus, &ask, &answer);
    if (r == CLI_OK) {
        bool adds_up = audit_put(stdout, answer->counters, answer->n_counters);
        if (with)
            adds_up = books_put(stdout, &books, answer->counters, answer->n_counters) && adds_up;
        r = adds_up ? CLI_OK : CLI_FAILED;
    }
    bus_close(&bus);
    return r;
}
