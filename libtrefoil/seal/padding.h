/* Hides how long content is: 256, 512, 1024, 2048, 4096 bytes, then steps of at most a sixteenth. Never compresses. */
#ifndef TREFOIL_SEAL_PADDING_H
#define TREFOIL_SEAL_PADDING_H

#include "base/arena.h"
#include "base/attributes.h"
#include "base/bytes.h"

#define PADDING_FRONT_BYTES 4 /* length of the content, big-endian */

/* What this many bytes are padded to. At most half of SIZE_MAX. */
size_t padding_class(size_t size);

/* The padded size of content of this size: with the length in front. */
size_t padding_size(size_t content_size);

/* Length, content, zeros, into the arena. -EMSGSIZE (more than SEAL_CONTENT_MAX_BYTES), -ENOMEM. */
must_use_ int padding_add(struct bytes content, struct arena *arena, struct bytes *ret);

/* The content, a slice. -EBADMSG unless it is padded in exactly that way. */
must_use_ int padding_remove(struct bytes padded, struct bytes *ret);

#endif
