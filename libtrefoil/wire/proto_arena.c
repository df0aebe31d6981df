/* protobuf-c's allocator over an arena. Never frees single pieces. */
#include "wire/proto_arena.h"

#include "base/attributes.h"

static void *take(void *arena, size_t size)
{
    return arena_alloc(arena, size);
}

static void keep(unused_ void *arena, unused_ void *piece)
{
}

ProtobufCAllocator proto_arena(struct arena *arena)
{
    return (ProtobufCAllocator){ .alloc = take, .free = keep, .allocator_data = arena };
}
