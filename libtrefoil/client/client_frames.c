/* What the gateway says, frame by frame, and what follows from it. Never waits for a frame. */
#include "client/inside.h"

#include <errno.h>
#include <string.h>

#include "client/clock.h"
#include "seal/roster_sign.h"
#include "wire/envelope.h"

void client_ask_roster(struct trefoil_client *client)
{
    Trefoil__RosterGet get = TREFOIL__ROSTER_GET__INIT;

    if (connection_send(&client->connection, TREFOIL__FRAME__BODY_ROSTER_GET, &get) < 0)
        client_lose(client, "cannot ask for the roster");
}

/* Welcomed, and the roster is there: subscriptions first, for their answers free the gateway's hands. */
static int begin(struct trefoil_client *client)
{
    int r = client_say_pause(client);

    if (r == 0)
        r = subscriptions_rewind(&client->subscriptions, &client->connection, client->receive_credit);

    if (r == 0)
        r = grants_rewind(&client->grants);
    if (r == 0)
        client->notice.connected = true;
    return r;
}

static int take_welcome(struct trefoil_client *client, const Trefoil__Welcome *welcome)
{
    int r = connection_welcome(&client->connection, welcome);

    if (r < 0)
        return r;
    client->outbox.window = client->connection.window;
    client->outbox.window_bytes = client->connection.window_bytes;
    if (client->membership.is_known && client->membership.self)
        return begin(client);
    return 0; /* RosterIs follows */
}

/* Readers can only be reached by a key they have published. */
static int tell_wrap_key(struct trefoil_client *client)
{
    Trefoil__WrapPut put = TREFOIL__WRAP_PUT__INIT;
    int index = membership_untold_wrap(&client->membership, clock_wall_ms());
    struct bytes bytes;

    if (index < 0)
        return 0;
    int r = wrap_key_sign(client->keyring, (size_t) index, &client->work, &bytes);
    if (r == 0) {
        put.wrap_key = frame_binary(bytes);
        r = connection_send(&client->connection, TREFOIL__FRAME__BODY_WRAP_PUT, &put);
    }
    arena_reset(&client->work);
    return r;
}

static const char *why_no_roster(int error)
{
    switch (error) {
    case -ESTALE:
        return "the gateway's roster is older than one known before";
    case -ETIME:
        return "the gateway's roster is outside its time of validity";
    case -ENOMEM:
        return "out of memory";
    default:
        return "the gateway's roster is not signed by the pinned root, or contradicts one known before";
    }
}

static void refuse_roster(struct trefoil_client *client, const char *why, enum trefoil_status status)
{
    client_lose(client, why);
    client->trouble = status;
}

static int take_roster(struct trefoil_client *client, const Trefoil__RosterIs *is)
{
    bool was_known = client->membership.is_known && client->membership.self;
    enum membership_change change;
    int r = membership_take(&client->membership, frame_bytes(is->bundle), clock_wall_ms(), &change);

    if (r < 0) {
        refuse_roster(client, why_no_roster(r), TREFOIL_BROKEN);
        return 0;
    }
    if (!client->membership.self) {
        refuse_roster(client, "the roster does not name this service", TREFOIL_NOT_IN_ROSTER);
        return 0;
    }
    grants_roster(&client->grants, change != MEMBERSHIP_SAME);
    if (change == MEMBERSHIP_NEW_ROSTER) {
        reader_forget(client->reader);
        client->notice.roster = was_known;
    }
    if (change != MEMBERSHIP_SAME)
        client->n_refused = 0;
    if (client->wait == WAIT_ROSTER)
        client->wait = WAIT_NOTHING;
    client->notice.credit |= client->outbox.was_refused;
    if (!was_known && client->connection.state == CONNECTION_UP)
        r = begin(client);
    return r < 0 ? r : tell_wrap_key(client);
}

static int take_grant(struct trefoil_client *client, const Trefoil__GrantIs *is)
{
    switch (grants_answer(&client->grants, is)) {
    case GRANTS_STORED:
        client->notice.credit |= client->outbox.was_refused;
        client->outbox.was_refused = false;
        return 0;
    case GRANTS_REFUSED:
        (void) client_fail(client, TREFOIL_REFUSED, "the gateway does not take our grant: %s", is->refused);
        client_ask_roster(client); /* mostly because there is a newer one */
        return 0;
    case GRANTS_NOT_MINE:
        break;
    }
    client_grant_is(client, is);
    return 0;
}

static int take_error(struct trefoil_client *client, const Trefoil__Error *error)
{
    char why[CLIENT_ERROR_BYTES];

    snprintf(why, sizeof(why), "the gateway says: %s", error->text);
    client_lose(client, why);
    if (error->code == TREFOIL__ERROR_CODE__ERROR_NOT_IN_ROSTER)
        client->trouble = TREFOIL_NOT_IN_ROSTER;
    if (error->code == TREFOIL__ERROR_CODE__ERROR_VERSION)
        client->trouble = TREFOIL_BROKEN;
    return 0;
}

