/* How long files lie in the store: as long as the messages of their channel. The clock of the files is set, not waited for. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "media_scene.h"

#define CHANNEL "07070700000000000000000000000000"
#define NEIGHBOUR "08000000000000000000000000000000"
#define REF "0123456789abcdef0123456789abcdef"
#define HOUR_MS 3600000

enum { PATH_BYTES = 200 };

static void path_of(const struct media_scene *scene, const char *channel, const char *ref, char path[PATH_BYTES])
{
    snprintf(path, PATH_BYTES, "%s/%s/%.2s/%.2s/%s", scene->folder, channel, ref, ref + 2, ref);
}

static void age(const char *path, time_t hours)
{
    const struct timespec then = { .tv_sec = time(NULL) - hours * 3600 };
    assert_int_equal(utimensat(AT_FDCWD, path, (struct timespec[2]){ then, then }, 0), 0);
}

/* A file of the channel that was fetched so long ago; its path. */
static void fetch_file(struct media_scene *scene, const char *event, time_t hours, char path[PATH_BYTES])
{
    struct trefoil_media media = { .kind = TREFOIL_MEDIA_IMAGE, .network_url = media_scene_url(scene, "/file") };
    struct media_found found;

    media_scene_ask(scene, event, "ana", &media);
    assert_int_equal(media_scene_wait(scene, event, &found), MEDIA_FETCH_DONE);
    path_of(scene, CHANNEL, found.secret->ref, path);
    age(path, hours);
}

static void on_put(void *context, int r)
{
    *(int *) context = r;
}

/* One that another channel's process put into the same store. */
static void put_beside(struct media_scene *scene, time_t hours, char path[PATH_BYTES])
{
    int fd = -1, result = 1;

    assert_int_equal(blobs_spool(scene->media.blobs, &fd), 0);
    assert_int_equal(write(fd, "sealed", 6), 6);
    assert_int_equal(blobs_put(scene->media.blobs, (uint8_t[SEAL_ID_BYTES]){ 8 }, REF, &fd, &result, on_put), 0);
    while (result > 0)
        uv_run(&scene->loop, UV_RUN_ONCE);
    path_of(scene, NEIGHBOUR, REF, path);
    age(path, hours);
}

/* The hour of the sweep, now; until that file is gone. */
static void sweep_until_gone(struct media_scene *scene, const char *path)
{
    uv_timer_set_repeat(&scene->media.sweep, 1);
    assert_int_equal(uv_timer_again(&scene->media.sweep), 0);
    while (access(path, F_OK) == 0)
        uv_run(&scene->loop, UV_RUN_ONCE);
    uv_timer_stop(&scene->media.sweep);
}

static void sweep_some_times(struct media_scene *scene)
{
    uv_timer_set_repeat(&scene->media.sweep, 1);
    assert_int_equal(uv_timer_again(&scene->media.sweep), 0);
    for (int turn = 0; turn < 20; turn++)
        uv_run(&scene->loop, UV_RUN_ONCE);
    uv_timer_stop(&scene->media.sweep);
}

static void test_file_dies_with_the_messages_of_its_channel_and_no_other_channels_does(void **state)
{
    struct media_scene *scene = *state;
    char old[PATH_BYTES], young[PATH_BYTES], beside[PATH_BYTES];

    fetch_file(scene, "first", 3, old);
    fetch_file(scene, "second", 1, young);
    put_beside(scene, 5, beside);
    scene->retention_ms = 2 * HOUR_MS;
    sweep_until_gone(scene, old);
    assert_int_equal(access(young, F_OK), 0);
    assert_int_equal(access(beside, F_OK), 0);
}

static void test_files_may_be_kept_shorter_than_messages(void **state)
{
    struct media_scene *scene = *state;
    char path[PATH_BYTES];

    fetch_file(scene, "event", 3, path);
    scene->retention_ms = 30ull * 24 * HOUR_MS;
    scene->settings.blob_keep_ms = 2 * HOUR_MS;
    sweep_until_gone(scene, path);
}

static void test_nothing_goes_while_channel_or_retention_are_not_known(void **state)
{
    struct media_scene *scene = *state;
    char path[PATH_BYTES];

    fetch_file(scene, "event", 24 * 365, path);
    sweep_some_times(scene);
    assert_int_equal(access(path, F_OK), 0);
    scene->retention_ms = HOUR_MS;
    scene->is_unconnected = true;
    sweep_some_times(scene);
    assert_int_equal(access(path, F_OK), 0);
    scene->is_unconnected = false;
    sweep_until_gone(scene, path);
}

int main(void)
{
#define in_scene(test) cmocka_unit_test_setup_teardown(test, media_scene_open, media_scene_close)
    const struct CMUnitTest tests[] = {
        in_scene(test_file_dies_with_the_messages_of_its_channel_and_no_other_channels_does),
        in_scene(test_files_may_be_kept_shorter_than_messages),
        in_scene(test_nothing_goes_while_channel_or_retention_are_not_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
