/* The ROUTER socket. MANDATORY, so that a peer that is gone is an answer and not a silence; no HANDOVER, so that nobody
 * can take over another's place; only identities ZeroMQ gave, so that a place cannot be claimed at all.
 */
#include "io/frontend.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <zmq.h>

#include "gateway/limits.h"
#include "wire/limits.h"

#define KEY_BYTES 32

struct frontend {
    void *socket;
    int fd;
    struct frontend_options options;
};

static int set_int(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof(value));
}

static int configure(const struct frontend *frontend)
{
    void *socket = frontend->socket;
    int64_t max_size = BUS_FRAME_MAX_BYTES;
    bool failed = set_int(socket, ZMQ_LINGER, 200) < 0 || set_int(socket, ZMQ_ROUTER_MANDATORY, 1) < 0 ||
                  set_int(socket, ZMQ_SNDHWM, GATEWAY_SOCKET_HWM) < 0 ||
                  set_int(socket, ZMQ_RCVHWM, GATEWAY_SOCKET_HWM) < 0 ||
                  zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &max_size, sizeof(max_size)) < 0 ||
                  set_int(socket, ZMQ_CURVE_SERVER, 1) < 0 ||
                  zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, frontend->options.secret_key, KEY_BYTES) < 0 ||
                  zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, "trefoil", 7) < 0 ||
                  set_int(socket, ZMQ_HANDSHAKE_IVL, BUS_HELLO_WAIT_MS) < 0;

    return failed ? -zmq_errno() : 0;
}

int frontend_open(void *context, const struct frontend_options *options, struct frontend **ret)
{
    size_t size = sizeof(int);
    struct frontend *frontend = calloc(1, sizeof(*frontend));

    if (!frontend)
        return -ENOMEM;
    frontend->options = *options;
    frontend->socket = zmq_socket(context, ZMQ_ROUTER);
    int r = frontend->socket ? configure(frontend) : -zmq_errno();
    if (r == 0 && zmq_bind(frontend->socket, options->endpoint) < 0)
        r = -zmq_errno();
    if (r == 0 && zmq_getsockopt(frontend->socket, ZMQ_FD, &frontend->fd, &size) < 0)
        r = -zmq_errno();
    if (r < 0) {
        frontend_close(frontend);
        return r;
    }
    *ret = frontend;
    return 0;
}

struct frontend *frontend_close(struct frontend *frontend)
{
    if (frontend && frontend->socket)
        zmq_close(frontend->socket);
    free(frontend);
    return NULL;
}

int frontend_fd(const struct frontend *frontend)
{
    return frontend->fd;
}

bool frontend_is_readable(const struct frontend *frontend)
{
    int events = 0;
    size_t size = sizeof(events);

    return zmq_getsockopt(frontend->socket, ZMQ_EVENTS, &events, &size) == 0 && (events & ZMQ_POLLIN);
}

/* Drops the remaining parts of a message that has too many. */
static void skip_rest(struct frontend *frontend, zmq_msg_t *part)
{
    while (zmq_msg_more(part) && zmq_msg_recv(part, frontend->socket, ZMQ_DONTWAIT) >= 0)
        continue;
}

/* False: nothing to read. */
static bool read_one(struct frontend *frontend, zmq_msg_t *part)
{
    struct routing_id from;

    if (zmq_msg_recv(part, frontend->socket, ZMQ_DONTWAIT) < 0)
        return false;
    bool is_served =
        bytes_copy(bytes_make(zmq_msg_data(part), zmq_msg_size(part)), from.bytes, ROUTING_ID_BYTES) == 0 &&
        zmq_msg_size(part) == ROUTING_ID_BYTES && from.bytes[0] == 0 && zmq_msg_more(part);
    if (!is_served) {
        skip_rest(frontend, part);
        return true;
    }
    if (zmq_msg_recv(part, frontend->socket, ZMQ_DONTWAIT) < 0)
        return false;
    if (zmq_msg_more(part)) {
        skip_rest(frontend, part);
        frontend->options.on_frame(frontend->options.owner, &from, NULL, BYTES_EMPTY); /* no frame of ours */
        return true;
    }
    const char *user = zmq_msg_gets(part, "User-Id");
    frontend->options.on_frame(frontend->options.owner, &from, user ? user : "",
                               bytes_make(zmq_msg_data(part), zmq_msg_size(part)));
    return true;
}

unsigned frontend_read(struct frontend *frontend, unsigned max)
{
    zmq_msg_t part;
    unsigned n = 0;

    zmq_msg_init(&part);
    while (n < max && read_one(frontend, &part))
        n++;
    zmq_msg_close(&part);
    return n;
}

static void free_block(void *data, void *block)
{
    (void) data;
    free(block);
}

int frontend_send(struct frontend *frontend, const struct routing_id *to, void *block, uint8_t *data, size_t size)
{
    zmq_msg_t part;

    if (zmq_send(frontend->socket, to->bytes, ROUTING_ID_BYTES, ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0) {
        int error = zmq_errno();

        free(block);
        return error == EHOSTUNREACH ? FRONTEND_E_GONE : error == EAGAIN ? FRONTEND_E_FULL : -error;
    }
    if (zmq_msg_init_data(&part, data, size, free_block, block) < 0) {
        free(block);
        zmq_msg_init(&part); /* the first part is out: an empty second one ends the message */
    }
    if (zmq_msg_send(&part, frontend->socket, ZMQ_DONTWAIT) < 0) {
        int error = zmq_errno();

        zmq_msg_close(&part);
        return error == EHOSTUNREACH ? FRONTEND_E_GONE : error == EAGAIN ? FRONTEND_E_FULL : -error;
    }
    return 0;
}
