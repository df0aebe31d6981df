/* `trefoil send`: a service says something into a room. Done when it is on the gateway's disk. Never waits for the
 * networks: trefoil trace does.
 */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/rooms.h"
#include "cli/text.h"

#define SEND_TEXT_MAX_BYTES (64u << 10)

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

static int await_confirm(struct bus *bus, uint64_t ticket)
{
    uint64_t deadline_ms = bus_now_ms() + BUS_PATIENCE_MS;
    struct trefoil_event event;

    for (;;) {
        int r = bus_next(bus, deadline_ms, "confirmation", &event);
        if (r != CLI_OK)
            return r;
        if (event.ticket != ticket)
            continue;
        if (event.type == TREFOIL_EVENT_CONFIRMED)
            return CLI_OK;
        if (event.type == TREFOIL_EVENT_REJECTED)
            return cli_fail(bus->cli, "the gateway refuses it%s: %s", event.retryable ? " for now" : "",
                            event.text ? event.text : "without a reason");
    }
}

static int read_text(struct cli *cli, const char **ret_name, struct trefoil_id *ret_reply_to)
{
    const char *text = cli->arguments[1], *reply_to = cli_option(cli, "reply-to");

    if (!*text || strlen(text) > SEND_TEXT_MAX_BYTES)
        return cli_misuse(cli, "TEXT is empty or longer than %u bytes", SEND_TEXT_MAX_BYTES);
    if (!bytes_is_utf8(bytes_of_text(text)))
        return cli_misuse(cli, "TEXT is no UTF-8");
    if (reply_to && text_to_id(reply_to, ret_reply_to) < 0)
        return cli_misuse(cli, "--reply-to '%s'; allowed: an envelope id, 32 hex digits, as trefoil tail shows it",
                          reply_to);
    *ret_name = cli_option(cli, "as");
    return CLI_OK;
}

int command_send(struct cli *cli)
{
    struct trefoil_message message = { .kind = TREFOIL_KIND_TEXT, .body.text.body = cli->arguments[1] };
    struct trefoil_publication publication = { .audience = TREFOIL_AUDIENCE_ROOM, .message = &message };
    struct trefoil_id reply_to = { { 0 } };
    char id[2 * TREFOIL_ID_BYTES + 1];
    struct bus bus = { 0 };
    uint64_t ticket;
    int r = read_text(cli, &message.author.name, &reply_to);

    if (r == CLI_OK)
        r = bus_open(cli, &bus);
    if (r == CLI_OK)
        r = rooms_find(&bus, cli->arguments[0], &publication.room);
    if (r == CLI_OK) {
        publication.channel = bus.channel;
        randombytes_buf(publication.id.bytes, sizeof(publication.id.bytes));
        message.author.network = trefoil_client_service(bus.client);
        if (!message.author.name)
            message.author.name = message.author.network;
        publication.relates_ids = &reply_to;
        publication.n_relates_ids = text_is_zero_id(&reply_to) ? 0 : 1;
        r = publish(&bus, &publication, &ticket);
    }
    if (r == CLI_OK)
        r = await_confirm(&bus, ticket);
    if (r == CLI_OK) {
        text_of_id(&publication.id, id);
        printf("%s\n", id);
    }
    bus_close(&bus);
    return r;
}
