/* What files are, whatever they are called. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "formats/sniff.h"

#define SOME(text) bytes_make(text, sizeof(text) - 1)
#define JPEG SOME("\xff\xd8\xff\xe0\0\x10JFIF")
#define MP4           \
    SOME("\0\0\0\x20" \
         "ftypisom")

static void check(struct bytes beginning, const char *declared, const char *expected, bool is_lie)
{
    char room[64];
    bool found = !is_lie;
    assert_string_equal(sniff_judge(beginning, declared, room, sizeof(room), &found), expected);
    assert_int_equal(found, is_lie);
}

static void test_known_beginnings_are_known(void **state)
{
    (void) state;
    assert_string_equal(sniff_mime(JPEG), "image/jpeg");
    assert_string_equal(sniff_mime(SOME("RIFF....WEBPVP8 ")), "image/webp");
    assert_string_equal(sniff_mime(SOME("RIFF....WAVEfmt ")), "audio/wav");
    assert_string_equal(sniff_mime(SOME("\0\0\0\x20"
                                        "ftypM4A ")),
                        "audio/mp4");
    assert_string_equal(sniff_mime(SOME(" \n<!DOCTYPE HTML><title>")), "text/html");
    assert_null(sniff_mime(SOME("XXXX....WEBPVP8 ")));
    assert_null(sniff_mime(SOME("hello")));
    assert_null(sniff_mime(BYTES_EMPTY));
}

static void test_every_cut_beginning_is_read_without_harm(void **state)
{
    (void) state;
    static const char *const all[] = { "RIFF....WEBP", "\x89PNG\r\n\x1a\n", "OggS....theora", "<!doctype html" };
    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
        for (size_t n = 0; n < strlen(all[i]); n++)
            (void) sniff_mime(bytes_make(all[i], n));
}

static void test_declared_type_counts_where_the_bytes_do_not_contradict(void **state)
{
    (void) state;
    check(SOME("a,b\n1,2"), "text/csv; charset=utf-8", "text/csv", false);
    check(SOME("PK\x03\x04"), "application/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.text",
          false);
    check(MP4, "Audio/MP4", "audio/mp4", false);
    check(SOME("OggS\0\2 OpusHead"), "audio/ogg; codecs=opus", "audio/ogg", false);
}

static void test_lie_is_seen_and_named(void **state)
{
    (void) state;
    check(SOME("MZ\x90\0"), "image/jpeg", "application/x-msdownload", true);
    check(JPEG, "application/pdf", "image/jpeg", true);
    check(SOME("<html>"), "image/png", "text/html", true);
    check(SOME("not a picture"), "image/jpeg", "application/octet-stream", true);
    check(JPEG, "image/png", "image/jpeg", false);
}

static void test_declaration_without_meaning_is_passed_over(void **state)
{
    (void) state;
    check(JPEG, NULL, "image/jpeg", false);
    check(JPEG, "application/octet-stream", "image/jpeg", false);
    check(JPEG, "a\r\nX-Evil: 1", "image/jpeg", false);
    check(SOME("hello"), "", "application/octet-stream", false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_beginnings_are_known),
        cmocka_unit_test(test_every_cut_beginning_is_read_without_harm),
        cmocka_unit_test(test_declared_type_counts_where_the_bytes_do_not_contradict),
        cmocka_unit_test(test_lie_is_seen_and_named),
        cmocka_unit_test(test_declaration_without_meaning_is_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
