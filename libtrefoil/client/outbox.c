/* A ring of publications by ticket. Never sends more than the gateway's window. */
#include "client/outbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int outbox_init(struct outbox *outbox)
{
    *outbox = (struct outbox){ .oldest = 1, .next = 1, .unsent = 1 };
    outbox->window = BUS_PUBLISH_CREDIT;
    outbox->window_bytes = BUS_PUBLISH_CREDIT_BYTES;
    outbox->ring = calloc(OUTBOX_SPAN, sizeof(struct publication *));
    return outbox->ring ? 0 : -ENOMEM;
}

static struct publication **slot(const struct outbox *outbox, uint64_t ticket)
{
    return &outbox->ring[ticket & (OUTBOX_SPAN - 1)];
}

static void free_envelope(struct publication *publication)
{
    if (publication->envelope.data != publication->first_envelope)
        free((void *) (uintptr_t) publication->envelope.data);
}

static void publication_free(struct publication *publication)
{
    if (!publication)
        return;
    free_envelope(publication);
    free((void *) (uintptr_t) publication->content.data);
    free(publication);
}

void outbox_deinit(struct outbox *outbox)
{
    for (size_t i = 0; outbox->ring && i < OUTBOX_SPAN; i++)
        publication_free(outbox->ring[i]);
    free(outbox->ring);
    outbox->ring = NULL;
}

bool outbox_has_room(const struct outbox *outbox, size_t size)
{
    if (outbox->next - outbox->oldest >= OUTBOX_SPAN)
        return false;
    if (outbox->n_open == 0)
        return true; /* one at least, however large */
    return outbox->n_open < outbox->window && outbox->open_bytes + size <= outbox->window_bytes;
}

static int copy(struct bytes from, struct bytes *ret)
{
    uint8_t *data = malloc(from.size > 0 ? from.size : 1);

    if (!data)
        return -ENOMEM;
    if (from.size > 0)
        memcpy(data, from.data, from.size);
    *ret = bytes_make(data, from.size);
    return 0;
}

int outbox_add(struct outbox *outbox, struct bytes envelope, struct bytes content, uint64_t *ret_ticket)
{
    if (!outbox_has_room(outbox, envelope.size))
        return -EAGAIN;
    struct publication *publication = malloc(sizeof(*publication) + envelope.size);
    if (!publication)
        return -ENOMEM;
    *publication = (struct publication){ .n_sealings = 1 };
    memcpy(publication->first_envelope, envelope.data, envelope.size);
    publication->envelope = bytes_make(publication->first_envelope, envelope.size);
    if (content.size > 0 && copy(content, &publication->content) < 0) {
        publication_free(publication);
        return -ENOMEM;
    }
    publication->ticket = outbox->next++;
    *slot(outbox, publication->ticket) = publication;
    outbox->n_open++;
    outbox->open_bytes += envelope.size;
    *ret_ticket = publication->ticket;
    return 0;
}

struct publication *outbox_get(const struct outbox *outbox, uint64_t ticket)
{
    return ticket >= outbox->oldest && ticket < outbox->next ? *slot(outbox, ticket) : NULL;
}

bool outbox_has_unsent(const struct outbox *outbox)
{
    return outbox->unsent < outbox->next;
}

bool outbox_is_full_batch(const struct outbox *outbox, const struct connection *connection)
{
    size_t n = outbox->n_open - outbox->n_flying, size = outbox->open_bytes - outbox->flying_bytes;

    return n >= connection->max_batch || size >= BUS_BATCH_FULL_BYTES;
}

static bool may_fly(const struct outbox *outbox, const struct connection *connection, size_t n, size_t size)
{
    if (outbox->n_flying + n == 0)
        return true;
    return outbox->n_flying + n < connection->window && outbox->flying_bytes + size <= connection->window_bytes;
}

