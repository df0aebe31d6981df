/* What WhatsApp's map promises beyond the conformance suite. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "formats/json.h"
#include "formats/text.h"
#include "map_kit/kit.h"
#include "meta/item.h"
#include "meta/relation_cases.h"
#include "meta/verdict_cases.h"
#include "whatsapp.h"

#define METADATA "\"metadata\":{\"phone_number_id\":\"106540000000002\"}"

static struct arena mem = { .max_bytes = 64u << 20 };

static const char *const related[] = { "wamid.QUOTED" };
static const struct place plain_place = {
    .account = "whatsapp/106540000000002",
    .account_id = "106540000000002",
    .user_id = "15551230001",
    .mark = "tf1.7.3",
    .api_version = "v25.0",
};

static struct event_list decoded(const char *body)
{
    const char *const ids[] = { "106540000000002" }, *const pages[] = { NULL };
    const struct decode_context context = { ids, pages, 1, NULL };
    struct event_list list = { 0 };

    arena_reset(&mem);
    assert_int_equal(whatsapp_ops.decode(bytes_of_text(body), &context, &mem, &list), 0);
    return list;
}

static struct event_list decoded_change(const char *members)
{
    static char body[200200];

    snprintf(body, sizeof body,
             "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"changes\":[{\"field\":\"messages\",\"value\":{%s,"
             "%s}}]}]}",
             METADATA, members);
    return decoded(body);
}

static struct request_list encoded(const struct trefoil_message *message, const struct place *place)
{
    struct request_list list = { 0 };

    assert_int_equal(whatsapp_ops.encode(message, place, &mem, &list), 0);
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

static const char *text_of(const struct request *request)
{
    return json_text(json_get(json_get(body_of(request), "text"), "body"), &mem);
}

static void test_one_malformed_item_of_27_costs_its_26_neighbours_nothing(void **state)
{
    struct event_list list;
    size_t n_texts = 0, n_malformed = 0;

    (void) state;
    arena_reset(&mem);
    struct decode_context context = kit_accounts(&mem, TESTDATA);
    list = kit_decode(&whatsapp_ops, &context, kit_read(&mem, TESTDATA, "cube-27-one-malformed.webhook"), &mem);
    for (size_t i = 0; i < list.n_events; i++) {
        n_texts += list.events[i].message.kind == TREFOIL_KIND_TEXT;
        n_malformed += list.events[i].is_malformed;
    }
    assert_int_equal(list.n_events, 27);
    assert_int_equal(n_texts, 26);
    assert_int_equal(n_malformed, 1);
    assert_true(list.events[13].is_malformed);
}

static void test_a_body_that_is_no_json_is_kept_whole(void **state)
{
    static const char body[] = "{\"object\":\"whatsapp_business_account\",";
    struct event_list list = decoded(body);
    struct trefoil_bytes raw = list.events[0].message.body.unsupported.raw;

    (void) state;
    assert_int_equal(list.n_events, 1);
    assert_true(list.events[0].is_malformed);
    assert_true(bytes_equal_text(bytes_make(raw.data, raw.size), body));
    assert_string_equal(list.events[0].message.body.unsupported.reason, "malformed: not JSON");
}

/* Answered 200 it is on disk: as raw bytes, because no content holds so long a text. */
static void test_a_text_too_long_for_any_content_is_kept_whole(void **state)
{
    size_t n = META_TEXT_MAX_BYTES + 1;
    char *words = malloc(n + 1), *body = malloc(n + 1024);

    (void) state;
    assert_true(words && body);
    memset(words, 'a', n);
    words[n] = '\0';
    (void) snprintf(body, n + 1024,
                    "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"102290000000001\",\"changes\":[{"
                    "\"field\":\"messages\",\"value\":{\"messaging_product\":\"whatsapp\",\"metadata\":{"
                    "\"display_phone_number\":\"15550100001\",\"phone_number_id\":\"106540000000002\"},\"messages\":[{"
                    "\"from\":\"15551230001\",\"id\":\"wamid.L\",\"timestamp\":\"1790000030\",\"type\":\"text\","
                    "\"text\":{\"body\":\"%s\"}}]}}]}]}",
                    words);
    struct event_list list = decoded(body);
    assert_int_equal(list.n_events, 1);
    assert_true(list.events[0].is_malformed);
    assert_true(list.events[0].message.body.unsupported.raw.size > n);
    free(words);
    free(body);
}

