/* What a directory and a bucket have in common: the store itself, work in the loop's threads, fates of requests.
 * Internal to the room.
 */
#ifndef TREFOIL_BLOBS_PLACE_H
#define TREFOIL_BLOBS_PLACE_H

#include "base/list.h"
#include "blobs/blobs.h"
#include "seal/blob.h"

typedef void blobs_done(void *context, int r);
typedef void blobs_swept(void *context, long n);

#define BLOBS_FOLDER_BYTES ((size_t) 2 * SEAL_ID_BYTES)

/* Whose it is, and which. */
struct blob_name {
    char folder[BLOBS_FOLDER_BYTES + 1]; /* of the channel: its id in hex digits */
    char ref[BLOB_REF_BYTES + 1];        /* a sweep: empty */
};

struct blobs_ops {
    int (*put)(struct blobs *blobs, const struct blob_name *name, int *fd, void *context, blobs_done *on_done);
    int (*get)(struct blobs *blobs, const struct blob_name *name, void *context, blobs_done *on_done);
    int (*delete)(struct blobs *blobs, const struct blob_name *name, void *context, blobs_done *on_done);
    int (*sweep)(struct blobs *blobs, const struct blob_name *name, uint64_t age_ms, void *context,
                 blobs_swept *on_done);
    void (*close)(struct blobs *blobs); /* abandons requests; NULL: work in threads is all there is */
};

struct blobs {
    uv_loop_t *loop;
    const struct blobs_ops *ops;
    int dir; /* where blobs lie, or, for a bucket, where files without a name are made */
    uint64_t max_bytes;
    size_t n_works; /* in threads: the last one frees a closed store */
    bool is_closed;

    /* Of a bucket. */
    struct http_client *http;
    struct list requests;
    char *base;   /* URL of bucket and prefix, without a slash at the end */
    char *bucket; /* URL of the bucket alone */
    char *prefix; /* of keys: "" or "a/b/" */
    char *region, *access_key, *secret_key;
    uint32_t timeout_ms;
};

extern const struct blobs_ops blobs_dir_ops, blobs_s3_ops;

/* Takes the place apart. -EINVAL, -ENOMEM; what was taken is freed by blobs_close(). */
must_use_ int blobs_s3_init(struct blobs *blobs, const struct blobs_options *options);

/* Something done in a thread, embedded in what it works on. */
struct blobs_work {
    uv_work_t request;
    struct blobs *blobs;
    void (*run)(struct blobs_work *work);                       /* in the thread */
    void (*on_end)(struct blobs_work *work, bool is_abandoned); /* on the loop; frees */
};

/* -ENOMEM; then neither is called. */
must_use_ int blobs_work_start(struct blobs *blobs, struct blobs_work *work);

uint64_t blobs_now_ms(void);

/* Closes it when it is one, and leaves -1. */
void blobs_close_fd(int *fd);

#endif
