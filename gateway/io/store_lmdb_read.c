/* Reading the store's files. Never writes. */
#include "store_lmdb_inner.h"

#include <errno.h>
#include <string.h>

static struct bytes bytes_of(MDB_val value)
{
    return bytes_make(value.mv_data, value.mv_size);
}

static MDB_val val_of(struct bytes bytes)
{
    return (MDB_val){ bytes.size, (void *) (uintptr_t) bytes.data };
}

int lmdb_reader(struct lmdb *lmdb, MDB_txn **ret)
{
    int r = MDB_SUCCESS;

    if (!lmdb->env)
        return -EIO;
    if (!lmdb->reader)
        r = mdb_txn_begin(lmdb->env, NULL, MDB_RDONLY, &lmdb->reader);
    else if (!lmdb->reader_is_fresh)
        r = mdb_txn_renew(lmdb->reader);
    if (r != MDB_SUCCESS)
        return lmdb_error(r);
    lmdb->reader_is_fresh = true;
    *ret = lmdb->reader;
    return 0;
}

void lmdb_refresh(struct lmdb *lmdb)
{
    pthread_mutex_lock(&lmdb->lock);
    if (lmdb->reader && lmdb->reader_is_fresh)
        mdb_txn_reset(lmdb->reader);
    lmdb->reader_is_fresh = false;
    pthread_mutex_unlock(&lmdb->lock);
}

int lmdb_get(struct lmdb *lmdb, enum store_table table, struct bytes key, struct arena *mem, struct bytes *ret)
{
    MDB_txn *txn;
    MDB_val k = val_of(key), value;

    pthread_mutex_lock(&lmdb->lock);
    int r = lmdb_reader(lmdb, &txn);
    if (r == 0)
        r = lmdb_error(mdb_get(txn, lmdb->tables[table], &k, &value));
    if (r == 0) {
        struct bytes copy = arena_copy(mem, bytes_of(value));

        if (copy.size == value.mv_size)
            *ret = copy;
        else
            r = -ENOMEM;
    }
    pthread_mutex_unlock(&lmdb->lock);
    return r;
}

static int scan(MDB_cursor *cursor, struct bytes prefix, struct bytes after,
                int (*each)(void *context, struct bytes key, struct bytes value), void *context)
{
    struct bytes start = bytes_compare(after, prefix) > 0 ? after : prefix;
    MDB_val key = val_of(start), value;
    int r = mdb_cursor_get(cursor, &key, &value, start.size ? MDB_SET_RANGE : MDB_FIRST);

    for (; r == MDB_SUCCESS; r = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) {
        struct bytes at = bytes_of(key);

        if (!bytes_equal(bytes_slice(at, 0, prefix.size), prefix))
            return 0;
        if (bytes_equal(at, after))
            continue;
        int answer = each(context, at, bytes_of(value));
        if (answer != 0)
            return answer;
    }
    return r == MDB_NOTFOUND ? 0 : lmdb_error(r);
}

int lmdb_scan(struct lmdb *lmdb, enum store_table table, struct bytes prefix, struct bytes after,
              int (*each)(void *context, struct bytes key, struct bytes value), void *context)
{
    MDB_txn *txn;
    MDB_cursor *cursor;

    pthread_mutex_lock(&lmdb->lock);
    int r = lmdb_reader(lmdb, &txn);
    if (r == 0)
        r = lmdb_error(mdb_cursor_open(txn, lmdb->tables[table], &cursor));
    if (r == 0) {
        r = scan(cursor, prefix, after, each, context);
        mdb_cursor_close(cursor);
    }
    pthread_mutex_unlock(&lmdb->lock);
    return r;
}

int lmdb_segment(MDB_val key, MDB_val value, struct segment *ret)
{
    const uint8_t *data = value.mv_data;

    if (key.mv_size != 8 || value.mv_size < 4)
        return -EBADMSG;
    *ret = (struct segment){ get_u64(key.mv_data), get_u32(data), bytes_of(value) };
    size_t head = 4 + (size_t) ret->n * 4;
    if (ret->n == 0 || value.mv_size < head || head + get_u32(data + head - 4) != value.mv_size)
        return -EBADMSG;
    return 0;
}