static void test_a_repeated_delivery_has_the_same_keys_even_for_the_unreadable(void **state)
{
    static const char items[] = "\"messages\":[5,{\"from\":\"1\",\"id\":\"wamid.A\",\"type\":\"text\",\"text\":{"
                                "\"body\":\"x\"}}]";
    struct event_list first = decoded_change(items);
    const char *keys[] = { strdup(first.events[0].key), strdup(first.events[1].key) };
    struct event_list again = decoded_change(items);

    (void) state;
    for (size_t i = 0; i < 2; i++)
        assert_string_equal(again.events[i].key, keys[i]);
    assert_string_not_equal(keys[0], keys[1]);
    free((void *) (uintptr_t) keys[0]);
    free((void *) (uintptr_t) keys[1]);
}

static void test_a_status_carries_our_mark_back_to_the_author(void **state)
{
    struct event_list list = decoded_change("\"statuses\":[{\"id\":\"wamid.S\",\"status\":\"read\",\"timestamp\":"
                                            "\"1790000032\",\"recipient_id\":\"15551230001\","
                                            "\"biz_opaque_callback_data\":\"tf1.9.1\"}]");
    const struct event *event = &list.events[0];

    (void) state;
    assert_int_equal(event->audience, TREFOIL_AUDIENCE_AUTHOR);
    assert_string_equal(event->mark, "tf1.9.1");
    assert_string_equal(event->relates[0], "wamid.S");
    assert_string_equal(event->user_id, "15551230001");
    assert_true(event->message.sent_ms == 1790000032000);
    assert_int_equal(event->message.body.receipt.state, TREFOIL_RECEIPT_READ);
}

static void test_messages_and_statuses_of_one_change_are_all_read(void **state)
{
    struct event_list list = decoded_change(
        "\"statuses\":[{\"id\":\"wamid.S\",\"status\":\"sent\",\"recipient_id\":\"1\"}],\"errors\":[{\"code\":1}],"
        "\"messages\":[{\"from\":\"1\",\"id\":\"wamid.A\",\"type\":\"text\",\"text\":{\"body\":\"x\"}}]");

    (void) state;
    assert_int_equal(list.n_events, 3);
}

static void test_people_are_found_whatever_the_order_of_their_contacts(void **state)
{
    static const char *const wanted[] = { "Cleo", NULL, "Ann", "Bob", NULL };
    struct event_list list = decoded_change(
        "\"contacts\":[{\"wa_id\":\"1\",\"profile\":{\"name\":\"Ann\"}},{\"wa_id\":\"2\",\"profile\":{\"name\":"
        "\"Bob\"}},{\"user_id\":\"US.3\",\"profile\":{\"name\":\"Cleo\"}}],\"statuses\":["
        "{\"id\":\"w1\",\"status\":\"read\",\"recipient_id\":\"3\",\"recipient_user_id\":\"US.3\"},"
        "{\"id\":\"w2\",\"status\":\"read\",\"recipient_id\":\"9\"},"
        "{\"id\":\"w3\",\"status\":\"read\",\"recipient_id\":\"1\"},"
        "{\"id\":\"w4\",\"status\":\"read\",\"recipient_id\":\"2\"},"
        "{\"id\":\"w5\",\"status\":\"read\",\"recipient_id\":\"8\"}]");

    (void) state;
    assert_int_equal(list.n_events, ARRAY_SIZE(wanted));
    for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
        const char *name = list.events[i].message.author.name;

        assert_int_equal(name != NULL, wanted[i] != NULL);
        if (wanted[i])
            assert_string_equal(name, wanted[i]);
    }
}

