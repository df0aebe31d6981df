/* What is given up is really gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/confine.h"

static void test_confined_process_cannot_dump_or_gain(void **state unused_)
{
    const char *step = NULL;
    struct rlimit limit;
    mode_t mask;

    assert_int_equal(confine_process(&step), 0);
    assert_null(step);
    assert_int_equal(getrlimit(RLIMIT_CORE, &limit), 0);
    assert_int_equal(limit.rlim_cur, 0);
    assert_int_equal(prctl(PR_GET_DUMPABLE, 0L, 0L, 0L, 0L), 0);
    assert_int_equal(prctl(PR_GET_NO_NEW_PRIVS, 0L, 0L, 0L, 0L), 1);
    mask = umask(0);
    assert_int_equal(mask, 077);
}

static void test_broken_pipe_is_an_error_not_a_death(void **state unused_)
{
    const char *step = NULL;
    int ends[2];

    assert_int_equal(confine_process(&step), 0);
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    assert_int_equal(write(ends[1], "x", 1), -1);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_confined_process_cannot_dump_or_gain),
        cmocka_unit_test(test_broken_pipe_is_an_error_not_a_death),
    };
    return cmocka_run_group_tests_name("confine", tests, NULL, NULL);
}
