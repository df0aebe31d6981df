/* The socket, its monitor and the three descriptors behind one. Never decides when to connect. */
#include "client/zsock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "wire/limits.h"

#define MONITORED                                                                  \
    (ZMQ_EVENT_CLOSED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | \
     ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_CONNECT_RETRIED)

int zsock_watch(struct zsock *zsock, int fd)
{
    struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

    return epoll_ctl(zsock->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

int zsock_init(struct zsock *zsock)
{
    int r = 0;

    *zsock = ZSOCK_EMPTY;
    zsock->context = zmq_ctx_new();
    zsock->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    zsock->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    zsock->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (!zsock->context || zsock->epoll_fd < 0 || zsock->wake_fd < 0 || zsock->timer_fd < 0)
        r = -errno;
    if (r == 0)
        r = zsock_watch(zsock, zsock->wake_fd);
    if (r == 0)
        r = zsock_watch(zsock, zsock->timer_fd);
    if (r < 0)
        zsock_deinit(zsock);
    return r;
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void zsock_deinit(struct zsock *zsock)
{
    zsock_close(zsock);
    close_fd(&zsock->timer_fd);
    close_fd(&zsock->wake_fd);
    close_fd(&zsock->epoll_fd);
    if (zsock->context)
        zmq_ctx_term(zsock->context);
    zsock->context = NULL;
}

static int set_number(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof(value)) < 0 ? -errno : 0;
}

static int set_key(void *socket, int option, const uint8_t *key)
{
    return zmq_setsockopt(socket, option, key, SEAL_KEY_BYTES) < 0 ? -errno : 0;
}

static int set_options(void *dealer, const struct zsock_keys *keys)
{
    const struct {
        int option, value;
    } numbers[] = {
        { ZMQ_LINGER, 0 },         { ZMQ_SNDHWM, 0 }, /* credit bounds what we send */
        { ZMQ_RCVHWM, 0 }, /* and what is sent to us; see inbox.h for who does not keep to it */
        { ZMQ_RECONNECT_IVL, -1 }, { ZMQ_HANDSHAKE_IVL, BUS_HELLO_WAIT_MS },
        { ZMQ_IPV6, 1 },
    };
    int64_t largest = BUS_FRAME_MAX_BYTES;
    int r = 0;

    for (size_t i = 0; r == 0 && i < ARRAY_SIZE(numbers); i++)
        r = set_number(dealer, numbers[i].option, numbers[i].value);
    if (r == 0 && zmq_setsockopt(dealer, ZMQ_MAXMSGSIZE, &largest, sizeof(largest)) < 0)
        r = -errno;
    if (r == 0)
        r = set_key(dealer, ZMQ_CURVE_PUBLICKEY, keys->own_pk);
    if (r == 0)
        r = set_key(dealer, ZMQ_CURVE_SECRETKEY, keys->own_sk);
    if (r == 0)
        r = set_key(dealer, ZMQ_CURVE_SERVERKEY, keys->server_pk);
    return r;
}

static int watch_socket(struct zsock *zsock, void *socket, int *ret_fd)
{
    int fd = -1;
    size_t size = sizeof(fd);

    if (zmq_getsockopt(socket, ZMQ_FD, &fd, &size) < 0)
        return -errno;
    int r = zsock_watch(zsock, fd);
    if (r == 0)
        *ret_fd = fd;
    return r;
}

static int open_monitor(struct zsock *zsock)
{
    char address[40];

    snprintf(address, sizeof(address), "inproc://monitor-%u", ++zsock->n_opened);
    if (zmq_socket_monitor(zsock->dealer, address, MONITORED) < 0)
        return -errno;
    zsock->monitor = zmq_socket(zsock->context, ZMQ_PAIR);
    if (!zsock->monitor)
        return -errno;
    int r = set_number(zsock->monitor, ZMQ_LINGER, 0);
    if (r == 0 && zmq_connect(zsock->monitor, address) < 0)
        r = -errno;
    return r < 0 ? r : watch_socket(zsock, zsock->monitor, &zsock->monitor_fd);
}

int zsock_open(struct zsock *zsock, const char *endpoint, const struct zsock_keys *keys)
{
    zsock_close(zsock);
    zsock->dealer_fd = zsock->monitor_fd = -1;
    zsock->dealer = zmq_socket(zsock->context, ZMQ_DEALER);
    if (!zsock->dealer)
        return -errno;
    int r = set_options(zsock->dealer, keys);
    if (r == 0)
        r = open_monitor(zsock);
    if (r == 0)
        r = watch_socket(zsock, zsock->dealer, &zsock->dealer_fd);
    if (r == 0 && zmq_connect(zsock->dealer, endpoint) < 0)
        r = -errno;
    if (r < 0)
        zsock_close(zsock);
    return r;
}

static void close_socket(struct zsock *zsock, void **socket, int fd)
{
    if (!*socket)
        return;
    if (fd >= 0)
        (void) epoll_ctl(zsock->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
    zmq_close(*socket);
    *socket = NULL;
}

void zsock_close(struct zsock *zsock)
{
    if (zsock->dealer)
        (void) zmq_socket_monitor(zsock->dealer, NULL, 0);
    close_socket(zsock, &zsock->monitor, zsock->monitor_fd);
    close_socket(zsock, &zsock->dealer, zsock->dealer_fd);
}

int zsock_send(struct zsock *zsock, zmq_msg_t *message)
{
    if (!zsock->dealer)
        return -ENOTCONN;
    return zmq_msg_send(message, zsock->dealer, ZMQ_DONTWAIT) < 0 ? -errno : 0;
}

int zsock_receive(struct zsock *zsock, zmq_msg_t *ret)
{
    zmq_msg_t message;

    if (!zsock->dealer)
        return 0;
    zmq_msg_init(&message);
    if (zmq_msg_recv(&message, zsock->dealer, ZMQ_DONTWAIT) >= 0) {
        *ret = message;
        return 1;
    }
    int r = errno == EAGAIN || errno == EINTR ? 0 : -errno;
    zmq_msg_close(&message);
    return r;
}

static int events_of(void *socket)
{
    int events = 0;
    size_t size = sizeof(events);

    if (!socket || zmq_getsockopt(socket, ZMQ_EVENTS, &events, &size) < 0)
        return 0;
    return events;
}

/* The number of one monitor event, or 0 when there is none. */
static int take_monitor_event(struct zsock *zsock)
{
    uint16_t event = 0;
    zmq_msg_t part;

    zmq_msg_init(&part);
    if (zmq_msg_recv(&part, zsock->monitor, ZMQ_DONTWAIT) >= (int) sizeof(event))
        memcpy(&event, zmq_msg_data(&part), sizeof(event));
    bool more = zmq_msg_more(&part);
    zmq_msg_close(&part);
    if (more) { /* the endpoint: ours */
        zmq_msg_init(&part);
        (void) zmq_msg_recv(&part, zsock->monitor, ZMQ_DONTWAIT);
        zmq_msg_close(&part);
    }
    return event;
}

enum zsock_fate zsock_fate(struct zsock *zsock)
{
    enum zsock_fate fate = ZSOCK_ALIVE;

    while (zsock->monitor && (events_of(zsock->monitor) & ZMQ_POLLIN)) {
        int event = take_monitor_event(zsock);

        if (event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH)
            fate = ZSOCK_NOT_ADMITTED;
        else if (event != 0 && fate == ZSOCK_ALIVE)
            fate = ZSOCK_LOST;
    }
    return fate;
}

static bool has_input(struct zsock *zsock)
{
    return ((events_of(zsock->dealer) | events_of(zsock->monitor)) & ZMQ_POLLIN) != 0;
}

int zsock_wait(struct zsock *zsock, int timeout_ms)
{
    struct epoll_event event;

    if (has_input(zsock))
        return 0;
    if (epoll_wait(zsock->epoll_fd, &event, 1, timeout_ms) < 0 && errno != EINTR)
        return -errno;
    return 0;
}

int zsock_fd(struct zsock *zsock)
{
    if (!zsock->is_watched) {
        zsock->is_watched = true;
        zsock_raise(zsock); /* whatever happened so far: the first look is free */
    }
    return zsock->epoll_fd;
}

void zsock_raise(struct zsock *zsock)
{
    uint64_t one = 1;

    if (!zsock->is_watched || zsock->is_raised)
        return;
    if (write(zsock->wake_fd, &one, sizeof(one)) == (ssize_t) sizeof(one))
        zsock->is_raised = true;
}

static void lower(struct zsock *zsock)
{
    uint64_t count;

    if (zsock->is_raised && read(zsock->wake_fd, &count, sizeof(count)) == (ssize_t) sizeof(count))
        zsock->is_raised = false;
}

static void set_timer(struct zsock *zsock, uint64_t at_ms)
{
    struct itimerspec when = { 0 };

    if (zsock->timer_at_ms == at_ms)
        return;
    if (at_ms != CLOCK_NEVER) {
        when.it_value.tv_sec = (time_t) (at_ms / 1000);
        when.it_value.tv_nsec = (long) (at_ms % 1000) * 1000000 + 1; /* all zero would mean never */
    }
    if (timerfd_settime(zsock->timer_fd, TFD_TIMER_ABSTIME, &when, NULL) == 0) /* also makes it unreadable */
        zsock->timer_at_ms = at_ms;
}

void zsock_settle(struct zsock *zsock, bool more, uint64_t deadline_ms)
{
    if (!zsock->is_watched)
        return;
    set_timer(zsock, deadline_ms);
    if (more || has_input(zsock))
        zsock_raise(zsock);
    else
        lower(zsock);
}
