/* Where the calls of an account go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "accounts.h"

static char token[] = "EAAtesttoken", secret[] = "test_app_secret", old_secret[] = "before";

/* The proof is the one the documents compute for this token and this secret. */
static void test_call_proves_its_token_where_that_is_wanted_and_the_network_has_a_word_for_it(void **state unused_)
{
#define PROOF "appsecret_proof=2f6c99f265a9e1644d725e8f9c96e439fcbf40a73357d1d98ba8b98fbfe445e4"
    const struct translator_ops with = { .proof_parameter = "appsecret_proof" }, without = { .name = "echo" };
    struct account_settings settings = { .prove_token = true };
    struct account account = { .settings = &settings };
    struct arena mem = ARENA_EMPTY(1 << 16);

    account.token.text = token;
    account.app_secrets[0].text = secret;
    account.app_secrets[1].text = old_secret;
    account.n_app_secrets = 2;
    assert_string_equal(account_url(&account, &with, "https://graph.test", "/v25.0/1/messages", &mem),
                        "https://graph.test/v25.0/1/messages?" PROOF);
    assert_string_equal(account_url(&account, &with, "https://graph.test", "/v25.0/1?fields=name", &mem),
                        "https://graph.test/v25.0/1?fields=name&" PROOF);
    assert_string_equal(account_url(&account, &without, "https://graph.test", "/1", &mem), "https://graph.test/1");
    settings.prove_token = false;
    assert_string_equal(account_url(&account, &with, "https://graph.test", "/1", &mem), "https://graph.test/1");
    arena_deinit(&mem);
}

static void count_change(void *owner, size_t index)
{
    assert_int_equal(index, 0);
    ++*(unsigned *) owner;
}

/* What is to be done follows from the newest refusal. */
static void test_trouble_of_another_code_is_told_with_its_own_advice(void **state unused_)
{
    unsigned n = 0;
    struct account account = { .health = TREFOIL_ACCOUNT_CONNECTED };
    struct accounts accounts = { .accounts = &account, .n_accounts = 1, .owner = &n, .on_change = count_change };
    enum account_event refused;

    assert_int_equal(account_event_of(TREFOIL_ACCOUNT_BAD_CREDENTIALS, &refused), 0);
    accounts_happened(&accounts, 0, refused, &(struct account_remark){ 10, 0, "grant it" });
    accounts_happened(&accounts, 0, refused, &(struct account_remark){ 10, 0, "grant it" });
    assert_int_equal(n, 1);
    accounts_happened(&accounts, 0, refused, &(struct account_remark){ 190, 463, "put a new one" });
    assert_int_equal(n, 2);
    assert_int_equal(account.code, 190);
    assert_string_equal(account.next_action, "put a new one");
    assert_int_equal(account.health, TREFOIL_ACCOUNT_BAD_CREDENTIALS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_call_proves_its_token_where_that_is_wanted_and_the_network_has_a_word_for_it),
        cmocka_unit_test(test_trouble_of_another_code_is_told_with_its_own_advice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
