/* Grants from a stranger, as the gateway checks them and a reader opens them. Responsible for trust/grant_check.c and
 * the opening half of seal/grant.c.
 */
#include <stdint.h>
#include <stdlib.h>

#include "seal_kit/world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct world *world;
    struct arena arena = ARENA_EMPTY(1 << 20);
    uint8_t k_send[SEAL_KEY_BYTES];
    struct grant grant;

    if (!world)
        world = world_new();
    if (grant_parse(bytes_make(data, size), &arena, &grant) == 0) {
        if (grant.n_wraps == 0 || grant.n_wraps > SEAL_WRAPS_MAX || grant.max_seq > SEAL_GRANT_MAX_SEQ ||
            grant.not_after_ms - grant.not_before_ms > SEAL_GRANT_LIFE_MS)
            abort();
        if (grant_check(&grant, &world->trust.roster, GRANT_REMEMBERED) == GRANT_GOOD && grant.roster_version != 1)
            abort();
        if (grant_open(&grant, world->keyrings[WORLD_STRANGER], k_send) == 0)
            abort(); /* never wrapped for him */
        if (grant_open(&grant, world->keyrings[WORLD_BOT], k_send) == 0 && grant.n_wraps != 3)
            abort(); /* the wraps are part of the key */
    }
    arena_deinit(&arena);
    return 0;
}
