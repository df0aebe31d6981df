/* A publication becomes a sealed envelope in the outbox. Never sends before the grant is stored. */
#include "client/inside.h"

#include <errno.h>
#include <string.h>

#include <sodium.h>

#include "client/clock.h"
#include "seal/personal.h"
#include "wire/content.h"

_Static_assert(TREFOIL_ALIASES_MAX == SEAL_ALIASES_MAX, "what a publication may have fits its header");

int client_token(struct trefoil_client *client, const uint8_t *channel, const struct token_plain *plain,
                 struct bytes *ret)
{
    const struct channel_secret *secret;

    if (plain->value.size == 0) {
        *ret = BYTES_EMPTY;
        return 0;
    }
    secret = keyring_channel(client->keyring, channel);
    return secret ? token_seal(secret, plain, &client->work, ret) : -EACCES;
}

static int ref_token(struct trefoil_client *client, const struct trefoil_publication *publication,
                     const char *message_id, struct bytes *ret)
{
    struct token_plain plain = { TOKEN_REF, bytes_of_text(publication->from.account), bytes_of_text(message_id) };

    return client_token(client, publication->channel.bytes, &plain, ret);
}

static int put_relates(struct trefoil_client *client, const struct trefoil_publication *publication,
                       struct envelope_header *header)
{
    if (publication->n_relates > SEAL_RELATES_MAX || publication->n_relates_ids > SEAL_RELATES_MAX)
        return -EINVAL;
    struct bytes *tokens = arena_array(&client->work, publication->n_relates, sizeof(*tokens));
    struct bytes *ids = arena_array(&client->work, publication->n_relates_ids, sizeof(*ids));
    if (!tokens || !ids)
        return -ENOMEM;
    for (size_t i = 0; i < publication->n_relates; i++) {
        int r = ref_token(client, publication, publication->relates[i], &tokens[i]);

        if (r < 0)
            return r;
        if (tokens[i].size == 0)
            return -EINVAL;
    }
    for (size_t i = 0; i < publication->n_relates_ids; i++)
        ids[i] = bytes_make(publication->relates_ids[i].bytes, TREFOIL_ID_BYTES);
    header->relates = tokens;
    header->n_relates = publication->n_relates;
    header->relates_id = ids;
    header->n_relates_id = publication->n_relates_ids;
    return 0;
}

/* What else the person is called there. An alias that is `from` itself says nothing. */
static int put_aliases(struct trefoil_client *client, const struct trefoil_publication *publication,
                       struct envelope_header *header)
{
    struct bytes *tokens = arena_array(&client->work, TREFOIL_ALIASES_MAX, sizeof(*tokens));
    size_t n = 0;

    if (publication->n_aliases > TREFOIL_ALIASES_MAX || (publication->n_aliases > 0 && header->from.size == 0))
        return -EINVAL;
    if (!tokens)
        return -ENOMEM;
    for (size_t i = 0; i < publication->n_aliases; i++) {
        struct token_plain plain = { TOKEN_ADDRESS, bytes_of_text(publication->from.account),
                                     bytes_of_text(publication->aliases[i]) };
        if (plain.value.size == 0)
            return -EINVAL;
        int r = client_token(client, publication->channel.bytes, &plain, &tokens[n]);
        if (r < 0)
            return r;
        if (!bytes_equal(tokens[n], header->from))
            n++;
    }
    header->aliases = tokens;
    header->n_aliases = n;
    return 0;
}

static bool is_zero(const struct trefoil_id *id)
{
    return sodium_is_zero(id->bytes, sizeof(id->bytes)) == 1;
}

static int put_id(struct trefoil_client *client, const struct trefoil_publication *publication,
                  struct envelope_header *header)
{
    uint8_t *id = arena_alloc(&client->work, SEAL_ID_BYTES);

    if (!id)
        return -ENOMEM;
    header->id = bytes_make(id, SEAL_ID_BYTES);
    if (publication->event_key) {
        const struct channel_secret *secret = keyring_channel(client->keyring, publication->channel.bytes);

        if (!secret)
            return -EACCES;
        token_event_id(secret, bytes_of_text(publication->from.account), bytes_of_text(publication->event_key), id);
    } else if (!is_zero(&publication->id)) {
        memcpy(id, publication->id.bytes, SEAL_ID_BYTES);
    } else {
        randombytes_buf(id, SEAL_ID_BYTES);
    }
    return 0;
}

static int make_header(struct trefoil_client *client, const struct trefoil_publication *publication,
                       struct envelope_header *header)
{
    struct token_plain from = { TOKEN_ADDRESS, bytes_of_text(publication->from.account),
                                bytes_of_text(publication->from.user_id) };

    *header = (struct envelope_header){
        .channel = bytes_make(publication->channel.bytes, TREFOIL_ID_BYTES),
        .audience = (enum envelope_audience) publication->audience,
        .class_ = publication->ephemeral ? ENVELOPE_EPHEMERAL : ENVELOPE_DURABLE,
        .account = from.account,
        .room = is_zero(&publication->room) ? BYTES_EMPTY : bytes_make(publication->room.bytes, TREFOIL_ID_BYTES),
        .echo = publication->echo,
        .resolves = publication->resolves_seq != 0,
        .resolves_seq = publication->resolves_seq,
        .resolves_target = publication->resolves_target,
        .watermark_ms = publication->watermark_ms,
        .created_ms = clock_wall_ms(),
        .lane = (enum envelope_lane) publication->lane,
        .opens_window_ms = publication->opens_window_ms,
        .consent = (enum envelope_consent) publication->consent,
    };
    int r = put_id(client, publication, header);
    if (r == 0)
        r = client_token(client, publication->channel.bytes, &from, &header->from);
    if (r == 0)
        r = ref_token(client, publication, publication->message_id, &header->ref);
    if (r == 0)
        r = put_relates(client, publication, header);
    if (r == 0)
        r = put_aliases(client, publication, header);
    return r;
}

