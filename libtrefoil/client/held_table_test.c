/* A table of sequences keeps what it is given, whatever else comes and goes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "client/held_table.h"

#define N 1000

static struct held_node nodes[N];

static void fill(struct held_table *table, size_t n, uint64_t step)
{
    for (size_t i = 0; i < n; i++) {
        nodes[i] = (struct held_node){ .seq = i * step };
        assert_int_equal(held_table_add(table, &nodes[i]), 0);
    }
}

static void take_out_every_third_of(size_t n, uint64_t step)
{
    struct held_table table = HELD_TABLE_EMPTY(N);

    assert_null(held_table_get(&table, 7));
    fill(&table, n, step);
    for (size_t i = 0; i < n; i += 3)
        held_table_remove(&table, &nodes[i]);
    for (size_t i = 0; i < n; i++)
        assert_ptr_equal(held_table_get(&table, i * step), i % 3 ? &nodes[i] : NULL);
    assert_int_equal(table.count, n - (n + 2) / 3);
    held_table_deinit(&table);
}

static void test_what_is_put_in_is_found_until_it_is_taken_out(void **state unused_)
{
    take_out_every_third_of(N, 1);
    take_out_every_third_of(N, 7);
}

static void test_sequences_that_meet_in_one_place_are_told_apart(void **state unused_)
{
    take_out_every_third_of(20, UINT64_C(1) << 40);
}

static void test_no_more_than_the_limit_is_taken(void **state unused_)
{
    struct held_table table = HELD_TABLE_EMPTY(2);
    struct held_node one_more = { .seq = 5 };

    fill(&table, 2, 1);
    assert_int_equal(held_table_add(&table, &one_more), -ENOSPC);
    held_table_remove(&table, &nodes[0]);
    assert_int_equal(held_table_add(&table, &one_more), 0);
    assert_ptr_equal(held_table_get(&table, 5), &one_more);
    held_table_deinit(&table);
}

static void test_all_are_met_once(void **state unused_)
{
    struct held_table table = HELD_TABLE_EMPTY(N);
    uint64_t sum = 0;
    size_t n = 0;

    assert_null(held_table_after(&table, NULL));
    fill(&table, N, 3);
    for (struct held_node *node = NULL; (node = held_table_after(&table, node)); n++)
        sum += node->seq;
    assert_int_equal(n, N);
    assert_int_equal(sum, 3 * (N * (N - 1) / 2));
    held_table_deinit(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_put_in_is_found_until_it_is_taken_out),
        cmocka_unit_test(test_sequences_that_meet_in_one_place_are_told_apart),
        cmocka_unit_test(test_no_more_than_the_limit_is_taken),
        cmocka_unit_test(test_all_are_met_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
