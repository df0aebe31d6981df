/* The store as its users see it, and the work in threads. Never knows where blobs lie. */
#include "blobs/blobs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "blobs/place.h"

#define DEFAULT_SPOOL_DIR "/var/tmp"

uint64_t blobs_now_ms(void)
{
    struct timespec now;

    (void) clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t) now.tv_sec * 1000 + (uint64_t) now.tv_nsec / 1000000;
}

void blobs_close_fd(int *fd)
{
    if (*fd >= 0)
        (void) close(*fd);
    *fd = -1;
}

static int open_nameless(int dir)
{
    int fd = openat(dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

    return fd < 0 ? -errno : fd;
}

/* ---- Opening and closing ---- */

static char *wipe_text(char *text)
{
    if (text)
        sodium_memzero(text, strlen(text));
    free(text);
    return NULL;
}

static void blobs_free(struct blobs *blobs)
{
    blobs_close_fd(&blobs->dir);
    free(blobs->base);
    free(blobs->bucket);
    free(blobs->prefix);
    free(blobs->region);
    blobs->access_key = wipe_text(blobs->access_key);
    blobs->secret_key = wipe_text(blobs->secret_key);
    free(blobs);
}

/* Not every file system can, and then no file would ever be kept. One that is full may have room later. */
static int try_nameless(int dir)
{
    int fd = open_nameless(dir);

    if (fd >= 0)
        (void) close(fd);
    return fd == -EOPNOTSUPP || fd == -EISDIR ? -EOPNOTSUPP : 0;
}

static int open_dir(const char *path, int *ret)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;

    if (fd < 0)
        return errno == ENOTDIR ? -EINVAL : -errno;
    r = faccessat(fd, ".", R_OK | W_OK | X_OK, AT_EACCESS) < 0 ? -errno : 0;
    if (r == 0)
        r = try_nameless(fd);
    if (r < 0)
        (void) close(fd);
    else
        *ret = fd;
    return r;
}

static int init(struct blobs *blobs, const struct blobs_options *options)
{
    if (options->place[0] == '/') {
        blobs->ops = &blobs_dir_ops;
        return open_dir(options->place, &blobs->dir);
    }
    blobs->ops = &blobs_s3_ops;
    int r = blobs_s3_init(blobs, options);

    return r < 0 ? r : open_dir(options->spool_dir ? options->spool_dir : DEFAULT_SPOOL_DIR, &blobs->dir);
}

int blobs_open(uv_loop_t *loop, struct http_client *http, const struct blobs_options *options, struct blobs **ret)
{
    struct blobs *blobs;
    int r;

    if (!options->place || (options->place[0] != '/' && !http))
        return -EINVAL;
    blobs = calloc(1, sizeof(*blobs));
    if (!blobs)
        return -ENOMEM;
    blobs->loop = loop;
    blobs->http = http;
    blobs->dir = -1;
    blobs->max_bytes = options->max_bytes;
    list_init(&blobs->requests);
    r = init(blobs, options);
    if (r < 0) {
        blobs_free(blobs);
        return r;
    }
    *ret = blobs;
    return 0;
}

struct blobs *blobs_close(struct blobs *blobs)
{
    if (!blobs)
        return NULL;
    blobs->is_closed = true;
    if (blobs->ops->close)
        blobs->ops->close(blobs);
    if (blobs->n_works == 0)
        blobs_free(blobs);
    return NULL;
}

/* ---- Work in threads ---- */

static void on_work(uv_work_t *request)
{
    struct blobs_work *work = request->data;

    work->run(work);
}

static void on_work_end(uv_work_t *request, unused_ int status)
{
    struct blobs_work *work = request->data;
    struct blobs *blobs = work->blobs;

    /* Counted until after the callback, which may close the store. */
    work->on_end(work, blobs->is_closed);
    if (--blobs->n_works == 0 && blobs->is_closed)
        blobs_free(blobs);
}

int blobs_work_start(struct blobs *blobs, struct blobs_work *work)
{
    work->blobs = blobs;
    work->request.data = work;
    if (uv_queue_work(blobs->loop, &work->request, on_work, on_work_end) < 0)
        return -ENOMEM;
    blobs->n_works++;
    return 0;
}

/* ---- What users ask for ---- */

int blobs_spool(struct blobs *blobs, int *ret_fd)
{
    int fd = open_nameless(blobs->dir);

    if (fd < 0)
        return fd;
    *ret_fd = fd;
    return 0;
}

/* False: no such name can be. */
static bool name_of(const uint8_t channel[SEAL_ID_BYTES], const char *ref, struct blob_name *ret)
{
    if (!blob_ref_is_good(ref))
        return false;
    bytes_to_hex(bytes_make(channel, SEAL_ID_BYTES), ret->folder);
    memcpy(ret->ref, ref, sizeof(ret->ref));
    return true;
}

int blobs_put(struct blobs *blobs, const uint8_t channel[SEAL_ID_BYTES], const char *ref, int *fd, void *context,
              blobs_done *on_done)
{
    struct blob_name name;
    int r = name_of(channel, ref, &name) && *fd >= 0 ? blobs->ops->put(blobs, &name, fd, context, on_done) : -EINVAL;

    blobs_close_fd(fd); /* unless the place has taken it */
    return r;
}

int blobs_get(struct blobs *blobs, const uint8_t channel[SEAL_ID_BYTES], const char *ref, void *context,
              blobs_done *on_done)
{
    struct blob_name name;

    return name_of(channel, ref, &name) ? blobs->ops->get(blobs, &name, context, on_done) : -EINVAL;
}

static void nobody(unused_ void *context, unused_ int r)
{
}

int blobs_delete(struct blobs *blobs, const uint8_t channel[SEAL_ID_BYTES], const char *ref, void *context,
                 blobs_done *on_done)
{
    struct blob_name name;

    if (!name_of(channel, ref, &name))
        return -EINVAL;
    return blobs->ops->delete (blobs, &name, context, on_done ? on_done : nobody);
}

int blobs_sweep(struct blobs *blobs, const uint8_t channel[SEAL_ID_BYTES], uint64_t age_ms, void *context,
                blobs_swept *on_done)
{
    struct blob_name name = { .ref = "" };

    bytes_to_hex(bytes_make(channel, SEAL_ID_BYTES), name.folder);
    return blobs->ops->sweep(blobs, &name, age_ms, context, on_done);
}
