/* One file on its way into the store: looked at, measured, hashed, sealed, written to a file without a name, a piece at
 * a time. Never more of it in memory than a chunk.
 */
#ifndef TREFOIL_SKELETON_MEDIA_LOAD_H
#define TREFOIL_SKELETON_MEDIA_LOAD_H

#include <trefoil/message.h>

#include "base/arena.h"
#include "blobs/blobs.h"
#include "seal/blob.h"

struct media_load;

/* -ENOMEM, or what blobs_spool() says. */
must_use_ int media_load_new(struct blobs *blobs, const uint8_t channel[SEAL_ID_BYTES], uint64_t max_bytes,
                             struct media_load **ret);

/* Accepts NULL, returns NULL. */
struct media_load *media_load_free(struct media_load *load);

/* -EFBIG, or -errno of the disk; media_load_trouble() tells. */
must_use_ int media_load_push(struct media_load *load, struct bytes piece);

/* What is wrong so far, in constant words; NULL: nothing. */
const char *media_load_trouble(const struct media_load *load);

/* The whole came. `sha256` is compared when it has 32 bytes. The descriptor of the sealed file, the caller's now; or
 * -1 and constant words. */
int media_load_finish(struct media_load *load, struct trefoil_bytes sha256, struct blob_secret *ret,
                      const char **ret_reason);

/* What it is, whatever it was declared; in the arena. */
const char *media_load_judge(const struct media_load *load, const char *declared, struct arena *mem, bool *ret_is_lie);

/* The kind that files of this type are; `kind` itself where that fits. */
enum trefoil_media_kind media_kind_of(const char *mime, enum trefoil_media_kind kind);

#endif
