/* What the parts of the media relay share: the store, where fetching may lead, who is shown tokens, the limits.
 * Never holds a file.
 */
#ifndef TREFOIL_SKELETON_MEDIA_H
#define TREFOIL_SKELETON_MEDIA_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "accounts.h"
#include "base/attributes.h"
#include "base/list.h"
#include "blobs/blobs.h"
#include "convert.h"
#include "daemon/http_client.h"
#include "daemon/log.h"
#include "figures.h"
#include "seal/blob.h"
#include "settings.h"
#include "skeleton_types/translator.h"

struct media {
    uv_loop_t *loop;
    const struct translator_ops *ops;
    const struct accounts *accounts;
    const struct settings *settings;
    struct figures *figures;
    const struct log *log;
    struct http_client *http;    /* fetches, and asks where to; the store's too */
    struct blobs *blobs;         /* NULL: no store: files travel as words */
    struct converter *converter; /* NULL: none */
    struct http_guard guard;
    const char **allowed; /* what the guard points to */
    struct list files;    /* out of the store, of media_file.c */
    uv_timer_t sweep;
    void *owner;
    /* Whose files are sealed: false while that is not known yet. */
    bool (*channel)(void *owner, uint8_t ret[SEAL_ID_BYTES]);
    /* How long its messages are kept; 0 while that is not known. */
    uint64_t (*retention_ms)(void *owner);
};

/* Everything but `loop` … `log`, `owner`, `channel` and `retention_ms`, which the caller has set. -ENOENT, -EACCES, -EINVAL (store),
 * -ENOMEM; `*ret_what`: which setting. */
must_use_ int media_open(struct media *media, const char **ret_what);

/* What is under way ends without callbacks. Legal after a failed media_open(). */
void media_close(struct media *media);

/* May this host, reached this way, be shown an access token? */
bool media_trusts(const struct media *media, const char *url);

/* The bits of struct place. */
uint32_t media_conversions(const struct media *media);

#endif
