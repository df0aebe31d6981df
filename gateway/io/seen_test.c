/* The memory of ids by itself: finds what was marked, seldom suspects a run wrongly, forgets in order. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "seen.h"

static const uint64_t seed[2] = { 0x1234, 0x98765 };

/* Ids as a careless service would choose them: a counter. */
static struct seen_id id_of(const struct seen *seen, uint64_t n)
{
    uint8_t id[16] = { 0 };

    memcpy(id, &n, sizeof(n));
    return seen_id_of(seen, id);
}

static void add(struct seen *seen, uint64_t from, uint64_t to, uint64_t now_ms)
{
    for (uint64_t i = from; i < to; i++)
        assert_int_equal(seen_add(seen, (struct seen_mark){ id_of(seen, i), i }, now_ms), 0);
}

static void turn_and_settle(struct seen *seen)
{
    struct seen_generation *full = seen_turn(seen);

    assert_non_null(full);
    seen_settle(seen, &full);
    assert_null(full);
}

static bool is_candidate(const struct seen *seen, uint64_t n, uint32_t run, size_t *ret_n)
{
    uint32_t runs[SEEN_RUNS_MAX];
    bool is_there = false;

    *ret_n = seen_candidates(seen, id_of(seen, n), runs);
    for (size_t i = 0; i < *ret_n; i++)
        is_there = is_there || runs[i] == run;
    return is_there;
}

static void test_marked_id_is_found_with_its_newest_sequence(void **state)
{
    struct seen *seen = seen_new(seed, 1);
    uint64_t seq = 0;

    (void) state;
    assert_false(seen_find(seen, id_of(seen, 5), &seq));
    add(seen, 0, 10000, 1);
    for (uint64_t i = 0; i < 10000; i++) {
        assert_true(seen_find(seen, id_of(seen, i), &seq));
        assert_int_equal(seq, i);
    }
    assert_false(seen_find(seen, id_of(seen, 10000), &seq));
    assert_int_equal(seen_add(seen, (struct seen_mark){ id_of(seen, 3), 77 }, 2), 0);
    assert_true(seen_find(seen, id_of(seen, 3), &seq));
    assert_int_equal(seq, 77);
    assert_int_equal(seen_count(seen), 10000);
    assert_null(seen_free(seen));
}

static void test_different_seeds_put_an_id_in_different_places(void **state)
{
    const uint64_t other_seed[2] = { 0x1234, 0x98766 };
    struct seen *one = seen_new(seed, 1), *other = seen_new(other_seed, 1);

    (void) state;
    assert_int_not_equal(seen_id_compare(id_of(one, 1), id_of(other, 1)), 0);
    assert_int_equal(seen_id_compare(id_of(one, 1), id_of(one, 1)), 0);
    seen_free(one);
    seen_free(other);
}

static void test_generation_is_written_down_sorted_and_whole(void **state)
{
    struct seen *seen = seen_new(seed, 9);
    const uint32_t n = 50000;
    struct seen_mark *sorted = calloc(n, sizeof(*sorted));
    uint64_t sum = 0;

    (void) state;
    add(seen, 0, n, 1);
    struct seen_generation *full = seen_turn(seen);
    assert_int_equal(full->run.number, 9);
    assert_int_equal(full->run.n_ids, n);
    assert_int_equal(seen_current(seen)->number, 10);
    seen_generation_sort(full, sorted);
    for (uint32_t i = 0; i < n; i++) {
        assert_true(i == 0 || seen_id_compare(sorted[i - 1].id, sorted[i].id) < 0);
        sum += sorted[i].seq;
    }
    assert_int_equal(sum, (uint64_t) n * (n - 1) / 2);
    free(sorted);
    seen_free(seen);
}

static void test_generation_being_written_down_is_still_searched(void **state)
{
    struct seen *seen = seen_new(seed, 1);
    uint64_t seq = 0;
    size_t n;

    (void) state;
    add(seen, 0, 100, 1);
    struct seen_generation *full = seen_turn(seen);
    add(seen, 100, 200, 2);
    assert_true(seen_find(seen, id_of(seen, 50), &seq));
    assert_true(seen_find(seen, id_of(seen, 150), &seq));
    seen_settle(seen, &full);
    assert_false(seen_find(seen, id_of(seen, 50), &seq));
    assert_true(is_candidate(seen, 50, 1, &n));
    assert_int_equal(seen_count(seen), 200);
    seen_free(seen);
}

static void test_no_run_is_missed_and_few_are_suspected_wrongly(void **state)
{
    const uint64_t runs = 100, ids = 2000;
    struct seen *seen = seen_new(seed, 1);
    size_t n, wrong = 0;

    (void) state;
    for (uint64_t run = 0; run < runs; run++) {
        add(seen, run * ids, (run + 1) * ids, run);
        turn_and_settle(seen);
    }
    for (uint64_t i = 0; i < runs * ids; i += 7)
        assert_true(is_candidate(seen, i, (uint32_t) (1 + i / ids), &n));
    for (uint64_t i = runs * ids; i < runs * ids + 10000; i++) {
        assert_false(is_candidate(seen, i, 0, &n));
        wrong += n;
    }
    assert_true(wrong < 10000 * runs / 10000); /* of a million pairs of an id and a run, less than 1 in 10,000 */
    seen_free(seen);
}

