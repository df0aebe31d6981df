/* `trefoil forget ADDRESS`: what the system knows of a person goes, and the command says what went and what dies later.
 * Never claims more than the gateway has told.
 */
#include <inttypes.h>
#include <stdio.h>

#include "cli/bus.h"
#include "cli/commands.h"
#include "cli/rooms.h"
#include "cli/text.h"

enum part { ADDRESSES, REFS, LETTERS, DELIVERIES, RECORDS, N_PARTS };

static const char *const part_names[N_PARTS] = { "addresses", "references", "dead_letters", "deliveries", "records" };

struct removed {
    uint64_t parts[N_PARTS], until_ms, next;
};

static void add(struct removed *removed, const struct trefoil_answer *answer)
{
    uint64_t until_ms = bus_counter(answer, "records_until_ms");

    for (size_t part = 0; part < N_PARTS; part++)
        removed->parts[part] += bus_counter(answer, part_names[part]);
    if (until_ms > removed->until_ms)
        removed->until_ms = until_ms;
    removed->next = bus_counter(answer, "next");
}

static void put_part(const struct removed *removed, enum part part, const char *one, const char *many)
{
    printf("  %8" PRIu64 " %s\n", removed->parts[part], removed->parts[part] == 1 ? one : many);
}

static void put(const char *address, const struct removed *removed)
{
    char until[TEXT_TIME_BYTES];

    printf("Forgotten: %s\n", address);
    put_part(removed, ADDRESSES, "address in the directory", "addresses in the directory");
    put_part(removed, REFS, "reference to a message", "references to messages");
    put_part(removed, LETTERS, "dead letter", "dead letters");
    put_part(removed, DELIVERIES, "pending delivery", "pending deliveries");
    if (removed->parts[RECORDS] == 0)
        printf("Nothing said by or to this person is left in the journal.\n");
    else
        printf("%" PRIu64
               " sealed message%s by or to this person stay%s in the journal; the last dies with its keys at "
               "the end of its retention, %s.\n",
               removed->parts[RECORDS], removed->parts[RECORDS] == 1 ? "" : "s",
               removed->parts[RECORDS] == 1 ? "s" : "", text_of_time(removed->until_ms, until));
}

int command_forget(struct cli *cli)
{
    struct trefoil_ask ask = { .question = TREFOIL_ASK_FORGET };
    const struct trefoil_answer *answer;
    struct removed removed = { .next = 0 };
    struct bus bus = { 0 };
    int r = rooms_read_address(cli, cli->arguments[0], &ask.address);

    if (r == CLI_OK)
        r = bus_open(cli, &bus);
    ask.channel = bus.channel;
    do { /* a long journal is gone through in pieces */
        ask.after = removed.next;
        if (r == CLI_OK)
            r = bus_ask(&bus, &ask, &answer);
        if (r == CLI_OK)
            add(&removed, answer);
    } while (r == CLI_OK && removed.next > 0);
    if (r == CLI_OK)
        put(cli->arguments[0], &removed);
    bus_close(&bus);
    return r;
}
