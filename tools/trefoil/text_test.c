/* What people type and read: durations, ids, addresses, and texts that want to do more than be read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/text.h"

static void test_durations_have_a_unit_and_fit(void **state unused_)
{
    uint64_t ms = 7;
    char text[24];

    assert_int_equal(text_to_ms("14d", &ms), 0);
    assert_int_equal(ms, 14 * 86400000ull);
    assert_int_equal(text_to_ms("90m", &ms), 0);
    text_of_ms(ms, text, sizeof(text));
    assert_string_equal(text, "90m");
    text_of_ms(86400000, text, sizeof(text));
    assert_string_equal(text, "1d");
    text_of_ms(1500, text, sizeof(text));
    assert_string_equal(text, "1500ms");
    ms = 7;
    for (const char *const *bad =
             (const char *const[]){ "", "d", "14", "14x", "-1d", "1.5h", "d14", "014d", "18446744073709551615d", NULL };
         *bad; bad++)
        assert_true(text_to_ms(*bad, &ms) < 0);
    assert_int_equal(ms, 7);
}

static void test_addresses_are_network_account_and_whatever_the_network_calls_the_user(void **state unused_)
{
    struct arena mem = ARENA_EMPTY(1 << 16);
    struct trefoil_address address = { 0 };

    assert_int_equal(text_to_address("whatsapp/1065/15551230001", &mem, &address), 0);
    assert_string_equal(address.account, "whatsapp/1065");
    assert_string_equal(address.user_id, "15551230001");
    assert_int_equal(text_to_address("irc/libera/#room/a b", &mem, &address), 0);
    assert_string_equal(address.user_id, "#room/a b");
    for (const char *const *bad = (const char *const[]){ "", "whatsapp", "whatsapp/1", "whatsapp/1/", "/1/2", "a//b",
                                                         "What/1/2", "a/b c/d", "a/b,c/d", NULL };
         *bad; bad++)
        assert_true(text_to_address(*bad, &mem, &address) < 0);
    arena_deinit(&mem);
}

static void test_ids_are_32_hex_digits(void **state unused_)
{
    struct trefoil_id id = { { 0 } };
    char text[33];

    assert_true(text_is_zero_id(&id));
    assert_int_equal(text_to_id("000102030405060708090A0B0C0D0E0F", &id), 0);
    text_of_id(&id, text);
    assert_string_equal(text, "000102030405060708090a0b0c0d0e0f");
    assert_false(text_is_zero_id(&id));
    assert_true(text_to_id("000102", &id) < 0);
    assert_true(text_to_id("000102030405060708090a0b0c0d0e0g", &id) < 0);
}

static char *put(void (*function)(FILE *out, const char *text), const char *text)
{
    char *written = NULL;
    size_t size;
    FILE *out = open_memstream(&written, &size);

    assert_non_null(out);
    function(out, text);
    assert_int_equal(fclose(out), 0);
    return written;
}

static void assert_put(void (*function)(FILE *out, const char *text), const char *text, const char *expected)
{
    char *written = put(function, text);

    assert_string_equal(written, expected);
    free(written);
}

static void test_texts_cannot_act_on_a_terminal(void **state unused_)
{
    assert_put(text_put_plain, "a\x1b[2Jb\nc\rd\x7f", "a [2Jb c d ");
    assert_put(text_put_plain,
               "caf\xc3\xa9 \xc2\x9b"
               "31m",
               "caf\xc3\xa9  31m");
    assert_put(text_put_plain, "bad \xff utf8", "bad ? utf8");
}

static void test_json_strings_are_always_json(void **state unused_)
{
    assert_put(text_put_json, NULL, "null");
    assert_put(text_put_json, "a\"b\\c\n\x01", "\"a\\\"b\\\\c\\u000a\\u0001\"");
    assert_put(text_put_json, "\xf0\x9f\x98\x80", "\"\xf0\x9f\x98\x80\"");
    assert_put(text_put_json, "x\xff", "\"x\\ufffd\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_durations_have_a_unit_and_fit),
        cmocka_unit_test(test_addresses_are_network_account_and_whatever_the_network_calls_the_user),
        cmocka_unit_test(test_ids_are_32_hex_digits),
        cmocka_unit_test(test_texts_cannot_act_on_a_terminal),
        cmocka_unit_test(test_json_strings_are_always_json),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
