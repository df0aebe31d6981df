/* Tickets sealed under a key of the service, and the serving of what they name. Never says why one is no good. */
#include "media_url.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "media_file.h"
#include "seal/keyring.h"

#define PURPOSE "trefoil media ticket 1"
#define BEFORE_TICKET "/media/"

enum {
    NONCE_BYTES = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG_BYTES = crypto_aead_xchacha20poly1305_ietf_ABYTES,
    PLAIN_MAX_BYTES = 384,
    SEALED_MAX_BYTES = NONCE_BYTES + PLAIN_MAX_BYTES + TAG_BYTES,
    TEXT_MAX_BYTES = sodium_base64_ENCODED_LEN(SEALED_MAX_BYTES, sodium_base64_VARIANT_URLSAFE_NO_PADDING),
};

struct serving {
    struct list node;
    struct media_urls *urls;
    struct http_exchange *exchange; /* NULL: the answer is under way */
    struct media_file *file;
    struct media_reader *reader;
    char mime[MEDIA_URL_MIME_MAX_BYTES + 1];
};

struct media_urls {
    struct media *media;
    uint64_t (*now_ms)(void);
    uint8_t key[crypto_aead_xchacha20poly1305_ietf_KEYBYTES];
    struct list servings;
    size_t n_servings;
};

/* ---- tickets ---------------------------------------------------------------------------------------------------- */

static struct bytes write_plain(const struct media_urls *urls, const struct media_ticket *ticket, uint8_t *block)
{
    const struct blob_secret *secret = &ticket->secret;
    struct writer writer = writer_make(block, PLAIN_MAX_BYTES);

    writer_u64(&writer, urls->now_ms() + MEDIA_URL_LIFE_MS);
    writer_u64(&writer, ticket->seq);
    writer_u32(&writer, ticket->target);
    writer_u8(&writer, (uint8_t) ticket->conversion);
    writer_u64(&writer, secret->size_bytes);
    writer_put(&writer, bytes_make(ticket->channel, sizeof(ticket->channel)));
    writer_put(&writer, bytes_make(secret->ref, BLOB_REF_BYTES));
    writer_put(&writer, bytes_make(secret->key, sizeof(secret->key)));
    writer_put(&writer, bytes_make(secret->header, sizeof(secret->header)));
    writer_put(&writer, bytes_make(secret->commit, sizeof(secret->commit)));
    writer_put(&writer, bytes_make(secret->hash, sizeof(secret->hash)));
    writer_text(&writer, ticket->mime ? ticket->mime : "application/octet-stream");
    return writer.overflow ? BYTES_EMPTY : writer_bytes(&writer);
}

