/* In which shape files go: by the table, by what the place can do, and never by hope. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/attributes.h"
#include "files.h"

static struct arena mem = { .max_bytes = 1u << 20 };

static const char *const jpeg[] = { "image/jpeg", NULL }, *const m4a[] = { "audio/mp4", NULL };
static const char *const ogg[] = { "audio/ogg", NULL }, *const webp[] = { "image/webp", NULL };
static const char *const mp4[] = { "video/mp4", NULL };

/* A network that has everything. */
static const struct capability rich[N_FEATURES] = {
    [FEATURE_IMAGE] = { SUPPORT_FULL, .max_bytes = 100, .mimes = jpeg },
    [FEATURE_VIDEO] = { SUPPORT_FULL, .max_bytes = 100, .mimes = mp4 },
    [FEATURE_AUDIO] = { SUPPORT_FULL, .max_bytes = 100, .mimes = m4a },
    [FEATURE_VOICE] = { SUPPORT_FULL, .max_bytes = 100, .mimes = ogg },
    [FEATURE_FILE] = { SUPPORT_FULL, .max_bytes = 1000 },
    [FEATURE_FILE_NAME] = { SUPPORT_FULL },
    [FEATURE_STICKER] = { SUPPORT_FULL, .max_bytes = 10, .mimes = webp },
    [FEATURE_ANIMATED] = { SUPPORT_PARTIAL, .becomes = "video", .max_bytes = 100, .mimes = mp4 },
};

/* One that has pictures and little else. */
static const struct capability poor[N_FEATURES] = {
    [FEATURE_IMAGE] = { SUPPORT_FULL, .max_bytes = 100, .mimes = jpeg },
    [FEATURE_VOICE] = { SUPPORT_PARTIAL, .becomes = "audio" },
    [FEATURE_AUDIO] = { SUPPORT_FULL, .max_bytes = 100, .mimes = m4a },
    [FEATURE_STICKER] = { SUPPORT_PARTIAL, .becomes = "image" },
    [FEATURE_FILE] = { SUPPORT_FALLBACK },
};

#define ALL ((1u << N_CONVERSIONS) - 2)

struct files_case {
    const struct capability *table;
    uint32_t conversions;
    struct trefoil_media media;
    enum feature feature; /* N_FEATURES: words */
    enum conversion conversion;
    const char *mime, *lost;
};

#define IMAGE(mime_, size_)                                                              \
    {                                                                                    \
        .kind = TREFOIL_MEDIA_IMAGE, .mime = (mime_), .size_bytes = (size_), .blob = "b" \
    }
#define A(kind_, mime_)                                             \
    {                                                               \
        .kind = TREFOIL_MEDIA_##kind_, .mime = (mime_), .blob = "b" \
    }

static const struct files_case cases[] = {
    { rich, 0, IMAGE("image/jpeg", 100), FEATURE_IMAGE, CONVERT_NONE, "image/jpeg", NULL },
    { rich, 0, IMAGE("IMAGE/JPEG; q=1", 0), FEATURE_IMAGE, CONVERT_NONE, "image/jpeg", NULL },
    { rich, 0, IMAGE("image/jpeg", 101), FEATURE_FILE, CONVERT_NONE, "image/jpeg", "image→file" },
    { rich, 0, IMAGE("image/jpeg", 1000), FEATURE_FILE, CONVERT_NONE, "image/jpeg", "image→file" },
    { rich, ALL, IMAGE("image/jpeg", 1001), N_FEATURES, CONVERT_NONE, "image/jpeg", "file too large" },
    { rich, ALL, IMAGE("image/heic", 100), FEATURE_IMAGE, CONVERT_IMAGE_JPEG, "image/jpeg", NULL },
    { rich, 0, IMAGE("image/heic", 100), FEATURE_FILE, CONVERT_NONE, "image/heic", "image→file" },
    { rich, ALL, IMAGE("video/mp4", 1), FEATURE_FILE, CONVERT_NONE, "video/mp4", "image→file" },
    { rich, ALL, IMAGE(NULL, 1), FEATURE_IMAGE, CONVERT_IMAGE_JPEG, "image/jpeg", NULL },
    { poor, 0, IMAGE(NULL, 1), N_FEATURES, CONVERT_NONE, NULL, "image→text" },
    { rich, 0, A(VOICE, "audio/ogg; codecs=opus"), FEATURE_VOICE, CONVERT_NONE, "audio/ogg", NULL },
    { rich, ALL, A(VOICE, "audio/mp4"), FEATURE_VOICE, CONVERT_VOICE_OGG, "audio/ogg", NULL },
    { rich, 0, A(VOICE, "audio/mp4"), FEATURE_AUDIO, CONVERT_NONE, "audio/mp4", "voice→audio" },
    { rich, 1u << CONVERT_AUDIO_M4A, A(VOICE, "audio/amr"), FEATURE_AUDIO, CONVERT_AUDIO_M4A, "audio/mp4",
      "voice→audio" },
    { rich, 0, A(VOICE, "audio/amr"), FEATURE_FILE, CONVERT_NONE, "audio/amr", "voice→file" },
    { poor, ALL, A(VOICE, "audio/ogg"), FEATURE_AUDIO, CONVERT_AUDIO_M4A, "audio/mp4", "voice→audio" },
    { poor, 0, A(VOICE, "audio/ogg"), N_FEATURES, CONVERT_NONE, "audio/ogg", "voice→text" },
    { rich, ALL, A(STICKER, "image/png"), FEATURE_STICKER, CONVERT_STICKER_WEBP, "image/webp", NULL },
    { poor, ALL, A(STICKER, "image/webp"), FEATURE_IMAGE, CONVERT_IMAGE_JPEG, "image/jpeg", "sticker→image" },
    { rich, ALL, A(ANIMATED, "image/gif"), FEATURE_VIDEO, CONVERT_VIDEO_MP4, "video/mp4", "animation→video" },
    { rich, 0, A(ANIMATED, "image/gif"), FEATURE_FILE, CONVERT_NONE, "image/gif", "animation→file" },
    { rich, ALL, A(IMAGE, "image/gif"), FEATURE_VIDEO, CONVERT_VIDEO_MP4, "video/mp4", "animation→video" },
    { poor, 0, A(VIDEO, "video/mp4"), N_FEATURES, CONVERT_NONE, "video/mp4", "video→text" },
    { poor, 0, A(FILE, "image/jpeg"), N_FEATURES, CONVERT_NONE, "image/jpeg", "file→text" },
};

