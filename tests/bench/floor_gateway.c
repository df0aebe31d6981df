/* The floor's gateway: takes frames, makes them durable by group commit, sends them to everybody. Never looks inside. */
#include "floor.h"

#include <endian.h>
#include <errno.h>
#include <lmdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <zmq.h>

#define RING ((uint64_t) 1 << 14) /* frames on their way; more than any window lets in */
#define PEERS 8
#define NAME_BYTES 16
#define MAP_BYTES ((size_t) 64 << 30)
#define FRAMES_PER_TURN 256
#define GRACE_US 600000

struct peer {
    uint8_t name[NAME_BYTES];
    size_t name_size;
    uint64_t sent, acked; /* frames; a subscriber's */
    uint64_t window;
};

struct gateway {
    const struct plan *plan;
    void *socket;
    MDB_env *env;
    MDB_dbi journal;

    zmq_msg_t frames[RING];
    uint64_t taken, durable, given; /* frames: came in, are on disk, went to all subscribers */
    uint64_t envelopes, counted;

    struct peer publisher, subscribers[PEERS];
    unsigned n_subscribers;

    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint64_t ordered, written; /* frames the writer shall write, has written */
    int done_fd;
};

static void must(int r, const char *what)
{
    if (r == 0)
        return;
    errno = r > 0 ? r : EIO;
    give_up(what);
}

/* Frames [from, to): one transaction, one sync. */
static void commit(struct gateway *gateway, uint64_t from, uint64_t to)
{
    MDB_txn *txn;

    must(mdb_txn_begin(gateway->env, NULL, 0, &txn), "begin");
    for (uint64_t i = from; i < to; i++) {
        zmq_msg_t *frame = &gateway->frames[i % RING];
        uint64_t name = htobe64(i + 1);
        MDB_val key = { sizeof(name), &name }, value = { zmq_msg_size(frame), NULL };

        must(mdb_put(txn, gateway->journal, &key, &value, MDB_APPEND | MDB_RESERVE), "put");
        memcpy(value.mv_data, zmq_msg_data(frame), value.mv_size);
    }
    must(mdb_txn_commit(txn), "commit");
}

static void *write_forever(void *argument)
{
    struct gateway *gateway = argument;
    uint64_t one = 1;

    pthread_mutex_lock(&gateway->lock);
    for (;;) {
        while (gateway->written == gateway->ordered)
            pthread_cond_wait(&gateway->changed, &gateway->lock);
        uint64_t from = gateway->written, to = gateway->ordered;

        pthread_mutex_unlock(&gateway->lock);
        commit(gateway, from, to);
        pthread_mutex_lock(&gateway->lock);
        gateway->written = to;
        if (write(gateway->done_fd, &one, sizeof(one)) < 0)
            give_up("eventfd");
    }
    return NULL;
}

static void open_store(struct gateway *gateway)
{
    MDB_txn *txn;
    pthread_t thread;

    must(mdb_env_create(&gateway->env), "lmdb");
    must(mdb_env_set_mapsize(gateway->env, MAP_BYTES), "lmdb");
    must(mdb_env_open(gateway->env, gateway->plan->directory, 0, 0600), gateway->plan->directory);
    must(mdb_txn_begin(gateway->env, NULL, 0, &txn), "lmdb");
    must(mdb_dbi_open(txn, NULL, 0, &gateway->journal), "lmdb");
    must(mdb_txn_commit(txn), "lmdb");
    gateway->done_fd = eventfd(0, EFD_NONBLOCK);
    pthread_mutex_init(&gateway->lock, NULL);
    pthread_cond_init(&gateway->changed, NULL);
    must(pthread_create(&thread, NULL, write_forever, gateway), "thread");
}

static void open_socket(struct gateway *gateway, const struct floor_setup *setup)
{
    int one = 1, none = 0;
    void *context = zmq_ctx_new();

    gateway->socket = zmq_socket(context, ZMQ_ROUTER);
    zmq_setsockopt(gateway->socket, ZMQ_CURVE_SERVER, &one, sizeof(one));
    zmq_setsockopt(gateway->socket, ZMQ_CURVE_SECRETKEY, setup->secret_key, FLOOR_KEY_CHARS);
    zmq_setsockopt(gateway->socket, ZMQ_SNDHWM, &none, sizeof(none));
    zmq_setsockopt(gateway->socket, ZMQ_RCVHWM, &none, sizeof(none));
    if (zmq_bind(gateway->socket, gateway->plan->endpoint) < 0)
        give_up(gateway->plan->endpoint);
}

static void send_head(struct gateway *gateway, const struct peer *peer, enum floor_kind kind, uint64_t value)
{
    struct floor_head head = { .kind = (uint8_t) kind, .value = value };

    zmq_send(gateway->socket, peer->name, peer->name_size, ZMQ_SNDMORE | ZMQ_DONTWAIT);
    zmq_send(gateway->socket, &head, sizeof(head), ZMQ_DONTWAIT);
}

