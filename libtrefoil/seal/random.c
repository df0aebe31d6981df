/* The system's randomness behind the interface. Never anything weaker. */
#include "seal/random.h"

#include <sodium.h>

#include "base/attributes.h"

static void fill(unused_ void *owner, void *memory, size_t size)
{
    randombytes_buf(memory, size);
}

struct random random_system(void)
{
    return (struct random){ fill, NULL };
}
