/* The books of others: what translators' /metrics and the sandbox's /control/state count, held against the gateway's.
 * Pure: never fetches anything.
 */
#ifndef TREFOIL_CLI_BOOKS_H
#define TREFOIL_CLI_BOOKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <trefoil/client.h>

#include "base/attributes.h"
#include "base/bytes.h"

/* Sums over everything that was read. */
struct books {
    /* translators */
    uint64_t published, confirmed, duplicate, deferred, rejected, ephemeral, withdrawn;
    uint64_t sent, bounced, taken, lost_answers;
    unsigned n_translators;
    /* the sandbox */
    uint64_t events, waiting, given_up, accepted;
    unsigned n_sandboxes;
};

/* Adds the counters of one text of /metrics, or of one /control/state. -EBADMSG: it is none. */
must_use_ int books_add_metrics(struct books *books, struct bytes text);
must_use_ int books_add_state(struct books *books, struct bytes text);

/* Prints each equation with its numbers and "ok" or the difference; true when all hold. */
bool books_put(FILE *out, const struct books *books, const struct trefoil_counter *counters, size_t n_counters);

#endif
