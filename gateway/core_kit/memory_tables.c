/* Sorted arrays: obvious, and fast enough for ten thousand rooms. */
#include "core_kit/memory_tables.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct row {
    uint8_t *key, *value;
    size_t key_size, value_size;
};

struct memory_table {
    struct row *rows;
    size_t n;
};

struct memory_tables {
    struct memory_table tables[N_TABLES + 1]; /* the last one: seen ids */
    struct memory_table journal;
    uint64_t first, head, durable, random;
    int broken; /* what reading a record answers; 0: the record */
};

#define SEEN N_TABLES

static uint8_t *copy(struct bytes bytes)
{
    uint8_t *block = malloc(bytes.size + 1);

    assert(block);
    assert(bytes_copy(bytes, block, bytes.size) == 0);
    return block;
}

static struct bytes key_of(const struct row *row)
{
    return bytes_make(row->key, row->key_size);
}

static size_t find(const struct memory_table *table, struct bytes key, bool *ret_is_there)
{
    size_t at = 0, end = table->n;

    while (at < end) {
        size_t middle = at + (end - at) / 2;

        if (bytes_compare(key_of(&table->rows[middle]), key) < 0)
            at = middle + 1;
        else
            end = middle;
    }
    *ret_is_there = at < table->n && bytes_equal(key_of(&table->rows[at]), key);
    return at;
}

static void set(struct memory_table *table, struct bytes key, struct bytes value)
{
    bool is_there;
    size_t at = find(table, key, &is_there);

    if (!is_there) {
        table->rows = realloc(table->rows, (table->n + 1) * sizeof(*table->rows));
        assert(table->rows);
        memmove(&table->rows[at + 1], &table->rows[at], (table->n - at) * sizeof(*table->rows));
        table->n++;
        table->rows[at] = (struct row){ copy(key), NULL, key.size, 0 };
    }
    free(table->rows[at].value);
    table->rows[at].value = copy(value);
    table->rows[at].value_size = value.size;
}

static void unset(struct memory_table *table, struct bytes key)
{
    bool is_there;
    size_t at = find(table, key, &is_there);

    if (!is_there)
        return;
    free(table->rows[at].key);
    free(table->rows[at].value);
    memmove(&table->rows[at], &table->rows[at + 1], (table->n - at - 1) * sizeof(*table->rows));
    table->n--;
}

static int look_up(const struct memory_table *table, struct bytes key, struct arena *mem, struct bytes *ret)
{
    bool is_there;
    size_t at = find(table, key, &is_there);

    if (!is_there)
        return -ENOENT;
    *ret = arena_copy(mem, bytes_make(table->rows[at].value, table->rows[at].value_size));
    return 0;
}

static struct bytes seq_key(uint64_t seq, uint8_t big[8])
{
    for (int i = 0; i < 8; i++)
        big[i] = (uint8_t) (seq >> (56 - 8 * i));
    return bytes_make(big, 8);
}

static int append(void *owner, struct bytes record, uint64_t now_ms, uint64_t *ret_seq)
{
    struct memory_tables *memory = owner;
    uint8_t big[8];

    (void) now_ms;
    *ret_seq = ++memory->head;
    set(&memory->journal, seq_key(*ret_seq, big), record);
    return 0;
}

static int put(void *owner, enum table table, struct bytes key, struct bytes value)
{
    set(&((struct memory_tables *) owner)->tables[table], key, value);
    return 0;
}

static int delete (void *owner, enum table table, struct bytes key)
{
    unset(&((struct memory_tables *) owner)->tables[table], key);
    return 0;
}

static int get(void *owner, enum table table, struct bytes key, struct arena *mem, struct bytes *ret)
{
    return look_up(&((struct memory_tables *) owner)->tables[table], key, mem, ret);
}

