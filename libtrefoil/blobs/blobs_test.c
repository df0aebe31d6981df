/* A directory of blobs, with real files; and what a bucket's place and listing may look like. */
#include "blobs/blobs.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "blobs/s3_listing.h"

#define REF "0123456789abcdef0123456789abcdef"
#define OTHER "0123456789abcdef0123456789abcde0"
#define CHANNEL "0a0b0000000000000000000000000000"
#define MAX_BYTES 100000

static const uint8_t channel[SEAL_ID_BYTES] = { 10, 11 }, neighbour[SEAL_ID_BYTES] = { 10, 12 };

struct world {
    uv_loop_t loop;
    char place[64];
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

static int open_world(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    struct blobs_options options = { .place = world->place, .max_bytes = MAX_BYTES };

    (void) snprintf(world->place, sizeof(world->place), "/tmp/trefoil-blobs-XXXXXX");
    assert_non_null(mkdtemp(world->place));
    assert_int_equal(uv_loop_init(&world->loop), 0);
    assert_int_equal(blobs_open(&world->loop, NULL, &options, &world->blobs), 0);
    *state = world;
    return 0;
}

static int close_world(void **state)
{
    struct world *world = *state;
    char command[100];

    world->blobs = blobs_close(world->blobs);
    (void) uv_run(&world->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&world->loop), 0);
    (void) snprintf(command, sizeof(command), "rm -rf '%s'", world->place);
    assert_int_equal(system(command), 0);
    free(world);
    return 0;
}

static int wait_done(struct world *world)
{
    int n = world->n_done;

    while (world->n_done == n)
        assert_int_not_equal(uv_run(&world->loop, UV_RUN_ONCE), -1);
    assert_int_equal(world->n_done, n + 1);
    return world->r;
}

