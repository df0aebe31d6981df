/* Deliveries of a TARGETS subscription: one line per room, one delivery of a line out at a time. A line that is long or
 * asleep waits in the store, not in memory. Lines that begin with bulk wait behind those that do not; inside a line
 * nothing overtakes. Never judges an outcome's words: sent, deferred, bounced, unknown, returned.
 */
#ifndef TREFOIL_CORE_LINES_H
#define TREFOIL_CORE_LINES_H

#include <stdbool.h>

#include "base/list.h"
#include "base/map.h"
#include "core/id.h"
#include "core/outcome.h"
#include "core/peer.h"
#include "gateway/limits.h"

#define TARGET_WORDS (GATEWAY_TARGETS_MAX / 64)

struct target_set {
    uint64_t bits[TARGET_WORDS];
};

static inline bool target_set_has(const struct target_set *set, uint32_t target)
{
    return target < GATEWAY_TARGETS_MAX && (set->bits[target / 64] >> (target % 64)) & 1;
}

static inline void target_set_add(struct target_set *set, uint32_t target)
{
    set->bits[target / 64] |= (uint64_t) 1 << (target % 64);
}

static inline void target_set_take(struct target_set *set, uint32_t target)
{
    set->bits[target / 64] &= ~((uint64_t) 1 << (target % 64));
}

bool target_set_is_empty(const struct target_set *set);

enum entry_state { ENTRY_WAITING, ENTRY_OUT, ENTRY_DOUBT };

struct line {
    struct list entries;  /* in memory, in order */
    struct list in_ready; /* lines.ready, lines.bulk or lines.asleep */
    struct id room;
    unsigned n_entries;
    bool is_unsure;         /* its first entry may have been out in an earlier life of the gateway */
    bool is_bulk;           /* with nothing in memory: what is in the store begins with bulk, as far as is known */
    bool has_more;          /* further entries are in the store … */
    uint64_t stored_after;  /* … after this sequence */
    uint64_t not_before_ms; /* asleep until then; 0: awake */
    bool is_from_before;    /* that time is what an earlier life of the gateway wrote */
};

struct entry {
    struct list in_line, in_open; /* open: in memory only, in journal order; what the floor waits for */
    struct list in_doubt;
    struct line *line;
    struct seat *seat, *prefers;
    uint64_t seq, handed_ms, until_ms, retry_at_ms;
    struct target_set left, told; /* told: answered, but not finally */
    uint32_t attempts;
    uint8_t state;
    uint8_t replica[REPLICA_BYTES]; /* last holder */
    bool is_stored, maybe_sent, any_unknown, any_deferred;
    bool vanished;   /* did the last holder, instead of waiting for a proof in vain? */
    bool is_holders; /* who had it is back, in `prefers`: it goes to nobody else, and is not doubted while he stays */
    bool is_away;    /* its targets are counted among the addresses a send is out to */
    bool is_bulk;
};

struct lines {
    struct map by_room, by_seq;
    struct list ready; /* may have something to hand out that is not bulk */
    struct list bulk;  /* begin with bulk */
    struct list asleep, doubts, open;
    unsigned n_entries;
};

void lines_init(struct lines *lines);
void lines_deinit(struct lines *lines);

struct line *lines_of(const struct lines *lines, const struct id *room); /* NULL: nothing waits */
struct entry *lines_find(const struct lines *lines, uint64_t seq);

/* The line of the room, made when there is none. -ENOMEM, -ENOSPC. */
must_use_ int lines_open(struct lines *lines, const struct id *room, struct line **ret);

/* Puts an entry in its place in the line by sequence. -ENOMEM, -ENOSPC. */
must_use_ int lines_add(struct lines *lines, struct line *line, uint64_t seq, struct entry **ret);

/* The entry is free of its seat. */
void lines_release(struct entry *entry);

/* Frees the entry. */
void lines_drop(struct lines *lines, struct entry *entry);

/* Frees the line when nothing is left of it. True: it is gone. */
bool lines_close(struct lines *lines, struct line *line);

/* The line may have something to hand out. */
void lines_wake(struct lines *lines, struct line *line);
void lines_sleep(struct lines *lines, struct line *line, uint64_t not_before_ms);

/* Smallest sequence that is nowhere but in memory; `next` when there is none. */
uint64_t lines_first_open(const struct lines *lines, uint64_t next);

#endif
