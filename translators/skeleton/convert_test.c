/* The real ffmpeg, where there is one; what it is given is made by itself, or is broken. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "convert.h"
#include "formats/sniff.h"

#define FFMPEG "/usr/bin/ffmpeg"

struct scene {
    uv_loop_t loop;
    struct converter *converter;
    int input, output;
    char script[40]; /* "": the converter is none of ours */
    bool is_over;
    int result;
};

static int open_scene(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));
    assert_non_null(scene);
    uv_loop_init(&scene->loop);
    scene->input = memfd_create("input", MFD_CLOEXEC);
    scene->output = memfd_create("output", MFD_CLOEXEC);
    assert_true(scene->input >= 0 && scene->output >= 0);
    if (access(FFMPEG, X_OK) < 0)
        print_message("SKIPPED: there is no " FFMPEG " here, conversions are not tested\n");
    else
        assert_int_equal(converter_open(&scene->loop, FFMPEG, &scene->converter), 0);
    *state = scene;
    return 0;
}

static int close_scene(void **state)
{
    struct scene *scene = *state;
    converter_close(scene->converter);
    uv_run(&scene->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&scene->loop), 0);
    close(scene->input);
    close(scene->output);
    if (scene->script[0])
        assert_int_equal(unlink(scene->script), 0);
    free(scene);
    return 0;
}

/* One second of silence, 8 kHz, as a WAV file. */
static void write_sound(int fd)
{
    static const uint8_t head[] =
        "RIFF\xa4\x3e\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x80\x3e\0\0\2\0\x10\0data\x80\x3e\0";
    uint8_t silence[16000] = { 0 };
    assert_int_equal(write(fd, head, sizeof(head)), sizeof(head));
    assert_int_equal(write(fd, silence, sizeof(silence)), sizeof(silence));
}

/* A picture of 2 by 2, as BMP. */
static void write_picture(int fd)
{
    static const uint8_t bmp[] = { 'B', 'M', 70, 0, 0,  0, 0, 0, 0, 0, 54, 0, 0, 0, 40, 0, 0, 0, 2, 0, 0, 0, 2, 0,
                                   0,   0,   1,  0, 24, 0, 0, 0, 0, 0, 16, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0, 0,
                                   0,   0,   0,  0, 0,  0, 9, 9, 9, 9, 9,  9, 0, 0, 80, 9, 9, 9, 9, 9, 0, 0 };
    assert_int_equal(write(fd, bmp, sizeof(bmp)), sizeof(bmp));
}

static void on_done(void *context, int r)
{
    struct scene *scene = context;
    scene->is_over = true;
    scene->result = r;
}

static int convert(struct scene *scene, enum conversion conversion)
{
    assert_int_equal(converter_run(scene->converter, conversion, scene->input, scene->output, scene, on_done), 0);
    while (!scene->is_over)
        uv_run(&scene->loop, UV_RUN_ONCE);
    return scene->result;
}

static const char *output_mime(struct scene *scene, uint8_t *beginning)
{
    ssize_t n = pread(scene->output, beginning, SNIFF_BYTES, 0);
    assert_true(n > 0);
    return sniff_mime(bytes_make(beginning, (size_t) n));
}

static void test_sound_becomes_a_voice_note(void **state)
{
    struct scene *scene = *state;
    uint8_t beginning[SNIFF_BYTES];
    if (!scene->converter)
        skip();
    write_sound(scene->input);
    assert_int_equal(convert(scene, CONVERT_VOICE_OGG), 0);
    assert_string_equal(output_mime(scene, beginning), "audio/ogg");
    assert_non_null(memmem(beginning, 64, "OpusHead", 8));
}

static void test_sound_becomes_audio_that_telephones_play(void **state)
{
    struct scene *scene = *state;
    uint8_t beginning[SNIFF_BYTES];
    if (!scene->converter)
        skip();
    write_sound(scene->input);
    assert_int_equal(convert(scene, CONVERT_AUDIO_M4A), 0);
    assert_string_equal(output_mime(scene, beginning), "audio/mp4");
}