static int spool(struct world *world, const char *text)
{
    int fd = -1;

    assert_int_equal(blobs_spool(world->blobs, &fd), 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    return fd;
}

static int put(struct world *world, const char *ref, const char *text)
{
    int fd = spool(world, text), n = world->n_done;

    assert_int_equal(blobs_put(world->blobs, channel, ref, &fd, world, on_done), 0);
    assert_int_equal(fd, -1);
    assert_int_equal(world->n_done, n);
    return wait_done(world);
}

static int get(struct world *world, const char *ref)
{
    assert_int_equal(blobs_get(world->blobs, channel, ref, world, on_done), 0);
    return wait_done(world);
}

static void assert_text(int fd, const char *text)
{
    char room[100] = { 0 };

    assert_true(fd >= 0);
    assert_int_equal(read(fd, room, sizeof(room) - 1), strlen(text));
    assert_string_equal(room, text);
    (void) close(fd);
}

static void path_of(const struct world *world, const char *ref, char room[200])
{
    (void) snprintf(room, 200, "%s/" CHANNEL "/%.2s/%.2s/%s", world->place, ref, ref + 2, ref);
}

/* ---- The directory ---- */

static void test_what_was_put_comes_back(void **state)
{
    struct world *world = *state;

    assert_int_equal(put(world, REF, "sealed"), 0);
    assert_int_equal(put(world, OTHER, ""), 0);
    assert_text(get(world, REF), "sealed");
    assert_text(get(world, OTHER), "");
    assert_text(get(world, REF), "sealed"); /* from its beginning again */
}

static void test_blob_lies_where_it_should_and_only_its_owner_reads_it(void **state)
{
    struct world *world = *state;
    struct stat stat_;
    char path[200];

    assert_int_equal(put(world, REF, "sealed"), 0);
    path_of(world, REF, path);
    assert_int_equal(stat(path, &stat_), 0);
    assert_int_equal(stat_.st_mode & 07777, 0600);
    assert_int_equal(stat_.st_nlink, 1);
}

static void test_file_that_was_not_put_leaves_no_name(void **state)
{
    struct world *world = *state;
    char command[100];
    int fd = spool(world, "half");

    (void) snprintf(command, sizeof(command), "test -z \"$(ls -A '%s')\"", world->place);
    assert_int_equal(system(command), 0);
    (void) close(fd);
}

static void test_unknown_blob_is_not_there(void **state)
{
    struct world *world = *state;

    assert_int_equal(get(world, REF), -ENOENT);
    assert_int_equal(put(world, REF, "sealed"), 0);
    assert_int_equal(get(world, OTHER), -ENOENT);
}

static void test_second_blob_of_the_same_name_is_refused(void **state)
{
    struct world *world = *state;

    assert_int_equal(put(world, REF, "first"), 0);
    assert_int_equal(put(world, REF, "second"), -EEXIST);
    assert_text(get(world, REF), "first");
}

static void test_deleted_blob_is_gone_and_may_be_deleted_again(void **state)
{
    struct world *world = *state;

    assert_int_equal(put(world, REF, "sealed"), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(blobs_delete(world->blobs, channel, REF, world, on_done), 0);
        assert_int_equal(wait_done(world), 0);
    }
    assert_int_equal(get(world, REF), -ENOENT);
    assert_int_equal(blobs_delete(world->blobs, channel, OTHER, NULL, NULL), 0); /* nobody wants to know */
}

static void test_names_that_are_no_references_are_refused(void **state)
{
    static const char *const refs[] = { "",
                                        "../../../../../../../../etc/pass",
                                        "0123456789abcdef0123456789abcde",
                                        "0123456789abcdef0123456789abcdef0",
                                        "0123456789ABCDEF0123456789abcdef",
                                        "0123456789abcdef/123456789abcdef" };
    struct world *world = *state;

    for (size_t i = 0; i < ARRAY_SIZE(refs); i++) {
        int fd = spool(world, "x"), kept = fd;

        assert_int_equal(blobs_put(world->blobs, channel, refs[i], &fd, world, on_done), -EINVAL);
        assert_int_equal(fd, -1);
        assert_int_equal(fcntl(kept, F_GETFD), -1); /* closed, whatever happens */
        assert_int_equal(blobs_get(world->blobs, channel, refs[i], world, on_done), -EINVAL);
        assert_int_equal(blobs_delete(world->blobs, channel, refs[i], world, on_done), -EINVAL);
    }
    (void) uv_run(&world->loop, UV_RUN_DEFAULT);
    assert_int_equal(world->n_done, 0);
}

static void test_blob_larger_than_allowed_is_refused(void **state)
{
    struct world *world = *state;
    char path[200];
    int fd = spool(world, "x");

    assert_int_equal(ftruncate(fd, MAX_BYTES), 0);
    assert_int_equal(blobs_put(world->blobs, channel, REF, &fd, world, on_done), 0);
    assert_int_equal(wait_done(world), 0);
    path_of(world, REF, path);
    assert_int_equal(truncate(path, MAX_BYTES + 1), 0); /* by somebody with a larger limit */
    assert_int_equal(get(world, REF), -EFBIG);
    fd = spool(world, "x");
    assert_int_equal(ftruncate(fd, MAX_BYTES + 1), 0);
    assert_int_equal(blobs_put(world->blobs, channel, OTHER, &fd, world, on_done), 0);
    assert_int_equal(wait_done(world), -EFBIG);
    assert_int_equal(get(world, OTHER), -ENOENT);
}

static void test_links_are_not_followed(void **state)
{
    struct world *world = *state;
    char path[200];

    assert_int_equal(put(world, REF, "sealed"), 0);
    path_of(world, OTHER, path);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    assert_true(get(world, OTHER) < 0);
    (void) snprintf(path, sizeof(path), "%s/" CHANNEL "/ff", world->place);
    assert_int_equal(symlink("/etc", path), 0);
    assert_true(get(world, "ff23456789abcdef0123456789abcdef") < 0);
}

static void age(const struct world *world, const char *ref, time_t seconds)
{
    const struct timespec times[2] = { { .tv_sec = time(NULL) - seconds }, { .tv_sec = time(NULL) - seconds } };
    char path[200];

    path_of(world, ref, path);
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void test_sweep_takes_what_is_old_and_only_blobs(void **state)
{
    enum { N = 2500 }; /* more than one step of it */
    struct world *world = *state;
    char ref[40], path[200];
    int fd;

    assert_int_equal(put(world, REF, "x"), 0);
    for (int i = 0; i < N; i++) { /* in the folder that is there, without asking the disk each time */
        (void) snprintf(ref, sizeof(ref), "0123%028x", i);
        path_of(world, ref, path);
        fd = open(path, O_CREAT | O_WRONLY, 0600);
        assert_true(fd >= 0);
        (void) close(fd);
        if (i % 2)
            age(world, ref, 1000);
    }
    (void) snprintf(path, sizeof(path), "%s/" CHANNEL "/01/23/a note of the operator", world->place);
    fd = open(path, O_CREAT | O_WRONLY, 0600);
    (void) close(fd);
    assert_int_equal(utimensat(AT_FDCWD, path, (struct timespec[2]){ { 0 }, { 0 } }, 0), 0);
    assert_int_equal(blobs_sweep(world->blobs, channel, 500000, world, on_swept), 0);
    (void) wait_done(world);
    assert_int_equal(world->n_swept, N / 2);
    assert_int_equal(access(path, F_OK), 0);
    assert_text(get(world, REF), "x");
    assert_text(get(world, "01230000000000000000000000000002"), "");
    assert_int_equal(get(world, "01230000000000000000000000000001"), -ENOENT);
    assert_int_equal(blobs_sweep(world->blobs, channel, 500000, world, on_swept), 0);
    (void) wait_done(world);
    assert_int_equal(world->n_swept, 0);
}

static void test_channels_in_one_place_know_nothing_of_each_other(void **state)
{
    struct world *world = *state;
    int fd = spool(world, "the neighbour's");

    assert_int_equal(put(world, REF, "sealed"), 0);
    age(world, REF, 1000);
    assert_int_equal(blobs_put(world->blobs, neighbour, REF, &fd, world, on_done), 0);
    assert_int_equal(wait_done(world), 0);
    assert_int_equal(blobs_sweep(world->blobs, neighbour, 500000, world, on_swept), 0);
    (void) wait_done(world);
    assert_int_equal(world->n_swept, 0); /* older than the neighbour keeps his, and not his */
    assert_text(get(world, REF), "sealed");
    assert_int_equal(blobs_delete(world->blobs, channel, REF, world, on_done), 0);
    assert_int_equal(wait_done(world), 0);
    assert_int_equal(get(world, REF), -ENOENT);
    assert_int_equal(blobs_get(world->blobs, neighbour, REF, world, on_done), 0);
    assert_text(wait_done(world), "the neighbour's");
}

static void test_sweep_of_a_channel_without_files_finds_none(void **state)
{
    struct world *world = *state;

    world->n_swept = -1;
    assert_int_equal(blobs_sweep(world->blobs, neighbour, 0, world, on_swept), 0);
    (void) wait_done(world);
    assert_int_equal(world->n_swept, 0);
}

static void test_closed_store_calls_nobody(void **state)
{
    struct world *world = *state;
    int fd = spool(world, "x");

    assert_int_equal(put(world, OTHER, "x"), 0);
    assert_int_equal(blobs_put(world->blobs, channel, REF, &fd, world, on_done), 0);
    assert_int_equal(blobs_get(world->blobs, channel, OTHER, world, on_done), 0);
    assert_int_equal(blobs_sweep(world->blobs, channel, 0, world, on_swept), 0);
    world->blobs = blobs_close(world->blobs);
    (void) uv_run(&world->loop, UV_RUN_DEFAULT);
    assert_int_equal(world->n_done, 1);
}

static void test_place_that_is_none_is_refused(void **state)
{
    struct world *world = *state;
    struct blobs_options options = { .place = "/nowhere/at/all", .max_bytes = 1 };
    struct blobs *blobs = NULL;

    assert_int_equal(blobs_open(&world->loop, NULL, &options, &blobs), -ENOENT);
    options.place = "/etc/passwd";
    assert_int_equal(blobs_open(&world->loop, NULL, &options, &blobs), -EINVAL);
    options.place = "relative";
    assert_int_equal(blobs_open(&world->loop, NULL, &options, &blobs), -EINVAL);
    options.place = NULL;
    assert_int_equal(blobs_open(&world->loop, NULL, &options, &blobs), -EINVAL);
    assert_null(blobs);
}

static void test_place_that_makes_no_files_without_a_name_is_refused_at_once(void **state)
{
    struct world *world = *state;
    struct blobs_options options = { .place = "/dev/pts", .max_bytes = 1 }; /* as NFS is, and always here */
    struct blobs *blobs = NULL;

    if (access(options.place, R_OK | W_OK | X_OK) < 0) {
        print_message("SKIPPED: %s is not ours to write to\n", options.place);
        skip();
    }
    assert_int_equal(blobs_open(&world->loop, NULL, &options, &blobs), -EOPNOTSUPP);
    assert_null(blobs);
}

static void test_full_disk_is_told(void **state)
{
    struct world *world = *state;
    struct blobs_options options = { .place = world->place, .max_bytes = UINT64_MAX };
    static const char zeros[4096];
    ssize_t n = 0;
    int fd = -1, r;

    /* As many inodes as the folders of one blob need, less one; pages for what is written. */
    if (mount("none", world->place, "tmpfs", 0, "size=64k,nr_inodes=4") < 0) {
        print_message("SKIPPED: no tmpfs may be mounted here (%s)\n", strerror(errno));
        skip();
    }
    world->blobs = blobs_close(world->blobs);
    assert_int_equal(blobs_open(&world->loop, NULL, &options, &world->blobs), 0);
    r = blobs_spool(world->blobs, &fd);
    assert_int_equal(r, 0);
    for (int i = 0; i < 17 && n >= 0; i++)
        n = write(fd, zeros, sizeof(zeros));
    assert_int_equal(n, -1);
    assert_int_equal(errno, ENOSPC);
    assert_int_equal(blobs_put(world->blobs, channel, REF, &fd, world, on_done), 0);
    r = wait_done(world);
    world->blobs = blobs_close(world->blobs);
    (void) uv_run(&world->loop, UV_RUN_DEFAULT);
    assert_int_equal(umount(world->place), 0);
    assert_int_equal(r, -ENOSPC);
}

/* ---- Of a bucket, without one: tests/blobs has a real one ---- */

static void test_bucket_is_a_url_without_surprises(void **state)
{
    static const char *const good[] = { "https://s3.example.org/bucket", "https://s3.example.org/bucket/",
                                        "http://127.0.0.1:9000/bucket/a/b", "https://[::1]:9000/b" };
    static const char *const refused[] = { "https://s3.example.org",
                                           "https://s3.example.org/",
                                           "https:///bucket",
                                           "ftp://s3.example.org/bucket",
                                           "https://user@s3.example.org/bucket",
                                           "https://s3.example.org/bucket?x",
                                           "https://s3.example.org/bucket#x",
                                           "https://s3.example.org/bucket//a",
                                           "https://s3.example.org/bucket/../a",
                                           "https://s3.example.org/a bucket",
                                           "https://s3.example.org/%2e" };
    struct world *world = *state;
    struct blobs_options options = { .spool_dir = world->place, .access_key = "a", .secret_key = "s", .max_bytes = 1 };
    struct http_client_options client = { 1, 1000, "test" };
    struct http_client *http;
    struct blobs *blobs = NULL;

    assert_int_equal(http_client_open(&world->loop, &client, &http), 0);
    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        options.place = good[i];
        assert_int_equal(blobs_open(&world->loop, http, &options, &blobs), 0);
        blobs = blobs_close(blobs);
    }
    for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
        options.place = refused[i];
        if (blobs_open(&world->loop, http, &options, &blobs) != -EINVAL)
            fail_msg("%s is taken", refused[i]);
    }
    options.place = good[0];
    assert_int_equal(blobs_open(&world->loop, NULL, &options, &blobs), -EINVAL);
    options.secret_key = NULL;
    assert_int_equal(blobs_open(&world->loop, http, &options, &blobs), -EINVAL);
    http_client_close(http);
}

