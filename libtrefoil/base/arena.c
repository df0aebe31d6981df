/* Bump allocation in blocks that grow. Never frees single pieces. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_FIRST_BLOCK_BYTES ((size_t) 4096)
#define ARENA_LARGEST_BLOCK_BYTES ((size_t) 1 << 20)

struct arena_block {
    struct arena_block *next;
    size_t room;
    size_t used;
    max_align_t data[];
};

static struct arena_block *block_new(struct arena *arena, size_t need)
{
    size_t room = arena->blocks ? arena->blocks->room * 2 : ARENA_FIRST_BLOCK_BYTES;

    if (room > ARENA_LARGEST_BLOCK_BYTES)
        room = ARENA_LARGEST_BLOCK_BYTES;
    if (room < need)
        room = need;
    if (arena->held_bytes > arena->max_bytes || room > arena->max_bytes - arena->held_bytes)
        room = need; /* near the cap: just what is asked for, if even that fits */
    if (arena->held_bytes > arena->max_bytes || room > arena->max_bytes - arena->held_bytes)
        return NULL;

    struct arena_block *block = malloc(sizeof(*block) + room);
    if (!block)
        return NULL;
    block->next = arena->blocks;
    block->room = room;
    block->used = 0;
    arena->blocks = block;
    arena->held_bytes += room;
    return block;
}

void *arena_alloc(struct arena *arena, size_t size_bytes)
{
    const size_t align = _Alignof(max_align_t);
    struct arena_block *block = arena->blocks;

    if (size_bytes > SIZE_MAX / 2) {
        arena->failed = true;
        return NULL;
    }
    size_t need = (size_bytes + align - 1) & ~(align - 1);
    if (need == 0)
        need = align;
    if (!block || need > block->room - block->used)
        block = block_new(arena, need);
    if (!block) {
        arena->failed = true;
        return NULL;
    }
    void *piece = (char *) block->data + block->used;
    block->used += need;
    arena->used_bytes += need;
    return memset(piece, 0, need);
}

void *arena_array(struct arena *arena, size_t count, size_t item_bytes)
{
    if (item_bytes != 0 && count > SIZE_MAX / item_bytes) {
        arena->failed = true;
        return NULL;
    }
    return arena_alloc(arena, count * item_bytes);
}

struct bytes arena_copy(struct arena *arena, struct bytes bytes)
{
    void *piece = arena_alloc(arena, bytes.size);

    if (!piece)
        return BYTES_EMPTY;
    if (bytes.size > 0)
        memcpy(piece, bytes.data, bytes.size);
    return bytes_make(piece, bytes.size);
}

char *arena_text(struct arena *arena, struct bytes bytes)
{
    char *piece = bytes.size < SIZE_MAX ? arena_alloc(arena, bytes.size + 1) : NULL;

    if (piece && bytes.size > 0)
        memcpy(piece, bytes.data, bytes.size);
    return piece;
}

char *arena_format(struct arena *arena, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    int size = vsnprintf(NULL, 0, format, list);
    va_end(list);
    if (size < 0) {
        arena->failed = true;
        return NULL;
    }
    char *piece = arena_alloc(arena, (size_t) size + 1);
    if (!piece)
        return NULL;
    va_start(list, format);
    vsnprintf(piece, (size_t) size + 1, format, list);
    va_end(list);
    return piece;
}

void arena_reset(struct arena *arena)
{
    struct arena_block *keep = arena->blocks;

    if (keep && keep->room <= ARENA_LARGEST_BLOCK_BYTES) {
        struct arena_block *rest = keep->next;

        while (rest) {
            struct arena_block *next = rest->next;

            free(rest);
            rest = next;
        }
        keep->next = NULL;
        keep->used = 0;
        arena->held_bytes = keep->room;
    } else {
        arena_deinit(arena);
    }
    arena->used_bytes = 0;
    arena->failed = false;
}

void arena_deinit(struct arena *arena)
{
    while (arena->blocks) {
        struct arena_block *next = arena->blocks->next;

        free(arena->blocks);
        arena->blocks = next;
    }
    arena->used_bytes = 0;
    arena->held_bytes = 0;
    arena->failed = false;
}
