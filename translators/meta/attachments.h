/* A message's attachments, sorted: files, and lines of words for links, posts, reels, stories and products.
 * Never fetches what they point to, never trusts a payload to have any member.
 */
#ifndef TREFOIL_META_ATTACHMENTS_H
#define TREFOIL_META_ATTACHMENTS_H

#include <stdbool.h>

#include "base/arena.h"
#include "formats/json.h"
#include "skeleton_types/translator.h"

#define ATTACHMENTS_MAX 32 /* of one message; what lies beyond is counted, not kept */
#define ATTACHMENT_NAME_MAX_BYTES 255

struct attachments {
    const struct trefoil_media *media;
    size_t n_media;
    const char *words;                /* a line for each thing that is no file; NULL: there is none */
    struct trefoil_referral referral; /* of the first post, reel, story, link or product; source NULL: none */
    struct json_value place, booking; /* payloads of a legacy location and of an appointment */
    struct json_value template_;      /* payload of a template with buttons */
    const char *place_name;
    const char *kind; /* what the network calls the first one; NULL: there is none */
    bool is_withheld; /* view-once: the network keeps the content to itself */
    bool is_unknown;  /* nothing of it is known */
};

/* Total; what finds no room shows in `mem->failed`. `text`, which may be NULL, is what the message says itself: a shared
 * link whose address it has already is not said twice. */
void attachments_read(struct json_value list, const char *text, struct arena *mem, struct attachments *ret);

#endif
