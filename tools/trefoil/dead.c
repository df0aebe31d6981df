/* `trefoil dead …`: what could not be delivered, why, and another try. Shows content only on `show` and `export
 * --content`, and only to whoever holds the keys.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/bytes.h"
#include "cli/bus.h"
#include "cli/commands.h"
#include "cli/dead_letter.h"
#include "cli/text.h"
#include "cli/words.h"
#include "document/document.h"

#define DEAD_PAGE 200
#define DEAD_GONE "no such thing" /* in the gateway's words */

static uint64_t wall_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t) now.tv_sec * 1000 + (uint64_t) now.tv_nsec / 1000000;
}

/* ---- which letters ---------------------------------------------------------------------------------------------- */

struct selection {
    struct dead_filter filter;
    uint64_t after, limit; /* 0: all */
};

static int read_number(struct cli *cli, const char *name, uint64_t *ret)
{
    const char *text = cli_option(cli, name);

    if (text && bytes_to_u64(bytes_of_text(text), UINT64_MAX, ret) < 0)
        return cli_misuse(cli, "--%s '%s' is no number", name, text);
    return CLI_OK;
}

static int read_filter(struct cli *cli, struct dead_filter *ret)
{
    const char *since = cli_option(cli, "since");
    uint64_t ago_ms = 0;

    *ret = (struct dead_filter){ .account = cli_option(cli, "account"), .reason = cli_option(cli, "reason") };
    if (since && text_to_ms(since, &ago_ms) < 0)
        return cli_misuse(cli, "--since '%s' is no time; allowed: 14d, 12h, 90m, 30s", since);
    if (since && ago_ms < wall_ms())
        ret->since_ms = wall_ms() - ago_ms;
    return CLI_OK;
}

static int read_selection(struct cli *cli, struct selection *ret)
{
    *ret = (struct selection){ .limit = 0 };
    int r = read_filter(cli, &ret->filter);

    if (r == CLI_OK)
        r = read_number(cli, "after", &ret->after);
    return r == CLI_OK ? read_number(cli, "limit", &ret->limit) : r;
}

/* Calls `each` with every letter meant, in order: all of a page are copied to nowhere, so it may not ask. */
static int walk(struct bus *bus, const struct selection *selection,
                void (*each)(void *context, const struct trefoil_dead *dead), void *context, uint64_t *ret_n)
{
    struct trefoil_ask ask = {
        .question = TREFOIL_ASK_DEAD_LIST, .channel = bus->channel, .limit = DEAD_PAGE, .after = selection->after
    };
    const struct trefoil_answer *answer;
    bool more = true;

    *ret_n = 0;
    while (more) {
        int r = bus_ask(bus, &ask, &answer);
        if (r != CLI_OK)
            return r;
        for (size_t i = 0; i < answer->n_dead; i++) {
            ask.after = answer->dead[i].id;
            if (!dead_letter_fits(&answer->dead[i], &selection->filter))
                continue;
            each(context, &answer->dead[i]);
            if (++*ret_n == selection->limit)
                return CLI_OK;
        }
        more = answer->more && answer->n_dead > 0;
    }
    return CLI_OK;
}

/* ---- list ------------------------------------------------------------------------------------------------------- */

static void list_plain(void *context, const struct trefoil_dead *dead)
{
    (void) context;
    dead_letter_put(stdout, dead);
}

static void list_json(void *context, const struct trefoil_dead *dead)
{
    (void) context;
    dead_letter_put_json(stdout, dead);
    printf("}\n");
}

int command_dead_list(struct cli *cli)
{
    bool json = cli_option(cli, "json") != NULL;
    struct selection selection;
    struct bus bus = { 0 };
    uint64_t n = 0;
    int r = read_selection(cli, &selection);

    if (r == CLI_OK)
        r = bus_open(cli, &bus);
    if (r == CLI_OK)
        r = walk(&bus, &selection, json ? list_json : list_plain, NULL, &n);
    if (r == CLI_OK && n == 0 && !json)
        printf("No dead letters.\n");
    bus_close(&bus);
    return r;
}

/* ---- show ------------------------------------------------------------------------------------------------------- */

static int read_id(struct cli *cli, const char *text, uint64_t *ret)
{
    if (bytes_to_u64(bytes_of_text(text), UINT64_MAX, ret) < 0)
        return cli_misuse(cli, "'%s' is no id of a dead letter; allowed: a number, as trefoil dead list shows it",
                          text);
    return CLI_OK;
}

static bool is_open(const struct trefoil_dead *dead)
{
    return dead->message && dead->message->kind != TREFOIL_KIND_NONE;
}

