/* The gateway's process: who owns what. The files of this folder carry values between the pure core and the rooms that
 * do I/O; the rules are in the core.
 */
#ifndef TREFOIL_GATEWAY_GATEWAY_H
#define TREFOIL_GATEWAY_GATEWAY_H

#include <uv.h>

#include "base/list.h"
#include "base/map.h"
#include "core/broker.h"
#include "daemon/admin.h"
#include "daemon/log.h"
#include "daemon/metrics.h"
#include "io/frontend.h"
#include "io/store.h"
#include "io/zap.h"
#include "keeper.h"
#include "settings.h"
#include "wire/frame.h"

struct promise;

/* A welcomed peer. */
struct session {
    struct list link; /* gateway.sessions */
    struct peer peer; /* the core's part */
    struct routing_id id;
    char user[FRONTEND_USER_BYTES + 1];
    struct list dirty; /* gateway.dirty: something is to be sent before the turn ends */
    struct list batches;
    struct promise *open;    /* what the batch being collected owes this peer */
    struct promise *at_once; /* rejects and the like, sent with the turn */
    unsigned n_promises;
    uint32_t version;   /* of the protocol, as agreed */
    uint32_t max_batch; /* deliveries per frame it takes */
    uint64_t unconfirmed, unconfirmed_bytes;
    uint64_t heard_ms, told_ms;
    bool is_broken; /* to be dropped at the end of the turn */
    bool wants_bye;
};

struct watch; /* watch.h: metrics */

struct gateway {
    const struct settings *settings;
    struct log log;
    uv_loop_t *loop;
    void *context; /* ZeroMQ */
    struct store *store;
    struct frontend *frontend;
    struct zap *zap;
    struct keeper keeper;
    struct broker broker;
    struct metrics *metrics;
    struct watch *watch;
    struct admin *admin;
    uv_poll_t frontend_poll, zap_poll;
    uv_prepare_t turn;
    uv_idle_t more;
    uv_timer_t tick;
    uv_signal_t on_term, on_int, on_hup;
    struct map by_id; /* routing id → session */
    struct list sessions, dirty;
    struct list promises; /* submitted, in order */
    struct arena frame, reply;
    uint64_t tag;       /* of the last batch submitted */
    uint64_t wakes_at;  /* of the last one that says what earlier deliveries may have been out */
    unsigned n_batches; /* submitted, not durable */
    bool has_changes;   /* the open batch holds something somebody waits for */
    bool has_ticked;    /* since promises were bound to a batch last */
    bool has_moved;     /* it holds what can wait for the next one, or for the tick: floors, parked rooms */
    bool must_pump;
    uint64_t last_stranger_ms;
    unsigned n_strangers;
    int64_t clock_offset_ms; /* how far the wall clock was before the one that nobody sets; 0: not looked at yet */
    uint64_t drain_until_ms; /* 0: not draining */
    bool is_drained;         /* and nobody has anything in hand any more */
    int result;
    struct {
        uint64_t frames, zap_refused, malformed, over_credit, confirms, deliveries, dropped_peers;
    } tally;
};

/* Opens everything. -errno with words in `error`. */
must_use_ int gateway_open(struct gateway *gateway, const struct settings *settings, char *error, size_t error_room);

/* Until a signal says stop. */
int gateway_run(struct gateway *gateway);
void gateway_close(struct gateway *gateway);

uint64_t gateway_now_ms(void);

/* Ends the session at the end of the turn: its deliveries go to others. With a code and words the peer is told why. */
void gateway_drop(struct gateway *gateway, struct session *session, int error_code, const char *why);

/* Peers the roster no longer knows are dropped; the others get the new bundle. */
void gateway_roster_changed(struct gateway *gateway);

/* tables_of_store.c: the store as the core wants it. */
struct tables tables_of_store(struct store *store);

#endif
