/* The floor's publisher and subscribers. Never more than a window of envelopes on their way. */
#include "floor.h"

#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#define RING ((uint64_t) 1 << 14)
#define FRAMES_PER_ACK 8
#define SUBSCRIBER_GRACE_US 300000
#define CREDIT_WINDOWS 2 /* frames not delivered yet: this many windows, so that the disk is never waited for twice */

static void *connect_to(const struct floor_setup *setup)
{
    char public_key[FLOOR_KEY_CHARS], secret_key[FLOOR_KEY_CHARS];
    int none = 0;
    void *socket = zmq_socket(zmq_ctx_new(), ZMQ_DEALER);

    if (zmq_curve_keypair(public_key, secret_key) < 0)
        give_up("curve");
    zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, setup->public_key, FLOOR_KEY_CHARS);
    zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, public_key, FLOOR_KEY_CHARS);
    zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, secret_key, FLOOR_KEY_CHARS);
    zmq_setsockopt(socket, ZMQ_SNDHWM, &none, sizeof(none));
    zmq_setsockopt(socket, ZMQ_RCVHWM, &none, sizeof(none));
    if (zmq_connect(socket, setup->plan.endpoint) < 0)
        give_up(setup->plan.endpoint);
    return socket;
}

struct publisher {
    const struct plan *plan;
    void *socket;
    uint64_t sent, confirmed, delivered; /* frames */
    uint64_t sent_us[RING];
};

static void publish(struct publisher *publisher)
{
    size_t envelope = FLOOR_ENVELOPE_BYTES(publisher->plan->payload);
    zmq_msg_t frame;
    uint64_t now = now_us();

    if (zmq_msg_init_size(&frame, FLOOR_HEAD_BYTES + envelope * publisher->plan->batch) < 0)
        give_up("memory");
    uint8_t *data = zmq_msg_data(&frame);
    struct floor_head head = { .kind = FLOOR_PUBLISH };
    memcpy(data, &head, sizeof(head));
    for (uint32_t i = 0; i < publisher->plan->batch; i++) {
        uint8_t *at = data + FLOOR_HEAD_BYTES + i * envelope;

        memcpy(at, &now, sizeof(now));
        memset(at + sizeof(now), (int) (publisher->sent + i), envelope - sizeof(now));
    }
    publisher->sent_us[publisher->sent++ % RING] = now;
    zmq_msg_send(&frame, publisher->socket, 0);
}

static void hear(struct publisher *publisher, struct tally *tally)
{
    struct floor_head head;

    while (zmq_recv(publisher->socket, &head, sizeof(head), ZMQ_DONTWAIT) == (int) sizeof(head)) {
        if (head.kind == FLOOR_CREDIT)
            publisher->delivered = head.value;
        if (head.kind != FLOOR_CONFIRM)
            continue;
        uint64_t now = now_us();
        for (; publisher->confirmed < head.value; publisher->confirmed++) {
            uint64_t since = publisher->sent_us[publisher->confirmed % RING];

            tally->total += publisher->plan->batch;
            if (!plan_counts(publisher->plan, now))
                continue;
            tally->envelopes += publisher->plan->batch;
            latencies_add(&tally->confirms, now - since);
        }
    }
}

/* How many frames may go now; by the clock when there is a rate. */
static uint64_t due(const struct publisher *publisher, uint64_t begun_us)
{
    const struct plan *plan = publisher->plan;
    uint64_t window = plan->window / plan->batch ? plan->window / plan->batch : 1, allowed, by_clock;

    allowed = publisher->confirmed + window;
    if (publisher->delivered + CREDIT_WINDOWS * window < allowed)
        allowed = publisher->delivered + CREDIT_WINDOWS * window;
    by_clock = plan->rate > 0 ? (uint64_t) (plan->rate / plan->batch * (double) (now_us() - begun_us) / 1e6) : allowed;
    if (by_clock < allowed)
        allowed = by_clock;
    return allowed > publisher->sent ? allowed - publisher->sent : 0;
}

void floor_publisher(const void *context, struct tally *ret)
{
    const struct floor_setup *setup = context;
    struct publisher *publisher = calloc(1, sizeof(*publisher));
    uint64_t begun_us = now_us();

    if (!publisher)
        give_up("memory");
    publisher->plan = &setup->plan;
    publisher->socket = connect_to(setup);
    while (now_us() < setup->plan.end_us) {
        zmq_pollitem_t item = { publisher->socket, 0, ZMQ_POLLIN, 0 };

        for (uint64_t n = due(publisher, begun_us); n > 0; n--)
            publish(publisher);
        zmq_poll(&item, 1, 1);
        hear(publisher, ret);
    }
    free(publisher);
}

static void count(const struct plan *plan, zmq_msg_t *frame, struct tally *tally)
{
    size_t envelope = FLOOR_ENVELOPE_BYTES(plan->payload);
    const uint8_t *data = zmq_msg_data(frame);
    uint64_t now = now_us(), since;

    for (size_t at = FLOOR_HEAD_BYTES; at + envelope <= zmq_msg_size(frame); at += envelope) {
        tally->total++;
        if (!plan_counts(plan, now))
            continue;
        memcpy(&since, data + at, sizeof(since));
        latencies_add(&tally->delivers, now - since);
        tally->envelopes++;
    }
}

void floor_subscriber(const void *context, struct tally *ret)
{
    const struct floor_setup *setup = context;
    const struct plan *plan = &setup->plan;
    void *socket = connect_to(setup);
    struct floor_head head = { .kind = FLOOR_SUBSCRIBE,
                               .value = plan->window / plan->batch ? plan->window / plan->batch : 1 };

    zmq_send(socket, &head, sizeof(head), 0);
    head.kind = FLOOR_ACK;
    while (now_us() < plan->end_us + SUBSCRIBER_GRACE_US) {
        zmq_pollitem_t item = { socket, 0, ZMQ_POLLIN, 0 };
        zmq_msg_t frame;
        int n = 0;

        zmq_poll(&item, 1, 50);
        zmq_msg_init(&frame);
        for (; n < FRAMES_PER_ACK && zmq_msg_recv(&frame, socket, ZMQ_DONTWAIT) >= FLOOR_HEAD_BYTES; n++) {
            count(plan, &frame, ret);
            head.value = ((struct floor_head *) zmq_msg_data(&frame))->value + 1;
        }
        zmq_msg_close(&frame);
        if (n)
            zmq_send(socket, &head, sizeof(head), 0);
    }
}
