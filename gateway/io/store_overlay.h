/* Table changes that are not on disk yet, found by key, so that reads see them. Never owns a change.
 */
#ifndef TREFOIL_GATEWAY_IO_STORE_OVERLAY_H
#define TREFOIL_GATEWAY_IO_STORE_OVERLAY_H

#include "store_batch.h"

/* Keys of this length and more are also found by what they begin with: a walk over one room's rows passes no other room's. */
#define OVERLAY_GROUP_BYTES 48u
#define OVERLAY_GROUPS 4096u /* a power of two */

struct overlay {
    struct change **buckets;
    size_t n_buckets; /* a power of two */
    size_t count;
    struct list tables[STORE_N_TABLES];
    struct list *groups; /* OVERLAY_GROUPS */
};

must_use_ int overlay_init(struct overlay *overlay);
void overlay_deinit(struct overlay *overlay);

uint64_t overlay_hash(enum store_table table, struct bytes key);

/* The newest change of this key, or NULL. */
struct change *overlay_find(const struct overlay *overlay, enum store_table table, struct bytes key, uint64_t hash);

/* Shows the change, which has its hash, in the place of `older` (may be NULL), which is hidden. */
void overlay_show(struct overlay *overlay, struct change *change, struct change *older);

/* Hides it, when it is still shown. */
void overlay_hide(struct overlay *overlay, struct change *change);

/* The changes of a table with this prefix and after `after`, in key order, in a block to free(). -ENOMEM. */
must_use_ int overlay_sorted(const struct overlay *overlay, enum store_table table, struct bytes prefix,
                             struct bytes after, struct change ***ret, size_t *ret_n);

#endif
