/* Brought by the store, proven in a thread, converted by a child. Never gives out a byte before the whole is proven. */
#include "media_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum file_state { FILE_GETTING, FILE_PROVING, FILE_CONVERTING, FILE_READY, FILE_FAILED };

/* One who wants it. */
struct media_file {
    struct list node; /* in shared.untold or shared.told */
    struct shared *shared;
    void *context;
    void (*on_ready)(void *context, int r);
};

/* The file itself, brought once for all who want it at the same time. */
struct shared {
    struct media *media;
    struct list node; /* in media.files */
    enum file_state state;
    struct list untold, told; /* who wants it */
    bool is_telling;
    bool is_closed; /* nobody wants it any more; it goes when nothing is at it */
    uint8_t channel[SEAL_ID_BYTES];
    struct blob_secret secret;
    enum conversion conversion;
    int sealed, plain, converted; /* descriptors; -1 */
    uint64_t size_bytes;
    uv_work_t work;
    int result;
};

struct media_reader {
    const struct shared *file;
    bool is_plain; /* of a converted file */
    uint64_t at;   /* in the descriptor */
    struct blob_open open;
    struct bytes rest; /* of `room`, not given out yet */
    uint8_t sealed[BLOB_SEALED_CHUNK_BYTES];
    uint8_t room[BLOB_CHUNK_BYTES];
};

static void free_file(struct shared *file)
{
    const int fds[] = { file->sealed, file->plain, file->converted };

    list_remove(&file->node);
    for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
        if (fds[i] >= 0)
            close(fds[i]);
    sodium_memzero(file, sizeof(*file));
    free(file);
}

