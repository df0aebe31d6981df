/* Blobs in a bucket of a real S3-compatible server: s3_test URL SPOOL SERVER-FOLDER, as `run` calls it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "blobs/blobs.h"

#define REF "0123456789abcdef0123456789abcdef"
#define OTHER "0123456789abcdef0123456789abcde0"
#define KEY "S3RVER" /* access key and secret key of s3rver */
#define LARGE (20u << 20)
#define MAX_BYTES (24u << 20)
#define MANY 1205 /* three pages of a sweep */

static const char *place, *spool_dir, *server_folder;
static const uint8_t channel[SEAL_ID_BYTES] = { 10, 11 }, neighbour[SEAL_ID_BYTES] = { 10, 12 };

struct world {
    uv_loop_t loop;
    struct http_client *http;
    struct blobs *blobs;
    int n_done, r;
    long n_swept;
};

static void on_done(void *context, int r)
{
    struct world *world = context;

    world->n_done++;
    world->r = r;
}

static void on_swept(void *context, long n)
{
    struct world *world = context;

    world->n_done++;
    world->n_swept = n;
}

static struct blobs *open_place(struct world *world, const char *where, const char *secret_key)
{
    const struct blobs_options options = { .place = where,
                                           .spool_dir = spool_dir,
                                           .access_key = KEY,
                                           .secret_key = secret_key,
                                           .max_bytes = MAX_BYTES,
                                           .timeout_ms = 30000 };
    struct blobs *blobs;

    assert_int_equal(blobs_open(&world->loop, world->http, &options, &blobs), 0);
    return blobs;
}

static int open_world(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    const struct http_client_options client = { 4, 2000, "test" };
    char where[300];

    assert_int_equal(uv_loop_init(&world->loop), 0);
    assert_int_equal(http_client_open(&world->loop, &client, &world->http), 0);
    (void) snprintf(where, sizeof(where), "%s/some/prefix", place);
    world->blobs = open_place(world, where, KEY);
    *state = world;
    return 0;
}

static int close_world(void **state)
{
    struct world *world = *state;

    world->blobs = blobs_close(world->blobs);
    world->http = http_client_close(world->http);
    (void) uv_run(&world->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&world->loop), 0);
    free(world);
    return 0;
}

static void run_until(struct world *world, int n_done)
{
    while (world->n_done < n_done)
        (void) uv_run(&world->loop, UV_RUN_NOWAIT);
}

static int wait_done(struct world *world)
{
    run_until(world, world->n_done + 1);
    return world->r;
}

static int spool_of(struct world *world, size_t size)
{
    int fd = -1;

    assert_int_equal(blobs_spool(world->blobs, &fd), 0);
    for (size_t at = 0; at < size; at += 4096) {
        uint8_t block[4096];
        size_t n = size - at < sizeof(block) ? size - at : sizeof(block);

        for (size_t i = 0; i < n; i++)
            block[i] = (uint8_t) ((at + i) * 31 + at / 4096);
        assert_int_equal(write(fd, block, n), n);
    }
    return fd;
}

static int put_in(struct world *world, struct blobs *blobs, const char *ref, size_t size)
{
    int fd = spool_of(world, size);

    assert_int_equal(blobs_put(blobs, channel, ref, &fd, world, on_done), 0);
    assert_int_equal(fd, -1);
    return wait_done(world);
}

static int put(struct world *world, const char *ref, size_t size)
{
    return put_in(world, world->blobs, ref, size);
}

static int get(struct world *world, struct blobs *blobs, const char *ref)
{
    assert_int_equal(blobs_get(blobs, channel, ref, world, on_done), 0);
    return wait_done(world);
}

static void assert_same(struct world *world, int fd, size_t size)
{
    int wanted = spool_of(world, size);
    struct stat stat;

    assert_true(fd >= 0);
    assert_int_equal(lseek(fd, 0, SEEK_CUR), 0);
    assert_int_equal(fstat(fd, &stat), 0);
    assert_int_equal(stat.st_size, size);
    for (size_t at = 0; at < size; at += 4096) {
        uint8_t a[4096], b[4096];
        ssize_t n = pread(wanted, a, sizeof(a), (off_t) at);

        assert_int_equal(read(fd, b, sizeof(b)), n);
        assert_memory_equal(a, b, (size_t) n);
    }
    (void) close(fd);
    (void) close(wanted);
}

