/* An event as the bus wants it: where it belongs, what it is about, what it opens and proves. Never looks at what is said.
 */
#ifndef TREFOIL_SKELETON_PUBLICATION_H
#define TREFOIL_SKELETON_PUBLICATION_H

#include <trefoil/client.h>

#include "skeleton_types/translator.h"

/* Borrows from `event`. An account that is not ours may not be named: such an event goes to the services only, under
 * `first_account`. */
struct trefoil_publication publication_make(const struct event *event, const char *first_account);

#endif