static void show_plain(const struct trefoil_dead *dead)
{
    char id[2 * TREFOIL_ID_BYTES + 1];

    dead_letter_put(stdout, dead);
    text_of_id(&dead->envelope, id);
    printf("  envelope  %s (trefoil trace shows its way)\n", id);
    if (!is_open(dead)) {
        printf("  said      (this keyring cannot open it, or it is past the channel's retention)\n");
        return;
    }
    printf("  author    ");
    text_put_plain(stdout, dead->message->author.name ? dead->message->author.name : "-");
    printf("\n  said      ");
    words_put_message(stdout, dead->message);
    printf("\n");
}

int command_dead_show(struct cli *cli)
{
    struct trefoil_ask ask = { .question = TREFOIL_ASK_DEAD_SHOW };
    const struct trefoil_answer *answer;
    struct bus bus = { 0 };
    int r = read_id(cli, cli->arguments[0], &ask.id);

    if (r == CLI_OK)
        r = bus_open(cli, &bus);
    ask.channel = bus.channel;
    if (r == CLI_OK)
        r = bus_ask(&bus, &ask, &answer);
    if (r == CLI_OK && answer->n_dead == 0)
        r = cli_fail(cli, "there is no dead letter %s", cli->arguments[0]);
    if (r == CLI_OK && cli_option(cli, "json"))
        list_json(NULL, &answer->dead[0]);
    else if (r == CLI_OK)
        show_plain(&answer->dead[0]);
    bus_close(&bus);
    return r;
}

/* ---- one after the other ---------------------------------------------------------------------------------------- */

/* Ids of letters, kept while each of them is asked about. */
struct ids {
    uint64_t *list;
    size_t n, room;
    struct arena *mem;
    bool is_full; /* no memory for more */
};

static void keep_id(void *context, const struct trefoil_dead *dead)
{
    struct ids *ids = context;

    if (ids->n == ids->room) {
        size_t room = ids->room > 0 ? 2 * ids->room : DEAD_PAGE;
        uint64_t *list = arena_array(ids->mem, room, sizeof(*list));
        if (!list) {
            ids->is_full = true;
            return;
        }
        for (size_t i = 0; i < ids->n; i++)
            list[i] = ids->list[i];
        ids->list = list;
        ids->room = room;
    }
    ids->list[ids->n++] = dead->id;
}

static int collect(struct cli *cli, struct bus *bus, const struct selection *selection, struct ids *ret)
{
    uint64_t n;
    *ret = (struct ids){ .mem = &cli->mem };
    int r = walk(bus, selection, keep_id, ret, &n);

    return r == CLI_OK && ret->is_full ? cli_fail(cli, "too many at once; name fewer with --limit and --after") : r;
}

/* ---- retry ------------------------------------------------------------------------------------------------------ */

/* In the order they were said: so each room has them in order, whatever lies between. */
static int retry_some(struct cli *cli, struct bus *bus, const struct selection *selection, uint64_t *ret_n)
{
    struct ids ids;
    int r = collect(cli, bus, selection, &ids);

    *ret_n = 0;
    for (size_t i = 0; r == CLI_OK && i < ids.n; i++) {
        struct trefoil_ask ask = { .question = TREFOIL_ASK_DEAD_RETRY, .channel = bus->channel, .id = ids.list[i] };
        const struct trefoil_answer *answer;
        r = bus_ask_politely(bus, &ask, &answer);
        if (r == CLI_OK && answer->ok)
            *ret_n += answer->count;
        else if (r == CLI_OK)
            (void) !cli_fail(cli, "%" PRIu64 " stays: %s", ids.list[i],
                             answer->text ? answer->text : "no reason given");
    }
    return r;
}

static int retry(struct bus *bus, struct trefoil_ask *ask, uint64_t *ret_n)
{
    const struct trefoil_answer *answer;
    int r;

    ask->channel = bus->channel;
    do {
        r = bus_ask(bus, ask, &answer);
        if (r != CLI_OK)
            return r;
        *ret_n += answer->count;
        ask->id = bus_counter(answer, "next"); /* 0: that was the last piece */
    } while (ask->id > 0);
    return CLI_OK;
}

