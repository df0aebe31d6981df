/* What the core asks of memory that survives: a journal, tables, seen ids. Filled by the owner from the store; the core
 * never knows what is behind it. Everything is collected by the owner into one batch, durable as a whole.
 */
#ifndef TREFOIL_CORE_TABLES_H
#define TREFOIL_CORE_TABLES_H

#include <stdint.h>

#include "base/arena.h"
#include "base/attributes.h"
#include "base/bytes.h"

/* The same order as enum store_table: the owner asserts it. */
enum table {
    TABLE_SUBSCRIPTIONS,
    TABLE_PARKED,
    TABLE_ADDRESSES,
    TABLE_PERSONS,
    TABLE_ROOMS,
    TABLE_REFS,
    TABLE_SENT,
    TABLE_GRANTS,
    TABLE_TRUST,
    TABLE_DEAD,
    TABLE_IDS,
    TABLE_TRACE,
    TABLE_COUNTERS,
    TABLE_CAPABILITIES,
    N_TABLES,
};

struct tables_ops {
    int (*append)(void *owner, struct bytes record, uint64_t now_ms, uint64_t *ret_seq);
    int (*put)(void *owner, enum table table, struct bytes key, struct bytes value);
    int (*delete)(void *owner, enum table table, struct bytes key);
    int (*get)(void *owner, enum table table, struct bytes key, struct arena *mem, struct bytes *ret);
    int (*scan)(void *owner, enum table table, struct bytes prefix, struct bytes after,
                int (*each)(void *context, struct bytes key, struct bytes value), void *context);
    int (*seen)(void *owner, const uint8_t *id, uint64_t *ret_seq);
    void (*expect)(void *owner, const uint8_t *id); /* this id will be looked for soon */
    int (*mark_seen)(void *owner, const uint8_t *id, uint64_t seq, uint64_t now_ms);
    int (*read)(void *owner, uint64_t from_seq, int (*each)(void *context, uint64_t seq, struct bytes record),
                void *context);
    int (*record)(void *owner, uint64_t seq, struct arena *mem, struct bytes *ret);
    int (*prune)(void *owner, uint64_t up_to_seq, uint64_t now_ms);
    uint64_t (*head)(void *owner);
    uint64_t (*tail)(void *owner);
    uint64_t (*durable)(void *owner);
    void (*random)(void *owner, void *to, size_t size);
};

struct tables {
    const struct tables_ops *ops;
    void *owner;
    int failed; /* the first -errno of a write since it was cleared: the owner looks once per tick */
};

/* Writes remember their failure in `failed`, so that a step of ten writes is checked once. */
static inline void tables_put(struct tables *tables, enum table table, struct bytes key, struct bytes value)
{
    int r = tables->ops->put(tables->owner, table, key, value);

    if (r < 0 && tables->failed == 0)
        tables->failed = r;
}

static inline void tables_delete(struct tables *tables, enum table table, struct bytes key)
{
    int r = tables->ops->delete (tables->owner, table, key);

    if (r < 0 && tables->failed == 0)
        tables->failed = r;
}

must_use_ static inline int tables_get(struct tables *tables, enum table table, struct bytes key, struct arena *mem,
                                       struct bytes *ret)
{
    return tables->ops->get(tables->owner, table, key, mem, ret);
}

#endif
