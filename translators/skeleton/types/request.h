/* What encode() makes: HTTP requests to the network, in order, and the words for what was lost on the way.
 * Facts only; the skeleton sends them.
 */
#ifndef TREFOIL_SKELETON_TYPES_REQUEST_H
#define TREFOIL_SKELETON_TYPES_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"

/* Ways to make a file fit. A process has some of them or none (they need a converter beside it). */
enum conversion {
    CONVERT_NONE = 0,
    CONVERT_VOICE_OGG,    /* any audio to Opus in Ogg, mono */
    CONVERT_AUDIO_M4A,    /* any audio to AAC in MP4 */
    CONVERT_IMAGE_JPEG,   /* any picture to JPEG */
    CONVERT_STICKER_WEBP, /* any picture to WebP, 512 by 512 */
    CONVERT_VIDEO_MP4,    /* any video, or a moving picture, to H.264 in MP4 */
    N_CONVERSIONS,
};

struct upload_field {
    const char *name, *value;
};

/* A file of the message in a multipart/form-data body, in place of request.body. */
struct upload {
    size_t media; /* which of the message's files */
    enum conversion conversion;
    const struct upload_field *fields; /* before the file */
    size_t n_fields;
    const char *file_field;       /* name of the part that is the file */
    const char *file_name, *mime; /* as the network is told; the name is already harmless */
};

/* A text that is known only when the request goes out, put into the body at `at`. Slots are in ascending order. */
struct slot {
    size_t at;
    enum slot_kind {
        SLOT_UPLOADED, /* the id the answer to request number `which` gave */
        SLOT_URL,      /* a URL of ours, good for a few minutes, where file number `which` can be fetched */
    } kind;
    size_t which;
    enum conversion conversion; /* URL */
    const char *mime;           /* URL: said when the file is fetched */
};

/* One HTTP request to the network. The skeleton adds host, token and time-outs. */
struct request {
    const char *method;       /* "POST" */
    const char *path;         /* "/v25.0/106540000000002/messages" */
    const char *content_type; /* "application/json" */
    struct bytes body;
    const struct slot *slots;
    size_t n_slots;
    const struct upload *upload; /* NULL: `body` is the body */
    bool best_effort;            /* typing, read marks: an error is counted, not retried */
    bool is_message;             /* its answer carries a message id */
    bool is_invited;             /* goes by a token or a comment of the person's: no reply window counts */
    bool is_heavy;               /* sound or video, which some networks limit apart */
    const char *words; /* as an echo will show them (echo_words.h), where echoes return no mark: the next best proof;
                        * NULL: none */
};

#define TRANSLATOR_LOST_MAX 16

struct request_list {
    struct request *requests; /* to be sent in order, each after the answer to the one before */
    size_t n_requests, room;
    const char *lost[TRANSLATOR_LOST_MAX]; /* constant words for what this network cannot express */
    size_t n_lost;
};

/* The next request, zeroed, or NULL when the arena is exhausted. */
must_use_ struct request *request_list_add(struct request_list *list, struct arena *mem);

/* Notes once that `word`, a constant, could not be expressed. */
void request_list_lose(struct request_list *list, const char *word);

#endif
