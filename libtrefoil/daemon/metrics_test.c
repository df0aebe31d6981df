/* The registry and its text, byte by byte where a scraper would stumble. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/metrics.h"

static char *render(struct metrics *metrics)
{
    char *text = NULL;
    size_t size = 0;

    assert_int_equal(metrics_render(metrics, &text, &size), 0);
    assert_int_equal(strlen(text), size);
    return text;
}

static int set_up(void **state)
{
    struct metrics *metrics = NULL;

    if (metrics_new(&metrics) < 0)
        return -1;
    *state = metrics;
    return 0;
}

static int tear_down(void **state)
{
    *state = metrics_free(*state);
    return 0;
}

static void test_series_of_one_family_share_help_and_type(void **state)
{
    char *text;

    metric_add(metrics_counter(*state, "trefoil_posts_total", "Posts.", METRIC_LABEL("status", "200")), 2);
    metric_add(metrics_counter(*state, "trefoil_posts_total", "Posts.", METRIC_LABEL("status", "503")), 1);
    metric_add(metrics_counter(*state, "trefoil_posts_total", "Posts.", METRIC_LABEL("status", "200")), 3);
    text = render(*state);
    assert_string_equal(text, "# HELP trefoil_posts_total Posts.\n# TYPE trefoil_posts_total counter\n"
                              "trefoil_posts_total{status=\"200\"} 5\ntrefoil_posts_total{status=\"503\"} 1\n");
    free(text);
}

static void test_histogram_is_cumulative_and_ends_in_inf(void **state)
{
    struct metric *wait = metrics_histogram(*state, "trefoil_wait_seconds", "Waits.");
    char *text;

    metric_observe(wait, 0.0005);
    metric_observe(wait, 0.02);
    metric_observe(wait, 99);
    text = render(*state);
    assert_non_null(strstr(text, "trefoil_wait_seconds_bucket{le=\"0.0005\"} 1\n"));
    assert_non_null(strstr(text, "trefoil_wait_seconds_bucket{le=\"0.025\"} 2\n"));
    assert_non_null(strstr(text, "trefoil_wait_seconds_bucket{le=\"10\"} 2\n"));
    assert_non_null(strstr(text, "trefoil_wait_seconds_bucket{le=\"+Inf\"} 3\n"));
    assert_non_null(strstr(text, "trefoil_wait_seconds_sum 99.0205\n"));
    assert_non_null(strstr(text, "trefoil_wait_seconds_count 3\n"));
    free(text);
}

static void test_labels_are_escaped(void **state)
{
    char *text;

    metric_set(metrics_gauge(*state, "trefoil_g", "Two\nlines.", METRIC_LABEL("a", "x\"y\\z\n")), -1.5);
    text = render(*state);
    assert_string_equal(text, "# HELP trefoil_g Two\\nlines.\n# TYPE trefoil_g gauge\n"
                              "trefoil_g{a=\"x\\\"y\\\\z\\n\"} -1.5\n");
    free(text);
}

static void test_one_name_has_one_type(void **state)
{
    assert_non_null(metrics_counter(*state, "trefoil_a_total", "A."));
    assert_null(metrics_gauge(*state, "trefoil_a_total", "A."));
    metric_add(NULL, 1);
    metric_observe(NULL, 1);
    assert_true(metric_value(NULL) == 0);
}

static void test_series_above_the_limit_are_refused_and_the_rest_lives(void **state)
{
    char value[16];
    struct metric *first = NULL;

    for (int i = 0; i < METRICS_SERIES_MAX; i++) {
        struct metric *metric;
        snprintf(value, sizeof(value), "%d", i);
        metric = metrics_counter(*state, "trefoil_many_total", "Many.", METRIC_LABEL("i", value));
        assert_non_null(metric);
        first = first ? first : metric;
    }
    assert_null(metrics_counter(*state, "trefoil_many_total", "Many.", METRIC_LABEL("i", "one more")));
    assert_ptr_equal(metrics_counter(*state, "trefoil_many_total", "Many.", METRIC_LABEL("i", "0")), first);
}

static void refresh_gauge(void *owner)
{
    metric_set(owner, 42);
}

static void test_gauges_are_refreshed_before_they_are_shown(void **state)
{
    struct metric *gauge = metrics_gauge(*state, "trefoil_now", "Now.");
    char *text;

    metrics_before_render(*state, refresh_gauge, gauge);
    text = render(*state);
    assert_non_null(strstr(text, "trefoil_now 42\n"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_series_of_one_family_share_help_and_type, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_histogram_is_cumulative_and_ends_in_inf, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_labels_are_escaped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_one_name_has_one_type, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_series_above_the_limit_are_refused_and_the_rest_lives, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_gauges_are_refreshed_before_they_are_shown, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
