/* The shapes messages take on Messenger where there is a choice, and what answers to uploads mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "formats/json.h"
#include "map_kit/kit.h"
#include "messenger.h"
#include "meta/messaging.h"

static struct arena mem = { .max_bytes = 16u << 20 };

static const struct place plain_place = {
    .account = "messenger/104500000000003",
    .account_id = "104500000000003",
    .user_id = "6543210000000004",
    .mark = "tf1.7.3",
    .api_version = "v25.0",
    .conversions = (1u << N_CONVERSIONS) - 2,
    .has_public_url = true,
};

static const struct trefoil_media picture[] = { { .kind = TREFOIL_MEDIA_IMAGE, .mime = "image/png", .blob = "b" } };
static const struct trefoil_media moving[] = { { .kind = TREFOIL_MEDIA_ANIMATED, .mime = "image/gif", .blob = "b" } };

static struct request_list encoded(const struct trefoil_message *message, const struct place *place)
{
    struct request_list list = { 0 };

    arena_reset(&mem);
    assert_int_equal(messenger_ops.encode(message, place, &mem, &list), 0);
    return list;
}

static struct json_value body_of(const struct request *request)
{
    struct json *json = arena_alloc(&mem, sizeof *json);

    assert_non_null(json);
    assert_int_equal(json_parse(request->body, &mem, json), 0);
    return json_root(json);
}

static struct json_value message_of(const struct request *request)
{
    return json_get(body_of(request), "message");
}

static bool lost(const struct request_list *list, const char *word)
{
    for (size_t i = 0; i < list->n_lost; i++)
        if (strcmp(list->lost[i], word) == 0)
            return true;
    return false;
}

static void test_a_caption_follows_its_file_and_proves_both(void **state unused_)
{
    const struct trefoil_message message = { .kind = TREFOIL_KIND_MEDIA, .body.media = { "Look", picture, 1 } };
    struct request_list list = encoded(&message, &plain_place);

    assert_int_equal(list.n_requests, 3);
    assert_non_null(list.requests[0].upload);
    assert_false(json_exists(json_get(message_of(&list.requests[1]), "metadata")));
    assert_true(json_is_text(json_get(message_of(&list.requests[2]), "text"), "Look"));
    assert_true(json_is_text(json_get(message_of(&list.requests[2]), "metadata"), "tf1.7.3"));
    assert_true(lost(&list, "caption→text"));
}

static void test_files_are_uploaded_where_nobody_can_fetch_them(void **state unused_)
{
    const struct trefoil_message message = { .kind = TREFOIL_KIND_MEDIA, .body.media = { NULL, picture, 1 } };

    for (uint8_t way = 0; way < 3; way++) {
        const uint8_t options[] = { way, 0, 0 };
        struct place place = plain_place;

        place.options = options;
        struct request_list list = encoded(&message, &place);
        assert_int_equal(list.n_requests, way == 1 ? 1 : 2);
        assert_int_equal(list.requests[0].upload != NULL, way == 0);
        place.has_public_url = false;
        list = encoded(&message, &place);
        assert_int_equal(list.n_requests, 2);
        assert_non_null(list.requests[0].upload);
    }
}

static void test_moving_pictures_are_videos_only_where_wanted_and_possible(void **state unused_)
{
    static const uint8_t as_video[] = { 0, 1, 0 };
    const struct trefoil_message message = { .kind = TREFOIL_KIND_MEDIA, .body.media = { NULL, moving, 1 } };
    struct place place = plain_place;
    struct request_list list = encoded(&message, &place);

    assert_int_equal(list.requests[0].upload->conversion, CONVERT_NONE);
    place.options = as_video;
    list = encoded(&message, &place);
    assert_int_equal(list.requests[0].upload->conversion, CONVERT_VIDEO_MP4);
    assert_true(lost(&list, "animation→video"));
    place.conversions = 0;
    list = encoded(&message, &place);
    assert_int_equal(list.requests[0].upload->conversion, CONVERT_NONE);
    assert_int_equal(list.n_lost, 0);
}

static void test_a_gif_is_a_moving_picture_whatever_it_was_called(void **state unused_)
{
    static const uint8_t as_video[] = { 0, 1, 0 };
    struct trefoil_media gif = { .kind = TREFOIL_MEDIA_IMAGE, .mime = "image/gif", .blob = "b" };
    const struct trefoil_message message = { .kind = TREFOIL_KIND_MEDIA, .body.media = { NULL, &gif, 1 } };
    struct place place = plain_place;

    place.options = as_video;
    struct request_list list = encoded(&message, &place);
    assert_int_equal(list.requests[0].upload->conversion, CONVERT_VIDEO_MP4);
    gif.kind = TREFOIL_MEDIA_ANIMATED;
    gif.blob = NULL;
    list = encoded(&message, &place);
    assert_true(lost(&list, "animation→text"));
    assert_false(lost(&list, "animation→video"));
}

static void test_a_template_quotes_nothing_and_says_so(void **state unused_)
{
    const struct trefoil_message message = {
        .kind = TREFOIL_KIND_TEMPLATE,
        .in_reply_to = "theirs",
        .body.template_ = { "t", "", NULL, "Your order" },
    };
    struct request_list list = encoded(&message, &plain_place);
    struct json_value template = json_get(message_of(&list.requests[0]), "template");

    assert_true(lost(&list, "reply"));
    assert_true(json_is_text(json_get(json_get(template, "language"), "code"), "en_US"));
}

static void test_buttons_have_no_descriptions_and_say_so(void **state unused_)
{
    const struct trefoil_option option = { .id = "1", .title = "Red", .description = "like a rose" };
    const struct trefoil_message message = {
        .kind = TREFOIL_KIND_CHOICES,
        .body.choices = { .shape = TREFOIL_CHOICE_BUTTONS, .body = "Which?", .options = &option, .n_options = 1 },
    };
    struct request_list list = encoded(&message, &plain_place);

    assert_true(json_exists(json_get(message_of(&list.requests[0]), "attachment")));
    assert_true(lost(&list, "description"));
}

static void test_a_human_says_so_whatever_they_send(void **state unused_)
{
    const struct trefoil_message message = {
        .kind = TREFOIL_KIND_MEDIA,
        .purpose = TREFOIL_PURPOSE_HUMAN_AGENT,
        .body.media = { "Look", picture, 1 },
    };
    struct request_list list = encoded(&message, &plain_place);

    for (size_t i = 1; i < 3; i++)
        assert_true(json_is_text(json_get(body_of(&list.requests[i]), "tag"), "HUMAN_AGENT"));
}

static void test_a_shape_of_a_services_own_keeps_its_metadata(void **state unused_)
{
    static const char *const keys[] = { "native.messenger" };
    const char *values[] = { "{\"sticker_id\":\"1\",\"metadata\":\"mine\"}" };
    struct trefoil_message message = { .kind = TREFOIL_KIND_TEXT, .extra_keys = keys, .n_extras = 1 };

    message.extra_values = values;
    struct request_list list = encoded(&message, &plain_place);
    assert_true(json_is_text(json_get(message_of(&list.requests[0]), "metadata"), "mine"));
    assert_null(json_fault(body_of(&list.requests[0])));
    values[0] = "{\"sticker_id\":\"1\"}";
    list = encoded(&message, &plain_place);
    assert_true(json_is_text(json_get(message_of(&list.requests[0]), "metadata"), "tf1.7.3"));
}

static void test_only_templates_of_service_are_templates(void **state unused_)
{
    struct trefoil_message message = {
        .kind = TREFOIL_KIND_TEMPLATE,
        .purpose = TREFOIL_PURPOSE_UTILITY,
        .body.template_ = { "t", "en_US", "{\"not\":\"a list\"}", "Your order" },
    };
    struct request_list list = { 0 };

    arena_reset(&mem);
    assert_int_equal(messenger_ops.encode(&message, &plain_place, &mem, &list), -ENOTSUP);
    assert_int_equal(list.n_requests, 0);
    message.body.template_.components_json = NULL;
    list = encoded(&message, &plain_place);
    assert_true(json_exists(json_get(message_of(&list.requests[0]), "template")));
    message.purpose = TREFOIL_PURPOSE_MARKETING;
    list = encoded(&message, &plain_place);
    assert_true(json_is_text(json_get(message_of(&list.requests[0]), "text"), "Your order"));
    assert_true(lost(&list, "template→text"));
}

static void test_taking_back_what_nobody_saw_says_nothing(void **state unused_)
{
    struct trefoil_message message = { .kind = TREFOIL_KIND_REACTION, .body.reaction = { "theirs", NULL, true } };
    struct request_list list = encoded(&message, &plain_place);

    assert_int_equal(list.n_requests, 0);
    assert_true(lost(&list, "reaction"));
    message.body.reaction = (struct trefoil_reaction){ "theirs", "👍", false };
    list = encoded(&message, &plain_place);
    assert_true(json_is_text(json_get(message_of(&list.requests[0]), "text"), "👍 (an earlier message)"));
}

static const struct request upload = { .method = "POST", .path = "/v25.0/104500000000003/message_attachments" };

static struct verdict judged(const char *body, int status, enum reply_failure failure)
{
    const struct reply reply = { .http_status = status, .failure = failure, .body = bytes_of_text(body) };
    struct verdict verdict;

    messenger_ops.judge(&upload, &reply, &mem, &verdict);
    return verdict;
}

static void test_an_upload_answers_with_the_id_of_the_file(void **state unused_)
{
    const char *sample = arena_text(&mem, kit_read(&mem, TESTDATA, "ms-resp-upload.json"));

    assert_string_equal(judged(sample, 200, REPLY_ANSWERED).message_id, "1857770000000100");
    assert_int_equal(judged(sample, 200, REPLY_ANSWERED).outcome, TREFOIL_OUTCOME_SENT);
    assert_string_equal(judged("{\"attachment_id\":12}", 200, REPLY_ANSWERED).message_id, "12");
}

static void test_an_upload_that_may_have_arrived_is_simply_done_again(void **state unused_)
{
    assert_int_equal(judged("{}", 200, REPLY_ANSWERED).outcome, TREFOIL_OUTCOME_DEFERRED);
    assert_true(judged("{}", 200, REPLY_ANSWERED).bounded);
    assert_int_equal(judged("", 0, REPLY_LOST).outcome, TREFOIL_OUTCOME_DEFERRED);
    assert_int_equal(judged("{\"error\":{\"code\":1,\"error_subcode\":1357046}}", 500, REPLY_ANSWERED).outcome,
                     TREFOIL_OUTCOME_DEFERRED);
    assert_int_equal(judged("{\"error\":{\"code\":100,\"error_subcode\":2018047}}", 400, REPLY_ANSWERED).outcome,
                     TREFOIL_OUTCOME_BOUNCED);
}

static void test_pictures_go_singly_where_the_account_cannot_send_them_together(void **state unused_)
{
    static const struct trefoil_media two[] = { { .kind = TREFOIL_MEDIA_IMAGE, .mime = "image/png", .blob = "b" },
                                                { .kind = TREFOIL_MEDIA_IMAGE, .mime = "image/png", .blob = "c" } };
    const struct trefoil_message message = { .kind = TREFOIL_KIND_MEDIA, .body.media = { NULL, two, 2 } };
    const uint8_t options[MESSAGING_N_OPTIONS] = { [OPTION_ALBUM] = 1 };
    struct place place = plain_place;
    struct request_list list = encoded(&message, &place);

    assert_int_equal(list.n_requests, 3);
    assert_false(lost(&list, "album"));
    place.options = options;
    list = encoded(&message, &place);
    assert_int_equal(list.n_requests, 4);
    assert_true(lost(&list, "album"));
    for (size_t i = 2; i < 4; i++)
        assert_true(json_exists(json_get(message_of(&list.requests[i]), "attachment")));
    assert_false(json_exists(json_get(message_of(&list.requests[2]), "metadata")));
    assert_true(json_is_text(json_get(message_of(&list.requests[3]), "metadata"), "tf1.7.3"));
}

static void test_a_service_says_what_it_wants_of_the_send_itself(void **state unused_)
{
    static const char *const keys[] = { "send.notification_type", "send.persona_id", "send.messaging_type",
                                        "send.thread" };
    static const char *const values[] = { "NO_PUSH", "550000000000077", "UPDATE", "263902037430900" };
    static const char *const back[] = { "NO_PUSH", "550000000000077", "SOMETHING", "release" };
    struct trefoil_message message = {
        .kind = TREFOIL_KIND_TEXT, .extra_keys = keys, .extra_values = values, .n_extras = 4
    };
    char long_words[3001];
    struct json_value first, last;

    memset(long_words, 'a', sizeof long_words - 1);
    long_words[sizeof long_words - 1] = 0;
    message.body.text.body = long_words;
    struct request_list list = encoded(&message, &plain_place);
    assert_int_equal(list.n_requests, 2);
    first = body_of(&list.requests[0]);
    last = body_of(&list.requests[1]);
    assert_true(json_is_text(json_get(first, "notification_type"), "NO_PUSH"));
    assert_true(json_is_text(json_get(last, "persona_id"), "550000000000077"));
    assert_true(json_is_text(json_get(first, "messaging_type"), "UPDATE"));
    assert_false(json_exists(json_get(first, "thread_control"))); /* or the rest would be nobody's to send */
    assert_true(json_is_text(json_get(json_get(last, "thread_control"), "control_type"), "pass"));
    assert_true(json_is_text(json_get(json_get(last, "thread_control"), "app_id"), "263902037430900"));
    assert_int_equal(list.n_lost, 0);
    message.extra_values = back;
    message.body.text.body = "short";
    list = encoded(&message, &plain_place);
    first = body_of(&list.requests[0]);
    assert_true(json_is_text(json_get(first, "messaging_type"), "RESPONSE"));
    assert_true(json_is_text(json_get(json_get(first, "thread_control"), "control_type"), "release"));
    assert_false(json_exists(json_get(json_get(first, "thread_control"), "app_id")));
}

