/* The books of translators and sandbox held against the gateway's: when they hold, and each way they do not. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/books.h"

static const struct books good = {
    .published = 10,
    .confirmed = 6,
    .duplicate = 1,
    .deferred = 1,
    .ephemeral = 1,
    .withdrawn = 1,
    .sent = 4,
    .taken = 4,
    .lost_answers = 1,
    .n_translators = 1,
    .events = 12,
    .waiting = 1,
    .given_up = 1,
    .accepted = 5,
    .n_sandboxes = 1,
};
static const struct trefoil_counter gateway[] = { { "published", 8 }, { "sent", 4 } };

static bool put(const struct books *books, char **ret_text)
{
    size_t size;
    FILE *out = open_memstream(ret_text, &size);

    assert_non_null(out);
    bool holds = books_put(out, books, gateway, 2);
    assert_int_equal(fclose(out), 0);
    return holds;
}

static void test_books_that_hold_say_so_five_times(void **state)
{
    (void) state;
    char *text = NULL;
    unsigned n = 0;

    assert_true(put(&good, &text));
    for (const char *at = text; (at = strstr(at, "   ok\n")); at++)
        n++;
    assert_int_equal(n, 5);
    free(text);
}

static void assert_off(struct books books, const char *words)
{
    char *text = NULL;

    assert_false(put(&books, &text));
    assert_non_null(strstr(text, words));
    free(text);
}

static void test_each_counter_that_is_off_is_told_with_its_difference(void **state)
{
    (void) state;
    struct books books = good;
    books.confirmed--;
    assert_off(books, "DOES NOT ADD UP: 1 too many");
    books = good;
    books.confirmed += 3;
    books.published += 3;
    assert_off(books, "journal    published 8 >= confirmed to translators 9   DOES NOT ADD UP: 1 missing");
    books = good;
    books.sent = 6;
    assert_off(books, "outcomes   sent 4 = sent by translators 6   DOES NOT ADD UP: 2 missing");
    books = good;
    books.events = 13;
    assert_off(books, "DOES NOT ADD UP: 1 missing");
    books = good;
    books.accepted = 6;
    assert_off(books, "DOES NOT ADD UP: 1 too many");
    books.accepted = 3;
    assert_off(books, "DOES NOT ADD UP: 1 missing");
}

static void test_what_is_no_book_is_refused(void **state)
{
    (void) state;
    struct books books = { 0 };

    assert_int_equal(books_add_metrics(&books, bytes_of_text("trefoil_published_total 7\n")), -EBADMSG);
    assert_int_equal(books.published, 7);
    assert_int_equal(books_add_state(&books, bytes_of_text("{\"accepted\":1}")), -EBADMSG);
    assert_int_equal(books_add_state(&books, bytes_of_text("<html>")), -EBADMSG);
}

static void test_state_of_the_sandbox_is_summed_over_its_networks(void **state)
{
    (void) state;
    struct books books = { 0 };

    assert_int_equal(
        books_add_state(&books, bytes_of_text("{\"accepted\": 9, \"events_waiting\": 2, \"networks\": {"
                                              "\"a\": {\"events\": 3, \"webhooks_given_up\": 1, \"accepted\": 4},"
                                              "\"b\": {\"events\": 4, \"webhooks_given_up\": 0}}}")),
        0);
    assert_int_equal(books.accepted, 9);
    assert_int_equal(books.waiting, 2);
    assert_int_equal(books.events, 7);
    assert_int_equal(books.given_up, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_books_that_hold_say_so_five_times),
        cmocka_unit_test(test_each_counter_that_is_off_is_told_with_its_difference),
        cmocka_unit_test(test_what_is_no_book_is_refused),
        cmocka_unit_test(test_state_of_the_sandbox_is_summed_over_its_networks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
