/* A service's connection to the bus: publish, subscribe, acknowledge. Sealing, tokens, grants, reconnection and
 * redelivery happen inside.
 *
 * One client belongs to one thread. Nothing here logs, exits, installs signal handlers or keeps process-wide state.
 * No call blocks but trefoil_client_next() with a timeout, and trefoil_client_open() on reading its files.
 *
 * A program that reads thousands of messages a second should begin with mallopt(M_TRIM_THRESHOLD, 16 << 20) and
 * mallopt(M_MMAP_THRESHOLD, 1 << 20): frames come and go, and giving each back to the kernel costs a third of its time. The
 * library leaves that to main(), for it counts for the whole process.
 *
 * Shape of a subscriber: open, subscribe, then for ever: next, act, acknowledge. Acknowledge only what has been dealt
 * with: what is not acknowledged comes again, after a crash of either side too.
 */
#ifndef TREFOIL_CLIENT_H
#define TREFOIL_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <trefoil/message.h>
#include <trefoil/status.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

#define TREFOIL_ID_BYTES 16

typedef struct trefoil_client trefoil_client;

struct trefoil_id {
    uint8_t bytes[TREFOIL_ID_BYTES];
};

struct trefoil_options {
    const char *endpoint;     /* "tcp://127.0.0.1:7700"; a name is looked up anew before each attempt */
    const char *keyring_file; /* mode 0600 */
    uint32_t receive_credit;  /* deliveries that may wait for an acknowledgement; 0: 1024 */
    uint32_t reconnect_ms;    /* longest pause between attempts; 0: 2000 */
};

/* Reads the keyring and starts connecting; the connection comes up during trefoil_client_next().
 * BAD_ARGUMENT, BAD_KEYRING, OUT_OF_MEMORY, BROKEN; `*ret` is set only on OK. */
enum trefoil_status trefoil_client_open(const struct trefoil_options *options, trefoil_client **ret);

/* Closes at once and frees; unacknowledged deliveries go to another replica, or come again. Accepts NULL. Nulls. */
void trefoil_client_close(trefoil_client **client);

/* Asks to be handed nothing more, for good: what is here may still be acknowledged, and anything published. The gateway
 * obeys once is_paused() is true; one of an older version does not know the word, and goes on. */
void trefoil_client_pause(trefoil_client *client);
bool trefoil_client_is_paused(const trefoil_client *client);

/* Says goodbye: nothing new is taken, confirms and acks still out are awaited; a CLOSED event tells the end. */
enum trefoil_status trefoil_client_drain(trefoil_client *client);

/* Becomes readable (level-triggered) when trefoil_client_next(client, 0, …) has something to do. Valid until close. */
int trefoil_client_fd(const trefoil_client *client);

/* Words for the last failure; never NULL, never a secret. Valid until the next call. */
const char *trefoil_client_error(const trefoil_client *client);

/* The name of this service in the roster, and whether the gateway has welcomed us. */
const char *trefoil_client_service(const trefoil_client *client);
bool trefoil_client_is_connected(const trefoil_client *client);

/* When the roster in force and this service's newest wrap key end, in Unix ms; 0 while there is none. After that nothing
 * more goes: warn somebody in time (`trefoil roster sign`, `trefoil keys renew` and a restart). */
void trefoil_client_expiry(const trefoil_client *client, uint64_t *ret_roster_ms, uint64_t *ret_wrap_key_ms);

/* The channel called `name` in the roster, or NULL for the only one this service is in. OK or NOT_IN_ROSTER, also before
 * the first CONNECTED event, for the roster comes with it. */
enum trefoil_status trefoil_client_channel(trefoil_client *client, const char *name, struct trefoil_id *ret);

/* How long the channel (by name, as above) keeps its messages, in ms; 0 while there is no roster, or no such channel.
 * Whoever keeps something that belongs to a message, such as its files, keeps it no longer. */
uint64_t trefoil_client_retention_ms(const trefoil_client *client, const char *name);

/* A place on a network: "network/account id" and the user id there. */
struct trefoil_address {
    const char *account;
    const char *user_id;
};

enum trefoil_audience { TREFOIL_AUDIENCE_ROOM = 1, TREFOIL_AUDIENCE_AUTHOR = 2, TREFOIL_AUDIENCE_SERVICES = 3 };

