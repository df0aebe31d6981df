/* One generation of seen ids: a hash table kept in the order of the ids. Never shrinks, never forgets single ids. */
#ifndef TREFOIL_GATEWAY_IO_SEEN_TABLE_H
#define TREFOIL_GATEWAY_IO_SEEN_TABLE_H

#include "seen.h"

/* `before`: as many ids are expected as that one has room for; NULL: few, or many. It asks for memory with its first id. NULL:
 * there is none. */
must_use_ struct seen_generation *seen_generation_new(uint32_t number, const struct seen_generation *before);
struct seen_generation *seen_generation_free(struct seen_generation *generation);

bool seen_generation_find(const struct seen_generation *generation, struct seen_id id, uint64_t *ret_seq);

void seen_generation_expect(const struct seen_generation *generation,
                            struct seen_id id); /* it will be looked for soon */

/* An id marked twice keeps the newer sequence. 0, -ENOMEM. */
must_use_ int seen_generation_add(struct seen_generation *generation, struct seen_mark mark, uint64_t now_ms);

#endif
