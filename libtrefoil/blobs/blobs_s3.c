/* Blobs in a bucket of an S3-compatible service: PUT, GET, DELETE, and a listing page by page for the sweep.
 * Path-style URLs, signed by libcurl, the body's hash included. Never retries: who asked knows whether it is worth it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "blobs/place.h"
#include "blobs/s3_listing.h"

#define HASH_LINE "x-amz-content-sha256: "
#define HASH_OF_NOTHING "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define READ_BYTES (64u << 10)
#define MAX_LISTING_BYTES (2u << 20)
#define MAX_REFUSAL_BYTES (64u << 10) /* words of an error, which nobody reads */
#define PAGE 500
#define DEFAULT_REGION "us-east-1"
#define MAX_PLACE_BYTES 1024

enum step { STEP_HASH, STEP_PUT, STEP_GET, STEP_DELETE, STEP_LIST };

struct request {
    struct blobs_work work; /* the hash of what is put */
    struct list link;
    struct blobs *blobs;
    enum step step;
    struct blob_name name;
    int fd;
    uint64_t size_bytes, at;
    char hash_line[sizeof(HASH_LINE) + 2 * (size_t) crypto_hash_sha256_BYTES];
    int r; /* what went wrong on our side */
    void *context;
    blobs_done *on_done;

    /* Of a sweep: what a page says has to go. */
    blobs_swept *on_swept;
    uint64_t before_ms;
    char (*old)[BLOB_REF_BYTES + 1];
    size_t n_old, at_old;
    long n_swept;
    char token[S3_TOKEN_MAX_BYTES + 1];
};

static void on_reply(void *context, const struct http_reply *reply);

static struct request *request_free(struct request *request)
{
    list_remove(&request->link);
    blobs_close_fd(&request->fd);
    free(request->old);
    free(request);
    return NULL;
}

static struct request *request_new(struct blobs *blobs, enum step step, const struct blob_name *name, void *context,
                                   blobs_done *on_done)
{
    struct request *request = calloc(1, sizeof(*request));

    if (!request)
        return NULL;
    list_init(&request->link);
    request->blobs = blobs;
    request->step = step;
    request->name = *name;
    request->fd = -1;
    request->context = context;
    request->on_done = on_done;
    (void) snprintf(request->hash_line, sizeof(request->hash_line), HASH_LINE HASH_OF_NOTHING);
    return request;
}

static void finish(struct request *request, int r)
{
    if (r == 0 && request->step == STEP_GET) {
        r = request->fd; /* the receiver's from here on */
        request->fd = -1;
    }
    list_remove(&request->link);
    list_init(&request->link);
    if (request->on_swept)
        request->on_swept(request->context, r < 0 ? r : request->n_swept);
    else
        request->on_done(request->context, r);
    request_free(request);
}

/* ---- Bytes ---- */

static long on_source(void *context, uint8_t *buffer, size_t room)
{
    struct request *request = context;
    ssize_t n = pread(request->fd, buffer, room, (off_t) request->at);

    if (n <= 0) {
        request->r = n < 0 ? -errno : -EIO;
        return request->r;
    }
    request->at += (uint64_t) n;
    return (long) n;
}

static int on_bytes(void *context, struct bytes piece)
{
    struct request *request = context;

    if (piece.size > request->blobs->max_bytes - request->size_bytes)
        return request->r = -EFBIG;
    request->size_bytes += piece.size;
    while (piece.size > 0) {
        ssize_t n = write(request->fd, piece.data, piece.size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return request->r = -errno;
        (void) bytes_cut(&piece, (size_t) n);
    }
    return 0;
}

/* ---- Requests ---- */

/* Everything but the unreserved characters as %XX. */
static bool put_encoded(struct writer *writer, const char *text)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

    for (; *text; text++) {
        char code[4];

        if (strchr(plain, *text)) {
            writer_u8(writer, (uint8_t) *text);
            continue;
        }
        (void) snprintf(code, sizeof(code), "%%%02X", (unsigned) (unsigned char) *text);
        writer_text(writer, code);
    }
    return !writer->overflow;
}

