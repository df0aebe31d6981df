/* `trefoil dead …`: what could not be delivered, why, and another try. Shows content only on `show`, and only to whoever
 * holds the keys.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/bytes.h"
#include "cli/bus.h"
#include "cli/commands.h"
#include "cli/text.h"
#include "cli/words.h"

#define DEAD_PAGE 200

static void put_letter(const struct trefoil_dead *dead)
{
    char since[TEXT_TIME_BYTES];

    printf("%-10" PRIu64 " %s  ", dead->id, text_of_time(dead->since_ms, since));
    text_put_plain(stdout, dead->address.account ? dead->address.account : "-");
    printf("/");
    text_put_plain(stdout, dead->address.user_id ? dead->address.user_id : "(sealed)");
    printf("  %s", dead->reason && *dead->reason ? dead->reason : "no reason given");
    if (dead->code > 0)
        printf(" (code %" PRIu32 "/%" PRIu32 ")", dead->code, dead->subcode);
    printf(", %" PRIu32 " attempt%s\n", dead->attempts, dead->attempts == 1 ? "" : "s");
}

static void put_letter_json(const struct trefoil_dead *dead)
{
    char id[2 * TREFOIL_ID_BYTES + 1];

    text_of_id(&dead->envelope, id);
    printf("{\"id\":%" PRIu64 ",\"seq\":%" PRIu64 ",\"since_ms\":%" PRIu64 ",\"envelope\":\"%s\",\"account\":",
           dead->id, dead->seq, dead->since_ms, id);
    text_put_json(stdout, dead->address.account);
    printf(",\"user_id\":");
    text_put_json(stdout, dead->address.user_id);
    printf(",\"code\":%" PRIu32 ",\"subcode\":%" PRIu32 ",\"attempts\":%" PRIu32 ",\"reason\":", dead->code,
           dead->subcode, dead->attempts);
    text_put_json(stdout, dead->reason);
    printf("}\n");
}

/* Walks all letters; prints them, and counts. */
static int list(struct bus *bus, bool json, uint64_t *ret_n)
{
    struct trefoil_ask ask = { .question = TREFOIL_ASK_DEAD_LIST, .channel = bus->channel, .limit = DEAD_PAGE };
    const struct trefoil_answer *answer;
    bool more = true;

    *ret_n = 0;
    while (more) {
        int r = bus_ask(bus, &ask, &answer);
        if (r != CLI_OK)
            return r;
        for (size_t i = 0; i < answer->n_dead; i++) {
            if (json)
                put_letter_json(&answer->dead[i]);
            else
                put_letter(&answer->dead[i]);
            ask.after = answer->dead[i].id;
        }
        *ret_n += answer->n_dead;
        more = answer->more && answer->n_dead > 0;
    }
    return CLI_OK;
}

int command_dead_list(struct cli *cli)
{
    bool json = cli_option(cli, "json") != NULL;
    struct bus bus;
    uint64_t n = 0;
    int r = bus_open(cli, &bus);

    if (r == CLI_OK)
        r = list(&bus, json, &n);
    if (r == CLI_OK && n == 0 && !json)
        printf("No dead letters.\n");
    bus_close(&bus);
    return r;
}

static int read_id(struct cli *cli, const char *text, uint64_t *ret)
{
    if (bytes_to_u64(bytes_of_text(text), UINT64_MAX, ret) < 0)
        return cli_misuse(cli, "'%s' is no id of a dead letter; allowed: a number, as trefoil dead list shows it",
                          text);
    return CLI_OK;
}

int command_dead_show(struct cli *cli)
{
    struct trefoil_ask ask = { .question = TREFOIL_ASK_DEAD_SHOW };
    const struct trefoil_answer *answer;
    char id[2 * TREFOIL_ID_BYTES + 1];
    struct bus bus = { 0 };
    int r = read_id(cli, cli->arguments[0], &ask.id);

    if (r == CLI_OK)
        r = bus_open(cli, &bus);
    ask.channel = bus.channel;
    if (r == CLI_OK)
        r = bus_ask(&bus, &ask, &answer);
    if (r == CLI_OK && answer->n_dead == 0)
        r = cli_fail(cli, "there is no dead letter %s", cli->arguments[0]);
    if (r == CLI_OK && cli_option(cli, "json")) {
        put_letter_json(&answer->dead[0]);
    } else if (r == CLI_OK) {
        const struct trefoil_dead *dead = &answer->dead[0];
        put_letter(dead);
        text_of_id(&dead->envelope, id);
        printf("  envelope  %s (trefoil trace shows its way)\n", id);
        if (dead->message && dead->message->kind != TREFOIL_KIND_NONE) {
            printf("  author    ");
            text_put_plain(stdout, dead->message->author.name ? dead->message->author.name : "-");
            printf("\n  said      ");
            words_put_message(stdout, dead->message);
            printf("\n");
        } else {
            printf("  said      (this keyring cannot open it, or it is past the channel's retention)\n");
        }
    }
    bus_close(&bus);
    return r;
}

int command_dead_retry(struct cli *cli)
{
    struct trefoil_ask ask = { .question = TREFOIL_ASK_DEAD_RETRY, .all = cli_option(cli, "all") != NULL };
    const struct trefoil_answer *answer;
    struct bus bus = { 0 };
    int r = CLI_OK;

    if (ask.all == (cli->n_arguments == 1))
        return cli_misuse(cli, "say which: an ID, or --all");
    if (!ask.all)
        r = read_id(cli, cli->arguments[0], &ask.id);
    if (r == CLI_OK)
        r = bus_open(cli, &bus);
    ask.channel = bus.channel;
    if (r == CLI_OK)
        r = bus_ask(&bus, &ask, &answer);
    if (r == CLI_OK)
        printf("%" PRIu64 " on the way again.\n", answer->count);
    bus_close(&bus);
    return r;
}
