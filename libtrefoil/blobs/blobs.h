/* Where sealed files lie: a directory, or a bucket of an S3-compatible service. Never sees what is in them.
 * Whatever the place, a blob is written to and read from a local file without a name, a descriptor of ours. Channels may
 * share a place: each has a folder of its own there, called by its id, for they keep their messages differently long.
 */
#ifndef TREFOIL_BLOBS_BLOBS_H
#define TREFOIL_BLOBS_BLOBS_H

#include <stdint.h>

#include <uv.h>

#include "base/attributes.h"
#include "daemon/http_client.h"
#include "wire/limits.h"

struct blobs;

struct blobs_options {
    const char *place;                   /* "/var/lib/trefoil/blobs", or "https://host[:port]/bucket[/prefix]" */
    const char *spool_dir;               /* for a bucket: where files without a name are made; NULL: /var/tmp */
    const char *region;                  /* S3: NULL: "us-east-1" */
    const char *access_key, *secret_key; /* S3; copied, wiped at the end */
    uint64_t max_bytes;                  /* of one blob; larger: -EFBIG */
    uint32_t timeout_ms;                 /* of one S3 request */
};

/* -ENOENT, -EACCES (the directory), -EOPNOTSUPP (no files without a name on its file system, as on NFS), -EINVAL
 * (place), -ENOMEM. Borrows `http` (may be NULL for a directory). */
must_use_ int blobs_open(uv_loop_t *loop, struct http_client *http, const struct blobs_options *options,
                         struct blobs **ret);

/* Abandons what is under way (no callbacks). Accepts NULL, returns NULL. */
struct blobs *blobs_close(struct blobs *blobs);

/* A new file without a name, to be written by the caller from its beginning; gone with the descriptor unless put.
 * -errno. Mode 0600. */
must_use_ int blobs_spool(struct blobs *blobs, int *ret_fd);

/* Makes the file a blob of the channel that survives a crash, under `ref` (32 hex digits), and closes it, whatever
 * happens: takes `*fd`. `on_done(context, r)` exactly once, never inside this call: 0; -ENOSPC, -EIO, -ETIMEDOUT, -EACCES. A negative
 * answer of the call itself (-EINVAL, -ENOMEM): no callback follows. */
must_use_ int blobs_put(struct blobs *blobs, const uint8_t channel[SEAL_ID_BYTES], const char *ref, int *fd,
                        void *context, void (*on_done)(void *context, int r));

/* Brings the blob as a readable descriptor, positioned at its beginning, that the receiver closes.
 * on_done: fd >= 0, or -ENOENT (expired, or never there), -EIO, -ETIMEDOUT, -EFBIG. */
must_use_ int blobs_get(struct blobs *blobs, const uint8_t channel[SEAL_ID_BYTES], const char *ref, void *context,
                        void (*on_done)(void *context, int fd));

/* Deletes the blob; gone already is done. `on_done` may be NULL. */
must_use_ int blobs_delete(struct blobs *blobs, const uint8_t channel[SEAL_ID_BYTES], const char *ref, void *context,
                           void (*on_done)(void *context, int r));

/* Deletes what is the channel's and older than `age_ms`, a bounded piece at a time in the background; several processes
 * may do so at once. `on_done(context, n)`: how many went, or -errno. */
must_use_ int blobs_sweep(struct blobs *blobs, const uint8_t channel[SEAL_ID_BYTES], uint64_t age_ms, void *context,
                          void (*on_done)(void *context, long n));

#endif
