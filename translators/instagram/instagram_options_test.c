/* What is not documented for Instagram, or differs between its two flavours, follows the configuration. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "formats/json.h"
#include "instagram.h"
#include "meta/messaging.h"

static struct arena mem = { .max_bytes = 16u << 20 };

static const char *const related[] = { "QUOTED" };
static const struct trefoil_media picture[] = { { .kind = TREFOIL_MEDIA_IMAGE, .mime = "image/png", .blob = "b" } };
static const struct trefoil_message reply = { .kind = TREFOIL_KIND_TEXT,
                                              .in_reply_to = "theirs",
                                              .body.text = { "yes", NULL, 0 } };
static const struct trefoil_message look = { .kind = TREFOIL_KIND_MEDIA, .body.media = { "Look", picture, 1 } };

static struct place place_with(const uint8_t *options, const char *page_id)
{
    return (struct place){
        .account = "instagram/17841400000000005",
        .account_id = "17841400000000005",
        .page_id = page_id,
        .user_id = "1234500000000006",
        .relates = related,
        .n_relates = 1,
        .mark = "tf1.7.3",
        .api_version = "v25.0",
        .has_public_url = true,
        .options = options,
    };
}

static struct request_list encoded(const struct trefoil_message *message, const struct place *place)
{
    struct request_list list = { 0 };

    arena_reset(&mem);
    assert_int_equal(instagram_ops.encode(message, place, &mem, &list), 0);
    return list;
}

static struct json_value body_of(const struct request *request)
{
    struct json *json = arena_alloc(&mem, sizeof *json);

    assert_non_null(json);
    assert_int_equal(json_parse(request->body, &mem, json), 0);
    return json_root(json);
}

static bool lost(const struct request_list *list, const char *word)
{
    for (size_t i = 0; i < list->n_lost; i++)
        if (strcmp(list->lost[i], word) == 0)
            return true;
    return false;
}

static void test_options_have_their_documented_names_and_values(void **state unused_)
{
    static const char *const documented[][2] = {
        { "attachments", "upload" },
        { "gif", "image" },
        { "edit_zero", "services" },
        { "album", "together" },
        { "story_mention_opens_window", "yes" },
        { "text_unit", "bytes" },
        { "reply_to", "page-linked" },
    };

    for (size_t i = 0; i < MESSAGING_N_OPTIONS; i++) {
        assert_string_equal(instagram_ops.options[i].name, documented[i][0]);
        assert_string_equal(instagram_ops.options[i].values[0], documented[i][1]);
    }
    assert_null(instagram_ops.options[MESSAGING_N_OPTIONS].name);
}

static void test_messages_are_quoted_where_the_account_can(void **state unused_)
{
    static const struct {
        uint8_t option;
        const char *page_id;
        bool quotes;
    } cases[] = { { 0, "1", true }, { 0, NULL, false }, { 1, NULL, true }, { 2, "1", false } };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const uint8_t options[MESSAGING_N_OPTIONS] = { [OPTION_REPLY_TO] = cases[i].option };
        const struct place place = place_with(options, cases[i].page_id);
        struct request_list list = encoded(&reply, &place);

        assert_int_equal(json_exists(json_get(body_of(&list.requests[0]), "reply_to")), cases[i].quotes);
        assert_int_equal(lost(&list, "reply"), !cases[i].quotes);
    }
}

static void test_limits_count_what_the_configuration_says(void **state unused_)
{
    static const uint8_t options[MESSAGING_N_OPTIONS] = { [OPTION_TEXT_UNIT] = 1 };
    static char text[2 * 1001 + 1];
    const struct trefoil_message message = { .kind = TREFOIL_KIND_TEXT, .body.text = { text, NULL, 0 } };
    struct place place = place_with(NULL, "1");

    for (size_t i = 0; i < 1000; i++)
        memcpy(text + 2 * i, "é", 3);
    assert_int_equal(encoded(&message, &place).n_requests, 2);
    place.options = options;
    assert_int_equal(encoded(&message, &place).n_requests, 1);
    memcpy(text + 2 * 1000, "é", 3);
    assert_int_equal(encoded(&message, &place).n_requests, 2);
}

static void test_accounts_without_a_page_have_files_fetched_or_said(void **state unused_)
{
    struct place place = place_with(NULL, NULL);
    struct request_list list = encoded(&look, &place);

    assert_int_equal(list.n_requests, 2);
    assert_int_equal(list.requests[0].slots[0].kind, SLOT_URL);
    assert_string_equal(list.requests[0].slots[0].mime, "image/png");
    place.has_public_url = false;
    list = encoded(&look, &place);
    assert_int_equal(list.n_requests, 1);
    assert_true(json_is_text(json_get(json_get(body_of(&list.requests[0]), "message"), "text"), "[image] Look"));
    assert_true(lost(&list, "image→text"));
}

static void test_names_in_other_alphabets_are_not_sent(void **state unused_)
{
    static const struct {
        const char *name, *sent;
    } names[] = { { "план.pdf", "file.pdf" }, { "plan.pdf", "plan.pdf" } };
    const struct place place = place_with(NULL, "1");

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        const struct trefoil_media paper = {
            .kind = TREFOIL_MEDIA_FILE, .mime = "application/pdf", .name = names[i].name, .blob = "b"
        };
        const struct trefoil_message message = { .kind = TREFOIL_KIND_MEDIA, .body.media = { NULL, &paper, 1 } };
        struct request_list list = encoded(&message, &place);

        assert_string_equal(list.requests[0].upload->file_name, names[i].sent);
    }
}

static void test_what_a_story_was_is_lost_unless_its_address_is_said(void **state unused_)
{
    static const struct {
        const char *source, *body, *lost;
    } cases[] = {
        { "story", "wow", "story" },
        { "story", "see https://x/ there", NULL },
        { "story mention", "wow", "story mention" },
        { "post", "wow", NULL },
    };
    const struct place place = place_with(NULL, "1");

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const struct trefoil_referral referral = { .source = cases[i].source, .url = "https://x/" };
        const struct trefoil_message message = { .kind = TREFOIL_KIND_TEXT,
                                                 .referral = &referral,
                                                 .body.text = { cases[i].body, NULL, 0 } };
        struct request_list list = encoded(&message, &place);

        assert_int_equal(list.n_lost, cases[i].lost != NULL);
        if (cases[i].lost)
            assert_string_equal(list.lost[0], cases[i].lost);
    }
}

static void test_words_and_kinds_of_files_are_proof_of_a_send(void **state unused_)
{
    const struct place place = place_with(NULL, "1");
    struct request_list list = encoded(&look, &place);

    assert_int_equal(list.n_requests, 3);
    assert_null(list.requests[0].words);
    assert_string_equal(list.requests[1].words, "\x01 files: image");
    assert_string_equal(list.requests[2].words, "Look");
}

static void test_a_button_that_calls_is_words(void **state unused_)
{
    static const struct trefoil_option call[] = { { .title = "Call", .url = "tel:+15550001111" } };
    const struct trefoil_message message = {
        .kind = TREFOIL_KIND_CHOICES,
        .body.choices = { .shape = TREFOIL_CHOICE_BUTTONS, .body = "Us", .options = call, .n_options = 1 },
    };
    const struct place place = place_with(NULL, "1");
    struct request_list list = encoded(&message, &place);

    assert_string_equal(list.requests[0].words, "Us\n1. Call: tel:+15550001111");
    assert_true(lost(&list, "buttons→text"));
}

static void test_only_a_red_heart_is_love(void **state unused_)
{
    static const char *const emoji[][2] = { { "❤️", "love" },
                                            { "❤", "love" },
                                            { "💔", "💔" },
                                            { "👍", "👍" },
                                            { "❤️‍🔥", "❤️‍🔥" },
                                            { "❤️‍🩹", "❤️‍🩹" } };
    const struct place place = place_with(NULL, "1");

    for (size_t i = 0; i < ARRAY_SIZE(emoji); i++) {
        const struct trefoil_message message = { .kind = TREFOIL_KIND_REACTION,
                                                 .body.reaction = { "theirs", emoji[i][0], false } };
        struct request_list list = encoded(&message, &place);

        assert_true(json_is_text(json_get(json_get(body_of(&list.requests[0]), "payload"), "reaction"), emoji[i][1]));
    }
}

static const struct event *decoded(const char *element, const uint8_t *options)
{
    static struct event_list list;
    static char body[2048];
    const char *const ids[] = { "17841400000000005" }, *const pages[] = { NULL };
    const struct decode_context context = { ids, pages, 1, NULL, options };

    arena_reset(&mem);
    snprintf(body, sizeof body,
             "{\"object\":\"instagram\",\"entry\":[{\"id\":\"17841400000000005\",\"messaging\":[{\"sender\":{\"id\":"
             "\"1234500000000006\"},\"recipient\":{\"id\":\"17841400000000005\"},\"timestamp\":7000,%s}]}]}",
             element);
    list = (struct event_list){ 0 };
    assert_int_equal(instagram_ops.decode(bytes_of_text(body), &context, &mem, &list), 0);
    assert_int_equal(list.n_events, 1);
    return &list.events[0];
}

static void test_a_mention_in_a_story_opens_the_window_unless_told_otherwise(void **state unused_)
{
    static const uint8_t options[MESSAGING_N_OPTIONS] = { [OPTION_STORY_MENTION] = 1 };
    static const char mention[] = "\"message\":{\"mid\":\"m\",\"attachments\":[{\"type\":\"story_mention\",\"payload\":"
                                  "{\"url\":\"https://x/\"}}]}";

    assert_int_equal(decoded(mention, NULL)->opens_window_ms, 7000);
    assert_int_equal(decoded(mention, options)->opens_window_ms, 0);
    assert_int_equal(decoded("\"message\":{\"mid\":\"m\",\"text\":\"x\"}", options)->opens_window_ms, 7000);
}

static void test_an_edit_that_is_none_is_for_services_unless_told_otherwise(void **state unused_)
{
    static const uint8_t options[MESSAGING_N_OPTIONS] = { [OPTION_EDIT_ZERO] = 1 };
    static const char zero[] = "\"message_edit\":{\"mid\":\"m\",\"num_edit\":0}";

    assert_int_equal(decoded(zero, NULL)->audience, TREFOIL_AUDIENCE_SERVICES);
    assert_int_equal(decoded(zero, options)->audience, TREFOIL_AUDIENCE_ROOM);
    assert_int_equal(decoded(zero, options)->opens_window_ms, 0);
}

static void test_what_the_person_did_not_do_opens_no_window(void **state unused_)
{
    static const char *const elements[] = {
        "\"read\":{\"mid\":\"m\"}",
        "\"message\":{\"mid\":\"m\",\"is_deleted\":true}",
        "\"message_edit\":{\"mid\":\"m\",\"num_edit\":1,\"text\":\"x\"}",
        "\"reaction\":{\"mid\":\"m\",\"action\":\"unreact\"}",
        "\"referral\":{\"source\":\"ADS\"}",
        "\"pass_thread_control\":{\"new_owner_app_id\":\"1\"}",
        "\"hologram\":{}",
    };

    for (size_t i = 0; i < ARRAY_SIZE(elements); i++)
        if (decoded(elements[i], NULL)->opens_window_ms != 0)
            fail_msg("%s opens the window", elements[i]);
    assert_int_equal(
        decoded("\"reaction\":{\"mid\":\"m\",\"action\":\"react\",\"reaction\":\"love\"}", NULL)->opens_window_ms,
        7000);
    assert_int_equal(decoded("\"postback\":{\"title\":\"x\"}", NULL)->opens_window_ms, 7000);
}

static void test_what_a_service_wants_of_the_send_itself_is_lost_with_a_word(void **state unused_)
{
    static const char *const keys[] = { "send.persona_id" }, *const values[] = { "550000000000077" };
    const struct trefoil_message message = { .kind = TREFOIL_KIND_TEXT,
                                             .body.text = { "Hello", NULL, 0 },
                                             .extra_keys = keys,
                                             .extra_values = values,
                                             .n_extras = 1 };
    const struct place place = place_with(NULL, "1");
    struct request_list list = encoded(&message, &place);

    assert_false(json_exists(json_get(body_of(&list.requests[0]), "persona_id")));
    assert_true(lost(&list, "send members"));
}

static int free_memory(void **state unused_)
{
    arena_deinit(&mem);
    return 0;
}

/* As the network's documents have echoes of templates: that is the proof of a question whose answer was lost. */
static void test_question_comes_back_as_a_generic_template_and_is_known(void **state unused_)
{
    const struct event *event =
        decoded("\"message\":{\"mid\":\"m_9\",\"is_echo\":true,\"attachments\":[{\"type\":\"template\",\"payload\":{"
                "\"generic\":{\"elements\":[{\"title\":\"What next?\",\"buttons\":[{\"type\":\"postback\",\"title\":"
                "\"Book\",\"payload\":\"BOOK\"}]}]}}}]}",
                NULL);

    assert_int_equal(event->message.kind, TREFOIL_KIND_CHOICES);
    assert_string_equal(event->message.body.choices.body, "What next?");
    assert_int_equal(event->message.body.choices.n_options, 1);
    assert_string_equal(event->message.body.choices.options[0].id, "BOOK");
    assert_null(event->message.referral);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options_have_their_documented_names_and_values),
        cmocka_unit_test(test_messages_are_quoted_where_the_account_can),
        cmocka_unit_test(test_limits_count_what_the_configuration_says),
        cmocka_unit_test(test_accounts_without_a_page_have_files_fetched_or_said),
        cmocka_unit_test(test_names_in_other_alphabets_are_not_sent),
        cmocka_unit_test(test_what_a_story_was_is_lost_unless_its_address_is_said),
        cmocka_unit_test(test_words_and_kinds_of_files_are_proof_of_a_send),
        cmocka_unit_test(test_a_button_that_calls_is_words),
        cmocka_unit_test(test_question_comes_back_as_a_generic_template_and_is_known),
        cmocka_unit_test(test_only_a_red_heart_is_love),
        cmocka_unit_test(test_a_mention_in_a_story_opens_the_window_unless_told_otherwise),
        cmocka_unit_test(test_an_edit_that_is_none_is_for_services_unless_told_otherwise),
        cmocka_unit_test(test_what_a_service_wants_of_the_send_itself_is_lost_with_a_word),
        cmocka_unit_test(test_what_the_person_did_not_do_opens_no_window),
    };

    return cmocka_run_group_tests_name("instagram options", tests, NULL, free_memory);
}
