/* The doorkeeper: ZeroMQ asks it about every CURVE key that wants in (inproc://zeromq.zap.01). Never decides: it asks
 * its owner, and tells ZeroMQ the key in hex as the user id of all further messages.
 */
#ifndef TREFOIL_GATEWAY_IO_ZAP_H
#define TREFOIL_GATEWAY_IO_ZAP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"

struct zap;

struct zap_events {
    void *owner;
    bool (*may_enter)(void *owner, const uint8_t key[32]);
};

/* Must be open before a socket with CURVE is bound in the same context. -errno. */
must_use_ int zap_open(void *context, const struct zap_events *events, struct zap **ret);
struct zap *zap_close(struct zap *zap);

/* Readable when somebody knocks (edge-triggered). */
int zap_fd(const struct zap *zap);

/* Answers all who knock. */
void zap_answer(struct zap *zap);

#endif