static void check(const struct files_case *wanted, size_t i)
{
    const struct place place = { .conversions = wanted->conversions };
    struct request_list list = { 0 };
    struct file_plan plan;

    files_plan(wanted->table, &place, &wanted->media, FILES_USUAL, &mem, &list, &plan);
    if (plan.as_words != (wanted->feature == N_FEATURES) || (!plan.as_words && plan.feature != wanted->feature) ||
        plan.conversion != wanted->conversion)
        fail_msg("case %zu: words %d, as %s, conversion %d", i, plan.as_words, feature_name(plan.feature),
                 plan.conversion);
    if (wanted->mime)
        assert_string_equal(plan.mime, wanted->mime);
    else
        assert_null(plan.mime);
    if (wanted->lost)
        assert_string_equal(list.lost[0], wanted->lost);
    else
        assert_int_equal(list.n_lost, 0);
}

static void test_every_file_goes_in_the_best_shape_it_fits(void **state unused_)
{
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        check(&cases[i], i);
}

/* A broken picture among good ones costs the good ones nothing. */
static void test_a_conversion_that_did_not_work_is_left_out_for_that_file_alone(void **state unused_)
{
    const uint32_t in_vain[] = { 0, 1u << CONVERT_IMAGE_JPEG, 0 };
    const struct trefoil_media pictures[] = { A(IMAGE, "image/webp"), A(IMAGE, "image/webp"), A(IMAGE, "image/webp") };
    const struct trefoil_media_list list = { .media = pictures, .n_media = 3 };
    const struct place place = { .conversions = ALL, .in_vain = in_vain };
    struct request_list requests = { 0 };
    struct files files;

    files_sort(poor, &place, &list, FILES_USUAL, &mem, &requests, &files);
    assert_int_equal(files.n, 2);
    assert_int_equal(files.files[0].media, 0);
    assert_int_equal(files.files[0].plan.conversion, CONVERT_IMAGE_JPEG);
    assert_int_equal(files.files[1].media, 2);
    assert_int_equal(files.files[1].plan.conversion, CONVERT_IMAGE_JPEG);
    assert_int_equal(requests.n_lost, 1);
    assert_string_equal(requests.lost[0], "image→text");
}

static void test_a_file_that_is_not_here_is_words(void **state unused_)
{
    struct trefoil_media media = IMAGE("image/jpeg", 1);

    media.blob = NULL;
    check(&(struct files_case){ rich, ALL, media, N_FEATURES, CONVERT_NONE, "image/jpeg", "image→text" }, 0);
}

static void test_a_name_is_lost_only_where_files_have_none(void **state unused_)
{
    const struct trefoil_media media = { .kind = TREFOIL_MEDIA_FILE, .mime = "a/b", .name = "x.b", .blob = "b" };
    struct capability nameless[N_FEATURES];
    struct request_list list = { 0 };
    const struct place place = { 0 };
    struct file_plan plan;

    files_plan(rich, &place, &media, FILES_USUAL, &mem, &list, &plan);
    assert_int_equal(list.n_lost, 0);
    memcpy(nameless, rich, sizeof nameless);
    nameless[FEATURE_FILE_NAME].support = SUPPORT_DROPPED;
    files_plan(nameless, &place, &media, FILES_USUAL, &mem, &list, &plan);
    assert_int_equal(list.n_lost, 1);
    assert_string_equal(list.lost[0], "file name");
}

static void test_a_name_is_harmless_and_ends_as_what_it_is(void **state unused_)
{
    static const struct {
        const char *name, *mime, *safe;
        enum conversion conversion;
    } names[] = {
        { "../../plan.pdf", "application/pdf", "plan.pdf", CONVERT_NONE },
        { "photo.heic", "image/jpeg", "photo.jpg", CONVERT_IMAGE_JPEG },
        { NULL, "image/png", "image.png", CONVERT_NONE },
        { "", "image/png", "image.png", CONVERT_NONE },
    };

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        const struct trefoil_media media = { .kind = TREFOIL_MEDIA_IMAGE, .name = names[i].name };
        const struct file_plan plan = { .conversion = names[i].conversion, .mime = names[i].mime };

        assert_string_equal(files_name(&media, &plan, &mem), names[i].safe);
    }
}

static int free_memory(void **state unused_)
{
    arena_deinit(&mem);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_file_goes_in_the_best_shape_it_fits),
        cmocka_unit_test(test_a_conversion_that_did_not_work_is_left_out_for_that_file_alone),
        cmocka_unit_test(test_a_file_that_is_not_here_is_words),
        cmocka_unit_test(test_a_name_is_harmless_and_ends_as_what_it_is),
        cmocka_unit_test(test_a_name_is_lost_only_where_files_have_none),
    };

    return cmocka_run_group_tests_name("files", tests, NULL, free_memory);
}
