/* Drives the client library from the loop. Never blocks, never interprets what it carries. */
#include "bus.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"

enum {
    TICK_MS = 100,         /* the library's own timers need a call now and then, whatever its descriptor says */
    EVENTS_PER_TURN = 256, /* then the webhooks and the network get a turn */
};

/* Of RejectReason in control.proto. The first two are ended by a human who signs a better roster: the network keeps for
 * days what it has, so they are no end. The last is the gateway's ordinary way to wait for a send. */
enum { REJECT_NOT_WRITER = 2, REJECT_NOT_YOUR_ACCOUNT = 3, REJECT_HELD_TOO_LONG = 11 };

struct bus {
    struct trefoil_client *client;
    struct bus_options options;
    struct trefoil_id channel;
    bool is_subscribed, is_draining, is_closed, is_in_trouble;
    struct list waiting; /* posts without credit, oldest first */
    struct list failed;  /* posts the library refused, to be told outside of bus_post() */
    struct map out;      /* ticket → post */
    uv_poll_t poll;
    uv_prepare_t prepare;
    uv_timer_t tick;
    unsigned n_open_handles;
};

static struct bytes ticket_key(const uint64_t *ticket)
{
    return bytes_make(ticket, sizeof(*ticket));
}

static void publish(struct bus *bus, struct post *post, enum trefoil_status *ret_status)
{
    post->publication.channel = bus->channel;
    enum trefoil_status status = trefoil_client_publish(bus->client, &post->publication, &post->ticket);
    *ret_status = status;
    if (status == TREFOIL_AGAIN)
        return;
    list_remove(&post->node);
    if (status == TREFOIL_OK && map_set(&bus->out, ticket_key(&post->ticket), post) == 0)
        return;
    /* Out of memory, keys or luck is not for ever; without memory to wait for its confirm it is repeated, too. */
    post->is_refused = status == TREFOIL_TOO_LARGE || status == TREFOIL_BAD_ARGUMENT;
    list_append(&bus->failed, &post->node);
}

static void flush(struct bus *bus)
{
    enum trefoil_status status = TREFOIL_OK;

    if (!bus->is_subscribed)
        return;
    while (status != TREFOIL_AGAIN && !list_is_empty(&bus->waiting))
        publish(bus, container_of(list_first(&bus->waiting), struct post, node), &status);
}

static void tell_failed(struct bus *bus)
{
    while (!list_is_empty(&bus->failed)) {
        struct post *post = container_of(list_first(&bus->failed), struct post, node);
        list_remove(&post->node);
        post->ticket = 0;
        post->on_done(post, post->is_refused ? POST_REFUSED : POST_RETRY);
    }
}

static void finish(struct bus *bus, uint64_t ticket, enum post_end end)
{
    struct post *post = map_remove(&bus->out, ticket_key(&ticket));
    if (!post)
        return;
    post->ticket = 0;
    post->on_done(post, end);
}

/* Told once, until things have been well again. */
static void trouble(struct bus *bus, const char *words)
{
    if (!bus->is_in_trouble)
        bus->options.on_trouble(bus->options.owner, words);
    bus->is_in_trouble = true;
}

static bool may_end(const struct trefoil_event *rejection)
{
    return rejection->retryable || rejection->reason == REJECT_NOT_WRITER ||
           rejection->reason == REJECT_NOT_YOUR_ACCOUNT;
}

static void subscribe(struct bus *bus)
{
    struct trefoil_subscription subscription = {
        .name = bus->options.subscription,
        .targets = true,
        .ephemeral_too = true,
        .start = TREFOIL_START_SAVED,
    };
    uint32_t handle;

    if (bus->is_subscribed)
        return;
    enum trefoil_status status = trefoil_client_channel(bus->client, bus->options.channel, &bus->channel);
    if (status == TREFOIL_OK) {
        subscription.channel = bus->channel;
        status = trefoil_client_subscribe(bus->client, &subscription, &handle);
    }
    if (status == TREFOIL_OK)
        bus->is_subscribed = true;
    else
        bus->options.on_trouble(bus->options.owner, trefoil_client_error(bus->client));
}