static int scan(void *owner, enum table table, struct bytes prefix, struct bytes after,
                int (*each)(void *context, struct bytes key, struct bytes value), void *context)
{
    struct memory_table *in = &((struct memory_tables *) owner)->tables[table];

    for (size_t i = 0; i < in->n; i++) {
        struct bytes key = key_of(&in->rows[i]);

        if (!bytes_equal(bytes_slice(key, 0, prefix.size), prefix))
            continue;
        if (after.size > 0 && bytes_compare(key, after) <= 0)
            continue;
        int r = each(context, key, bytes_make(in->rows[i].value, in->rows[i].value_size));
        if (r != 0)
            return r;
    }
    return 0;
}

static int seen(void *owner, const uint8_t *id, uint64_t *ret_seq)
{
    struct arena mem = ARENA_EMPTY(4096);
    struct bytes row;
    int r = get(owner, (enum table) SEEN, bytes_make(id, 16), &mem, &row);

    if (r == 0) {
        struct cursor at = { row };

        r = cursor_u64(&at, ret_seq) == 0;
    }
    arena_deinit(&mem);
    return r == -ENOENT ? 0 : r;
}

static void expect(void *owner, const uint8_t *id)
{
    (void) owner;
    (void) id;
}

static int mark_seen(void *owner, const uint8_t *id, uint64_t seq, uint64_t now_ms)
{
    uint8_t big[8];

    (void) now_ms;
    return put(owner, (enum table) SEEN, bytes_make(id, 16), seq_key(seq, big));
}

static int read_from(void *owner, uint64_t from_seq, int (*each)(void *context, uint64_t seq, struct bytes record),
                     void *context)
{
    struct memory_tables *memory = owner;

    for (size_t i = 0; i < memory->journal.n; i++) {
        struct cursor at = { key_of(&memory->journal.rows[i]) };
        uint64_t seq;

        if (cursor_u64(&at, &seq) < 0 || seq < from_seq || seq > memory->durable)
            continue;
        int r = each(context, seq, bytes_make(memory->journal.rows[i].value, memory->journal.rows[i].value_size));
        if (r != 0)
            return r;
    }
    return 0;
}

static int record(void *owner, uint64_t seq, struct arena *mem, struct bytes *ret)
{
    struct memory_tables *memory = owner;
    uint8_t big[8];

    return memory->broken ? memory->broken : look_up(&memory->journal, seq_key(seq, big), mem, ret);
}

static int prune(void *owner, uint64_t up_to_seq, uint64_t now_ms)
{
    struct memory_tables *memory = owner;
    uint8_t big[8];

    (void) now_ms;
    for (; memory->first <= up_to_seq; memory->first++)
        unset(&memory->journal, seq_key(memory->first, big));
    return 0;
}

static uint64_t head(void *owner)
{
    return ((struct memory_tables *) owner)->head;
}

static uint64_t tail(void *owner)
{
    return ((struct memory_tables *) owner)->first;
}

static uint64_t durable(void *owner)
{
    return ((struct memory_tables *) owner)->durable;
}

static void random_bytes(void *owner, void *to, size_t size)
{
    struct memory_tables *memory = owner;
    uint8_t *bytes = to;

    for (size_t i = 0; i < size; i++) {
        memory->random = memory->random * 6364136223846793005u + 1442695040888963407u;
        bytes[i] = (uint8_t) (memory->random >> 56);
    }
}

struct memory_tables *memory_tables_new(void)
{
    struct memory_tables *memory = calloc(1, sizeof(*memory));

    assert(memory);
    memory->first = 1;
    return memory;
}

static void clear(struct memory_table *table)
{
    while (table->n > 0)
        unset(table, key_of(&table->rows[table->n - 1]));
    free(table->rows);
}

struct memory_tables *memory_tables_free(struct memory_tables *memory)
{
    for (size_t i = 0; i <= N_TABLES; i++)
        clear(&memory->tables[i]);
    clear(&memory->journal);
    free(memory);
    return NULL;
}

struct tables memory_tables_tables(struct memory_tables *memory)
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

    return (struct tables){ &ops, memory, 0 };
}

void memory_tables_commit(struct memory_tables *memory)
{
    memory->durable = memory->head;
}

size_t memory_tables_count(const struct memory_tables *memory, enum table table)
{
    return memory->tables[table].n;
}

void memory_tables_break(struct memory_tables *memory, int error)
{
    memory->broken = error;
}
