/* The account state machine promises humans that trouble shows and ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "skeleton/account_state.h"

static void test_every_cell_of_the_table_is_a_state(void **state unused_)
{
    for (int from = 0; from < ACCOUNT_N_STATES; from++)
        for (int event = 0; event < ACCOUNT_N_EVENTS; event++)
            assert_in_range(account_step((enum trefoil_account_health) from, (enum account_event) event),
                            TREFOIL_ACCOUNT_STARTING, TREFOIL_ACCOUNT_STOPPED);
}

static void test_bad_credentials_end_with_a_new_secret_or_work_done(void **state unused_)
{
    enum trefoil_account_health bad = TREFOIL_ACCOUNT_BAD_CREDENTIALS;

    assert_int_equal(account_step(TREFOIL_ACCOUNT_CONNECTED, ACCOUNT_REFUSED), bad);
    assert_int_equal(account_step(bad, ACCOUNT_READY), bad);
    assert_int_equal(account_step(bad, ACCOUNT_LIMITED), bad);
    assert_int_equal(account_step(bad, ACCOUNT_RENEWED), TREFOIL_ACCOUNT_STARTING);
    assert_int_equal(account_step(bad, ACCOUNT_WORKED), TREFOIL_ACCOUNT_CONNECTED);
}

static void test_lesser_trouble_does_not_hide_greater(void **state unused_)
{
    assert_int_equal(account_step(TREFOIL_ACCOUNT_POLICY_BLOCKED, ACCOUNT_TROUBLED), TREFOIL_ACCOUNT_POLICY_BLOCKED);
    assert_int_equal(account_step(TREFOIL_ACCOUNT_RATE_LIMITED, ACCOUNT_TROUBLED), TREFOIL_ACCOUNT_RATE_LIMITED);
    assert_int_equal(account_step(TREFOIL_ACCOUNT_RATE_LIMITED, ACCOUNT_REFUSED), TREFOIL_ACCOUNT_BAD_CREDENTIALS);
}

static void test_what_is_no_event_says_nothing(void **state unused_)
{
    enum account_event event = ACCOUNT_SHUT;

    assert_int_equal(account_event_of(TREFOIL_ACCOUNT_NONE, &event), -1);
    assert_int_equal(account_event_of((enum trefoil_account_health) 99, &event), -1);
    assert_int_equal(event, ACCOUNT_SHUT);
    assert_int_equal(account_step(TREFOIL_ACCOUNT_CONNECTED, ACCOUNT_N_EVENTS), TREFOIL_ACCOUNT_CONNECTED);
}

static void test_stopped_stays_stopped(void **state unused_)
{
    for (int event = 0; event < ACCOUNT_N_EVENTS; event++)
        assert_int_equal(account_step(TREFOIL_ACCOUNT_STOPPED, (enum account_event) event), TREFOIL_ACCOUNT_STOPPED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_cell_of_the_table_is_a_state),
        cmocka_unit_test(test_bad_credentials_end_with_a_new_secret_or_work_done),
        cmocka_unit_test(test_lesser_trouble_does_not_hide_greater),
        cmocka_unit_test(test_what_is_no_event_says_nothing),
        cmocka_unit_test(test_stopped_stays_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
