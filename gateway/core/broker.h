/* The gateway as a game on paper: envelopes come in with the time, verdicts and deliveries go out through two calls.
 * Owns the rules and what they need to remember; tables keep it. Never touches a socket, a disk, a clock, a log.
 */
#ifndef TREFOIL_CORE_BROKER_H
#define TREFOIL_CORE_BROKER_H

#include <errno.h>

#include "base/list.h"
#include "core/activity.h"
#include "core/audit.h"
#include "core/directory.h"
#include "core/ledger.h"
#include "core/live.h"
#include "core/members.h"
#include "core/outcome.h"
#include "core/peer.h"
#include "core/subscription.h"
#include "core/tables.h"

enum reject { /* values of enum RejectReason in control.proto */
              REJECT_IS_MALFORMED = 1,
              REJECT_IS_NOT_WRITER,
              REJECT_IS_NOT_YOUR_ACCOUNT,
              REJECT_IS_NO_GRANT,
              REJECT_IS_STALE_ROSTER,
              REJECT_IS_EXPIRED,
              REJECT_IS_TOO_MANY_HOPS,
              REJECT_IS_NO_SUCH_ROOM,
              REJECT_IS_STORE_FULL,
              REJECT_IS_STORE_BROKEN,
              REJECT_IS_HELD_TOO_LONG,
              REJECT_IS_OVER_CREDIT,
              REJECT_IS_DRAINING,
              REJECT_IS_TOO_LARGE,
};

enum verdict_kind { VERDICT_ACCEPTED, VERDICT_DUPLICATE, VERDICT_REJECTED, VERDICT_ROUTED /* ephemeral */ };

struct verdict {
    enum verdict_kind kind;
    enum reject reason;
    const char *text; /* constant words */
};

/* One delivery for one seat. Slices live during the call. */
struct handing {
    struct seat *seat;
    uint64_t seq; /* 0: ephemeral */
    uint32_t attempt;
    bool maybe_sent, vanished;
    struct bytes front, targets, back; /* fields of a Delivery, in their order */
};

struct broker_events {
    void *owner;
    /* Later than the call that published, when the envelope was held. The peer may be NULL: gone. */
    void (*on_verdict)(void *owner, struct peer *peer, uint64_t ticket, size_t size, const struct verdict *verdict);
    void (*on_hand)(void *owner, const struct handing *handing);
};

struct broker_options {
    uint64_t in_doubt_ms, hold_ms;
    uint32_t directory_cache; /* addresses, persons and rooms kept in memory, of each */
};

struct hold; /* away.h */

struct broker {
    struct tables tables;
    struct broker_options options;
    struct broker_events events;
    struct members *members;       /* owned */
    struct arena scratch;          /* one step of the game */
    struct arena header;           /* one envelope's header */
    struct record_target *targets; /* GATEWAY_TARGETS_MAX, for the route being made */
    struct directory directory;
    struct audit audit;
    struct activity activity;
    struct ledger ledger;
    struct live live;
    struct list peers;
    struct list subscriptions;
    struct map by_name;   /* subscriptions, by channel, service, name */
    struct map by_reader; /* TARGETS subscriptions, by channel and service */
    struct map grants;    /* key id → struct grant_facts */
    struct map away;      /* channel and token key → struct away: sends that are out, and who waits for them */
    struct list holds;
    unsigned n_holds;
    uint64_t now_ms, durable;
    uint64_t trace_count;
    uint64_t slow_pruned_ms;
    uint64_t letters_seen, letters_seen_ms; /* how far the walk over dead letters is, 0: at its end; and when it was */
    uint64_t pruned_head;                   /* the journal's head when it was pruned last */
    bool is_troubled;                       /* the store does not commit: nothing new is handed out */
    bool has_relief;  /* … and the open batch makes room: it may not wait for those on their way */
    bool is_draining; /* nothing new is taken */
    bool is_waking;   /* translators get nothing before what the open batch says of earlier deliveries is durable … */
    bool is_wake_new; /* … it is not on its way yet */
    int trouble;      /* why, -errno */
    uint64_t n_relieved, relieved_ms; /* records dropped to make room since the trouble began; when last */
    struct {
        uint64_t handed, redelivered, deferred, returned, unknown, in_doubt, held, expired, resolved, pruned;
        uint64_t aliases_linked, aliases_refused, persons_merged;
    } tally;
};