static void load(struct seen *seen, uint64_t from, uint64_t to)
{
    for (uint64_t i = from; i < to; i++)
        seen_load_id(seen, id_of(seen, i));
}

/* Two runs found at opening, of the ids 0 to 999 and 1000 to 1999; the newest is loaded first. */
static struct seen *open_with_two_runs(void)
{
    struct seen *seen = seen_new(seed, 3);

    for (uint32_t number = 1; number <= 2; number++)
        assert_int_equal(seen_load_run(seen, &(struct seen_run){ number, 1000, number * 10, number * 10 + 5 }), 0);
    return seen;
}

static void test_run_that_is_not_loaded_yet_may_hold_any_id(void **state)
{
    struct seen *seen = open_with_two_runs();
    uint32_t run;
    size_t n;

    (void) state;
    assert_true(is_candidate(seen, 5, 1, &n) && is_candidate(seen, 5, 2, &n));
    assert_true(seen_unloaded(seen, &run));
    assert_int_equal(run, 2);
    assert_int_equal(seen_begin_loading(seen, 2), 0);
    load(seen, 1000, 1500);
    assert_true(is_candidate(seen, 1200, 2, &n) && is_candidate(seen, 1800, 2, &n) &&
                n == 2); /* by halves is not loaded */
    add(seen, 2000, 3000, 40);
    turn_and_settle(seen); /* a new run meanwhile */
    load(seen, 1500, 2000);
    seen_end_loading(seen, 2);
    assert_true(seen_unloaded(seen, &run));
    assert_int_equal(run, 1);
    assert_int_equal(seen_begin_loading(seen, 1), 0);
    load(seen, 0, 1000);
    seen_end_loading(seen, 1);
    assert_false(seen_unloaded(seen, &run));
    for (uint64_t i = 0; i < 3000; i++)
        assert_true(is_candidate(seen, i, 1 + (uint32_t) (i / 1000), &n));
    size_t wrong = 0;
    for (uint64_t i = 5000; i < 6000; i++)
        wrong += is_candidate(seen, i, 9, &n) + n;
    assert_true(wrong < 30);
    assert_int_equal(seen_count(seen), 3000);
    seen_free(seen);
}

static void test_run_that_is_forgotten_while_it_is_loaded_is_not_asked_for_again(void **state)
{
    struct seen *seen = open_with_two_runs();
    uint32_t run;
    size_t n;

    (void) state;
    assert_int_equal(seen_begin_loading(seen, 2), 0);
    load(seen, 1000, 1500);
    seen_forget(seen, 2);
    assert_true(seen_unloaded(seen, &run));
    assert_int_equal(run, 2);
    assert_true(is_candidate(seen, 1800, 2, &n) && n == 1);
    seen_forget(seen, 3);
    assert_false(seen_unloaded(seen, &run));
    assert_int_equal(seen_begin_loading(seen, 2), -ENOENT);
    assert_false(is_candidate(seen, 1200, 2, &n));
    assert_int_equal(seen_first_kept(seen, 0), 3);
    seen_free(seen);
}

static void test_runs_are_forgotten_oldest_first_by_time(void **state)
{
    struct seen *seen = seen_new(seed, 1);
    size_t n;

    (void) state;
    for (uint64_t run = 0; run < 10; run++) {
        add(seen, run * 10, run * 10 + 10, 1000 + run);
        turn_and_settle(seen);
    }
    assert_int_equal(seen_first_kept(seen, 1000), 1);
    assert_int_equal(seen_first_kept(seen, 1004), 5);
    seen_forget(seen, 5);
    assert_int_equal(seen_count(seen), 60);
    assert_false(is_candidate(seen, 5, 1, &n));
    assert_true(is_candidate(seen, 45, 5, &n));
    assert_int_equal(seen_first_kept(seen, 9999), 11);
    seen_forget(seen, 11);
    assert_int_equal(seen_count(seen), 0);
    add(seen, 500, 510, 2000);
    turn_and_settle(seen);
    assert_true(is_candidate(seen, 505, 11, &n));
    seen_free(seen);
}

static void test_too_many_runs_push_the_oldest_out(void **state)
{
    struct seen *seen = seen_new(seed, 1);
    size_t n;

    (void) state;
    for (uint64_t run = 0; run < SEEN_RUNS_MAX + 5; run++) {
        add(seen, run, run + 1, 1);
        turn_and_settle(seen);
    }
    assert_int_equal(seen_count(seen), SEEN_RUNS_MAX);
    assert_false(is_candidate(seen, 4, 5, &n));
    assert_true(is_candidate(seen, 5, 6, &n));
    assert_int_equal(seen_first_kept(seen, 0), 7); /* one less leaves room for the current generation */
    seen_free(seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_marked_id_is_found_with_its_newest_sequence),
        cmocka_unit_test(test_different_seeds_put_an_id_in_different_places),
        cmocka_unit_test(test_generation_is_written_down_sorted_and_whole),
        cmocka_unit_test(test_generation_being_written_down_is_still_searched),
        cmocka_unit_test(test_no_run_is_missed_and_few_are_suspected_wrongly),
        cmocka_unit_test(test_run_that_is_not_loaded_yet_may_hold_any_id),
        cmocka_unit_test(test_run_that_is_forgotten_while_it_is_loaded_is_not_asked_for_again),
        cmocka_unit_test(test_runs_are_forgotten_oldest_first_by_time),
        cmocka_unit_test(test_too_many_runs_push_the_oldest_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
