/* `trefoil send`: a service says something into a room. Done when it is on the gateway's disk. Never waits for the
 * networks: trefoil trace does. Never says anything twice by itself.
 */
#include <sodium.h>
#include <stdio.h>

#include "cli/commands.h"
#include "cli/rooms.h"
#include "cli/said.h"
#include "cli/text.h"

/* Publishes as soon as there is credit. */
static int publish(struct bus *bus, const struct trefoil_publication *publication, uint64_t *ret_ticket)
{
    uint64_t deadline_ms = bus_now_ms() + BUS_PATIENCE_MS;
    struct trefoil_event event;
    enum trefoil_status status;

    while ((status = trefoil_client_publish(bus->client, publication, ret_ticket)) == TREFOIL_AGAIN) {
        int r = bus_next(bus, deadline_ms, "leave to publish", &event);
        if (r != CLI_OK)
            return r;
    }
    if (status != TREFOIL_OK)
        return cli_fail(bus->cli, "this cannot be sent: %s (%s)", trefoil_status_text(status),
                        trefoil_client_error(bus->client));
    return CLI_OK;
}

static int await_confirm(struct bus *bus, uint64_t ticket, const char *id)
{
    uint64_t deadline_ms = bus_now_ms() + BUS_PATIENCE_MS;
    struct trefoil_event event;

    for (;;) {
        int r = bus_next(bus, deadline_ms, "confirmation", &event);
        if (r != CLI_OK)
            return cli_fail(bus->cli,
                            "it may have been taken: trefoil trace %s; said again with --id %s it is there only once",
                            id, id);
        if (event.ticket != ticket)
            continue;
        if (event.type == TREFOIL_EVENT_CONFIRMED)
            return CLI_OK;
        if (event.type == TREFOIL_EVENT_REJECTED)
            return cli_fail(bus->cli, "the gateway refuses it%s: %s", event.retryable ? " for now" : "",
                            event.text ? event.text : "without a reason");
    }
}

int command_send(struct cli *cli)
{
    struct trefoil_message message = { 0 };
    struct trefoil_publication publication = { 0 };
    char id[2 * TREFOIL_ID_BYTES + 1];
    struct bus bus = { 0 };
    uint64_t ticket;
    int r = said_read(cli, &message, &publication);

    if (r == CLI_OK)
        r = bus_open(cli, &bus);
    if (r == CLI_OK)
        r = rooms_find(&bus, cli->arguments[0], &publication.room);
    if (r == CLI_OK) {
        publication.channel = bus.channel;
        if (text_is_zero_id(&publication.id))
            randombytes_buf(publication.id.bytes, sizeof(publication.id.bytes));
        text_of_id(&publication.id, id);
        if (!message.author.network) {
            message.author.network = trefoil_client_service(bus.client);
            message.author.name = message.author.name ? message.author.name : message.author.network;
        }
        r = publish(&bus, &publication, &ticket);
    }
    if (r == CLI_OK)
        r = await_confirm(&bus, ticket, id);
    if (r == CLI_OK)
        printf("%s\n", id);
    bus_close(&bus);
    return r;
}
