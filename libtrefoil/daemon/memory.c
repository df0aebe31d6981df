/* Two settings of the allocator. Never allocates anything. */
#include "daemon/memory.h"

#include <malloc.h>

#define MB (1 << 20)

/* A refusal leaves things as they were, which is slower and no worse. */
static void keep(int trim_bytes, int map_bytes)
{
    (void) mallopt(M_TRIM_THRESHOLD, trim_bytes);
    (void) mallopt(M_MMAP_THRESHOLD, map_bytes);
}

void memory_keep_for_gateway(void)
{
    keep(128 * MB, 32 * MB);
}

void memory_keep_for_peer(void)
{
    keep(16 * MB, 1 * MB);
}
