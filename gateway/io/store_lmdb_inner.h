/* What the files of the LMDB store know of each other. Holds no code but conversions. */
#ifndef TREFOIL_GATEWAY_IO_STORE_LMDB_INNER_H
#define TREFOIL_GATEWAY_IO_STORE_LMDB_INNER_H

#include "store_lmdb.h"

#include <lmdb.h>
#include <pthread.h>

#define RUN_KEY_BYTES 4    /* of a run's head */
#define BLOCK_KEY_BYTES 20 /* run, first id of the block */
#define LOG_KEY_BYTES 12   /* generation, batch number */
#define LOG_HEAD_BYTES 8   /* when the ids were marked */
#define MARK_BYTES 24

enum own_table { TABLE_JOURNAL, TABLE_IDS, TABLE_RUNS, TABLE_STATE, N_OWN_TABLES };

struct lmdb {
    char *directory;
    uint64_t max_bytes;
    int lock_fd;

    pthread_mutex_t lock; /* whoever reads holds it, and whoever replaces `env` or moves its map; recursive */
    MDB_env *env;
    MDB_txn *reader;
    bool reader_is_fresh;
    MDB_dbi tables[STORE_N_TABLES];
    MDB_dbi own[N_OWN_TABLES];

    struct lmdb_state state; /* the writer's */
};

int lmdb_error(int r);
int lmdb_env_open(struct lmdb *lmdb);
void lmdb_env_close(struct lmdb *lmdb);

int lmdb_put_state(struct lmdb *lmdb, MDB_txn *txn, const struct lmdb_state *state);

/* A full generation becomes a run. */
int lmdb_put_run(struct lmdb *lmdb, MDB_txn *txn, const struct seen_generation *generation);

/* A transaction to write in. Opens the files anew when LMDB has given them up after a failed write. */
int lmdb_begin(struct lmdb *lmdb, MDB_txn **ret);

/* The reader's transaction, up to date; the caller holds the lock. */
int lmdb_reader(struct lmdb *lmdb, MDB_txn **ret);

/* Drops up to LMDB_DROPS_PER_COMMIT of everything `state` says is over: 1 when more is left. */
int lmdb_drop_some(const struct lmdb *lmdb, MDB_txn *txn, const struct lmdb_state *state);

/* One kind of entry that several places read and write. */
struct segment {
    uint64_t first_seq;
    uint32_t n;
    struct bytes value;
};
int lmdb_segment(MDB_val key, MDB_val value, struct segment *ret);
struct bytes lmdb_segment_record(const struct segment *segment, uint32_t at);

static inline void put_u32(uint8_t *to, uint32_t value)
{
    for (int i = 3; i >= 0; i--, value >>= 8)
        to[i] = (uint8_t) value;
}

static inline void put_u64(uint8_t *to, uint64_t value)
{
    put_u32(to, (uint32_t) (value >> 32));
    put_u32(to + 4, (uint32_t) value);
}

static inline uint32_t get_u32(const uint8_t *from)
{
    return (uint32_t) from[0] << 24 | (uint32_t) from[1] << 16 | (uint32_t) from[2] << 8 | from[3];
}

static inline uint64_t get_u64(const uint8_t *from)
{
    return (uint64_t) get_u32(from) << 32 | get_u32(from + 4);
}

static inline void put_mark(uint8_t *to, struct seen_mark mark)
{
    put_u64(to, mark.id.high);
    put_u64(to + 8, mark.id.low);
    put_u64(to + 16, mark.seq);
}

static inline struct seen_mark get_mark(const uint8_t *from)
{
    return (struct seen_mark){ { get_u64(from), get_u64(from + 8) }, get_u64(from + 16) };
}

#endif