static void test_listing_is_read_object_by_object(void **state)
{
    const char *text = "<?xml version=\"1.0\"?><ListBucketResult><IsTruncated>true</IsTruncated>"
                       "<Contents><Key>a&amp;b</Key><LastModified>1970-01-01T00:00:01.500Z</LastModified></Contents>"
                       "<Contents><Key>no time</Key></Contents>"
                       "<Contents><Key>bad time</Key><LastModified>yesterday</LastModified></Contents>"
                       "<Contents><Key>odd &uuml;</Key><LastModified>1970-01-01T00:00:02Z</LastModified></Contents>"
                       "<Contents><LastModified>1970-01-01T00:00:03Z</LastModified><Key>c</Key></Contents>"
                       "<NextContinuationToken>1/x+y&#x3D;</NextContinuationToken></ListBucketResult>";
    struct bytes rest = bytes_of_text(text);
    struct s3_entry entry;
    char token[S3_TOKEN_MAX_BYTES + 1];

    (void) state;
    assert_true(s3_listing_next(&rest, &entry));
    assert_string_equal(entry.key, "a&b");
    assert_int_equal(entry.modified_ms, 1000);
    assert_true(s3_listing_next(&rest, &entry));
    assert_string_equal(entry.key, "c");
    assert_int_equal(entry.modified_ms, 3000);
    assert_false(s3_listing_next(&rest, &entry));
    assert_true(s3_listing_continues(bytes_of_text(text), token));
    assert_string_equal(token, "1/x+y=");
}

