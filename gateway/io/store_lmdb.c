/* Opening and closing the store's files, and the record that says what is in them. Never writes but at opening. */
#include "store_lmdb_inner.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define FORMAT "trefoil store 3" /* the newest batches may be in the redo log alone, also for longer than one life */
#define FORMAT_BYTES (sizeof(FORMAT) - 1)
#define STATE_BYTES (FORMAT_BYTES + 5 * 8 + 2 * 4)
#define READERS_MAX 8 /* the loop's, and those of dead processes until they are cleared */
#define PATH_MAX_BYTES ((size_t) 4096)

static const char *const table_names[STORE_N_TABLES] = {
    [STORE_SUBSCRIPTIONS] = "subscriptions",
    [STORE_PARKED] = "parked",
    [STORE_ADDRESSES] = "addresses",
    [STORE_PERSONS] = "persons",
    [STORE_ROOMS] = "rooms",
    [STORE_REFS] = "refs",
    [STORE_SENT] = "sent",
    [STORE_GRANTS] = "grants",
    [STORE_TRUST] = "trust",
    [STORE_DEAD] = "dead",
    [STORE_IDS] = "envelope ids",
    [STORE_TRACE] = "trace",
    [STORE_COUNTERS] = "counters",
    [STORE_CAPABILITIES] = "capabilities",
};
/* Of the same shape, without a log, and with one of smaller files: read, and written as the new one. */
static const char *const formats_before[] = { "trefoil store 1", "trefoil store 2" };
static const char *const own_names[N_OWN_TABLES] = { "journal", "ids", "runs", "state" };

int lmdb_error(int r)
{
    switch (r) {
    case MDB_SUCCESS:
        return 0;
    case MDB_NOTFOUND:
        return -ENOENT;
    case MDB_MAP_FULL:
        return -ENOSPC;
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH:
    case MDB_INCOMPATIBLE:
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
        return -EBADMSG;
    default:
        return r > 0 ? -r : -EIO; /* errno, or one of LMDB's own that only a broken disk or program causes */
    }
}

static MDB_val state_key(void)
{
    return (MDB_val){ 1, (void *) (uintptr_t) "s" };
}

int lmdb_put_state(struct lmdb *lmdb, MDB_txn *txn, const struct lmdb_state *state)
{
    uint8_t text[STATE_BYTES];
    struct writer writer = writer_make(text, sizeof(text));

    writer_put(&writer, bytes_make(FORMAT, FORMAT_BYTES));
    writer_u64(&writer, state->batch);
    writer_u64(&writer, state->head);
    writer_u64(&writer, state->tail);
    writer_u64(&writer, state->seed[0]);
    writer_u64(&writer, state->seed[1]);
    writer_u32(&writer, state->generation);
    writer_u32(&writer, state->first_run);

    MDB_val key = state_key(), value = { writer.size, text };
    return lmdb_error(mdb_put(txn, lmdb->own[TABLE_STATE], &key, &value, 0));
}

static bool is_format_before(struct bytes format)
{
    for (size_t i = 0; i < ARRAY_SIZE(formats_before); i++)
        if (bytes_equal_text(format, formats_before[i]))
            return true;
    return false;
}

static int get_state(struct lmdb *lmdb, MDB_txn *txn, struct lmdb_state *ret, bool *ret_is_before)
{
    MDB_val key = state_key(), value;
    int r = lmdb_error(mdb_get(txn, lmdb->own[TABLE_STATE], &key, &value));

    if (r < 0)
        return r;
    struct bytes text = bytes_make(value.mv_data, value.mv_size);
    struct bytes format = bytes_slice(text, 0, FORMAT_BYTES);
    struct cursor cursor = { bytes_slice(text, FORMAT_BYTES, SIZE_MAX) };
    *ret_is_before = is_format_before(format);
    if (text.size != STATE_BYTES || (!*ret_is_before && !bytes_equal_text(format, FORMAT)))
        return -EBADMSG;
    if (cursor_u64(&cursor, &ret->batch) < 0 || cursor_u64(&cursor, &ret->head) < 0 ||
        cursor_u64(&cursor, &ret->tail) < 0 || cursor_u64(&cursor, &ret->seed[0]) < 0 ||
        cursor_u64(&cursor, &ret->seed[1]) < 0 || cursor_u32(&cursor, &ret->generation) < 0 ||
        cursor_u32(&cursor, &ret->first_run) < 0)
        return -EBADMSG;
    return 0;
}

/* The state of these files; of new ones, the first. Files of somebody else have tables but no state. */
static int first_state(struct lmdb *lmdb, MDB_txn *txn, bool is_new)
{
    bool is_before = false;
    int r = get_state(lmdb, txn, &lmdb->state, &is_before);

    if (r == 0 && is_before)
        return lmdb_put_state(lmdb, txn, &lmdb->state); /* a program of before must not open it from now on */
    if (r != -ENOENT)
        return r;
    if (!is_new)
        return -EBADMSG;
    lmdb->state = (struct lmdb_state){ .tail = 1, .generation = 1, .first_run = 1 };
    if (getrandom(lmdb->state.seed, sizeof(lmdb->state.seed), 0) != (ssize_t) sizeof(lmdb->state.seed))
        return -EIO;
    return lmdb_put_state(lmdb, txn, &lmdb->state);
}

