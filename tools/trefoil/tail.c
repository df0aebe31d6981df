/* `trefoil tail`: reads along as a service, decrypting, until told to stop. Acknowledges a line only when it is out.
 * Never speaks.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/map.h"
#include "cli/commands.h"
#include "cli/rooms.h"
#include "cli/tail_line.h"
#include "cli/tenant.h"
#include "cli/text.h"

#define TAIL_TURN_MS 200          /* how long a signal may wait */
#define TAIL_DRAIN_MS 2000        /* for acknowledgements still out at the end */
#define TAIL_ASK_PAUSE_MS 2000    /* between two questions for names of rooms */
#define TAIL_ROOMS_MAX (1u << 20) /* names remembered */

struct tail {
    struct bus bus;
    bool json, ephemeral;
    uint64_t left; /* lines until it ends by itself; UINT64_MAX: never */
    int signals;
    struct map names; /* room → its name, "" when it has none or none was told */
    uint64_t asked_ms;
    struct trefoil_id asked_after; /* where the page under way begins */
    struct tail_memory memory;
};

static int read_start(struct cli *cli, struct trefoil_subscription *subscription)
{
    const char *from = cli_option(cli, "from");
    uint64_t ago_ms;

    subscription->name = cli_option(cli, "name");
    subscription->start = subscription->name ? TREFOIL_START_SAVED : TREFOIL_START_NEW;
    if (!from)
        return CLI_OK;
    if (strcmp(from, "earliest") == 0) {
        subscription->start = TREFOIL_START_EARLIEST;
    } else if (strcmp(from, "now") == 0) {
        subscription->start = TREFOIL_START_NEW;
    } else if (bytes_to_u64(bytes_of_text(from), UINT64_MAX, &subscription->start_at) == 0) {
        subscription->start = TREFOIL_START_SEQ;
    } else if (text_to_ms(from, &ago_ms) == 0) {
        uint64_t now_ms = tenant_now_ms();
        subscription->start = TREFOIL_START_TIME;
        subscription->start_at = now_ms > ago_ms ? now_ms - ago_ms : 0;
    } else {
        return cli_misuse(cli, "--from '%s'; allowed: earliest, now, a sequence number, or how long ago, as 2h", from);
    }
    return CLI_OK;
}

static int read_options(struct cli *cli, struct tail *tail, struct trefoil_subscription *subscription)
{
    const char *count = cli_option(cli, "count"), *name = cli_option(cli, "name");

    tail->json = cli_option(cli, "json") != NULL;
    tail->left = UINT64_MAX;
    if (count && (bytes_to_u64(bytes_of_text(count), UINT64_MAX, &tail->left) < 0 || tail->left == 0))
        return cli_misuse(cli, "--count '%s'; allowed: a number of at least 1", count);
    subscription->ephemeral_too = cli_option(cli, "typing") != NULL;
    if (name && !text_is_name(bytes_of_text(name)))
        return cli_misuse(cli, "--name '%s'; allowed: up to 64 of a-z 0-9 . _ -", name);
    return read_start(cli, subscription);
}

/* SIGINT and SIGTERM become something that can be looked at between two events. */
static int take_signals(struct tail *tail)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return -errno;
    tail->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    return tail->signals < 0 ? -errno : 0;
}

static bool is_told_to_stop(const struct tail *tail)
{
    struct signalfd_siginfo info;

    return read(tail->signals, &info, sizeof(info)) == (ssize_t) sizeof(info);
}

/* Names come by and by: a line never waits for one. Services without the right to ask see ids. False: not asked. */
static bool ask_for_names(struct tail *tail, const struct trefoil_id *after)
{
    const struct trefoil_ask ask = {
        .question = TREFOIL_ASK_ROOM_LIST, .channel = tail->bus.channel, .room = *after, .limit = ROOMS_PAGE
    };
    uint64_t ticket;

    tail->asked_ms = bus_now_ms();
    return trefoil_client_ask(tail->bus.client, &ask, &ticket) == TREFOIL_OK;
}

/* Each walk tells all names again; only a new one takes memory. False: no more of it. */
static bool learn_name(struct tail *tail, const struct trefoil_room *room)
{
    const struct bytes key = bytes_make(room->room.bytes, TREFOIL_ID_BYTES);
    const char *text = room->name ? room->name : "", *known = map_get(&tail->names, key);
    char *name;

    if (known && strcmp(known, text) == 0)
        return true;
    name = arena_text(&tail->bus.cli->mem, bytes_of_text(text));
    return name && map_set(&tail->names, key, name) == 0;
}

