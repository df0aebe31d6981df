/* The delivery at the head of the inbox is verified, opened and shown, or waits there for its key. Never shows content
 * of which a check failed; never lets a later delivery overtake.
 */
#include "client/inside.h"

#include <errno.h>
#include <string.h>

#include "seal/personal.h"
#include "wire/content.h"

#define ROSTER_GETS_MAX 3 /* for one key: then its grant is of a roster we shall not see */

const char *client_plain(struct trefoil_client *client, const uint8_t *channel, const char *account, struct bytes token,
                         enum token_kind kind)
{
    const struct channel_secret *secret = keyring_channel(client->keyring, channel);
    struct token_plain plain;

    if (!secret || token.size == 0 || (!account && kind != TOKEN_NOTE))
        return NULL;
    if (token_open(secret, bytes_of_text(account), token, &client->event_arena, &plain) < 0 || plain.kind != kind)
        return NULL;
    return arena_text(&client->event_arena, plain.value);
}

const char *client_refusal(const struct trefoil_client *client, struct bytes key_id)
{
    for (size_t i = 0; i < client->n_refused && i < CLIENT_REFUSED_KEYS; i++)
        if (bytes_equal(key_id, bytes_make(client->refused[i].key_id, SEAL_KEY_ID_BYTES)))
            return client->refused[i].why;
    return NULL;
}

void client_refuse_key(struct trefoil_client *client, struct bytes key_id, const char *why)
{
    struct refused_key *refused = &client->refused[client->n_refused++ % CLIENT_REFUSED_KEYS];

    memcpy(refused->key_id, key_id.data, SEAL_KEY_ID_BYTES);
    refused->why = why;
}

static const char *why_no_key(int error)
{
    switch (error) {
    case -ENOKEY:
        return "its key was not wrapped for this service";
    case -ENOMEM:
        return "out of memory";
    default:
        return "its grant is not good";
    }
}

void client_grant_is(struct trefoil_client *client, const Trefoil__GrantIs *answer)
{
    struct bytes key_id = frame_bytes(answer->key_id);

    if (client->wait != WAIT_GRANT || !bytes_equal(key_id, bytes_make(client->wait_key, sizeof(client->wait_key))))
        return;
    client->wait = WAIT_NOTHING;
    if (answer->grant.len == 0) {
        client_refuse_key(client, key_id, "the gateway does not have its grant");
        return;
    }
    int r = reader_add_grant(client->reader, &client->membership.trust.roster, frame_bytes(answer->grant));
    if (r == -EAGAIN && client->n_roster_gets++ < ROSTER_GETS_MAX) {
        client->wait = WAIT_ROSTER;
        client_ask_roster(client);
        return;
    }
    client->n_roster_gets = 0;
    if (r < 0 || !reader_knows(client->reader, key_id))
        client_refuse_key(client, key_id, why_no_key(r));
}

void client_get_grant(struct trefoil_client *client, const uint8_t *key_id)
{
    Trefoil__GrantGet get = TREFOIL__GRANT_GET__INIT;

    memcpy(client->wait_key, key_id, sizeof(client->wait_key));
    client->wait = WAIT_GRANT;
    get.key_id = frame_binary(bytes_make(client->wait_key, sizeof(client->wait_key)));
    if (connection_send(&client->connection, TREFOIL__FRAME__BODY_GRANT_GET, &get) < 0)
        client_lose(client, "cannot ask for a grant");
}

static void copy_id(struct bytes from, struct trefoil_id *to)
{
    if (from.size == sizeof(to->bytes))
        memcpy(to->bytes, from.data, sizeof(to->bytes));
}

/* What the envelope says about itself in clear; for what cannot be opened this is all there is. */
static int show_header(struct trefoil_client *client, const struct envelope_header *header)
{
    struct trefoil_delivery *out = &client->delivery;

    copy_id(header->id, &out->envelope);
    out->audience = (enum trefoil_audience) header->audience;
    out->echo = header->echo;
    out->lane = (enum trefoil_lane) header->lane;
    if (header->account.size > 0)
        out->from.account = arena_text(&client->event_arena, header->account);
    out->from.user_id = client_plain(client, out->channel.bytes, out->from.account, header->from, TOKEN_ADDRESS);
    return client->event_arena.failed ? -ENOMEM : 0;
}

