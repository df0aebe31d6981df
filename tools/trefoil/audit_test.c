/* The books: when they add up, when they do not, and when a page is missing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "cli/audit.h"

static bool audit(const struct trefoil_counter *counters, size_t n_counters, char **ret_text)
{
    size_t size;
    FILE *out = open_memstream(ret_text, &size);
    bool adds_up;

    assert_non_null(out);
    adds_up = audit_put(out, counters, n_counters);
    assert_int_equal(fclose(out), 0);
    return adds_up;
}

static void test_books_that_add_up_show_both_equations(void **state unused_)
{
    const struct trefoil_counter counters[] = {
        { "received", 10 }, { "published", 7 }, { "duplicate", 2 }, { "rejected", 1 }, { "targets", 14 },
        { "sent", 10 },     { "bounced", 1 },   { "dead", 1 },      { "pending", 2 },  { "ephemeral", 99 },
    };
    char *text = NULL;

    assert_true(audit(counters, ARRAY_SIZE(counters), &text));
    assert_string_equal(text, "envelopes  received 10 = published 7 + duplicate 2 + rejected 1   ok\n"
                              "targets    targets 14 = sent 10 + bounced 1 + dead 1 + pending 2   ok\n");
    free(text);
}

static void test_a_lost_target_is_named_as_missing(void **state unused_)
{
    const struct trefoil_counter counters[] = {
        { "received", 1 }, { "published", 1 }, { "duplicate", 0 }, { "rejected", 0 }, { "targets", 2 },
        { "sent", 1 },     { "bounced", 0 },   { "dead", 0 },      { "pending", 0 },
    };
    char *text = NULL;

    assert_false(audit(counters, ARRAY_SIZE(counters), &text));
    assert_non_null(strstr(text, "DOES NOT ADD UP: 1 missing"));
    free(text);
}

static void test_a_count_that_stopped_may_be_short_and_never_too_much(void **state unused_)
{
    struct trefoil_counter counters[] = {
        { "received", 1 }, { "published", 1 }, { "duplicate", 0 }, { "rejected", 0 }, { "targets", 9 },
        { "sent", 1 },     { "bounced", 0 },   { "dead", 0 },      { "pending", 5 },  { "pending_at_least", 1 },
    };
    char *text = NULL;

    assert_true(audit(counters, ARRAY_SIZE(counters), &text));
    assert_non_null(strstr(text, "pending at least 5   ok as far as counted"));
    free(text);
    counters[8].value = 9;
    assert_false(audit(counters, ARRAY_SIZE(counters), &text));
    assert_non_null(strstr(text, "DOES NOT ADD UP: 1 too many"));
    free(text);
}

static void test_a_counter_nobody_told_is_no_proof(void **state unused_)
{
    const struct trefoil_counter counters[] = { { "received", 0 }, { "published", 0 } };
    char *text = NULL;

    assert_false(audit(counters, ARRAY_SIZE(counters), &text));
    assert_non_null(strstr(text, "INCOMPLETE"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_books_that_add_up_show_both_equations),
        cmocka_unit_test(test_a_lost_target_is_named_as_missing),
        cmocka_unit_test(test_a_count_that_stopped_may_be_short_and_never_too_much),
        cmocka_unit_test(test_a_counter_nobody_told_is_no_proof),
    };
    return cmocka_run_group_tests_name("audit", tests, NULL, NULL);
}
