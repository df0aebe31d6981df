/* What a human or a script wrote as a message: whatever is read can be written, and means the same; what is refused says
 * why. Responsible for libtrefoil/document.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "document/document.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = ARENA_EMPTY(DOCUMENT_MEMORY_MAX_BYTES);
    struct trefoil_message message = { 0 }, again = { 0 };
    char error[DOCUMENT_ERROR_MAX_BYTES] = "";
    const char *first, *second;
    int r = document_read(bytes_make(data, size), &arena, &message, error, sizeof(error));

    require(r == 0 || r == -EBADMSG || r == -EMSGSIZE || r == -ENOMEM);
    require((r == -EBADMSG || r == -EMSGSIZE) == (error[0] != '\0'));
    if (r == 0) {
        r = document_write(&message, &arena, &first);
        require(r == 0 || r == -ENOMEM);
    }
    if (r == 0) {
        r = document_read(bytes_of_text(first), &arena, &again, error, sizeof(error));
        require(r == 0 || r == -ENOMEM);
    }
    if (r == 0 && document_write(&again, &arena, &second) == 0)
        require(again.kind == message.kind && strcmp(first, second) == 0);
    arena_deinit(&arena);
    return 0;
}
