/* Speaks RFC 27 over a REP socket. Anything that is not exactly a CURVE request is refused. */
#include "io/zap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <zmq.h>

#include "base/bytes.h"

#define KEY_BYTES 32
#define PART_MAX_BYTES 255
#define N_PARTS_MAX 8

struct zap {
    void *socket;
    int fd;
    struct zap_events events;
};

struct part {
    uint8_t data[PART_MAX_BYTES];
    size_t size;
};

enum { PART_VERSION, PART_REQUEST, PART_DOMAIN, PART_ADDRESS, PART_IDENTITY, PART_MECHANISM, PART_KEY, N_PARTS };

int zap_open(void *context, const struct zap_events *events, struct zap **ret)
{
    size_t size = sizeof(int);
    struct zap *zap = calloc(1, sizeof(*zap));

    if (!zap)
        return -ENOMEM;
    zap->events = *events;
    zap->socket = zmq_socket(context, ZMQ_REP);
    if (!zap->socket || zmq_setsockopt(zap->socket, ZMQ_LINGER, &(int){ 0 }, sizeof(int)) < 0 ||
        zmq_bind(zap->socket, "inproc://zeromq.zap.01") < 0 ||
        zmq_getsockopt(zap->socket, ZMQ_FD, &zap->fd, &size) < 0) {
        int r = -zmq_errno();

        zap_close(zap);
        return r < 0 ? r : -EIO;
    }
    *ret = zap;
    return 0;
}

struct zap *zap_close(struct zap *zap)
{
    if (zap && zap->socket)
        zmq_close(zap->socket);
    free(zap);
    return NULL;
}

int zap_fd(const struct zap *zap)
{
    return zap->fd;
}

/* All parts of one request: how many, or -errno; parts that are too long are cut, which fails the request later. */
static int receive(struct zap *zap, struct part *parts)
{
    int n = 0, more = 1;
    size_t size = sizeof(more);
    struct part extra;

    while (more) {
        struct part *part = n < N_PARTS_MAX ? &parts[n] : &extra;
        int got = zmq_recv(zap->socket, part->data, sizeof(part->data), ZMQ_DONTWAIT);

        if (got < 0)
            return -zmq_errno();
        part->size = (size_t) got <= sizeof(part->data) ? (size_t) got : 0;
        n++;
        if (zmq_getsockopt(zap->socket, ZMQ_RCVMORE, &more, &size) < 0)
            return -zmq_errno();
    }
    return n;
}

static bool is_text(const struct part *part, const char *text)
{
    return bytes_equal_text(bytes_make(part->data, part->size), text);
}

static void send_text(struct zap *zap, const char *text, int more)
{
    (void) zmq_send(zap->socket, text, strlen(text), ZMQ_DONTWAIT | more);
}

static void answer(struct zap *zap, const struct part *parts, int n)
{
    bool is_curve = n == N_PARTS && is_text(&parts[PART_VERSION], "1.0") && is_text(&parts[PART_MECHANISM], "CURVE") &&
                    parts[PART_KEY].size == KEY_BYTES;
    bool may_enter = is_curve && zap->events.may_enter(zap->events.owner, parts[PART_KEY].data);
    char user[2 * KEY_BYTES + 1] = "";

    if (may_enter)
        bytes_to_hex(bytes_make(parts[PART_KEY].data, KEY_BYTES), user);
    send_text(zap, "1.0", ZMQ_SNDMORE);
    (void) zmq_send(zap->socket, parts[PART_REQUEST].data, n > PART_REQUEST ? parts[PART_REQUEST].size : 0,
                    ZMQ_DONTWAIT | ZMQ_SNDMORE);
    send_text(zap, may_enter ? "200" : "400", ZMQ_SNDMORE);
    send_text(zap, may_enter ? "OK" : "not in the roster", ZMQ_SNDMORE);
    send_text(zap, user, ZMQ_SNDMORE);
    send_text(zap, "", 0);
}

void zap_answer(struct zap *zap)
{
    struct part parts[N_PARTS_MAX];
    int n;

    while ((n = receive(zap, parts)) > 0)
        answer(zap, parts, n);
}
