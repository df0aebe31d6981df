/* A service looks at the file it was sent: whole, verified first, from a folder or a descriptor. */
#include "trefoil/media.h"

#include <fcntl.h>
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

#include "seal/blob.h"

#define SIZE 200000
#define CHANNEL "07070707070707070707070707070707"

/* A store with one file in it, and what a message says of that. */
struct world {
    char folder[64], path[200];
    struct trefoil_id channel;
    struct blob_secret secret;
    struct trefoil_media media;
    uint8_t plain[SIZE];
};

static int write_out(void *context, struct bytes bytes)
{
    return write(*(int *) context, bytes.data, bytes.size) == (ssize_t) bytes.size ? 0 : -1;
}

static int open_world(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    struct blob_seal *seal = malloc(sizeof(*seal));
    struct blob_secret *secret = &world->secret;
    int fd;

    (void) snprintf(world->folder, sizeof(world->folder), "/tmp/trefoil-media-XXXXXX");
    assert_non_null(mkdtemp(world->folder));
    memset(world->channel.bytes, 7, sizeof(world->channel.bytes));
    for (size_t i = 0; i < SIZE; i++)
        world->plain[i] = (uint8_t) (i * 31 + i / 251);
    blob_seal_begin(seal, world->channel.bytes);
    (void) snprintf(world->path, sizeof(world->path), "%s/" CHANNEL, world->folder);
    assert_int_equal(mkdir(world->path, 0700), 0);
    (void) snprintf(world->path, sizeof(world->path), "%s/" CHANNEL "/%.2s", world->folder, seal->secret.ref);
    assert_int_equal(mkdir(world->path, 0700), 0);
    (void) snprintf(world->path, sizeof(world->path), "%s/" CHANNEL "/%.2s/%.2s", world->folder, seal->secret.ref,
                    seal->secret.ref + 2);
    assert_int_equal(mkdir(world->path, 0700), 0);
    (void) snprintf(world->path, sizeof(world->path), "%s/" CHANNEL "/%.2s/%.2s/%s", world->folder, seal->secret.ref,
                    seal->secret.ref + 2, seal->secret.ref);
    fd = open(world->path, O_CREAT | O_WRONLY, 0600);
    assert_int_equal(blob_seal_push(seal, bytes_make(world->plain, SIZE), write_out, &fd), 0);
    assert_int_equal(blob_seal_end(seal, write_out, &fd, secret), 0);
    (void) close(fd);
    free(seal);
    world->media = (struct trefoil_media){ .kind = TREFOIL_MEDIA_IMAGE,
                                           .size_bytes = secret->size_bytes,
                                           .blob = secret->ref,
                                           .blob_key = { secret->key, sizeof(secret->key) },
                                           .blob_hash = { secret->hash, sizeof(secret->hash) },
                                           .blob_header = { secret->header, sizeof(secret->header) },
                                           .blob_commit = { secret->commit, sizeof(secret->commit) } };
    *state = world;
    return 0;
}

static int close_world(void **state)
{
    struct world *world = *state;
    char command[100];

    (void) snprintf(command, sizeof(command), "rm -rf '%s'", world->folder);
    assert_int_equal(system(command), 0);
    free(world);
    return 0;
}

static enum trefoil_status try_open(const struct world *world, trefoil_media_reader **ret)
{
    return trefoil_media_open(world->folder, &world->channel, &world->media, ret);
}

static void flip_byte(const struct world *world, off_t at)
{
    int fd = open(world->path, O_RDWR);
    uint8_t byte;

    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= 1;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    (void) close(fd);
}

static void test_service_reads_the_picture_it_was_sent(void **state)
{
    static const size_t rooms[] = { 1000, 65536, 1000000 };
    struct world *world = *state;

    for (size_t i = 0; i < ARRAY_SIZE(rooms); i++) {
        trefoil_media_reader *reader = NULL;
        uint8_t *got = malloc(1000000);
        size_t n = 1, size = 0;

        assert_int_equal(try_open(world, &reader), TREFOIL_OK);
        while (n > 0) {
            assert_int_equal(trefoil_media_read(reader, got + size, rooms[i] < SIZE ? rooms[i] : SIZE, &n), TREFOIL_OK);
            size += n;
        }
        assert_int_equal(size, SIZE);
        assert_memory_equal(got, world->plain, SIZE);
        trefoil_media_close(&reader);
        assert_null(reader);
        trefoil_media_close(&reader);
        free(got);
    }
}

