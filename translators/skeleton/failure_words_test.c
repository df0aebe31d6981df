/* What a person reads when his message did not arrive. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "failure_words.h"
#include "policy.h"

static struct trefoil_message notice_of(const char *network, const char *name, const char *reason)
{
    return (struct trefoil_message){
        .kind = TREFOIL_KIND_RECEIPT,
        .author = { .network = network, .name = name },
        .body.receipt = { .state = TREFOIL_RECEIPT_FAILED, .code = 131047, .reason = reason },
    };
}

static void assert_says(const struct trefoil_message *notice, const char *words)
{
    struct arena mem = ARENA_EMPTY(1 << 16);
    struct trefoil_message said;

    assert_int_equal(failure_words(notice, "m7", &mem, &said), 0);
    assert_int_equal(said.kind, TREFOIL_KIND_TEXT);
    assert_string_equal(said.body.text.body, words);
    assert_string_equal(said.in_reply_to, "m7");
    arena_deinit(&mem);
}

static void test_it_names_the_person_the_network_and_the_reason(void **state)
{
    (void) state;
    struct trefoil_message notice = notice_of("messenger", "Ben", POLICY_CLOSED);
    assert_says(&notice, "⚠ Not delivered to Ben (Messenger): outside the reply window");
    notice = notice_of("whatsapp", NULL, "outside the 24 hour window");
    assert_says(&notice, "⚠ Not delivered on WhatsApp: outside the reply window");
    notice = notice_of("instagram", NULL, POLICY_UNWANTED);
    assert_says(&notice, "⚠ Not delivered on Instagram: the recipient does not want to be written to");
}

static void test_words_of_the_network_never_reach_a_person(void **state)
{
    (void) state;
    struct trefoil_message notice = notice_of("messenger", "Ben\nBen", "(#9999) OAuthException <b>");
    assert_says(&notice, "⚠ Not delivered to Ben Ben (Messenger): that network did not take it");
    notice = notice_of(NULL, NULL, NULL);
    assert_says(&notice, "⚠ Not delivered: that network did not take it");
}

static void test_reasons_fall_into_classes(void **state)
{
    (void) state;
    assert_string_equal(failure_class("person cannot be reached"), "the recipient cannot be reached");
    assert_string_equal(failure_class("Message Undeliverable"), "the recipient cannot be reached");
    assert_string_equal(failure_class("the person opted out"), "the recipient does not want to be written to");
    assert_string_equal(failure_class("strict: something would be lost"), "something of it would have been lost");
    assert_string_equal(failure_class("attachment too large"), "too large for that network");
    assert_string_equal(failure_class("unknown, given up by policy"), "it is not known whether it arrived");
    assert_string_equal(failure_class("unknown, tried too often"), "it is not known whether it arrived");
    assert_string_equal(failure_class("access token expired"), "our account there does not work at present");
}

static void test_only_failures_are_told(void **state)
{
    (void) state;
    struct trefoil_message notice = notice_of("messenger", NULL, NULL);
    assert_true(failure_is(&notice));
    notice.body.receipt.state = TREFOIL_RECEIPT_READ;
    assert_false(failure_is(&notice));
    notice.kind = TREFOIL_KIND_TEXT;
    assert_false(failure_is(&notice));
}

static void test_a_target_of_a_delivery_has_one_key(void **state)
{
    (void) state;
    struct arena mem = ARENA_EMPTY(1 << 12);
    assert_string_equal(failure_key(&mem, 7, 2), "failed.7.2");
    arena_deinit(&mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_names_the_person_the_network_and_the_reason),
        cmocka_unit_test(test_words_of_the_network_never_reach_a_person),
        cmocka_unit_test(test_reasons_fall_into_classes),
        cmocka_unit_test(test_only_failures_are_told),
        cmocka_unit_test(test_a_target_of_a_delivery_has_one_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
