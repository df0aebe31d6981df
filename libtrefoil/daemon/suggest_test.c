/* Guesses that help, and none where guessing would mislead. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "daemon/suggest.h"

static const char *nearest(const char *word)
{
    static const char *const words[] = { "init", "roster", "room", "send", "tail", "trace", "dead", "audit" };
    struct suggestion near = { .word = word };

    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        suggestion_offer(&near, words[i]);
    return near.best;
}

static void test_distance_counts_edits(void **state unused_)
{
    assert_int_equal(suggest_distance("", "abc"), 3);
    assert_int_equal(suggest_distance("trace", "trace"), 0);
    assert_int_equal(suggest_distance("tarce", "trace"), 1);
    assert_int_equal(suggest_distance("kitten", "sitting"), 3);
}

static void test_typing_errors_find_their_word(void **state unused_)
{
    assert_string_equal(nearest("tial"), "tail");
    assert_string_equal(nearest("rooster"), "roster");
    assert_string_equal(nearest("rooms"), "room");
    assert_string_equal(nearest("aud"), "audit");
}

static void test_other_words_find_nothing(void **state unused_)
{
    assert_null(nearest("subscribe"));
    assert_null(nearest(""));
    assert_null(nearest("x"));
    assert_null(nearest("an argument that is much longer than every word anybody would ever take for a command"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_distance_counts_edits),
        cmocka_unit_test(test_typing_errors_find_their_word),
        cmocka_unit_test(test_other_words_find_nothing),
    };
    return cmocka_run_group_tests_name("suggest", tests, NULL, NULL);
}
