/* The real ffmpeg, where there is one; what it is given is made by itself, or is broken. */
#include <errno.h>
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
        in_scene(test_abandoned_conversion_is_not_told_of),
        in_scene(test_program_that_cannot_be_run_is_refused_at_once),
        in_scene(test_program_that_fails_is_a_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
