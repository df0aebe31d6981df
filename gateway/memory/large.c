/* Mappings of their own, and a word to the kernel what they are for. Never from the C library's heap: what has been a large
 * page there stays one, and whoever is given a corner of it next makes all of it resident. A kernel that does not listen
 * costs time, nothing else.
 */
#include "memory/large.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#define LARGE_PAGE_BYTES ((size_t) 2 << 20)

static size_t in_pages(size_t size_bytes)
{
    return (size_bytes + LARGE_PAGE_BYTES - 1) / LARGE_PAGE_BYTES * LARGE_PAGE_BYTES;
}

void *large_new(size_t size_bytes)
{
    if (size_bytes > SIZE_MAX / 2)
        return NULL;
    if (size_bytes < LARGE_PAGE_BYTES)
        return calloc(1, size_bytes);

    /* One page more than needed, so that it can begin where a page does; what is over on both sides goes back. */
    size_t whole = in_pages(size_bytes);
    uint8_t *map = mmap(NULL, whole + LARGE_PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED)
        return NULL;
    size_t before = in_pages((size_t) (uintptr_t) map) - (size_t) (uintptr_t) map;
    uint8_t *piece = map + before;
    if (before > 0)
        (void) munmap(map, before);
    if (before < LARGE_PAGE_BYTES)
        (void) munmap(piece + whole, LARGE_PAGE_BYTES - before);
    (void) madvise(piece, whole, MADV_HUGEPAGE);
    return piece;
}

void *large_free(void *piece, size_t size_bytes)
{
    if (piece && size_bytes >= LARGE_PAGE_BYTES)
        (void) munmap(piece, in_pages(size_bytes));
    else
        free(piece);
    return NULL;
}
