/* Rows of notes. Never on the way of an envelope that goes straight through. */
#include "core/trace.h"

#include <errno.h>

#include "core/broker.h"

#define TRACE_KEYS_PER_SCAN 64
#define PAST_END 2 /* what ends a walk over notes: there are none left that may go */

static void put_tiny(struct writer *to, struct bytes bytes)
{
    struct bytes part = bytes_slice(bytes, 0, OUTCOME_TEXT_MAX_BYTES);

    writer_u8(to, (uint8_t) part.size);
    writer_put(to, part);
}

static int take_tiny(struct cursor *at, struct bytes *ret)
{
    uint8_t size;

    return cursor_u8(at, &size) < 0 ? -EBADMSG : cursor_take(at, size, ret);
}

void trace_note(struct broker *broker, uint64_t seq, const struct hop *hop)
{
    struct key key = { .size = 0 };
    uint8_t row[3 * (OUTCOME_TEXT_MAX_BYTES + 1) + 16];
    struct writer to = writer_make(row, sizeof(row));

    key_u64(&key, seq);
    key_u64(&key, broker->now_ms);
    key_u64(&key, ++broker->trace_count);
    writer_u32(&to, hop->target);
    writer_u8(&to, hop->outcome);
    put_tiny(&to, hop->what);
    put_tiny(&to, hop->who);
    put_tiny(&to, hop->text);
    tables_put(&broker->tables, TABLE_TRACE, key_bytes(&key), writer_bytes(&to));
}

struct walk {
    int (*each)(void *context, const struct hop *hop);
    void *context;
};

static int visit(void *context, struct bytes key, struct bytes value)
{
    const struct walk *walk = context;
    struct cursor key_at = { bytes_slice(key, 8, 8) }, at = { value };
    struct hop hop = { 0 };

    if (cursor_u64(&key_at, &hop.at_ms) < 0 || cursor_u32(&at, &hop.target) < 0 || cursor_u8(&at, &hop.outcome) < 0 ||
        take_tiny(&at, &hop.what) < 0 || take_tiny(&at, &hop.who) < 0 || take_tiny(&at, &hop.text) < 0)
        return -EBADMSG;
    return walk->each(walk->context, &hop);
}

int trace_scan(struct broker *broker, uint64_t seq, int (*each)(void *context, const struct hop *hop), void *context)
{
    struct walk walk = { each, context };
    struct key prefix = { .size = 0 };

    key_u64(&prefix, seq);
    return broker->tables.ops->scan(broker->tables.owner, TABLE_TRACE, key_bytes(&prefix), BYTES_EMPTY, visit, &walk);
}

struct keys {
    uint64_t up_to;
    struct key key[TRACE_KEYS_PER_SCAN];
    size_t n;
};

static int collect(void *context, struct bytes key, struct bytes value)
{
    struct keys *keys = context;
    struct cursor at = { key };
    uint64_t seq;

    (void) value;
    if (cursor_u64(&at, &seq) < 0)
        return -EBADMSG;
    if (seq > keys->up_to)
        return PAST_END;
    keys->key[keys->n].size = 0;
    key_put(&keys->key[keys->n++], key);
    return keys->n == TRACE_KEYS_PER_SCAN;
}

int trace_prune(struct broker *broker, uint64_t from, uint64_t up_to)
{
    struct key after = { .size = 0 };
    struct keys keys = { .up_to = up_to };
    int r;

    key_u64(&after, from); /* shorter than any key of it, and before them all */
    do {
        keys.n = 0;
        r = broker->tables.ops->scan(broker->tables.owner, TABLE_TRACE, BYTES_EMPTY, key_bytes(&after), collect, &keys);
        for (size_t i = 0; i < keys.n; i++)
            tables_delete(&broker->tables, TABLE_TRACE, key_bytes(&keys.key[i]));
        if (keys.n > 0)
            after = keys.key[keys.n - 1];
    } while (r > 0 && r != PAST_END);
    return r < 0 ? r : 0;
}

static int count_one(void *context, unused_ struct bytes key, unused_ struct bytes value)
{
    size_t *n = context;

    return ++*n == GATEWAY_HOPS_PER_ENVELOPE;
}

bool trace_has_room(struct broker *broker, uint64_t seq)
{
    struct key prefix = { .size = 0 };
    size_t n = 0;

    key_u64(&prefix, seq);
    return broker->tables.ops->scan(broker->tables.owner, TABLE_TRACE, key_bytes(&prefix), BYTES_EMPTY, count_one,
                                    &n) == 0;
}
