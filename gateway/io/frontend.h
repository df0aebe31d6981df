/* The gateway's side of the bus: a ROUTER socket with CURVE. Frames come out of it and go into it; who they are from is
 * told with each. Never looks into a frame, never decides.
 */
#ifndef TREFOIL_GATEWAY_IO_FRONTEND_H
#define TREFOIL_GATEWAY_IO_FRONTEND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"

#define ROUTING_ID_BYTES 5 /* what ZeroMQ gives to peers that claim none; others are not served */
#define FRONTEND_USER_BYTES 64

struct frontend;

struct routing_id {
    uint8_t bytes[ROUTING_ID_BYTES];
};

struct frontend_options {
    const char *endpoint;
    const uint8_t *secret_key; /* CURVE, 32 bytes */
    void *owner;
    /* One frame. `user` is the peer's key in hex, proven by CURVE. Valid during the call. */
    void (*on_frame)(void *owner, const struct routing_id *from, const char *user, struct bytes frame);
};

/* -EADDRINUSE, -EINVAL (endpoint), -errno. */
must_use_ int frontend_open(void *context, const struct frontend_options *options, struct frontend **ret);
struct frontend *frontend_close(struct frontend *frontend);

/* Readable when something happened (edge-triggered: always ask frontend_is_readable()). */
int frontend_fd(const struct frontend *frontend);
bool frontend_is_readable(const struct frontend *frontend);

/* Hands over at most `max` frames: how many there were. */
unsigned frontend_read(struct frontend *frontend, unsigned max);

enum { FRONTEND_E_GONE = 1, FRONTEND_E_FULL = 2 };

/* Sends `size` bytes at `data`, which lie in the malloc'ed `block`; the block is freed in any case.
 * 0, FRONTEND_E_GONE (no such peer any more), FRONTEND_E_FULL (it does not read), -errno. */
must_use_ int frontend_send(struct frontend *frontend, const struct routing_id *to, void *block, uint8_t *data,
                            size_t size);

#endif