static int free_memory(void **state unused_)
{
    arena_deinit(&mem);
    return 0;
}

/* Sound and video are limited to ten a second, the rest to three hundred. */
static void test_videos_are_heavy_and_pictures_and_words_are_not(void **state unused_)
{
    static const struct trefoil_media video[] = { { .kind = TREFOIL_MEDIA_VIDEO, .mime = "video/mp4", .blob = "b" } };
    const struct trefoil_message film = { .kind = TREFOIL_KIND_MEDIA, .body.media = { "Look", video, 1 } };
    const struct trefoil_message still = { .kind = TREFOIL_KIND_MEDIA, .body.media = { NULL, picture, 1 } };
    struct request_list list = encoded(&film, &plain_place);

    assert_int_equal(list.n_requests, 3); /* upload, video, words */
    assert_false(list.requests[0].is_heavy);
    assert_true(list.requests[1].is_heavy);
    assert_false(list.requests[2].is_heavy);
    list = encoded(&still, &plain_place);
    assert_false(list.requests[list.n_requests - 1].is_heavy);
}

static void test_what_goes_by_a_token_or_below_a_comment_is_by_invitation(void **state unused_)
{
    static const char *const keys[] = { "recipient.notification_messages_token" }, *const values[] = { "t0ken" };
    static const char *const comment[] = { "recipient.comment_id" };
    struct trefoil_message news = { .kind = TREFOIL_KIND_TEXT, .body.text = { "News", NULL, 0 } };

    assert_false(encoded(&news, &plain_place).requests[0].is_invited);
    news.extra_keys = keys;
    news.extra_values = values;
    news.n_extras = 1;
    struct request_list list = encoded(&news, &plain_place);
    assert_true(list.requests[0].is_invited);
    assert_true(json_is_text(
        json_get(json_get(body_of(&list.requests[0]), "recipient"), keys[0] + strlen("recipient.")), "t0ken"));
    news.extra_keys = comment;
    assert_true(encoded(&news, &plain_place).requests[0].is_invited);
}

