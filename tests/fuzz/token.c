/* Tokens from a stranger. Responsible for seal/token.c. */
#include <stdint.h>
#include <stdlib.h>

#include "seal_kit/world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct world *world;
    struct arena arena = ARENA_EMPTY(1 << 20);
    const struct bytes bytes = bytes_make(data, size), account = bytes_of_text(WORLD_ACCOUNT);
    struct token_plain plain, wanted = { TOKEN_REF, account, bytes };
    struct bytes token;

    if (!world)
        world = world_new();
    const struct channel_secret *secret = &world->keyrings[WORLD_CRM]->channels[0];

    /* what opens is what we would have made */
    if (token_open(secret, account, bytes, &arena, &plain) == 0 && data[0] == 2 &&
        (token_seal(secret, &plain, &arena, &token) < 0 || !bytes_equal(token, bytes)))
        abort();
    /* and what we make opens */
    if (token_seal(secret, &wanted, &arena, &token) == 0 &&
        (token_open(secret, account, token, &arena, &plain) < 0 || !bytes_equal(plain.value, bytes)))
        abort();
    arena_deinit(&arena);
    return 0;
}
