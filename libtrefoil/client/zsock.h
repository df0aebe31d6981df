/* One DEALER over CURVE and one file descriptor that tells truthfully when there is something to do. Never reads what
 * it carries.
 *
 * ZeroMQ's own descriptor is edge-triggered, and a send may make the socket readable without an edge. Therefore
 * ZMQ_EVENTS is read again after everything else, and what is left to do is kept visible by an eventfd. This logic
 * exists once, here.
 */
#ifndef TREFOIL_CLIENT_ZSOCK_H
#define TREFOIL_CLIENT_ZSOCK_H

#include <stdbool.h>
#include <stdint.h>

#include <zmq.h>

#include "base/attributes.h"
#include "client/clock.h"

struct zsock_keys {
    const uint8_t *own_pk, *own_sk, *server_pk; /* 32 bytes each */
};

struct zsock {
    void *context, *dealer, *monitor; /* dealer and monitor: NULL while closed */
    unsigned n_opened;
    int epoll_fd, wake_fd, timer_fd;
    int dealer_fd, monitor_fd;
    bool is_watched; /* somebody polls the descriptor: keep it truthful */
    bool is_raised;
    uint64_t timer_at_ms;
};

#define ZSOCK_EMPTY ((struct zsock){ .epoll_fd = -1, .wake_fd = -1, .timer_fd = -1, .timer_at_ms = CLOCK_NEVER })

/* -errno. */
must_use_ int zsock_init(struct zsock *zsock);
void zsock_deinit(struct zsock *zsock);

/* What this descriptor tells is something to do, too. Level-triggered. -errno. */
must_use_ int zsock_watch(struct zsock *zsock, int fd);

/* Starts one attempt to connect; ZeroMQ does not repeat it. -EINVAL (endpoint), -errno. */
must_use_ int zsock_open(struct zsock *zsock, const char *endpoint, const struct zsock_keys *keys);
void zsock_close(struct zsock *zsock);

/* Takes the message on success. -EAGAIN, -errno. */
must_use_ int zsock_send(struct zsock *zsock, zmq_msg_t *message);

/* 1 and an initialised message, 0 when there is none, -errno. */
must_use_ int zsock_receive(struct zsock *zsock, zmq_msg_t *ret);

enum zsock_fate { ZSOCK_ALIVE, ZSOCK_LOST, ZSOCK_NOT_ADMITTED };

/* What became of the connection since the last question. */
enum zsock_fate zsock_fate(struct zsock *zsock);

/* Waits until there may be something to do, at most `timeout_ms` (-1: for ever). -errno. */
must_use_ int zsock_wait(struct zsock *zsock, int timeout_ms);

/* To be polled by others, from now on kept truthful by zsock_settle(). */
int zsock_fd(struct zsock *zsock);

/* Something is to be done before anything arrives. */
void zsock_raise(struct zsock *zsock);

/* All is done that could be; `more`: but not everything. `deadline_ms` (clock_run_ms) is when to be woken. */
void zsock_settle(struct zsock *zsock, bool more, uint64_t deadline_ms);

#endif