/* What is durable goes to every subscriber as far as its window reaches; a copy of a frame is a reference. */
static void give(struct gateway *gateway)
{
    uint64_t slowest = gateway->durable;

    for (unsigned i = 0; i < gateway->n_subscribers; i++) {
        struct peer *peer = &gateway->subscribers[i];

        for (; peer->sent < gateway->durable && peer->sent - peer->acked < peer->window; peer->sent++) {
            zmq_msg_t copy;

            zmq_msg_init(&copy);
            zmq_msg_copy(&copy, &gateway->frames[peer->sent % RING]);
            zmq_send(gateway->socket, peer->name, peer->name_size, ZMQ_SNDMORE | ZMQ_DONTWAIT);
            if (zmq_msg_send(&copy, gateway->socket, ZMQ_DONTWAIT) < 0)
                zmq_msg_close(&copy);
        }
        if (peer->sent < slowest)
            slowest = peer->sent;
    }
    if (slowest == gateway->given)
        return;
    for (; gateway->given < slowest; gateway->given++)
        zmq_msg_close(&gateway->frames[gateway->given % RING]);
    send_head(gateway, &gateway->publisher, FLOOR_CREDIT, gateway->given);
}

static struct peer *find_subscriber(struct gateway *gateway, zmq_msg_t *name)
{
    for (unsigned i = 0; i < gateway->n_subscribers; i++)
        if (memcmp(gateway->subscribers[i].name, zmq_msg_data(name), zmq_msg_size(name)) == 0)
            return &gateway->subscribers[i];
    return NULL;
}

static void set_name(struct peer *peer, zmq_msg_t *name)
{
    peer->name_size = zmq_msg_size(name) < NAME_BYTES ? zmq_msg_size(name) : NAME_BYTES;
    memcpy(peer->name, zmq_msg_data(name), peer->name_size);
}

static void take(struct gateway *gateway, zmq_msg_t *name, zmq_msg_t *frame)
{
    struct floor_head *head = zmq_msg_data(frame);
    struct peer *peer = find_subscriber(gateway, name);

    if (zmq_msg_size(frame) < sizeof(*head))
        return;
    if (head->kind == FLOOR_PUBLISH) {
        if (!gateway->publisher.name_size)
            set_name(&gateway->publisher, name);
        gateway->envelopes += (zmq_msg_size(frame) - FLOOR_HEAD_BYTES) / FLOOR_ENVELOPE_BYTES(gateway->plan->payload);
        *head = (struct floor_head){ .kind = FLOOR_DELIVER, .value = gateway->taken };
        zmq_msg_init(&gateway->frames[gateway->taken % RING]);
        zmq_msg_move(&gateway->frames[gateway->taken++ % RING], frame);
    } else if (head->kind == FLOOR_SUBSCRIBE && !peer && gateway->n_subscribers < PEERS) {
        peer = &gateway->subscribers[gateway->n_subscribers++];
        set_name(peer, name);
        peer->window = head->value;
        peer->sent = peer->acked = gateway->given;
    } else if (head->kind == FLOOR_ACK && peer) {
        peer->acked = head->value;
    }
}

static void receive(struct gateway *gateway)
{
    for (int i = 0; i < FRAMES_PER_TURN; i++) {
        zmq_msg_t name, frame;

        zmq_msg_init(&name);
        zmq_msg_init(&frame);
        if (zmq_msg_recv(&name, gateway->socket, ZMQ_DONTWAIT) < 0)
            return;
        if (zmq_msg_recv(&frame, gateway->socket, ZMQ_DONTWAIT) >= 0)
            take(gateway, &name, &frame);
        zmq_msg_close(&frame);
        zmq_msg_close(&name);
    }
}

/* Everything taken is ordered to be written; what has been written is confirmed. */
static void settle(struct gateway *gateway)
{
    pthread_mutex_lock(&gateway->lock);
    if (gateway->ordered != gateway->taken) {
        gateway->ordered = gateway->taken;
        pthread_cond_signal(&gateway->changed);
    }
    uint64_t written = gateway->written;
    pthread_mutex_unlock(&gateway->lock);
    if (written != gateway->durable) {
        gateway->durable = written;
        send_head(gateway, &gateway->publisher, FLOOR_CONFIRM, written);
    }
}

void floor_gateway(const void *context, struct tally *ret)
{
    const struct floor_setup *setup = context;
    struct gateway *gateway = calloc(1, sizeof(*gateway));

    if (!gateway)
        give_up("memory");
    gateway->plan = &setup->plan;
    open_store(gateway);
    open_socket(gateway, setup);
    while (now_us() < setup->plan.end_us + GRACE_US) {
        zmq_pollitem_t items[] = { { gateway->socket, 0, ZMQ_POLLIN, 0 }, { NULL, gateway->done_fd, ZMQ_POLLIN, 0 } };
        uint64_t count;

        zmq_poll(items, 2, 100);
        if ((items[1].revents & ZMQ_POLLIN) && read(gateway->done_fd, &count, sizeof(count)) < 0)
            give_up("eventfd");
        receive(gateway);
        settle(gateway);
        give(gateway);
    }
    ret->total = gateway->envelopes;
}