static int take_bye(struct trefoil_client *client)
{
    Trefoil__Bye bye = TREFOIL__BYE__INIT;

    if (client->said_bye) {
        client->heard_bye = true;
        return 0;
    }
    client->connection.is_leaving = true;
    return connection_send(&client->connection, TREFOIL__FRAME__BODY_BYE, &bye);
}

static int take_acked(struct trefoil_client *client, const Trefoil__Acked *acked)
{
    struct subscription *subscription = subscriptions_get(&client->subscriptions, acked->handle);

    if (!subscription)
        return -EPROTO;
    for (size_t i = 0; i < acked->n_done; i++)
        answers_safe(&subscription->answers, acked->done[i]->first, acked->done[i]->count);
    return 0;
}

static int take_subscribed(struct trefoil_client *client, const Trefoil__Subscribed *subscribed)
{
    struct subscription *subscription = subscriptions_get(&client->subscriptions, subscribed->handle);

    if (!subscription)
        return -EPROTO;
    subscription_confirm(subscription, subscribed);
    return 0;
}

static void take_credit(struct trefoil_client *client, const Trefoil__Credit *credit)
{
    struct connection *connection = &client->connection;

    connection->window += credit->envelopes < BUS_CREDIT_MAX - connection->window ? credit->envelopes
                                                                                  : BUS_CREDIT_MAX - connection->window;
    connection->window_bytes += credit->bytes;
    if (connection->window_bytes > BUS_CREDIT_MAX_BYTES)
        connection->window_bytes = BUS_CREDIT_MAX_BYTES;
    client->outbox.window = connection->window;
    client->outbox.window_bytes = connection->window_bytes;
    client->notice.credit |= client->outbox.was_refused;
}

static int take_body(struct trefoil_client *client, const Trefoil__Frame *frame, struct trefoil_event *ret,
                     bool *ret_event)
{
    switch (frame->body_case) {
    case TREFOIL__FRAME__BODY_WELCOME:
        return take_welcome(client, frame->welcome);
    case TREFOIL__FRAME__BODY_ROSTER_IS:
        return take_roster(client, frame->roster_is);
    case TREFOIL__FRAME__BODY_CONFIRM:
        client->telling = (struct telling){ .confirm = frame->confirm };
        return 0;
    case TREFOIL__FRAME__BODY_SUBSCRIBED:
        return take_subscribed(client, frame->subscribed);
    case TREFOIL__FRAME__BODY_ACKED:
        return take_acked(client, frame->acked);
    case TREFOIL__FRAME__BODY_CREDIT:
        take_credit(client, frame->credit);
        return 0;
    case TREFOIL__FRAME__BODY_GRANT_IS:
        return take_grant(client, frame->grant_is);
    case TREFOIL__FRAME__BODY_ANSWER:
        *ret_event = client_take_answer(client, frame->answer, ret);
        return 0;
    case TREFOIL__FRAME__BODY_HEARTBEAT:
        return 0;
    case TREFOIL__FRAME__BODY_BYE:
        return take_bye(client);
    case TREFOIL__FRAME__BODY_ERROR:
        return take_error(client, frame->error);
    default:
        return -EPROTO; /* what only a peer says */
    }
}

static bool is_in_order(const struct trefoil_client *client, Trefoil__Frame__BodyCase kind)
{
    return client->connection.state == CONNECTION_UP || kind == TREFOIL__FRAME__BODY_WELCOME ||
           kind == TREFOIL__FRAME__BODY_ERROR || kind == TREFOIL__FRAME__BODY_BYE;
}

static int take_bytes(struct trefoil_client *client, struct trefoil_event *ret, bool *ret_event)
{
    struct bytes bytes = bytes_make(zmq_msg_data(&client->frame), zmq_msg_size(&client->frame));
    Trefoil__Frame *frame = NULL;

    if (frame_kind(bytes) == TREFOIL__FRAME__BODY_DELIVER && client->connection.state == CONNECTION_UP)
        return inbox_push(&client->inbox, &client->frame);
    int r = frame_unpack(bytes, &client->frame_arena, &frame);
    if (r < 0)
        return r;
    if (!is_in_order(client, frame->body_case))
        return -EPROTO;
    return take_body(client, frame, ret, ret_event);
}

int client_take_frame(struct trefoil_client *client, struct trefoil_event *ret, bool *ret_event)
{
    int r = connection_receive(&client->connection, &client->frame);

    *ret_event = false;
    if (r == 0)
        return 0;
    client->has_frame = r > 0;
    if (r > 0)
        r = take_bytes(client, ret, ret_event);
    if (r < 0)
        client_lose(client, r == -EPROTONOSUPPORT ? "the gateway speaks no version this library knows"
                                                  : "the gateway broke the protocol");
    return 1;
}

