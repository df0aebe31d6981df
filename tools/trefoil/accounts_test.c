/* How accounts are shown: their state, and "stopped" when nobody is there to know. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "cli/accounts.h"

static char *shown(const struct trefoil_capabilities *account, bool json)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    if (json)
        accounts_put_json(out, account, 1);
    else
        accounts_put(out, account, 1);
    assert_int_equal(fclose(out), 0);
    return text;
}

static const struct trefoil_capabilities refused = {
    .account = "whatsapp/1",
    .service = "whatsapp",
    .replicas = 2,
    .state = { TREFOIL_ACCOUNT_BAD_CREDENTIALS, 190, 463, "renew the token" },
    .state_since_ms = 77,
};

static void test_trouble_has_its_code_and_what_to_do(void **state unused_)
{
    char *text = shown(&refused, false);
    assert_non_null(strstr(text, "bad credentials"));
    assert_non_null(strstr(text, "whatsapp, 2 connected  code 190/463  → renew the token\n"));
    free(text);
    text = shown(&refused, true);
    assert_string_equal(text, "{\"account\":\"whatsapp/1\",\"state\":\"bad credentials\",\"told\":\"bad credentials\","
                              "\"since_ms\":77,\"code\":190,\"subcode\":463,\"next_action\":\"renew the token\","
                              "\"service\":\"whatsapp\",\"replicas\":2}\n");
    free(text);
}

static void test_account_nobody_speaks_for_is_stopped_whatever_was_said_last(void **state unused_)
{
    struct trefoil_capabilities account = refused;
    account.replicas = 0;
    assert_string_equal(accounts_state(&account), "stopped");
    account = (struct trefoil_capabilities){ .account = "echo/1", .replicas = 1 };
    assert_string_equal(accounts_state(&account), "not said");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trouble_has_its_code_and_what_to_do),
        cmocka_unit_test(test_account_nobody_speaks_for_is_stopped_whatever_was_said_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