static void test_picture_becomes_a_jpeg_and_a_sticker(void **state)
{
    struct scene *scene = *state;
    uint8_t beginning[SNIFF_BYTES];
    if (!scene->converter)
        skip();
    write_picture(scene->input);
    assert_int_equal(convert(scene, CONVERT_IMAGE_JPEG), 0);
    assert_string_equal(output_mime(scene, beginning), "image/jpeg");
    assert_int_equal(ftruncate(scene->output, 0), 0);
    scene->is_over = false;
    assert_int_equal(convert(scene, CONVERT_STICKER_WEBP), 0);
    assert_string_equal(output_mime(scene, beginning), "image/webp");
}

static void test_broken_file_is_a_failure_and_nothing_else(void **state)
{
    struct scene *scene = *state;
    if (!scene->converter)
        skip();
    assert_int_equal(write(scene->input, "hello", 5), 5);
    assert_int_equal(convert(scene, CONVERT_VOICE_OGG), -EBADMSG);
}

static void test_list_of_other_files_is_not_followed(void **state)
{
    struct scene *scene = *state;
    static const char list[] = "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n";
    static const char concat[] = "ffconcat version 1.0\nfile /etc/passwd\n";
    if (!scene->converter)
        skip();
    assert_int_equal(write(scene->input, list, sizeof(list) - 1), sizeof(list) - 1);
    assert_int_equal(convert(scene, CONVERT_VIDEO_MP4), -EBADMSG);
    assert_int_equal(ftruncate(scene->input, 0), 0);
    assert_int_equal(pwrite(scene->input, concat, sizeof(concat) - 1, 0), sizeof(concat) - 1);
    scene->is_over = false;
    assert_int_equal(convert(scene, CONVERT_VIDEO_MP4), -EBADMSG);
}

/* A converter that is a script of ours. */
static void use_script(struct scene *scene, const char *text)
{
    char path[] = "/tmp/trefoil-converter-XXXXXX";
    int fd = mkstemp(path);
    struct converter *converter = NULL;

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(fchmod(fd, 0700), 0);
    close(fd);
    assert_int_equal(converter_open(&scene->loop, path, &converter), 0);
    converter_close(scene->converter);
    scene->converter = converter;
    snprintf(scene->script, sizeof(scene->script), "%s", path);
}

static void assert_limit(const char *limits, const char *what, uint64_t value)
{
    const char *line = strstr(limits, what);
    unsigned long long soft = 0, hard = 0;

    assert_non_null(line);
    assert_int_equal(sscanf(line + strlen(what), "%llu %llu", &soft, &hard), 2);
    assert_int_equal(soft, value);
    assert_int_equal(hard, value);
}

static void test_child_lives_within_limits_and_sees_nothing_of_us(void **state)
{
    struct scene *scene = *state;
    char said[8192] = { 0 };

    /* the limits come a moment after it has begun */
    use_script(scene, "#!/bin/sh\nuntil grep -q 'open files  *64 ' /proc/self/limits; do :; done\n"
                      "cat /proc/self/limits\necho directory $(pwd)\nenv\nreadlink /proc/$$/fd/*\nexit 0\n");
    int left_open = open("/etc/passwd", O_RDONLY); /* as some library might leave one */
    assert_true(left_open > 2);
    assert_int_equal(setenv("TREFOIL_KEYRING", "/nowhere/secret", 1), 0);
    assert_int_equal(convert(scene, CONVERT_VOICE_OGG), 0);
    assert_true(pread(scene->output, said, sizeof(said) - 1, 0) > 0);
    assert_limit(said, "Max cpu time", CONVERT_CPU_S);
    assert_limit(said, "Max address space", CONVERT_MEMORY_BYTES);
    assert_limit(said, "Max file size", CONVERT_OUTPUT_MAX_BYTES);
    assert_limit(said, "Max open files", 64);
    assert_non_null(strstr(said, "directory /\n"));
    assert_null(strstr(said, "TREFOIL"));
    assert_non_null(strstr(said, "memfd:input"));
    assert_null(strstr(said, "/etc/passwd"));
    close(left_open);
}

static void test_child_that_writes_without_end_is_ended(void **state)
{
    struct scene *scene = *state;
    struct stat stat;

    use_script(scene, "#!/bin/sh\nuntil grep -q 'open files  *64 ' /proc/self/limits; do :; done\n"
                      "exec head -c 999999999 /dev/zero\n");
    assert_int_equal(convert(scene, CONVERT_VOICE_OGG), -EBADMSG);
    assert_int_equal(fstat(scene->output, &stat), 0);
    assert_true(stat.st_size <= CONVERT_OUTPUT_MAX_BYTES);
}

