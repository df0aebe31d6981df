/* Opens the store and what reaches it, and deletes from it what is too old. Never fetches or sends a file itself. */
#include "media.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "media_file.h"
#include "media_link.h"

#define DEFAULT_CONVERTER "/usr/bin/ffmpeg"

enum { CONNECTIONS = 16, CONNECT_MS = 5000, STORE_MS = 60000, FIRST_SWEEP_MS = 60000, SWEEP_MS = 3600000 };

static void on_swept(void *context, long n)
{
    struct media *media = context;
    if (n < 0)
        log_event(media->log, LOG_WARNING_, "blobs-not-swept", LOG_NUMBER("errno", (uint64_t) -n));
}

/* A file lives as long as the messages of its channel, unless told otherwise; nothing goes while that is not known, and
 * nothing of other channels that lies in the same store. */
static void on_sweep(uv_timer_t *timer)
{
    struct media *media = timer->data;
    uint8_t channel[SEAL_ID_BYTES];
    uint64_t keep_ms = media->settings->blob_keep_ms;

    if (!keep_ms)
        keep_ms = media->retention_ms(media->owner);
    if (keep_ms && media->channel(media->owner, channel) &&
        blobs_sweep(media->blobs, channel, keep_ms, media, on_swept) < 0)
        on_swept(media, -ENOMEM);
}

/* The keys of a bucket live as long as it takes to hand them over. */
static int open_store(struct media *media, const char **ret_what)
{
    const struct settings *settings = media->settings;
    struct secret access = { 0 }, secret = { 0 };
    struct blobs_options options = { .place = settings->blob_store,
                                     .region = settings->blob_region,
                                     .max_bytes = settings->media_max_bytes + (settings->media_max_bytes >> 3) +
                                                  2 * BLOB_SEALED_CHUNK_BYTES, /* padding and seals */
                                     .timeout_ms = STORE_MS };
    int r = 0;

    if (settings->blob_access_key_file) {
        *ret_what = "blob_access_key_file";
        r = secret_init(&access, settings->blob_access_key_file);
    }
    if (r == 0 && settings->blob_secret_key_file) {
        *ret_what = "blob_secret_key_file";
        r = secret_init(&secret, settings->blob_secret_key_file);
    }
    if (r == 0) {
        *ret_what = "blob_store";
        options.access_key = access.text;
        options.secret_key = secret.text;
        r = blobs_open(media->loop, media->http, &options, &media->blobs);
        if (r == -EOPNOTSUPP)
            *ret_what = "blob_store: files without a name (O_TMPFILE) on its file system";
    }
    secret_deinit(&access);
    secret_deinit(&secret);
    return r;
}

static int open_converter(struct media *media)
{
    const char *program = media->settings->converter;

    if (!program)
        program = access(DEFAULT_CONVERTER, X_OK) == 0 ? DEFAULT_CONVERTER : "";
    return program[0] ? converter_open(media->loop, program, &media->converter) : 0;
}

static int open_guard(struct media *media)
{
    const struct config_texts *allow = &media->settings->media_allow;

    media->allowed = calloc(allow->n_texts + 1, sizeof(*media->allowed));
    if (!media->allowed)
        return -ENOMEM;
    for (size_t i = 0; i < allow->n_texts; i++)
        media->allowed[i] = allow->texts[i];
    media->guard.allowed = media->allowed;
    return 0;
}

int media_open(struct media *media, const char **ret_what)
{
    struct http_client_options http = { CONNECTIONS, CONNECT_MS, "trefoil" };

    list_init(&media->files);
    uv_timer_init(media->loop, &media->sweep);
    media->sweep.data = media;
    *ret_what = "media_allow";
    int r = open_guard(media);
    if (r == 0)
        r = http_client_open(media->loop, &http, &media->http);
    if (r == 0 && media->settings->blob_store)
        r = open_store(media, ret_what);
    if (r == 0 && media->blobs) {
        *ret_what = "converter";
        r = open_converter(media);
    }
    if (r == 0 && media->blobs)
        uv_timer_start(&media->sweep, on_sweep, FIRST_SWEEP_MS, SWEEP_MS);
    return r;
}

void media_close(struct media *media)
{
    if (!media->sweep.data)
        return;
    media->converter = converter_close(media->converter);
    media->blobs = blobs_close(media->blobs);
    media->http = http_client_close(media->http);
    media_files_forget(media);
    free(media->allowed);
    media->allowed = NULL;
    uv_close((uv_handle_t *) &media->sweep, NULL);
    media->sweep.data = NULL;
}

bool media_trusts(const struct media *media, const char *url)
{
    const struct config_texts *configured = &media->settings->token_hosts;
    struct media_link link;

    if (media_link_read(url, &link) < 0)
        return false;
    for (size_t i = 0; i < configured->n_texts; i++)
        if (media_link_ends(&link, configured->texts[i]))
            return true;
    for (size_t i = 0; !configured->n_texts && link.is_secure && media->ops->token_hosts && media->ops->token_hosts[i];
         i++)
        if (media_link_ends(&link, media->ops->token_hosts[i]))
            return true;
    return false;
}

uint32_t media_conversions(const struct media *media)
{
    return converter_mask(media->converter);
}
