/* Marks come back whole or not at all. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "skeleton/mark.h"

static void test_mark_comes_back_as_it_was_made(void **state unused_)
{
    struct arena mem = ARENA_EMPTY(4096);
    uint64_t seq = 0;
    uint32_t target = 0;

    assert_string_equal(mark_make(&mem, 7, 0), "tf1.7.0");
    assert_int_equal(mark_parse(mark_make(&mem, UINT64_MAX, UINT32_MAX), &seq, &target), 0);
    assert_true(seq == UINT64_MAX);
    assert_true(target == UINT32_MAX);
    arena_deinit(&mem);
}

static void test_anything_else_is_no_mark_and_writes_nothing(void **state unused_)
{
    static const char *const others[] = { NULL,        "",
                                          "tf1",       "tf1.",
                                          "tf1.1",     "tf1.1.",
                                          "tf1..1",    "tf1.0.1",
                                          "tf1.-1.1",  "tf1.1.1.",
                                          "tf1.1.1 ",  "tf1.01.1",
                                          "tf2.1.1",   "TF1.1.1",
                                          "tf1.1.1.1", "tf1.1.4294967296",
                                          " tf1.1.1",  "tf1.18446744073709551616.1" };
    uint64_t seq = 42;
    uint32_t target = 43;

    for (size_t i = 0; i < ARRAY_SIZE(others); i++)
        assert_int_equal(mark_parse(others[i], &seq, &target), -EBADMSG);
    assert_int_equal(seq, 42);
    assert_int_equal(target, 43);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mark_comes_back_as_it_was_made),
        cmocka_unit_test(test_anything_else_is_no_mark_and_writes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