static const struct event *decoded(const char *entry)
{
    static struct event_list list;
    static char body[2048];
    const char *const ids[] = { "104500000000003" }, *const pages[] = { NULL };
    const struct decode_context context = { ids, pages, 1, NULL, NULL };

    arena_reset(&mem);
    list = (struct event_list){ 0 };
    (void) snprintf(body, sizeof(body), "{\"object\":\"page\",\"entry\":[{\"id\":\"104500000000003\",%s}]}", entry);
    assert_int_equal(messenger_ops.decode(bytes_of_text(body), &context, &mem, &list), 0);
    assert_int_equal(list.n_events, 1);
    return &list.events[0];
}

static void test_button_that_calls_is_a_link_and_no_answer(void **state unused_)
{
    const struct event *event = decoded(
        "\"messaging\":[{\"sender\":{\"id\":\"104500000000003\"},\"recipient\":{\"id\":\"6543210000000004\"},"
        "\"timestamp\":7000,\"message\":{\"mid\":\"m_1\",\"is_echo\":true,\"attachments\":[{\"type\":\"template\","
        "\"payload\":{\"template_type\":\"button\",\"text\":\"Ask us\",\"buttons\":[{\"type\":\"phone_number\","
        "\"title\":\"Call\",\"payload\":\"+15550001\"},{\"type\":\"postback\",\"title\":\"Later\",\"payload\":"
        "\"later-1\"}]}}]}}]");
    const struct trefoil_choices *choices = &event->message.body.choices;

    assert_int_equal(event->message.kind, TREFOIL_KIND_CHOICES);
    assert_int_equal(choices->n_options, 2);
    assert_string_equal(choices->options[0].url, "tel:+15550001");
    assert_null(choices->options[0].id);
    assert_string_equal(choices->options[1].id, "later-1");
    assert_null(choices->options[1].url);
}

