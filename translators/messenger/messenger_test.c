/* What Messenger's map promises beyond the conformance suite. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "formats/json.h"
#include "formats/text.h"
#include "map_kit/kit.h"
#include "messenger.h"
#include "meta/limit_cases.h"
#include "meta/relation_cases.h"
#include "meta/verdict_cases.h"

static struct arena mem = { .max_bytes = 64u << 20 };

static const char *const related[] = { "QUOTED" };
static const struct place plain_place = {
    .account = "messenger/104500000000003",
    .account_id = "104500000000003",
    .user_id = "6543210000000004",
    .mark = "tf1.7.3",
    .api_version = "v25.0",
};

static struct event_list decoded(const char *element)
{
    const char *const ids[] = { "104500000000003" }, *const pages[] = { NULL };
    const struct decode_context context = { ids, pages, 1, "270000000000007" };
    struct event_list list = { 0 };
    static char body[4096];

    snprintf(body, sizeof body, "{\"object\":\"page\",\"entry\":[{\"id\":\"104500000000003\",\"messaging\":[%s]}]}",
             element);
    arena_reset(&mem);
    assert_int_equal(messenger_ops.decode(bytes_of_text(body), &context, &mem, &list), 0);
    assert_int_equal(list.n_events, 1);
    return list;
}

static struct request_list encoded(const struct trefoil_message *message, const struct place *place)
{
    struct request_list list = { 0 };

    assert_int_equal(messenger_ops.encode(message, place, &mem, &list), 0);
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
    list = kit_decode(&messenger_ops, &context, kit_read(&mem, TESTDATA, "cube-27-one-malformed.webhook"), &mem);
    for (size_t i = 0; i < list.n_events; i++)
        n_texts += list.events[i].message.kind == TREFOIL_KIND_TEXT;
    assert_int_equal(list.n_events, 27);
    assert_int_equal(n_texts, 26);
    assert_true(list.events[13].is_malformed);
}

static void test_an_echo_is_the_business_in_the_persons_thread(void **state)
{
    struct event_list list =
        decoded("{\"sender\":{\"id\":\"104500000000003\"},\"recipient\":{\"id\":\"6543210000000004\"},"
                "\"timestamp\":1,\"message\":{\"is_echo\":true,\"mid\":\"m\",\"text\":\"x\"}}");
    const struct event *event = &list.events[0];

    (void) state;
    assert_true(event->echo);
    assert_true(event->message.by_business);
    assert_null(event->message.author.user_id);
    assert_string_equal(event->user_id, "6543210000000004");
    assert_string_equal(event->account, "messenger/104500000000003");
}

static void test_only_our_own_echoes_bring_a_mark_back(void **state)
{
    static const struct {
        const char *app, *mark;
    } echoes[] = {
        { "\"app_id\":270000000000007,", "tf1.1.0" },
        { "\"app_id\":\"270000000000007\",", "tf1.1.0" },
        { "\"app_id\":263902037430900,", NULL },
        { "\"app_id\":880000000000088,", NULL },
    };

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(echoes); i++) {
        char element[512];

        snprintf(element, sizeof element,
                 "{\"sender\":{\"id\":\"104500000000003\"},\"recipient\":{\"id\":\"6543210000000004\"},\"message\":{"
                 "\"is_echo\":true,%s\"metadata\":\"tf1.1.0\",\"mid\":\"m\",\"text\":\"x\"}}",
                 echoes[i].app);
        struct event_list list = decoded(element);
        assert_int_equal(list.events[0].mark != NULL, echoes[i].mark != NULL);
    }
}

static void test_a_read_watermark_is_a_receipt_without_targets(void **state)
{
    struct event_list list =
        decoded("{\"sender\":{\"id\":\"6543210000000004\"},\"recipient\":{\"id\":\"104500000000003\"},"
                "\"timestamp\":1790000000700,\"read\":{\"watermark\":1790000000650}}");

    (void) state;
    assert_int_equal(list.events[0].audience, TREFOIL_AUDIENCE_AUTHOR);
    assert_true(list.events[0].watermark_ms == 1790000000650);
    assert_int_equal(list.events[0].n_relates, 0);
}

/* What we offered with the longest payload there can be must come back. */
static void test_a_payload_of_a_thousand_letters_comes_back(void **state)
{
    static const char *const shapes[][2] = {
        { "\"postback\":{\"title\":\"x\",\"payload\":\"", "\"}" },
        { "\"message\":{\"mid\":\"m\",\"text\":\"x\",\"quick_reply\":{\"payload\":\"", "\"}}" },
    };
    char payload[1001] = { 0 }, element[1500];

    (void) state;
    memset(payload, 'a', sizeof payload - 1);
    for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
        snprintf(element, sizeof element,
                 "{\"sender\":{\"id\":\"6543210000000004\"},\"recipient\":{\"id\":\"104500000000003\"},"
                 "\"timestamp\":1790000000700,%s%s%s}",
                 shapes[i][0], payload, shapes[i][1]);
        struct event_list list = decoded(element);
        assert_false(list.events[0].is_malformed);
        assert_string_equal(list.events[0].message.body.choice.id, payload);
    }
}

