/* Waiting with an end, and words for everything that does not come. Never prints anything else. */
#include "cli/bus.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"

uint64_t bus_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t) now.tv_sec * 1000 + (uint64_t) now.tv_nsec / 1000000;
}

static int complain_keyring(const struct cli *cli, const trefoil_client *client)
{
    if (access(cli->keyring, R_OK) < 0 && errno == ENOENT)
        return cli_fail(cli,
                        "there is no keyring %s. Name yours with --keyring or TREFOIL_KEYRING, or make a tenant "
                        "with: trefoil init DIR",
                        cli->keyring);
    if (access(cli->keyring, R_OK) < 0)
        return cli_fail(cli, "cannot read the keyring %s: %s", cli->keyring, strerror(errno));
    return cli_fail(cli, "%s is no keyring, or others can read it (chmod 600): %s", cli->keyring,
                    client ? trefoil_client_error(client) : trefoil_status_text(TREFOIL_BAD_KEYRING));
}

static int complain_status(const struct bus *bus, enum trefoil_status status)
{
    const char *words = bus->client ? trefoil_client_error(bus->client) : "";

    if (status == TREFOIL_BAD_KEYRING)
        return complain_keyring(bus->cli, bus->client);
    return cli_fail(bus->cli, "%s%s%s", trefoil_status_text(status), *words ? ": " : "", words);
}

static int complain_silence(const struct bus *bus, const char *what)
{
    if (!trefoil_client_is_connected(bus->client))
        return cli_fail(bus->cli,
                        "no gateway at %s within %d s. Is it running? Is this its bus_endpoint? Is %s in its roster "
                        "(trefoil roster show)?",
                        bus->cli->gateway, BUS_PATIENCE_MS / 1000, trefoil_client_service(bus->client));
    return cli_fail(bus->cli, "the gateway at %s gave no %s within %d s; its log and /readyz may say why",
                    bus->cli->gateway, what, BUS_PATIENCE_MS / 1000);
}

int bus_next(struct bus *bus, uint64_t deadline_ms, const char *what, struct trefoil_event *ret)
{
    for (;;) {
        uint64_t now_ms = bus_now_ms();
        enum trefoil_status status;
        if (now_ms >= deadline_ms)
            return complain_silence(bus, what);
        status = trefoil_client_next(bus->client, (int) (deadline_ms - now_ms), ret);
        if (status == TREFOIL_OK)
            return CLI_OK;
        if (status != TREFOIL_NOTHING)
            return complain_status(bus, status);
    }
}

static int find_channel(struct bus *bus)
{
    const char *name = cli_option(bus->cli, "channel");
    enum trefoil_status status = trefoil_client_channel(bus->client, name, &bus->channel);

    if (status == TREFOIL_OK)
        return CLI_OK;
    if (name)
        return cli_fail(bus->cli, "%s is in no channel called %s; trefoil roster show lists them",
                        trefoil_client_service(bus->client), name);
    return cli_fail(bus->cli, "say which channel: --channel NAME (%s)", trefoil_client_error(bus->client));
}

/* tcp://HOST:PORT or ipc://PATH */
static bool is_endpoint(const char *text)
{
    const char *colon = strrchr(text, ':');
    uint64_t port;

    if (strncmp(text, "ipc://", 6) == 0)
        return text[6] != '\0';
    return strncmp(text, "tcp://", 6) == 0 && colon > text + 6 &&
           bytes_to_u64(bytes_of_text(colon + 1), 65535, &port) == 0 && port > 0;
}

int bus_connect(struct cli *cli, struct bus *ret)
{
    const struct trefoil_options options = { .endpoint = cli->gateway, .keyring_file = cli->keyring };
    uint64_t deadline_ms = bus_now_ms() + BUS_PATIENCE_MS;
    struct trefoil_event event;
    enum trefoil_status status;
    int r;

    *ret = (struct bus){ .cli = cli };
    if (!is_endpoint(cli->gateway))
        return cli_fail(cli, "'%s' is no endpoint; allowed: tcp://HOST:PORT, as tcp://127.0.0.1:7700", cli->gateway);
    status = trefoil_client_open(&options, &ret->client);
    if (status != TREFOIL_OK)
        return complain_status(ret, status);
    do {
        r = bus_next(ret, deadline_ms, "welcome", &event);
    } while (r == CLI_OK && event.type != TREFOIL_EVENT_CONNECTED);
    return r;
}