/* A person without a contact costs one look at each contact, not the search for all others. */
static void test_nameless_people_do_not_cost_the_others_their_names(void **state)
{
    static char members[200000];
    size_t size = (size_t) snprintf(members, sizeof members,
                                    "\"contacts\":[{\"wa_id\":\"1\",\"profile\":{\"name\":\"Ann\"}}],\"statuses\":[");
    struct event_list list;

    (void) state;
    for (size_t i = 0; i < 2000; i++)
        size += (size_t) snprintf(members + size, sizeof members - size,
                                  "%s{\"id\":\"w%zu\",\"status\":\"read\",\"recipient_id\":\"%d\"}", i ? "," : "", i,
                                  i == 0 || i == 1999 ? 1 : 2);
    snprintf(members + size, sizeof members - size, "]");
    list = decoded_change(members);
    assert_int_equal(list.n_events, 2000);
    assert_null(list.events[1].message.author.name);
    assert_string_equal(list.events[1999].message.author.name, "Ann");
}

static void test_unknown_members_change_nothing(void **state)
{
    struct event_list list = decoded_change("\"messages\":[{\"from\":\"1\",\"id\":\"wamid.A\",\"type\":\"text\","
                                            "\"text\":{\"body\":\"x\",\"mood\":[1,{}]},\"novelty\":{\"deep\":[[]]}}]");

    (void) state;
    assert_int_equal(list.events[0].message.kind, TREFOIL_KIND_TEXT);
    assert_string_equal(list.events[0].message.body.text.body, "x");
}

static void test_text_splits_at_4096_characters_and_not_before(void **state)
{
    static char text[4 * 4097 + 1];

    (void) state;
    for (size_t n = 4096; n <= 4097; n++) {
        arena_reset(&mem);
        text[0] = 0;
        for (size_t i = 0; i < n; i++)
            memcpy(text + 4 * i, "\xf0\x9f\x98\x80", 5);
        struct request_list list = encoded_text(text, &plain_place);
        assert_int_equal(list.n_requests, n == 4096 ? 1 : 2);
        for (size_t i = 0; i < list.n_requests; i++)
            assert_true(text_length(bytes_of_text(text_of(&list.requests[i])), TEXT_CODE_POINTS) <= 4096);
    }
}

static void test_the_first_part_quotes_and_the_last_is_marked(void **state)
{
    struct place place = plain_place;
    struct request_list list;
    static char text[10001];

    (void) state;
    arena_reset(&mem);
    memset(text, 'a', sizeof text - 1);
    place.relates = related;
    place.n_relates = 1;
    list = encoded_text(text, &place);
    assert_int_equal(list.n_requests, 3);
    for (size_t i = 0; i < 3; i++) {
        struct json_value body = body_of(&list.requests[i]);

        assert_int_equal(json_exists(json_get(body, "context")), i == 0);
        assert_int_equal(json_exists(json_get(body, "biz_opaque_callback_data")), i == 2);
        assert_true(list.requests[i].is_message);
    }
    assert_true(json_is_text(json_get(json_get(body_of(&list.requests[0]), "context"), "message_id"), "wamid.QUOTED"));
}

static void test_numbers_get_a_plus_and_hidden_numbers_a_member_of_their_own(void **state)
{
    struct place place = plain_place;
    struct request_list list;

    (void) state;
    arena_reset(&mem);
    list = encoded_text("hi", &place);
    assert_true(json_is_text(json_get(body_of(&list.requests[0]), "to"), "+15551230001"));
    place.user_id = "US.13490000000000000001";
    list = encoded_text("hi", &place);
    assert_true(json_is_text(json_get(body_of(&list.requests[0]), "recipient"), "US.13490000000000000001"));
    assert_false(json_exists(json_get(body_of(&list.requests[0]), "to")));
    assert_string_equal(list.requests[0].path, "/v25.0/106540000000002/messages");
}