static void take(struct bus *bus, const struct trefoil_event *event)
{
    switch (event->type) {
    case TREFOIL_EVENT_CONNECTED:
        bus->is_in_trouble = false;
        subscribe(bus);
        bus->options.on_connected(bus->options.owner);
        break;
    case TREFOIL_EVENT_DISCONNECTED:
        bus->options.on_disconnected(bus->options.owner);
        break;
    case TREFOIL_EVENT_CONFIRMED:
        bus->is_in_trouble = false;
        finish(bus, event->ticket, event->duplicate ? POST_DUPLICATE : POST_CONFIRMED);
        break;
    case TREFOIL_EVENT_REJECTED:
        if (event->reason != REJECT_HELD_TOO_LONG)
            trouble(bus, event->text);
        finish(bus, event->ticket, may_end(event) ? POST_RETRY : POST_REFUSED);
        break;
    case TREFOIL_EVENT_DELIVERY:
        bus->options.on_delivery(bus->options.owner, event->delivery);
        break;
    case TREFOIL_EVENT_ROSTER:
        subscribe(bus);
        break;
    case TREFOIL_EVENT_ANSWER: /* only to what we declared */
        if (!event->answer->ok)
            trouble(bus, event->answer->text ? event->answer->text : "a declaration was refused");
        break;
    default:
        break;
    }
}

static void drive(struct bus *bus)
{
    struct trefoil_event event;
    enum trefoil_status status = TREFOIL_OK;

    tell_failed(bus);
    flush(bus);
    /* The last call before the loop sleeps finds nothing: so everything published in between is on its way. */
    for (unsigned i = 0; i < EVENTS_PER_TURN && status == TREFOIL_OK && !bus->is_closed; i++) {
        status = trefoil_client_next(bus->client, 0, &event);
        if (status == TREFOIL_OK)
            take(bus, &event);
        flush(bus);
        bus->is_closed = status == TREFOIL_CLOSED || (status == TREFOIL_OK && event.type == TREFOIL_EVENT_CLOSED);
    }
    if (bus->is_closed)
        bus->options.on_closed(bus->options.owner);
    else if (status == TREFOIL_BROKEN || status == TREFOIL_NOT_IN_ROSTER)
        trouble(bus, trefoil_client_error(bus->client));
}

static void on_prepare(uv_prepare_t *prepare)
{
    struct bus *bus = prepare->data;
    if (!bus->is_closed)
        drive(bus);
}

/* Only wakes the loop: on_prepare() does the work once per turn. */
static void on_readable(uv_poll_t *poll, int status, int events)
{
    (void) poll;
    (void) status;
    (void) events;
}

static void on_tick(uv_timer_t *tick)
{
    (void) tick;
}

static int start(struct bus *bus, uv_loop_t *loop)
{
    int r = uv_poll_init(loop, &bus->poll, trefoil_client_fd(bus->client));
    if (r < 0)
        return r;
    uv_prepare_init(loop, &bus->prepare);
    uv_timer_init(loop, &bus->tick);
    bus->n_open_handles = 3;
    bus->poll.data = bus->prepare.data = bus->tick.data = bus;
    r = uv_poll_start(&bus->poll, UV_READABLE, on_readable);
    if (r == 0)
        r = uv_prepare_start(&bus->prepare, on_prepare);
    if (r == 0)
        r = uv_timer_start(&bus->tick, on_tick, TICK_MS, TICK_MS);
    return r;
}

int bus_open(uv_loop_t *loop, const struct bus_options *options, struct bus **ret, char *error, size_t error_room)
{
    struct bus *bus = calloc(1, sizeof(*bus));
    if (!bus)
        return -ENOMEM;
    bus->options = *options;
    bus->out = MAP_EMPTY(BUS_POSTS_MAX, 0);
    list_init(&bus->waiting);
    list_init(&bus->failed);

    struct trefoil_options client = {
        .endpoint = options->endpoint,
        .keyring_file = options->keyring_file,
        .receive_credit = options->receive_credit,
    };
    enum trefoil_status status = trefoil_client_open(&client, &bus->client);
    if (status != TREFOIL_OK) {
        snprintf(error, error_room, "%s: %s", options->keyring_file, trefoil_status_text(status));
        free(bus);
        return status == TREFOIL_OUT_OF_MEMORY ? -ENOMEM : status == TREFOIL_BAD_KEYRING ? -EACCES : -EIO;
    }
    int r = start(bus, loop);
    if (r < 0) {
        snprintf(error, error_room, "the loop refuses the bus: %s", uv_strerror(r));
        bus_close(bus);
        return r;
    }
    *ret = bus;
    return 0;
}

