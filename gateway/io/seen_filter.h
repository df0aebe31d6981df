/* Which runs may hold an id: a Bloom filter per run, sliced so that one look answers for 64 runs at once.
 * Never says no wrongly.
 */
#ifndef TREFOIL_GATEWAY_IO_SEEN_FILTER_H
#define TREFOIL_GATEWAY_IO_SEEN_FILTER_H

#include "seen.h"

struct seen_filter;

must_use_ struct seen_filter *seen_filter_new(void);
struct seen_filter *seen_filter_free(struct seen_filter *filter);

/* The ids added from now on belong to this run. Runs come in the order of their numbers. -ENOMEM. */
must_use_ int seen_filter_begin_run(struct seen_filter *filter, uint32_t run, uint32_t n_ids);
void seen_filter_add(struct seen_filter *filter, struct seen_id id);

/* As seen_candidates(). */
void seen_filter_expect(const struct seen_filter *filter, struct seen_id id); /* it will be looked for soon */
size_t seen_filter_candidates(const struct seen_filter *filter, struct seen_id id, uint32_t *ret);

/* Forgets the runs before this number; memory comes back when all runs of a sheet are gone. */
void seen_filter_forget(struct seen_filter *filter, uint32_t first_kept);

#endif
