/* One command's conversation with the gateway, by libtrefoil's public interface: connect, ask, wait, with patience that
 * ends. Never retries what the gateway refused.
 */
#ifndef TREFOIL_CLI_BUS_H
#define TREFOIL_CLI_BUS_H

#include <trefoil/client.h>

#include "cli/cli.h"

#define BUS_PATIENCE_MS 5000 /* for the connection, and for each answer */
#define BUS_GOODBYE_MS 300

struct bus {
    struct cli *cli;
    trefoil_client *client;
    struct trefoil_id channel; /* the one in --channel, or the only one */
};

/* Connects. CLI_OK, or CLI_FAILED after a complaint that says what to check. */
must_use_ int bus_connect(struct cli *cli, struct bus *ret);

/* Connects and finds the channel. CLI_OK, or CLI_FAILED after a complaint that says what to check. */
must_use_ int bus_open(struct cli *cli, struct bus *ret);

/* Says goodbye and waits until what is out is told and on disk, or patience ends. */
void bus_drain(struct bus *bus, uint32_t patience_ms);

/* Says goodbye, closes. Legal on a bus that bus_open() could not open, and on a zeroed one. */
void bus_close(struct bus *bus);

/* Waits for the next event until `deadline_ms` of bus_now_ms(). CLI_OK; CLI_FAILED after a complaint, in which `what`
 * says what never came. */
must_use_ int bus_next(struct bus *bus, uint64_t deadline_ms, const char *what, struct trefoil_event *ret);

/* Asks and waits. The answer, which may be a no, is borrowed until the next call. CLI_FAILED after a complaint. */
must_use_ int bus_ask_politely(struct bus *bus, const struct trefoil_ask *ask, const struct trefoil_answer **ret);

/* The same, and a no is a complaint. */
must_use_ int bus_ask(struct bus *bus, const struct trefoil_ask *ask, const struct trefoil_answer **ret);

/* All accounts of the channel with what their translators published, page by page: the answer is borrowed during the
 * call. How many there were. CLI_FAILED after a complaint. */
must_use_ int bus_walk_accounts(struct bus *bus, void (*each)(void *context, const struct trefoil_answer *page),
                                void *context, size_t *ret_n);

/* The counter of this name in an answer; 0: there is none. */
uint64_t bus_counter(const struct trefoil_answer *answer, const char *name);

uint64_t bus_now_ms(void); /* monotonic */

#endif
