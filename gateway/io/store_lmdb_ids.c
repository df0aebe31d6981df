/* Ids on disk: runs of sorted blocks and the log of the newest; and dropping what is over. Never keeps ids in memory. */
#include "store_lmdb_inner.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define RUN_HEAD_BYTES 20 /* how many, oldest, newest */

static int put_block(MDB_txn *txn, MDB_dbi table, uint32_t run, const struct seen_mark *marks, size_t n)
{
    uint8_t name[BLOCK_KEY_BYTES];
    MDB_val key = { sizeof(name), name }, value = { n * MARK_BYTES, NULL };

    put_u32(name, run);
    put_u64(name + 4, marks[0].id.high);
    put_u64(name + 12, marks[0].id.low);
    int r = mdb_put(txn, table, &key, &value, MDB_APPEND | MDB_RESERVE);
    for (size_t i = 0; i < n && r == MDB_SUCCESS; i++)
        put_mark((uint8_t *) value.mv_data + i * MARK_BYTES, marks[i]);
    return lmdb_error(r);
}

int lmdb_put_run(struct lmdb *lmdb, MDB_txn *txn, const struct seen_generation *generation)
{
    size_t n = generation->run.n_ids;
    struct seen_mark *sorted = malloc((n ? n : 1) * sizeof(*sorted));
    uint8_t name[RUN_KEY_BYTES], head[RUN_HEAD_BYTES];
    MDB_val key = { sizeof(name), name }, value = { sizeof(head), head };

    if (!sorted)
        return -ENOMEM;
    seen_generation_sort(generation, sorted);
    put_u32(name, generation->run.number);
    put_u32(head, generation->run.n_ids);
    put_u64(head + 4, generation->run.oldest_ms);
    put_u64(head + 12, generation->run.newest_ms);
    int r = lmdb_error(mdb_put(txn, lmdb->own[TABLE_RUNS], &key, &value, MDB_APPEND));
    for (size_t at = 0; at < n && r == 0; at += LMDB_BLOCK_IDS)
        r = put_block(txn, lmdb->own[TABLE_RUNS], generation->run.number, sorted + at,
                      n - at < LMDB_BLOCK_IDS ? n - at : LMDB_BLOCK_IDS);
    free(sorted);
    return r;
}

static int search_block(MDB_val block, struct seen_id id, uint64_t *ret_seq)
{
    size_t low = 0, high = block.mv_size / MARK_BYTES;

    while (low < high) {
        size_t middle = (low + high) / 2;
        struct seen_mark mark = get_mark((const uint8_t *) block.mv_data + middle * MARK_BYTES);
        int order = seen_id_compare(mark.id, id);

        if (order == 0) {
            *ret_seq = mark.seq;
            return 1;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return 0;
}

/* The last block of the run that begins at the id or before it. */
static int find_block(MDB_cursor *cursor, uint32_t run, struct seen_id id, MDB_val *ret)
{
    uint8_t name[BLOCK_KEY_BYTES];
    MDB_val key = { sizeof(name), name };

    put_u32(name, run);
    put_u64(name + 4, id.high);
    put_u64(name + 12, id.low);
    int r = mdb_cursor_get(cursor, &key, ret, MDB_SET_RANGE);
    if (r == MDB_NOTFOUND)
        r = mdb_cursor_get(cursor, &key, ret, MDB_LAST);
    else if (r == MDB_SUCCESS && (key.mv_size != sizeof(name) || memcmp(key.mv_data, name, sizeof(name)) != 0))
        r = mdb_cursor_get(cursor, &key, ret, MDB_PREV);
    if (r != MDB_SUCCESS)
        return lmdb_error(r);
    return key.mv_size == BLOCK_KEY_BYTES && get_u32(key.mv_data) == run ? 0 : -ENOENT;
}

int lmdb_find_id(struct lmdb *lmdb, uint32_t run, struct seen_id id, uint64_t *ret_seq)
{
    MDB_txn *txn;
    MDB_cursor *cursor;
    MDB_val block;

    pthread_mutex_lock(&lmdb->lock);
    int r = lmdb_reader(lmdb, &txn);
    if (r == 0)
        r = lmdb_error(mdb_cursor_open(txn, lmdb->own[TABLE_RUNS], &cursor));
    if (r == 0) {
        r = find_block(cursor, run, id, &block);
        if (r == 0)
            r = search_block(block, id, ret_seq);
        mdb_cursor_close(cursor);
    }
    pthread_mutex_unlock(&lmdb->lock);
    return r == -ENOENT ? 0 : r;
}

/* Their heads: the next one is behind all blocks of this one. */
static int load_runs(MDB_cursor *cursor, struct seen *seen, uint32_t first_run)
{
    uint8_t name[RUN_KEY_BYTES];
    uint32_t wanted = first_run;

    for (;;) {
        MDB_val key = { sizeof(name), name }, value;

        put_u32(name, wanted);
        int r = lmdb_error(mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE));
        if (r < 0)
            return r == -ENOENT ? 0 : r;
        if (key.mv_size != RUN_KEY_BYTES || value.mv_size != RUN_HEAD_BYTES || get_u32(key.mv_data) == UINT32_MAX)
            return -EBADMSG;
        const uint8_t *data = value.mv_data;
        struct seen_run run = { get_u32(key.mv_data), get_u32(data), get_u64(data + 4), get_u64(data + 12) };
        r = seen_load_run(seen, &run);
        if (r < 0)
            return r;
        wanted = run.number + 1;
    }
}

static bool is_block_of(uint32_t run, MDB_val key)
{
    return key.mv_size == BLOCK_KEY_BYTES && get_u32(key.mv_data) == run;
}

static int load_blocks(MDB_cursor *cursor, uint32_t run, size_t n_ids, struct seen_id *at, struct seen *seen)
{
    uint8_t name[BLOCK_KEY_BYTES];
    MDB_val key = { sizeof(name), name }, value;
    size_t n_loaded = 0;

    put_u32(name, run);
    put_u64(name + 4, at->high);
    put_u64(name + 12, at->low);
    int r = lmdb_error(mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE));
    for (; r == 0 && is_block_of(run, key); r = lmdb_error(mdb_cursor_get(cursor, &key, &value, MDB_NEXT))) {
        const uint8_t *name_of = key.mv_data;

        if (n_loaded >= n_ids) {
            *at = (struct seen_id){ get_u64(name_of + 4), get_u64(name_of + 12) };
            return 1;
        }
        for (size_t i = 0; i + MARK_BYTES <= value.mv_size; i += MARK_BYTES)
            seen_load_id(seen, get_mark((const uint8_t *) value.mv_data + i).id);
        n_loaded += value.mv_size / MARK_BYTES;
    }
    return r == -ENOENT ? 0 : r;
}

