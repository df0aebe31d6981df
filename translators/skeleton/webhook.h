/* The network's door: subscription handshake, signature, size. What passes is genuine and whole.
 * Never parses a body, never answers a genuine one: whoever takes it does.
 */
#ifndef TREFOIL_SKELETON_WEBHOOK_H
#define TREFOIL_SKELETON_WEBHOOK_H

#include <stdint.h>

#include <uv.h>

#include "accounts.h"
#include "daemon/http_server.h"

#define WEBHOOK_BODY_MAX_BYTES (3u << 20)
#define WEBHOOK_CONNECTIONS_MAX 512
#define WEBHOOK_IDLE_MS 30000
#define WEBHOOK_CHALLENGE_MAX_BYTES 256
#define WEBHOOK_SECRETS_MAX 64 /* different ones, of all accounts together */

/* What became of a request that went no further. */
enum webhook_refusal {
    WEBHOOK_UNSIGNED,      /* 401: no signature, or not one of ours in form */
    WEBHOOK_FORGED,        /* 401: no secret fits */
    WEBHOOK_TOO_LARGE,     /* 413 */
    WEBHOOK_BAD_HANDSHAKE, /* 403 */
    WEBHOOK_NOT_HERE,      /* 404, 405 */
    WEBHOOK_N_REFUSALS,
};

struct webhook_options {
    const char *host;
    uint16_t port;
    const char *path;
    const struct accounts *accounts; /* borrowed */
    void *owner;
    /* A genuine body; the exchange is to be answered exactly once, now or later. */
    void (*on_body)(void *owner, struct http_exchange *exchange, struct bytes body);
    void (*on_gone)(void *owner, struct http_exchange *exchange); /* answered no more */
    void (*on_refusal)(void *owner, enum webhook_refusal refusal);
    void (*on_handshake)(void *owner);
    /* A file of ours is asked for; the exchange is to be answered, now or later. NULL: there are none. */
    void (*on_media)(void *owner, struct http_exchange *exchange, const char *path);
};

struct webhook;

/* -EADDRINUSE, -EACCES, -ENOMEM, -errno. */
must_use_ int webhook_open(uv_loop_t *loop, const struct webhook_options *options, struct webhook **ret);

/* Accepts NULL, returns NULL. */
struct webhook *webhook_close(struct webhook *webhook);

uint16_t webhook_port(const struct webhook *webhook);

/* An empty answer. */
void webhook_answer(struct http_exchange **exchange, unsigned status);

#endif