static void test_blobs_of_any_size_come_back(void **state)
{
    static const size_t sizes[] = { 1, 273, 65536, 1000000, LARGE };
    struct world *world = *state;

    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        assert_int_equal(put(world, REF, sizes[i]), 0);
        assert_same(world, get(world, world->blobs, REF), sizes[i]);
    }
}

static void test_deleted_blob_is_gone_and_may_be_deleted_again(void **state)
{
    struct world *world = *state;

    assert_int_equal(put(world, REF, 100), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(blobs_delete(world->blobs, channel, REF, world, on_done), 0);
        assert_int_equal(wait_done(world), 0);
        assert_int_equal(get(world, world->blobs, REF), -ENOENT);
    }
}

static void test_signature_by_another_key_is_refused_by_the_server(void **state)
{
    struct world *world = *state;
    struct blobs *other = open_place(world, place, "another secret key");

    assert_int_equal(put_in(world, other, OTHER, 100), -EACCES);
    assert_int_equal(get(world, other, OTHER), -EACCES);
    assert_int_equal(blobs_delete(other, channel, OTHER, world, on_done), 0);
    assert_int_equal(wait_done(world), -EACCES);
    assert_int_equal(blobs_sweep(other, channel, 0, world, on_swept), 0);
    (void) wait_done(world);
    assert_int_equal(world->n_swept, -EACCES);
    blobs_close(other);
}

static void test_bucket_that_is_not_there_is_told(void **state)
{
    struct world *world = *state;
    char where[300];
    struct blobs *other;

    (void) snprintf(where, sizeof(where), "%s-not", place);
    other = open_place(world, where, KEY);
    assert_int_equal(put_in(world, other, REF, 100), -EIO);
    assert_int_equal(get(world, other, REF), -ENOENT);
    blobs_close(other);
}

static void test_server_that_is_away_is_told(void **state)
{
    struct world *world = *state;
    struct blobs *away = open_place(world, "http://127.0.0.1:1/files", KEY);

    assert_int_equal(put_in(world, away, REF, 100), -EIO);
    assert_int_equal(get(world, away, REF), -EIO);
    blobs_close(away);
}

static void test_blob_larger_than_allowed_is_refused_both_ways(void **state)
{
    struct world *world = *state;
    const struct blobs_options options = { .place = place,
                                           .spool_dir = spool_dir,
                                           .access_key = KEY,
                                           .secret_key = KEY,
                                           .max_bytes = 1000,
                                           .timeout_ms = 30000 };
    struct blobs *small, *large = open_place(world, place, KEY);

    assert_int_equal(blobs_open(&world->loop, world->http, &options, &small), 0);
    assert_int_equal(put_in(world, small, OTHER, 1001), -EFBIG);
    assert_int_equal(put_in(world, large, OTHER, 1001), 0);
    assert_int_equal(get(world, small, OTHER), -EFBIG);
    assert_int_equal(put_in(world, small, OTHER, 1000), 0);
    assert_same(world, get(world, small, OTHER), 1000);
    blobs_close(small);
    blobs_close(large);
}

