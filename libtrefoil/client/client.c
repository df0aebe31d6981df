/* The client as its owner sees it: opened, driven event by event, drained, closed. Never parses a frame. */
#include "client/inside.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "client/clock.h"

#define DRAIN_MS 8000 /* longest wait for the gateway to confirm what is left */

enum trefoil_status client_fail(struct trefoil_client *client, enum trefoil_status status, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    vsnprintf(client->error, sizeof(client->error), format, list);
    va_end(list);
    return status;
}

enum trefoil_status client_fail_errno(struct trefoil_client *client, int error)
{
    switch (error) {
    case -ENOMEM:
        return client_fail(client, TREFOIL_OUT_OF_MEMORY, "out of memory");
    case -EMSGSIZE:
        return client_fail(client, TREFOIL_TOO_LARGE, "larger than one envelope, or than one of its parts, may be");
    case -EINVAL:
        return client_fail(client, TREFOIL_BAD_ARGUMENT, "a member is missing or outside its range");
    case -EACCES:
        return client_fail(client, TREFOIL_NOT_IN_ROSTER, "the roster does not give this service that role");
    case -ENOKEY:
        return client_fail(client, TREFOIL_REFUSED, "no reader of the channel has published a wrap key");
    default:
        return client_fail(client, TREFOIL_BROKEN, "%s", strerror(-error));
    }
}

static enum trefoil_status load_keyring(const char *path, struct keyring **ret)
{
    switch (keyring_load(path, ret)) {
    case 0:
        return TREFOIL_OK;
    case -ENOMEM:
        return TREFOIL_OUT_OF_MEMORY;
    default:
        return TREFOIL_BAD_KEYRING;
    }
}

static int init_parts(struct trefoil_client *client, const struct trefoil_options *options)
{
    uint32_t pause_ms = options->reconnect_ms > 0 ? options->reconnect_ms : BUS_RECONNECT_LAST_MS;
    int r = connection_init(&client->connection, client->endpoint, client->keyring, pause_ms);

    if (r == 0)
        r = outbox_init(&client->outbox);
    if (r == 0)
        r = reader_new(client->keyring, &client->reader);
    membership_init(&client->membership, client->keyring);
    grants_init(&client->grants, client->keyring, &client->membership, &client->connection);
    return r;
}

enum trefoil_status trefoil_client_open(const struct trefoil_options *options, trefoil_client **ret)
{
    if (!options || !ret || !options->endpoint || !options->keyring_file || options->receive_credit > BUS_CREDIT_MAX)
        return TREFOIL_BAD_ARGUMENT;
    if (sodium_init() < 0)
        return TREFOIL_BROKEN;
    struct trefoil_client *client = calloc(1, sizeof(*client));
    if (!client)
        return TREFOIL_OUT_OF_MEMORY;
    client->connection = CONNECTION_EMPTY;
    client->frame_arena = ARENA_EMPTY(BUS_FRAME_MEMORY_MAX_BYTES);
    client->event_arena = ARENA_EMPTY(CLIENT_EVENT_MEMORY_BYTES);
    client->work = ARENA_EMPTY(CLIENT_WORK_MEMORY_BYTES);
    client->asks.next = 1;
    client->receive_credit = options->receive_credit > 0 ? options->receive_credit : BUS_DELIVER_CREDIT;
    inbox_init(&client->inbox);
    client->endpoint = strdup(options->endpoint);
    enum trefoil_status status =
        client->endpoint ? load_keyring(options->keyring_file, &client->keyring) : TREFOIL_OUT_OF_MEMORY;
    if (status == TREFOIL_OK) {
        int r = init_parts(client, options);

        status = r == 0 ? TREFOIL_OK : r == -ENOMEM ? TREFOIL_OUT_OF_MEMORY : TREFOIL_BROKEN;
    }
    if (status != TREFOIL_OK)
        trefoil_client_close(&client);
    else
        *ret = client;
    return status;
}

static void drop_kept(struct trefoil_client *client)
{
    if (client->has_kept)
        zmq_msg_close(&client->kept);
    client->has_kept = false;
}

static void drop_frame(struct trefoil_client *client)
{
    if (client->has_frame)
        zmq_msg_close(&client->frame);
    client->has_frame = false;
    client->telling = (struct telling){ NULL };
}

