/* Large pieces of memory that are looked into at random: in pages as large as the machine has, because of ten million
 * places each would cost a walk through its page tables as well. They are the kernel's as soon as they are freed. Never
 * decides what is large: small pieces come from where all others do.
 */
#ifndef TREFOIL_MEMORY_LARGE_H
#define TREFOIL_MEMORY_LARGE_H

#include <stddef.h>

#include "base/attributes.h"

/* Zeroed; for large_free() with the same size. NULL: there is none. */
must_use_ void *large_new(size_t size_bytes);

void *large_free(void *piece, size_t size_bytes); /* accepts NULL, returns NULL */

#endif