static void test_news_of_nobody_are_told_apart(void **state)
{
    char keys[2][128];

    (void) state;
    for (size_t i = 0; i < 2; i++) {
        char element[256];

        snprintf(element, sizeof element,
                 "{\"recipient\":{\"id\":\"104500000000003\"},\"timestamp\":1790000000700,"
                 "\"optin\":{\"ref\":\"r\",\"user_ref\":\"u%zu\"}}",
                 i);
        snprintf(keys[i], sizeof keys[i], "%s", decoded(element).events[0].key);
    }
    assert_string_not_equal(keys[0], keys[1]);
}

static void test_text_splits_at_the_limit_and_not_before(void **state)
{
    static char text[4096];

    (void) state;
    for (size_t n = 1999; n <= 1999 + 1; n++) {
        arena_reset(&mem);
        memset(text, 'a', n);
        text[n] = 0;
        assert_int_equal(encoded_text(text, &plain_place).n_requests, n == 1999 ? 1 : 2);
    }
}

static void test_the_first_part_quotes_and_the_last_is_marked(void **state)
{
    struct place place = plain_place;
    struct request_list list;
    static char text[3 * 1999 + 1];

    (void) state;
    arena_reset(&mem);
    memset(text, 'a', sizeof text - 1);
    place.relates = related;
    place.n_relates = 1;
    list = encoded_text(text, &place);
    assert_int_equal(list.n_requests, 3);
    for (size_t i = 0; i < 3; i++) {
        struct json_value body = body_of(&list.requests[i]);

        assert_int_equal(json_exists(json_get(body, "reply_to")), i == 0);
        assert_int_equal(json_exists(json_get(json_get(body, "message"), "metadata")), i == 2);
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
    assert_limits(&messenger_ops, &place);
}

static void test_every_relation_goes_by_its_rule(void **state)
{
    struct place place = plain_place;

    (void) state;
    place.page_id = "104500000000003";
    assert_relations(&messenger_ops, "Messenger", &place);
}

static const struct verdict_case cases[] = {
    { 10, 2018278, 'P' },
    { 10, 2018065, 'P' },
    { 2018278, 0, 'P' },
    { 613, 2534040, 'W' },
};

static void test_every_documented_code_has_its_verdict(void **state)
{
    (void) state;
    assert_verdicts(&messenger_ops, graph_cases, ARRAY_SIZE(graph_cases));
    assert_verdicts(&messenger_ops, messaging_cases, ARRAY_SIZE(messaging_cases));
    assert_verdicts(&messenger_ops, cases, ARRAY_SIZE(cases));
}

static void test_answers_without_a_code_have_a_verdict(void **state)
{
    (void) state;
    assert_verdicts_without_code(&messenger_ops);
    assert_waits(&messenger_ops);
}

static void test_a_person_is_named_by_the_answer_to_our_question(void **state)
{
    struct request request = { 0 };
    struct profile profile = { 0 };

    (void) state;
    arena_reset(&mem);
    assert_int_equal(messenger_ops.ask_profile(&plain_place, &mem, &request), 0);
    assert_string_equal(request.path, "/v25.0/6543210000000004?fields=first_name,last_name");
    struct reply reply = { .http_status = 200, .body = kit_read(&mem, TESTDATA, "prof-messenger.json") };
    messenger_ops.read_profile(&reply, &mem, &profile);
    assert_string_equal(profile.name, "Ada Example");
    assert_null(profile.username);
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
        cmocka_unit_test(test_only_our_own_echoes_bring_a_mark_back),
        cmocka_unit_test(test_a_read_watermark_is_a_receipt_without_targets),
        cmocka_unit_test(test_a_payload_of_a_thousand_letters_comes_back),
        cmocka_unit_test(test_news_of_nobody_are_told_apart),
        cmocka_unit_test(test_text_splits_at_the_limit_and_not_before),
        cmocka_unit_test(test_the_first_part_quotes_and_the_last_is_marked),
        cmocka_unit_test(test_actions_never_carry_a_message),
        cmocka_unit_test(test_every_limit_holds_at_the_limit_and_one_beyond),
        cmocka_unit_test(test_a_person_is_named_by_the_answer_to_our_question),
        cmocka_unit_test(test_every_relation_goes_by_its_rule),
        cmocka_unit_test(test_every_documented_code_has_its_verdict),
        cmocka_unit_test(test_answers_without_a_code_have_a_verdict),
    };

    return cmocka_run_group_tests_name("messenger", tests, NULL, free_memory);
}