void trefoil_client_close(trefoil_client **at)
{
    struct trefoil_client *client = at ? *at : NULL;

    if (!client)
        return;
    drop_frame(client);
    drop_kept(client);
    inbox_deinit(&client->inbox);
    connection_deinit(&client->connection);
    subscriptions_deinit(&client->subscriptions);
    outbox_deinit(&client->outbox);
    grants_deinit(&client->grants);
    membership_deinit(&client->membership);
    client->reader = reader_free(client->reader);
    client->keyring = keyring_free(client->keyring);
    arena_deinit(&client->frame_arena);
    arena_deinit(&client->event_arena);
    arena_deinit(&client->work);
    free(client->endpoint);
    free(client);
    *at = NULL;
}

int trefoil_client_fd(const trefoil_client *client)
{
    /* Who asks will poll: from now on the descriptor is kept truthful, which is the one thing changed here. */
    return zsock_fd((struct zsock *) (uintptr_t) &client->connection.zsock);
}

const char *trefoil_client_error(const trefoil_client *client)
{
    return client->error;
}

const char *trefoil_client_service(const trefoil_client *client)
{
    return client->keyring->service_name;
}

bool trefoil_client_is_connected(const trefoil_client *client)
{
    return client->connection.state == CONNECTION_UP && client->membership.is_known;
}

void trefoil_client_expiry(const trefoil_client *client, uint64_t *ret_roster_ms, uint64_t *ret_wrap_key_ms)
{
    const struct wrap_secret *wrap = keyring_newest_wrap(client->keyring);

    *ret_roster_ms = client->membership.is_known ? client->membership.trust.roster.not_after_ms : 0;
    *ret_wrap_key_ms = wrap ? wrap->not_after_ms : 0;
}

enum trefoil_status trefoil_client_channel(trefoil_client *client, const char *name, struct trefoil_id *ret)
{
    if (!client->membership.is_known)
        return client_fail(client, TREFOIL_NOT_IN_ROSTER, "no roster yet: wait for the CONNECTED event");
    const struct roster_channel *channel = membership_channel(&client->membership, name);
    if (!channel)
        return client_fail(client, TREFOIL_NOT_IN_ROSTER,
                           name ? "the roster has no such channel for this service"
                                : "this service is in no channel, or in several: name one");
    memcpy(ret->bytes, channel->id.data, sizeof(ret->bytes));
    return TREFOIL_OK;
}

uint64_t trefoil_client_retention_ms(const trefoil_client *client, const char *name)
{
    const struct roster_channel *channel = membership_channel(&client->membership, name);

    return channel ? channel->retention_ms : 0;
}

void client_lose(struct trefoil_client *client, const char *why)
{
    if (client->connection.state != CONNECTION_DOWN)
        connection_drop(&client->connection);
    client->notice.lost = true;
    client->notice.connected = false;
    (void) client_fail(client, TREFOIL_BROKEN, "%s", why);
    inbox_clear(&client->inbox);
    outbox_rewind(&client->outbox);
    client->wait = WAIT_NOTHING;
    drop_kept(client);
    memcpy(client->asks.lost, client->asks.open, sizeof(client->asks.lost));
    client->asks.n_lost = client->asks.n_open;
    client->asks.n_open = 0;
    client->said_bye = false;
}

static int flush_outbox(struct trefoil_client *client)
{
    struct publication *stale = NULL;
    int r;

    if (client->connection.is_leaving)
        return 0;
    do {
        r = outbox_flush(&client->outbox, &client->connection, &stale);
        if (r < 0 || !stale)
            return r;
        r = client_seal_again(client, stale);
    } while (r == 0);
    return r == -EAGAIN ? 0 : r;
}

static int say_bye(struct trefoil_client *client)
{
    Trefoil__Bye bye = TREFOIL__BYE__INIT;
    int r = 0;

    if (client->is_draining && !client->said_bye && !outbox_has_unsent(&client->outbox)) {
        r = connection_send(&client->connection, TREFOIL__FRAME__BODY_BYE, &bye);
        client->said_bye = r == 0;
    }
    return r;
}

void client_flush(struct trefoil_client *client)
{
    client->n_told = 0;
    client->plain_due_ms = 0;
    if (client->connection.state != CONNECTION_UP || !client->membership.is_known)
        return;
    int r = subscriptions_flush(&client->subscriptions, &client->connection);
    if (r == 0)
        r = flush_outbox(client);
    if (r == 0)
        r = say_bye(client);
    if (r < 0)
        client_lose(client, strerror(-r));
}

/* Somebody waits for what is to be sent. */
static bool is_awaited(const struct trefoil_client *client)
{
    return subscriptions_has_outcomes(&client->subscriptions) || outbox_has_unsent(&client->outbox) ||
           client->is_draining;
}

