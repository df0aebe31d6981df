/* What goes wrong on purpose, per account: by chance or a number of times, drawn from the seed.
 * Never does the wrong thing itself: it only says when.
 */
#ifndef TREFOIL_SANDBOX_FAULTS_H
#define TREFOIL_SANDBOX_FAULTS_H

#include <stdbool.h>
#include <stdint.h>

#include "sandbox/ids.h"

enum fault_kind {
    FAULT_DUPLICATE,     /* the webhook comes twice */
    FAULT_REORDER,       /* later events overtake this one */
    FAULT_DELAY,         /* the webhook comes `delay_ms` later */
    FAULT_BATCH,         /* up to `size` events in one POST */
    FAULT_RATE_LIMITED,  /* 429, with Retry-After when `retry_after_s` > 0 */
    FAULT_SERVER_ERROR,  /* 502 with an HTML body */
    FAULT_DROP_ANSWER,   /* accepted, and no answer comes */
    FAULT_EXPIRED_TOKEN, /* 190 */
    FAULT_RESET,         /* the connection breaks before anything is accepted */
    FAULT_ERROR,         /* a Graph error with `code`, `subcode` and `status` */
    FAULT_SLOW,          /* the answer comes `delay_ms` later */
    N_FAULTS,
};

struct fault {
    bool is_on;
    double probability;
    int64_t count; /* left; negative: without end */
    uint32_t delay_ms, size, retry_after_s;
    int code, subcode, status;
    uint64_t n_struck;
};

struct faults {
    struct fault kinds[N_FAULTS];
};

const char *fault_name(enum fault_kind kind);
must_use_ int fault_of(const char *name, enum fault_kind *ret); /* -ENOENT */

/* Decides now, and counts. */
bool fault_strikes(struct faults *faults, enum fault_kind kind, struct dice *dice);

void faults_clear(struct faults *faults);

#endif