static bool url_of(const struct request *request, char *room, size_t size)
{
    const struct blobs *blobs = request->blobs;
    struct writer writer = writer_make(room, size - 1);

    if (request->step != STEP_LIST) {
        writer_text(&writer, blobs->base);
        writer_u8(&writer, '/');
        writer_text(&writer, request->name.folder);
        writer_u8(&writer, '/');
        writer_text(&writer, request->step == STEP_DELETE && request->on_swept ? request->old[request->at_old]
                                                                               : request->name.ref);
    } else {
        /* sorted by name, as the signature wants it */
        writer_text(&writer, blobs->bucket);
        writer_u8(&writer, '?');
        if (request->token[0]) {
            writer_text(&writer, "continuation-token=");
            (void) put_encoded(&writer, request->token);
            writer_u8(&writer, '&');
        }
        writer_text(&writer, "list-type=2&max-keys=500&prefix=");
        (void) put_encoded(&writer, blobs->prefix);
        writer_text(&writer, request->name.folder);
        writer_text(&writer, "%2F");
    }
    room[writer.size] = 0;
    return !writer.overflow;
}

static int send_request(struct request *request)
{
    struct blobs *blobs = request->blobs;
    static const char *const methods[] = {
        [STEP_PUT] = "PUT", [STEP_GET] = "GET", [STEP_DELETE] = "DELETE", [STEP_LIST] = "GET"
    };
    const struct http_signing signing = { blobs->region, "s3", blobs->access_key, blobs->secret_key };
    const char *const headers[] = { request->hash_line };
    char url[MAX_PLACE_BYTES + 3 * (S3_TOKEN_MAX_BYTES + MAX_PLACE_BYTES)];
    struct http_call call = { .method = methods[request->step],
                              .url = url,
                              .headers = headers,
                              .n_headers = 1,
                              .timeout_ms = blobs->timeout_ms,
                              .max_reply_bytes = request->step == STEP_LIST ? MAX_LISTING_BYTES : MAX_REFUSAL_BYTES,
                              .signing = &signing,
                              .context = request,
                              .on_reply = on_reply };

    if (!url_of(request, url, sizeof(url)))
        return -EINVAL;
    if (request->step == STEP_PUT) {
        call.content_type = "application/octet-stream";
        call.source = on_source;
        call.source_bytes = request->size_bytes;
    } else if (request->step == STEP_GET) {
        call.on_bytes = on_bytes;
        call.max_reply_bytes = SIZE_MAX; /* on_bytes judges, and says so by its own answer */
    }
    return http_send(blobs->http, &call);
}

static int result_of(const struct request *request, const struct http_reply *reply)
{
    if (request->r < 0)
        return request->r;
    if (reply->result != HTTP_ANSWERED)
        return reply->is_late ? -ETIMEDOUT : -EIO;
    switch (reply->status) {
    case 200:
    case 204:
        return 0;
    case 401:
    case 403:
        return -EACCES;
    case 404:
        return request->step == STEP_PUT ? -EIO : -ENOENT;
    case 413:
        return -EFBIG;
    case 507:
        return -ENOSPC;
    default:
        return -EIO;
    }
}

/* ---- The sweep ---- */

/* The reference of a key of this channel's; NULL: something else lies there. */
static const char *ref_of(const struct request *request, const char *key)
{
    const char *prefix = request->blobs->prefix, *folder = request->name.folder;
    const size_t size = strlen(prefix), after = size + BLOBS_FOLDER_BYTES;

    if (strncmp(key, prefix, size) != 0 || strncmp(key + size, folder, BLOBS_FOLDER_BYTES) != 0 || key[after] != '/')
        return NULL;
    return blob_ref_is_good(key + after + 1) ? key + after + 1 : NULL;
}

