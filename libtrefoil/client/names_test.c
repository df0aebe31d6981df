/* The machine's own resolver: what it knows from its files, and a name nobody has. One that falls silent is in
 * tests/system (names).
 */
#include "client/names.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "client/clock.h"

static struct names names;

static int teardown(unused_ void **state)
{
    names_deinit(&names);
    return 0;
}

static int find(const char **ret)
{
    for (;;) {
        int r = names_find(&names, clock_run_ms(), ret);
        struct pollfd fd = { names.wake_fd, POLLIN, 0 };

        if (r != 0)
            return r;
        (void) poll(&fd, 1, -1);
    }
}

static void test_what_holds_no_name_is_passed_as_it_is(unused_ void **state)
{
    static const char *const endpoints[] = { "tcp://127.0.0.1:7700",
                                             "tcp://[::1]:7700",
                                             "ipc:///run/trefoil/bus",
                                             "tcp://10.0.0.1:0;gateway:7700",
                                             "tcp://gateway",
                                             "tcp://:7700",
                                             "" };
    const char *found = NULL;

    for (size_t i = 0; i < ARRAY_SIZE(endpoints); i++) {
        assert_int_equal(names_init(&names, endpoints[i]), 0);
        assert_int_equal(names_find(&names, 0, &found), 1);
        assert_string_equal(found, endpoints[i]);
        assert_null(names.lookup);
        names_deinit(&names);
    }
}

static void test_name_becomes_an_address_and_the_descriptor_says_when(unused_ void **state)
{
    const char *found = NULL;

    assert_int_equal(names_init(&names, "tcp://localhost:7700"), 0);
    assert_int_equal(names_find(&names, clock_run_ms(), &found), 0);
    assert_int_equal(names_deadline(&names), CLOCK_NEVER); /* nothing to fall back on */
    assert_int_equal(find(&found), 1);
    assert_true(strcmp(found, "tcp://127.0.0.1:7700") == 0 || strcmp(found, "tcp://[::1]:7700") == 0);
    struct pollfd fd = { names.wake_fd, POLLIN, 0 };
    assert_int_equal(poll(&fd, 1, 0), 0); /* it would wake for ever */
}

static void test_addresses_are_given_in_turn_and_the_one_that_answered_again(unused_ void **state)
{
    const char *found = NULL;

    assert_int_equal(names_init(&names, "tcp://gateway:7700"), 0);
    names.n_known = 3;
    for (unsigned i = 0; i < names.n_known; i++)
        snprintf(names.known[i], sizeof(names.known[i]), "tcp://10.0.0.%u:7700", i);
    names.fresh_until_ms = UINT64_MAX;
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(names_find(&names, 1, &found), 1);
        assert_string_equal(found, names.known[i % 3]);
    }
    names_keep(&names);
    assert_int_equal(names_find(&names, 1, &found), 1);
    assert_string_equal(found, names.known[0]);
}

static void test_name_nobody_has_is_an_error_and_what_it_stood_for_is_kept(unused_ void **state)
{
    const char *found = NULL;

    assert_int_equal(names_init(&names, "tcp://no-such-name.invalid:7700"), 0);
    assert_int_equal(find(&found), -ENOENT);
    names.n_known = 1;
    snprintf(names.known[0], sizeof(names.known[0]), "tcp://10.0.0.7:7700");
    names.fresh_until_ms = 0;
    assert_int_equal(find(&found), 1);
    assert_string_equal(found, "tcp://10.0.0.7:7700");
}

static void test_lookup_under_way_is_left_behind(unused_ void **state)
{
    const char *found = NULL;

    for (int i = 0; i < 20; i++) {
        assert_int_equal(names_init(&names, "tcp://localhost:7700"), 0);
        assert_int_equal(names_find(&names, clock_run_ms(), &found), 0);
        names_deinit(&names);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_what_holds_no_name_is_passed_as_it_is),
        TEST(test_name_becomes_an_address_and_the_descriptor_says_when),
        TEST(test_addresses_are_given_in_turn_and_the_one_that_answered_again),
        TEST(test_name_nobody_has_is_an_error_and_what_it_stood_for_is_kept),
        TEST(test_lookup_under_way_is_left_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
