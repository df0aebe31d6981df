/* Capability records between the public structs and protobuf. Never judges what a network can do.
 */
#ifndef TREFOIL_CLIENT_CAPABILITIES_H
#define TREFOIL_CLIENT_CAPABILITIES_H

#include <trefoil/client.h>

#include "base/arena.h"
#include "base/attributes.h"
#include "base/bytes.h"

/* Into the arena. -EINVAL (no account, a feature without its words), -EMSGSIZE (more than a record may hold), -ENOMEM. */
must_use_ int capabilities_write(const struct trefoil_capabilities *capabilities, struct arena *arena,
                                 struct bytes *ret);

/* Everything in the arena but `account` and `since_ms`, which the record does not know. -EBADMSG, -ENOMEM. */
must_use_ int capabilities_read(struct bytes record, struct arena *arena, struct trefoil_capabilities *ret);

#endif
