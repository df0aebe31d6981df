/* The store, seen as the core's tables: the same calls under other names. Never adds a rule. */
#include <sodium.h>

#include "gateway.h"

_Static_assert((int) TABLE_SUBSCRIPTIONS == (int) STORE_SUBSCRIPTIONS && (int) TABLE_PARKED == (int) STORE_PARKED &&
                   (int) TABLE_SENT == (int) STORE_SENT && (int) TABLE_DEAD == (int) STORE_DEAD &&
                   (int) TABLE_COUNTERS == (int) STORE_COUNTERS &&
                   (int) TABLE_CAPABILITIES == (int) STORE_CAPABILITIES && (int) N_TABLES == (int) STORE_N_TABLES,
               "the core's tables are the store's");

static int append(void *owner, struct bytes record, uint64_t now_ms, uint64_t *ret_seq)
{
    return store_append(owner, record, now_ms, ret_seq);
}

static int put(void *owner, enum table table, struct bytes key, struct bytes value)
{
    return store_put(owner, (enum store_table) table, key, value);
}

static int delete (void *owner, enum table table, struct bytes key)
{
    return store_delete(owner, (enum store_table) table, key);
}

static int get(void *owner, enum table table, struct bytes key, struct arena *mem, struct bytes *ret)
{
    return store_get(owner, (enum store_table) table, key, mem, ret);
}

static int scan(void *owner, enum table table, struct bytes prefix, struct bytes after,
                int (*each)(void *context, struct bytes key, struct bytes value), void *context)
{
    return store_scan(owner, (enum store_table) table, prefix, after, each, context);
}

static int seen(void *owner, const uint8_t *id, uint64_t *ret_seq)
{
    return store_seen(owner, id, ret_seq);
}

static void expect(void *owner, const uint8_t *id)
{
    store_expect(owner, id);
}

static int mark_seen(void *owner, const uint8_t *id, uint64_t seq, uint64_t now_ms)
{
    return store_mark_seen(owner, id, seq, now_ms);
}

static int read_from(void *owner, uint64_t from_seq, int (*each)(void *context, uint64_t seq, struct bytes record),
                     void *context)
{
    return store_read(owner, from_seq, each, context);
}

static int record(void *owner, uint64_t seq, struct arena *mem, struct bytes *ret)
{
    return store_record(owner, seq, mem, ret);
}

static int prune(void *owner, uint64_t up_to_seq, uint64_t now_ms)
{
    return store_prune(owner, up_to_seq, now_ms);
}

static uint64_t head(void *owner)
{
    return store_head(owner);
}

static uint64_t tail(void *owner)
{
    return store_tail(owner);
}

static uint64_t durable(void *owner)
{
    return store_durable(owner);
}

static void random_bytes(void *owner, void *to, size_t size)
{
    (void) owner;
    randombytes_buf(to, size);
}

struct tables tables_of_store(struct store *store)
{
    static const struct tables_ops ops = { .append = append,
                                           .put = put,
                                           .delete = delete,
                                           .get = get,
                                           .scan = scan,
                                           .seen = seen,
                                           .expect = expect,
                                           .mark_seen = mark_seen,
                                           .read = read_from,
                                           .record = record,
                                           .prune = prune,
                                           .head = head,
                                           .tail = tail,
                                           .durable = durable,
                                           .random = random_bytes };

    return (struct tables){ &ops, store, 0 };
}
