/* What maps rely on in the lists they fill. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "skeleton_types/echo_words.h"
#include "skeleton_types/translator.h"

static void test_event_list_keeps_what_it_holds_while_it_grows(void **state unused_)
{
    struct arena mem = ARENA_EMPTY(1 << 20);
    struct event_list list = { 0 };

    for (uint64_t i = 0; i < 100; i++) {
        struct event *event = event_list_add(&list, &mem);
        assert_non_null(event);
        assert_int_equal(event->watermark_ms, 0);
        event->watermark_ms = i + 1;
    }
    assert_int_equal(list.n_events, 100);
    for (uint64_t i = 0; i < 100; i++)
        assert_int_equal(list.events[i].watermark_ms, i + 1);
    arena_deinit(&mem);
}

static void test_list_in_a_full_arena_refuses_and_keeps_its_count(void **state unused_)
{
    struct arena mem = ARENA_EMPTY(16);
    struct event_list events = { 0 };
    struct request_list requests = { 0 };

    assert_null(event_list_add(&events, &mem));
    assert_null(request_list_add(&requests, &mem));
    assert_int_equal(events.n_events, 0);
    assert_int_equal(requests.n_requests, 0);
    arena_deinit(&mem);
}

static void test_the_same_loss_is_noted_once(void **state unused_)
{
    struct request_list list = { 0 };

    request_list_lose(&list, "reply");
    request_list_lose(&list, "reply");
    request_list_lose(&list, "spans");
    assert_int_equal(list.n_lost, 2);
    assert_string_equal(list.lost[1], "spans");
}

static void test_echo_of_files_says_their_kinds_as_coarsely_as_networks_do(void **state unused_)
{
    static const enum trefoil_media_kind sent[] = { TREFOIL_MEDIA_VOICE, TREFOIL_MEDIA_STICKER };
    static const struct trefoil_media files[] = { { .kind = TREFOIL_MEDIA_AUDIO }, { .kind = TREFOIL_MEDIA_IMAGE } };
    struct trefoil_message message = { .kind = TREFOIL_KIND_MEDIA, .body.media = { .media = files, .n_media = 2 } };
    struct arena mem = ARENA_EMPTY(1 << 16);

    const char *words = echo_words(&message, &mem);
    assert_string_equal(words, echo_words_of_files(sent, 2, &mem));
    message.body.media.n_media = 1;
    assert_string_not_equal(echo_words(&message, &mem), words);
    message.body.media.caption = "Look";
    assert_null(echo_words(&message, &mem));
    message.kind = TREFOIL_KIND_LOCATION;
    assert_null(echo_words(&message, &mem));
    arena_deinit(&mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_event_list_keeps_what_it_holds_while_it_grows),
        cmocka_unit_test(test_list_in_a_full_arena_refuses_and_keeps_its_count),
        cmocka_unit_test(test_the_same_loss_is_noted_once),
        cmocka_unit_test(test_echo_of_files_says_their_kinds_as_coarsely_as_networks_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