static bool is_retryable(Trefoil__RejectReason reason)
{
    switch (reason) {
    case TREFOIL__REJECT_REASON__REJECT_NO_GRANT:
    case TREFOIL__REJECT_REASON__REJECT_STALE_ROSTER:
    case TREFOIL__REJECT_REASON__REJECT_STORE_FULL:
    case TREFOIL__REJECT_REASON__REJECT_STORE_BROKEN:
    case TREFOIL__REJECT_REASON__REJECT_HELD_TOO_LONG:
    case TREFOIL__REJECT_REASON__REJECT_OVER_CREDIT:
    case TREFOIL__REJECT_REASON__REJECT_DRAINING:
        return true;
    default:
        return false;
    }
}

/* Its key is no good any more: the next one gets a fresh one. */
static void renew_key(struct trefoil_client *client, const struct publication *publication, bool awaits_roster)
{
    struct envelope envelope;
    struct envelope_header header;

    if (envelope_parse(publication->envelope, &envelope) == 0 &&
        envelope_header_parse(envelope.header, &client->work, &header) == 0)
        grants_renew(&client->grants, header.channel, header.key_id, awaits_roster);
    arena_reset(&client->work);
    if (awaits_roster)
        client_ask_roster(client);
}

/* True when the library itself can do better than to tell the application. */
static bool try_again(struct trefoil_client *client, struct publication *publication, Trefoil__RejectReason reason)
{
    bool is_stale = reason == TREFOIL__REJECT_REASON__REJECT_STALE_ROSTER;

    if (reason == TREFOIL__REJECT_REASON__REJECT_DRAINING) {
        client->connection.is_leaving = true;
        outbox_again(&client->outbox, publication, false);
        return true;
    }
    if (!is_stale && reason != TREFOIL__REJECT_REASON__REJECT_NO_GRANT)
        return false;
    if (publication->content.size == 0 || publication->n_sealings >= OUTBOX_SEALINGS_MAX)
        return false;
    outbox_again(&client->outbox, publication, true);
    renew_key(client, publication, is_stale);
    return true;
}

/* The next run or rejection, or NULL after the last; `*ret_ticket` is the ticket meant. */
static bool next_ticket(struct trefoil_client *client, uint64_t *ret_ticket, const Trefoil__Rejection **ret_rejection)
{
    struct telling *telling = &client->telling;
    const Trefoil__Confirm *confirm = telling->confirm;

    for (; telling->part != TELL_REJECTED; telling->part++, telling->at = 0) {
        Trefoil__Run **runs = telling->part == TELL_ACCEPTED ? confirm->accepted : confirm->duplicate;
        size_t n = telling->part == TELL_ACCEPTED ? confirm->n_accepted : confirm->n_duplicate;

        for (; telling->at < n; telling->at++, telling->offset = 0) {
            const Trefoil__Run *run = runs[telling->at];

            /* tickets nobody waits for are stepped over at once */
            if (run->first + telling->offset < client->outbox.oldest && run->first < client->outbox.oldest)
                telling->offset = client->outbox.oldest - run->first;
            if (telling->offset < run->count && run->first + telling->offset < client->outbox.next) {
                *ret_ticket = run->first + telling->offset++;
                *ret_rejection = NULL;
                return true;
            }
        }
    }
    if (telling->at >= confirm->n_rejected)
        return false;
    *ret_rejection = confirm->rejected[telling->at++];
    *ret_ticket = (*ret_rejection)->ticket;
    return true;
}

bool client_tell_confirm(struct trefoil_client *client, struct trefoil_event *ret)
{
    const Trefoil__Rejection *rejection;
    uint64_t ticket;

    while (client->telling.confirm && next_ticket(client, &ticket, &rejection)) {
        struct publication *publication = outbox_get(&client->outbox, ticket);

        if (!publication || (rejection && try_again(client, publication, rejection->reason)))
            continue;
        outbox_done(&client->outbox, publication);
        if (client->outbox.was_refused && outbox_has_room(&client->outbox, 0)) {
            client->outbox.was_refused = false;
            client->notice.credit = true;
        }
        *ret = (struct trefoil_event){ .type = TREFOIL_EVENT_CONFIRMED, .ticket = ticket, .text = "" };
        ret->duplicate = client->telling.part == TELL_DUPLICATE;
        if (rejection) {
            ret->type = TREFOIL_EVENT_REJECTED;
            ret->reason = (uint32_t) rejection->reason;
            ret->text = rejection->text;
            ret->retryable = is_retryable(rejection->reason);
        }
        return true;
    }
    client->telling.confirm = NULL;
    return false;
}