/* The clock on the wall strikes now. */
static void ring(uv_handle_t *handle, void *context)
{
    (void) context;
    if (uv_handle_get_type(handle) != UV_TIMER)
        return;
    uv_timer_set_repeat((uv_timer_t *) handle, 1);
    assert_int_equal(uv_timer_again((uv_timer_t *) handle), 0);
}

/* Dead is dead, though nobody may have taken note of it yet. */
static void wait_until_dead(long pid)
{
    char path[64], state_of[2] = { 0 };
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
    while (state_of[0] != 'Z' && (file = fopen(path, "r"))) {
        (void) !fscanf(file, "%*d %*s %1s", state_of);
        fclose(file);
    }
}

static void test_child_that_never_ends_is_ended_with_all_its_children(void **state)
{
    struct scene *scene = *state;
    char said[32] = { 0 };

    use_script(scene, "#!/bin/sh\nsleep 1000 &\necho $!\nwait\n");
    assert_int_equal(converter_run(scene->converter, CONVERT_VOICE_OGG, scene->input, scene->output, scene, on_done),
                     0);
    while (pread(scene->output, said, sizeof(said) - 1, 0) <= 0)
        uv_run(&scene->loop, UV_RUN_NOWAIT);
    uv_walk(&scene->loop, ring, NULL);
    while (!scene->is_over)
        uv_run(&scene->loop, UV_RUN_ONCE);
    assert_int_equal(scene->result, -ETIMEDOUT);
    wait_until_dead(strtol(said, NULL, 10));
}

static void test_abandoned_conversion_is_not_told_of(void **state)
{
    struct scene *scene = *state;
    if (!scene->converter)
        skip();
    write_sound(scene->input);
    assert_int_equal(converter_run(scene->converter, CONVERT_AUDIO_M4A, scene->input, scene->output, scene, on_done),
                     0);
    converter_abandon(scene->converter, scene);
    uv_run(&scene->loop, UV_RUN_DEFAULT);
    assert_false(scene->is_over);
}

static void test_program_that_cannot_be_run_is_refused_at_once(void **state)
{
    struct scene *scene = *state;
    struct converter *converter = NULL;
    assert_int_equal(converter_open(&scene->loop, "/nonexistent/ffmpeg", &converter), -ENOENT);
    assert_int_equal(converter_open(&scene->loop, "ffmpeg", &converter), -EINVAL);
    assert_int_equal(converter_open(&scene->loop, "/usr/bin", &converter), -ENOENT);
    assert_int_equal(converter_open(&scene->loop, "/etc/passwd", &converter), -EACCES);
}

static void test_program_that_fails_is_a_failure(void **state)
{
    struct scene *scene = *state;
    struct converter *converter = NULL;
    if (access("/bin/false", X_OK) < 0)
        skip();
    assert_int_equal(converter_open(&scene->loop, "/bin/false", &converter), 0);
    converter_close(scene->converter);
    scene->converter = converter;
    assert_int_equal(convert(scene, CONVERT_IMAGE_JPEG), -EBADMSG);
}

int main(void)
{
#define in_scene(test) cmocka_unit_test_setup_teardown(test, open_scene, close_scene)
    const struct CMUnitTest tests[] = {
        in_scene(test_sound_becomes_a_voice_note),
        in_scene(test_sound_becomes_audio_that_telephones_play),
        in_scene(test_picture_becomes_a_jpeg_and_a_sticker),
        in_scene(test_broken_file_is_a_failure_and_nothing_else),
        in_scene(test_list_of_other_files_is_not_followed),
        in_scene(test_child_lives_within_limits_and_sees_nothing_of_us),
        in_scene(test_child_that_writes_without_end_is_ended),
        in_scene(test_child_that_never_ends_is_ended_with_all_its_children),
        in_scene(test_abandoned_conversion_is_not_told_of),
        in_scene(test_program_that_cannot_be_run_is_refused_at_once),
        in_scene(test_program_that_fails_is_a_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
