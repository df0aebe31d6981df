/* Aligned memory, and a word to the kernel what it is for. A kernel that does not listen costs time, nothing else. */
#include "base/large.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define LARGE_PAGE_BYTES ((size_t) 2 << 20)

void *large_new(size_t size_bytes)
{
    if (size_bytes > SIZE_MAX / 2)
        return NULL;
    if (size_bytes < LARGE_PAGE_BYTES)
        return calloc(1, size_bytes);

    size_t whole = (size_bytes + LARGE_PAGE_BYTES - 1) / LARGE_PAGE_BYTES * LARGE_PAGE_BYTES;
    void *piece = aligned_alloc(LARGE_PAGE_BYTES, whole);
    if (!piece)
        return NULL;
    (void) madvise(piece, whole, MADV_HUGEPAGE);
    memset(piece, 0, size_bytes);
    return piece;
}
