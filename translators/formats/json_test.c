/* What maps rely on when they read JSON from strangers. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "json.h"
#include "json_write.h"

static struct arena mem = { .max_bytes = 64u << 20 };
static struct json json;

static int parse(const char *text)
{
    arena_reset(&mem);
    return json_parse(bytes_of_text(text), &mem, &json);
}

static struct json_value parsed(const char *text)
{
    assert_int_equal(parse(text), 0);
    return json_root(&json);
}

static void assert_raw(struct json_value value, const char *expected)
{
    assert_true(bytes_equal_text(json_raw(value), expected));
}

static void test_values_are_found_by_key_with_the_bytes_they_came_in(void **state)
{
    struct json_value root = parsed(" {\"a\": [1, {\"b\" : \"x\"} ,null],\"c\":{},\"d\":true}\n");

    (void) state;
    assert_int_equal(json_type(root), JSON_OBJECT);
    assert_raw(json_get(root, "a"), "[1, {\"b\" : \"x\"} ,null]");
    assert_raw(json_get(root, "c"), "{}");
    assert_true(json_is_true(json_get(root, "d")));
    assert_false(json_exists(json_get(root, "b")));
    assert_false(json_exists(json_get(json_get(root, "nowhere"), "deeper")));
}

static void test_arrays_and_objects_are_walked_in_order(void **state)
{
    struct json_value root = parsed("[[],{\"a\":1,\"b\":[2,3]},\"s\",4.5]");
    size_t n = 0;
    char names[8] = "";

    (void) state;
    json_for_each (value, root)
        n++;
    assert_int_equal(n, 4);
    json_for_each (member, json_next(root, json_first(root)))
        snprintf(names + strlen(names), sizeof names - strlen(names), "%s", json_key(member, &mem));
    assert_string_equal(names, "ab");
    assert_false(json_exists(json_first(json_first(root))));
}

static void test_strings_come_unescaped(void **state)
{
    struct json_value root = parsed("{\"t\":\"caf\\u00e9 \\ud83d\\ude00 \\/ \\\"\\n\\u0000z\",\"k\\u0065y\":\"v\"}");

    (void) state;
    assert_string_equal(json_text(json_get(root, "t"), &mem), "café 😀 / \"\n\xef\xbf\xbdz");
    assert_true(json_is_text(json_get(root, "key"), "v"));
}

static void test_numbers_are_integers_or_digits_in_a_string(void **state)
{
    struct json_value root =
        parsed("{\"a\":9223372036854775807,\"b\":\"-12\",\"c\":1.5,\"d\":\"x\",\"e\":-9223372036854775808}");
    int64_t number = 0;
    double real = 0;

    (void) state;
    assert_int_equal(json_i64(json_get(root, "a"), &number), 0);
    assert_true(number == INT64_MAX);
    assert_int_equal(json_i64(json_get(root, "b"), &number), 0);
    assert_int_equal(number, -12);
    assert_int_equal(json_i64(json_get(root, "e"), &number), 0);
    assert_true(number == INT64_MIN);
    assert_int_equal(json_i64(json_get(root, "c"), &number), -EBADMSG);
    assert_int_equal(json_i64(json_get(root, "d"), &number), -EBADMSG);
    assert_int_equal(json_i64(JSON_NOTHING, &number), -EBADMSG);
    assert_int_equal(json_double(json_get(root, "c"), &real), 0);
    assert_true(fabs(real - 1.5) < 1e-9);
    assert_string_equal(json_id(json_get(root, "a"), &mem), "9223372036854775807");
    assert_null(json_text(json_get(root, "a"), &mem));
}

struct fault_case {
    const char *item, *fault;
};

static const struct fault_case faults[] = {
    { "{\"a\":1,\"a\":2}", "duplicate key" },
    { "{\"a\":1,\"\\u0061\":2}", "duplicate key" },
    { "[{\"x\":{\"b\":1,\"c\":2,\"b\":3}}]", "duplicate key" },
    { "\"\xff\"", "invalid UTF-8" },
    { "\"\xed\xa0\x80\"", "invalid UTF-8" },
    { "\"\xc0\xaf\"", "invalid UTF-8" },
    { "\"\\ud83d\"", "lone surrogate" },
    { "\"\\ude00\\ud83d\"", "lone surrogate" },
    { "\"\\ud83d\\u0041\"", "lone surrogate" },
    { "\"\\x\"", "invalid escape" },
    { "\"\\u12\"", "invalid escape" },
    { "\"a\tb\"", "control character in a string" },
    { "9223372036854775808", "number out of range" },
    { "[-9223372036854775809]", "number out of range" },
    { "1e999", "number out of range" },
};

static void test_a_faulty_item_leaves_its_neighbours_sound(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
        char text[256];

        snprintf(text, sizeof text, "[{\"ok\":1}, %s ,\"last\"]", faults[i].item);
        struct json_value first = json_first(parsed(text)), second = json_next(json_root(&json), first),
                          third = json_next(json_root(&json), second);
        assert_null(json_fault(first));
        assert_string_equal(json_fault(second), faults[i].fault);
        assert_raw(second, faults[i].item);
        assert_null(json_fault(third));
        assert_true(json_is_text(third, "last"));
        assert_null(json_own_fault(json_root(&json)));
        assert_non_null(json_fault(json_root(&json)));
    }
}

static void test_faulty_strings_are_not_handed_out(void **state)
{
    struct json_value root = parsed("{\"a\":\"\\ud83d\",\"b\":\"\xff\"}");

    (void) state;
    assert_null(json_text(json_get(root, "a"), &mem));
    assert_null(json_id(json_get(root, "b"), &mem));
    assert_false(mem.failed);
}

static void test_broken_structure_refuses_the_text_and_says_where(void **state)
{
    static const char *const texts[] = {
        "",
        " ",
        "{",
        "}",
        "[1,]",
        "[,1]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{a:1}",
        "[1 2]",
        "[1]]",
        "\"open",
        "\"\\",
        "tru",
        "nulll",
        "01",
        "-",
        "1.",
        "1e",
        "+1",
        ".5",
        "[1}",
        "{\"a\":1]",
        "{\"a\":1 \"b\":2}",
        "[1]x",
        "\xef\xbb\xbf[]",
        "NaN",
        "'a'",
        "[\"a\",",
    };

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        assert_int_equal(parse(texts[i]), -EBADMSG);
        assert_true(json.stopped_at <= strlen(texts[i]));
    }
    assert_int_equal(parse("[1,2,x]"), -EBADMSG);
    assert_int_equal(json.stopped_at, 5);
}

static void test_every_prefix_of_a_text_is_refused(void **state)
{
    static const char text[] = "{\"a\":[1,2.5e3,\"x\\u0041\"],\"b\":{\"c\":null,\"d\":true}}";

    (void) state;
    for (size_t size = 0; size + 1 < sizeof text; size++) {
        arena_reset(&mem);
        assert_int_equal(json_parse(bytes_make(text, size), &mem, &json), -EBADMSG);
    }
}

static void test_depth_is_limited_exactly(void **state)
{
    char text[2 * JSON_DEPTH_MAX + 4] = "";

    (void) state;
    memset(text, '[', JSON_DEPTH_MAX);
    memset(text + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
    assert_int_equal(parse(text), 0);
    memset(text, '[', JSON_DEPTH_MAX + 1);
    memset(text + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
    assert_int_equal(parse(text), -E2BIG);
}

static void test_keys_of_one_object_are_limited_exactly(void **state)
{
    (void) state;
    for (size_t n = JSON_KEYS_MAX; n <= JSON_KEYS_MAX + 1; n++) {
        struct json_writer writer;
        struct bytes text;

        arena_reset(&mem);
        writer = json_writer_make(&mem);
        json_open_object(&writer, NULL);
        for (size_t i = 0; i < n; i++)
            json_put_i64(&writer, arena_format(&mem, "k%zu", i), (int64_t) i);
        json_close_object(&writer);
        assert_int_equal(json_written(&writer, &text), 0);
        assert_int_equal(json_parse(text, &mem, &json), 0);
        assert_int_equal(json_fault(json_root(&json)) != NULL, n > JSON_KEYS_MAX);
    }
}

static void test_nodes_are_limited(void **state)
{
    size_t size = 2 * (size_t) JSON_NODES_MAX + 1;
    struct arena wide = { .max_bytes = 64u << 20 };
    char *text = arena_alloc(&wide, size);

    (void) state;
    text[0] = '[';
    for (size_t i = 1; i < size - 1; i++)
        text[i] = i % 2 ? '1' : ',';
    text[size - 1] = ']';
    arena_reset(&mem);
    assert_int_equal(json_parse(bytes_make(text, size), &mem, &json), -E2BIG);
    arena_deinit(&wide);
}

static void test_an_exhausted_arena_is_said_so(void **state)
{
    struct arena small = { .max_bytes = 16 };

    (void) state;
    assert_int_equal(json_parse(bytes_of_text("[1,2,3]"), &small, &json), -ENOMEM);
    arena_deinit(&small);
}

static void test_what_is_written_reads_back(void **state)
{
    struct json_writer writer;
    struct bytes text;

    (void) state;
    arena_reset(&mem);
    writer = json_writer_make(&mem);
    json_open_object(&writer, NULL);
    json_put_text(&writer, "t", "a\"\\\n\x01 é \xff z");
    json_open_array(&writer, "list");
    json_put_i64(&writer, NULL, INT64_MIN);
    json_put_bool(&writer, NULL, true);
    json_open_object(&writer, NULL);
    json_close_object(&writer);
    json_close_array(&writer);
    json_put_bool(&writer, "no", false);
    json_close_object(&writer);
    assert_int_equal(json_written(&writer, &text), 0);
    assert_true(bytes_equal_text(text, "{\"t\":\"a\\\"\\\\\\n\\u0001 é \xef\xbf\xbd z\","
                                       "\"list\":[-9223372036854775808,true,{}],\"no\":false}"));
    assert_int_equal(json_parse(text, &mem, &json), 0);
    assert_string_equal(json_text(json_get(json_root(&json), "t"), &mem), "a\"\\\n\x01 é \xef\xbf\xbd z");
}

static int free_memory(void **state)
{
    (void) state;
    arena_deinit(&mem);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_are_found_by_key_with_the_bytes_they_came_in),
        cmocka_unit_test(test_arrays_and_objects_are_walked_in_order),
        cmocka_unit_test(test_strings_come_unescaped),
        cmocka_unit_test(test_numbers_are_integers_or_digits_in_a_string),
        cmocka_unit_test(test_a_faulty_item_leaves_its_neighbours_sound),
        cmocka_unit_test(test_faulty_strings_are_not_handed_out),
        cmocka_unit_test(test_broken_structure_refuses_the_text_and_says_where),
        cmocka_unit_test(test_every_prefix_of_a_text_is_refused),
        cmocka_unit_test(test_depth_is_limited_exactly),
        cmocka_unit_test(test_keys_of_one_object_are_limited_exactly),
        cmocka_unit_test(test_nodes_are_limited),
        cmocka_unit_test(test_an_exhausted_arena_is_said_so),
        cmocka_unit_test(test_what_is_written_reads_back),
    };

    return cmocka_run_group_tests_name("json", tests, NULL, free_memory);
}
