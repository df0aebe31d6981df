/* The figures a translator shows: counts and times by constant words. Never an id, an address or content. */
#ifndef TREFOIL_SKELETON_FIGURES_H
#define TREFOIL_SKELETON_FIGURES_H

#include <trefoil/client.h>

#include "accounts.h"
#include "daemon/metrics.h"
#include "skeleton_types/translator.h"
#include "webhook.h"

struct figures {
    struct metrics *metrics;
    struct metric *answered_200, *answered_503;
    struct metric *handshakes;
    struct metric *refused[WEBHOOK_N_REFUSALS], *signature_failures;
    struct metric *events[TREFOIL_N_KINDS];
    struct metric *unsupported, *malformed, *undecoded, *strays;
    struct metric *ephemeral_events, *withdrawn; /* of those published: nobody confirms, nobody waited */
    struct metric *taken;                        /* by the network */
    struct metric *published, *confirmed, *duplicate, *deferred, *rejected;
    struct metric *confirm_seconds;
    struct metric *deliveries, *redelivered, *in_doubt, *unreadable;
    struct metric *sends[TREFOIL_OUTCOME_RETURNED + 1];
    struct metric *partial, *best_effort_failed, *ephemeral_dropped, *unknown_resolved, *unknown_resent;
    struct metric *slowed_down; /* an account's pace */
    struct metric *requests[3]; /* by http_result */
    struct metric *request_seconds;
    struct metric *profiles[3]; /* named, nameless, failed */
    struct metric *connected, *under_way;
    struct metric *roster_expires, *wrap_key_expires;
};

/* -ENOMEM. */
must_use_ int figures_init(struct figures *figures);
void figures_deinit(struct figures *figures);

/* A request that went no further. */
void figures_refusal(struct figures *figures, enum webhook_refusal refusal);

/* One of the states of this account is 1, the others 0. */
void figures_account(struct figures *figures, const struct account *account);

/* How much of its rate this account uses now, per mille. */
void figures_share(struct figures *figures, const struct account *account, uint32_t share);

/* Policy kept a message from going as it was said; both are constant words. */
void figures_policy(struct figures *figures, const char *decision, const char *reason);

/* A file went somewhere, or did not: both are constant words. */
void figures_media(struct figures *figures, const char *what, const char *reason, uint64_t size_bytes);

/* Something this network could not express; `word` is one of the map's constants. */
void figures_lost(struct figures *figures, const char *word);

#endif
