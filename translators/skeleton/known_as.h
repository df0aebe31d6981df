/* A person whom the network knows by another id than the one that was written to: the bus hears that both are one.
 * Never changes where a message goes.
 */
#ifndef TREFOIL_SKELETON_KNOWN_AS_H
#define TREFOIL_SKELETON_KNOWN_AS_H

#include "base/arena.h"
#include "bus.h"

/* Says it once per pair of ids, however often it is called: the gateway knows the event again. What cannot go out now is
 * said after the next message. */
void known_as_tell(struct bus *bus, const char *network, const char *account, const char *written_to,
                   const char *known_as, struct arena *mem);

#endif
