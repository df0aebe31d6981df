/* Brings the files that events name into the store, sealed, before their addresses expire. One fetch per file, whoever
 * asks how often; a bounded memory of what became of it. Never holds a file in memory, never shows a token to strangers.
 */
#ifndef TREFOIL_SKELETON_MEDIA_FETCH_H
#define TREFOIL_SKELETON_MEDIA_FETCH_H

#include "media.h"

#define MEDIA_FETCHES_MAX 4096       /* under way, waited for and remembered */
#define MEDIA_FETCH_RUNNING_MAX 24   /* at once … */
#define MEDIA_FETCH_PER_HOST_MAX 12  /* … from one host, … */
#define MEDIA_FETCH_PER_PERSON_MAX 2 /* … and for one person: a slow host delays whoever chose it */
#define MEDIA_FETCH_REDIRECTS_MAX 5
#define MEDIA_FETCH_TRIES_MAX 3
#define MEDIA_FETCH_IDLE_MS 15000
#define MEDIA_FETCH_KEPT_MS (10u * 60 * 1000) /* how long it is remembered what became of one */

struct media_fetch;

/* -ENOMEM, -errno. `media` is borrowed; `on_end`: something has ended, look again; never called inside the calls below.
 */
must_use_ int media_fetch_open(struct media *media, void *owner, void (*on_end)(void *owner), struct media_fetch **ret);

/* Accepts NULL, returns NULL. */
struct media_fetch *media_fetch_close(struct media_fetch *fetch);

struct media_wanted {
    const char *event_key;
    size_t index;        /* of the file in its message */
    size_t account;      /* index */
    const char *user_id; /* who sent it, or NULL */
    const struct trefoil_media *media;
};

/* Sets out, or joins whoever is at it. What became of it is remembered until as many have released it as asked.
 * -EBUSY: too many under way; -ENOMEM. */
must_use_ int media_fetch_ask(struct media_fetch *fetch, const struct media_wanted *wanted);
void media_fetch_release(struct media_fetch *fetch, const char *event_key, size_t account, size_t index);

enum media_fetch_state { MEDIA_FETCH_UNDER_WAY, MEDIA_FETCH_DONE, MEDIA_FETCH_FAILED };

/* Where a file is now, and what it is. Borrowed until the loop turns. */
struct media_found {
    const char *mime, *name;
    const char *declared; /* what it was called and is not; NULL */
    enum trefoil_media_kind kind;
    const struct blob_secret *secret;
    const char *reason; /* FAILED: constant words */
};

/* What was never asked for, or is forgotten, has FAILED. */
enum media_fetch_state media_fetch_look(const struct media_fetch *fetch, const char *event_key, size_t account,
                                        size_t index, struct media_found *ret);

size_t media_fetch_n_running(const struct media_fetch *fetch);

#endif