/* What is answered to somebody overtakes what is sent to many, in other rooms: within a room nothing overtakes. */
enum trefoil_lane { TREFOIL_LANE_REPLY = 0, TREFOIL_LANE_BULK = 1 };

/* Whether a person wants to be written to unasked. */
enum trefoil_consent { TREFOIL_CONSENT_UNSAID = 0, TREFOIL_CONSENT_WITHDRAWN = 1, TREFOIL_CONSENT_GIVEN = 2 };

#define TREFOIL_ALIASES_MAX 4 /* of one publication */

struct trefoil_publication {
    struct trefoil_id channel;
    enum trefoil_audience audience;
    bool ephemeral;
    const struct trefoil_message *message; /* borrowed for the call */

    /* Services: where to speak. Ids a service repeats when it retries; all zero: a random one. */
    struct trefoil_id room;
    struct trefoil_id id;
    const struct trefoil_id *relates_ids; /* envelopes this is about; replies have one */
    size_t n_relates_ids;

    /* Translators: what the network said. Needs ROLE_ADDRESSES. */
    struct trefoil_address from; /* whose thread; user_id NULL when there is none */
    const char *message_id;      /* the network's own id of this event; NULL when it has none */
    const char *const *relates;  /* network message ids this is about */
    size_t n_relates;
    const char *event_key;    /* makes the envelope id: the same event, the same text, anywhere */
    bool echo;                /* written by the business in `from`'s thread */
    uint64_t resolves_seq;    /* 0, or the delivery whose outcome this proves … */
    uint32_t resolves_target; /* … and its target */
    uint64_t watermark_ms;
    uint64_t opens_window_ms;     /* `from` acted at this time, and may be answered for a while; 0: opens nothing */
    enum trefoil_consent consent; /* of `from`; unsaid changes nothing */
    const char *const *aliases;   /* further user ids of `from` on the same account: one person from now on */
    size_t n_aliases;             /* at most TREFOIL_ALIASES_MAX */

    enum trefoil_lane lane;
};

/* Seals and queues; `*ret_ticket` (may be NULL) is repeated by the CONFIRMED or REJECTED event.
 * AGAIN: no publish credit, not connected or no grant stored yet, nothing taken. TOO_LARGE, BAD_ARGUMENT,
 * NOT_IN_ROSTER. Publications go out in order. After a reconnection, unconfirmed ones are sent again by the library. */
enum trefoil_status trefoil_client_publish(trefoil_client *client, const struct trefoil_publication *publication,
                                           uint64_t *ret_ticket);

enum trefoil_start {
    TREFOIL_START_SAVED,
    TREFOIL_START_NEW,
    TREFOIL_START_EARLIEST,
    TREFOIL_START_SEQ,
    TREFOIL_START_TIME
};

struct trefoil_subscription {
    struct trefoil_id channel;
    const char *name; /* durable name, shared by the replicas of this service; NULL: gone with the connection */
    bool targets;     /* translators: only deliveries with targets on this service's accounts */
    bool ephemeral_too;
    enum trefoil_start start;
    uint64_t start_at; /* sequence or Unix ms, for SEQ and TIME */
};

/* Kept across reconnections. `*ret_handle` comes with each delivery. */
enum trefoil_status trefoil_client_subscribe(trefoil_client *client, const struct trefoil_subscription *subscription,
                                             uint32_t *ret_handle);

struct trefoil_target {
    uint32_t index;
    struct trefoil_address address; /* user_id NULL without ROLE_ADDRESSES */
    const char *const *relates;     /* how this network knows what the message relates to; entries may be NULL */
    size_t n_relates;
    const char *last_message_id; /* newest message from this address, NULL when unknown */
    uint64_t window_ms;          /* when this person last opened the network's reply window, Unix ms; 0: never */
    bool consent_withdrawn;      /* asked not to be written to unasked */
};

