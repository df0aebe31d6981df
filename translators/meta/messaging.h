/* The dialect Messenger and Instagram share: entries with lists of messaging elements in, one send call out.
 * Never knows which of the two it speaks for but by the facts in `struct messaging_dialect`.
 */
#ifndef TREFOIL_META_MESSAGING_H
#define TREFOIL_META_MESSAGING_H

#include "formats/text.h"
#include "verdict.h"
#include "skeleton_types/translator.h"

/* The open points of the documentation, in the order of both networks' option lists. A network has the first
 * `n_options` of them; of what it does not have the first value holds. */
enum messaging_option {
    OPTION_ATTACHMENTS,   /* how files go out: upload, url, fetch */
    OPTION_GIF,           /* as what a moving picture goes out: image, video */
    OPTION_EDIT_ZERO,     /* who hears of an edit that is none: services, room */
    OPTION_ALBUM,         /* how several pictures go: together, singly */
    OPTION_STORY_MENTION, /* whether a mention in a story opens the window: yes, no */
    OPTION_TEXT_UNIT,     /* what text limits count: bytes, code_points */
    OPTION_REPLY_TO,      /* whether a message can be quoted: page-linked, yes, no */
    MESSAGING_N_OPTIONS
};

/* How a network differs. */
struct messaging_dialect {
    const char *network; /* "messenger" */
    const char *object;  /* "page": of a webhook body */
    const struct capability *capabilities;
    size_t n_options;
    bool says_why;              /* sends carry a messaging_type */
    bool returns_marks;         /* what we put into metadata comes back in echoes */
    bool sends_by_page;         /* the path of a send is the Page's id where there is one; without one, no uploads */
    bool has_send_members;      /* a send may say how the phone rings, in whose name it is, who has the thread next */
    bool calls;                 /* has buttons that call a number */
    bool loves;                 /* a red heart is a word, "love" */
    bool reuses_urls;           /* a URL that was fetched gets an id */
    bool ascii_names;           /* refuses names of files in other alphabets */
    const char *platform;       /* said with uploads; NULL: nothing to say */
    const char *profile_fields; /* what to ask about a person */
};

/* The value of an option, as an index; `options` as in struct place and struct decode_context. */
unsigned messaging_option(const struct messaging_dialect *dialect, const uint8_t *options,
                          enum messaging_option option);

must_use_ int messaging_decode(const struct messaging_dialect *dialect, struct bytes body,
                               const struct decode_context *context, struct arena *mem, struct event_list *ret);

must_use_ int messaging_encode(const struct messaging_dialect *dialect, const struct trefoil_message *message,
                               const struct place *place, struct arena *mem, struct request_list *ret);

/* `own`: the codes only this network gives. */
void messaging_judge(const struct meta_table *own, const struct request *request, const struct reply *reply,
                     struct arena *mem, struct verdict *ret);

/* -ENOTSUP for what can be no user id. */
must_use_ int messaging_ask_profile(const struct messaging_dialect *dialect, const struct place *place,
                                    struct arena *mem, struct request *ret);
void messaging_read_profile(const struct reply *reply, struct arena *mem, struct profile *ret);

#endif
