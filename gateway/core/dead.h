/* Dead letters: targets that bounced or were given up, kept for inspection and another try. While the journal has the
 * envelope a letter is only a pointer to it; when the journal forgets, the letter keeps how it ended and nothing else.
 */
#ifndef TREFOIL_CORE_DEAD_H
#define TREFOIL_CORE_DEAD_H

#include <stdbool.h>

#include "core/id.h"
#include "core/record.h"
#include "core/tables.h"

#define DEAD_TARGET_BITS 12

struct ending;

struct dead_letter {
    uint64_t id; /* sequence and target: letters are in the order of their envelopes */
    struct id channel;
    uint64_t since_ms;
    bool is_pruned; /* the envelope is gone; the rest is here */
    struct id envelope_id;
    uint32_t code, subcode, attempts;
    struct bytes account, address, reason; /* in the scratch */
};

static inline uint64_t dead_id(uint64_t seq, uint32_t target)
{
    return seq << DEAD_TARGET_BITS | (target & ((1u << DEAD_TARGET_BITS) - 1));
}

static inline uint64_t dead_seq(uint64_t id)
{
    return id >> DEAD_TARGET_BITS;
}

static inline uint32_t dead_target(uint64_t id)
{
    return (uint32_t) (id & ((1u << DEAD_TARGET_BITS) - 1));
}

void dead_write(struct tables *tables, const struct dead_letter *letter);
void dead_delete(struct tables *tables, uint64_t id);

/* Makes the letter stand alone: its record is about to go. */
must_use_ int dead_keep(struct tables *tables, struct arena *scratch, const struct record *record, uint32_t target,
                        const struct ending *ending);

must_use_ int dead_get(struct tables *tables, struct arena *scratch, uint64_t id, struct dead_letter *ret);

/* Walks the letters of a channel, or of all (NULL), after `after`, in order. Slices live during the call. */
must_use_ int dead_scan(struct tables *tables, const struct id *channel, uint64_t after,
                        int (*each)(void *context, const struct dead_letter *letter), void *context);

#define DEAD_EXPIRE_AT_ONCE 1024

/* Forgets the channel's letters from before this time, DEAD_EXPIRE_AT_ONCE at most: how they ended stays in the books.
 * 1: there are more. */
must_use_ int dead_expire(struct tables *tables, const struct id *channel, uint64_t before_ms, uint64_t *ret_count);

/* How many letters there are, and since when the oldest lies there; looks at `most` of them. False: there are more. */
struct dead_facts {
    uint64_t n, oldest_ms;
};
bool dead_look(struct tables *tables, const struct id *channel, uint64_t most, struct dead_facts *ret);

#endif
