/* Blobs in a directory: PLACE/CHANNEL/ab/cd/abcd… by the digits of the reference. Never blocks the loop, never follows a link.
 *
 * A blob appears whole or not at all: it is written as a file without a name, made durable, and only then named; the
 * folder that names it is made durable before anybody is told.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "blobs/place.h"

#define LEVELS 2        /* of folders in the channel's */
#define DIGITS 2        /* of the reference, per level */
#define SWEEP_STEP 1000 /* entries looked at before other work may have the thread */

/* One put, get or delete. */
struct task {
    struct blobs_work work;
    struct blob_name name;
    int fd; /* put: what is to be named; get: what was opened */
    int r;
    void *context;
    blobs_done *on_done;
};

/* ---- Folders ---- */

/* The folder `name` in `parent`, made when `may_make`. Takes `parent`. A descriptor, or -errno. */
static int enter(int parent, const char *name, bool may_make)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(parent, name, flags), r = fd < 0 ? -errno : 0;

    if (r == -ENOENT && may_make) {
        r = mkdirat(parent, name, 0700) < 0 && errno != EEXIST ? -errno : 0;
        if (r == 0 && fsync(parent) < 0)
            r = -errno;
        if (r == 0 && (fd = openat(parent, name, flags)) < 0)
            r = -errno;
    }
    (void) close(parent);
    return r < 0 ? r : fd;
}

/* The folder this blob lies in. */
static int folder_of(const struct blobs *blobs, const struct blob_name *name, bool may_make)
{
    int fd = fcntl(blobs->dir, F_DUPFD_CLOEXEC, 0);

    if (fd < 0)
        return -errno;
    fd = enter(fd, name->folder, may_make);
    for (int level = 0; level < LEVELS && fd >= 0; level++) {
        const char *digits = name->ref + (ptrdiff_t) DIGITS * level;

        fd = enter(fd, (const char[DIGITS + 1]){ digits[0], digits[1], 0 }, may_make);
    }
    return fd;
}

/* ---- Put, get, delete: in a thread ---- */

static int name_file(int fd, int folder, const char *ref)
{
    char path[sizeof("/proc/self/fd/") + 12];

    (void) snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (linkat(AT_FDCWD, path, folder, ref, AT_SYMLINK_FOLLOW) < 0 || fsync(folder) < 0)
        return -errno;
    return 0;
}

static int put(const struct task *task)
{
    const struct blobs *blobs = task->work.blobs;
    struct stat stat;
    int folder, r;

    if (fstat(task->fd, &stat) < 0)
        return -errno;
    if ((uint64_t) stat.st_size > blobs->max_bytes)
        return -EFBIG;
    if (fsync(task->fd) < 0)
        return -errno;
    folder = folder_of(blobs, &task->name, true);
    if (folder < 0)
        return folder;
    r = name_file(task->fd, folder, task->name.ref);
    (void) close(folder);
    return r;
}

static void run_put(struct blobs_work *work)
{
    struct task *task = container_of(work, struct task, work);

    task->r = put(task);
    blobs_close_fd(&task->fd);
}

