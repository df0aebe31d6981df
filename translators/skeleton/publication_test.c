/* Nothing an event says about a person is lost on its way to the bus, and nothing is said about nobody. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "skeleton/publication.h"

static const char *const aliases[] = { "a1", "a2", "a3", "a4", "a5" };

static struct event event_of_ana(void)
{
    return (struct event){ .account = "echo/100",
                           .key = "k",
                           .audience = TREFOIL_AUDIENCE_ROOM,
                           .user_id = "ana",
                           .opens_window_ms = 1234,
                           .consent = TREFOIL_CONSENT_WITHDRAWN,
                           .alias_ids = aliases,
                           .n_alias_ids = 2,
                           .mark = "tf1.7.2",
                           .message = { .kind = TREFOIL_KIND_TEXT, .message_id = "m1" } };
}

static void test_what_is_known_of_a_person_goes_on(void **state unused_)
{
    struct event event = event_of_ana();
    struct trefoil_publication said = publication_make(&event, "echo/1");
    assert_string_equal(said.from.account, "echo/100");
    assert_string_equal(said.from.user_id, "ana");
    assert_int_equal(said.audience, TREFOIL_AUDIENCE_ROOM);
    assert_int_equal(said.opens_window_ms, 1234);
    assert_int_equal(said.consent, TREFOIL_CONSENT_WITHDRAWN);
    assert_int_equal(said.n_aliases, 2);
    assert_string_equal(said.aliases[1], "a2");
    assert_int_equal(said.resolves_seq, 7);
    assert_int_equal(said.resolves_target, 2);
    assert_int_equal(said.lane, TREFOIL_LANE_REPLY);
}

static void test_what_the_business_did_or_another_app_answers_opens_no_window(void **state unused_)
{
    struct event echo = event_of_ana(), standby = event_of_ana();
    echo.echo = true;
    standby.message.standby = true;
    assert_int_equal(publication_make(&echo, "echo/1").opens_window_ms, 0);
    assert_int_equal(publication_make(&standby, "echo/1").opens_window_ms, 0);
}

static void test_more_aliases_than_the_bus_takes_are_cut(void **state unused_)
{
    struct event event = event_of_ana();
    event.n_alias_ids = ARRAY_SIZE(aliases);
    assert_int_equal(publication_make(&event, "echo/1").n_aliases, TREFOIL_ALIASES_MAX);
}

static void test_nothing_is_said_about_nobody(void **state unused_)
{
    struct event stray = event_of_ana(), about_account = event_of_ana();
    stray.account = NULL;
    about_account.user_id = NULL;
    struct trefoil_publication strays = publication_make(&stray, "echo/1");
    assert_string_equal(strays.from.account, "echo/1");
    assert_null(strays.from.user_id);
    assert_int_equal(strays.audience, TREFOIL_AUDIENCE_SERVICES);
    const struct trefoil_publication both[] = { strays, publication_make(&about_account, "echo/1") };
    for (size_t i = 0; i < ARRAY_SIZE(both); i++) {
        assert_int_equal(both[i].opens_window_ms, 0);
        assert_int_equal(both[i].consent, TREFOIL_CONSENT_UNSAID);
        assert_int_equal(both[i].n_aliases, 0);
        assert_int_equal(both[i].resolves_seq, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_known_of_a_person_goes_on),
        cmocka_unit_test(test_what_the_business_did_or_another_app_answers_opens_no_window),
        cmocka_unit_test(test_more_aliases_than_the_bus_takes_are_cut),
        cmocka_unit_test(test_nothing_is_said_about_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
