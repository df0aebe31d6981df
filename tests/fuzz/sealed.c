/* Envelopes from a stranger: their form and header, their opening, and what is inside once a member sealed it.
 * Responsible for wire/envelope.c, seal/reader.c, seal/padding.c.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "seal/padding.h"
#include "seal_kit/forge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct scene {
    struct world *world;
    struct reader *reader;
    struct sending_key key;
};

static struct scene *scene_make(void)
{
    static struct scene scene;
    struct bytes grant;

    if (scene.world)
        return &scene;
    scene.world = world_new();
    scene.key = forge_key(scene.world, WORLD_WHATSAPP, &grant);
    if (reader_new(scene.world->keyrings[WORLD_BOT], &scene.reader) < 0 ||
        reader_add_grant(scene.reader, &scene.world->trust.roster, grant) < 0)
        abort();
    return &scene;
}

static void check_header(struct bytes bytes, struct arena *arena)
{
    struct envelope_header header, again;
    struct bytes written;

    if (envelope_header_parse(bytes, arena, &header) < 0)
        return;
    if (envelope_header_write(&header, arena, &written) < 0 || envelope_header_parse(written, arena, &again) < 0 ||
        again.seq != header.seq || again.n_relates != header.n_relates || again.resolves != header.resolves)
        abort();
}

static int open_it(struct scene *scene, struct bytes bytes, struct arena *arena, struct opened *ret)
{
    const struct open_request request = { bytes, bytes_make(scene->world->family, SEAL_ID_BYTES), true };
    uint8_t key_id[SEAL_KEY_ID_BYTES];

    return envelope_open(scene->reader, &request, arena, ret, key_id);
}

/* The stranger is a member: his bytes are the padded content, or the content itself. */
static void check_inside(struct scene *scene, struct bytes bytes, struct arena *arena)
{
    struct arena kept = scene->world->arena;
    struct bytes padded = bytes;
    struct opened opened;

    scene->world->arena = ARENA_EMPTY(32 << 20); /* what forging takes goes with this input */
    if (bytes.size >= 256 &&
        open_it(scene, forge_envelope(scene->world, &scene->key, world_header(scene->world), bytes), arena, &opened) ==
            0 &&
        opened.content.size + PADDING_FRONT_BYTES > bytes.size)
        abort();
    if (padding_add(bytes, arena, &padded) == 0 &&
        open_it(scene, forge_envelope(scene->world, &scene->key, world_header(scene->world), padded), arena, &opened) ==
            0 &&
        !bytes_equal(opened.content, bytes))
        abort();
    arena_deinit(&scene->world->arena);
    scene->world->arena = kept;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct scene *scene = scene_make();
    struct arena arena = ARENA_EMPTY(32 << 20);
    const struct bytes bytes = bytes_make(data, size);
    struct envelope envelope;
    struct opened opened;

    check_header(bytes, &arena);
    if (envelope_parse(bytes, &envelope) == 0)
        check_header(envelope.header, &arena);
    if (open_it(scene, bytes, &arena, &opened) == 0)
        abort(); /* the corpus was sealed under a grant this reader never saw */
    check_inside(scene, bytes, &arena);
    arena_deinit(&arena);
    return 0;
}
