/* Addresses on our own listener where a network can fetch one file for one send: good for a few minutes, made of nothing
 * but sealed bytes, so that any replica can answer and nobody can guess one. Never stores a ticket.
 */
#ifndef TREFOIL_SKELETON_MEDIA_URL_H
#define TREFOIL_SKELETON_MEDIA_URL_H

#include "daemon/http_server.h"
#include "media.h"

#define MEDIA_URL_LIFE_MS (5u * 60 * 1000)
#define MEDIA_URL_SERVING_MAX 32
#define MEDIA_URL_MIME_MAX_BYTES 127

struct media_urls;

struct media_ticket {
    uint8_t channel[SEAL_ID_BYTES];
    struct blob_secret secret;
    enum conversion conversion;
    const char *mime;
    uint64_t seq; /* whose send it is for */
    uint32_t target;
};

/* `key_file`: the keyring, from whose secret the tickets' key is derived. `now_ms`: Unix time. -ENOMEM, -errno. */
must_use_ int media_urls_open(struct media *media, const char *key_file, uint64_t (*now_ms)(void),
                              struct media_urls **ret);

/* What is being served ends. The listener is closed before. Accepts NULL, returns NULL. */
struct media_urls *media_urls_close(struct media_urls *urls);

/* NULL: no public URL is configured, or no memory. */
const char *media_url_make(const struct media_urls *urls, const struct media_ticket *ticket, struct arena *mem);

/* The path of a file of ours? */
bool media_url_is_ours(const char *path);

/* Takes the exchange: the file, or 404 for whatever is not a good ticket. */
void media_url_answer(struct media_urls *urls, struct http_exchange *exchange, const char *path);

/* True when the exchange was one of these. */
bool media_url_gone(struct media_urls *urls, const struct http_exchange *exchange);

#endif
