/* Writing batches: one transaction, one sync. Never half a batch. */
#include "store_lmdb_inner.h"

#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>

/* A place between two records of a list of batches. */
struct place {
    struct list *node;
    size_t at;
};

struct commit {
    struct lmdb *lmdb;
    MDB_txn *txn;
    struct lmdb_state state; /* as it will be */
    const struct list *batches;
    struct list *first; /* the first of them that is not on disk */
};

static const struct batch *batch_at(struct list *node)
{
    return container_of(node, struct batch, link);
}

static int write_changes(struct commit *commit, const struct batch *batch)
{
    for (const struct change *change = batch->first_change; change; change = change->next) {
        MDB_dbi table = commit->lmdb->tables[change->table];
        MDB_val key = { change->key_size, (void *) (uintptr_t) change->bytes };
        MDB_val value = { change->value_size, (void *) (uintptr_t) (change->bytes + change->key_size) };

        if (change->is_replaced)
            continue;
        int r = change->is_deletion ? mdb_del(commit->txn, table, &key, NULL)
                                    : mdb_put(commit->txn, table, &key, &value, 0);
        if (r != MDB_SUCCESS && !(change->is_deletion && r == MDB_NOTFOUND))
            return lmdb_error(r);
    }
    return 0;
}

/* How many records from `start` on make the next segment, and how large it is. */
static uint32_t measure(const struct commit *commit, struct place start, size_t *ret_bytes)
{
    uint32_t n = 0;
    size_t bytes = 4;

    for (struct list *node = start.node; node != commit->batches; node = node->next) {
        const struct batch *batch = batch_at(node);

        for (size_t at = node == start.node ? start.at : 0; at < batch->n_records; at++, n++) {
            size_t more = 4 + batch_record(batch, at).size;

            if (n && bytes + more > LMDB_SEGMENT_BYTES) {
                *ret_bytes = bytes;
                return n;
            }
            bytes += more;
        }
    }
    *ret_bytes = bytes;
    return n;
}

/* The next `n` records become the segment at `to`. */
static struct place fill(struct place start, uint32_t n, uint8_t *to)
{
    uint8_t *ends = to + 4, *data = ends + (size_t) n * 4;
    uint32_t end = 0;

    put_u32(to, n);
    while (n > 0) {
        const struct batch *batch = batch_at(start.node);
        size_t until = start.at + n < batch->n_records ? start.at + n : batch->n_records;
        uint32_t from = start.at ? batch->ends[start.at - 1] : 0;

        if (start.at == until) {
            start = (struct place){ start.node->next, 0 };
            continue;
        }
        for (size_t at = start.at; at < until; at++, ends += 4)
            put_u32(ends, end + (batch->ends[at] - from));
        uint32_t size = batch->ends[until - 1] - from;
        memcpy(data + end, batch->records + from, size);
        end += size;
        n -= (uint32_t) (until - start.at);
        start.at = until;
    }
    return start;
}

static int write_journal(struct commit *commit)
{
    struct place place = { commit->first, 0 };
    size_t bytes;

    for (uint32_t n; (n = measure(commit, place, &bytes)) > 0;) {
        uint8_t seq[8];
        MDB_val key = { sizeof(seq), seq }, value = { bytes, NULL };

        put_u64(seq, commit->state.head + 1);
        int r = mdb_put(commit->txn, commit->lmdb->own[TABLE_JOURNAL], &key, &value, MDB_APPEND | MDB_RESERVE);
        if (r != MDB_SUCCESS)
            return lmdb_error(r);
        place = fill(place, n, value.mv_data);
        commit->state.head += n;
    }
    return 0;
}

/* The ids of the current generation, of all batches in one entry: what is written down as a run needs no log. */
static int write_log(struct commit *commit)
{
    size_t n = 0;
    const struct batch *last = NULL;

    for (struct list *node = commit->first; node != commit->batches; node = node->next) {
        if (batch_at(node)->n_marks && batch_at(node)->next_generation == commit->state.generation) {
            last = batch_at(node);
            n += last->n_marks;
        }
    }
    if (!last)
        return 0;

    uint8_t name[LOG_KEY_BYTES];
    MDB_val key = { sizeof(name), name }, value = { LOG_HEAD_BYTES + n * MARK_BYTES, NULL };
    put_u32(name, commit->state.generation);
    put_u64(name + 4, last->number);
    int r = mdb_put(commit->txn, commit->lmdb->own[TABLE_IDS], &key, &value, MDB_APPEND | MDB_RESERVE);
    if (r != MDB_SUCCESS)
        return lmdb_error(r);

    uint8_t *to = value.mv_data;
    put_u64(to, last->marks_ms);
    to += LOG_HEAD_BYTES;
    for (struct list *node = commit->first; node != commit->batches; node = node->next) {
        const struct batch *batch = batch_at(node);

        for (size_t i = 0; batch->next_generation == commit->state.generation && i < batch->n_marks; i++)
            put_mark(to + i * MARK_BYTES, batch->marks[i]);
        if (batch->next_generation == commit->state.generation)
            to += batch->n_marks * MARK_BYTES;
    }
    return 0;
}

