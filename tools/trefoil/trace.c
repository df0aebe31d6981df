/* `trefoil trace ID`: every hop of one envelope, with time and outcome. Never shows content. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/bus.h"
#include "cli/commands.h"
#include "cli/text.h"
#include "cli/words.h"

/* As the gateway writes them into a hop. */
#define TRACE_LOST "lost: "
#define TRACE_LOST_BREAK "; "
#define TRACE_WORD_MAX_BYTES 512

/* Hops that are states, not events, have no time. */
static void put_when(uint64_t at_ms, uint64_t first_ms)
{
    char when[TEXT_TIME_BYTES];

    if (at_ms == 0)
        printf("%-23s  %-7s", "", "");
    else
        printf("%s.%03u  +%-6" PRIu64, text_of_time(at_ms, when), (unsigned) (at_ms % 1000),
               at_ms > first_ms ? at_ms - first_ms : 0);
}

static void put_hop(const struct trefoil_hop *hop, uint64_t first_ms)
{
    bool has_account = hop->account && *hop->account;

    put_when(hop->at_ms, first_ms);
    printf("  ");
    text_put_column(stdout, hop->what ? hop->what : "", 10);
    if (hop->who && *hop->who) {
        printf("  ");
        text_put_column(stdout, hop->who, 12);
    }
    if (has_account) {
        printf("  ");
        text_put_plain(stdout, hop->account);
    }
    if (hop->target > 0 || (has_account && hop->outcome != 0))
        printf(" #%" PRIu32, hop->target);
    if (hop->outcome != 0 && (!hop->what || strcmp(words_outcome(hop->outcome), hop->what) != 0))
        printf("  %s", words_outcome(hop->outcome));
    if (hop->text && *hop->text) {
        printf("  (");
        text_put_plain(stdout, hop->text);
        printf(")");
    }
    printf("\n");
}

/* What a target's network could not express comes as text: one word after the other. */
static void put_lost_json(const char *text)
{
    size_t size = strlen(TRACE_LOST);
    const char *found = text ? strstr(text, TRACE_LOST) : NULL, *word = found ? found + size : NULL;
    char copy[TRACE_WORD_MAX_BYTES];

    printf(",\"lost\":[");
    for (bool is_first = true; word && *word; is_first = false) {
        const char *end = strstr(word, TRACE_LOST_BREAK);
        size_t length = end ? (size_t) (end - word) : strlen(word);
        snprintf(copy, sizeof(copy), "%.*s", (int) length, word);
        printf("%s", is_first ? "" : ",");
        text_put_json(stdout, copy);
        word = end ? end + strlen(TRACE_LOST_BREAK) : NULL;
    }
    printf("]");
}

static void put_hop_json(const struct trefoil_hop *hop)
{
    printf("{\"at_ms\":%" PRIu64 ",\"seq\":%" PRIu64 ",\"what\":", hop->at_ms, hop->seq);
    text_put_json(stdout, hop->what);
    printf(",\"who\":");
    text_put_json(stdout, hop->who);
    printf(",\"account\":");
    text_put_json(stdout, hop->account);
    printf(",\"target\":%" PRIu32 ",\"outcome\":", hop->target);
    text_put_json(stdout, hop->outcome != 0 ? words_outcome(hop->outcome) : NULL);
    printf(",\"text\":");
    text_put_json(stdout, hop->text);
    put_lost_json(hop->text);
    printf("}\n");
}

int command_trace(struct cli *cli)
{
    struct trefoil_ask ask = { .question = TREFOIL_ASK_TRACE };
    const struct trefoil_answer *answer;
    bool json = cli_option(cli, "json") != NULL;
    struct bus bus;
    int r;

    if (text_to_id(cli->arguments[0], &ask.envelope) < 0)
        return cli_misuse(cli, "'%s' is no envelope id; allowed: 32 hex digits, as trefoil send and tail show them",
                          cli->arguments[0]);
    r = bus_open(cli, &bus);
    ask.channel = bus.channel;
    if (r == CLI_OK)
        r = bus_ask(&bus, &ask, &answer);
    if (r == CLI_OK && answer->n_hops == 0)
        r = cli_fail(cli, "the gateway knows no envelope %s: never accepted, or past the channel's retention",
                     cli->arguments[0]);
    if (r == CLI_OK && !json)
        printf("envelope %s is number %" PRIu64 " of the journal\n", cli->arguments[0], answer->hops[0].seq);
    for (size_t i = 0; r == CLI_OK && i < answer->n_hops; i++) {
        if (json)
            put_hop_json(&answer->hops[i]);
        else
            put_hop(&answer->hops[i], answer->hops[0].at_ms);
    }
    bus_close(&bus);
    return r;
}