struct trefoil_delivery {
    uint32_t handle;
    uint64_t seq; /* 0: ephemeral, not to be acknowledged */
    struct trefoil_id channel, envelope, room;
    enum trefoil_audience audience;
    uint64_t accepted_ms;
    uint32_t attempt; /* from 1 */
    bool maybe_sent;  /* an earlier holder vanished before it told the outcome, or told that he does not know */
    bool vanished;   /* the last one vanished: what others waited for in vain before him says nothing of what he sent */
    bool unreadable; /* could not be opened: `message` is of KIND_NONE, `why` tells; acknowledge it */
    const char *why;
    const char *sender;          /* name of the sending service */
    struct trefoil_address from; /* account NULL from services; user_id NULL without ROLE_ADDRESSES */
    bool echo;
    uint32_t room_size;
    enum trefoil_lane lane;               /* as its sender said */
    const struct trefoil_id *relates_ids; /* all-zero where unknown */
    size_t n_relates_ids;
    const struct trefoil_target *targets;
    size_t n_targets;
    struct trefoil_message message;
};

enum trefoil_outcome {
    TREFOIL_OUTCOME_SENT = 1,
    TREFOIL_OUTCOME_DEFERRED,
    TREFOIL_OUTCOME_BOUNCED,
    TREFOIL_OUTCOME_UNKNOWN,
    TREFOIL_OUTCOME_RETURNED, /* not now, and not for its own sake: no attempt is counted */
};

struct trefoil_target_outcome {
    uint32_t target; /* index */
    enum trefoil_outcome outcome;
    const char *account;            /* of the target: the ids below are known by it */
    const char *const *message_ids; /* what the network called the parts it became */
    size_t n_message_ids;
    uint32_t retry_ms; /* DEFERRED, RETURNED: not before */
    uint32_t code, subcode;
    const char *reason;      /* constant words, never content */
    const char *const *lost; /* what could not be expressed */
    size_t n_lost;
};

/* Services: this delivery is dealt with. Sequence 0 is accepted and ignored. */
enum trefoil_status trefoil_client_ack(trefoil_client *client, uint32_t handle, uint64_t seq);

/* Translators: how some or all targets of a delivery ended. Remembered until the gateway has it on disk: a delivery
 * that comes again meanwhile is answered by the library and not shown. */
enum trefoil_status trefoil_client_outcome(trefoil_client *client, uint32_t handle, uint64_t seq,
                                           const struct trefoil_target_outcome *outcomes, size_t n_outcomes);

enum trefoil_event_type {
    TREFOIL_EVENT_CONNECTED = 1, /* welcomed by the gateway; publishing and subscribing may begin */
    TREFOIL_EVENT_DISCONNECTED,  /* lost; reconnecting by itself */
    TREFOIL_EVENT_CONFIRMED,     /* `ticket` is on disk (accepted, or known already: `duplicate`) */
    TREFOIL_EVENT_REJECTED,      /* `ticket` was refused: `reason`, `text`, `retryable` */
    TREFOIL_EVENT_DELIVERY,
    TREFOIL_EVENT_CREDIT, /* publishing may be tried again after AGAIN */
    TREFOIL_EVENT_ANSWER, /* to trefoil_client_ask() */
    TREFOIL_EVENT_ROSTER, /* a newer roster is in force */
    TREFOIL_EVENT_CLOSED,
};

struct trefoil_member {
    struct trefoil_address address;
    uint64_t last_active_ms;
};
struct trefoil_room {
    struct trefoil_id room;
    const char *name; /* NULL when it has none, or without ROLE_ADDRESSES */
    const struct trefoil_member *members;
    size_t n_members;
    uint64_t last_seq;
};
struct trefoil_dead {
    uint64_t id, seq, since_ms;
    struct trefoil_id envelope;
    const char *subscription;
    struct trefoil_address address;
    uint32_t code, subcode, attempts;
    const char *reason;
    const struct trefoil_message *message; /* only with DEAD_SHOW, when it could be opened */
};
struct trefoil_hop {
    uint64_t at_ms, seq;
    const char *what, *who, *account, *text;
    uint32_t target;
    enum trefoil_outcome outcome;
};
struct trefoil_counter {
    const char *name;
    uint64_t value;
};

struct trefoil_capability {
    const char *feature; /* "voice", "reply", … */
    const char *support; /* rejected, dropped, fallback, partial, full */
    const char *becomes; /* what arrives in its place; NULL: itself */
    bool in_bytes;       /* texts are counted in bytes, else in code points; limits are 0 where there is none */
    uint32_t max_text, max_count, max_sections, max_title, max_description, max_id, max_label, max_header, max_footer;
    uint64_t max_bytes; /* of a file */
    const char *const *mimes;
    size_t n_mimes;
};

