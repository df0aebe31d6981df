/* Genuine webhook bodies become events, events become envelopes, and 200 is said when all of them are on disk.
 * Never says 200 before.
 */
#ifndef TREFOIL_SKELETON_INTAKE_H
#define TREFOIL_SKELETON_INTAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "accounts.h"
#include "base/attributes.h"
#include "bus.h"
#include "daemon/http_server.h"
#include "daemon/log.h"
#include "figures.h"
#include "media_fetch.h"
#include "names.h"
#include "skeleton_types/translator.h"

#define INTAKE_BATCHES_MAX 512
#define INTAKE_BATCH_MAX_BYTES (48u << 20) /* what one body may cost */
#define INTAKE_HELD_MAX_BYTES (192u << 20) /* what all bodies together may cost; beyond it: 503 */

struct intake;

struct intake_options {
    struct bus *bus;
    struct names *names;
    struct media_fetch *fetch; /* NULL: files are left where they are */
    const struct translator_ops *ops;
    const struct accounts *accounts;
    struct figures *figures;
    const struct log *log;
    uint32_t confirm_wait_ms;
    uint64_t media_wait_ms; /* longest a body is kept for its files, in all */
    void *owner;
    /* An event proved that we sent this; `message_id` is what the network calls it, NULL when it did not say. */
    void (*on_proof)(void *owner, uint64_t seq, uint32_t target, const char *message_id);
    /* The business wrote this, and nothing says by itself whether it was us. True: it was, by this send. */
    bool (*on_echo)(void *owner, const struct event *event, uint64_t *ret_seq, uint32_t *ret_target);
    /* The gateway knows now whose that was. */
    void (*on_echo_over)(void *owner, const char *message_id);
    /* A person said something to this account: networks count that, too. May be NULL. */
    void (*on_message)(void *owner, const char *account);
    void (*on_idle)(void *owner); /* the last batch is answered */
};

/* -ENOMEM. */
must_use_ int intake_open(uv_loop_t *loop, const struct intake_options *options, struct intake **ret);

/* Batches still waiting are answered 503. Accepts NULL, returns NULL. */
struct intake *intake_close(struct intake *intake);

/* Takes the exchange; it is answered within confirm_wait_ms. What still waits for files then is kept all the same, and
 * published when they are there: the network may never come back, and when it does the events are duplicates. */
void intake_body(struct intake *intake, struct http_exchange *exchange, struct bytes body);

/* Names have been learnt, or files have come, that some body may have waited for. */
void intake_look(struct intake *intake);

void intake_gone(struct intake *intake, struct http_exchange *exchange);

/* From now on every new body is answered 503 at once. */
void intake_stop(struct intake *intake);

size_t intake_n_batches(const struct intake *intake);

#endif