static void test_listing_cut_anywhere_ends_quietly(void **state)
{
    const char *text = "<IsTruncated>true</IsTruncated><Contents><Key>a</Key><LastModified>1970-01-01T00:00:01Z"
                       "</LastModified></Contents><NextContinuationToken>&amp;</NextContinuationToken>";
    char token[S3_TOKEN_MAX_BYTES + 1];

    (void) state;
    for (size_t size = 0; size < strlen(text); size++) {
        char *copy = malloc(size + 1); /* its end is where the sanitizer looks */
        struct bytes rest = bytes_make(copy, size);
        struct s3_entry entry;

        memcpy(copy, text, size);
        while (s3_listing_next(&rest, &entry))
            assert_string_equal(entry.key, "a");
        assert_false(s3_listing_continues(bytes_make(copy, size), token));
        free(copy);
    }
    assert_false(s3_listing_continues(bytes_of_text("<IsTruncated>false</IsTruncated>"), token));
    assert_false(s3_listing_continues(BYTES_EMPTY, token));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)
    const struct CMUnitTest tests[] = {
        TEST(test_what_was_put_comes_back),
        TEST(test_blob_lies_where_it_should_and_only_its_owner_reads_it),
        TEST(test_file_that_was_not_put_leaves_no_name),
        TEST(test_unknown_blob_is_not_there),
        TEST(test_second_blob_of_the_same_name_is_refused),
        TEST(test_deleted_blob_is_gone_and_may_be_deleted_again),
        TEST(test_names_that_are_no_references_are_refused),
        TEST(test_blob_larger_than_allowed_is_refused),
        TEST(test_links_are_not_followed),
        TEST(test_sweep_takes_what_is_old_and_only_blobs),
        TEST(test_channels_in_one_place_know_nothing_of_each_other),
        TEST(test_sweep_of_a_channel_without_files_finds_none),
        TEST(test_closed_store_calls_nobody),
        TEST(test_place_that_is_none_is_refused),
        TEST(test_place_that_makes_no_files_without_a_name_is_refused_at_once),
        TEST(test_full_disk_is_told),
        TEST(test_bucket_is_a_url_without_surprises),
        cmocka_unit_test(test_listing_is_read_object_by_object),
        cmocka_unit_test(test_listing_cut_anywhere_ends_quietly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
