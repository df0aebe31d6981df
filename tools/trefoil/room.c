/* `trefoil room …`: who talks with whom. Never shows what they say. */
#include <inttypes.h>
#include <stdio.h>

#include "cli/commands.h"
#include "cli/rooms.h"
#include "cli/text.h"

struct listing {
    bool json, has_any;
};

static void put_member(const struct trefoil_member *member)
{
    char active[TEXT_TIME_BYTES];

    printf("    ");
    text_put_plain(stdout, member->address.account ? member->address.account : "?");
    printf("/");
    text_put_plain(stdout, member->address.user_id ? member->address.user_id : "(sealed)");
    printf("   active %s\n", text_of_time(member->last_active_ms, active));
}

static void put_room_json(const struct trefoil_room *room, const char *id)
{
    printf("{\"room\":\"%s\",\"name\":", id);
    text_put_json(stdout, room->name);
    printf(",\"last_seq\":%" PRIu64 ",\"members\":[", room->last_seq);
    for (size_t i = 0; i < room->n_members; i++) {
        printf("%s{\"account\":", i > 0 ? "," : "");
        text_put_json(stdout, room->members[i].address.account);
        printf(",\"user_id\":");
        text_put_json(stdout, room->members[i].address.user_id);
        printf(",\"last_active_ms\":%" PRIu64 "}", room->members[i].last_active_ms);
    }
    printf("]}\n");
}

static int put_room(void *context, const struct trefoil_room *room)
{
    struct listing *listing = context;
    char id[2 * TREFOIL_ID_BYTES + 1];

    listing->has_any = true;
    text_of_id(&room->room, id);
    if (listing->json) {
        put_room_json(room, id);
        return 0;
    }
    printf("%s  ", id);
    text_put_plain(stdout, room->name ? room->name : "(no name)");
    printf("\n");
    for (size_t i = 0; i < room->n_members; i++)
        put_member(&room->members[i]);
    return 0;
}

int command_room_list(struct cli *cli)
{
    struct listing listing = { .json = cli_option(cli, "json") != NULL };
    struct bus bus;
    int r = bus_open(cli, &bus);

    if (r == CLI_OK)
        r = rooms_walk(&bus, put_room, &listing);
    if (r == CLI_OK && !listing.has_any && !listing.json)
        printf("No rooms yet. Everybody who writes gets one; or make one with: trefoil room create NAME\n");
    bus_close(&bus);
    return r;
}

int command_room_create(struct cli *cli)
{
    struct trefoil_ask ask = { .question = TREFOIL_ASK_ROOM_CREATE, .name = cli->arguments[0] };
    const struct trefoil_answer *answer;
    struct trefoil_id ignored;
    char id[2 * TREFOIL_ID_BYTES + 1];
    struct bus bus;
    int r;

    if (!*ask.name || text_to_id(ask.name, &ignored) == 0)
        return cli_misuse(cli, "a room's name is a word or several, and not 32 hex digits: those are ids");
    r = bus_open(cli, &bus);
    ask.channel = bus.channel;
    if (r == CLI_OK)
        r = bus_ask(&bus, &ask, &answer);
    if (r == CLI_OK) {
        text_of_id(&answer->room, id);
        printf("%s\n", id);
    }
    bus_close(&bus);
    return r;
}

int command_room_join(struct cli *cli)
{
    struct trefoil_ask ask = { .question = TREFOIL_ASK_ROOM_JOIN };
    const struct trefoil_answer *answer;
    struct bus bus = { 0 };
    int r = rooms_read_address(cli, cli->arguments[1], &ask.address);

    if (r == CLI_OK)
        r = bus_open(cli, &bus);
    if (r == CLI_OK)
        r = rooms_find(&bus, cli->arguments[0], &ask.room);
    ask.channel = bus.channel;
    if (r == CLI_OK)
        r = bus_ask(&bus, &ask, &answer);
    if (r == CLI_OK)
        printf("%s is in %s.\n", cli->arguments[1], cli->arguments[0]);
    bus_close(&bus);
    return r;
}

int command_room_leave(struct cli *cli)
{
    struct trefoil_ask ask = { .question = TREFOIL_ASK_ROOM_LEAVE };
    const struct trefoil_answer *answer;
    struct bus bus = { 0 };
    int r = rooms_read_address(cli, cli->arguments[0], &ask.address);

    if (r == CLI_OK)
        r = bus_open(cli, &bus);
    ask.channel = bus.channel;
    if (r == CLI_OK)
        r = bus_ask(&bus, &ask, &answer);
    if (r == CLI_OK)
        printf("%s has a room of its own again.\n", cli->arguments[0]);
    bus_close(&bus);
    return r;
}
