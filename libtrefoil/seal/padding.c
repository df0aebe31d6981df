/* Padding added and taken off. Never reveals by its result which check failed. */
#include "seal/padding.h"

#include <errno.h>
#include <string.h>

#include "seal/limits.h"

#define SMALLEST_CLASS ((size_t) 256)
#define LARGEST_CLASS ((size_t) 4096)

static unsigned log2_floor(size_t value)
{
    unsigned log = 0;

    while (value >>= 1)
        log++;
    return log;
}

size_t padding_class(size_t size)
{
    for (size_t class_ = SMALLEST_CLASS; class_ <= LARGEST_CLASS; class_ *= 2)
        if (size <= class_)
            return class_;
    /* PADMÉ: keep only as many leading bits of the size as its own magnitude has digits */
    const unsigned magnitude = log2_floor(size);
    const size_t mask = ((size_t) 1 << (magnitude - (log2_floor(magnitude) + 1))) - 1;
    return (size + mask) & ~mask;
}

size_t padding_size(size_t content_size)
{
    return padding_class(content_size + PADDING_FRONT_BYTES);
}

int padding_add(struct bytes content, struct arena *arena, struct bytes *ret)
{
    if (content.size > SEAL_CONTENT_MAX_BYTES)
        return -EMSGSIZE;
    const size_t size = padding_size(content.size);
    uint8_t *padded = arena_alloc(arena, size); /* zeroed */
    if (!padded)
        return -ENOMEM;
    struct writer writer = writer_make(padded, size);
    writer_u32(&writer, (uint32_t) content.size);
    writer_put(&writer, content);
    *ret = bytes_make(padded, size);
    return 0;
}

int padding_remove(struct bytes padded, struct bytes *ret)
{
    struct cursor cursor = { padded };
    struct bytes content;
    uint32_t size;
    uint8_t rest = 0;

    if (cursor_u32(&cursor, &size) < 0 || size > SEAL_CONTENT_MAX_BYTES || padding_size(size) != padded.size ||
        cursor_take(&cursor, size, &content) < 0)
        return -EBADMSG;
    for (size_t i = 0; i < cursor.rest.size; i++)
        rest |= cursor.rest.data[i];
    if (rest != 0)
        return -EBADMSG;
    *ret = content;
    return 0;
}
