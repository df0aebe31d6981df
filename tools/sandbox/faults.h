/* What goes wrong on purpose, per account: by chance or a number of times, drawn from the seed.
 * Never does the wrong thing itself: it only says when.
 */
#ifndef TREFOIL_SANDBOX_FAULTS_H
#define TREFOIL_SANDBOX_FAULTS_H

#include <stdbool.h>
#include <stdint.h>

#include "sandbox/ids.h"

enum fault_kind {
    FAULT_DUPLICATE,      /* the webhook comes twice */
    FAULT_REORDER,        /* later events overtake this one */
    FAULT_DELAY,          /* the webhook comes `delay_ms` later */
    FAULT_BATCH,          /* up to `size` events in one POST */
    FAULT_RATE_LIMITED,   /* 429, with Retry-After when `retry_after_s` > 0 */
    FAULT_LIMITS,         /* the same for whoever is faster than documented, or than `size` calls a second */
    FAULT_USAGE,          /* answers say that `size` percent of the calls are used up, for `delay_ms` to come */
    FAULT_SERVER_ERROR,   /* 502 with an HTML body */
    FAULT_DROP_ANSWER,    /* accepted, and no answer comes */
    FAULT_EXPIRED_TOKEN,  /* 190 */
    FAULT_RESET,          /* the connection breaks before anything is accepted */
    FAULT_ERROR,          /* a Graph error with `code`, `subcode` and `status` */
    FAULT_SLOW,           /* the answer comes `delay_ms` later */
    FAULT_MEDIA_SLOW,     /* downloads: `size` bytes a second */
    FAULT_MEDIA_EXPIRED,  /* downloads: the address is no longer good */
    FAULT_MEDIA_GONE,     /* downloads: 404 */
    FAULT_MEDIA_LIE,      /* what a person sends is said to be of the type `text` */
    FAULT_MEDIA_REDIRECT, /* downloads: 302 to `text` */
    FAULT_MEDIA_ENDLESS,  /* downloads: zeros without end after the file */
    FAULT_UPLOAD_ERROR,   /* uploads are refused, links cannot be fetched */
    FAULT_WINDOW_CLOSED,  /* a send finds the 24 hours over */
    N_FAULTS,
};

struct fault {
    bool is_on;
    double probability;
    int64_t count; /* left; negative: without end */
    uint32_t delay_ms, size, retry_after_s;
    int code, subcode, status;
    char *text; /* a type or an address; may be NULL */
    uint64_t n_struck;
};

struct faults {
    struct fault kinds[N_FAULTS];
};

const char *fault_name(enum fault_kind kind);
must_use_ int fault_of(const char *name, enum fault_kind *ret); /* -ENOENT */

/* Decides now, and counts. */
bool fault_strikes(struct faults *faults, enum fault_kind kind, struct dice *dice);

/* Switches all off; the counts stay. */
void faults_clear(struct faults *faults);

#endif
