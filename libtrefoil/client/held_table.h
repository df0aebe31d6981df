/* Deliveries by their sequence: neighbours in the journal are neighbours here. Never owns what it links.
 *
 * A table of its own, because it is asked five times for each delivery there is: no hash is made, no key is copied, and
 * sequences in a row never meet.
 */
#ifndef TREFOIL_CLIENT_HELD_TABLE_H
#define TREFOIL_CLIENT_HELD_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

/* In whatever is held. */
struct held_node {
    struct held_node *next; /* in its chain */
    uint64_t seq;
};

struct held_table {
    struct held_node **chains; /* `room` of them, a power of two; NULL before the first */
    size_t room, count, max_count;
};

#define HELD_TABLE_EMPTY(max_count_) ((struct held_table){ .max_count = (max_count_) })

void held_table_deinit(struct held_table *table);

/* NULL when there is none. */
struct held_node *held_table_get(const struct held_table *table, uint64_t seq);

/* Adds it under its `seq`, of which there is none. -ENOMEM, -ENOSPC (`max_count` are there). */
must_use_ int held_table_add(struct held_table *table, struct held_node *node);

/* Takes it out: it is there. */
void held_table_remove(struct held_table *table, struct held_node *node);

/* All of them, in no order: the first after `node`, or the first of all after NULL. NULL after the last. */
struct held_node *held_table_after(const struct held_table *table, const struct held_node *node);

#endif
