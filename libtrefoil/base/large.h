/* Large pieces of memory that are looked into at random: in pages as large as the machine has, because of ten million
 * places each would cost a walk through its page tables as well. Never decides what is large: small pieces come from where
 * all others do.
 */
#ifndef TREFOIL_BASE_LARGE_H
#define TREFOIL_BASE_LARGE_H

#include <stddef.h>

#include "base/attributes.h"

/* Zeroed; for free(). NULL: there is none. */
must_use_ void *large_new(size_t size_bytes);

#endif