/* Nothing more is ready: what is to be sent goes out, unless it only tells what was read, which can wait a moment for
 * more of its kind. A frame costs both sides more than what it tells. */
static void flush_idle(struct trefoil_client *client)
{
    bool is_plain = client->connection.state == CONNECTION_UP && subscriptions_has_unsent(&client->subscriptions) &&
                    !is_awaited(client) && subscriptions_spent(&client->subscriptions) < client->receive_credit / 4;
    uint64_t now_ms = is_plain ? clock_run_ms() : 0;

    if (is_plain && client->plain_due_ms == 0)
        client->plain_due_ms = now_ms + CLIENT_FLUSH_PLAIN_AFTER_MS;
    if (!is_plain || now_ms >= client->plain_due_ms)
        client_flush(client);
    else
        client->n_told = 0;
}

static bool is_ready(const struct trefoil_client *client)
{
    return client->notice.connected && grants_is_settled(&client->grants);
}

/* One of the events that need no frame. */
static bool tell_notice(struct trefoil_client *client, struct trefoil_event *ret)
{
    *ret = (struct trefoil_event){ .text = client->error };
    if (client->notice.lost) {
        client->notice.lost = false;
        if (client->is_connected) { /* an attempt that failed was never told as connected */
            client->is_connected = false;
            ret->type = TREFOIL_EVENT_DISCONNECTED;
            return true;
        }
    }
    if (client_tell_lost_ask(client, ret))
        return true;
    ret->text = "";
    if (is_ready(client)) {
        client->notice.connected = false;
        client->is_connected = true;
        ret->type = TREFOIL_EVENT_CONNECTED;
    } else if (client->notice.roster) {
        client->notice.roster = false;
        ret->type = TREFOIL_EVENT_ROSTER;
    } else if (client->notice.credit) {
        client->notice.credit = false;
        ret->type = TREFOIL_EVENT_CREDIT;
    } else if (client->notice.closed) {
        client->notice.closed = false;
        client->is_closed = true;
        ret->type = TREFOIL_EVENT_CLOSED;
    } else {
        return false;
    }
    return true;
}

/* Everything is told and on disk, or nobody is left to tell, or it takes too long. */
static void check_drained(struct trefoil_client *client)
{
    if (!client->is_draining || client->is_closed || client->notice.closed)
        return;
    bool settled = client->outbox.n_open == 0 && subscriptions_is_settled(&client->subscriptions);
    bool is_alone = client->connection.state != CONNECTION_UP;
    if ((settled && (client->heard_bye || is_alone)) || clock_run_ms() >= client->drain_deadline_ms) {
        connection_drop(&client->connection);
        client->notice.closed = true;
    }
}

static void step(struct trefoil_client *client)
{
    switch (connection_step(&client->connection, membership_version(&client->membership))) {
    case CONNECTION_STEADY:
        break;
    case CONNECTION_LOST:
        client_lose(client, "the connection to the gateway is lost");
        break;
    case CONNECTION_NOT_ADMITTED:
        client_lose(client, "the gateway does not admit this key: it is not in its roster");
        client->trouble = TREFOIL_NOT_IN_ROSTER;
        break;
    }
    if (client->outbox.was_refused && grants_deadline(&client->grants) <= clock_run_ms()) {
        client->outbox.was_refused = false;
        client->notice.credit = true;
    }
}

/* The next event that is ready, without waiting. */
static bool turn(struct trefoil_client *client, struct trefoil_event *ret)
{
    bool is_event = false;

    for (;;) {
        if (tell_notice(client, ret) || client_tell_confirm(client, ret) || client_tell_delivery(client, ret))
            return true;
        drop_frame(client);
        arena_reset(&client->frame_arena);
        if (client_tell_kept_answer(client, ret))
            return true;
        if (client_take_frame(client, ret, &is_event) == 0)
            break;
        if (is_event)
            return true;
    }
    flush_idle(client);
    step(client);
    check_drained(client);
    return tell_notice(client, ret);
}

static uint64_t deadline_of(const struct trefoil_client *client)
{
    uint64_t deadline = connection_deadline(&client->connection);

    if (client->outbox.was_refused && grants_deadline(&client->grants) < deadline)
        deadline = grants_deadline(&client->grants);
    if (client->plain_due_ms > 0 && client->plain_due_ms < deadline)
        deadline = client->plain_due_ms;
    if (client->is_draining && client->drain_deadline_ms < deadline)
        deadline = client->drain_deadline_ms;
    return deadline;
}

