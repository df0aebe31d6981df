/* The pool, with keys of its own and ten thousand things. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/pool.h"

#define MANY 10000u
#define VERY_MANY 200000u /* so many that memory comes in blocks */
#define KEY_BYTES 12

struct thing {
    struct pool_head head;
    uint8_t key[KEY_BYTES];
    uint32_t what;
};

static const uint8_t *key_of(uint32_t i)
{
    static uint8_t key[KEY_BYTES];

    memset(key, 7, sizeof(key));
    memcpy(key, &i, sizeof(i));
    return key;
}

static struct thing *add(struct pool *pool, uint32_t i)
{
    void *thing;

    assert_int_equal(pool_add(pool, key_of(i), &thing), 0);
    ((struct thing *) thing)->what = i;
    return thing;
}

static void test_everything_added_is_found_and_nothing_else(void **state)
{
    struct pool pool = POOL_EMPTY(struct thing, KEY_BYTES, MANY, 5);
    uint32_t at = 0, n = 0;

    (void) state;
    assert_null(pool_find(&pool, key_of(1)));
    for (uint32_t i = 0; i < MANY; i++)
        add(&pool, i);
    for (uint32_t i = 0; i < MANY; i++) {
        struct thing *thing = pool_find(&pool, key_of(i));

        assert_non_null(thing);
        assert_int_equal(thing->what, i);
        assert_ptr_equal(pool_at(&pool, thing->head.number), thing);
    }
    assert_null(pool_find(&pool, key_of(MANY)));
    while (pool_next(&pool, &at))
        n++;
    assert_int_equal(n, MANY);
    pool_deinit(&pool);
}

static void test_very_many_lie_apart_and_expecting_them_changes_nothing(void **state)
{
    struct pool pool = POOL_EMPTY(struct thing, KEY_BYTES, VERY_MANY, 3);

    (void) state;
    pool_expect(&pool, key_of(1));
    pool_expect_thing(&pool, key_of(1));
    for (uint32_t i = 0; i < VERY_MANY; i++)
        add(&pool, i);
    for (uint32_t i = 0; i < VERY_MANY; i++) {
        pool_expect(&pool, key_of(i));
        pool_expect_thing(&pool, key_of(i));
        struct thing *thing = pool_peek(&pool, key_of(i));
        assert_non_null(thing);
        assert_int_equal(thing->what, i);
        assert_false(thing->head.is_used);
    }
    for (uint32_t i = VERY_MANY; i < VERY_MANY + 1000; i++) {
        pool_expect(&pool, key_of(i));
        pool_expect_thing(&pool, key_of(i));
        assert_null(pool_peek(&pool, key_of(i)));
    }
    assert_int_equal(pool.count, VERY_MANY);
    pool_deinit(&pool);
}

static void test_what_was_dropped_is_gone_and_leaves_the_others_where_they_were(void **state)
{
    struct pool pool = POOL_EMPTY(struct thing, KEY_BYTES, MANY, 9);
    static struct thing *things[MANY];

    (void) state;
    for (uint32_t i = 0; i < MANY; i++)
        things[i] = add(&pool, i);
    for (uint32_t i = 0; i < MANY; i += 3)
        pool_drop(&pool, things[i]);
    for (uint32_t i = 0; i < MANY; i++)
        assert_ptr_equal(pool_find(&pool, key_of(i)), i % 3 ? things[i] : NULL);
    for (uint32_t i = 0; i < MANY; i += 3)
        things[i] = add(&pool, i);
    assert_int_equal(pool.n_made, MANY); /* in the places of those that went */
    for (uint32_t i = 0; i < MANY; i++)
        assert_ptr_equal(pool_find(&pool, key_of(i)), things[i]);
    pool_deinit(&pool);
}

static void test_whoever_kept_a_number_sees_by_the_key_that_it_is_somebody_else(void **state)
{
    struct pool pool = POOL_EMPTY(struct thing, KEY_BYTES, MANY, 1);
    struct thing *thing = add(&pool, 1);
    uint32_t number = thing->head.number;

    (void) state;
    pool_drop(&pool, thing);
    thing = pool_at(&pool, number);
    assert_memory_not_equal(thing->key, key_of(1), KEY_BYTES);
    thing = add(&pool, 2);
    assert_int_equal(thing->head.number, number);
    assert_memory_equal(((struct thing *) pool_at(&pool, number))->key, key_of(2), KEY_BYTES);
    assert_null(pool_at(&pool, POOL_NOWHERE));
    assert_null(pool_at(&pool, number + 1));
    pool_deinit(&pool);
}

static void test_full_pool_refuses(void **state)
{
    struct pool pool = POOL_EMPTY(struct thing, KEY_BYTES, 2, 1);
    void *thing;

    (void) state;
    add(&pool, 1);
    add(&pool, 2);
    assert_int_equal(pool_add(&pool, key_of(3), &thing), -ENOSPC);
    pool_deinit(&pool);
}

static void test_clock_finds_what_was_not_used_since_it_came_by(void **state)
{
    struct pool pool = POOL_EMPTY(struct thing, KEY_BYTES, MANY, 1);
    unsigned rounds = 0;

    (void) state;
    for (uint32_t i = 0; i < 3; i++)
        add(&pool, i);
    assert_non_null(pool_find(&pool, key_of(0)));
    assert_non_null(pool_find(&pool, key_of(2)));
    while (rounds == 0) {
        struct thing *thing = pool_step(&pool, &rounds);

        if (thing) {
            assert_int_equal(thing->what, 1);
            pool_drop(&pool, thing);
        }
    }
    assert_int_equal(pool.count, 2);
    pool_deinit(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_everything_added_is_found_and_nothing_else),
        cmocka_unit_test(test_very_many_lie_apart_and_expecting_them_changes_nothing),
        cmocka_unit_test(test_what_was_dropped_is_gone_and_leaves_the_others_where_they_were),
        cmocka_unit_test(test_whoever_kept_a_number_sees_by_the_key_that_it_is_somebody_else),
        cmocka_unit_test(test_full_pool_refuses),
        cmocka_unit_test(test_clock_finds_what_was_not_used_since_it_came_by),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
