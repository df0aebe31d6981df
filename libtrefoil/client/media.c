/* Sealed files, read by services: verified whole, then opened chunk by chunk. Never writes one, never asks a network. */
#include "trefoil/media.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "seal/blob.h"

#define MAX_PATH_BYTES 4096

struct trefoil_media_reader {
    int fd, own_fd; /* own_fd: -1 when it is the caller's */
    struct blob_open open;
    off_t at;
    uint8_t sealed[BLOB_SEALED_CHUNK_BYTES];
    uint8_t plain[BLOB_CHUNK_BYTES];
    struct bytes rest;         /* of what is plain and not yet read */
    enum trefoil_status ended; /* OK: there is more */
};

static bool copy_part(struct trefoil_bytes from, uint8_t *to, size_t size)
{
    if (from.size != size)
        return false;
    memcpy(to, from.data, size);
    return true;
}

static bool secret_of(const struct trefoil_media *media, struct blob_secret *ret)
{
    if (!blob_ref_is_good(media->blob) || media->size_bytes > BLOB_MAX_BYTES)
        return false;
    memcpy(ret->ref, media->blob, sizeof(ret->ref));
    ret->size_bytes = media->size_bytes;
    return copy_part(media->blob_key, ret->key, sizeof(ret->key)) &&
           copy_part(media->blob_header, ret->header, sizeof(ret->header)) &&
           copy_part(media->blob_commit, ret->commit, sizeof(ret->commit)) &&
           copy_part(media->blob_hash, ret->hash, sizeof(ret->hash));
}

/* The next chunk into `rest`; at the end `ended` says whether all is well. */
static void next_chunk(struct trefoil_media_reader *reader)
{
    size_t size = 0;

    while (size < sizeof(reader->sealed)) {
        ssize_t n = pread(reader->fd, reader->sealed + size, sizeof(reader->sealed) - size, reader->at + (off_t) size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            reader->ended = TREFOIL_BROKEN;
            return;
        }
        if (n == 0)
            break;
        size += (size_t) n;
    }
    reader->at += (off_t) size;
    if (size == 0)
        reader->ended = blob_open_end(&reader->open) < 0 ? TREFOIL_REFUSED : TREFOIL_NOTHING;
    else if (blob_open_chunk(&reader->open, bytes_make(reader->sealed, size), reader->plain, &reader->rest) < 0)
        reader->ended = TREFOIL_REFUSED;
}

/* From the beginning, again. */
static bool rewind_reader(struct trefoil_media_reader *reader, const struct trefoil_id *channel,
                          const struct blob_secret *secret)
{
    reader->at = 0;
    reader->rest = BYTES_EMPTY;
    reader->ended = TREFOIL_OK;
    return blob_open_begin(&reader->open, channel->bytes, secret) == 0;
}

static enum trefoil_status verify(struct trefoil_media_reader *reader, const struct trefoil_id *channel,
                                  const struct blob_secret *secret)
{
    struct stat stat;

    if (fstat(reader->fd, &stat) < 0)
        return TREFOIL_BROKEN;
    if (!S_ISREG(stat.st_mode) || (uint64_t) stat.st_size != blob_sealed_size(secret->size_bytes) ||
        !rewind_reader(reader, channel, secret))
        return TREFOIL_REFUSED;
    while (reader->ended == TREFOIL_OK)
        next_chunk(reader);
    if (reader->ended != TREFOIL_NOTHING)
        return reader->ended;
    return rewind_reader(reader, channel, secret) ? TREFOIL_OK : TREFOIL_REFUSED;
}

/* Takes `own_fd`. */
static enum trefoil_status open_reader(int fd, int own_fd, const struct trefoil_id *channel,
                                       const struct blob_secret *secret, trefoil_media_reader **ret)
{
    trefoil_media_reader *reader = calloc(1, sizeof(*reader));
    enum trefoil_status status;

    if (!reader) {
        if (own_fd >= 0)
            (void) close(own_fd);
        return TREFOIL_OUT_OF_MEMORY;
    }
    reader->fd = fd;
    reader->own_fd = own_fd;
    status = verify(reader, channel, secret);
    if (status == TREFOIL_OK)
        *ret = reader;
    else
        trefoil_media_close(&reader);
    return status;
}

enum trefoil_status trefoil_media_open_fd(int fd, const struct trefoil_id *channel, const struct trefoil_media *media,
                                          trefoil_media_reader **ret)
{
    struct blob_secret secret;
    enum trefoil_status status;

    if (fd < 0 || !channel || !media || !ret || !secret_of(media, &secret))
        return TREFOIL_BAD_ARGUMENT;
    status = open_reader(fd, -1, channel, &secret, ret);
    sodium_memzero(&secret, sizeof(secret));
    return status;
}

enum trefoil_status trefoil_media_open(const char *directory, const struct trefoil_id *channel,
                                       const struct trefoil_media *media, trefoil_media_reader **ret)
{
    char path[MAX_PATH_BYTES], folder[2 * SEAL_ID_BYTES + 1];
    struct blob_secret secret;
    enum trefoil_status status;
    int size, fd;

    if (!directory || !channel || !media || !ret || !secret_of(media, &secret))
        return TREFOIL_BAD_ARGUMENT;
    bytes_to_hex(bytes_make(channel->bytes, SEAL_ID_BYTES), folder);
    size =
        snprintf(path, sizeof(path), "%s/%s/%.2s/%.2s/%s", directory, folder, secret.ref, secret.ref + 2, secret.ref);
    if (size < 0 || (size_t) size >= sizeof(path))
        return TREFOIL_BAD_ARGUMENT;
    fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        status = errno == ENOENT ? TREFOIL_NOTHING : TREFOIL_BROKEN;
    else
        status = open_reader(fd, fd, channel, &secret, ret);
    sodium_memzero(&secret, sizeof(secret));
    return status;
}

enum trefoil_status trefoil_media_read(trefoil_media_reader *reader, void *buffer, size_t room, size_t *ret)
{
    size_t n;

    if (!reader || !ret || (!buffer && room > 0))
        return TREFOIL_BAD_ARGUMENT;
    while (reader->rest.size == 0 && reader->ended == TREFOIL_OK)
        next_chunk(reader);
    n = reader->rest.size < room ? reader->rest.size : room;
    if (n > 0)
        memcpy(buffer, bytes_cut(&reader->rest, n).data, n);
    *ret = n;
    return n > 0 || reader->ended == TREFOIL_OK || reader->ended == TREFOIL_NOTHING ? TREFOIL_OK : reader->ended;
}

void trefoil_media_close(trefoil_media_reader **reader)
{
    if (!*reader)
        return;
    if ((*reader)->own_fd >= 0)
        (void) close((*reader)->own_fd);
    sodium_memzero(*reader, sizeof(**reader));
    free(*reader);
    *reader = NULL;
}
