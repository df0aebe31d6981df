/* Where strangers' URLs may lead: a table of addresses in every disguise, and of URLs. */
#include "daemon/http_guard.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"

static void test_addresses_that_are_not_the_public_internet_are_refused(void **state)
{
    static const char *const addresses[] = {
        "0.0.0.0", "0.1.2.3", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.100.100.200", "100.127.255.255",
        "127.0.0.1", "127.255.255.255", "168.63.129.16", "169.254.0.1", "169.254.169.254", "169.254.170.2",
        "172.16.0.0", "172.31.255.255", "192.0.0.1", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.0.0",
        "192.168.255.255", "198.18.0.0", "198.19.255.255", "198.51.100.7", "203.0.113.9", "224.0.0.1",
        "239.255.255.250", "240.0.0.1", "255.255.255.255",
        /* IPv6 of its own */
        "::", "::1", "::2", "100::1", "fc00::1", "fd00:ec2::254", "fdff:ffff::1", "fe80::1", "febf::1", "fec0::1",
        "ff02::1", "ff05::2", "2001:db8::1", "2001::1", "2001:10::1", "2001:2::1", "2002:7f00:1::", "2002:808:808::1",
        "3fff::1", "4000::1", "5f00::1", "64:ff9b:1::808:808",
        /* IPv4 in disguise */
        "::127.0.0.1", "::8.8.8.8", "::ffff:127.0.0.1", "::ffff:10.1.2.3", "::ffff:169.254.169.254",
        "::ffff:100.64.0.1", "::ffff:0:0", "::ffff:0:127.0.0.1", "64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe",
        "64:ff9b::10.0.0.1", "64:ff9b::192.168.1.1",
        /* no addresses */
        "", "localhost", "127.1", "0x7f000001", "2130706433", "1.2.3.4.5", "fe80::1%1"
    };

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(addresses); i++)
        if (http_guard_is_public_text(addresses[i]))
            fail_msg("%s is taken for public", addresses[i]);
}

static void test_addresses_of_the_public_internet_are_let_through(void **state)
{
    /* Neighbours of what is refused, and ordinary ones. */
    static const char *const addresses[] = {
        "1.1.1.1",         "8.8.8.8",        "9.255.255.255",   "11.0.0.0",        "100.63.255.255", "100.128.0.0",
        "126.255.255.255", "128.0.0.0",      "168.63.129.15",   "169.253.255.255", "169.255.0.0",    "172.15.255.255",
        "172.32.0.0",      "192.0.1.0",      "192.0.3.0",       "192.167.255.255", "192.169.0.0",    "198.17.255.255",
        "198.20.0.0",      "198.51.99.255",  "203.0.114.0",     "223.255.255.255", "157.240.1.35",   "2000::1",
        "2001:200::1",     "2001:db7::1",    "2001:db9::1",     "2003::1",         "2a03:2880::1",   "2606:4700::1111",
        "3ffe::1",         "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"
    };

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(addresses); i++)
        if (!http_guard_is_public_text(addresses[i]))
            fail_msg("%s is taken for something else", addresses[i]);
}

static void test_other_families_are_refused(void **state)
{
    const struct sockaddr unix_ = { .sa_family = AF_UNIX }, none = { .sa_family = AF_UNSPEC };

    (void) state;
    assert_false(http_guard_is_public(&unix_));
    assert_false(http_guard_is_public(&none));
}

static void test_url_without_a_guard_may_lead_anywhere_by_http(void **state)
{
    (void) state;
    assert_int_equal(http_guard_judge(NULL, "http://127.0.0.1:8080/x"), 0);
    assert_int_equal(http_guard_judge(NULL, "https://user:word@example.org/"), 0);
    assert_int_equal(http_guard_judge(NULL, "ftp://example.org/"), -EINVAL);
}

static void test_url_under_a_guard_is_http_and_holds_no_password(void **state)
{
    static const char *const refused[] = { "",
                                           "/etc/passwd",
                                           "file:///etc/passwd",
                                           "ftp://example.org/",
                                           "gopher://example.org/",
                                           "dict://127.0.0.1:11211/",
                                           "http://",
                                           "http://user@example.org/",
                                           "http://user:word@example.org/",
                                           "http://:word@example.org/",
                                           "http://example.org:99999/",
                                           "http://exa mple.org/" };
    const struct http_guard guard = { NULL };
    char *url = malloc(10000);

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
        if (http_guard_judge(&guard, refused[i]) != -EINVAL)
            fail_msg("%s is taken", refused[i]);
    assert_int_equal(http_guard_judge(&guard, "https://example.org:8443/a?b#c"), 1);
    assert_int_equal(http_guard_judge(&guard, "HTTP://example.org/"), 1);
    memset(url, 'a', 9999);
    memcpy(url, "http://example.org/", 19);
    url[9999] = 0;
    assert_int_equal(http_guard_judge(&guard, url), -EINVAL);
    free(url);
}

static void test_exceptions_are_of_one_host_and_one_port(void **state)
{
    const char *const allowed[] = { "localhost:8080", "files.example.org:443", "[::1]:90", NULL };
    const struct http_guard guard = { allowed };

    (void) state;
    assert_int_equal(http_guard_judge(&guard, "http://localhost:8080/x"), 0);
    assert_int_equal(http_guard_judge(&guard, "http://LocalHost:8080/x"), 0);
    assert_int_equal(http_guard_judge(&guard, "https://files.example.org/x"), 0);
    assert_int_equal(http_guard_judge(&guard, "http://[::1]:90/"), 0);
    assert_int_equal(http_guard_judge(&guard, "http://localhost:8081/x"), 1);
    assert_int_equal(http_guard_judge(&guard, "http://localhost/"), 1);
    assert_int_equal(http_guard_judge(&guard, "http://127.0.0.1:8080/"), 1);
    assert_int_equal(http_guard_judge(&guard, "http://files.example.org/"), 1);
    assert_int_equal(http_guard_judge(&guard, "http://localhost.evil.example:8080/"), 1);
    assert_int_equal(http_guard_judge(&guard, "http://localhost:8080@evil.example/"), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses_that_are_not_the_public_internet_are_refused),
        cmocka_unit_test(test_addresses_of_the_public_internet_are_let_through),
        cmocka_unit_test(test_other_families_are_refused),
        cmocka_unit_test(test_url_without_a_guard_may_lead_anywhere_by_http),
        cmocka_unit_test(test_url_under_a_guard_is_http_and_holds_no_password),
        cmocka_unit_test(test_exceptions_are_of_one_host_and_one_port),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
