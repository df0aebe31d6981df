/* What is special about this network; what all networks promise is in the conformance suite. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "echo/echo.h"
#include "map_kit/kit.h"

static void test_long_text_splits_and_only_the_last_part_is_marked(void **state unused_)
{
    struct arena mem = ARENA_EMPTY(1 << 20);
    struct request_list list = { 0 };
    struct place place = { .account_id = "100", .user_id = "ana", .mark = "tf1.7.0" };
    char words[2 * ECHO_TEXT_MAX_BYTES];
    memset(words, 'a', sizeof(words) - 1);
    words[sizeof(words) - 1] = '\0';
    struct trefoil_message message = { .kind = TREFOIL_KIND_TEXT, .body.text.body = words };

    assert_int_equal(echo_encode(&message, &place, &mem, &list), 0);
    assert_int_equal(list.n_requests, 2);
    assert_int_equal(memcmp(list.requests[0].body.data, "ana -\n", 6), 0);
    assert_int_equal(list.requests[0].body.size, 6 + ECHO_TEXT_MAX_BYTES);
    assert_int_equal(memcmp(list.requests[1].body.data, "ana tf1.7.0\n", 12), 0);
    arena_deinit(&mem);
}

static void test_broken_line_leaves_its_neighbours_alone(void **state unused_)
{
    struct arena mem = ARENA_EMPTY(1 << 20);
    static const char *const ids[] = { "100" };
    struct decode_context context = { .account_ids = ids, .n_accounts = 1 };
    struct event_list list =
        kit_decode(&echo_ops, &context, bytes_of_text("text 100 ana m1 a\n\xff\xff\ntext 100 ana m2 b"), &mem);

    assert_int_equal(list.n_events, 3);
    assert_true(list.events[1].is_malformed);
    assert_int_equal(list.events[1].message.body.unsupported.raw.size, 2);
    assert_string_equal(list.events[2].message.body.text.body, "b");
    arena_deinit(&mem);
}

static void test_file_is_a_link_where_there_is_a_place_for_it_else_words(void **state unused_)
{
    struct arena mem = ARENA_EMPTY(1 << 20);
    static const struct trefoil_media file = { .kind = TREFOIL_MEDIA_IMAGE, .name = "a.jpg", .blob = "0a" };
    struct trefoil_message message = { .kind = TREFOIL_KIND_MEDIA, .body.media = { "Look", &file, 1 } };
    struct place place = { .account_id = "100", .user_id = "ana", .mark = "tf1.7.0", .has_public_url = true };
    struct request_list linked = { 0 }, words = { 0 };

    assert_int_equal(echo_encode(&message, &place, &mem, &linked), 0);
    assert_int_equal(linked.n_requests, 2);
    assert_int_equal(linked.requests[0].n_slots, 0);
    assert_int_equal(linked.requests[1].n_slots, 1);
    assert_int_equal(linked.requests[1].slots[0].kind, SLOT_URL);
    assert_int_equal(linked.requests[1].slots[0].at, linked.requests[1].body.size);
    assert_string_equal(linked.lost[0], "file→link");

    place.has_public_url = false;
    assert_int_equal(echo_encode(&message, &place, &mem, &words), 0);
    assert_int_equal(words.n_requests, 2);
    assert_int_equal(words.requests[1].n_slots, 0);
    assert_true(bytes_equal_text(words.requests[1].body, "ana tf1.7.0\n[image] a.jpg"));
    assert_string_equal(words.lost[0], "image→text");
    arena_deinit(&mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_long_text_splits_and_only_the_last_part_is_marked),
        cmocka_unit_test(test_file_is_a_link_where_there_is_a_place_for_it_else_words),
        cmocka_unit_test(test_broken_line_leaves_its_neighbours_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
