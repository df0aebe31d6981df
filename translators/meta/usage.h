/* What the Graph API's headers say of an allowance. Never decides what follows from it. */
#ifndef TREFOIL_META_USAGE_H
#define TREFOIL_META_USAGE_H

#include "skeleton_types/translator.h"

extern const char *const meta_usage_headers[];

/* For translator_ops.read_usage. Of several figures the highest counts, whatever kind of call it is about: slower is safe.
 * A header that is no such document says nothing. */
void meta_read_usage(const char *const *values, struct arena *mem, struct usage *ret);

#endif
