/* The table of capabilities: rows of features, columns of accounts, whatever an account left out. */
#include "cli/capability_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/attributes.h"

static const char *const mimes[] = { "audio/ogg" };
static const struct trefoil_capability theirs[] = {
    { .feature = "text", .support = "full", .max_text = 4096 },
    { .feature = "voice", .support = "full", .max_bytes = 16 << 20, .mimes = mimes, .n_mimes = 1 },
};
static const struct trefoil_capability others[] = {
    { .feature = "text", .support = "full", .in_bytes = true, .max_text = 2000 },
    { .feature = "buttons", .support = "fallback", .becomes = "text", .max_count = 3 },
};
static const struct trefoil_capabilities accounts[] = {
    { "whatsapp/1", true, 5, theirs, ARRAY_SIZE(theirs) },
    { "echo/2", false, 0, others, ARRAY_SIZE(others) },
};

typedef void putter(FILE *, const struct trefoil_capabilities *, size_t);

static void assert_put_of(putter *put, const struct trefoil_capabilities *list, size_t n, const char *expected)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    put(out, list, n);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(text, expected);
    free(text);
}

static void assert_put(putter *put, const char *expected)
{
    assert_put_of(put, accounts, ARRAY_SIZE(accounts), expected);
}

static void test_table_has_a_row_for_every_feature_of_any_account(void **state unused_)
{
    assert_put(capability_table_put, "                      whatsapp/1             echo/2\n"
                                     "text                  full, 4096 characters  full, 2000 bytes\n"
                                     "voice                 full, 16 MB            -\n"
                                     "buttons               -                      fallback: text, up to 3\n");
}

static void test_markdown_is_a_table(void **state unused_)
{
    assert_put(capability_table_put_markdown, "| feature | whatsapp/1 | echo/2 |\n"
                                              "| --- | --- | --- |\n"
                                              "| text | full, 4096 characters | full, 2000 bytes |\n"
                                              "| voice | full, 16 MB | - |\n"
                                              "| buttons | - | fallback: text, up to 3 |\n");
}

static void test_words_of_others_cannot_act_on_a_terminal(void **state unused_)
{
    static const struct trefoil_capability odd = { .feature = "te\nxt", .support = "\x1b[2Jfull", .becomes = "a\rb" };
    static const struct trefoil_capabilities list[] = { { "echo/\x1b]1", false, 0, &odd, 1 } };

    assert_put_of(capability_table_put, list, 1,
                  "                      echo/ ]1\n"
                  "te xt                  [2Jfull: a b\n");
    assert_put_of(capability_table_put_markdown, list, 1,
                  "| feature | echo/ ]1 |\n"
                  "| --- | --- |\n"
                  "| te xt |  [2Jfull: a b |\n");
}

static void test_json_is_one_object_per_account(void **state unused_)
{
    assert_put(capability_table_put_json,
               "{\"account\":\"whatsapp/1\",\"has_converter\":true,\"since_ms\":5,\"features\":["
               "{\"feature\":\"text\",\"support\":\"full\",\"max_text\":4096},"
               "{\"feature\":\"voice\",\"support\":\"full\",\"max_bytes\":16777216,\"mimes\":[\"audio/ogg\"]}]}\n"
               "{\"account\":\"echo/2\",\"has_converter\":false,\"since_ms\":0,\"features\":["
               "{\"feature\":\"text\",\"support\":\"full\",\"in_bytes\":true,\"max_text\":2000},"
               "{\"feature\":\"buttons\",\"support\":\"fallback\",\"becomes\":\"text\",\"max_count\":3}]}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table_has_a_row_for_every_feature_of_any_account),
        cmocka_unit_test(test_markdown_is_a_table),
        cmocka_unit_test(test_words_of_others_cannot_act_on_a_terminal),
        cmocka_unit_test(test_json_is_one_object_per_account),
    };
    return cmocka_run_group_tests_name("capability_table", tests, NULL, NULL);
}
