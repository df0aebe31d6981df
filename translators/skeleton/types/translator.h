/* The contract between the skeleton and a network: a few pure functions, a capability record and a handful of facts.
 * The skeleton owns the process; the network owns the meaning.
 */
#ifndef TREFOIL_SKELETON_TYPES_TRANSLATOR_H
#define TREFOIL_SKELETON_TYPES_TRANSLATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <trefoil/client.h>
#include <trefoil/message.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "skeleton_types/capability.h"
#include "skeleton_types/request.h"

/* One thing a network told us, ready to be published. Everything lives in the arena it was decoded into. */
struct event {
    const char *account; /* "network/account id", one of ours; NULL: no account of ours, goes to services only */
    const char *key;     /* this event and no other, wherever and whenever it is decoded */
    enum trefoil_audience audience;
    bool ephemeral;
    const char *user_id;        /* whose thread; NULL for events about the account */
    const char *const *relates; /* network message ids this is about */
    size_t n_relates;
    bool echo;        /* the business wrote it in the user's thread */
    const char *mark; /* what we put into a send and got back (callback data, metadata); NULL */
    uint64_t watermark_ms;
    uint64_t opens_window_ms;     /* the person acted at this time: reply windows count from it; 0: opens nothing */
    enum trefoil_consent consent; /* the person asked not to be written to unasked, or took that back */
    const char *const *alias_ids; /* other user ids of this person on this account, proven by the event itself (its
                                    * `message.author.aliases` say the evidence): the gateway makes them one address */
    size_t n_alias_ids;
    bool is_malformed;   /* counted; `message` is of KIND_UNSUPPORTED with the raw bytes */
    bool is_unsupported; /* well-formed, not translated; counted */
    struct trefoil_message message;
};

struct event_list {
    struct event *events;
    size_t n_events, room;
};

/* The next event, zeroed, or NULL when the arena is exhausted. */
must_use_ struct event *event_list_add(struct event_list *list, struct arena *mem);

/* What encode() is told about the place it writes to. */
struct place {
    const char *account;    /* "network/account id" */
    const char *account_id; /* the part after the slash */
    const char *user_id;
    const char *const *relates; /* how this network knows what the message relates to; entries may be NULL */
    size_t n_relates;
    const char *last_message_id; /* newest message from this user, NULL when unknown */
    bool attribute;              /* say who speaks: more than two are in the room */
    const char *mark;            /* to come back with status events and echoes; NULL: none. Only the last request of a
                                  * message carries it, so that its return proves the whole message */
    const char *page_id;         /* the send path's id where it is not the account id (Instagram by Page) */
    const char *api_version;     /* "v25.0" */
    uint32_t conversions;        /* bits 1 << enum conversion: what this process can convert … */
    const uint32_t *in_vain; /* … and what it could not, of each file of the message; NULL: nothing was tried yet */
    bool has_public_url;     /* files can be offered at a URL of ours */
    const uint8_t *options;  /* the configured value of each of the network's options, as an index into its values;
                                  * NULL: the documented default of each */
};

/* What may be tried with this file of the message. */
static inline uint32_t place_conversions(const struct place *place, size_t media)
{
    return place->conversions & ~(place->in_vain ? place->in_vain[media] : 0);
}

/* The value of the network's option number `index`. */
static inline unsigned place_option(const struct place *place, size_t index)
{
    return place->options ? place->options[index] : 0;
}

/* What the headers of an answer say about the account's allowance. */
struct usage {
    bool is_said;
    uint32_t percent;   /* used up; more than a hundred is too much */
    uint32_t regain_ms; /* until calls are taken again; 0: they are, or nobody says */
};

/* What the network answered. */
struct reply {
    int http_status; /* 0: no answer; see `failure` */
    enum reply_failure {
        REPLY_ANSWERED = 0,
        REPLY_NOT_SENT, /* refused connection, no name: certainly not accepted */
        REPLY_LOST,     /* sent, and no (whole) answer came: may have been accepted */
    } failure;
    struct bytes body;
    uint32_t retry_after_ms; /* from a Retry-After header; 0: none */
    struct usage usage;      /* as read_usage() read it */
};

/* What a reply means: sent, deferred, bounced, unknown, and what it says about the account. */
struct verdict {
    enum trefoil_outcome outcome;
    const char *message_id; /* SENT: the network's id, in the arena; NULL for requests without one */
    const char *user_id; /* SENT: by which id the network knows who it went to, in the arena; NULL: it does not say */
    uint32_t retry_ms;   /* DEFERRED: not before; 0: the skeleton's back-off */
    enum pause { PAUSE_NONE = 0, PAUSE_PAIR, PAUSE_ACCOUNT } pause; /* DEFERRED: who else waits */
    bool grows;                         /* DEFERRED with a pause: four times as long with each refusal in a row */
    bool bounded;                       /* DEFERRED: give up after TRANSLATOR_BOUNDED_TRIES */
    bool is_too_fast;                   /* DEFERRED: the account goes slower from now on */
    bool once;                          /* bounded, and the second try is the last */
    enum trefoil_account_health health; /* NONE: says nothing about the account */
    uint32_t code, subcode;
    const char *reason;      /* constant words */
    const char *next_action; /* for a human, when the health is bad; constant words */
};

