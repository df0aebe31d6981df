/* What Instagram's map promises beyond the conformance suite. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "formats/json.h"
#include "formats/text.h"
#include "map_kit/kit.h"
#include "instagram.h"
#include "meta/limit_cases.h"
#include "meta/relation_cases.h"
#include "meta/verdict_cases.h"

static struct arena mem = { .max_bytes = 64u << 20 };

static const char *const related[] = { "QUOTED" };
static const struct place plain_place = {
    .account = "instagram/17841400000000005",
    .account_id = "17841400000000005",
    .user_id = "1234500000000006",
    .mark = "tf1.7.3",
    .api_version = "v25.0",
};

static struct event_list decoded(const char *element)
{
    const char *const ids[] = { "17841400000000005" }, *const pages[] = { NULL };
    const struct decode_context context = { ids, pages, 1, "270000000000007" };
    struct event_list list = { 0 };
    static char body[4096];

    snprintf(body, sizeof body,
             "{\"object\":\"instagram\",\"entry\":[{\"id\":\"17841400000000005\",\"messaging\":[%s]}]}", element);
    arena_reset(&mem);
    assert_int_equal(instagram_ops.decode(bytes_of_text(body), &context, &mem, &list), 0);
    assert_int_equal(list.n_events, 1);
    return list;
}

static struct request_list encoded(const struct trefoil_message *message, const struct place *place)
{
    struct request_list list = { 0 };

    assert_int_equal(instagram_ops.encode(message, place, &mem, &list), 0);
    return list;
}

static struct request_list encoded_text(const char *text, const struct place *place)
{
    const struct trefoil_message message = { .kind = TREFOIL_KIND_TEXT, .body.text = { text, NULL, 0 } };

    return encoded(&message, place);
}

static struct json_value body_of(const struct request *request)
{
    struct json *json = arena_alloc(&mem, sizeof *json);

    assert_int_equal(json_parse(request->body, &mem, json), 0);
    assert_null(json_fault(json_root(json)));
    return json_root(json);
}

static void test_one_malformed_item_of_27_costs_its_26_neighbours_nothing(void **state)
{
    struct event_list list;
    size_t n_texts = 0;

    (void) state;
    arena_reset(&mem);
    struct decode_context context = kit_accounts(&mem, TESTDATA);
    list = kit_decode(&instagram_ops, &context, kit_read(&mem, TESTDATA, "cube-27-one-malformed.webhook"), &mem);
    for (size_t i = 0; i < list.n_events; i++)
        n_texts += list.events[i].message.kind == TREFOIL_KIND_TEXT;
    assert_int_equal(list.n_events, 27);
    assert_int_equal(n_texts, 26);
    assert_true(list.events[13].is_malformed);
}

static void test_an_echo_is_the_business_in_the_persons_thread(void **state)
{
    struct event_list list =
        decoded("{\"sender\":{\"id\":\"17841400000000005\"},\"recipient\":{\"id\":\"1234500000000006\"},"
                "\"timestamp\":1,\"message\":{\"is_echo\":true,\"mid\":\"m\",\"text\":\"x\"}}");
    const struct event *event = &list.events[0];

    (void) state;
    assert_true(event->echo);
    assert_true(event->message.by_business);
    assert_null(event->message.author.user_id);
    assert_string_equal(event->user_id, "1234500000000006");
    assert_string_equal(event->account, "instagram/17841400000000005");
}

static void test_bytes_are_counted_not_characters(void **state)
{
    static char text[1201];

    (void) state;
    arena_reset(&mem);
    for (size_t i = 0; i < 300; i++)
        memcpy(text + 4 * i, "\xf0\x9f\x98\x80", 5);
    struct request_list list = encoded_text(text, &plain_place);
    assert_int_equal(list.n_requests, 2);
    for (size_t i = 0; i < 2; i++) {
        const char *part = json_text(json_get(json_get(body_of(&list.requests[i]), "message"), "text"), &mem);

        assert_true(strlen(part) <= 1000);
        assert_int_equal(strlen(part) % 4, 0);
    }
}

static void test_sends_go_by_the_page_where_there_is_one(void **state)
{
    struct place place = plain_place;

    (void) state;
    arena_reset(&mem);
    assert_string_equal(encoded_text("x", &place).requests[0].path, "/v25.0/17841400000000005/messages");
    place.page_id = "104500000000003";
    assert_string_equal(encoded_text("x", &place).requests[0].path, "/v25.0/104500000000003/messages");
}

static void test_seen_names_a_message(void **state)
{
    struct event_list list =
        decoded("{\"sender\":{\"id\":\"1234500000000006\"},\"recipient\":{\"id\":\"17841400000000005\"},"
                "\"timestamp\":1790000000200,\"read\":{\"mid\":\"aWd\"}}");

    (void) state;
    assert_int_equal(list.events[0].message.body.receipt.state, TREFOIL_RECEIPT_READ);
    assert_string_equal(list.events[0].relates[0], "aWd");
    assert_true(list.events[0].watermark_ms == 0);
}

static void test_text_splits_at_the_limit_and_not_before(void **state)
{
    static char text[4096];

    (void) state;
    for (size_t n = 1000; n <= 1000 + 1; n++) {
        arena_reset(&mem);
        memset(text, 'a', n);
        text[n] = 0;
        assert_int_equal(encoded_text(text, &plain_place).n_requests, n == 1000 ? 1 : 2);
    }
}

static void test_the_first_part_quotes(void **state)
{
    struct place place = plain_place;
    struct request_list list;
    static char text[3 * 1000 + 1];

    (void) state;
    arena_reset(&mem);
    memset(text, 'a', sizeof text - 1);
    place.relates = related;
    place.n_relates = 1;
    place.page_id = "104500000000003"; /* only accounts behind a page can quote */
    list = encoded_text(text, &place);
    assert_int_equal(list.n_requests, 3);
    for (size_t i = 0; i < 3; i++) {
        struct json_value body = body_of(&list.requests[i]);

        assert_int_equal(json_exists(json_get(body, "reply_to")), i == 0);
        assert_int_equal(json_exists(json_get(json_get(body, "message"), "metadata")), 0);
        assert_false(json_exists(json_get(body, "sender_action")));
    }
}

