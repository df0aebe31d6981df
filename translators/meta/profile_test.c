/* People are asked about in a way that cannot be bent, and named from whatever the answer has. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "meta/messaging.h"

static const struct messaging_dialect dialect = { .network = "messenger", .profile_fields = "first_name,last_name" };

static struct profile read_text(struct arena *mem, const char *text)
{
    struct reply reply = { .http_status = 200, .body = bytes_of_text(text) };
    struct profile profile = { 0 };
    messaging_read_profile(&reply, mem, &profile);
    return profile;
}

static void test_person_is_asked_about_by_id(void **state unused_)
{
    struct arena mem = ARENA_EMPTY(1 << 16);
    struct place place = { .user_id = "6543210000000004", .api_version = "v25.0" };
    struct request request = { 0 };

    assert_int_equal(messaging_ask_profile(&dialect, &place, &mem, &request), 0);
    assert_string_equal(request.method, "GET");
    assert_string_equal(request.path, "/v25.0/6543210000000004?fields=first_name,last_name");
    arena_deinit(&mem);
}

static void test_id_that_would_lead_elsewhere_is_not_asked(void **state unused_)
{
    static const char *const ids[] = { "", "1/messages", "1?x=", "..", "1%2f", "1 2", "\xc3\xa9" };
    struct arena mem = ARENA_EMPTY(1 << 16);
    struct request request = { 0 };

    for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
        struct place place = { .user_id = ids[i], .api_version = "v25.0" };
        assert_int_equal(messaging_ask_profile(&dialect, &place, &mem, &request), -ENOTSUP);
    }
    assert_null(request.path);
    arena_deinit(&mem);
}

static void test_name_comes_from_what_the_answer_has(void **state unused_)
{
    struct arena mem = ARENA_EMPTY(1 << 20);

    assert_string_equal(read_text(&mem, "{\"first_name\":\"Ada\",\"last_name\":\"Example\",\"id\":\"6\"}").name,
                        "Ada Example");
    assert_string_equal(read_text(&mem, "{\"first_name\":\"Ada\",\"last_name\":\"\"}").name, "Ada");
    struct profile both = read_text(&mem, "{\"name\":\"Ada E.\",\"username\":\"ada.example\",\"first_name\":\"A\"}");
    assert_string_equal(both.name, "Ada E.");
    assert_string_equal(both.username, "ada.example");
    arena_deinit(&mem);
}

static void test_answer_without_a_name_names_nobody(void **state unused_)
{
    static const char *const texts[] = { "",
                                         "{}",
                                         "[]",
                                         "null",
                                         "{\"name\":7}",
                                         "{\"name\":\"\"}",
                                         "{\"name\":\"\xff\"}",
                                         "{\"error\":{\"code\":2018218}}",
                                         "<html>" };
    struct arena mem = ARENA_EMPTY(1 << 20);

    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        assert_null(read_text(&mem, texts[i]).name);
    arena_deinit(&mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_person_is_asked_about_by_id),
        cmocka_unit_test(test_id_that_would_lead_elsewhere_is_not_asked),
        cmocka_unit_test(test_name_comes_from_what_the_answer_has),
        cmocka_unit_test(test_answer_without_a_name_names_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