static void learn_names(struct tail *tail, const struct trefoil_answer *answer)
{
    struct trefoil_id last = { { 0 } };

    for (size_t i = 0; answer->ok && i < answer->n_rooms; i++) {
        last = answer->rooms[i].room;
        if (!learn_name(tail, &answer->rooms[i]))
            return; /* ids will do */
    }
    if (answer->ok && answer->more && answer->n_rooms > 0)
        (void) ask_for_names(tail, &last);
}

/* Once asked for, a room that stays unknown is one without a name: not every line of it asks for all. */
static const char *room_name(struct tail *tail, const struct trefoil_id *room)
{
    static char none[] = "";
    const struct trefoil_id first = { { 0 } };
    const struct bytes key = bytes_make(room->bytes, TREFOIL_ID_BYTES);
    const char *name = map_get(&tail->names, key);

    if (!name && !text_is_zero_id(room) && bus_now_ms() - tail->asked_ms > TAIL_ASK_PAUSE_MS &&
        ask_for_names(tail, &first))
        (void) !map_set(&tail->names, key, none); /* until it is told */
    return name && *name ? name : NULL;
}

/* CLI_OK, or CLI_FAILED when the line could not be written: then it stays unacknowledged. */
static int show(struct tail *tail, const struct trefoil_delivery *delivery)
{
    const char *name = room_name(tail, &delivery->room);
    enum trefoil_status status;

    if (tail->json)
        tail_put_json(stdout, delivery, name);
    else
        tail_put_line(stdout, &tail->memory, delivery, name);
    if (fflush(stdout) != 0)
        return cli_fail(tail->bus.cli, "a line cannot be written: %s", strerror(errno));
    status = trefoil_client_ack(tail->bus.client, delivery->handle, delivery->seq);
    if (status != TREFOIL_OK)
        return cli_fail(tail->bus.cli, "cannot acknowledge: %s", trefoil_client_error(tail->bus.client));
    if (tail->left != UINT64_MAX)
        tail->left--;
    return CLI_OK;
}

static int on_event(struct tail *tail, const struct trefoil_event *event)
{
    const struct trefoil_id first = { { 0 } };

    switch (event->type) {
    case TREFOIL_EVENT_DELIVERY:
        return show(tail, event->delivery);
    case TREFOIL_EVENT_ANSWER:
        learn_names(tail, event->answer);
        return CLI_OK;
    case TREFOIL_EVENT_DISCONNECTED:
        fprintf(stderr, "trefoil: the gateway at %s is gone; waiting for it\n", tail->bus.cli->gateway);
        return CLI_OK;
    case TREFOIL_EVENT_CONNECTED:
        fprintf(stderr, "trefoil: connected to %s\n", tail->bus.cli->gateway);
        (void) ask_for_names(tail, &first); /* an answer may have been lost */
        return CLI_OK;
    default:
        return CLI_OK;
    }
}

static int follow(struct tail *tail)
{
    struct trefoil_event event;
    int r = CLI_OK;

    while (r == CLI_OK && tail->left > 0 && !is_told_to_stop(tail)) {
        enum trefoil_status status = trefoil_client_next(tail->bus.client, TAIL_TURN_MS, &event);
        if (status == TREFOIL_OK)
            r = on_event(tail, &event);
        else if (status != TREFOIL_NOTHING)
            r = cli_fail(tail->bus.cli, "%s: %s", trefoil_status_text(status), trefoil_client_error(tail->bus.client));
    }
    if (r == CLI_OK)
        bus_drain(&tail->bus, TAIL_DRAIN_MS);
    return r;
}

int command_tail(struct cli *cli)
{
    struct trefoil_subscription subscription = { 0 };
    struct tail *tail = arena_alloc(&cli->mem, sizeof(*tail));
    uint32_t handle;
    int r = tail ? read_options(cli, tail, &subscription) : cli_fail(cli, "out of memory");

    if (r != CLI_OK)
        return r;
    tail->signals = -1;
    tail->names = MAP_EMPTY(TAIL_ROOMS_MAX, 0);
    r = take_signals(tail) < 0 ? cli_fail(cli, "cannot take signals: %s", strerror(errno)) : bus_open(cli, &tail->bus);
    if (r == CLI_OK) {
        const struct trefoil_id first = { { 0 } };
        subscription.channel = tail->bus.channel;
        (void) ask_for_names(tail, &first);
        if (trefoil_client_subscribe(tail->bus.client, &subscription, &handle) != TREFOIL_OK)
            r = cli_fail(cli, "cannot subscribe: %s", trefoil_client_error(tail->bus.client));
    }
    if (r == CLI_OK)
        r = follow(tail);
    bus_close(&tail->bus);
    map_deinit(&tail->names);
    if (tail->signals >= 0)
        close(tail->signals);
    return r;
}
