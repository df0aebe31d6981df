/* A network's options as people write them, and what they are told when they write something else. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "skeleton/options.h"

static const char *const upload_values[] = { "upload", "url", NULL }, *const edit_values[] = { "note", "drop", NULL };
static const struct translator_option known[] = { { "attachments", upload_values, "how files go" },
                                                  { "edit", edit_values, "what an edit becomes" },
                                                  { 0 } };
static const struct translator_ops with_options = { .name = "test", .options = known };
static const struct translator_ops without_options = { .name = "test" };

struct attempt {
    struct arena mem;
    struct settings settings;
    struct account_settings account;
    const uint8_t *values;
    char error[512];
};

static int check(struct attempt *attempt, const struct translator_ops *ops, const char *const *texts, size_t n)
{
    static const uint32_t lines[] = { 21, 22, 23 };
    attempt->mem = ARENA_EMPTY(1 << 16);
    attempt->settings.options = (struct config_texts){ texts, n, lines };
    attempt->settings.accounts = (struct config_list){ &attempt->account, 1 };
    return options_check(ops, &attempt->settings, "t.yaml", &attempt->mem, &attempt->values, attempt->error,
                         sizeof(attempt->error));
}

static void test_what_is_not_configured_has_its_documented_value(void **state unused_)
{
    struct attempt attempt = { 0 };
    assert_int_equal(check(&attempt, &with_options, NULL, 0), 0);
    struct place place = { .options = attempt.values };
    assert_int_equal(place_option(&place, 0), 0);
    assert_int_equal(place_option(&place, 1), 0);
    arena_deinit(&attempt.mem);
}

static void test_configured_value_reaches_the_map_as_its_index(void **state unused_)
{
    static const char *const texts[] = { "edit=drop" };
    struct attempt attempt = { 0 };
    assert_int_equal(check(&attempt, &with_options, texts, 1), 0);
    struct place place = { .options = attempt.values };
    assert_int_equal(place_option(&place, 0), 0);
    assert_int_equal(place_option(&place, 1), 1);
    arena_deinit(&attempt.mem);
}

static void test_unknown_option_is_named_by_line_with_those_there_are(void **state unused_)
{
    static const char *const texts[] = { "edit=drop", "edits=drop" };
    struct attempt attempt = { 0 };
    assert_int_equal(check(&attempt, &with_options, texts, 2), -EBADMSG);
    assert_string_equal(attempt.error, "t.yaml:22: options[1]: no such option; allowed: attachments, edit");
    arena_deinit(&attempt.mem);
}

static void test_unknown_value_is_named_by_line_with_those_there_are(void **state unused_)
{
    static const char *const wrong[] = { "attachments=ftp", "attachments", "attachments=", "attachments=url " };
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        struct attempt attempt = { 0 };
        assert_int_equal(check(&attempt, &with_options, &wrong[i], 1), -EBADMSG);
        assert_string_equal(attempt.error, "t.yaml:21: options[0]: no such value of attachments; allowed: upload, url");
        arena_deinit(&attempt.mem);
    }
}

static void test_network_without_options_says_so(void **state unused_)
{
    static const char *const texts[] = { "a=b" };
    struct attempt attempt = { 0 };
    assert_int_equal(check(&attempt, &without_options, texts, 1), -EBADMSG);
    assert_non_null(strstr(attempt.error, "none: this network has no options"));
    arena_deinit(&attempt.mem);
}

static void test_template_is_refused_where_the_network_takes_none(void **state unused_)
{
    static const struct translator_ops with_templates = { .name = "test", .windows = { .templates_after = true } };
    struct attempt attempt = { .account = { .window_template = "we_answer" } };
    assert_int_equal(check(&attempt, &without_options, NULL, 0), -EBADMSG);
    assert_non_null(strstr(attempt.error, "accounts[0].window_template"));
    arena_deinit(&attempt.mem);
    assert_int_equal(check(&attempt, &with_templates, NULL, 0), 0);
    arena_deinit(&attempt.mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_not_configured_has_its_documented_value),
        cmocka_unit_test(test_configured_value_reaches_the_map_as_its_index),
        cmocka_unit_test(test_unknown_option_is_named_by_line_with_those_there_are),
        cmocka_unit_test(test_unknown_value_is_named_by_line_with_those_there_are),
        cmocka_unit_test(test_network_without_options_says_so),
        cmocka_unit_test(test_template_is_refused_where_the_network_takes_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
