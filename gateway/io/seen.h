/* The memory of envelope ids: a generation of newest ids in a hash table, older ones known by a filter over runs that
 * lie elsewhere. Never touches a file: who owns it writes full generations down and looks candidates up.
 *
 * Ids are mixed with a seed first: a one-to-one mapping, so that equality survives and nobody outside can choose where
 * an id falls. Generations and runs carry the same number: a generation that has been written down is a run.
 */
#ifndef TREFOIL_GATEWAY_IO_SEEN_H
#define TREFOIL_GATEWAY_IO_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/list.h"

#define SEEN_GENERATION_IDS ((uint32_t) 1 << 18) /* ids of one generation */
#define SEEN_RUNS_MAX 1024                       /* runs remembered; the oldest goes when one more comes */

struct seen_id {
    uint64_t high, low; /* mixed */
};

struct seen_mark {
    struct seen_id id;
    uint64_t seq;
};

struct seen_run {
    uint32_t number;
    uint32_t n_ids;
    uint64_t oldest_ms, newest_ms; /* when the first and the last of them were marked */
};

struct seen_generation {
    struct list link;
    struct seen_generation *next; /* free for who has it written down */
    struct seen_run run;
    struct seen_mark *slots; /* `seq` is one more than what was marked; 0: free */
    size_t n_slots;
    unsigned bits; /* an id belongs at its highest `bits` bits, or a little later */
};

struct seen;

/* `number` is that of the generation to begin with. NULL: no memory. */
must_use_ struct seen *seen_new(const uint64_t seed[2], uint32_t number);
struct seen *seen_free(struct seen *seen);

struct seen_id seen_id_of(const struct seen *seen, const uint8_t id[16]);
int seen_id_compare(struct seen_id a, struct seen_id b);

/* Is it in a generation still in memory? */
bool seen_find(const struct seen *seen, struct seen_id id, uint64_t *ret_seq);

/* It will be looked for soon: memory brings what that needs. */
void seen_expect(const struct seen *seen, struct seen_id id);

/* The runs that may hold it (a few of them wrongly), into `ret`, which has room for SEEN_RUNS_MAX. */
size_t seen_candidates(const struct seen *seen, struct seen_id id, uint32_t *ret);

/* Into the current generation. 0, -ENOMEM. */
must_use_ int seen_add(struct seen *seen, struct seen_mark mark, uint64_t now_ms);

const struct seen_run *seen_current(const struct seen *seen);

/* Ends the current generation and begins the next. The old one is still searched, and stays unchanged, until
 * seen_settle(). NULL: no memory, nothing happened. */
must_use_ struct seen_generation *seen_turn(struct seen *seen);

/* The generation has become a run: from now on only the filter knows it. Takes and frees it. */
void seen_settle(struct seen *seen, struct seen_generation **generation);

/* A run found at opening. Until its ids are loaded as well it may hold any id. -ENOSPC when there are too many runs. */
must_use_ int seen_load_run(struct seen *seen, const struct seen_run *run);

/* The run to be loaded next, newest first; false: there is none. Its ids are loaded between two calls, in order; in between
 * everything else may be asked for and done. A run that is forgotten meanwhile is not asked for again. -ENOMEM. */
bool seen_unloaded(const struct seen *seen, uint32_t *ret_run);
must_use_ int seen_begin_loading(struct seen *seen, uint32_t run);
void seen_load_id(struct seen *seen, struct seen_id id);
void seen_end_loading(struct seen *seen, uint32_t run);

/* The number of the first run that has to stay: all before end before `before_ms`, or are too many. */
uint32_t seen_first_kept(const struct seen *seen, uint64_t before_ms);

/* Forgets the runs before this number. */
void seen_forget(struct seen *seen, uint32_t first_kept);

/* Ids remembered. */
uint64_t seen_count(const struct seen *seen);

/* The ids of a generation that changes no more, sorted, `seq` as marked, into `ret` with room for run.n_ids. */
void seen_generation_sort(const struct seen_generation *generation, struct seen_mark *ret);

#endif
