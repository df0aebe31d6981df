/* Unlinked temporary files and their books. Never knows who sent one, or why. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sandbox/files.h"

#define MAX_FILES 20000
#define OCTETS "application/octet-stream"

void files_init(struct files *files, uint64_t seed)
{
    list_init(&files->list);
    files->by_id = MAP_EMPTY(MAX_FILES, seed);
    files->n_ever = 0;
}

static void file_free(struct file *file)
{
    list_remove(&file->link);
    (void) close(file->fd);
    json_decref(file->name);
    free(file->mime);
    free(file);
}

void files_clear(struct files *files)
{
    list_for_each_safe (node, after, &files->list)
        file_free(container_of(node, struct file, link));
    map_deinit(&files->by_id);
    files->by_id = MAP_EMPTY(MAX_FILES, files->by_id.seed);
}

struct file *file_find(const struct files *files, const char *id)
{
    return map_get(&files->by_id, bytes_of_text(id));
}

/* ---- Writing ---- */

static const char *folder(void)
{
    const char *named = getenv("TMPDIR");

    return named && *named ? named : "/tmp";
}

/* Some file systems know no files without a name. */
static int open_named(void)
{
    char path[256];
    int n = snprintf(path, sizeof(path), "%s/sandbox-XXXXXX", folder()), fd;

    if (n < 0 || (size_t) n >= sizeof(path))
        return -ENAMETOOLONG;
    fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0)
        return -errno;
    (void) unlink(path);
    return fd;
}

int file_begin(struct file_writer *writer)
{
    writer->size = 0;
    (void) crypto_hash_sha256_init(&writer->hash);
    writer->fd = open(folder(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (writer->fd < 0 && errno != EMFILE && errno != ENFILE)
        writer->fd = open_named();
    else if (writer->fd < 0)
        writer->fd = -errno;
    return writer->fd < 0 ? writer->fd : 0;
}

int file_write(struct file_writer *writer, struct bytes piece)
{
    if (piece.size > MAX_FILE_BYTES - writer->size)
        return -EFBIG;
    (void) crypto_hash_sha256_update(&writer->hash, piece.data, piece.size);
    writer->size += piece.size;
    while (piece.size > 0) {
        ssize_t n = write(writer->fd, piece.data, piece.size);

        if (n < 0 && errno != EINTR)
            return -errno;
        if (n > 0)
            (void) bytes_cut(&piece, (size_t) n);
    }
    return 0;
}

void file_abandon(struct file_writer *writer)
{
    if (writer->fd >= 0)
        (void) close(writer->fd);
    writer->fd = -1;
}

struct file *file_finish(struct files *files, struct file_writer *writer, const json_t *name, const char *mime)
{
    struct file *file = calloc(1, sizeof(*file));

    if (!file) {
        file_abandon(writer);
        return NULL;
    }
    list_init(&file->link);
    (void) snprintf(file->id, sizeof(file->id), "f%llu", (unsigned long long) ++files->n_ever);
    file->fd = writer->fd;
    writer->fd = -1;
    file->size = writer->size;
    (void) crypto_hash_sha256_final(&writer->hash, file->sha256);
    file->name = name ? json_deep_copy(name) : json_string("");
    file->mime = strdup(mime && *mime ? mime : OCTETS);
    if (!file->name || !file->mime || map_set(&files->by_id, bytes_of_text(file->id), file) < 0) {
        file_free(file);
        return NULL;
    }
    list_append(&files->list, &file->link);
    return file;
}

struct file *file_again(struct files *files, const struct file *file, const json_t *name, const char *mime)
{
    struct file_writer writer = { .fd = dup(file->fd), .size = file->size };
    struct file *again;

    if (writer.fd < 0)
        return NULL;
    again = file_finish(files, &writer, name ? name : file->name, mime ? mime : file->mime);
    if (again)
        memcpy(again->sha256, file->sha256, sizeof(again->sha256));
    return again;
}

/* ---- Reading ---- */

long file_read(int fd, uint64_t at, uint8_t *buffer, size_t room)
{
    ssize_t n;

    do
        n = pread(fd, buffer, room, (off_t) at);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}

/* A file on its way out; its own hold on it. */
struct outgoing {
    int fd;
    uint64_t at;
};

static long on_room(void *context, uint8_t *buffer, size_t room)
{
    struct outgoing *outgoing = context;
    long n = file_read(outgoing->fd, outgoing->at, buffer, room);

    outgoing->at += n > 0 ? (uint64_t) n : 0;
    return n == 0 ? -EIO : n;
}

static void on_end(void *context)
{
    struct outgoing *outgoing = context;

    (void) close(outgoing->fd);
    free(outgoing);
}

void file_answer(const struct file *file, struct http_exchange *exchange, const char *mime)
{
    struct outgoing *outgoing = calloc(1, sizeof(*outgoing));
    /* Strangers chose the type: a page in it is none of ours. */
    struct http_header headers[] = { { "X-Content-Type-Options", "nosniff" },
                                     { "Content-Security-Policy", "sandbox" } };

    if (outgoing)
        outgoing->fd = dup(file->fd);
    if (!outgoing || outgoing->fd < 0) {
        free(outgoing);
        http_drop(&exchange);
        return;
    }
    if (http_answer_source(&exchange, 200, mime ? mime : file->mime, file->size, headers, 2, outgoing, on_room,
                           on_end) < 0)
        on_end(outgoing);
}

struct ending {
    const char *mime, *text;
};

const char *mime_ending(const char *mime)
{
    static const struct ending endings[] = {
        { "image/jpeg", "jpg" },      { "image/png", "png" },  { "image/gif", "gif" },  { "image/webp", "webp" },
        { "video/mp4", "mp4" },       { "audio/mp4", "mp4" },  { "audio/mpeg", "mp3" }, { "audio/ogg", "ogg" },
        { "application/pdf", "pdf" }, { "text/plain", "txt" }, { "audio/aac", "aac" },  { "video/3gpp", "3gp" },
    };

    for (size_t i = 0; i < ARRAY_SIZE(endings); i++) {
        if (strncmp(mime, endings[i].mime, strlen(endings[i].mime)) == 0)
            return endings[i].text;
    }
    return "bin";
}
