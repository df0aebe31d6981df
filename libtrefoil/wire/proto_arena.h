/* Lets protobuf-c build its structs in an arena: nothing of a message needs freeing. Never calls malloc itself. */
#ifndef TREFOIL_WIRE_PROTO_ARENA_H
#define TREFOIL_WIRE_PROTO_ARENA_H

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"

/* Valid as long as `arena` stays where it is. `free` does nothing; the arena's reset does it all. */
ProtobufCAllocator proto_arena(struct arena *arena);

#endif
