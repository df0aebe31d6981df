/* A file out of the store: brought, proven to be the one that was meant, converted where that is wished, and read as
 * often as is needed, a chunk at a time. Never whole in memory.
 */
#ifndef TREFOIL_SKELETON_MEDIA_FILE_H
#define TREFOIL_SKELETON_MEDIA_FILE_H

#include "media.h"

#define MEDIA_CONVERT_MAX_BYTES (64u << 20) /* larger ones are not converted */

struct media_file;

struct media_file_wanted {
    const uint8_t *channel; /* SEAL_ID_BYTES */
    const struct blob_secret *secret;
    enum conversion conversion;
};

/* Whoever wants the same while it is being brought shares it. `on_ready(context, r)` exactly once, never inside this call, unless it is freed before: 0; -ENOENT (gone), -EBADMSG
 * (not what was meant), -ENOTSUP (cannot be converted), -EIO. A negative answer of the call itself (-ENOMEM, -ENOENT:
 * there is no store): no callback follows. */
must_use_ int media_file_open(struct media *media, const struct media_file_wanted *wanted, void *context,
                              void (*on_ready)(void *context, int r), struct media_file **ret);

/* Accepts NULL, returns NULL. Legal while it is being brought, and not while a reader is open. */
struct media_file *media_file_close(struct media_file *file);

uint64_t media_file_size(const struct media_file *file);

/* What it is now where it was converted; NULL: what it was. */
const char *media_file_mime(const struct media_file *file);

struct media_reader;

/* Several at once are legal. -ENOMEM, -EBADMSG. */
must_use_ int media_reader_open(const struct media_file *file, struct media_reader **ret);
struct media_reader *media_reader_close(struct media_reader *reader);

/* Fills at most `room` bytes: how many, 0 at the end, -errno. */
long media_reader_read(struct media_reader *reader, uint8_t *buffer, size_t room);

/* Of media_close(): what the store will not bring any more goes. */
void media_files_forget(struct media *media);

/* The secret of a file in a message; -EBADMSG when it carries none, or half of one. */
must_use_ int media_secret_of(const struct trefoil_media *media, struct blob_secret *ret);

#endif
