/* Which dead letters are meant, and that what a network called its reason cannot move a cursor. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "cli/dead_letter.h"

static const struct trefoil_dead letter = {
    .id = 4097,
    .since_ms = 1000,
    .address = { "whatsapp/100", "4915" },
    .code = 131047,
    .attempts = 1,
    .reason = "outside the 24 hour window\x1b[2J",
};

static bool fits(const char *account, const char *reason, uint64_t since_ms)
{
    return dead_letter_fits(&letter, &(struct dead_filter){ account, reason, since_ms });
}

static void test_without_a_filter_every_letter_is_meant(void **state unused_)
{
    assert_true(fits(NULL, NULL, 0));
}

static void test_account_is_whole_or_a_network(void **state unused_)
{
    assert_true(fits("whatsapp/100", NULL, 0));
    assert_true(fits("whatsapp", NULL, 0));
    assert_false(fits("whatsapp/10", NULL, 0));
    assert_false(fits("what", NULL, 0));
    assert_false(fits("messenger", NULL, 0));
}

static void test_reason_is_part_of_the_reason_in_any_case(void **state unused_)
{
    assert_true(fits(NULL, "24 HOUR", 0));
    assert_false(fits(NULL, "opted out", 0));
    assert_false(dead_letter_fits(&(struct trefoil_dead){ .reason = NULL }, &(struct dead_filter){ .reason = "x" }));
}

static void test_since_leaves_out_what_died_before(void **state unused_)
{
    assert_true(fits(NULL, NULL, 1000));
    assert_false(fits(NULL, NULL, 1001));
}

static void test_line_is_plain_and_json_is_open_for_more(void **state unused_)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    dead_letter_put(out, &letter);
    assert_int_equal(fclose(out), 0);
    assert_null(strchr(text, '\x1b'));
    assert_non_null(strstr(text, "whatsapp/100/4915  outside the 24 hour window"));
    assert_non_null(strstr(text, "(code 131047/0), 1 attempt\n"));
    free(text);
    out = open_memstream(&text, &size);
    assert_non_null(out);
    dead_letter_put_json(out, &letter);
    assert_int_equal(fclose(out), 0);
    assert_non_null(strstr(text, "{\"id\":4097,"));
    assert_int_not_equal(text[size - 1], '}');
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_a_filter_every_letter_is_meant),
        cmocka_unit_test(test_account_is_whole_or_a_network),
        cmocka_unit_test(test_reason_is_part_of_the_reason_in_any_case),
        cmocka_unit_test(test_since_leaves_out_what_died_before),
        cmocka_unit_test(test_line_is_plain_and_json_is_open_for_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