static int get(struct task *task)
{
    const struct blobs *blobs = task->work.blobs;
    int folder = folder_of(blobs, &task->name, false);
    struct stat stat;

    if (folder < 0)
        return folder;
    task->fd = openat(folder, task->name.ref, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    int r = task->fd < 0 ? -errno : 0;
    (void) close(folder);
    if (r == 0 && fstat(task->fd, &stat) < 0)
        r = -errno;
    if (r == 0 && !S_ISREG(stat.st_mode))
        r = -EIO;
    if (r == 0 && (uint64_t) stat.st_size > blobs->max_bytes)
        r = -EFBIG;
    return r;
}

static void run_get(struct blobs_work *work)
{
    struct task *task = container_of(work, struct task, work);

    task->r = get(task);
}

static void run_delete(struct blobs_work *work)
{
    struct task *task = container_of(work, struct task, work);
    int folder = folder_of(work->blobs, &task->name, false);

    if (folder < 0)
        task->r = folder;
    else if (unlinkat(folder, task->name.ref, 0) < 0)
        task->r = -errno;
    if (task->r == -ENOENT)
        task->r = 0;
    blobs_close_fd(&folder);
}

/* ---- On the loop ---- */

static void on_task_end(struct blobs_work *work, bool is_abandoned)
{
    struct task *task = container_of(work, struct task, work);
    int r = task->r;

    if (r == 0 && task->fd >= 0 && !is_abandoned) {
        r = task->fd; /* the receiver's from here on */
        task->fd = -1;
    }
    if (!is_abandoned)
        task->on_done(task->context, r);
    blobs_close_fd(&task->fd);
    free(task);
}

static int start(struct blobs *blobs, const struct task *order, int *fd)
{
    struct task *task = malloc(sizeof(*task));
    int r;

    if (!task)
        return -ENOMEM;
    *task = *order;
    task->work.on_end = on_task_end;
    r = blobs_work_start(blobs, &task->work);
    if (r < 0)
        free(task);
    else if (fd)
        *fd = -1;
    return r;
}

static struct task task_of(void (*run)(struct blobs_work *), const struct blob_name *name, void *context,
                           blobs_done *on_done)
{
    return (struct task){ .work.run = run, .name = *name, .fd = -1, .context = context, .on_done = on_done };
}

static int dir_put(struct blobs *blobs, const struct blob_name *name, int *fd, void *context, blobs_done *on_done)
{
    struct task task = task_of(run_put, name, context, on_done);

    task.fd = *fd;
    return start(blobs, &task, fd);
}

static int dir_get(struct blobs *blobs, const struct blob_name *name, void *context, blobs_done *on_done)
{
    struct task task = task_of(run_get, name, context, on_done);

    return start(blobs, &task, NULL);
}

static int dir_delete(struct blobs *blobs, const struct blob_name *name, void *context, blobs_done *on_done)
{
    struct task task = task_of(run_delete, name, context, on_done);

    return start(blobs, &task, NULL);
}

/* ---- The sweep ---- */

struct sweep {
    struct blobs_work work;
    DIR *open[LEVELS + 1]; /* a path down into the channel's folder */
    int depth;             /* of the last one open; -1: all seen, or nothing there */
    uint64_t before_ms;
    long n;
    void *context;
    blobs_swept *on_done;
};

static void step_into(struct sweep *sweep, const char *name)
{
    int fd = openat(dirfd(sweep->open[sweep->depth]), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0)
        return;
    sweep->open[sweep->depth + 1] = fdopendir(fd);
    if (sweep->open[sweep->depth + 1])
        sweep->depth++;
    else
        (void) close(fd);
}

static void judge(struct sweep *sweep, const char *name)
{
    int folder = dirfd(sweep->open[sweep->depth]);
    struct stat stat;

    if (!blob_ref_is_good(name) || fstatat(folder, name, &stat, AT_SYMLINK_NOFOLLOW) < 0)
        return;
    if ((uint64_t) stat.st_mtim.tv_sec * 1000 + (uint64_t) stat.st_mtim.tv_nsec / 1000000 < sweep->before_ms &&
        unlinkat(folder, name, 0) == 0)
        sweep->n++;
}

static bool is_folder_name(const char *name)
{
    return strlen(name) == DIGITS && strspn(name, "0123456789abcdef") == DIGITS;
}

static void run_sweep(struct blobs_work *work)
{
    struct sweep *sweep = container_of(work, struct sweep, work);

    for (int i = 0; i < SWEEP_STEP && sweep->depth >= 0; i++) {
        const struct dirent *entry = readdir(sweep->open[sweep->depth]);

        if (!entry)
            (void) closedir(sweep->open[sweep->depth--]);
        else if (sweep->depth == LEVELS)
            judge(sweep, entry->d_name);
        else if (is_folder_name(entry->d_name))
            step_into(sweep, entry->d_name);
    }
}

static void sweep_free(struct sweep *sweep)
{
    while (sweep->depth >= 0)
        (void) closedir(sweep->open[sweep->depth--]);
    free(sweep);
}

static void on_sweep_end(struct blobs_work *work, bool is_abandoned)
{
    struct sweep *sweep = container_of(work, struct sweep, work);
    int r = 0;

    if (!is_abandoned && sweep->depth >= 0 && (r = blobs_work_start(work->blobs, work)) == 0)
        return;
    if (!is_abandoned)
        sweep->on_done(sweep->context, r < 0 ? r : sweep->n);
    sweep_free(sweep);
}

/* The channel's folder, where there is one. */
static int open_sweep(const struct blobs *blobs, const struct blob_name *name, struct sweep *sweep)
{
    int fd = openat(blobs->dir, name->folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    sweep->open[0] = fd < 0 ? NULL : fdopendir(fd);
    sweep->depth = sweep->open[0] ? 0 : -1;
    int r = sweep->open[0] || errno == ENOENT ? 0 : -errno;
    if (r < 0)
        blobs_close_fd(&fd);
    return r;
}

static int dir_sweep(struct blobs *blobs, const struct blob_name *name, uint64_t age_ms, void *context,
                     blobs_swept *on_done)
{
    const uint64_t now_ms = blobs_now_ms();
    struct sweep *sweep = calloc(1, sizeof(*sweep));

    if (!sweep)
        return -ENOMEM;
    sweep->work.run = run_sweep;
    sweep->work.on_end = on_sweep_end;
    sweep->before_ms = age_ms < now_ms ? now_ms - age_ms : 0;
    sweep->context = context;
    sweep->on_done = on_done;
    int r = open_sweep(blobs, name, sweep);
    if (r == 0)
        r = blobs_work_start(blobs, &sweep->work);
    if (r != 0)
        sweep_free(sweep);
    return r;
}

const struct blobs_ops blobs_dir_ops = {
    .put = dir_put,
    .get = dir_get,
    .delete = dir_delete,
    .sweep = dir_sweep,
};