/* The next one to send, or NULL; steps over what is sent or done. */
static struct publication *next_unsent(struct outbox *outbox)
{
    for (; outbox->unsent < outbox->next; outbox->unsent++) {
        struct publication *publication = outbox_get(outbox, outbox->unsent);

        if (publication && !publication->is_sent)
            return publication;
    }
    return NULL;
}

/* One frame with tickets in a row. How many went, 0 when nothing may. */
static int send_batch(struct outbox *outbox, struct connection *connection)
{
    ProtobufCBinaryData envelopes[BUS_BATCH_MAX_ENVELOPES];
    Trefoil__Publish publish = TREFOIL__PUBLISH__INIT;
    size_t n = 0, size = 0;

    for (uint64_t ticket = outbox->unsent; n < connection->max_batch; ticket++, n++) {
        struct publication *publication = outbox_get(outbox, ticket);

        if (!publication || publication->is_sent || publication->needs_seal)
            break;
        if (n > 0 && size + publication->envelope.size > BUS_BATCH_FULL_BYTES)
            break;
        if (!may_fly(outbox, connection, n, size + publication->envelope.size))
            break;
        envelopes[n] = frame_binary(publication->envelope);
        size += publication->envelope.size;
    }
    if (n == 0)
        return 0;
    publish.first_ticket = outbox->unsent;
    publish.n_envelopes = n;
    publish.envelopes = envelopes;
    int r = connection_send(connection, TREFOIL__FRAME__BODY_PUBLISH, &publish);
    if (r < 0)
        return r;
    for (size_t i = 0; i < n; i++)
        (*slot(outbox, outbox->unsent++))->is_sent = true;
    outbox->n_flying += n;
    outbox->flying_bytes += size;
    return (int) n;
}

int outbox_flush(struct outbox *outbox, struct connection *connection, struct publication **ret_stale)
{
    *ret_stale = NULL;
    outbox->window = connection->window;
    outbox->window_bytes = connection->window_bytes;
    for (;;) {
        struct publication *publication = next_unsent(outbox);

        if (!publication)
            return 0;
        if (publication->needs_seal) {
            *ret_stale = publication;
            return 0;
        }
        int r = send_batch(outbox, connection);
        if (r <= 0)
            return r;
    }
}

int outbox_reseal(struct outbox *outbox, struct publication *publication, struct bytes envelope)
{
    struct bytes fresh;

    if (copy(envelope, &fresh) < 0)
        return -ENOMEM;
    outbox->open_bytes = outbox->open_bytes - publication->envelope.size + fresh.size;
    free_envelope(publication);
    publication->envelope = fresh;
    publication->needs_seal = false;
    publication->n_sealings++;
    return 0;
}

void outbox_rewind(struct outbox *outbox)
{
    for (uint64_t ticket = outbox->oldest; ticket < outbox->next; ticket++)
        if (*slot(outbox, ticket))
            (*slot(outbox, ticket))->is_sent = false;
    outbox->unsent = outbox->oldest;
    outbox->n_flying = 0;
    outbox->flying_bytes = 0;
}

static void land(struct outbox *outbox, struct publication *publication)
{
    if (!publication->is_sent)
        return;
    publication->is_sent = false;
    outbox->n_flying--;
    outbox->flying_bytes -= publication->envelope.size;
}

void outbox_again(struct outbox *outbox, struct publication *publication, bool needs_seal)
{
    land(outbox, publication);
    publication->needs_seal = needs_seal;
    if (publication->ticket < outbox->unsent)
        outbox->unsent = publication->ticket;
}

void outbox_done(struct outbox *outbox, struct publication *publication)
{
    land(outbox, publication);
    outbox->n_open--;
    outbox->open_bytes -= publication->envelope.size;
    *slot(outbox, publication->ticket) = NULL;
    publication_free(publication);
    while (outbox->oldest < outbox->next && !*slot(outbox, outbox->oldest))
        outbox->oldest++;
    if (outbox->unsent < outbox->oldest)
        outbox->unsent = outbox->oldest;
}