static void show_unreadable(struct trefoil_client *client, struct bytes bytes, const char *why)
{
    struct envelope envelope;
    struct envelope_header header;

    client->delivery.unreadable = true;
    client->delivery.why = why;
    if (envelope_parse(bytes, &envelope) == 0 &&
        envelope_header_parse(envelope.header, &client->event_arena, &header) == 0)
        (void) show_header(client, &header);
}

int client_read_content(struct trefoil_client *client, const struct opened *opened, struct trefoil_message *ret)
{
    const struct channel_secret *secret = keyring_channel(client->keyring, opened->header.channel.data);
    struct trefoil_message message;
    struct content_claims claims;
    struct bytes personal;
    int r = content_read(opened->content, &client->event_arena, &message, &claims);

    if (r == 0 && secret && claims.personal.size > 0) {
        const struct personal_part part = { opened->header.id, claims.personal };

        r = personal_open(secret, &part, &client->event_arena, &personal);
        if (r == 0)
            r = content_join(personal, &client->event_arena, &message);
        else if (r == -ENOKEY) /* of a generation we do not have any more: as without the role */
            r = 0;
    }
    if (r == 0)
        *ret = message;
    return r;
}

static int show_opened(struct trefoil_client *client, const struct opened *opened)
{
    int r = client_read_content(client, opened, &client->delivery.message);

    if (r == -ENOMEM)
        return r;
    if (r < 0) {
        client->delivery.unreadable = true;
        client->delivery.why = "its content is none this library can read";
    }
    client->delivery.sender = opened->service_name;
    return show_header(client, &opened->header);
}

/* 0 shown, -EAGAIN: its key is awaited. */
static int open_envelope(struct trefoil_client *client, const Trefoil__Delivery *delivery)
{
    struct open_request request = { frame_bytes(delivery->envelope),
                                    bytes_make(client->delivery.channel.bytes, TREFOIL_ID_BYTES), true };
    uint8_t key_id[SEAL_KEY_ID_BYTES];
    struct opened opened;
    int r = envelope_open(client->reader, &request, &client->event_arena, &opened, key_id);

    if (r == 0)
        return show_opened(client, &opened);
    if (r == -EAGAIN) {
        const char *why = client_refusal(client, bytes_make(key_id, sizeof(key_id)));

        if (!why) {
            client_get_grant(client, key_id);
            return -EAGAIN;
        }
        show_unreadable(client, request.envelope, why);
        return 0;
    }
    if (r == -ENOMEM)
        return r;
    show_unreadable(client, request.envelope, "it is not what its sender sealed");
    return 0;
}

static int show_target(struct trefoil_client *client, const Trefoil__Target *from, struct trefoil_target *to)
{
    const uint8_t *channel = client->delivery.channel.bytes;
    const char **relates = arena_array(&client->event_arena, from->n_relates_ref, sizeof(*relates));

    to->index = from->index;
    to->address.account = arena_text(&client->event_arena, bytes_of_text(from->account));
    if (!relates || !to->address.account)
        return -ENOMEM;
    to->address.user_id = client_plain(client, channel, to->address.account, frame_bytes(from->address), TOKEN_ADDRESS);
    for (size_t i = 0; i < from->n_relates_ref; i++)
        relates[i] = client_plain(client, channel, to->address.account, frame_bytes(from->relates_ref[i]), TOKEN_REF);
    to->relates = relates;
    to->n_relates = from->n_relates_ref;
    to->window_ms = from->window_ms;
    to->consent_withdrawn = from->consent_withdrawn;
    to->last_message_id = client_plain(client, channel, to->address.account, frame_bytes(from->last_ref), TOKEN_REF);
    return 0;
}

static int show_targets(struct trefoil_client *client, const struct subscription *subscription,
                        const Trefoil__Delivery *delivery)
{
    struct trefoil_target *targets = arena_array(&client->event_arena, delivery->n_targets, sizeof(*targets));
    size_t n = 0;

    if (!targets)
        return -ENOMEM;
    for (size_t i = 0; i < delivery->n_targets; i++) {
        if (delivery->seq != 0 && !answers_shows(&subscription->answers, delivery->seq, delivery->targets[i]->index))
            continue;
        int r = show_target(client, delivery->targets[i], &targets[n++]);
        if (r < 0)
            return r;
    }
    client->delivery.targets = targets;
    client->delivery.n_targets = n;
    return 0;
}