static void test_actions_never_carry_a_message(void **state)
{
    const struct trefoil_message messages[] = {
        { .kind = TREFOIL_KIND_TYPING, .body.typing = { true } },
        { .kind = TREFOIL_KIND_RECEIPT, .body.receipt = { .state = TREFOIL_RECEIPT_READ } },
        { .kind = TREFOIL_KIND_REACTION, .body.reaction = { "m", "👍", false } },
    };
    struct place place = plain_place;

    (void) state;
    arena_reset(&mem);
    place.relates = related;
    place.n_relates = 1;
    for (size_t i = 0; i < ARRAY_SIZE(messages); i++) {
        struct request_list list = encoded(&messages[i], &place);

        assert_int_equal(list.n_requests, 1);
        assert_false(json_exists(json_get(body_of(&list.requests[0]), "message")));
        assert_false(list.requests[0].is_message);
    }
}

static void test_every_limit_holds_at_the_limit_and_one_beyond(void **state)
{
    struct place place = plain_place;

    (void) state;
    place.page_id = "104500000000003";
    assert_limits(&instagram_ops, &place);
}

static void test_every_relation_goes_by_its_rule(void **state)
{
    struct place place = plain_place;

    (void) state;
    place.page_id = "104500000000003";
    assert_relations(&instagram_ops, "Instagram", &place);
}

static const struct verdict_case cases[] = {
    { 10, 2534022, 'P' },  { 10, 2534077, 'A' },  { 100, 2534013, 'A' }, { 100, 2534014, 'P' }, { 100, 2534015, 'P' },
    { 100, 2534025, 'P' }, { 100, 2534029, 'B' }, { 100, 2534037, 'P' }, { 100, 2534068, 'P' }, { 200, 2534041, 'A' },
    { 613, 2534040, 'W' }, { 36103, 0, 'A' },     { 2534022, 0, 'P' },
};

static void test_every_documented_code_has_its_verdict(void **state)
{
    (void) state;
    assert_verdicts(&instagram_ops, graph_cases, ARRAY_SIZE(graph_cases));
    assert_verdicts(&instagram_ops, messaging_cases, ARRAY_SIZE(messaging_cases));
    assert_verdicts(&instagram_ops, cases, ARRAY_SIZE(cases));
}

static void test_answers_without_a_code_have_a_verdict(void **state)
{
    (void) state;
    assert_verdicts_without_code(&instagram_ops);
    assert_waits(&instagram_ops);
}

static void test_a_person_is_named_by_the_answer_to_our_question(void **state)
{
    struct request request = { 0 };
    struct profile profile = { 0 };

    (void) state;
    arena_reset(&mem);
    assert_int_equal(instagram_ops.ask_profile(&plain_place, &mem, &request), 0);
    assert_string_equal(request.path, "/v25.0/1234500000000006?fields=name,username");
    struct reply reply = { .http_status = 200, .body = kit_read(&mem, TESTDATA, "prof-instagram.json") };
    instagram_ops.read_profile(&reply, &mem, &profile);
    assert_string_equal(profile.name, "Ada Example");
    assert_string_equal(profile.username, "ada.example");
}

static int free_memory(void **state)
{
    (void) state;
    arena_deinit(&mem);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_malformed_item_of_27_costs_its_26_neighbours_nothing),
        cmocka_unit_test(test_an_echo_is_the_business_in_the_persons_thread),
        cmocka_unit_test(test_bytes_are_counted_not_characters),
        cmocka_unit_test(test_sends_go_by_the_page_where_there_is_one),
        cmocka_unit_test(test_seen_names_a_message),
        cmocka_unit_test(test_text_splits_at_the_limit_and_not_before),
        cmocka_unit_test(test_the_first_part_quotes),
        cmocka_unit_test(test_actions_never_carry_a_message),
        cmocka_unit_test(test_every_limit_holds_at_the_limit_and_one_beyond),
        cmocka_unit_test(test_a_person_is_named_by_the_answer_to_our_question),
        cmocka_unit_test(test_every_relation_goes_by_its_rule),
        cmocka_unit_test(test_every_documented_code_has_its_verdict),
        cmocka_unit_test(test_answers_without_a_code_have_a_verdict),
    };

    return cmocka_run_group_tests_name("instagram", tests, NULL, free_memory);
}
