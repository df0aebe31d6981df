/* One target of one delivery on its way to the network. For the sender's own files. */
#ifndef TREFOIL_SKELETON_SEND_H
#define TREFOIL_SKELETON_SEND_H

#include "daemon/http_client.h"
#include "echoes.h"
#include "sender.h"

#define SEND_PARTS_MAX 1024 /* of a split message */

enum send_state {
    SEND_WAITING,   /* for a token, a back-off or a pause to end */
    SEND_PREPARING, /* its files are being brought */
    SEND_OUT,       /* a request is with the network */
    SEND_IN_DOUBT,  /* the answer was lost, here or by an earlier holder: waits for proof */
    SEND_TELLING,   /* it bounced: the author is being told first, or will be told again */
    SEND_HELD,      /* this process ends: it is returned with the goodbye */
    SEND_DONE,
};

struct parcel;
struct media_send;

struct send {
    struct parcel *parcel;
    enum send_state state;
    uint32_t target;
    size_t account;          /* index; only when `is_ours` */
    bool is_ours, is_queued; /* counted among those that wait for the account */
    bool was_queued;
    const char *user_id; /* NULL when the target has none */
    struct request_list requests;
    size_t next;              /* request to be sent, or out */
    const char **message_ids; /* of the parts that went, room for two per request: one may have been repeated */
    size_t n_message_ids;
    unsigned tries; /* of the present part, after the first part went */
    uint64_t began_ms;
    uint64_t due_ms;           /* WAITING, IN_DOUBT */
    struct list node;          /* in sender.waiting or sender.held */
    const char *policy_reason; /* why it goes otherwise than it was said, or not at all; NULL */
    uint64_t closes_ms;        /* Unix ms: not begun later than this without asking policy again; 0: whenever */
    bool
        is_doubted; /* an earlier holder may have sent this much and more: each part waits for an echo before it goes */
    bool waits_anew;      /* also where we have waited in vain before: its last holder may have sent it since */
    bool is_proven;       /* the proof that the present request was taken came before its answer */
    bool is_whole_proven; /* the mark of an earlier try came while this one is out with an earlier part */
    const char *proof_id;
    struct trefoil_target_outcome outcome;
    struct trefoil_message notice; /* the receipt that tells the author */
    struct post post;
    struct media_send *files; /* NULL: none */
};

/* One delivery. */
struct parcel {
    struct list node;
    struct sender *sender;
    struct arena mem;
    uint32_t handle, attempt;
    bool maybe_sent; /* an earlier holder may have sent it: who waited for a proof only has used an attempt, too */
    uint64_t seq;    /* 0: ephemeral */
    struct trefoil_id envelope;
    enum trefoil_kind kind;
    enum trefoil_lane lane;
    struct send *sends;
    size_t n_sends, n_open;
};

struct sender {
    struct sender_options options;
    struct http_client *http;
    struct limiter limiter;
    struct list parcels;
    struct list waiting; /* sends, WAITING or IN_DOUBT */
    struct list held;    /* sends */
    size_t n_sends, n_held;
    size_t n_bulk_out; /* requests of bulk with the network */
    bool is_stopped;
    uint64_t ends_ms;                   /* is_stopped: nothing waits here until then */
    uint64_t sent_ids[SENDER_SENT_IDS]; /* hashes of the newest message ids the network gave us */
    size_t n_sent_ids;
    struct echoes echoes;
    uint64_t random; /* state of a small generator, for jitter only */
    uv_timer_t timer;
};

/* Encodes for one target and sets out. The delivery is borrowed for the call. */
void send_begin(struct send *send, const struct trefoil_delivery *delivery, const struct trefoil_target *target);

/* What can be sent has changed: encodes what was kept once more, and sets out. `word`: what is lost by that; NULL. */
void send_encode_again(struct send *send, const char *word);

/* The next request, when it is its turn; the end after the last. */
void send_advance(struct send *send);

/* For later through no fault of its own: the account or the pair has to wait. It may, for days, without being given up
 * for too many attempts. */
void send_set_aside(struct send *send, uint64_t retry_ms, const char *reason);

/* Its time has come. */
void send_wake(struct send *send);

/* Ends it now with this outcome and reason (constant words). */
void send_end(struct send *send, enum trefoil_outcome outcome, const char *reason);

/* Proof, for one that is out or in doubt, that its present request was taken. */
void send_prove(struct send *send, const char *message_id);

/* Our mark came back. The last part alone carries it, so all were taken: by this try, or by one before it. */
void send_prove_whole(struct send *send, const char *message_id);

/* The present request was taken, and is called so; NULL: it has no name. */
void send_note_message(struct send *send, const char *message_id);

/* The part in hand again, here, and not more than `tries_max` times. */
void send_try_part_again(struct send *send, unsigned tries_max, uint64_t retry_ms, const char *reason);

/* All of it again later, as a further attempt. */
void send_defer(struct send *send, uint64_t retry_ms, const char *reason);

/* Typing and its like: nobody waits for an outcome. */
bool send_is_ephemeral(const struct send *send);

/* ---- doubt (send_doubt.c) ---- */

/* The answer was lost. */
void send_take_doubt(struct send *send);

/* It has lasted long enough: policy decides. */
void send_settle_doubt(struct send *send);

/* What may have been sent already is not sent again while an echo may still tell. True: it waits for one. */
bool send_waits_for_echo(struct send *send);

/* An answer that leaves open whether it was taken is nothing beside a proof that it was. */
bool send_is_contradicted(const struct send *send, const struct verdict *verdict);

/* It went twice, and the echo of the first came while the second, taken as `message_id`, was out: both are ours. */
void send_note_repeat(struct send *send, const char *message_id);

/* It is out or in doubt, to this person, with these words. */
bool send_says(const struct send *send, size_t account, const char *user_id, const char *words);

/* Nothing of it has reached the network. */
bool send_is_untouched(const struct send *send);

/* Wakes `send` at `due_ms`; replies before bulk that is due, too. */
void sender_park(struct sender *sender, struct send *send, enum send_state state, uint64_t due_ms);
void sender_unpark(struct sender *sender, struct send *send);

/* The same for one that has to wait for its account or its person: who comes later knows of it. */
void sender_queue(struct sender *sender, struct send *send, uint64_t due_ms);

/* The network calls a message of ours this. */
void sender_note_id(struct sender *sender, const char *message_id);

/* Keeps `send` for the goodbye. */
void sender_hold(struct sender *sender, struct send *send);

/* A send is done; the parcel goes with its last one. */
void sender_forget(struct sender *sender, struct parcel *parcel);

uint64_t sender_now(const struct sender *sender);
uint32_t sender_backoff_ms(struct sender *sender, uint32_t attempt);

#endif
