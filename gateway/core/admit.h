/* May this envelope come in: the rules of the roster, of grants and of limits. Never routes, never remembers. */
#ifndef TREFOIL_CORE_ADMIT_H
#define TREFOIL_CORE_ADMIT_H

#include "core/router.h"

/* True and the arrival filled in, or false and a rejected verdict. The header lives in broker->header. */
bool admit(struct broker *broker, const struct peer *peer, struct bytes envelope, struct envelope_header *header,
           struct arrival *ret, struct verdict *ret_verdict);

#endif