static int open_tables(struct lmdb *lmdb, MDB_txn *txn)
{
    MDB_stat stat;
    MDB_dbi main_table;
    int r = mdb_dbi_open(txn, NULL, 0, &main_table);

    if (r == MDB_SUCCESS)
        r = mdb_stat(txn, main_table, &stat);
    if (r != MDB_SUCCESS)
        return lmdb_error(r);
    for (size_t i = 0; i < STORE_N_TABLES && r == MDB_SUCCESS; i++)
        r = mdb_dbi_open(txn, table_names[i], MDB_CREATE, &lmdb->tables[i]);
    for (size_t i = 0; i < N_OWN_TABLES && r == MDB_SUCCESS; i++)
        r = mdb_dbi_open(txn, own_names[i], MDB_CREATE, &lmdb->own[i]);
    return r == MDB_SUCCESS ? first_state(lmdb, txn, stat.ms_entries == 0) : lmdb_error(r);
}

int lmdb_env_open(struct lmdb *lmdb)
{
    MDB_txn *txn = NULL;
    int dead = 0, r = mdb_env_create(&lmdb->env);

    if (r != MDB_SUCCESS)
        return lmdb_error(r);
    r = mdb_env_set_maxdbs(lmdb->env, STORE_N_TABLES + N_OWN_TABLES);
    if (r == MDB_SUCCESS)
        r = mdb_env_set_maxreaders(lmdb->env, READERS_MAX);
    if (r == MDB_SUCCESS)
        r = mdb_env_set_mapsize(lmdb->env, lmdb->max_bytes);
    /* MDB_NOTLS: the reader's transaction belongs to the reader, not to a thread. Never MDB_WRITEMAP: a full disk
     * would be a SIGBUS there instead of an answer. Never any of the flags that skip a sync. */
    if (r == MDB_SUCCESS)
        r = mdb_env_open(lmdb->env, lmdb->directory, MDB_NOTLS, 0600);
    if (r == MDB_SUCCESS)
        r = mdb_reader_check(lmdb->env, &dead);
    if (r == MDB_SUCCESS)
        r = mdb_txn_begin(lmdb->env, NULL, 0, &txn);
    /* whoever wrote the head last may have been killed before it had waited for the disk, which we have read it from */
    if (r == MDB_SUCCESS)
        r = mdb_env_sync(lmdb->env, 1);
    r = r == MDB_SUCCESS ? open_tables(lmdb, txn) : lmdb_error(r);
    if (r == 0)
        r = lmdb_error(mdb_txn_commit(txn));
    else if (txn)
        mdb_txn_abort(txn);
    if (r < 0)
        lmdb_env_close(lmdb);
    return r;
}

void lmdb_env_close(struct lmdb *lmdb)
{
    if (lmdb->reader)
        mdb_txn_abort(lmdb->reader);
    if (lmdb->env)
        mdb_env_close(lmdb->env);
    lmdb->reader = NULL;
    lmdb->env = NULL;
}

/* The lock of the directory: LMDB itself would let another process in. */
static int take_directory(struct lmdb *lmdb)
{
    char path[PATH_MAX_BYTES];
    int n = snprintf(path, sizeof(path), "%s/owner", lmdb->directory);

    if (n < 0 || (size_t) n >= sizeof(path))
        return -ENAMETOOLONG;
    if (mkdir(lmdb->directory, 0700) < 0 && errno != EEXIST)
        return -errno;
    lmdb->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lmdb->lock_fd < 0)
        return -errno;
    if (flock(lmdb->lock_fd, LOCK_EX | LOCK_NB) < 0)
        return errno == EWOULDBLOCK ? -EBUSY : -errno;
    return 0;
}

static void init_lock(pthread_mutex_t *lock)
{
    pthread_mutexattr_t attributes;

    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(lock, &attributes);
    pthread_mutexattr_destroy(&attributes);
}

int lmdb_open(const char *directory, uint64_t max_bytes, struct lmdb **ret)
{
    struct lmdb *lmdb = calloc(1, sizeof(*lmdb));

    if (!lmdb)
        return -ENOMEM;
    init_lock(&lmdb->lock);
    lmdb->lock_fd = -1;
    lmdb->max_bytes = max_bytes < LMDB_MIN_BYTES ? LMDB_MIN_BYTES : max_bytes & ~(uint64_t) 4095;
    lmdb->directory = strdup(directory);

    int r = lmdb->directory ? take_directory(lmdb) : -ENOMEM;
    if (r == 0)
        r = lmdb_env_open(lmdb);
    if (r < 0) {
        lmdb_close(lmdb);
        return r;
    }
    *ret = lmdb;
    return 0;
}

struct lmdb *lmdb_close(struct lmdb *lmdb)
{
    if (!lmdb)
        return NULL;
    lmdb_env_close(lmdb);
    if (lmdb->lock_fd >= 0)
        close(lmdb->lock_fd);
    pthread_mutex_destroy(&lmdb->lock);
    free(lmdb->directory);
    free(lmdb);
    return NULL;
}

struct lmdb_state lmdb_state(const struct lmdb *lmdb)
{
    return lmdb->state;
}

/* After a write to its own head failed, LMDB refuses everything until it is opened again. */
static int open_anew(struct lmdb *lmdb)
{
    pthread_mutex_lock(&lmdb->lock);
    lmdb_env_close(lmdb);
    int r = lmdb_env_open(lmdb);
    pthread_mutex_unlock(&lmdb->lock);
    return r;
}

int lmdb_begin(struct lmdb *lmdb, MDB_txn **ret)
{
    int r = lmdb->env ? mdb_txn_begin(lmdb->env, NULL, 0, ret) : MDB_PANIC;

    if (r != MDB_PANIC)
        return lmdb_error(r);
    r = open_anew(lmdb);
    return r < 0 ? r : lmdb_error(mdb_txn_begin(lmdb->env, NULL, 0, ret));
}
