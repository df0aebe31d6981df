/* The pipe of one file: pieces in, sealed chunks out. Never reads back what it wrote. */
#include "media_load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "formats/sniff.h"

#define MIME_MAX_BYTES 128

struct media_load {
    int fd;
    uint64_t n_bytes, max_bytes;
    const char *trouble;
    uint8_t beginning[SNIFF_BYTES];
    size_t n_beginning;
    crypto_hash_sha256_state sha256;
    struct blob_seal seal;
};

int media_load_new(struct blobs *blobs, const uint8_t channel[SEAL_ID_BYTES], uint64_t max_bytes,
                   struct media_load **ret)
{
    struct media_load *load = calloc(1, sizeof(*load));
    int r = load ? blobs_spool(blobs, &load->fd) : -ENOMEM;

    if (r < 0) {
        free(load);
        return r;
    }
    load->max_bytes = max_bytes;
    crypto_hash_sha256_init(&load->sha256);
    blob_seal_begin(&load->seal, channel);
    *ret = load;
    return 0;
}

struct media_load *media_load_free(struct media_load *load)
{
    if (!load)
        return NULL;
    if (load->fd >= 0)
        close(load->fd);
    sodium_memzero(load, sizeof(*load));
    free(load);
    return NULL;
}

static int put(void *context, struct bytes sealed)
{
    const struct media_load *load = context;

    while (sealed.size) {
        ssize_t n = write(load->fd, sealed.data, sealed.size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        sealed = bytes_slice(sealed, (size_t) n, sealed.size - (size_t) n);
    }
    return 0;
}

static int give_up(struct media_load *load, int r)
{
    if (!load->trouble)
        load->trouble = r == -EFBIG ? "too large" : r == -ENOSPC ? "store full" : "store failed";
    return r;
}

int media_load_push(struct media_load *load, struct bytes piece)
{
    size_t room = SNIFF_BYTES - load->n_beginning;
    size_t n = piece.size < room ? piece.size : room;

    if (piece.size > load->max_bytes - load->n_bytes)
        return give_up(load, -EFBIG);
    if (n)
        memcpy(load->beginning + load->n_beginning, piece.data, n);
    load->n_beginning += n;
    load->n_bytes += piece.size;
    crypto_hash_sha256_update(&load->sha256, piece.data, piece.size);
    int r = blob_seal_push(&load->seal, piece, put, load);
    return r < 0 ? give_up(load, r) : 0;
}

const char *media_load_trouble(const struct media_load *load)
{
    return load->trouble;
}

int media_load_finish(struct media_load *load, struct trefoil_bytes sha256, struct blob_secret *ret,
                      const char **ret_reason)
{
    uint8_t hash[crypto_hash_sha256_BYTES];
    int fd = load->fd;

    crypto_hash_sha256_final(&load->sha256, hash);
    if (load->n_bytes == 0)
        *ret_reason = "empty";
    else if (sha256.size == sizeof(hash) && memcmp(sha256.data, hash, sizeof(hash)) != 0)
        *ret_reason = "hash";
    else if (blob_seal_end(&load->seal, put, load, ret) < 0)
        *ret_reason = "store failed";
    else {
        load->fd = -1;
        return fd;
    }
    return -1;
}

const char *media_load_judge(const struct media_load *load, const char *declared, struct arena *mem, bool *ret_is_lie)
{
    char room[MIME_MAX_BYTES];
    const char *mime =
        sniff_judge(bytes_make(load->beginning, load->n_beginning), declared, room, sizeof(room), ret_is_lie);
    return arena_text(mem, bytes_of_text(mime));
}

enum trefoil_media_kind media_kind_of(const char *mime, enum trefoil_media_kind kind)
{
    bool is_image = strncmp(mime, "image/", 6) == 0 && strcmp(mime, "image/svg+xml") != 0;

    if (is_image)
        return kind == TREFOIL_MEDIA_STICKER || kind == TREFOIL_MEDIA_ANIMATED ? kind : TREFOIL_MEDIA_IMAGE;
    if (strncmp(mime, "video/", 6) == 0)
        return kind == TREFOIL_MEDIA_ANIMATED ? kind : TREFOIL_MEDIA_VIDEO;
    if (strncmp(mime, "audio/", 6) == 0)
        return kind == TREFOIL_MEDIA_VOICE ? kind : TREFOIL_MEDIA_AUDIO;
    return TREFOIL_MEDIA_FILE;
}
