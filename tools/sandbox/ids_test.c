/* Ids in the networks' shapes, chance from a seed, and faults that strike as often as they should. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sandbox/faults.h"
#include "sandbox/ids.h"

static void test_same_seed_gives_the_same_ids_and_another_seed_others(void **state unused_)
{
    struct dice one = dice_make(7), same = dice_make(7), other = dice_make(8);
    char a[MESSAGE_ID_SIZE], b[MESSAGE_ID_SIZE], c[MESSAGE_ID_SIZE];

    instagram_message_id(&one, "17841400000000005", a);
    instagram_message_id(&same, "17841400000000005", b);
    instagram_message_id(&other, "17841400000000005", c);
    assert_string_equal(a, b);
    assert_string_not_equal(a, c);
    messenger_message_id(&one, a);
    messenger_message_id(&same, b);
    assert_string_equal(a, b);
}

static void test_ids_have_the_shapes_of_their_networks(void **state unused_)
{
    struct dice dice = dice_make(1);
    char id[MESSAGE_ID_SIZE];

    whatsapp_message_id(&dice, "15551230001", true, id);
    assert_memory_equal(id, "wamid.HBgLMTU1NTEyMzAwMDEVAgASGBQ", 33);
    assert_int_equal(strlen(id), strlen("wamid.HBgLMTU1NTEyMzAwMDEVAgASGBQzQUE0QzEyM0IxNjEyREQyNzJEMQA="));
    whatsapp_message_id(&dice, "15551230001", false, id);
    assert_memory_equal(id, "wamid.HBgLMTU1NTEyMzAwMDEVAgARGBI", 33);
    messenger_message_id(&dice, id);
    assert_memory_equal(id, "m_", 2);
    assert_int_equal(strlen(id), 88);
    instagram_message_id(&dice, "17841400000000005", id);
    assert_memory_equal(id, "aWdfZAG1faXRlbToxOklHTWVzc2FnZAUlEOjE3ODQxNDAwMDAwMDAwMDA1Oj", 60);
    assert_null(strpbrk(id, "=+/"));
    assert_true(strlen(id) > 150);
    trace_id(&dice, id);
    assert_int_equal(strlen(id), 23);
}

static void test_many_ids_are_all_different(void **state unused_)
{
    static char ids[300][MESSAGE_ID_SIZE];
    struct dice dice = dice_make(3);

    for (unsigned i = 0; i < 300; i++) {
        if (i % 3 == 0)
            whatsapp_message_id(&dice, "15551230001", i % 2, ids[i]);
        else if (i % 3 == 1)
            messenger_message_id(&dice, ids[i]);
        else
            instagram_message_id(&dice, "17841400000000005", ids[i]);
        for (unsigned j = 0; j < i; j++)
            assert_string_not_equal(ids[i], ids[j]);
    }
}

static void test_fault_with_a_count_strikes_that_often_and_stops(void **state unused_)
{
    struct faults faults = { .kinds[FAULT_DELAY] = { .is_on = true, .probability = 1, .count = 3 } };
    struct dice dice = dice_make(1);
    unsigned n = 0;

    for (unsigned i = 0; i < 10; i++)
        n += fault_strikes(&faults, FAULT_DELAY, &dice);
    assert_int_equal(n, 3);
    assert_false(fault_strikes(&faults, FAULT_RESET, &dice));
}

static void test_fault_with_a_probability_strikes_about_that_often(void **state unused_)
{
    struct faults faults = { .kinds[FAULT_DUPLICATE] = { .is_on = true, .probability = 0.25, .count = -1 } };
    struct dice dice = dice_make(5);
    unsigned n = 0;

    for (unsigned i = 0; i < 4000; i++)
        n += fault_strikes(&faults, FAULT_DUPLICATE, &dice);
    assert_in_range(n, 900, 1100);
    faults_clear(&faults);
    assert_false(fault_strikes(&faults, FAULT_DUPLICATE, &dice));
}

static void test_every_fault_is_found_by_its_name(void **state unused_)
{
    enum fault_kind found;

    for (unsigned kind = 0; kind < N_FAULTS; kind++) {
        assert_int_equal(fault_of(fault_name((enum fault_kind) kind), &found), 0);
        assert_int_equal(found, kind);
    }
    assert_true(fault_of("gremlin", &found) < 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_seed_gives_the_same_ids_and_another_seed_others),
        cmocka_unit_test(test_ids_have_the_shapes_of_their_networks),
        cmocka_unit_test(test_many_ids_are_all_different),
        cmocka_unit_test(test_fault_with_a_count_strikes_that_often_and_stops),
        cmocka_unit_test(test_fault_with_a_probability_strikes_about_that_often),
        cmocka_unit_test(test_every_fault_is_found_by_its_name),
    };

    return cmocka_run_group_tests_name("ids", tests, NULL, NULL);
}
