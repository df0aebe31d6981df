/* Log lines: whole, one line each, parseable whatever is put into them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "daemon/log.h"

#define NOON_MS UINT64_C(1700000000123)
#define NOON "2023-11-14T22:13:20.123Z"

static const struct log logfmt = { LOG_INFO_, false, "gateway" };
static const struct log json = { LOG_INFO_, true, "gateway" };

static const char *render(const struct log *log, const struct log_field *fields, unsigned n_fields, char *line)
{
    size_t size = log_render(log, NOON_MS, LOG_WARNING_, "peer-joined", fields, n_fields, line);

    assert_in_range(size, 1, LOG_LINE_MAX_BYTES - 1);
    line[size] = '\0';
    return line;
}

static void test_logfmt_quotes_only_what_needs_it(void **state unused_)
{
    const struct log_field fields[] = { LOG_TEXT("service", "echo"), LOG_TEXT("why", "no \"key\""),
                                        LOG_NUMBER("n", -7) };
    char line[LOG_LINE_MAX_BYTES + 1];

    assert_string_equal(render(&logfmt, fields, 3, line),
                        "time=" NOON " level=warning process=gateway event=peer-joined service=echo "
                        "why=\"no \\\"key\\\"\" n=-7\n");
}

static void test_json_is_one_object_per_line(void **state unused_)
{
    const struct log_field fields[] = { LOG_TEXT("service", "echo"), LOG_NUMBER("n", 7) };
    char line[LOG_LINE_MAX_BYTES + 1];

    assert_string_equal(render(&json, fields, 2, line),
                        "{\"time\":\"" NOON "\",\"level\":\"warning\",\"process\":\"gateway\","
                        "\"event\":\"peer-joined\",\"service\":\"echo\",\"n\":7}\n");
}

static void test_newlines_and_broken_utf8_cannot_forge_a_line(void **state unused_)
{
    const struct log_field fields[] = { LOG_TEXT("why", "a\nlevel=error\x01\xff") };
    char line[LOG_LINE_MAX_BYTES + 1];
    const char *text = render(&logfmt, fields, 1, line);

    assert_non_null(strstr(text, "why=\"a\\u000alevel=error\\u0001?\""));
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
}

static void test_fields_that_do_not_fit_are_left_out_whole_and_counted(void **state unused_)
{
    static char big[LOG_LINE_MAX_BYTES];
    const struct log_field fields[] = { LOG_TEXT("big", big), LOG_NUMBER("after", 1), LOG_TEXT("big", big) };
    char line[LOG_LINE_MAX_BYTES + 1];
    const char *text;

    memset(big, 'x', sizeof(big) - 1);
    text = render(&json, fields, 3, line);
    assert_null(strstr(text, "xx"));
    assert_non_null(strstr(text, ",\"after\":1,\"cut\":2}\n"));
}

static void test_event_without_fields_compiles_and_counts_none(void **state unused_)
{
    const struct log quiet = { LOG_ERROR_, false, "test" };

    log_event(&quiet, LOG_INFO_, "never-seen");
    log_event(&quiet, LOG_INFO_, "never-seen", LOG_NUMBER("n", 1), LOG_TEXT("a", "b"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_logfmt_quotes_only_what_needs_it),
        cmocka_unit_test(test_json_is_one_object_per_line),
        cmocka_unit_test(test_newlines_and_broken_utf8_cannot_forge_a_line),
        cmocka_unit_test(test_fields_that_do_not_fit_are_left_out_whole_and_counted),
        cmocka_unit_test(test_event_without_fields_compiles_and_counts_none),
    };
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
