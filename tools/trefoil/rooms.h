/* Rooms by name or id. Never changes one. */
#ifndef TREFOIL_CLI_ROOMS_H
#define TREFOIL_CLI_ROOMS_H

#include "cli/bus.h"

#define ROOMS_PAGE 200

/* Walks all rooms of the channel until `each` returns non-zero, which is passed on. The room is borrowed for the call,
 * in which the bus must not be used. CLI_OK, CLI_FAILED after a complaint. */
must_use_ int rooms_walk(struct bus *bus, int (*each)(void *context, const struct trefoil_room *room), void *context);

/* The room with this id (32 hex digits) or this name. CLI_FAILED after a complaint: none, or several of the name. */
must_use_ int rooms_find(struct bus *bus, const char *text, struct trefoil_id *ret);

/* Somebody to put into one. CLI_USAGE after a complaint. */
must_use_ int rooms_read_address(struct cli *cli, const char *text, struct trefoil_address *ret);

#endif