int lmdb_load_run(struct lmdb *lmdb, uint32_t run, size_t n_ids, struct seen_id *at, struct seen *seen)
{
    MDB_txn *txn;
    MDB_cursor *cursor;

    pthread_mutex_lock(&lmdb->lock);
    int r = lmdb_reader(lmdb, &txn);
    if (r == 0)
        r = lmdb_error(mdb_cursor_open(txn, lmdb->own[TABLE_RUNS], &cursor));
    if (r == 0) {
        r = load_blocks(cursor, run, n_ids, at, seen);
        mdb_cursor_close(cursor);
    }
    pthread_mutex_unlock(&lmdb->lock);
    return r;
}

static int load_log(MDB_cursor *cursor, struct seen *seen, uint32_t generation)
{
    MDB_val key, value;
    uint8_t name[RUN_KEY_BYTES];

    put_u32(name, generation);
    key = (MDB_val){ sizeof(name), name };
    int r = lmdb_error(mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE));
    while (r == 0) {
        const uint8_t *data = value.mv_data;

        if (value.mv_size < LOG_HEAD_BYTES)
            return -EBADMSG;
        for (size_t at = LOG_HEAD_BYTES; at + MARK_BYTES <= value.mv_size && r == 0; at += MARK_BYTES)
            r = seen_add(seen, get_mark(data + at), get_u64(data));
        if (r == 0)
            r = lmdb_error(mdb_cursor_get(cursor, &key, &value, MDB_NEXT));
    }
    return r == -ENOENT ? 0 : r;
}

int lmdb_load_seen(struct lmdb *lmdb, struct seen *seen)
{
    MDB_txn *txn;
    MDB_cursor *runs, *log;

    pthread_mutex_lock(&lmdb->lock);
    int r = lmdb_reader(lmdb, &txn);
    if (r == 0)
        r = lmdb_error(mdb_cursor_open(txn, lmdb->own[TABLE_RUNS], &runs));
    if (r == 0) {
        r = load_runs(runs, seen, lmdb->state.first_run);
        mdb_cursor_close(runs);
    }
    if (r == 0)
        r = lmdb_error(mdb_cursor_open(txn, lmdb->own[TABLE_IDS], &log));
    if (r == 0) {
        r = load_log(log, seen, lmdb->state.generation);
        mdb_cursor_close(log);
    }
    pthread_mutex_unlock(&lmdb->lock);
    return r;
}

/* ---- dropping ---- */

static bool is_old_segment(const struct lmdb_state *state, MDB_val key, MDB_val value)
{
    struct segment segment;

    return lmdb_segment(key, value, &segment) == 0 && segment.first_seq + segment.n <= state->tail;
}

static bool is_old_log(const struct lmdb_state *state, MDB_val key, MDB_val value unused_)
{
    return key.mv_size >= 4 && get_u32(key.mv_data) < state->generation;
}

static bool is_old_run(const struct lmdb_state *state, MDB_val key, MDB_val value unused_)
{
    return key.mv_size >= 4 && get_u32(key.mv_data) < state->first_run;
}

/* From the front of the table, what is over: 0, or 1 when the bound was reached first. */
static int drop_front(MDB_txn *txn, MDB_dbi table, const struct lmdb_state *state,
                      bool (*is_over)(const struct lmdb_state *state, MDB_val key, MDB_val value))
{
    MDB_cursor *cursor;
    MDB_val key, value;
    int n = 0, r = mdb_cursor_open(txn, table, &cursor);

    if (r != MDB_SUCCESS)
        return lmdb_error(r);
    for (r = mdb_cursor_get(cursor, &key, &value, MDB_FIRST); r == MDB_SUCCESS && is_over(state, key, value);) {
        if (n++ == LMDB_DROPS_PER_COMMIT) {
            mdb_cursor_close(cursor);
            return 1;
        }
        r = mdb_cursor_del(cursor, 0);
        if (r == MDB_SUCCESS)
            r = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
    }
    mdb_cursor_close(cursor);
    return r == MDB_NOTFOUND ? 0 : lmdb_error(r);
}

int lmdb_drop_some(const struct lmdb *lmdb, MDB_txn *txn, const struct lmdb_state *state)
{
    int segments = drop_front(txn, lmdb->own[TABLE_JOURNAL], state, is_old_segment);
    int logs = segments < 0 ? segments : drop_front(txn, lmdb->own[TABLE_IDS], state, is_old_log);
    int runs = logs < 0 ? logs : drop_front(txn, lmdb->own[TABLE_RUNS], state, is_old_run);

    return runs < 0 ? runs : segments || logs || runs;
}
