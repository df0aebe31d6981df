/* Memory that dies together: one message, one arena, one reset. With a hard cap on what a stranger's bytes may cost.
 * Never gives single pieces back.
 */
#ifndef TREFOIL_BASE_ARENA_H
#define TREFOIL_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"

struct arena_block;

struct arena {
    struct arena_block *blocks; /* newest first */
    size_t used_bytes;          /* handed out */
    size_t held_bytes;          /* taken from the heap */
    size_t max_bytes;           /* cap on held_bytes */
    bool failed;                /* some allocation was refused since the last reset */
};

#define ARENA_EMPTY(max) ((struct arena){ .max_bytes = (max) })

/* Zeroed and aligned for anything; NULL when the cap or the heap is exhausted (`failed` is then set). */
must_use_ void *arena_alloc(struct arena *arena, size_t size_bytes);

/* The same for `count` items, refusing products that overflow. */
must_use_ void *arena_array(struct arena *arena, size_t count, size_t item_bytes);

/* A copy; BYTES_EMPTY when refused, which only `failed` tells from a copy of nothing. */
must_use_ struct bytes arena_copy(struct arena *arena, struct bytes bytes);

/* A NUL-terminated copy, or NULL. */
must_use_ char *arena_text(struct arena *arena, struct bytes bytes);

/* Formatted text, or NULL. */
must_use_ char *arena_format(struct arena *arena, const char *format, ...) printf_(2, 3);

/* Forgets everything and keeps one block for the next message. Legal on ARENA_EMPTY. */
void arena_reset(struct arena *arena);

/* Gives all memory back. Legal on ARENA_EMPTY and after itself. */
void arena_deinit(struct arena *arena);

#endif