int command_dead_retry(struct cli *cli)
{
    struct trefoil_ask ask = { .question = TREFOIL_ASK_DEAD_RETRY, .all = cli_option(cli, "all") != NULL };
    struct selection selection = { .limit = 0 };
    struct bus bus = { 0 };
    uint64_t n = 0;
    int r = read_filter(cli, &selection.filter);
    bool is_some = selection.filter.account || selection.filter.reason || selection.filter.since_ms > 0;

    if (r == CLI_OK && ask.all == (cli->n_arguments == 1))
        return cli_misuse(cli, "say which: an ID, or --all");
    if (r == CLI_OK && !ask.all && is_some)
        return cli_misuse(cli, "--account, --reason and --since narrow --all");
    if (r == CLI_OK && !ask.all)
        r = read_id(cli, cli->arguments[0], &ask.id);
    if (r == CLI_OK)
        r = bus_open(cli, &bus);
    if (r == CLI_OK)
        r = is_some ? retry_some(cli, &bus, &selection, &n) : retry(&bus, &ask, &n);
    if (r == CLI_OK)
        printf("%" PRIu64 " on the way again.\n", n);
    bus_close(&bus);
    return r;
}

/* ---- expire ----------------------------------------------------------------------------------------------------- */

int command_dead_expire(struct cli *cli)
{
    struct trefoil_ask ask = { .question = TREFOIL_ASK_DEAD_EXPIRE };
    const struct trefoil_answer *answer = NULL;
    const char *older = cli_option(cli, "older");
    struct bus bus = { 0 };
    uint64_t age_ms = 0, n = 0;

    if (!older || text_to_ms(older, &age_ms) < 0)
        return cli_misuse(cli, "say which: --older TIME (30d, 12h, 90m)");
    ask.after = age_ms < wall_ms() ? wall_ms() - age_ms : 0;
    int r = bus_open(cli, &bus);
    ask.channel = bus.channel;
    do {
        if (r == CLI_OK)
            r = bus_ask(&bus, &ask, &answer);
        if (r == CLI_OK)
            n += answer->count;
    } while (r == CLI_OK && answer->more && answer->count > 0);
    if (r == CLI_OK)
        printf("%" PRIu64 " forgotten; how they ended stays in the books.\n", n);
    bus_close(&bus);
    return r;
}

/* ---- export ----------------------------------------------------------------------------------------------------- */

/* Of those to be exported. */
struct missing {
    uint64_t n_sealed, n_refused;
};

static bool is_gone(const struct trefoil_answer *answer)
{
    return answer->ok ? answer->n_dead == 0 : answer->text && strstr(answer->text, DEAD_GONE);
}

/* With what was said, as `trefoil send --json` takes it; null where it cannot be opened. */
static int export_one(struct bus *bus, uint64_t id, struct missing *missing)
{
    struct trefoil_ask ask = { .question = TREFOIL_ASK_DEAD_SHOW, .channel = bus->channel, .id = id };
    struct arena mem = ARENA_EMPTY(DOCUMENT_MEMORY_MAX_BYTES);
    const struct trefoil_answer *answer;
    const char *text = NULL;
    int r = bus_ask_politely(bus, &ask, &answer);

    if (r != CLI_OK || is_gone(answer)) /* meanwhile */
        return r;
    if (!answer->ok) {
        (void) !cli_fail(bus->cli, "%" PRIu64 " is left out: %s", id, answer->text ? answer->text : "no reason given");
        missing->n_refused++;
        return CLI_OK;
    }
    const struct trefoil_dead *dead = &answer->dead[0];
    bool is_said = is_open(dead) && document_write(dead->message, &mem, &text) == 0;
    dead_letter_put_json(stdout, dead);
    printf(",\"content\":%s}\n", is_said ? text : "null");
    missing->n_sealed += !is_said;
    arena_deinit(&mem);
    return CLI_OK;
}

static int export_content(struct cli *cli, struct bus *bus, const struct selection *selection)
{
    struct missing missing = { 0, 0 };
    struct ids ids;
    int r = collect(cli, bus, selection, &ids);

    for (size_t i = 0; r == CLI_OK && i < ids.n; i++)
        r = export_one(bus, ids.list[i], &missing);
    if (r == CLI_OK && missing.n_refused > 0)
        r = cli_fail(cli, "%" PRIu64 " of %zu are left out", missing.n_refused, ids.n);
    if (r == CLI_OK && missing.n_sealed > 0)
        r = cli_fail(cli,
                     "%" PRIu64 " of %zu could not be opened: this keyring is no reader's, or they are past the "
                     "channel's retention",
                     missing.n_sealed, ids.n);
    return r;
}

int command_dead_export(struct cli *cli)
{
    struct selection selection;
    struct bus bus = { 0 };
    uint64_t n;
    int r = read_selection(cli, &selection);

    if (r == CLI_OK)
        r = bus_open(cli, &bus);
    if (r == CLI_OK)
        r = cli_option(cli, "content") ? export_content(cli, &bus, &selection)
                                       : walk(&bus, &selection, list_json, NULL, &n);
    bus_close(&bus);
    return r;
}
