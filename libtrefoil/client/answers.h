/* How the deliveries of one subscription ended: what the application still holds, what it has answered, and what the
 * gateway does not have on disk yet. Never judges an outcome; never forgets one before the gateway has it.
 */
#ifndef TREFOIL_CLIENT_ANSWERS_H
#define TREFOIL_CLIENT_ANSWERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"
#include "base/list.h"
#include "client/held_table.h"
#include "wire/frame.h"

#define ANSWERS_MAX (1u << 18) /* deliveries remembered per subscription: far above any gateway's window */

/* One target of a delivery, or the delivery itself when it has none. */
enum held_state {
    HELD_OUT,      /* with the application */
    HELD_ANSWERED, /* the gateway has not said that it is on disk */
    HELD_SAFE,     /* on disk */
};

struct held_target {
    uint32_t index;
    enum held_state state;
    bool is_fresh; /* among what the delivery that came last is to show */
};

/* A delivery that has been shown. */
struct held {
    struct held_node node; /* by sequence */
    size_t cost_bytes;
    bool is_paid; /* its credit has been given back */
    struct list items;
    size_t n_targets, n_places;
    struct held_target targets[]; /* at least one place: the delivery itself has index UINT32_MAX */
};

/* A serialized AckItem on its way. */
struct answer_item {
    struct list in_held, in_unsent;
    struct bytes bytes;
    size_t n_targets;
    uint32_t targets[]; /* it tells of */
};

struct answer_run {
    uint64_t first;
    uint32_t count;
};

struct answers {
    struct held_table held;
    struct list spare; /* of one target, to be used again */
    size_t n_spare;
    struct list unsent; /* items that must go out */
    size_t n_unsent, unsent_bytes;
    struct answer_run *runs; /* sequences that must be acknowledged, for deliveries without targets */
    size_t n_runs, runs_room;
    size_t n_out, out_bytes;         /* deliveries the application still holds */
    uint64_t payback, payback_bytes; /* credit to give back */
};

void answers_init(struct answers *answers);
void answers_deinit(struct answers *answers);

/* How a delivery that comes in stands to what is known. */
enum answers_verdict {
    ANSWERS_SHOW,  /* new, or with targets that are new or due again: only those with answers_shows() */
    ANSWERS_KNOWN, /* held by the application, or answered: not to be shown; the answer goes out again */
};

/* Notes the delivery as held when it is to be shown. -ENOMEM (also when too many are remembered). */
must_use_ int answers_receive(struct answers *answers, const Trefoil__Delivery *delivery, enum answers_verdict *ret);

/* Right after ANSWERS_SHOW: is this target of the delivery among what is shown? */
bool answers_shows(const struct answers *answers, uint64_t seq, uint32_t target);

/* The application has dealt with a delivery without targets. Unknown ones are accepted. -ENOMEM. */
must_use_ int answers_done(struct answers *answers, uint64_t seq);

/* The application tells outcomes. -ENOENT (nothing of this sequence is held), -EINVAL (a target that was not shown, or
 * none), -ENOMEM. */
must_use_ int answers_outcome(struct answers *answers, const Trefoil__AckItem *item);

/* Something waits to be sent. */
bool answers_has_unsent(const struct answers *answers);

/* The next Ack frame for `handle`, measured or written: takes at most what a frame may hold. */
size_t answers_frame_size(const struct answers *answers, uint32_t handle);
void answers_frame_write(const struct answers *answers, uint32_t handle, uint8_t *to);
/* What the last two calls wrote has gone out. */
void answers_frame_sent(struct answers *answers);

/* The gateway has these on disk: each mention of a sequence stands for the oldest Ack of it that is still open. */
void answers_safe(struct answers *answers, uint64_t first, uint32_t count);

/* A new connection: everything answered and not safe is sent again; credit starts anew. -ENOMEM. */
must_use_ int answers_rewind(struct answers *answers);

/* Nothing is held or waits to become safe. */
bool answers_is_settled(const struct answers *answers);

/* The smallest sequence held or not yet safe; `otherwise` when there is none. */
uint64_t answers_lowest(const struct answers *answers, uint64_t otherwise);

#endif
