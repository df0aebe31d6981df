/* What the rest of the house relies on in bytes, arena, list and map. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/list.h"
#include "base/map.h"

static void test_cursor_refuses_what_is_not_there_and_stays(void **state unused_)
{
    struct cursor cursor = { bytes_make("\x01\x02\x03", 3) };
    uint16_t two;
    uint32_t four;

    assert_int_equal(cursor_u32(&cursor, &four), -EBADMSG);
    assert_int_equal(cursor_u16(&cursor, &two), 0);
    assert_int_equal(two, 0x0102);
    assert_int_equal(cursor_u16(&cursor, &two), -EBADMSG);
    assert_int_equal(cursor.rest.size, 1);
}

static void test_writer_that_overflows_writes_nothing_more(void **state unused_)
{
    uint8_t block[3] = { 0 };
    struct writer writer = writer_make(block, sizeof(block));

    writer_u16(&writer, 0xabcd);
    writer_u16(&writer, 0x1111);
    writer_u8(&writer, 0x22);
    assert_true(writer.overflow);
    assert_int_equal(writer.size, 2);
    assert_int_equal(block[2], 0);
}

static void test_hex_round_trips_and_refuses_other_text(void **state unused_)
{
    uint8_t raw[2] = { 9, 9 };
    char text[5];

    assert_int_equal(bytes_from_hex(bytes_of_text("aBf0"), raw, 2), 0);
    bytes_to_hex(bytes_make(raw, 2), text);
    assert_string_equal(text, "abf0");
    assert_int_equal(bytes_from_hex(bytes_of_text("abg0"), raw, 2), -EBADMSG);
    assert_int_equal(bytes_from_hex(bytes_of_text("abf"), raw, 2), -EBADMSG);
    assert_int_equal(raw[0], 0xab);
}

static void test_number_refuses_overflow_sign_and_leading_zero(void **state unused_)
{
    uint64_t value = 7;

    assert_int_equal(bytes_to_u64(bytes_of_text("18446744073709551615"), UINT64_MAX, &value), 0);
    assert_true(value == UINT64_MAX);
    assert_int_equal(bytes_to_u64(bytes_of_text("18446744073709551616"), UINT64_MAX, &value), -EBADMSG);
    assert_int_equal(bytes_to_u64(bytes_of_text("-1"), UINT64_MAX, &value), -EBADMSG);
    assert_int_equal(bytes_to_u64(bytes_of_text("01"), UINT64_MAX, &value), -EBADMSG);
    assert_int_equal(bytes_to_u64(bytes_of_text("300"), 255, &value), -EBADMSG);
    assert_int_equal(bytes_to_u64(bytes_of_text("0"), 255, &value), 0);
}

static void test_utf8_refuses_surrogates_overlong_and_cut_sequences(void **state unused_)
{
    assert_true(bytes_is_utf8(bytes_of_text("caf\xc3\xa9 \xf0\x9f\x98\x80")));
    assert_false(bytes_is_utf8(bytes_of_text("\xed\xa0\x80")));
    assert_false(bytes_is_utf8(bytes_of_text("\xc0\x80")));
    assert_false(bytes_is_utf8(bytes_of_text("\xf0\x9f\x98")));
    assert_false(bytes_is_utf8(bytes_of_text("\xf4\x90\x80\x80")));
}

static void test_arena_refuses_above_its_cap_and_recovers_on_reset(void **state unused_)
{
    struct arena arena = ARENA_EMPTY(8192);

    assert_non_null(arena_alloc(&arena, 100));
    assert_null(arena_alloc(&arena, 8192));
    assert_true(arena.failed);
    arena_reset(&arena);
    assert_false(arena.failed);
    assert_non_null(arena_alloc(&arena, 4000));
    assert_null(arena_array(&arena, SIZE_MAX / 2, 16));
    assert_string_equal(arena_format(&arena, "%d-%s", 7, "x"), "7-x");
    arena_deinit(&arena);
    arena_deinit(&arena);
}

static void test_map_keeps_every_key_through_growth_and_removal(void **state unused_)
{
    static int values[5000];
    struct map map = MAP_EMPTY(5000, 1);
    char key[16];

    for (int i = 0; i < 5000; i++) {
        int size = snprintf(key, sizeof(key), "k%d", i);
        assert_int_equal(map_set(&map, bytes_make(key, (size_t) size), &values[i]), 0);
    }
    assert_int_equal(map_set(&map, bytes_of_text("one too many"), values), -ENOSPC);
    for (int i = 0; i < 5000; i += 2) {
        int size = snprintf(key, sizeof(key), "k%d", i);
        assert_ptr_equal(map_remove(&map, bytes_make(key, (size_t) size)), &values[i]);
    }
    for (int i = 0; i < 5000; i++) {
        int size = snprintf(key, sizeof(key), "k%d", i);
        assert_ptr_equal(map_get(&map, bytes_make(key, (size_t) size)), i % 2 ? &values[i] : NULL);
    }
    map_deinit(&map);
}

static void test_list_can_lose_nodes_while_it_is_walked(void **state unused_)
{
    struct list list, nodes[4];
    int seen = 0;

    list_init(&list);
    for (int i = 0; i < 4; i++)
        list_append(&list, &nodes[i]);
    list_for_each_safe (node, after, &list) {
        list_remove(node);
        seen++;
    }
    assert_int_equal(seen, 4);
    assert_true(list_is_empty(&list));
    assert_null(list_first(&list));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cursor_refuses_what_is_not_there_and_stays),
        cmocka_unit_test(test_writer_that_overflows_writes_nothing_more),
        cmocka_unit_test(test_hex_round_trips_and_refuses_other_text),
        cmocka_unit_test(test_number_refuses_overflow_sign_and_leading_zero),
        cmocka_unit_test(test_utf8_refuses_surrogates_overlong_and_cut_sequences),
        cmocka_unit_test(test_arena_refuses_above_its_cap_and_recovers_on_reset),
        cmocka_unit_test(test_map_keeps_every_key_through_growth_and_removal),
        cmocka_unit_test(test_list_can_lose_nodes_while_it_is_walked),
    };
    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