static void free_bus(struct bus *bus)
{
    map_deinit(&bus->out);
    free(bus);
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct bus *bus = handle->data;
    if (--bus->n_open_handles == 0)
        free_bus(bus);
}

struct bus *bus_close(struct bus *bus)
{
    if (!bus)
        return NULL;
    if (!bus->n_open_handles) {
        trefoil_client_close(&bus->client);
        free_bus(bus);
        return NULL;
    }
    uv_poll_stop(&bus->poll);
    uv_close((uv_handle_t *) &bus->poll, on_handle_closed);
    uv_close((uv_handle_t *) &bus->prepare, on_handle_closed);
    uv_close((uv_handle_t *) &bus->tick, on_handle_closed);
    trefoil_client_close(&bus->client);
    return NULL;
}

bool bus_is_connected(const struct bus *bus)
{
    return bus->is_subscribed && !bus->is_closed && trefoil_client_is_connected(bus->client);
}

bool bus_channel(const struct bus *bus, uint8_t *ret)
{
    if (bus->is_subscribed)
        memcpy(ret, bus->channel.bytes, sizeof(bus->channel.bytes));
    return bus->is_subscribed;
}

uint64_t bus_retention_ms(const struct bus *bus)
{
    return trefoil_client_retention_ms(bus->client, bus->options.channel);
}

const char *bus_service(const struct bus *bus)
{
    return trefoil_client_service(bus->client);
}

void bus_expiry(const struct bus *bus, uint64_t *ret_roster_ms, uint64_t *ret_wrap_key_ms)
{
    trefoil_client_expiry(bus->client, ret_roster_ms, ret_wrap_key_ms);
}

void bus_post(struct bus *bus, struct post *post)
{
    post->ticket = 0;
    list_init(&post->node);
    list_append(&bus->waiting, &post->node);
    flush(bus);
}

void bus_withdraw(struct bus *bus, struct post *post)
{
    if (post->ticket)
        map_remove(&bus->out, ticket_key(&post->ticket));
    post->ticket = 0;
    if (post->node.next)
        list_remove(&post->node);
}

void bus_mention(struct bus *bus, struct trefoil_publication *publication)
{
    if (!bus->is_subscribed)
        return;
    publication->channel = bus->channel;
    /* Nobody waits: what cannot go now is of no use later. */
    if (trefoil_client_publish(bus->client, publication, NULL) != TREFOIL_OK)
        return;
}

void bus_outcome(struct bus *bus, uint32_t handle, uint64_t seq, const struct trefoil_target_outcome *outcome)
{
    if (trefoil_client_outcome(bus->client, handle, seq, outcome, 1) != TREFOIL_OK)
        trouble(bus, trefoil_client_error(bus->client));
}

void bus_declare(struct bus *bus, const struct trefoil_capabilities *capabilities, bool wake)
{
    struct trefoil_ask ask = {
        .question = TREFOIL_ASK_CAPABILITY_PUT, .channel = bus->channel, .capabilities = capabilities, .all = wake
    };
    uint64_t ticket;

    if (bus->is_subscribed && trefoil_client_ask(bus->client, &ask, &ticket) != TREFOIL_OK)
        trouble(bus, trefoil_client_error(bus->client));
}

void bus_pause(struct bus *bus)
{
    trefoil_client_pause(bus->client);
}

bool bus_is_paused(const struct bus *bus)
{
    return trefoil_client_is_paused(bus->client);
}

void bus_drain(struct bus *bus)
{
    if (!bus->is_draining && trefoil_client_drain(bus->client) != TREFOIL_OK) {
        bus->is_closed = true;
        bus->options.on_closed(bus->options.owner);
    }
    bus->is_draining = true;
}
