/* A network's table of capabilities as the bus publishes it and as documentation is made from it.
 * Never says more than the table does.
 */
#ifndef TREFOIL_SKELETON_CAPABILITY_RECORD_H
#define TREFOIL_SKELETON_CAPABILITY_RECORD_H

#include <stdbool.h>

#include <trefoil/client.h>

#include "base/arena.h"
#include "skeleton_types/translator.h"

#define CAPABILITY_RECORD_MAX_BYTES (256u << 10)

/* The record of every account of this network in a process with or without a converter, all but the account's name.
 * 0, -ENOMEM, -ENOENT (the map has no table). */
must_use_ int capability_record_make(const struct translator_ops *ops, bool has_converter, struct arena *mem,
                                     struct trefoil_capabilities *ret);

/* The same as JSON, without limits that are not there; `unconverted` where less is left without a converter. */
must_use_ int capability_record_json(const struct translator_ops *ops, bool has_converter, struct arena *mem,
                                     struct bytes *ret);

#endif
