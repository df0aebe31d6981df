/* A store in a new directory with its loop, for tests. Never used outside *_test.c. */
#ifndef TREFOIL_GATEWAY_IO_STORE_WORLD_H
#define TREFOIL_GATEWAY_IO_STORE_WORLD_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "store.h"

#define DAY_MS ((uint64_t) 24 * 3600 * 1000)
#define WINDOW_MS (7 * DAY_MS)
#define NOW_MS ((uint64_t) 1700000000000)

struct world {
    uv_loop_t loop;
    struct store *store;
    struct arena mem;
    char directory[64];
    uint64_t max_bytes, now_ms;
    uint64_t next_tag, last_durable; /* tags: submitted, told durable */
    int trouble;
    int n_troubles;
};

static void world_on_durable(void *owner, uint64_t tag)
{
    struct world *world = owner;

    assert_int_equal(tag, world->last_durable + 1); /* in order, none twice, none left out */
    world->last_durable = tag;
}

static void world_on_trouble(void *owner, int error)
{
    struct world *world = owner;

    world->trouble = error;
    world->n_troubles++;
}

static int world_try_open(struct world *world)
{
    struct store_options options = { world->directory, world->max_bytes, WINDOW_MS, world->now_ms };
    struct store_events events = { world, world_on_durable, world_on_trouble };

    world->next_tag = 1;
    world->last_durable = 0;
    return store_open(&options, &world->loop, &events, &world->store);
}

static inline void world_open_at(struct world *world, const char *parent)
{
    *world = (struct world){ .mem = ARENA_EMPTY(64 << 20), .max_bytes = (uint64_t) 4 << 30, .now_ms = NOW_MS };
    snprintf(world->directory, sizeof(world->directory), "%s/store-test-XXXXXX", parent);
    assert_non_null(mkdtemp(world->directory));
    assert_int_equal(uv_loop_init(&world->loop), 0);
    assert_int_equal(world_try_open(world), 0);
}

static inline void world_open(struct world *world)
{
    world_open_at(world, "/tmp");
}

static inline void world_close_store(struct world *world)
{
    world->store = store_close(world->store);
    uv_run(&world->loop, UV_RUN_DEFAULT);
}

static inline void world_reopen(struct world *world)
{
    world_close_store(world);
    assert_int_equal(world_try_open(world), 0);
}

static inline void world_close(struct world *world)
{
    static const char *const files[] = { "data.mdb", "lock.mdb", "owner", "log.0", "log.1" };
    char path[128];

    world_close_store(world);
    assert_int_equal(uv_loop_close(&world->loop), 0);
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        snprintf(path, sizeof(path), "%s/%s", world->directory, files[i]);
        unlink(path);
    }
    rmdir(world->directory);
    arena_deinit(&world->mem);
}

static inline void submit(struct world *world)
{
    bool is_empty;

    assert_int_equal(store_submit(world->store, world->next_tag, &is_empty), 0);
    assert_false(is_empty);
    world->next_tag++;
}

/* Runs the loop until everything submitted is durable. */
static inline void settle(struct world *world)
{
    while (world->last_durable + 1 < world->next_tag)
        uv_run(&world->loop, UV_RUN_ONCE);
}

static inline void put(struct world *world, enum store_table table, const char *key, const char *value)
{
    assert_int_equal(store_put(world->store, table, bytes_of_text(key), bytes_of_text(value)), 0);
}

static inline void drop(struct world *world, enum store_table table, const char *key)
{
    assert_int_equal(store_delete(world->store, table, bytes_of_text(key)), 0);
}

static inline void expect(struct world *world, enum store_table table, const char *key, const char *value)
{
    struct bytes got;
    int r = store_get(world->store, table, bytes_of_text(key), &world->mem, &got);

    assert_int_equal(r, value ? 0 : -ENOENT);
    if (value)
        assert_true(bytes_equal_text(got, value));
}

/* A record that says which one it is, of a size that depends on it. */
static inline size_t make_record(uint64_t seq, size_t size, uint8_t *ret)
{
    for (size_t i = 0; i < size; i++)
        ret[i] = (uint8_t) (seq * 31 + i * 7 + (i >> 8));
    return size;
}

static inline uint64_t append(struct world *world, size_t size)
{
    static uint8_t record[1 << 20];
    uint64_t seq, wanted = store_head(world->store) + 1;

    make_record(wanted, size, record);
    assert_int_equal(store_append(world->store, bytes_make(record, size), NOW_MS, &seq), 0);
    assert_int_equal(seq, wanted);
    return seq;
}

static inline void expect_record(uint64_t seq, struct bytes record)
{
    static uint8_t wanted[1 << 20];

    make_record(seq, record.size, wanted);
    assert_true(bytes_equal(record, bytes_make(wanted, record.size)));
}

#endif
