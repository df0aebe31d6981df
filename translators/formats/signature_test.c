/* The signature of a webhook and the proof of a secret, against published vectors. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "signature.h"

static const char secret[] = "test_app_secret";

struct vector {
    const char *body, *hex;
};

static const struct vector vectors[] = {
    { "{\"object\":\"whatsapp_business_account\",\"entry\":[]}",
      "dec6a680679a968e7e0319355b23599cbfc54502c0784668e9618baa0c633756" },
    { "{\"object\": \"whatsapp_business_account\", \"entry\": []}",
      "56cbbaf4961c6cfdae48b7f116c047e5eb513d2c931baae63a2bc1afd26f803a" },
    { "{\"object\":\"page\",\"entry\":[{\"id\":\"1\",\"time\":1,\"messaging\":[{\"message\":{\"text\":\"\\u00e4\\u00f6 "
      "\\ud83d\\ude00\"}}]}]}",
      "2bcde255b41ef05648f6251413aa92cf16a38e58c3f0c977d7f6e08869a45d15" },
    { "{\"object\":\"page\",\"entry\":[{\"id\":\"1\",\"time\":1,\"messaging\":[{\"message\":{\"text\":\"äö 😀\"}}]}]}",
      "4b9e503d3e30c28ace29ecd7e4c7d805c2214fc41ec0871d9c18f265b68442a2" },
};

static int check(const char *body, const char *header, const char *key)
{
    struct bytes secrets[] = { bytes_of_text(key) };

    return signature_check(bytes_of_text(body), bytes_of_text(header), secrets, 1);
}

static const char *header_of(size_t vector)
{
    static char header[80];

    snprintf(header, sizeof header, "sha256=%s", vectors[vector].hex);
    return header;
}

static void test_published_vectors_verify_and_only_for_their_own_bytes(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        char made[SIGNATURE_VALUE_SIZE];

        for (size_t j = 0; j < ARRAY_SIZE(vectors); j++)
            assert_int_equal(check(vectors[i].body, header_of(j), secret), i == j ? 0 : -EACCES);
        signature_make(bytes_of_text(vectors[i].body), bytes_of_text(secret), made);
        assert_string_equal(made, header_of(i));
    }
}

static void test_any_secret_of_a_rotation_will_do(void **state)
{
    struct bytes secrets[] = { bytes_of_text("new"), bytes_of_text(secret), bytes_of_text("older") };

    (void) state;
    assert_int_equal(signature_check(bytes_of_text(vectors[0].body), bytes_of_text(header_of(0)), secrets, 3), 0);
    assert_int_equal(signature_check(bytes_of_text(vectors[0].body), bytes_of_text(header_of(0)), secrets, 1), -EACCES);
    assert_int_equal(signature_check(bytes_of_text(vectors[0].body), bytes_of_text(header_of(0)), secrets, 0), -EACCES);
}

static void test_an_empty_secret_opens_nothing(void **state)
{
    char made[SIGNATURE_VALUE_SIZE];

    (void) state;
    signature_make(bytes_of_text("body"), BYTES_EMPTY, made);
    assert_int_equal(check("body", made, ""), -EACCES);
    signature_make(BYTES_EMPTY, bytes_of_text(secret), made);
    assert_int_equal(check("", made, secret), 0);
}

static void test_headers_of_another_shape_are_refused(void **state)
{
    static const char *const headers[] = { "", "sha256=", "sha1=0011", "dec6", "sha256=zz" };
    char long_header[100];

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(headers); i++)
        assert_int_equal(check(vectors[0].body, headers[i], secret), -EBADMSG);
    snprintf(long_header, sizeof long_header, "%s00", header_of(0));
    assert_int_equal(check(vectors[0].body, long_header, secret), -EBADMSG);
    snprintf(long_header, sizeof long_header, "%.70s", header_of(0));
    assert_int_equal(check(vectors[0].body, long_header, secret), -EBADMSG);
    snprintf(long_header, sizeof long_header, "sha512=%s", vectors[0].hex);
    assert_int_equal(check(vectors[0].body, long_header, secret), -EBADMSG);
}

static void test_every_flipped_digit_is_refused(void **state)
{
    (void) state;
    for (size_t i = 7; i < 7 + SIGNATURE_HEX_CHARS; i++) {
        char header[80];

        snprintf(header, sizeof header, "%s", header_of(0));
        header[i] = header[i] == '0' ? '1' : '0';
        assert_int_equal(check(vectors[0].body, header, secret), -EACCES);
    }
}

static void test_the_proof_of_a_token_is_as_published(void **state)
{
    char proof[SIGNATURE_PROOF_SIZE];

    (void) state;
    signature_proof(bytes_of_text("EAAtesttoken"), bytes_of_text(secret), proof);
    assert_string_equal(proof, "2f6c99f265a9e1644d725e8f9c96e439fcbf40a73357d1d98ba8b98fbfe445e4");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published_vectors_verify_and_only_for_their_own_bytes),
        cmocka_unit_test(test_any_secret_of_a_rotation_will_do),
        cmocka_unit_test(test_an_empty_secret_opens_nothing),
        cmocka_unit_test(test_headers_of_another_shape_are_refused),
        cmocka_unit_test(test_every_flipped_digit_is_refused),
        cmocka_unit_test(test_the_proof_of_a_token_is_as_published),
    };

    return cmocka_run_group_tests_name("signature", tests, NULL, NULL);
}