static void read_page(struct request *request, struct bytes listing)
{
    struct bytes rest = listing;
    struct s3_entry entry;

    request->n_old = request->at_old = 0;
    while (request->n_old < PAGE && s3_listing_next(&rest, &entry)) {
        const char *ref = ref_of(request, entry.key);

        if (ref && entry.modified_ms < request->before_ms)
            memcpy(request->old[request->n_old++], ref, BLOB_REF_BYTES + 1);
    }
    if (!s3_listing_continues(listing, request->token))
        request->token[0] = 0;
}

/* What a sweep does next: deletes, one after the other, then the next page. */
static void go_on(struct request *request, int r)
{
    if (r == 0 && request->at_old < request->n_old)
        request->step = STEP_DELETE;
    else if (r == 0 && request->token[0])
        request->step = STEP_LIST;
    else {
        finish(request, r);
        return;
    }
    r = send_request(request);
    if (r < 0)
        finish(request, r);
}

static void on_sweep_reply(struct request *request, const struct http_reply *reply)
{
    int r = result_of(request, reply);

    if (request->step == STEP_DELETE) {
        request->n_swept += r == 0;
        request->at_old++;
        r = r == -ENOENT ? 0 : r; /* another process was faster */
    } else if (r == 0) {
        read_page(request, reply->body);
    }
    go_on(request, r);
}

static void on_reply(void *context, const struct http_reply *reply)
{
    struct request *request = context;
    int r;

    if (request->on_swept) {
        on_sweep_reply(request, reply);
        return;
    }
    r = result_of(request, reply);
    if (r == -ENOENT && request->step == STEP_DELETE)
        r = 0;
    if (r == 0 && request->step == STEP_GET && lseek(request->fd, 0, SEEK_SET) < 0)
        r = -errno;
    finish(request, r);
}

static int s3_sweep(struct blobs *blobs, const struct blob_name *name, uint64_t age_ms, void *context,
                    blobs_swept *on_swept)
{
    struct request *request = request_new(blobs, STEP_LIST, name, context, NULL);
    const uint64_t now_ms = blobs_now_ms();
    int r = -ENOMEM;

    if (!request)
        return -ENOMEM;
    request->on_swept = on_swept;
    request->before_ms = age_ms < now_ms ? now_ms - age_ms : 0;
    request->old = calloc(PAGE, sizeof(*request->old));
    if (request->old)
        r = send_request(request);
    if (r < 0)
        request_free(request);
    else
        list_append(&blobs->requests, &request->link);
    return r;
}

/* ---- Put, get, delete ---- */

/* In a thread: the service wants to know the hash before the first byte. */
static void run_hash(struct blobs_work *work)
{
    struct request *request = container_of(work, struct request, work);
    crypto_hash_sha256_state state;
    uint8_t hash[crypto_hash_sha256_BYTES], buffer[READ_BYTES];
    ssize_t n;

    (void) crypto_hash_sha256_init(&state);
    while ((n = pread(request->fd, buffer, sizeof(buffer), (off_t) request->size_bytes)) > 0) {
        (void) crypto_hash_sha256_update(&state, buffer, (unsigned long long) n);
        request->size_bytes += (uint64_t) n;
        if (request->size_bytes > work->blobs->max_bytes)
            break;
    }
    (void) crypto_hash_sha256_final(&state, hash);
    bytes_to_hex(bytes_make(hash, sizeof(hash)), request->hash_line + sizeof(HASH_LINE) - 1);
    if (n < 0)
        request->r = -EIO;
    else if (n > 0)
        request->r = -EFBIG;
}

static void on_hashed(struct blobs_work *work, bool is_abandoned)
{
    struct request *request = container_of(work, struct request, work);
    int r = request->r;

    if (is_abandoned) {
        request_free(request);
        return;
    }
    request->step = STEP_PUT;
    if (r == 0)
        r = send_request(request);
    if (r < 0)
        finish(request, r);
    else
        list_append(&request->blobs->requests, &request->link);
}

