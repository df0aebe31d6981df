/* A short name for bytes that have none of their own. Never reversible, never two names for the same bytes. */
#ifndef TREFOIL_FORMATS_FINGERPRINT_H
#define TREFOIL_FORMATS_FINGERPRINT_H

#include "base/arena.h"
#include "base/bytes.h"

/* 32 hex digits of BLAKE2b; NULL when the arena is exhausted. */
const char *fingerprint(struct bytes bytes, struct arena *mem);

#endif
