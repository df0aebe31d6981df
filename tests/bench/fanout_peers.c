/* A publisher and subscribers on the real client. Never seals more than one envelope, never opens any. */
#include "fanout.h"

#include "client/raw.h"
#include "wire/envelope.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RING ((uint64_t) 1 << 16)
#define TEXT_BYTES 320 /* with what content adds it is padded to 512 */
#define SUBSCRIBER_GRACE_US 300000
#define EVENTS_PER_TURN 512

static _Noreturn void refuse(const trefoil_client *client, const char *what)
{
    fprintf(stderr, "%s: %s\n", what, client ? trefoil_client_error(client) : "no client");
    exit(1);
}

static trefoil_client *open_client(const struct plan *plan, const char *service)
{
    char keyring[512];
    struct trefoil_options options = { .endpoint = plan->endpoint,
                                       .keyring_file = keyring,
                                       .receive_credit = plan->window };
    trefoil_client *client = NULL;

    snprintf(keyring, sizeof(keyring), "%s/trust/keys/%s.keyring", plan->directory, service);
    if (trefoil_client_open(&options, &client) != TREFOIL_OK)
        refuse(client, keyring);
    return client;
}

static struct trefoil_id channel_of(trefoil_client *client)
{
    struct trefoil_id channel;

    if (trefoil_client_channel(client, NULL, &channel) != TREFOIL_OK)
        refuse(client, "channel");
    return channel;
}

static void wait_connected(trefoil_client *client)
{
    struct trefoil_event event;

    while (!trefoil_client_is_connected(client))
        if (trefoil_client_next(client, 100, &event) == TREFOIL_BROKEN)
            refuse(client, "connecting");
}

/* One sealed envelope and where in it the id and the content lie. */
struct pattern {
    uint8_t *envelope;
    size_t size, id_at, content_at, from_at, ref_at; /* from_at, ref_at 0: nobody's thread, no such id */
};

static struct pattern make_pattern(trefoil_client *client, struct trefoil_id channel, const struct plan *plan)
{
    static char text[TEXT_BYTES + 1];
    struct trefoil_message message = { .kind = TREFOIL_KIND_TEXT };
    struct trefoil_publication publication = { .channel = channel,
                                               .audience = TREFOIL_AUDIENCE_SERVICES,
                                               .message = &message,
                                               .from = { .account = "bench/1", .user_id = "somebody" } };
    struct pattern pattern = { 0 };
    struct trefoil_event event;
    struct envelope envelope;
    struct envelope_header header;
    struct arena mem = ARENA_EMPTY(1 << 20);
    enum trefoil_status status;

    if (plan->people == 0)
        publication.from = (struct trefoil_address){ 0 };
    publication.ephemeral = plan->passes_by;
    if (plan->talks) {
        publication.audience = TREFOIL_AUDIENCE_ROOM;
        publication.message_id = "a message";
        publication.opens_window_ms = (uint64_t) time(NULL) * 1000;
    }
    memset(text, 'x', TEXT_BYTES);
    message.body.text.body = text;
    while ((status = client_seal_raw(client, &publication, &pattern.envelope, &pattern.size)) == TREFOIL_AGAIN)
        if (trefoil_client_next(client, 50, &event) == TREFOIL_BROKEN)
            refuse(client, "waiting for a grant");
    if (status != TREFOIL_OK || envelope_parse(bytes_make(pattern.envelope, pattern.size), &envelope) < 0 ||
        envelope_header_parse(envelope.header, &mem, &header) < 0)
        refuse(client, "sealing");
    pattern.id_at = (size_t) (header.id.data - pattern.envelope);
    pattern.content_at = (size_t) (envelope.sealed.data - pattern.envelope);
    pattern.from_at = header.from.size ? (size_t) (header.from.data - pattern.envelope) : 0;
    pattern.ref_at = header.ref.size ? (size_t) (header.ref.data - pattern.envelope) : 0;
    arena_deinit(&mem);
    return pattern;
}

struct publisher {
    const struct plan *plan;
    trefoil_client *client;
    struct pattern pattern;
    uint64_t sent, confirmed, begun_us, random, dice;
    uint64_t sent_us[RING];
};

/* Far apart in the table for neighbours, as real ones are. */
static uint64_t person_of(struct publisher *publisher)
{
    const struct plan *plan = publisher->plan;
    uint64_t n = publisher->sent, people = plan->people ? plan->people : 1;

    if (plan->count == 0) {
        publisher->dice = publisher->dice * 6364136223846793005u + 1442695040888963407u;
        n = publisher->dice >> 33;
    }
    return n % people * 0x9e3779b97f4a7c15u;
}

