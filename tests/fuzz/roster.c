/* Rosters, wrap keys and bundles from a stranger. Responsible for trust/roster_parse.c, roster_rules.c, wrap_key.c,
 * trust_bundle.c, signed.h and wire/proto_reader.c.
 */
#include <stdint.h>
#include <stdlib.h>

#include "seal_kit/world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read can be written again, and reads the same. */
static void check_body(struct bytes body, struct arena *arena)
{
    struct roster roster, again;
    struct bytes written;

    if (roster_parse(body, arena, &roster) < 0)
        return;
    if (roster_write(&roster, arena, &written) < 0 || roster_parse(written, arena, &again) < 0 ||
        again.version != roster.version || again.n_services != roster.n_services ||
        again.n_channels != roster.n_channels)
        abort();
    if (roster.n_services > SEAL_SERVICES_MAX || roster.n_channels > SEAL_CHANNELS_MAX)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct world *world;
    struct arena arena = ARENA_EMPTY(64 << 20);
    const struct bytes bytes = bytes_make(data, size);
    struct wrap_key key;
    struct roster roster;
    struct trust trust;

    if (!world)
        world = world_new();
    check_body(bytes, &arena);
    if (roster_verify(bytes, world->root_pk, 1, &arena, &roster) == 0 && roster.n_services != WORLD_N_SERVICES)
        abort(); /* somebody forged the root's signature */
    if (wrap_key_verify(&world->trust.roster, bytes, &key) == 0 && key.generation > 2)
        abort();
    if (trust_open(bytes, world->root_pk, 1, &arena, &trust) == 0 && trust.n_wrap_keys > SEAL_WRAP_KEYS_MAX)
        abort();
    arena_deinit(&arena);
    return 0;
}
