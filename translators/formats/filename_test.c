/* Names that strangers gave to files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "formats/filename.h"

static void check(const char *name, const char *mime, const char *expected)
{
    struct arena mem = ARENA_EMPTY(1 << 20);
    const char *safe = filename_safe(name, mime, &mem);
    assert_non_null(safe);
    assert_string_equal(safe, expected);
    arena_deinit(&mem);
}

static void test_ordinary_names_stay_as_they_are(void **state)
{
    (void) state;
    check("Rechnung März 2026.pdf", "application/pdf", "Rechnung März 2026.pdf");
    check("写真.jpeg", "image/jpeg", "写真.jpeg");
    check("a.tar.gz", "application/gzip", "a.tar.gz");
}

static void test_path_never_leads_anywhere(void **state)
{
    (void) state;
    check("../../etc/passwd", "text/plain", "passwd.txt");
    check("..\\..\\windows\\system32\\evil.exe", NULL, "evil.exe");
    check("/", "image/png", "file.png");
    check("..", "image/png", "file.png");
    check("a/..", NULL, "file.bin");
    check(".bashrc", "text/plain", "bashrc.txt");
    check("photo.jpg/", "image/jpeg", "photo.jpg");
}

static void test_unseen_characters_are_left_out(void **state)
{
    (void) state;
    check("invoice\xe2\x80\xaegpj.exe", NULL, "invoicegpj.exe");
    check("a\nb\tc\x7f.txt", NULL, "abc.txt");
    check("\xef\xbb\xbf\xe2\x80\x8b"
          "a.txt",
          NULL, "a.txt");
    check("a\xff.txt", NULL, "a_.txt");
    check("a\"b;c$(d)`e`.txt", NULL, "a_b_c_(d)_e_.txt");
}

static void test_what_has_no_name_gets_one_by_its_type(void **state)
{
    (void) state;
    check(NULL, "audio/ogg; codecs=opus", "file.ogg");
    check("", "IMAGE/JPEG", "file.jpg");
    check("  ", "x/y", "file.bin");
}

static void test_long_names_are_cut_before_the_extension_between_characters(void **state)
{
    (void) state;
    struct arena mem = ARENA_EMPTY(1 << 20);
    char name[4096];
    for (size_t i = 0; i + 5 < sizeof(name); i += 3)
        memcpy(name + i, "\xe2\x82\xac", 3);
    memcpy(name + 4086, ".docx", 6);
    const char *safe = filename_safe(name, NULL, &mem);
    assert_non_null(safe);
    assert_in_range(strlen(safe), FILENAME_MAX_BYTES - 3, FILENAME_MAX_BYTES);
    assert_string_equal(safe + strlen(safe) - 5, ".docx");
    assert_true(bytes_is_utf8(bytes_of_text(safe)));
    memset(name, 'a', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    safe = filename_safe(name, "image/png", &mem);
    assert_true(safe && strlen(safe) <= FILENAME_MAX_BYTES);
    arena_deinit(&mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ordinary_names_stay_as_they_are),
        cmocka_unit_test(test_path_never_leads_anywhere),
        cmocka_unit_test(test_unseen_characters_are_left_out),
        cmocka_unit_test(test_what_has_no_name_gets_one_by_its_type),
        cmocka_unit_test(test_long_names_are_cut_before_the_extension_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