static void test_a_strangers_name_stays_one_short_line(void **state)
{
    struct trefoil_message message = { .kind = TREFOIL_KIND_TEXT, .body.text = { "hi", NULL, 0 } };
    struct place place = plain_place;
    static char name[500];
    const char *text;

    (void) state;
    arena_reset(&mem);
    memset(name, 'x', sizeof name - 1);
    name[3] = '\n';
    message.author = (struct trefoil_author){ .network = "instagram", .name = name };
    place.attribute = true;
    text = text_of(&encoded(&message, &place).requests[0]);
    assert_true(strlen(text) < 100);
    assert_null(strchr(text, '\n'));
    assert_non_null(strstr(text, " (Instagram): hi"));
}

static void test_typing_needs_a_message_to_answer(void **state)
{
    const struct trefoil_message message = { .kind = TREFOIL_KIND_TYPING, .body.typing = { true } };
    struct place place = plain_place;
    struct request_list list;

    (void) state;
    arena_reset(&mem);
    list = encoded(&message, &place);
    assert_int_equal(list.n_requests, 0);
    assert_int_equal(list.n_lost, 1);
    place.last_message_id = "wamid.LAST";
    list = encoded(&message, &place);
    assert_true(list.requests[0].best_effort);
    assert_true(json_is_text(json_get(body_of(&list.requests[0]), "message_id"), "wamid.LAST"));
}

static void test_every_relation_goes_by_its_rule(void **state)
{
    struct place place = plain_place;

    (void) state;
    assert_relations(&whatsapp_ops, "WhatsApp", &place);
}

static const struct verdict_case cases[] = {
    { 0, 0, 'A' },       { 3, 0, 'A' },       { 130429, 0, 'n' },  { 131056, 0, 'p' }, { 131048, 0, 'W' },
    { 131049, 0, 'P' },  { 131050, 0, 'P' },  { 131057, 0, 'a' },  { 131000, 0, 'R' }, { 131016, 0, 'R' },
    { 133004, 0, 'R' },  { 133015, 0, 'R' },  { 131047, 0, 'P' },  { 131026, 0, 'P' }, { 131021, 0, 'P' },
    { 131008, 0, 'P' },  { 131009, 0, 'P' },  { 131051, 0, 'P' },  { 131052, 0, 'P' }, { 131053, 0, 'P' },
    { 131062, 0, 'P' },  { 131060, 0, 'P' },  { 130472, 0, 'P' },  { 130497, 0, 'P' }, { 131031, 0, 'B' },
    { 131005, 0, 'A' },  { 131037, 0, 'B' },  { 131042, 0, 'B' },  { 131045, 0, 'A' }, { 133000, 0, 'A' },
    { 133005, 0, 'A' },  { 133006, 0, 'A' },  { 133008, 0, 'A' },  { 133009, 0, 'A' }, { 133010, 0, 'A' },
    { 2494100, 0, 'a' }, { 2388001, 0, 'P' }, { 2388999, 0, 'P' }, { 133016, 0, 'W' }, { 132000, 0, 'P' },
    { 132001, 0, 'P' },  { 132005, 0, 'P' },  { 132007, 0, 'P' },  { 132012, 0, 'P' }, { 132015, 0, 'P' },
    { 132016, 0, 'P' },  { 132068, 0, 'P' },  { 132069, 0, 'R' },  { 131055, 0, 'P' }, { 134100, 0, 'P' },
    { 134101, 0, 'R' },  { 134102, 0, 'R' },  { 134011, 0, 'B' },  { 135000, 0, 'P' }, { 2593107, 0, 'P' },
    { 2593108, 0, 'P' }, { 139100, 0, 'P' },  { 139101, 0, 'P' },  { 139102, 0, 'R' }, { 139103, 0, 'R' },
    { 131020, 0, 'P' },  { 131041, 0, 'P' },  { 131059, 0, 'P' },  { 131201, 0, 'U' }, { 131202, 0, 'P' },
    { 131204, 0, 'P' },  { 131212, 0, 'P' },  { 131213, 0, 'P' },  { 131207, 0, 'P' }, { 131208, 0, 'W' },
    { 131209, 0, 'P' },  { 131210, 0, 'P' },  { 131211, 0, 'P' },  { 131214, 0, 'P' }, { 131215, 0, 'P' },
};