static void test_sweep_takes_what_is_old_page_by_page(void **state)
{
    struct world *world = *state;
    char ref[40], command[600];

    for (int i = 0; i < MANY; i++) {
        (void) snprintf(ref, sizeof(ref), "%032x", i);
        assert_int_equal(put(world, ref, 1), 0);
    }
    assert_int_equal(blobs_sweep(world->blobs, channel, 500000, world, on_swept), 0);
    (void) wait_done(world);
    assert_int_equal(world->n_swept, 0);
    (void) snprintf(command, sizeof(command), "find '%s/files/some/prefix' -type f -exec touch -d '-1 hour' '{}' +",
                    server_folder);
    assert_int_equal(system(command), 0);
    assert_int_equal(put(world, OTHER, 77), 0);
    assert_int_equal(blobs_sweep(world->blobs, channel, 500000, world, on_swept), 0);
    (void) wait_done(world);
    assert_true(world->n_swept >= MANY); /* other tests have left some */
    assert_same(world, get(world, world->blobs, OTHER), 77);
    assert_int_equal(get(world, world->blobs, "00000000000000000000000000000000"), -ENOENT);
    assert_int_equal(get(world, world->blobs, ref), -ENOENT);
}

static void test_sweep_leaves_what_lies_beside_the_prefix(void **state)
{
    struct world *world = *state;
    struct blobs *beside = open_place(world, place, KEY);
    char command[600];

    assert_int_equal(put_in(world, beside, OTHER, 5), 0);
    (void) snprintf(command, sizeof(command), "find '%s/files' -type f -exec touch -d '-1 hour' '{}' +", server_folder);
    assert_int_equal(system(command), 0);
    assert_int_equal(blobs_sweep(world->blobs, channel, 1000, world, on_swept), 0);
    (void) wait_done(world);
    assert_true(world->n_swept >= 0);
    assert_same(world, get(world, beside, OTHER), 5);
    blobs_close(beside);
}

static void test_sweep_of_a_channel_leaves_the_files_of_another(void **state)
{
    struct world *world = *state;
    char command[600];

    assert_int_equal(put(world, OTHER, 5), 0);
    (void) snprintf(command, sizeof(command), "find '%s/files' -type f -exec touch -d '-1 hour' '{}' +", server_folder);
    assert_int_equal(system(command), 0);
    assert_int_equal(blobs_sweep(world->blobs, neighbour, 1000, world, on_swept), 0);
    (void) wait_done(world);
    assert_int_equal(world->n_swept, 0);
    assert_int_equal(blobs_get(world->blobs, neighbour, OTHER, world, on_done), 0);
    assert_int_equal(wait_done(world), -ENOENT);
    assert_same(world, get(world, world->blobs, OTHER), 5);
}

static void test_closed_store_calls_nobody(void **state)
{
    struct world *world = *state;
    int fd = spool_of(world, 1000000);

    assert_int_equal(blobs_put(world->blobs, channel, REF, &fd, world, on_done), 0);
    assert_int_equal(blobs_get(world->blobs, channel, OTHER, world, on_done), 0);
    assert_int_equal(blobs_sweep(world->blobs, channel, 0, world, on_swept), 0);
    for (int i = 0; i < 3; i++)
        (void) uv_run(&world->loop, UV_RUN_NOWAIT);
    int n = world->n_done;
    world->blobs = blobs_close(world->blobs);
    for (int i = 0; i < 100; i++)
        (void) uv_run(&world->loop, UV_RUN_NOWAIT);
    assert_int_equal(world->n_done, n);
    assert_int_equal(http_client_n_calls(world->http), 0);
}

int main(int argc, char **argv)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)
    const struct CMUnitTest tests[] = {
        TEST(test_blobs_of_any_size_come_back),
        TEST(test_deleted_blob_is_gone_and_may_be_deleted_again),
        TEST(test_signature_by_another_key_is_refused_by_the_server),
        TEST(test_bucket_that_is_not_there_is_told),
        TEST(test_server_that_is_away_is_told),
        TEST(test_blob_larger_than_allowed_is_refused_both_ways),
        TEST(test_sweep_takes_what_is_old_page_by_page),
        TEST(test_sweep_leaves_what_lies_beside_the_prefix),
        TEST(test_sweep_of_a_channel_leaves_the_files_of_another),
        TEST(test_closed_store_calls_nobody),
    };

    if (argc != 4) {
        fprintf(stderr, "usage: s3_test URL SPOOL SERVER-FOLDER\n");
        return 2;
    }
    place = argv[1];
    spool_dir = argv[2];
    server_folder = argv[3];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