/* Whoever is told may close his own, or another's, or ask for more. */
static void end(struct shared *file, int r)
{
    file->state = r < 0 ? FILE_FAILED : FILE_READY;
    file->is_telling = true;
    while (!list_is_empty(&file->untold)) {
        struct media_file *one = container_of(list_first(&file->untold), struct media_file, node);
        list_remove(&one->node);
        list_append(&file->told, &one->node);
        one->on_ready(one->context, r);
    }
    file->is_telling = false;
    if (list_is_empty(&file->told))
        free_file(file);
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

static long read_at(int fd, uint8_t *buffer, size_t room, uint64_t at)
{
    size_t n = 0;

    while (n < room) {
        ssize_t more = pread(fd, buffer + n, room - n, (off_t) (at + n));
        if (more < 0 && errno == EINTR)
            continue;
        if (more < 0)
            return -errno;
        if (more == 0)
            break;
        n += (size_t) more;
    }
    return (long) n;
}

static int open_reader(const struct shared *file, struct media_reader **ret)
{
    struct media_reader *reader = calloc(1, sizeof(*reader));
    if (!reader)
        return -ENOMEM;
    reader->file = file;
    reader->is_plain = file->converted >= 0;
    int r = reader->is_plain ? 0 : blob_open_begin(&reader->open, file->channel, &file->secret);
    if (r < 0)
        free(reader);
    else
        *ret = reader;
    return r;
}

int media_reader_open(const struct media_file *file, struct media_reader **ret)
{
    return open_reader(file->shared, ret);
}

struct media_reader *media_reader_close(struct media_reader *reader)
{
    if (reader)
        sodium_memzero(reader, sizeof(*reader));
    free(reader);
    return NULL;
}

/* The next chunk, opened. 1; 0 at the end; -errno. */
static int next_chunk(struct media_reader *reader)
{
    long n = read_at(reader->file->sealed, reader->sealed, sizeof(reader->sealed), reader->at);
    if (n <= 0)
        return (int) n;
    reader->at += (uint64_t) n;
    int r = blob_open_chunk(&reader->open, bytes_make(reader->sealed, (size_t) n), reader->room, &reader->rest);
    return r < 0 ? r : 1;
}

long media_reader_read(struct media_reader *reader, uint8_t *buffer, size_t room)
{
    if (reader->is_plain) {
        long n = read_at(reader->file->converted, buffer, room, reader->at);
        reader->at += n > 0 ? (uint64_t) n : 0;
        return n;
    }
    while (!reader->rest.size) {
        int r = next_chunk(reader);
        if (r <= 0)
            return r;
    }
    size_t n = reader->rest.size < room ? reader->rest.size : room;
    struct bytes part = bytes_cut(&reader->rest, n);
    memcpy(buffer, part.data, n);
    return (long) n;
}

/* ---- proving, in a thread --------------------------------------------------------------------------------------- */

static int write_all(int fd, struct bytes bytes)
{
    while (bytes.size) {
        ssize_t n = write(fd, bytes.data, bytes.size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        bytes = bytes_slice(bytes, (size_t) n, bytes.size - (size_t) n);
    }
    return 0;
}

static int prove_with(struct media_reader *reader, int plain)
{
    int r;

    while ((r = next_chunk(reader)) > 0) {
        r = plain >= 0 ? write_all(plain, reader->rest) : 0;
        reader->rest = BYTES_EMPTY;
        if (r < 0)
            return r;
    }
    return r < 0 ? r : blob_open_end(&reader->open);
}

static void prove(uv_work_t *work)
{
    struct shared *file = work->data;
    struct media_reader *reader = NULL;

    file->result = open_reader(file, &reader);
    if (file->result == 0)
        file->result = prove_with(reader, file->plain);
    media_reader_close(reader);
}

static void on_converted(void *context, int r)
{
    struct shared *file = context;
    struct stat stat;

    close(file->plain);
    file->plain = -1;
    if (r == 0 && fstat(file->converted, &stat) < 0)
        r = -EIO;
    if (r == 0)
        file->size_bytes = (uint64_t) stat.st_size;
    figures_media(file->media->figures, r < 0 ? "not-converted" : "converted", "none", file->size_bytes);
    end(file, r < 0 ? -ENOTSUP : 0);
}

static void on_proven(uv_work_t *work, int status)
{
    struct shared *file = work->data;
    int r = status < 0 ? -EIO : file->result;

    if (r < 0 || file->conversion == CONVERT_NONE || file->is_closed) {
        end(file, r);
        return;
    }
    file->state = FILE_CONVERTING;
    r = blobs_spool(file->media->blobs, &file->converted);
    if (r == 0)
        r = converter_run(file->media->converter, file->conversion, file->plain, file->converted, file, on_converted);
    if (r < 0) /* a full disk or a long queue passes: only what can never be done is not supported */
        end(file, r == -ENOTSUP ? r : -EAGAIN);
}

/* ---- bringing --------------------------------------------------------------------------------------------------- */

static void on_got(void *context, int fd)
{
    struct shared *file = context;
    int r = fd < 0 ? fd : 0;

    file->sealed = fd < 0 ? -1 : fd;
    if (r == 0 && file->conversion != CONVERT_NONE)
        r = blobs_spool(file->media->blobs, &file->plain);
    if (r == 0 && !file->is_closed) {
        file->state = FILE_PROVING;
        file->work.data = file;
        r = uv_queue_work(file->media->loop, &file->work, prove, on_proven);
        if (r == 0)
            return;
    }
    end(file, r);
}

static bool is_same(const struct shared *file, const struct media_file_wanted *wanted)
{
    const struct blob_secret *a = &file->secret, *b = wanted->secret;

    return file->state < FILE_READY && !file->is_closed && file->conversion == wanted->conversion &&
           a->size_bytes == b->size_bytes && memcmp(file->channel, wanted->channel, SEAL_ID_BYTES) == 0 &&
           strcmp(a->ref, b->ref) == 0 && sodium_memcmp(a->key, b->key, sizeof(a->key)) == 0 &&
           memcmp(a->header, b->header, sizeof(a->header)) == 0 &&
           memcmp(a->commit, b->commit, sizeof(a->commit)) == 0 && memcmp(a->hash, b->hash, sizeof(a->hash)) == 0;
}

static struct shared *find(const struct media *media, const struct media_file_wanted *wanted)
{
    list_for_each (node, &media->files) {
        struct shared *file = container_of(node, struct shared, node);
        if (is_same(file, wanted))
            return file;
    }
    return NULL;
}

static int bring(struct media *media, const struct media_file_wanted *wanted, struct shared **ret)
{
    struct shared *file = calloc(1, sizeof(*file));
    if (!file)
        return -ENOMEM;
    *file = (struct shared){ .media = media,
                             .secret = *wanted->secret,
                             .conversion = wanted->conversion,
                             .sealed = -1,
                             .plain = -1,
                             .converted = -1,
                             .size_bytes = wanted->secret->size_bytes };
    memcpy(file->channel, wanted->channel, SEAL_ID_BYTES);
    list_init(&file->untold);
    list_init(&file->told);
    list_append(&media->files, &file->node);
    int r = blobs_get(media->blobs, file->channel, file->secret.ref, file, on_got);
    if (r < 0)
        free_file(file);
    else
        *ret = file;
    return r;
}

int media_file_open(struct media *media, const struct media_file_wanted *wanted, void *context,
                    void (*on_ready)(void *context, int r), struct media_file **ret)
{
    if (!media->blobs)
        return -ENOENT;
    if (wanted->conversion != CONVERT_NONE &&
        (!media->converter || wanted->secret->size_bytes > MEDIA_CONVERT_MAX_BYTES))
        return -ENOTSUP;
    struct shared *shared = find(media, wanted);
    struct media_file *file = calloc(1, sizeof(*file));
    int r = !file ? -ENOMEM : shared ? 0 : bring(media, wanted, &shared);
    if (r < 0) {
        free(file);
        return r;
    }
    *file = (struct media_file){ .shared = shared, .context = context, .on_ready = on_ready };
    list_append(&shared->untold, &file->node);
    *ret = file;
    return 0;
}

struct media_file *media_file_close(struct media_file *file)
{
    if (!file)
        return NULL;
    struct shared *shared = file->shared;
    list_remove(&file->node);
    free(file);
    if (!list_is_empty(&shared->untold) || !list_is_empty(&shared->told) || shared->is_telling)
        return NULL;
    shared->is_closed = true;
    if (shared->state == FILE_CONVERTING)
        converter_abandon(shared->media->converter, shared);
    if (shared->state >= FILE_CONVERTING)
        free_file(shared);
    return NULL;
}

void media_files_forget(struct media *media)
{
    list_for_each_safe (node, after, &media->files) {
        struct shared *file = container_of(node, struct shared, node);
        file->is_closed = true;
        if (file->state != FILE_PROVING) /* its thread ends first */
            free_file(file);
    }
}

uint64_t media_file_size(const struct media_file *file)
{
    return file->shared->size_bytes;
}

const char *media_file_mime(const struct media_file *file)
{
    return file->shared->conversion == CONVERT_NONE ? NULL : convert_mime(file->shared->conversion);
}

static int take(struct trefoil_bytes from, uint8_t *to, size_t size)
{
    if (from.size != size)
        return -EBADMSG;
    memcpy(to, from.data, size);
    return 0;
}

int media_secret_of(const struct trefoil_media *media, struct blob_secret *ret)
{
    *ret = (struct blob_secret){ .size_bytes = media->size_bytes };
    if (!media->blob || strlen(media->blob) != BLOB_REF_BYTES ||
        strspn(media->blob, "0123456789abcdef") != BLOB_REF_BYTES)
        return -EBADMSG;
    memcpy(ret->ref, media->blob, BLOB_REF_BYTES);
    int r = take(media->blob_key, ret->key, sizeof(ret->key));
    if (r == 0)
        r = take(media->blob_hash, ret->hash, sizeof(ret->hash));
    if (r == 0)
        r = take(media->blob_header, ret->header, sizeof(ret->header));
    if (r == 0)
        r = take(media->blob_commit, ret->commit, sizeof(ret->commit));
    return r;
}
