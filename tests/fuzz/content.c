/* What a member of the channel may have sealed: whatever is read as a message can be written, and means the same.
 * Responsible for wire/content_read.c and wire/content_write.c.
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = ARENA_EMPTY(CONTENT_MEMORY_MAX_BYTES);
    struct trefoil_message message, again;
    struct content_claims claims, same;
    struct bytes first, second;
    int r = content_read(bytes_make(data, size), &arena, &message, &claims);

    require(r == 0 || r == -EBADMSG || r == -EMSGSIZE || r == -ENOMEM);
    if (r == 0) {
        r = content_write(&message, &claims, &arena, &first);
        require(r == 0 || r == -ENOMEM);
    }
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