struct bytes lmdb_segment_record(const struct segment *segment, uint32_t at)
{
    const uint8_t *ends = segment->value.data + 4;
    size_t head = 4 + (size_t) segment->n * 4;
    uint32_t start = at ? get_u32(ends + (size_t) (at - 1) * 4) : 0, end = get_u32(ends + (size_t) at * 4);

    return bytes_slice(segment->value, head + start, end - start);
}

/* The segment that holds `seq`, or the first after it. */
static int find_segment(MDB_cursor *cursor, uint64_t seq, MDB_val *ret_key, MDB_val *ret_value)
{
    struct segment segment;
    uint8_t wanted[8];

    put_u64(wanted, seq);
    *ret_key = (MDB_val){ sizeof(wanted), wanted };
    int r = mdb_cursor_get(cursor, ret_key, ret_value, MDB_SET_RANGE);
    if (r == MDB_SUCCESS && get_u64(ret_key->mv_data) == seq)
        return 0;
    bool is_past_end = r == MDB_NOTFOUND;
    if (r == MDB_SUCCESS || is_past_end)
        r = mdb_cursor_get(cursor, ret_key, ret_value, is_past_end ? MDB_LAST : MDB_PREV);
    if (r == MDB_SUCCESS) {
        int bad = lmdb_segment(*ret_key, *ret_value, &segment);

        if (bad < 0 || seq < segment.first_seq + segment.n)
            return bad;
        r = mdb_cursor_get(cursor, ret_key, ret_value, MDB_NEXT);
    } else if (r == MDB_NOTFOUND) {
        r = mdb_cursor_get(cursor, ret_key, ret_value, MDB_FIRST);
    }
    return lmdb_error(r);
}

static int read_segments(MDB_cursor *cursor, uint64_t seq,
                         int (*each)(void *context, uint64_t seq, struct bytes record), void *context)
{
    MDB_val key, value;
    struct segment segment;
    int r = find_segment(cursor, seq, &key, &value);

    while (r == 0) {
        r = lmdb_segment(key, value, &segment);
        if (r < 0)
            return r;
        for (uint32_t i = seq > segment.first_seq ? (uint32_t) (seq - segment.first_seq) : 0; i < segment.n; i++) {
            r = each(context, segment.first_seq + i, lmdb_segment_record(&segment, i));
            if (r != 0)
                return r;
        }
        r = lmdb_error(mdb_cursor_get(cursor, &key, &value, MDB_NEXT));
    }
    return r == -ENOENT ? 0 : r;
}

int lmdb_read(struct lmdb *lmdb, uint64_t from_seq, int (*each)(void *context, uint64_t seq, struct bytes record),
              void *context)
{
    MDB_txn *txn;
    MDB_cursor *cursor;

    pthread_mutex_lock(&lmdb->lock);
    int r = lmdb_reader(lmdb, &txn);
    if (r == 0)
        r = lmdb_error(mdb_cursor_open(txn, lmdb->own[TABLE_JOURNAL], &cursor));
    if (r == 0) {
        r = read_segments(cursor, from_seq, each, context);
        mdb_cursor_close(cursor);
    }
    pthread_mutex_unlock(&lmdb->lock);
    return r;
}

void lmdb_sizes(struct lmdb *lmdb, uint64_t *ret_file_bytes, uint64_t *ret_used_bytes)
{
    MDB_txn *txn;
    MDB_envinfo info;
    MDB_stat stat;
    uint64_t file = 0, pages = 0, page_bytes = 0;

    pthread_mutex_lock(&lmdb->lock);
    if (lmdb_reader(lmdb, &txn) == 0 && mdb_env_info(lmdb->env, &info) == MDB_SUCCESS) {
        for (size_t i = 0; i < STORE_N_TABLES + N_OWN_TABLES; i++) {
            MDB_dbi table = i < STORE_N_TABLES ? lmdb->tables[i] : lmdb->own[i - STORE_N_TABLES];

            if (mdb_stat(txn, table, &stat) != MDB_SUCCESS)
                continue;
            pages += stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages;
            page_bytes = stat.ms_psize;
        }
        file = (uint64_t) (info.me_last_pgno + 1) * page_bytes;
    }
    pthread_mutex_unlock(&lmdb->lock);
    *ret_file_bytes = file;
    *ret_used_bytes = pages * page_bytes;
}