static bool has_more(const struct trefoil_client *client)
{
    return client->telling.confirm || client->notice.lost || is_ready(client) || client->notice.roster ||
           client->notice.credit || client->notice.closed || client->trouble != TREFOIL_OK || client->asks.n_lost > 0 ||
           (client->has_kept && client->wait == WAIT_NOTHING) ||
           (client->wait == WAIT_NOTHING && !inbox_is_empty(&client->inbox)) || client->n_told > 0;
}

static void settle(struct trefoil_client *client)
{
    zsock_settle(&client->connection.zsock, has_more(client), deadline_of(client));
}

/* Although there is more to be told. */
static bool is_time_to_flush(const struct trefoil_client *client)
{
    return client->n_told >= (is_awaited(client) ? CLIENT_FLUSH_EVERY : CLIENT_FLUSH_PLAIN_EVERY);
}

/* 0: time is up. */
static int wait_more(struct trefoil_client *client, uint64_t end_ms)
{
    uint64_t now_ms = clock_run_ms(), until_ms = deadline_of(client);

    if (now_ms >= end_ms)
        return 0;
    if (end_ms < until_ms)
        until_ms = end_ms;
    uint64_t wait_ms = until_ms > now_ms ? until_ms - now_ms : 0;
    int r = zsock_wait(&client->connection.zsock, wait_ms < INT32_MAX ? (int) wait_ms : INT32_MAX);
    return r < 0 ? r : 1;
}

enum trefoil_status trefoil_client_next(trefoil_client *client, int timeout_ms, struct trefoil_event *ret)
{
    uint64_t end_ms = timeout_ms < 0 ? CLOCK_NEVER : 0; /* counted from when there is nothing to be told */
    enum trefoil_status status = TREFOIL_NOTHING;

    arena_reset(&client->event_arena);
    client->raw_envelope = BYTES_EMPTY;
    if (is_time_to_flush(client))
        client_flush(client);
    while (status == TREFOIL_NOTHING && !client->is_closed) {
        if (turn(client, ret)) {
            client->n_told++;
            status = TREFOIL_OK;
        } else if (client->trouble != TREFOIL_OK) {
            status = client->trouble;
            client->trouble = TREFOIL_OK;
        } else {
            if (timeout_ms > 0 && end_ms == 0)
                end_ms = clock_run_ms() + (uint64_t) timeout_ms;
            int r = wait_more(client, end_ms);

            if (r < 0)
                status = client_fail_errno(client, r);
            if (r == 0)
                break;
        }
    }
    if (client->is_closed && status == TREFOIL_NOTHING)
        return TREFOIL_CLOSED;
    settle(client);
    return status;
}

int client_say_pause(struct trefoil_client *client)
{
    Trefoil__Pause pause = TREFOIL__PAUSE__INIT;

    if (!client->is_paused || client->connection.version < BUS_VERSION_PAUSE)
        return 0;
    return connection_send(&client->connection, TREFOIL__FRAME__BODY_PAUSE, &pause);
}

void trefoil_client_pause(trefoil_client *client)
{
    if (client->is_paused)
        return;
    client->is_paused = true;
    if (!trefoil_client_is_connected(client))
        return; /* said with the next connection */
    int r = client_say_pause(client);
    if (r < 0)
        client_lose(client, strerror(-r));
    client_nudge(client);
}

bool trefoil_client_is_paused(const trefoil_client *client)
{
    return client->is_paused && trefoil_client_is_connected(client) && client->connection.version >= BUS_VERSION_PAUSE;
}

enum trefoil_status trefoil_client_drain(trefoil_client *client)
{
    if (!client->is_draining) {
        client->is_draining = true;
        client->drain_deadline_ms = clock_run_ms() + DRAIN_MS;
        client_nudge(client);
    }
    return TREFOIL_OK;
}

enum trefoil_status trefoil_client_subscribe(trefoil_client *client, const struct trefoil_subscription *wish,
                                             uint32_t *ret_handle)
{
    struct subscription *subscription;
    int r = wish ? subscriptions_add(&client->subscriptions, wish, &subscription) : -EINVAL;

    if (r == -ENOSPC)
        return client_fail(client, TREFOIL_BAD_ARGUMENT, "at most %d subscriptions", BUS_SUBSCRIPTIONS_MAX);
    if (r < 0)
        return client_fail_errno(client, r);
    if (client->connection.state == CONNECTION_UP) {
        r = subscription_send(subscription, &client->connection);
        if (r < 0)
            client_lose(client, strerror(-r)); /* told again with the next connection */
    }
    *ret_handle = subscription->handle;
    return TREFOIL_OK;
}