/* A new id, and the time where the subscribers will look for it. False: no credit now. */
static bool publish(struct publisher *publisher)
{
    uint64_t now = now_us(), ticket, id[2];

    id[0] = publisher->random;
    id[1] = publisher->sent;
    memcpy(publisher->pattern.envelope + publisher->pattern.id_at, id, sizeof(id));
    memcpy(publisher->pattern.envelope + publisher->pattern.content_at, &now, sizeof(now));
    if (publisher->pattern.from_at) { /* behind the generation, what tables know an address by */
        uint64_t whose = person_of(publisher);
        memcpy(publisher->pattern.envelope + publisher->pattern.from_at + 1, &whose, sizeof(whose));
    }
    if (publisher->pattern.ref_at) {
        uint64_t ref[2] = { (id[0] + id[1]) * 0x9e3779b97f4a7c15u, id[1] };
        memcpy(publisher->pattern.envelope + publisher->pattern.ref_at + 1, ref, sizeof(ref));
    }
    enum trefoil_status status = client_publish_raw(
        publisher->client, bytes_make(publisher->pattern.envelope, publisher->pattern.size), &ticket);
    if (status == TREFOIL_AGAIN)
        return false;
    if (status != TREFOIL_OK)
        refuse(publisher->client, "publishing");
    publisher->sent++;
    publisher->sent_us[ticket % RING] = now;
    return true;
}

static void hear(struct publisher *publisher, int timeout_ms, struct tally *tally)
{
    struct trefoil_event event;

    for (int i = 0; i < EVENTS_PER_TURN; i++) {
        enum trefoil_status status = trefoil_client_next(publisher->client, i == 0 ? timeout_ms : 0, &event);

        if (status == TREFOIL_NOTHING)
            return;
        if (status != TREFOIL_OK || event.type == TREFOIL_EVENT_REJECTED)
            refuse(publisher->client, status == TREFOIL_OK ? event.text : "waiting for confirms");
        if (event.type != TREFOIL_EVENT_CONFIRMED)
            continue;
        uint64_t now = now_us();
        publisher->confirmed++;
        tally->total++;
        if (!plan_counts(publisher->plan, now))
            continue;
        tally->envelopes++;
        latencies_add(&tally->confirms, now - publisher->sent_us[event.ticket % RING]);
    }
}

static bool is_due(const struct publisher *publisher)
{
    const struct plan *plan = publisher->plan;

    if (publisher->sent - publisher->confirmed >= plan->window || (plan->count && publisher->sent == plan->count))
        return false;
    return plan->rate <= 0 || (double) publisher->sent < plan->rate * (double) (now_us() - publisher->begun_us) / 1e6;
}

void fanout_publisher(const void *context, struct tally *ret)
{
    const struct fanout_setup *setup = context;
    struct publisher *publisher = calloc(1, sizeof(*publisher));

    if (!publisher)
        give_up("memory");
    publisher->plan = &setup->plan;
    publisher->client = open_client(&setup->plan, "source");
    wait_connected(publisher->client);
    publisher->pattern = make_pattern(publisher->client, channel_of(publisher->client), &setup->plan);
    publisher->begun_us = publisher->random = publisher->dice = now_us();
    while (setup->plan.count ? publisher->confirmed < setup->plan.count : now_us() < setup->plan.end_us) {
        bool is_blocked = false;

        for (int i = 0; i < EVENTS_PER_TURN && !is_blocked && is_due(publisher); i++)
            is_blocked = !publish(publisher);
        hear(publisher, is_blocked || !is_due(publisher) ? 1 : 0, ret);
    }
    trefoil_client_close(&publisher->client);
    free(publisher->pattern.envelope);
    free(publisher);
}

static void count(const struct plan *plan, struct bytes bytes, struct tally *tally)
{
    struct envelope envelope;
    uint64_t now = now_us(), since;

    tally->total++;
    if (!plan_counts(plan, now))
        return;
    if (envelope_parse(bytes, &envelope) < 0)
        give_up("a delivery is no envelope");
    memcpy(&since, envelope.sealed.data, sizeof(since));
    latencies_add(&tally->delivers, now - since);
    tally->envelopes++;
}

void fanout_subscriber(const void *context, struct tally *ret)
{
    const struct fanout_setup *setup = context;
    char service[16];
    uint32_t handle;

    snprintf(service, sizeof(service), "sink%u", setup->subscriber);
    trefoil_client *client = open_client(&setup->plan, service);
    wait_connected(client);
    struct trefoil_subscription subscription = { .channel = channel_of(client),
                                                 .name = "bench",
                                                 .start = TREFOIL_START_NEW };
    if (client_subscribe_raw(client, &subscription, &handle) != TREFOIL_OK)
        refuse(client, "subscribing");
    while (now_us() < setup->plan.end_us + SUBSCRIBER_GRACE_US) {
        struct trefoil_event event;
        enum trefoil_status status = trefoil_client_next(client, 50, &event);

        if (status == TREFOIL_NOTHING)
            continue;
        if (status != TREFOIL_OK)
            refuse(client, "waiting for deliveries");
        if (event.type != TREFOIL_EVENT_DELIVERY)
            continue;
        count(&setup->plan, client_raw_envelope(client), ret);
        if (trefoil_client_ack(client, event.delivery->handle, event.delivery->seq) != TREFOIL_OK)
            refuse(client, "acknowledging");
    }
    trefoil_client_close(&client);
}