static void test_every_documented_code_has_its_verdict(void **state)
{
    (void) state;
    assert_verdicts(&whatsapp_ops, graph_cases, ARRAY_SIZE(graph_cases));
    assert_verdicts(&whatsapp_ops, cases, ARRAY_SIZE(cases));
}

static void test_answers_without_a_code_have_a_verdict(void **state)
{
    (void) state;
    assert_verdicts_without_code(&whatsapp_ops);
    assert_waits(&whatsapp_ops);
}

/* As the documents show the header: nothing is used up, so it does not say how long to wait. */
static void test_a_limit_that_the_header_knows_nothing_of_has_its_own_time(void **state)
{
    const struct request request = { .method = "POST", .path = "/v25.0/1/messages", .is_message = true };
    struct verdict verdict;

    (void) state;
    arena_reset(&mem);
    const char *const headers[] = { NULL, arena_text(&mem, kit_read(&mem, TESTDATA, "hdr-buc.json")) };
    struct reply reply = { .http_status = 400, .body = bytes_of_text("{\"error\":{\"code\":80007}}") };
    whatsapp_ops.read_usage(headers, &mem, &reply.usage);
    assert_int_equal(reply.usage.percent, 45);
    whatsapp_ops.judge(&request, &reply, &mem, &verdict);
    assert_int_equal(verdict.retry_ms, 60000);
    assert_true(verdict.grows);
}

static void test_a_file_the_network_could_not_fetch_from_us_is_tried_once_more(void **state)
{
    static const struct slot slots[] = { { .kind = SLOT_UPLOADED }, { .kind = SLOT_URL } };
    const struct reply reply = { .http_status = 400, .body = bytes_of_text("{\"error\":{\"code\":131053}}") };

    (void) state;
    for (size_t by_url = 0; by_url < 2; by_url++) {
        const struct request request = {
            .path = "/v25.0/1/messages", .is_message = true, .slots = &slots[by_url], .n_slots = 1
        };
        struct verdict verdict;

        arena_reset(&mem);
        whatsapp_ops.judge(&request, &reply, &mem, &verdict);
        assert_int_equal(verdict.outcome, by_url ? TREFOIL_OUTCOME_DEFERRED : TREFOIL_OUTCOME_BOUNCED);
        assert_int_equal(verdict.once, by_url);
        assert_string_equal(verdict.reason, "media could not be uploaded");
    }
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
        cmocka_unit_test(test_a_text_too_long_for_any_content_is_kept_whole),
        cmocka_unit_test(test_one_malformed_item_of_27_costs_its_26_neighbours_nothing),
        cmocka_unit_test(test_a_body_that_is_no_json_is_kept_whole),
        cmocka_unit_test(test_a_repeated_delivery_has_the_same_keys_even_for_the_unreadable),
        cmocka_unit_test(test_a_status_carries_our_mark_back_to_the_author),
        cmocka_unit_test(test_messages_and_statuses_of_one_change_are_all_read),
        cmocka_unit_test(test_people_are_found_whatever_the_order_of_their_contacts),
        cmocka_unit_test(test_nameless_people_do_not_cost_the_others_their_names),
        cmocka_unit_test(test_unknown_members_change_nothing),
        cmocka_unit_test(test_text_splits_at_4096_characters_and_not_before),
        cmocka_unit_test(test_the_first_part_quotes_and_the_last_is_marked),
        cmocka_unit_test(test_numbers_get_a_plus_and_hidden_numbers_a_member_of_their_own),
        cmocka_unit_test(test_a_strangers_name_stays_one_short_line),
        cmocka_unit_test(test_typing_needs_a_message_to_answer),
        cmocka_unit_test(test_every_relation_goes_by_its_rule),
        cmocka_unit_test(test_every_documented_code_has_its_verdict),
        cmocka_unit_test(test_answers_without_a_code_have_a_verdict),
        cmocka_unit_test(test_a_file_the_network_could_not_fetch_from_us_is_tried_once_more),
        cmocka_unit_test(test_a_limit_that_the_header_knows_nothing_of_has_its_own_time),
    };

    return cmocka_run_group_tests_name("whatsapp", tests, NULL, free_memory);
}