static int show_frame(struct trefoil_client *client, const struct subscription *subscription,
                      const Trefoil__Delivery *delivery)
{
    struct trefoil_delivery *out = &client->delivery;
    struct trefoil_id *ids = arena_array(&client->event_arena, delivery->n_relates_id, sizeof(*ids));

    if (!ids)
        return -ENOMEM;
    *out = (struct trefoil_delivery){ .handle = subscription->handle,
                                      .seq = delivery->seq,
                                      .channel = subscription->wish.channel,
                                      .accepted_ms = delivery->accepted_ms,
                                      .attempt = delivery->attempt,
                                      .maybe_sent = delivery->maybe_sent,
                                      .vanished = delivery->vanished,
                                      .sender = "",
                                      .room_size = delivery->room_size,
                                      .relates_ids = ids,
                                      .n_relates_ids = delivery->n_relates_id };
    copy_id(frame_bytes(delivery->room), &out->room);
    for (size_t i = 0; i < delivery->n_relates_id; i++)
        copy_id(frame_bytes(delivery->relates_id[i]), &ids[i]);
    return 0;
}

/* After goodbye nothing new is begun: targets go back at once, the rest comes again to somebody else. */
static int return_targets(struct subscription *subscription, const Trefoil__Delivery *delivery)
{
    Trefoil__AckItem item = TREFOIL__ACK_ITEM__INIT;

    item.seq = delivery->seq;
    for (size_t i = 0; i < delivery->n_targets; i++) {
        Trefoil__TargetOutcome outcome = TREFOIL__TARGET_OUTCOME__INIT, *outcomes[] = { &outcome };

        outcome.target = delivery->targets[i]->index;
        outcome.outcome = TREFOIL__OUTCOME__OUTCOME_RETURNED;
        if (!answers_shows(&subscription->answers, delivery->seq, outcome.target))
            continue;
        item.n_outcomes = 1;
        item.outcomes = outcomes;
        int r = answers_outcome(&subscription->answers, &item);
        if (r < 0)
            return r;
    }
    return 0;
}

/* 1 shown, 0 passed over, -EAGAIN its key is awaited, -errno. */
static int show(struct trefoil_client *client, struct subscription *subscription, const Trefoil__Delivery *delivery)
{
    enum answers_verdict verdict = ANSWERS_SHOW;
    int r = show_frame(client, subscription, delivery);

    if (r == 0 && !subscription->is_raw && !client->is_draining)
        r = open_envelope(client, delivery);
    if (r < 0)
        return r;
    if (client->is_draining && delivery->n_targets == 0)
        return 0;
    if (delivery->seq == 0) {
        client->subscriptions.spare++;
        client->subscriptions.spare_bytes += delivery->envelope.len;
    } else {
        r = answers_receive(&subscription->answers, delivery, &verdict);
    }
    if (r < 0 || verdict == ANSWERS_KNOWN)
        return r;
    if (delivery->seq >= subscription->next_seq)
        subscription->next_seq = delivery->seq + 1;
    if (client->is_draining)
        return return_targets(subscription, delivery);
    if (subscription->is_raw)
        client->raw_envelope = frame_bytes(delivery->envelope);
    r = show_targets(client, subscription, delivery);
    return r < 0 ? r : 1;
}

bool client_tell_delivery(struct trefoil_client *client, struct trefoil_event *ret)
{
    const Trefoil__Delivery *delivery;
    uint32_t handle;
    int r = 0;

    while (r == 0 && client->wait == WAIT_NOTHING) {
        r = inbox_peek(&client->inbox, &handle, &delivery);
        if (r <= 0)
            break;
        struct subscription *subscription = subscriptions_get(&client->subscriptions, handle);
        r = subscription ? show(client, subscription, delivery) : -EPROTO;
        if (r >= 0)
            inbox_pop(&client->inbox);
        if (r <= 0)
            arena_reset(&client->event_arena);
    }
    if (r < 0 && r != -EAGAIN)
        client_lose(client, r == -ENOMEM ? "out of memory for a delivery" : "the gateway broke the protocol");
    if (r <= 0)
        return false;
    *ret = (struct trefoil_event){ .type = TREFOIL_EVENT_DELIVERY, .text = "", .delivery = &client->delivery };
    return true;
}
