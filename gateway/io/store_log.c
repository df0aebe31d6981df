/* The files of the redo log, and which of them is written where. Never knows what a batch holds. */
#include "store_log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store_log_entry.h"

struct log_file {
    int fd;
    size_t size;   /* of the file: as far as it has space on the disk */
    size_t used;   /* entries lie before, as far as this life of the log knows */
    uint64_t last; /* number of the newest batch in it; 0: none that matters */
    bool is_tried; /* whether it can be written past the kernel's cache of files */
};

struct store_log {
    struct log_file files[LOG_FILES];
    size_t current;
    uint64_t left; /* number of the newest batch that was found when the log was read */
    uint64_t seed[2];
    uint8_t *entry; /* being put together */
    size_t entry_room;
};

static int open_file(const char *directory, size_t number, struct log_file *ret)
{
    char path[PATH_MAX];
    struct stat stat;
    int n = snprintf(path, sizeof(path), "%s/log.%zu", directory, number);

    if (n < 0 || (size_t) n >= sizeof(path))
        return -ENAMETOOLONG;
    ret->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (ret->fd < 0 || fstat(ret->fd, &stat) < 0)
        return -errno;
    ret->size = (size_t) stat.st_size / ENTRY_PAGE_BYTES * ENTRY_PAGE_BYTES;
    return 0;
}

/* The names of new files have to be on the disk, too. */
static int sync_directory(const char *directory)
{
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int r = fd < 0 || fsync(fd) < 0 ? -errno : 0;

    if (fd >= 0)
        close(fd);
    return r;
}

int store_log_open(const char *directory, const uint64_t seed[2], struct store_log **ret)
{
    struct store_log *log = calloc(1, sizeof(*log));
    int r = 0;

    if (!log)
        return -ENOMEM;
    log->seed[0] = seed[0];
    log->seed[1] = seed[1];
    for (size_t i = 0; i < LOG_FILES; i++)
        log->files[i].fd = -1;
    for (size_t i = 0; i < LOG_FILES && r == 0; i++)
        r = open_file(directory, i, &log->files[i]);
    if (r == 0)
        r = sync_directory(directory);
    if (r < 0) {
        store_log_close(log);
        return r;
    }
    *ret = log;
    return 0;
}

struct store_log *store_log_close(struct store_log *log)
{
    if (!log)
        return NULL;
    for (size_t i = 0; i < LOG_FILES; i++)
        if (log->files[i].fd >= 0)
            close(log->files[i].fd);
    free(log->entry);
    free(log);
    return NULL;
}

/* ---- reading ---- */

static struct batch *batch_at(struct list *node)
{
    return container_of(node, struct batch, link);
}

static void free_all(struct list *batches)
{
    list_for_each_safe (node, after, batches) {
        list_remove(node);
        batch_free(container_of(node, struct batch, link));
    }
}

/* The entries from the front of a file on, as long as their numbers go up: between two there may be batches that went
 * into the tables without the log. `*ret_used`: where they end. */
static int load_entries(struct bytes bytes, const uint64_t seed[2], struct list *ret, size_t *ret_used)
{
    struct list entry;
    size_t size;
    int r;

    list_init(&entry);
    *ret_used = 0;
    while ((r = entry_read(bytes, seed, &entry, &size)) == 0) {
        if (!list_is_empty(ret) && batch_at(entry.next)->number <= batch_at(ret->previous)->number) {
            free_all(&entry); /* of an earlier round */
            return 0;
        }
        list_for_each_safe (node, after, &entry) {
            list_remove(node);
            list_append(ret, node);
        }
        bytes = bytes_slice(bytes, size, SIZE_MAX);
        *ret_used += size;
    }
    return r == -EBADMSG ? 0 : r;
}

static int read_whole(const struct log_file *file, uint8_t *to, size_t size)
{
    for (size_t at = 0; at < size;) {
        ssize_t n = pread(file->fd, to + at, size - at, (off_t) at);

        if (n < 0 && errno != EINTR)
            return -errno;
        if (n == 0)
            return -EIO;
        at += n > 0 ? (size_t) n : 0;
    }
    return 0;
}

/* What it holds is synced first: the process that wrote it may have been killed before it had waited for the disk. */
static int load_file(const struct store_log *log, struct log_file *file, struct list *ret)
{
    size_t size = file->size < LOG_FILE_MAX_BYTES ? file->size : LOG_FILE_MAX_BYTES;
    uint8_t *content = malloc(size ? size : 1);
    int r = content ? read_whole(file, content, size) : -ENOMEM;

    if (r == 0)
        r = load_entries(bytes_make(content, size), log->seed, ret, &file->used);
    if (r == 0 && !list_is_empty(ret)) {
        file->last = batch_at(ret->previous)->number;
        r = fdatasync(file->fd) < 0 ? -errno : 0;
    }
    free(content);
    return r;
}

/* Takes over what is beyond `after`; the rest is freed. */
static int keep_beyond(struct list *batches, uint64_t after, struct list *ret)
{
    list_for_each_safe (node, next, batches) {
        uint64_t newest = list_is_empty(ret) ? after : batch_at(ret->previous)->number;

        if (batch_at(node)->number > newest + 1)
            return -EBADMSG;
        list_remove(node);
        if (batch_at(node)->number == newest + 1)
            list_append(ret, node);
        else
            batch_free(container_of(node, struct batch, link));
    }
    return 0;
}