int bus_open(struct cli *cli, struct bus *ret)
{
    int r = bus_connect(cli, ret);

    return r == CLI_OK ? find_channel(ret) : r;
}

void bus_drain(struct bus *bus, uint32_t patience_ms)
{
    uint64_t now_ms = bus_now_ms(), deadline_ms = now_ms + patience_ms;
    enum trefoil_status status = trefoil_client_drain(bus->client);
    struct trefoil_event event;

    for (; (status == TREFOIL_OK || status == TREFOIL_NOTHING) && now_ms < deadline_ms; now_ms = bus_now_ms()) {
        status = trefoil_client_next(bus->client, (int) (deadline_ms - now_ms), &event);
        if (status == TREFOIL_OK && event.type == TREFOIL_EVENT_CLOSED)
            return;
    }
}

void bus_close(struct bus *bus)
{
    if (!bus->client)
        return;
    if (trefoil_client_is_connected(bus->client))
        bus_drain(bus, BUS_GOODBYE_MS);
    trefoil_client_close(&bus->client);
}

int bus_ask_politely(struct bus *bus, const struct trefoil_ask *ask, const struct trefoil_answer **ret)
{
    uint64_t deadline_ms = bus_now_ms() + BUS_PATIENCE_MS, ticket = 0;
    enum trefoil_status status;
    struct trefoil_event event;
    int r = CLI_OK;

    while ((status = trefoil_client_ask(bus->client, ask, &ticket)) == TREFOIL_AGAIN && r == CLI_OK)
        r = bus_next(bus, deadline_ms, "connection", &event);
    if (r != CLI_OK)
        return r;
    if (status != TREFOIL_OK)
        return complain_status(bus, status);
    do {
        r = bus_next(bus, deadline_ms, "answer", &event);
        if (r == CLI_OK && event.type == TREFOIL_EVENT_DISCONNECTED)
            return cli_fail(bus->cli, "the connection to %s broke before the answer came; ask again",
                            bus->cli->gateway);
    } while (r == CLI_OK && (event.type != TREFOIL_EVENT_ANSWER || event.ticket != ticket));
    if (r != CLI_OK)
        return r;
    *ret = event.answer;
    return CLI_OK;
}

int bus_ask(struct bus *bus, const struct trefoil_ask *ask, const struct trefoil_answer **ret)
{
    const struct trefoil_answer *answer;
    int r = bus_ask_politely(bus, ask, &answer);

    if (r != CLI_OK)
        return r;
    if (!answer->ok)
        return cli_fail(bus->cli, "the gateway says no: %s", answer->text ? answer->text : "without a reason");
    *ret = answer;
    return CLI_OK;
}

int bus_walk_accounts(struct bus *bus, void (*each)(void *context, const struct trefoil_answer *page), void *context,
                      size_t *ret_n)
{
    struct trefoil_ask ask = { .question = TREFOIL_ASK_CAPABILITY_LIST, .channel = bus->channel };
    const struct trefoil_answer *page;
    bool more = true;

    *ret_n = 0;
    while (more) {
        int r = bus_ask(bus, &ask, &page);
        if (r != CLI_OK)
            return r;
        each(context, page);
        *ret_n += page->n_capabilities;
        more = page->more && page->n_capabilities > 0;
        if (more) {
            const char *last = page->capabilities[page->n_capabilities - 1].account;
            ask.address.account = arena_text(&bus->cli->mem, bytes_of_text(last));
        }
    }
    return CLI_OK;
}

uint64_t bus_counter(const struct trefoil_answer *answer, const char *name)
{
    for (size_t i = 0; i < answer->n_counters; i++)
        if (strcmp(answer->counters[i].name, name) == 0)
            return answer->counters[i].value;
    return 0;
}