static void note_drops(struct lmdb_state *state, const struct batch *batch)
{
    if (batch->prune_to >= state->tail)
        state->tail = batch->prune_to + 1;
    if (batch->first_kept_run > state->first_run)
        state->first_run = batch->first_kept_run;
}

static int write_batches(struct commit *commit)
{
    int r = 0;

    for (struct list *node = commit->first; node != commit->batches && r == 0; node = node->next) {
        const struct batch *batch = batch_at(node);

        r = write_changes(commit, batch);
        for (const struct seen_generation *full = batch->full; full && r == 0; full = full->next) {
            r = lmdb_put_run(commit->lmdb, commit->txn, full);
            commit->state.generation = full->run.number + 1;
        }
        note_drops(&commit->state, batch);
        commit->state.batch = batch->number;
    }
    if (r == 0)
        r = write_journal(commit);
    return r == 0 ? write_log(commit) : r;
}

/* Ends the transaction one way or the other. `r` as so far; 1: more is due to be dropped. */
static int finish(struct commit *commit, int r)
{
    if (r == 0)
        r = lmdb_drop_some(commit->lmdb, commit->txn, &commit->state);
    int put = r < 0 ? r : lmdb_put_state(commit->lmdb, commit->txn, &commit->state);
    if (put < 0) {
        mdb_txn_abort(commit->txn);
        return put;
    }
    put = lmdb_error(mdb_txn_commit(commit->txn));
    if (put < 0)
        return put;
    commit->lmdb->state = commit->state;
    return r;
}

/* A short write is all that some full disks answer. */
static int name_error(const struct lmdb *lmdb, int r)
{
    struct statvfs disk;

    if (r == -EIO && statvfs(lmdb->directory, &disk) == 0 &&
        (uint64_t) disk.f_bavail * disk.f_frsize < LMDB_LEAST_FREE_BYTES)
        return -ENOSPC;
    return r;
}

int lmdb_commit(struct lmdb *lmdb, const struct list *batches)
{
    struct commit commit = { .lmdb = lmdb, .batches = batches, .first = batches->next };
    int r = lmdb_begin(lmdb, &commit.txn);

    if (r < 0)
        return name_error(lmdb, r);
    commit.state = lmdb->state;
    while (commit.first != batches && batch_at(commit.first)->number <= lmdb->state.batch)
        commit.first = commit.first->next;
    r = finish(&commit, write_batches(&commit));
    return r < 0 ? name_error(lmdb, r) : r;
}

/* With the map a little larger than the cap: dropping needs pages too, before it gives any back. */
static int set_map(struct lmdb *lmdb, uint64_t bytes)
{
    pthread_mutex_lock(&lmdb->lock);
    if (lmdb->reader)
        mdb_txn_abort(lmdb->reader);
    lmdb->reader = NULL;
    lmdb->reader_is_fresh = false;
    int r = lmdb->env ? lmdb_error(mdb_env_set_mapsize(lmdb->env, bytes)) : -EIO;
    pthread_mutex_unlock(&lmdb->lock);
    return r;
}

void lmdb_note_drops(struct lmdb_drops *drops, const struct list *batches)
{
    list_for_each (node, batches) {
        const struct batch *batch = batch_at(node);

        drops->prune_to = batch->prune_to > drops->prune_to ? batch->prune_to : drops->prune_to;
        drops->first_kept_run =
            batch->first_kept_run > drops->first_kept_run ? batch->first_kept_run : drops->first_kept_run;
    }
}

int lmdb_make_room(struct lmdb *lmdb, struct lmdb_drops drops)
{
    struct lmdb_state wanted = lmdb->state;

    if (drops.prune_to >= wanted.tail)
        wanted.tail = drops.prune_to + 1;
    if (drops.first_kept_run > wanted.first_run)
        wanted.first_run = drops.first_kept_run;
    if (wanted.tail > lmdb->state.head + 1)
        wanted.tail = lmdb->state.head + 1;
    if (wanted.first_run > lmdb->state.generation)
        wanted.first_run = lmdb->state.generation;
    if (wanted.tail == lmdb->state.tail && wanted.first_run == lmdb->state.first_run)
        return 0;

    int r = set_map(lmdb, lmdb->max_bytes + LMDB_HEADROOM_BYTES), more = r < 0 ? r : 1;
    /* pages freed by a commit are free two commits later: one more round than there is work */
    for (int rounds_after = 0; more >= 0 && rounds_after < 2; rounds_after += more == 0) {
        struct commit commit = { .lmdb = lmdb, .state = wanted };

        more = lmdb_begin(lmdb, &commit.txn);
        if (more == 0)
            more = finish(&commit, 0);
    }
    r = set_map(lmdb, lmdb->max_bytes);
    return more < 0 ? more : r;
}