static int s3_put(struct blobs *blobs, const struct blob_name *name, int *fd, void *context, blobs_done *on_done)
{
    struct request *request = request_new(blobs, STEP_HASH, name, context, on_done);
    int r;

    if (!request)
        return -ENOMEM;
    request->fd = *fd;
    request->work.run = run_hash;
    request->work.on_end = on_hashed;
    *fd = -1;
    r = blobs_work_start(blobs, &request->work);
    if (r < 0)
        request_free(request);
    return r;
}

static int start(struct request *request)
{
    int r = send_request(request);

    if (r < 0)
        request_free(request);
    else
        list_append(&request->blobs->requests, &request->link);
    return r;
}

static int s3_get(struct blobs *blobs, const struct blob_name *name, void *context, blobs_done *on_done)
{
    struct request *request = request_new(blobs, STEP_GET, name, context, on_done);
    int r;

    if (!request)
        return -ENOMEM;
    r = blobs_spool(blobs, &request->fd);
    if (r < 0) {
        request_free(request);
        return r;
    }
    return start(request);
}

static int s3_delete(struct blobs *blobs, const struct blob_name *name, void *context, blobs_done *on_done)
{
    struct request *request = request_new(blobs, STEP_DELETE, name, context, on_done);

    return request ? start(request) : -ENOMEM;
}

/* ---- Opening and closing ---- */

static void s3_close(struct blobs *blobs)
{
    list_for_each_safe (node, after, &blobs->requests) {
        struct request *request = container_of(node, struct request, link);

        http_abandon(blobs->http, request);
        request_free(request);
    }
}

static char *copy_of(const char *text, size_t size)
{
    return text ? strndup(text, size) : NULL;
}

/* "https://host[:port]/bucket[/prefix]": nothing in it that would have to be encoded. */
static bool take_apart(struct blobs *blobs, const char *place)
{
    const char *host = strstr(place, "://"), *bucket, *prefix;
    size_t size = strlen(place), prefix_size;

    if (!host || (strncmp(place, "https://", 8) != 0 && strncmp(place, "http://", 7) != 0) || size > MAX_PLACE_BYTES)
        return false;
    host += 3;
    while (size > 0 && place[size - 1] == '/')
        size--;
    if (strspn(host, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._:[]/") != strlen(host) ||
        strstr(host, "//") || strstr(host, "/."))
        return false;
    bucket = strchr(host, '/');
    if (!bucket || bucket == host || bucket + 1 >= place + size)
        return false;
    prefix = memchr(bucket + 1, '/', (size_t) (place + size - bucket - 1));
    prefix_size = prefix ? (size_t) (place + size - prefix - 1) : 0;
    blobs->base = copy_of(place, size);
    blobs->bucket = copy_of(place, prefix ? (size_t) (prefix - place) : size);
    blobs->prefix = calloc(1, prefix_size + 2);
    if (blobs->prefix && prefix_size > 0) {
        memcpy(blobs->prefix, prefix + 1, prefix_size);
        blobs->prefix[prefix_size] = '/';
    }
    return true;
}

int blobs_s3_init(struct blobs *blobs, const struct blobs_options *options)
{
    const char *region = options->region ? options->region : DEFAULT_REGION;

    if (!options->access_key || !options->secret_key || !take_apart(blobs, options->place))
        return -EINVAL;
    blobs->region = copy_of(region, strlen(region));
    blobs->access_key = copy_of(options->access_key, strlen(options->access_key));
    blobs->secret_key = copy_of(options->secret_key, strlen(options->secret_key));
    blobs->timeout_ms = options->timeout_ms;
    if (!blobs->base || !blobs->bucket || !blobs->prefix || !blobs->region || !blobs->access_key || !blobs->secret_key)
        return -ENOMEM;
    return 0;
}

const struct blobs_ops blobs_s3_ops = {
    .put = s3_put,
    .get = s3_get,
    .delete = s3_delete,
    .sweep = s3_sweep,
    .close = s3_close,
};