/* Which sender may seal it; everything that can be refused without sealing is refused here. */
static enum trefoil_status check(struct trefoil_client *client, const struct trefoil_publication *publication,
                                 struct sender **ret)
{
    if (!publication || !publication->message || publication->audience < TREFOIL_AUDIENCE_ROOM ||
        publication->audience > TREFOIL_AUDIENCE_SERVICES)
        return client_fail(client, TREFOIL_BAD_ARGUMENT, "a publication needs a message and an audience");
    if ((publication->from.user_id || publication->event_key || publication->message_id ||
         publication->n_relates > 0) &&
        !publication->from.account)
        return client_fail(client, TREFOIL_BAD_ARGUMENT, "what a network said needs the account it was said to");
    if (client->is_draining)
        return client_fail(client, TREFOIL_CLOSED, "the client has said goodbye");
    if (!client->membership.is_known)
        return client_fail(client, TREFOIL_AGAIN, "not connected yet");
    int r = grants_sender(&client->grants, publication->channel.bytes, ret);
    if (r == -EAGAIN)
        return client_fail(client, TREFOIL_AGAIN, "not connected, or no grant stored yet");
    if (r < 0)
        return client_fail_errno(client, r);
    return TREFOIL_OK;
}

/* Whoever holds the token key seals what is personal once more; nobody else knows anything personal. */
static int write_content(struct trefoil_client *client, const struct envelope_header *header,
                         const struct trefoil_message *message, struct bytes *ret)
{
    const struct channel_secret *secret = keyring_channel(client->keyring, header->channel.data);
    const struct random random = random_system();
    struct content_claims claims = { header->id, header->channel, client->keyring->service_name,
                                     arena_text(&client->work, header->account), BYTES_EMPTY };
    struct trefoil_message readable = *message;
    struct personal_part part = { header->id, BYTES_EMPTY };
    int r = claims.account ? 0 : -ENOMEM;

    if (r == 0 && secret)
        r = content_split(message, &client->work, &readable, &part.bytes);
    if (r == 0 && part.bytes.size > 0)
        r = personal_seal(secret, &part, &random, &client->work, &claims.personal);
    return r < 0 ? r : content_write(&readable, &claims, &client->work, ret);
}

static int seal(struct trefoil_client *client, struct sender *sender, const struct trefoil_publication *publication,
                struct bytes *ret_envelope, struct bytes *ret_content)
{
    struct envelope_header header;
    int r = make_header(client, publication, &header);

    if (r < 0)
        return r;
    r = write_content(client, &header, publication->message, ret_content);
    if (r < 0)
        return r;
    return envelope_seal(sender, &header, *ret_content, &client->work, ret_envelope);
}

enum trefoil_status client_seal(struct trefoil_client *client, const struct trefoil_publication *publication,
                                struct bytes *ret_envelope, struct bytes *ret_content)
{
    struct sender *sender;
    enum trefoil_status status = check(client, publication, &sender);

    if (status != TREFOIL_OK)
        return status;
    int r = seal(client, sender, publication, ret_envelope, ret_content);
    return r < 0 ? client_fail_errno(client, r) : TREFOIL_OK;
}

void client_nudge(struct trefoil_client *client)
{
    if (client->connection.state == CONNECTION_UP && outbox_is_full_batch(&client->outbox, &client->connection))
        client_flush(client);
    else
        client->n_told++; /* the next trefoil_client_next() has something to do */
    zsock_raise(&client->connection.zsock);
}

enum trefoil_status client_queue(struct trefoil_client *client, struct bytes envelope, struct bytes content,
                                 uint64_t *ret_ticket)
{
    uint64_t ticket;
    int r = outbox_add(&client->outbox, envelope, content, &ticket);

    if (r == -EAGAIN) {
        client->outbox.was_refused = true;
        return client_fail(client, TREFOIL_AGAIN, "no publish credit");
    }
    if (r < 0)
        return client_fail_errno(client, r);
    if (ret_ticket)
        *ret_ticket = ticket;
    client_nudge(client);
    return TREFOIL_OK;
}

enum trefoil_status trefoil_client_publish(trefoil_client *client, const struct trefoil_publication *publication,
                                           uint64_t *ret_ticket)
{
    struct bytes envelope, content;
    enum trefoil_status status;

    if (outbox_has_room(&client->outbox, 0))
        status = client_seal(client, publication, &envelope, &content);
    else
        status = client_fail(client, TREFOIL_AGAIN, "no publish credit");
    if (status == TREFOIL_OK)
        status = client_queue(client, envelope, content, ret_ticket);
    else if (status == TREFOIL_AGAIN)
        client->outbox.was_refused = true;
    arena_reset(&client->work);
    return status;
}

int client_seal_again(struct trefoil_client *client, struct publication *publication)
{
    struct envelope envelope;
    struct envelope_header header;
    struct sender *sender;
    struct bytes fresh;
    int r = envelope_parse(publication->envelope, &envelope);

    if (r == 0)
        r = envelope_header_parse(envelope.header, &client->work, &header);
    if (r == 0)
        r = grants_sender(&client->grants, header.channel.data, &sender);
    if (r == 0) {
        header.created_ms = clock_wall_ms();
        r = envelope_seal(sender, &header, publication->content, &client->work, &fresh);
    }
    if (r == 0)
        r = outbox_reseal(&client->outbox, publication, fresh);
    arena_reset(&client->work);
    return r == -EACCES || r == -ENOKEY ? -EAGAIN : r; /* waits for a roster that allows it, or the connection's end */
}