static void test_descriptor_will_do_and_stays_the_callers(void **state)
{
    struct world *world = *state;
    trefoil_media_reader *reader = NULL;
    uint8_t got[100];
    size_t n = 0;
    int fd = open(world->path, O_RDONLY);

    assert_int_equal(lseek(fd, 17, SEEK_SET), 17);
    assert_int_equal(trefoil_media_open_fd(fd, &world->channel, &world->media, &reader), TREFOIL_OK);
    assert_int_equal(trefoil_media_read(reader, got, sizeof(got), &n), TREFOIL_OK);
    assert_memory_equal(got, world->plain, sizeof(got));
    trefoil_media_close(&reader);
    assert_int_equal(lseek(fd, 0, SEEK_CUR), 17);
    (void) close(fd);
}

static void test_not_a_byte_of_a_file_that_was_tampered_with_is_handed_out(void **state)
{
    static const off_t places[] = { 0, 70000, 190000 };
    struct world *world = *state;
    trefoil_media_reader *reader = NULL;
    struct stat stat_;

    for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
        flip_byte(world, places[i]);
        assert_int_equal(try_open(world, &reader), TREFOIL_REFUSED);
        flip_byte(world, places[i]);
    }
    assert_int_equal(stat(world->path, &stat_), 0);
    assert_int_equal(truncate(world->path, stat_.st_size - 1), 0);
    assert_int_equal(try_open(world, &reader), TREFOIL_REFUSED);
    assert_null(reader);
}

static void test_file_that_changes_while_it_is_read_is_refused_there(void **state)
{
    struct world *world = *state;
    trefoil_media_reader *reader = NULL;
    uint8_t got[BLOB_CHUNK_BYTES];
    enum trefoil_status status;
    size_t n = 1, size = 0;

    assert_int_equal(try_open(world, &reader), TREFOIL_OK);
    flip_byte(world, 2 * BLOB_SEALED_CHUNK_BYTES + 5);
    while ((status = trefoil_media_read(reader, got, sizeof(got), &n)) == TREFOIL_OK && n > 0)
        size += n;
    assert_int_equal(status, TREFOIL_REFUSED);
    assert_int_equal(size, 2 * BLOB_CHUNK_BYTES);
    assert_int_equal(trefoil_media_read(reader, got, sizeof(got), &n), TREFOIL_REFUSED);
    trefoil_media_close(&reader);
}

static void test_another_channel_or_key_is_refused(void **state)
{
    struct world *world = *state;
    trefoil_media_reader *reader = NULL;
    int fd = open(world->path, O_RDONLY);

    world->channel.bytes[0] ^= 1;
    assert_int_equal(trefoil_media_open_fd(fd, &world->channel, &world->media, &reader), TREFOIL_REFUSED);
    assert_int_equal(try_open(world, &reader), TREFOIL_NOTHING); /* it lies in the folder of its own channel */
    world->channel.bytes[0] ^= 1;
    world->secret.key[0] ^= 1;
    assert_int_equal(try_open(world, &reader), TREFOIL_REFUSED);
    assert_null(reader);
    (void) close(fd);
}

static void test_expired_file_is_nothing(void **state)
{
    struct world *world = *state;
    trefoil_media_reader *reader = NULL;

    assert_int_equal(unlink(world->path), 0);
    assert_int_equal(try_open(world, &reader), TREFOIL_NOTHING);
    assert_int_equal(symlink("/etc/passwd", world->path), 0);
    assert_int_equal(try_open(world, &reader), TREFOIL_BROKEN);
}

static void test_media_without_a_file_is_a_bad_argument(void **state)
{
    struct world *world = *state;
    const struct trefoil_media whole = world->media;
    trefoil_media_reader *reader = NULL;

    world->media.blob = NULL;
    assert_int_equal(try_open(world, &reader), TREFOIL_BAD_ARGUMENT);
    world->media.blob = "../../../../../../../../etc/pass";
    assert_int_equal(try_open(world, &reader), TREFOIL_BAD_ARGUMENT);
    world->media = whole;
    world->media.blob_key.size--;
    assert_int_equal(try_open(world, &reader), TREFOIL_BAD_ARGUMENT);
    world->media = whole;
    world->media.size_bytes = UINT64_MAX;
    assert_int_equal(try_open(world, &reader), TREFOIL_BAD_ARGUMENT);
    assert_int_equal(trefoil_media_open(NULL, &world->channel, &whole, &reader), TREFOIL_BAD_ARGUMENT);
    assert_int_equal(trefoil_media_open_fd(-1, &world->channel, &whole, &reader), TREFOIL_BAD_ARGUMENT);
    assert_null(reader);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)
    const struct CMUnitTest tests[] = {
        TEST(test_service_reads_the_picture_it_was_sent),
        TEST(test_descriptor_will_do_and_stays_the_callers),
        TEST(test_not_a_byte_of_a_file_that_was_tampered_with_is_handed_out),
        TEST(test_file_that_changes_while_it_is_read_is_refused_there),
        TEST(test_another_channel_or_key_is_refused),
        TEST(test_expired_file_is_nothing),
        TEST(test_media_without_a_file_is_a_bad_argument),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
