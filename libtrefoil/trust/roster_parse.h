/* What the two halves of reading a roster share. Only for this room. */
#ifndef TREFOIL_TRUST_ROSTER_PARSE_H
#define TREFOIL_TRUST_ROSTER_PARSE_H

#include "trust/roster.h"

#define ROLE_ALL (ROLE_TRANSLATOR | ROLE_SERVICE | ROLE_ADDRESSES | ROLE_ADMIN | ROLE_GATEWAY)

/* The rules no single field can break: nothing twice, nobody unknown. -EBADMSG, -ENOMEM. */
must_use_ int roster_check_rules(const struct roster *roster);

#endif
