/* Multipart bodies, however the network cuts them up. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sandbox/graph_body.h"
#include "sandbox/multipart.h"

#define TYPE "multipart/form-data; boundary=\"a b\""
#define FILE_BYTES "first\r\n--a c\r\n\r\n--a\r\nlast\r\n"
static const char body[] = "preamble\r\n--a b\r\nContent-Disposition: form-data; name=\"type\"\r\n\r\nimage/png\r\n"
                           "--a b\r\ncontent-disposition: form-data; filename=\"x \\\"y\\\".png\"; name=file\r\n"
                           "Content-Type: image/png\r\n\r\n" FILE_BYTES "\r\n--a b--\r\nepilogue";

static int open_files(void **state)
{
    static struct files files;

    files_init(&files, 1);
    *state = &files;
    return 0;
}

static int close_files(void **state)
{
    files_clear(*state);
    return 0;
}

static void test_every_way_to_cut_it_gives_the_same_file(void **state)
{
    for (size_t cut = 1; cut < sizeof(body); cut++) {
        struct multipart *multipart = NULL;
        uint8_t bytes[64];
        struct file *file;

        assert_int_equal(multipart_new(*state, TYPE, &multipart), 0);
        for (size_t at = 0; at < sizeof(body) - 1; at += cut) {
            size_t size = sizeof(body) - 1 - at < cut ? sizeof(body) - 1 - at : cut;

            assert_int_equal(multipart_feed(multipart, bytes_make(body + at, size)), 0);
        }
        assert_non_null(multipart_fields(multipart));
        assert_string_equal(json_string_value(json_object_get(multipart_fields(multipart), "type")), "image/png");
        file = multipart_file(multipart, "file");
        assert_non_null(file);
        assert_string_equal(json_string_value(file->name), "x \"y\".png");
        assert_string_equal(file->mime, "image/png");
        assert_int_equal(file_read(file->fd, 0, bytes, sizeof(bytes)), strlen(FILE_BYTES));
        assert_memory_equal(bytes, FILE_BYTES, strlen(FILE_BYTES));
        multipart_free(multipart);
    }
}

static void test_body_without_its_end_has_no_fields(void **state)
{
    struct multipart *multipart = NULL;

    assert_int_equal(multipart_new(*state, TYPE, &multipart), 0);
    assert_int_equal(multipart_feed(multipart, bytes_make(body, sizeof(body) - 14)), 0);
    assert_null(multipart_fields(multipart));
    multipart_free(multipart);
    assert_int_equal(multipart_new(*state, "multipart/form-data", &multipart), -EBADMSG);
}

static void test_part_without_a_name_and_headers_without_end_are_refused(void **state)
{
    static char long_line[16384];
    struct multipart *multipart = NULL;

    assert_int_equal(multipart_new(*state, TYPE, &multipart), 0);
    assert_int_equal(multipart_feed(multipart, bytes_of_text("--a b\r\nX: y\r\n\r\n")), -EBADMSG);
    multipart_free(multipart);
    memset(long_line, 'x', sizeof(long_line));
    assert_int_equal(multipart_new(*state, TYPE, &multipart), 0);
    assert_int_equal(multipart_feed(multipart, bytes_of_text("--a b\r\n")), 0);
    assert_int_equal(multipart_feed(multipart, bytes_make(long_line, sizeof(long_line))), -EBADMSG);
    multipart_free(multipart);
}

static void test_form_carries_objects_as_json_text(void **state unused_)
{
    json_t *json = body_of_form(bytes_of_text("recipient=%7B%22id%22%3A%221%22%7D&text=a+%26%20b%zz&empty=&odd"));

    assert_string_equal(json_string_value(json_object_get(json_object_get(json, "recipient"), "id")), "1");
    assert_string_equal(json_string_value(json_object_get(json, "text")), "a & b%zz");
    assert_string_equal(json_string_value(json_object_get(json, "empty")), "");
    assert_int_equal(json_object_size(json), 3);
    json_decref(json);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_way_to_cut_it_gives_the_same_file),
        cmocka_unit_test(test_body_without_its_end_has_no_fields),
        cmocka_unit_test(test_part_without_a_name_and_headers_without_end_are_refused),
        cmocka_unit_test(test_form_carries_objects_as_json_text),
    };

    return cmocka_run_group_tests_name("multipart", tests, open_files, close_files);
}