#define TRANSLATOR_BOUNDED_TRIES 6 /* with the waits between them: five minutes and a half */
#define TRANSLATOR_USAGE_HEADERS_MAX 4

/* What decode() may know besides the bytes: which accounts are ours. */
struct decode_context {
    const char *const *account_ids; /* the parts after the slash */
    const char *const *page_ids;    /* same order; NULL entries where there is none */
    size_t n_accounts;
    const char *app_id;     /* our own application id, NULL when unknown: tells our echoes from others' */
    const uint8_t *options; /* as in struct place */
};

/* Who somebody is, for networks that do not say so in their events. */
struct profile {
    const char *name, *username; /* in the arena; NULL when the network does not say */
};

/* How much the network takes, from its documentation: facts. 0: no such limit. */
struct translator_limits {
    uint32_t account_per_s;  /* sends of one account */
    uint32_t pair_burst;     /* messages to one person at once … */
    uint32_t pair_refill_ms; /* … and the time that earns one more */
    bool counts_received;    /* what people send counts against account_per_s, too */
    uint32_t heavy_per_s;    /* sound and video of one account; 0: no limit of their own */
};

/* How long after a person's last act the network lets the business write. 0: it does not limit. */
struct translator_windows {
    uint32_t open_s;      /* anything may be sent */
    uint32_t agent_s;     /* what a human agent writes (TREFOIL_PURPOSE_HUMAN_AGENT) may be sent */
    bool templates_after; /* templates may be sent at any time */
    bool utility_only;    /* … but only those of service: TREFOIL_PURPOSE_NONE and _UTILITY */
};

/* A point the network's documentation leaves open: its name, what it may be set to, the documented value first. */
struct translator_option {
    const char *name;
    const char *const *values; /* NULL-terminated; at most 8 */
    const char *what;          /* one line for a human */
};

#define TRANSLATOR_OPTIONS_MAX 16

/* Where a file is that an event named. */
struct located {
    const char *url;
    const char *mime, *name; /* NULL: not said */
    uint64_t size_bytes;     /* 0: not said */
};

struct translator_ops {
    const char *name; /* address scheme on the bus; folder name; process name */

    /* Pure and total: same bytes, same events; never blocks, never allocates outside `mem`. Every item of the body
     * becomes at least one event; what cannot be translated becomes KIND_UNSUPPORTED with its raw bytes.
     * 0; -ENOMEM (arena exhausted), -EBADMSG (no structure at all), -E2BIG (beyond a limit): the caller then keeps the
     * body whole as one unsupported event. */
    int (*decode)(struct bytes body, const struct decode_context *context, struct arena *mem, struct event_list *ret);

    /* Pure. One message becomes one request, or several when limits force a split, or none (nothing to say here). What
     * it may do is read from `capabilities`, nowhere else; what it may not do exactly is noted in `lost`.
     * 0, -ENOMEM, -ENOTSUP (the network cannot express it at all: bounced, `lost` tells why). */
    int (*encode)(const struct trefoil_message *message, const struct place *place, struct arena *mem,
                  struct request_list *ret);

    /* Pure and total: every reply has a verdict. */
    void (*judge)(const struct request *request, const struct reply *reply, struct arena *mem, struct verdict *ret);

    /* Both or none: the headers that tell how much of an allowance is used (TRANSLATOR_USAGE_HEADERS_MAX, NULL-terminated),
     * and what their values mean, in the same order, NULL where one is absent. Pure and total. */
    const char *const *usage_headers;
    void (*read_usage)(const char *const *values, struct arena *mem, struct usage *ret);

    const struct capability *capabilities; /* N_FEATURES of them, by enum feature */
    struct translator_limits limits;
    const char *proof_parameter; /* by which a call proves that its caller holds the application's secret; NULL: none */
    struct translator_windows windows;
    const struct translator_option *options; /* ended by one without a name; NULL: none */

    /* Both or none: asks the network where a file is that has no URL, or whose URL no longer works; reading is total and
     * leaves NULL what is not there. 0, -ENOMEM, -ENOTSUP (only the event's own URL will do). */
    int (*ask_media)(const struct trefoil_media *media, const struct place *place, struct arena *mem,
                     struct request *ret);
    void (*read_media)(const struct reply *reply, struct arena *mem, struct located *ret);
    const char *const *token_hosts; /* ends of host names that may be shown the access token when a file is fetched;
                                     * NULL-terminated; NULL: none needs it */

    /* Both or none: asks the network who place->user_id is, and reads what it answers. Pure; reading is total and leaves
     * NULL what is not there. 0, -ENOMEM, -ENOTSUP (nothing can be asked about this user id). */
    int (*ask_profile)(const struct place *place, struct arena *mem, struct request *ret);
    void (*read_profile)(const struct reply *reply, struct arena *mem, struct profile *ret);
};

#endif
