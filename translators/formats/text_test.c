/* Where text is cut, and where never. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "text.h"

static struct arena mem = { .max_bytes = 1u << 20 };

/* All parts, joined by bars. */
static const char *parts_of(const char *text, enum text_unit unit, size_t max)
{
    static char joined[4096];
    struct bytes rest = bytes_of_text(text);
    size_t size = 0;

    joined[0] = 0;
    while (rest.size > 0) {
        struct bytes part = text_take_part(&rest, (struct text_limit){ unit, max });

        assert_true(bytes_is_utf8(part));
        size += (size_t) snprintf(joined + size, sizeof joined - size, "%.*s%s", (int) part.size,
                                  part.size > 0 ? (const char *) part.data : "", rest.size > 0 ? "|" : "");
    }
    return joined;
}

static void test_text_at_the_limit_is_one_part_and_one_more_makes_two(void **state)
{
    char text[4098];
    struct bytes rest = bytes_make(text, 4096);

    (void) state;
    memset(text, 'a', sizeof text);
    assert_int_equal(text_take_part(&rest, (struct text_limit){ TEXT_CODE_POINTS, 4096 }).size, 4096);
    assert_int_equal(rest.size, 0);
    rest = bytes_make(text, 4097);
    assert_int_equal(text_take_part(&rest, (struct text_limit){ TEXT_CODE_POINTS, 4096 }).size, 4096);
    assert_int_equal(rest.size, 1);
}

static void test_bytes_and_characters_are_different_limits(void **state)
{
    (void) state;
    assert_string_equal(parts_of("éééé", TEXT_CODE_POINTS, 4), "éééé");
    assert_string_equal(parts_of("éééé", TEXT_BYTES, 4), "éé|éé");
    assert_string_equal(parts_of("éééé", TEXT_BYTES, 5), "éé|éé");
    assert_int_equal(text_length(bytes_of_text("é😀a"), TEXT_CODE_POINTS), 3);
    assert_int_equal(text_length(bytes_of_text("é😀a"), TEXT_BYTES), 7);
}

static void test_paragraphs_are_kept_before_lines_before_words(void **state)
{
    (void) state;
    assert_string_equal(parts_of("one two\n\nthree four", TEXT_BYTES, 14), "one two|three four");
    assert_string_equal(parts_of("one two\nthree four", TEXT_BYTES, 14), "one two|three four");
    assert_string_equal(parts_of("one two three four", TEXT_BYTES, 14), "one two three|four");
    assert_string_equal(parts_of("onetwothreefour", TEXT_BYTES, 14), "onetwothreefou|r");
}

static void test_an_early_break_does_not_waste_half_a_part(void **state)
{
    (void) state;
    assert_string_equal(parts_of("a\n\nbcdefgh ijklmnop", TEXT_BYTES, 12), "a\n\nbcdefgh|ijklmnop");
}

static void test_what_is_seen_as_one_stays_together(void **state)
{
    (void) state;
    assert_string_equal(parts_of("abce\xcc\x81z", TEXT_CODE_POINTS, 4), "abc|e\xcc\x81z");
    assert_string_equal(parts_of("ab👨‍👩‍👧z", TEXT_CODE_POINTS, 6), "ab|👨‍👩‍👧z");
    assert_string_equal(parts_of("abc👍🏽z", TEXT_CODE_POINTS, 4), "abc|👍🏽z");
    assert_string_equal(parts_of("a🇳🇱🇩🇪", TEXT_CODE_POINTS, 4), "a🇳🇱|🇩🇪");
    assert_string_equal(parts_of("abc❤️z", TEXT_CODE_POINTS, 4), "abc|❤️z");
}

static void test_one_character_longer_than_the_limit_is_cut_between_code_points(void **state)
{
    (void) state;
    assert_string_equal(parts_of("👨‍👩‍👧", TEXT_CODE_POINTS, 4), "👨‍👩‍|👧");
}

static void test_nothing_but_white_space_is_lost(void **state)
{
    char text[64];

    (void) state;
    snprintf(text, sizeof text, "a%48sb", "");
    assert_string_equal(parts_of(text, TEXT_BYTES, 10), "a|b");
    assert_string_equal(parts_of("", TEXT_BYTES, 10), "");
}

static void test_fallbacks_are_one_bounded_line(void **state)
{
    char text[1000];

    (void) state;
    assert_string_equal(text_fallback(&mem, "image", "the\nroof "), "[image] the roof");
    assert_string_equal(text_fallback(&mem, "sticker", NULL), "[sticker]");
    assert_string_equal(text_fallback(&mem, "sticker", " \n"), "[sticker]");
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = 0;
    assert_true(text_length(bytes_of_text(text_fallback(&mem, "file", text)), TEXT_CODE_POINTS) <=
                TEXT_FALLBACK_MAX_CHARS + 10);
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
        cmocka_unit_test(test_text_at_the_limit_is_one_part_and_one_more_makes_two),
        cmocka_unit_test(test_bytes_and_characters_are_different_limits),
        cmocka_unit_test(test_paragraphs_are_kept_before_lines_before_words),
        cmocka_unit_test(test_an_early_break_does_not_waste_half_a_part),
        cmocka_unit_test(test_what_is_seen_as_one_stays_together),
        cmocka_unit_test(test_one_character_longer_than_the_limit_is_cut_between_code_points),
        cmocka_unit_test(test_nothing_but_white_space_is_lost),
        cmocka_unit_test(test_fallbacks_are_one_bounded_line),
    };

    return cmocka_run_group_tests_name("text", tests, NULL, free_memory);
}