must_use_ int broker_init(struct broker *broker, const struct tables *tables, const struct broker_options *options,
                          const struct broker_events *events);
void broker_deinit(struct broker *broker);

/* A newly verified roster: takes over *members. Peers and subscriptions of services that are gone stay until the owner
 * drops them. Loads the subscriptions of the store the first time. */
must_use_ int broker_set_members(struct broker *broker, struct members **members);

/* Somebody set the clock, by this much: whoever waits for so long goes on waiting for as long as before. */
void broker_clock_set(struct broker *broker, int64_t by_ms);

/* Moves one time along with the clock that was set; 0 is no time and stays. */
void broker_shift(uint64_t *at_ms, int64_t by_ms);

/* The clock moves: sleepers wake, doubts and holds run out, records expire. */
void broker_tick(struct broker *broker, uint64_t now_ms);

/* One envelope. Its verdict comes by on_verdict, mostly before this returns; ACCEPTED and DUPLICATE count only once the
 * open batch is durable, which is the owner's to wait for. */
void broker_publish(struct broker *broker, struct peer *peer, uint64_t ticket, struct bytes envelope);

/* These will be published next: memory is asked for whatever that will look at, all at once instead of one after the
 * other. Changes nothing and checks nothing. */
#define BROKER_EXPECT_MAX 32u /* more at once would push each other out of the processor's memory */
void broker_expect(const struct broker *broker, const struct bytes *envelopes, size_t n);

/* Peers: the owner allocates and frees them. */
void broker_peer_join(struct broker *broker, struct peer *peer);
void broker_peer_gone(struct broker *broker, struct peer *peer);
void broker_peer_credit(struct broker *broker, struct peer *peer, uint64_t envelopes, uint64_t bytes);

struct seat_wish {
    struct id channel;
    struct bytes name;
    bool targets, ephemeral_too;
    enum start { START_AT_SAVED, START_AT_NEW, START_AT_EARLIEST, START_AT_SEQ, START_AT_TIME } start;
    uint64_t start_at;
    uint32_t handle;
};

/* 0, or why not in constant words in `ret_why` with -EACCES, -EEXIST, -EINVAL, -ENOSPC, -ENOMEM, -EIO. */
must_use_ int broker_subscribe(struct broker *broker, struct peer *peer, const struct seat_wish *wish,
                               struct subscription **ret, const char **ret_why);

/* Outcomes: durable with the open batch. -ENOENT: no such subscription of this peer. */
must_use_ int broker_ack_run(struct broker *broker, struct peer *peer, uint32_t handle, uint64_t first, uint64_t count);
must_use_ int broker_ack(struct broker *broker, struct peer *peer, uint32_t handle, uint64_t seq,
                         const struct outcome *outcomes, size_t n_outcomes);

/* Puts counters, floors and gaps into the open batch: right before the owner submits it. */
void broker_flush(struct broker *broker);

/* Everything up to the tables' durable sequence may be handed out. True: there is more to go through than one turn's
 * share; call again after the others had theirs. */
must_use_ bool broker_pump(struct broker *broker);

/* The store is in trouble (-errno) or works again (0). */
void broker_trouble(struct broker *broker, int error);

/* The grant is known from now on, once the open batch is durable. */
struct grant_facts {
    struct id key_id, service, channel;
    uint64_t roster_version, not_after_ms, max_seq;
};
must_use_ int broker_grant(struct broker *broker, const struct grant_facts *facts, struct bytes grant);
must_use_ int broker_grant_bytes(struct broker *broker, const struct id *key_id, struct bytes *ret);

#define BROKER_RETRY_AT_ONCE 256

/* A dead letter back into its line. -ENOENT, -ESTALE (its envelope is gone), -EAGAIN. The channel may be zero: any. */
must_use_ int broker_retry(struct broker *broker, const struct id *channel, uint64_t id);

/* The same for BROKER_RETRY_AT_ONCE letters of the channel behind `after`, in order, which moves on with them. How many
 * went. 1: there are more. */
must_use_ int broker_retry_some(struct broker *broker, const struct id *channel, uint64_t *after, uint64_t *ret_count);

/* A journal record, from memory or the store; the caller owns one share of it. -ENOENT. */
must_use_ int broker_record(struct broker *broker, uint64_t seq, struct record **ret);

/* What that answered: pruned, or nothing that can ever be read. Any other error may pass. */
static inline bool broker_record_is_gone(int r)
{
    return r == -ENOENT || r == -EBADMSG;
}

#endif