const char *media_url_make(const struct media_urls *urls, const struct media_ticket *ticket, struct arena *mem)
{
    uint8_t plain[PLAIN_MAX_BYTES], sealed[SEALED_MAX_BYTES];
    char text[TEXT_MAX_BYTES];
    unsigned long long size;

    if (!urls || !urls->media->settings->public_url)
        return NULL;
    struct bytes written = write_plain(urls, ticket, plain);
    if (!written.size)
        return NULL;
    randombytes_buf(sealed, NONCE_BYTES);
    crypto_aead_xchacha20poly1305_ietf_encrypt(sealed + NONCE_BYTES, &size, written.data, written.size, NULL, 0, NULL,
                                               sealed, urls->key);
    sodium_memzero(plain, sizeof(plain));
    sodium_bin2base64(text, sizeof(text), sealed, NONCE_BYTES + (size_t) size,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return arena_format(mem, "%s" BEFORE_TICKET "%s", urls->media->settings->public_url, text);
}

static int take(struct cursor *cursor, void *to, size_t size)
{
    struct bytes part;
    int r = cursor_take(cursor, size, &part);
    if (r == 0)
        memcpy(to, part.data, size);
    return r;
}

/* -EBADMSG: not one of ours, or too old. */
static int read_plain(const struct media_urls *urls, struct bytes plain, struct media_ticket *ret, char *mime)
{
    struct blob_secret *secret = &ret->secret;
    struct cursor cursor = { plain };
    uint64_t ends_ms = 0;
    uint8_t conversion = 0;

    bool is_whole =
        cursor_u64(&cursor, &ends_ms) == 0 && cursor_u64(&cursor, &ret->seq) == 0 &&
        cursor_u32(&cursor, &ret->target) == 0 && cursor_u8(&cursor, &conversion) == 0 &&
        cursor_u64(&cursor, &secret->size_bytes) == 0 && take(&cursor, ret->channel, sizeof(ret->channel)) == 0 &&
        take(&cursor, secret->ref, BLOB_REF_BYTES) == 0 && take(&cursor, secret->key, sizeof(secret->key)) == 0 &&
        take(&cursor, secret->header, sizeof(secret->header)) == 0 &&
        take(&cursor, secret->commit, sizeof(secret->commit)) == 0 &&
        take(&cursor, secret->hash, sizeof(secret->hash)) == 0;
    if (!is_whole || cursor.rest.size > MEDIA_URL_MIME_MAX_BYTES || urls->now_ms() > ends_ms)
        return -EBADMSG;
    ret->conversion = (enum conversion) conversion;
    memcpy(mime, cursor.rest.data, cursor.rest.size);
    mime[cursor.rest.size] = '\0';
    return 0;
}

static int open_ticket(const struct media_urls *urls, const char *text, struct media_ticket *ret, char *mime)
{
    uint8_t sealed[SEALED_MAX_BYTES], plain[PLAIN_MAX_BYTES];
    size_t size = 0;
    unsigned long long plain_size;

    if (strlen(text) >= TEXT_MAX_BYTES ||
        sodium_base642bin(sealed, sizeof(sealed), text, strlen(text), NULL, &size, NULL,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
        size < NONCE_BYTES + TAG_BYTES ||
        crypto_aead_xchacha20poly1305_ietf_decrypt(plain, &plain_size, NULL, sealed + NONCE_BYTES, size - NONCE_BYTES,
                                                   NULL, 0, sealed, urls->key) != 0)
        return -EBADMSG;
    int r = read_plain(urls, bytes_make(plain, (size_t) plain_size), ret, mime);
    sodium_memzero(plain, sizeof(plain));
    return r;
}

/* ---- serving ---------------------------------------------------------------------------------------------------- */

static void end(struct serving *serving)
{
    media_reader_close(serving->reader);
    media_file_close(serving->file);
    list_remove(&serving->node);
    serving->urls->n_servings--;
    free(serving);
}

/* Whoever asked may be gone, and the connection with him: then there is nothing to answer. */
static void refuse(struct http_exchange *exchange, unsigned status)
{
    if (exchange && http_answer(&exchange, status, "text/plain", BYTES_EMPTY) < 0)
        return;
}

static long on_source(void *context, uint8_t *buffer, size_t room)
{
    struct serving *serving = context;
    long n = media_reader_read(serving->reader, buffer, room);
    return n ? n : -EIO;
}

static void on_end(void *context)
{
    end(context);
}

static void on_ready(void *context, int r)
{
    static const struct http_header headers[] = { { "Cache-Control", "no-store" },
                                                  { "X-Content-Type-Options", "nosniff" } };
    struct serving *serving = context;

    if (r == 0)
        r = media_reader_open(serving->file, &serving->reader);
    if (r < 0) {
        refuse(serving->exchange, r == -EAGAIN ? 503 : 404);
        end(serving);
        return;
    }
    figures_media(serving->urls->media->figures, "served", "none", media_file_size(serving->file));
    if (http_answer_source(&serving->exchange, 200, serving->mime, media_file_size(serving->file), headers,
                           ARRAY_SIZE(headers), serving, on_source, on_end) < 0)
        end(serving);
}

bool media_url_is_ours(const char *path)
{
    const char *ticket = strrchr(path, '/');
    size_t size = sizeof(BEFORE_TICKET) - 1;

    return ticket && (size_t) (ticket + 1 - path) >= size && memcmp(ticket + 1 - size, BEFORE_TICKET, size) == 0;
}

void media_url_answer(struct media_urls *urls, struct http_exchange *exchange, const char *path)
{
    struct media_ticket ticket = { 0 };
    struct serving *serving = urls->n_servings < MEDIA_URL_SERVING_MAX ? calloc(1, sizeof(*serving)) : NULL;

    if (!serving) {
        refuse(exchange, 503);
        return;
    }
    serving->urls = urls;
    serving->exchange = exchange;
    list_append(&urls->servings, &serving->node);
    urls->n_servings++;
    int r = open_ticket(urls, strrchr(path, '/') + 1, &ticket, serving->mime);
    struct media_file_wanted wanted = { ticket.channel, &ticket.secret, ticket.conversion };
    if (r == 0)
        r = media_file_open(urls->media, &wanted, serving, on_ready, &serving->file);
    if (r < 0) {
        refuse(exchange, 404);
        end(serving);
    }
}

bool media_url_gone(struct media_urls *urls, const struct http_exchange *exchange)
{
    if (!urls)
        return false;
    list_for_each (node, &urls->servings) {
        struct serving *serving = container_of(node, struct serving, node);
        if (serving->exchange != exchange)
            continue;
        serving->exchange = NULL;
        end(serving);
        return true;
    }
    return false;
}

/* ---- beginning and end ------------------------------------------------------------------------------------------ */

int media_urls_open(struct media *media, const char *key_file, uint64_t (*now_ms)(void), struct media_urls **ret)
{
    struct keyring *keyring = NULL;
    struct media_urls *urls = calloc(1, sizeof(*urls));
    int r = urls ? keyring_load(key_file, &keyring) : -ENOMEM;

    if (r < 0) {
        free(urls);
        return r;
    }
    urls->media = media;
    urls->now_ms = now_ms;
    list_init(&urls->servings);
    crypto_generichash(urls->key, sizeof(urls->key), (const uint8_t *) PURPOSE, sizeof(PURPOSE) - 1,
                       keyring->identity_sk, SEAL_KEY_BYTES);
    keyring_free(keyring);
    *ret = urls;
    return 0;
}

struct media_urls *media_urls_close(struct media_urls *urls)
{
    if (!urls)
        return NULL;
    list_for_each_safe (node, after, &urls->servings)
        end(container_of(node, struct serving, node));
    sodium_memzero(urls, sizeof(*urls));
    free(urls);
    return NULL;
}