static void test_the_same_notice_at_another_time_is_another_event(void **state unused_)
{
    static const char change[] = "\"time\":%d,\"changes\":[{\"field\":\"messenger_template_status_update\",\"value\":"
                                 "{\"event\":\"PAUSED\"}}]";
    char entry[300], key[200];

    (void) snprintf(entry, sizeof(entry), change, 1);
    (void) snprintf(key, sizeof(key), "%s", decoded(entry)->key);
    assert_string_equal(decoded(entry)->key, key);
    (void) snprintf(entry, sizeof(entry), change, 2);
    assert_string_not_equal(decoded(entry)->key, key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_button_that_calls_is_a_link_and_no_answer),
        cmocka_unit_test(test_the_same_notice_at_another_time_is_another_event),
        cmocka_unit_test(test_videos_are_heavy_and_pictures_and_words_are_not),
        cmocka_unit_test(test_what_goes_by_a_token_or_below_a_comment_is_by_invitation),
        cmocka_unit_test(test_a_caption_follows_its_file_and_proves_both),
        cmocka_unit_test(test_files_are_uploaded_where_nobody_can_fetch_them),
        cmocka_unit_test(test_moving_pictures_are_videos_only_where_wanted_and_possible),
        cmocka_unit_test(test_a_gif_is_a_moving_picture_whatever_it_was_called),
        cmocka_unit_test(test_a_template_quotes_nothing_and_says_so),
        cmocka_unit_test(test_buttons_have_no_descriptions_and_say_so),
        cmocka_unit_test(test_a_human_says_so_whatever_they_send),
        cmocka_unit_test(test_a_shape_of_a_services_own_keeps_its_metadata),
        cmocka_unit_test(test_only_templates_of_service_are_templates),
        cmocka_unit_test(test_pictures_go_singly_where_the_account_cannot_send_them_together),
        cmocka_unit_test(test_a_service_says_what_it_wants_of_the_send_itself),
        cmocka_unit_test(test_taking_back_what_nobody_saw_says_nothing),
        cmocka_unit_test(test_an_upload_answers_with_the_id_of_the_file),
        cmocka_unit_test(test_an_upload_that_may_have_arrived_is_simply_done_again),
    };

    return cmocka_run_group_tests_name("messenger shapes", tests, NULL, free_memory);
}
