/* Randomness, handed in, so that test vectors can be made twice. Never a global. */
#ifndef TREFOIL_SEAL_RANDOM_H
#define TREFOIL_SEAL_RANDOM_H

#include <stddef.h>

struct random {
    void (*fill)(void *owner, void *memory, size_t size);
    void *owner;
};

/* The system's. The only one outside tests. */
struct random random_system(void);

static inline void random_fill(const struct random *random, void *memory, size_t size)
{
    random->fill(random->owner, memory, size);
}

#endif
