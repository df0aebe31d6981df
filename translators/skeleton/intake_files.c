/* What came is described in the message; what did not come stays words, with the reason beside it.
 * Never drops an event for want of its file.
 */
#include "intake_files.h"

#include <errno.h>
#include <string.h>

#include "formats/filename.h"

#define EXTRAS_PER_FILE 2
#define LOST "media.lost"
#define DECLARED "media.declared"

/* Index of the account, or -1: nothing to be fetched. */
static long account_of(const struct accounts *accounts, const struct event *event)
{
    bool has_files = event->message.kind == TREFOIL_KIND_MEDIA && event->account && !event->ephemeral && event->key;
    return has_files ? accounts_find(accounts, event->account) : -1;
}

static bool lacks(const struct trefoil_media *media)
{
    return !media->blob && (media->network_url || media->network_id);
}

/* Of the first `n` files. */
static void release(struct media_fetch *fetch, size_t account, const struct event *event, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (lacks(&event->message.body.media.media[i]))
            media_fetch_release(fetch, event->key, account, i);
}

int intake_files_ask(struct media_fetch *fetch, const struct accounts *accounts, const struct event *event)
{
    const struct trefoil_media_list *list = &event->message.body.media;
    long account = account_of(accounts, event);
    int n = 0;

    for (size_t i = 0; account >= 0 && i < list->n_media; i++) {
        struct media_wanted wanted = { event->key, i, (size_t) account, event->user_id, &list->media[i] };
        if (!lacks(&list->media[i]))
            continue;
        int r = media_fetch_ask(fetch, &wanted);
        if (r < 0) {
            release(fetch, (size_t) account, event, i);
            return r;
        }
        n++;
    }
    return n;
}

void intake_files_release(struct media_fetch *fetch, const struct accounts *accounts, const struct event *event)
{
    long account = account_of(accounts, event);

    if (account >= 0)
        release(fetch, (size_t) account, event, event->message.body.media.n_media);
}

static void add_extra(struct trefoil_message *message, const char **keys, const char **values, const char *key,
                      const char *value)
{
    keys[message->n_extras] = key;
    values[message->n_extras++] = value;
}

static struct trefoil_bytes bytes_of(struct arena *mem, const uint8_t *data, size_t size)
{
    struct bytes copy = arena_copy(mem, bytes_make(data, size));
    return (struct trefoil_bytes){ copy.data, copy.size };
}

static void put(struct arena *mem, const struct media_found *found, struct trefoil_media *ret)
{
    const struct blob_secret *secret = found->secret;

    ret->kind = found->kind;
    ret->mime = arena_text(mem, bytes_of_text(found->mime));
    ret->name = found->name ? arena_text(mem, bytes_of_text(found->name)) : NULL;
    ret->size_bytes = secret->size_bytes;
    ret->blob_key = bytes_of(mem, secret->key, sizeof(secret->key));
    ret->blob_hash = bytes_of(mem, secret->hash, sizeof(secret->hash));
    ret->blob_header = bytes_of(mem, secret->header, sizeof(secret->header));
    ret->blob_commit = bytes_of(mem, secret->commit, sizeof(secret->commit));
    ret->blob = arena_text(mem, bytes_of_text(secret->ref));
}

/* It stays a word with a name, and names are a stranger's choice. */
static void lose(struct trefoil_media *media, struct arena *mem, struct trefoil_message *message, const char **keys,
                 const char **values, const char *reason)
{
    if (media->name)
        media->name = filename_safe(media->name, media->mime, mem);
    add_extra(message, keys, values, LOST, reason);
}

static bool is_under_way(struct media_fetch *fetch, size_t account, const struct event *event)
{
    struct media_found found;

    for (size_t i = 0; i < event->message.body.media.n_media; i++)
        if (lacks(&event->message.body.media.media[i]) &&
            media_fetch_look(fetch, event->key, account, i, &found) == MEDIA_FETCH_UNDER_WAY)
            return true;
    return false;
}

bool intake_files_put(struct media_fetch *fetch, const struct accounts *accounts, struct arena *mem,
                      struct event *event)
{
    struct trefoil_message *message = &event->message;
    struct trefoil_media_list *list = &message->body.media;
    long account = account_of(accounts, event);
    if (account < 0)
        return true;
    if (is_under_way(fetch, (size_t) account, event))
        return false;

    struct trefoil_media *media = arena_array(mem, list->n_media, sizeof(*media));
    size_t n_extras = message->n_extras + list->n_media * EXTRAS_PER_FILE;
    const char **keys = arena_array(mem, n_extras, sizeof(*keys)), **values = arena_array(mem, n_extras, sizeof(*keys));
    if (!media || !keys || !values) { /* without memory for more it goes as it came */
        release(fetch, (size_t) account, event, list->n_media);
        return true;
    }
    for (size_t i = 0; i < message->n_extras; i++) {
        keys[i] = message->extra_keys[i];
        values[i] = message->extra_values[i];
    }
    for (size_t i = 0; i < list->n_media; i++) {
        struct media_found found;
        media[i] = list->media[i];
        if (!lacks(&media[i]))
            continue;
        if (media_fetch_look(fetch, event->key, (size_t) account, i, &found) == MEDIA_FETCH_DONE)
            put(mem, &found, &media[i]);
        else
            lose(&media[i], mem, message, keys, values, found.reason);
        if (found.declared)
            add_extra(message, keys, values, DECLARED, arena_text(mem, bytes_of_text(found.declared)));
    }
    release(fetch, (size_t) account, event, list->n_media);
    list->media = media;
    message->extra_keys = keys;
    message->extra_values = values;
    return true;
}
