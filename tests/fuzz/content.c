/* What a member of the channel may have sealed: whatever is read as a message can be written, and means the same; what
 * is taken apart comes together again; and any bytes may pose as the personal part. Responsible for
 * wire/content_read.c, wire/content_write.c and wire/content_personal.c.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "wire/content.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds)
{
    if (!holds)
        abort();
}

/* Apart and together: the same bytes as before. */
static void check_parts(const struct trefoil_message *message, const struct content_claims *claims, struct bytes whole,
                        struct arena *arena)
{
    struct trefoil_message back;
    struct bytes personal, again;

    if (content_split(message, arena, &back, &personal) < 0) {
        require(arena->failed); /* what was read is within every limit */
        return;
    }
    int r = content_join(personal, arena, &back);
    require(r == 0 || r == -ENOMEM);
    if (r == 0 && content_write(&back, claims, arena, &again) == 0)
        require(bytes_equal(again, whole));
}

/* The input as the personal part of a message of each kind. */
static void check_stranger(struct bytes bytes, struct arena *arena)
{
    static const struct trefoil_span mention = { TREFOIL_SPAN_MENTION, 0, 1, NULL };
    static const struct trefoil_media media;
    struct trefoil_message text = { .kind = TREFOIL_KIND_TEXT, .body.text = { "x", &mention, 1 } };
    struct trefoil_message list = { .kind = TREFOIL_KIND_MEDIA, .body.media = { NULL, &media, 1 } };
    struct trefoil_message receipt = { .kind = TREFOIL_KIND_RECEIPT };
    struct trefoil_message *const messages[] = { &text, &list, &receipt };

    for (size_t i = 0; i < ARRAY_SIZE(messages); i++) {
        int r = content_join(bytes, arena, messages[i]);
        require(r == 0 || r == -EBADMSG || r == -EMSGSIZE || r == -ENOMEM);
        arena_reset(arena);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = ARENA_EMPTY(CONTENT_MEMORY_MAX_BYTES);
    struct trefoil_message message, again;
    struct content_claims claims, same;
    struct bytes first, second;

    check_stranger(bytes_make(data, size), &arena);
    int r = content_read(bytes_make(data, size), &arena, &message, &claims);

    require(r == 0 || r == -EBADMSG || r == -EMSGSIZE || r == -ENOMEM);
    if (r == 0) {
        r = content_write(&message, &claims, &arena, &first);
        require(r == 0 || r == -ENOMEM);
    }
    if (r == 0)
        check_parts(&message, &claims, first, &arena);
    if (r == 0) {
        r = content_read(first, &arena, &again, &same);
        require(r == 0 || r == -ENOMEM);
    }
    if (r == 0) {
        require(again.kind == message.kind);
        r = content_write(&again, &same, &arena, &second);
        require(r == -ENOMEM || bytes_equal(first, second));
    }
    arena_deinit(&arena);
    return 0;
}