int store_log_load(struct store_log *log, uint64_t after, struct list *ret_batches)
{
    struct list found[LOG_FILES], kept;
    int r = 0;

    list_init(&kept);
    for (size_t i = 0; i < LOG_FILES; i++)
        list_init(&found[i]);
    for (size_t i = 0; i < LOG_FILES && r == 0; i++)
        r = load_file(log, &log->files[i], &found[i]);

    log->current = log->files[1].last > log->files[0].last;
    log->left = log->files[log->current].last;
    for (size_t i = 0; i < LOG_FILES && r == 0; i++)
        r = keep_beyond(&found[i == 0 ? 1 - log->current : log->current], after, &kept);
    for (size_t i = 0; i < LOG_FILES; i++)
        free_all(&found[i]);
    if (r < 0) {
        free_all(&kept);
        return r;
    }
    list_for_each_safe (node, next, &kept) {
        list_remove(node);
        list_append(ret_batches, node);
    }
    return 0;
}

/* ---- writing ---- */

/* Whether writing goes past the kernel's cache. A file system that cannot do that is written as any other. */
static bool set_direct(struct log_file *file, bool is_direct)
{
    int flags = fcntl(file->fd, F_GETFL);

    file->is_tried = true;
    return flags >= 0 && ((flags & O_DIRECT) != 0) != is_direct && fcntl(file->fd, F_SETFL, flags ^ O_DIRECT) == 0;
}

/* Whole pages, from aligned memory. */
static int write_at(struct log_file *file, const uint8_t *data, size_t size, size_t at)
{
    if (!file->is_tried)
        (void) set_direct(file, true);
    while (size > 0) {
        ssize_t n = pwrite(file->fd, data, size, (off_t) at);

        if (n < 0 && errno == EINVAL && set_direct(file, false))
            continue;
        if (n < 0 && errno != EINTR)
            return -errno;
        if (n == 0)
            return -EIO;
        data += n > 0 ? n : 0;
        at += n > 0 ? (size_t) n : 0;
        size -= n > 0 ? (size_t) n : 0;
    }
    return 0;
}

/* Space ahead of its use: a sync that need not write down where the file lies is the faster by half. */
static int grow_file(struct log_file *file, size_t need)
{
    static const _Alignas(ENTRY_PAGE_BYTES) uint8_t zeros[(size_t) 64 << 10];

    while (file->size < need) {
        size_t until = (file->size / LOG_STEP_BYTES + 1) * LOG_STEP_BYTES;

        while (file->size < until) {
            size_t n = until - file->size < sizeof(zeros) ? until - file->size : sizeof(zeros);
            int r = write_at(file, zeros, n, file->size);

            if (r < 0)
                return r;
            file->size += n;
        }
    }
    return 0;
}

static int make_room(struct store_log *log, size_t size)
{
    size_t room = log->entry_room ? log->entry_room : LOG_STEP_BYTES;

    while (room < size)
        room *= 2;
    if (room == log->entry_room)
        return 0;
    free(log->entry);
    log->entry = aligned_alloc(ENTRY_PAGE_BYTES, room);
    log->entry_room = log->entry ? room : 0;
    return log->entry ? 0 : -ENOMEM;
}

/* The file with room for the entry; the other one from its front, when the tables have all that it holds. An earlier life
 * may have left both full: there is more room then, so that nobody has to wait for the tables before the first confirm. */
static struct log_file *choose_file(struct store_log *log, size_t size, uint64_t settled)
{
    struct log_file *current = &log->files[log->current], *other = &log->files[1 - log->current];

    if (current->used + size <= (log->left > settled ? LOG_FILE_MAX_BYTES : LOG_FILE_BYTES))
        return current;
    if (current->last <= settled) { /* the front of this one is as good */
        current->used = 0;
        return current;
    }
    if (other->last > settled)
        return NULL;
    other->used = 0;
    log->current = 1 - log->current;
    return other;
}

int store_log_append(struct store_log *log, const struct list *batches, uint64_t settled)
{
    size_t size = entry_size(batches);
    int r = size <= LOG_ENTRY_MAX_BYTES ? make_room(log, size) : -EMSGSIZE;

    if (r < 0)
        return r;
    struct log_file *file = choose_file(log, size, settled);
    if (!file)
        return -EAGAIN;
    entry_write(batches, log->seed, log->entry, size);
    r = grow_file(file, file->used + size);
    if (r == 0)
        r = write_at(file, log->entry, size, file->used);
    if (r == 0 && fdatasync(file->fd) < 0)
        r = -errno; /* the next attempt writes it all again: what was not synced may be gone from memory, too */
    if (r < 0)
        return r;
    file->used += size;
    file->last = batch_at(batches->previous)->number;
    return 0;
}

void store_log_shrink(struct store_log *log, uint64_t settled)
{
    for (size_t i = 0; i < LOG_FILES; i++) {
        struct log_file *file = &log->files[i];
        size_t keep = file->last > settled ? file->used : 0;

        if (keep == file->size || ftruncate(file->fd, (off_t) keep) < 0)
            continue;
        file->size = keep;
        file->used = keep;
    }
}