#define TREFOIL_CAPABILITIES_MAX 64            /* features of one record … */
#define TREFOIL_CAPABILITIES_MAX_BYTES (16384) /* … and what it may take on the wire: else TOO_LARGE */
#define TREFOIL_CAPABILITY_MIMES_MAX 64        /* of one feature */

/* What the network of an account can express, and how the account is. Nothing of it is sealed. */
struct trefoil_capabilities {
    const char *account;                       /* "network/account id" */
    bool has_converter;                        /* files are converted where networks disagree */
    uint64_t since_ms;                         /* in an answer: when the record last changed */
    const struct trefoil_capability *features; /* none where the record cannot be read */
    size_t n_features;
    struct trefoil_account_state state; /* health NONE: not said */
    uint64_t state_since_ms;
    const char *service; /* in an answer: who owns the account … */
    uint32_t replicas;   /* … and how many of its processes are connected */
};

struct trefoil_answer {
    bool ok;
    const char *text; /* why not */
    struct trefoil_id room;
    const struct trefoil_room *rooms;
    size_t n_rooms;
    const struct trefoil_dead *dead;
    size_t n_dead;
    const struct trefoil_hop *hops;
    size_t n_hops;
    const struct trefoil_counter *counters;
    size_t n_counters;
    const struct trefoil_capabilities *capabilities;
    size_t n_capabilities;
    bool more;
    uint64_t count;
};

/* Everything an event points to is borrowed until the next call on the client, except acknowledging functions and
 * trefoil_client_publish(), which leave it alone. */
struct trefoil_event {
    enum trefoil_event_type type;
    uint64_t ticket;
    bool duplicate;
    bool retryable;
    uint32_t reason;
    const char *text;
    const struct trefoil_delivery *delivery;
    const struct trefoil_answer *answer;
};

/* The next event; waits up to `timeout_ms` (0: not at all, -1: for ever) and drives the connection meanwhile.
 * OK, NOTHING, CLOSED, BROKEN, NOT_IN_ROSTER. */
enum trefoil_status trefoil_client_next(trefoil_client *client, int timeout_ms, struct trefoil_event *ret);

enum trefoil_question {
    TREFOIL_ASK_ROOM_CREATE = 1, /* name */
    TREFOIL_ASK_ROOM_LIST,       /* room: the last one of the page before, or zero; limit */
    TREFOIL_ASK_ROOM_JOIN,       /* room, address */
    TREFOIL_ASK_ROOM_LEAVE,      /* address */
    TREFOIL_ASK_LINK,            /* address, other, name: the evidence */
    TREFOIL_ASK_UNLINK,          /* address */
    TREFOIL_ASK_FORGET,          /* address; after: counter "next" of the answer before */
    TREFOIL_ASK_DEAD_LIST,       /* after; limit */
    TREFOIL_ASK_DEAD_SHOW,       /* id */
    TREFOIL_ASK_DEAD_RETRY,      /* id; or all, and id: counter "next" of the answer before, again while `more` */
    TREFOIL_ASK_TRACE,           /* envelope */
    TREFOIL_ASK_AUDIT,
    TREFOIL_ASK_ROSTER_PUT,     /* bundle */
    TREFOIL_ASK_CAPABILITY_PUT, /* channel; capabilities, of an account of the asker's own; all: and what waits to be
                                  * sent by this service is tried at once */
    TREFOIL_ASK_CAPABILITY_LIST, /* channel; address.account: the last one of the page before, or NULL. Counters: connected
                                  * processes of each service of the channel */
    TREFOIL_ASK_DEAD_EXPIRE,     /* channel; after: letters from before this time (Unix ms) go; again while `more` */
};

struct trefoil_ask {
    enum trefoil_question question;
    struct trefoil_id channel, room, envelope;
    const char *name;
    struct trefoil_address address, other;
    uint64_t id, after;
    uint32_t limit;
    bool all;
    struct trefoil_bytes bundle;
    const struct trefoil_capabilities *capabilities;
};

/* One question, one ANSWER event with the same ticket. AGAIN when not connected. */
enum trefoil_status trefoil_client_ask(trefoil_client *client, const struct trefoil_ask *ask, uint64_t *ret_ticket);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
