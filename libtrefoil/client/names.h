/* The gateway's name and what it last stood for, looked up in a thread of its own, so that a resolver's silence delays
 * neither a connection to an address that is known nor anybody's exit. Never connects.
 *
 * ZeroMQ would look names up in the thread that moves every byte, and one attempt after the other: a name server that
 * takes 20 s to give up costs that for each attempt made meanwhile, long after the gateway is back.
 */
#ifndef TREFOIL_CLIENT_NAMES_H
#define TREFOIL_CLIENT_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"

#define NAMES_HOST_BYTES 256
#define NAMES_PORT_BYTES 8
#define NAMES_ENDPOINT_BYTES 80
#define NAMES_ADDRESSES_MAX 8 /* of one name; more are left out */

struct lookup;

struct names {
    const char *endpoint;        /* borrowed; as it was given */
    char host[NAMES_HOST_BYTES]; /* empty: the endpoint holds no name, there is nothing to look up */
    char port[NAMES_PORT_BYTES];
    struct lookup *lookup; /* under way; its thread owns it, too */
    uint64_t asked_at_ms, fresh_until_ms;
    char known[NAMES_ADDRESSES_MAX][NAMES_ENDPOINT_BYTES]; /* the last answer */
    unsigned n_known, turn;                                /* which of them is tried next */
    int wake_fd;                                           /* readable once a lookup has ended */
};

#define NAMES_EMPTY ((struct names){ .wake_fd = -1 })

/* `endpoint` must live as long as `names`. -errno. */
must_use_ int names_init(struct names *names, const char *endpoint);

/* Does not wait for a lookup that is under way: its thread ends when the resolver has given up. */
void names_deinit(struct names *names);

/* Takes what a lookup has found, if one has ended, and makes `wake_fd` unreadable again. `now_ms` is clock_run_ms(). */
void names_hear(struct names *names, uint64_t now_ms);

/* One attempt's address. Looks the name up first, unless that was done in the last BUS_NAME_WAIT_MS; where it takes
 * longer than that, gives what the name stood for last. The addresses of one name are given in turn. Never blocks.
 * 1 and `*ret` (valid until the next call), 0 as long as there is nothing to say: call again when `wake_fd` is readable
 * or at names_deadline(); -ENOENT when the name stands for nothing, -errno. */
must_use_ int names_find(struct names *names, uint64_t now_ms, const char **ret);

/* When an address is given at the latest; CLOCK_NEVER while none is known. */
uint64_t names_deadline(const struct names *names);

/* The address given last has answered: the next attempt begins with it. */
void names_keep(struct names *names);

#endif
