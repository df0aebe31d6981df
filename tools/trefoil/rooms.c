/* Pages through the directory. Never believes that a name is unique. */
#include "cli/rooms.h"

#include <string.h>

#include "cli/text.h"

int rooms_walk(struct bus *bus, int (*each)(void *context, const struct trefoil_room *room), void *context)
{
    struct trefoil_ask ask = { .question = TREFOIL_ASK_ROOM_LIST, .channel = bus->channel, .limit = ROOMS_PAGE };
    const struct trefoil_answer *answer;
    bool more = true;

    while (more) {
        int r = bus_ask_politely(bus, &ask, &answer);
        if (r != CLI_OK)
            return r;
        if (!answer->ok)
            return cli_fail(bus->cli, "the gateway does not tell %s the names of rooms (%s); ids work without",
                            trefoil_client_service(bus->client), answer->text ? answer->text : "no reason given");
        for (size_t i = 0; i < answer->n_rooms; i++) {
            r = each(context, &answer->rooms[i]);
            if (r != 0)
                return r;
            ask.room = answer->rooms[i].room; /* the next page begins behind it */
        }
        more = answer->more && answer->n_rooms > 0;
    }
    return CLI_OK;
}

struct search {
    const char *name;
    struct trefoil_id room;
    size_t n;
};

static int compare_name(void *context, const struct trefoil_room *room)
{
    struct search *search = context;

    if (room->name && strcmp(room->name, search->name) == 0) {
        search->room = room->room;
        search->n++;
    }
    return 0;
}

int rooms_find(struct bus *bus, const char *text, struct trefoil_id *ret)
{
    struct search search = { .name = text };
    int r;

    if (text_to_id(text, ret) == 0)
        return CLI_OK;
    r = rooms_walk(bus, compare_name, &search);
    if (r != CLI_OK)
        return r;
    if (search.n == 0)
        return cli_fail(bus->cli, "no room is called '%s'; trefoil room list shows all, with their ids (32 hex digits)",
                        text);
    if (search.n > 1)
        return cli_fail(bus->cli, "%zu rooms are called '%s'; say which by its id: trefoil room list", search.n, text);
    *ret = search.room;
    return CLI_OK;
}

int rooms_read_address(struct cli *cli, const char *text, struct trefoil_address *ret)
{
    if (text_to_address(text, &cli->mem, ret) < 0)
        return cli_misuse(cli,
                          "'%s' is no address; allowed: NETWORK/ACCOUNT-ID/USER-ID, as "
                          "whatsapp/106540000000002/15551230001",
                          text);
    return CLI_OK;
}
