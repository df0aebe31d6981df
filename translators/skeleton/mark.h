/* The mark put into a send: "tf1.<seq>.<target>". Its return proves what became of that delivery.
 * Never carries anything a stranger could use.
 */
#ifndef TREFOIL_SKELETON_MARK_H
#define TREFOIL_SKELETON_MARK_H

#include <stdint.h>

#include "base/arena.h"
#include "base/attributes.h"

/* NULL when the arena is exhausted. */
must_use_ const char *mark_make(struct arena *mem, uint64_t seq, uint32_t target);

/* 0, or -EBADMSG for everything mark_make() does not write: what comes back may be anybody's text. */
must_use_ int mark_parse(const char *mark, uint64_t *ret_seq, uint32_t *ret_target);

#endif
