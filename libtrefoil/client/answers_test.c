/* What is held, answered and safe, and what a delivery that comes again is told. */
#include "client/answers.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HANDLE 7

static struct answers answers;
static uint8_t frame_block[4096];
static struct arena arena = ARENA_EMPTY(1 << 20);

static int setup(unused_ void **state)
{
    answers_init(&answers);
    return 0;
}

static int teardown(unused_ void **state)
{
    answers_deinit(&answers);
    arena_deinit(&arena);
    return 0;
}

static enum answers_verdict receive(uint64_t seq, size_t n_targets)
{
    static uint8_t envelope[100];
    Trefoil__Target targets[4], *pointers[4];
    Trefoil__Delivery delivery = TREFOIL__DELIVERY__INIT;
    enum answers_verdict verdict;

    for (size_t i = 0; i < n_targets; i++) {
        trefoil__target__init(&targets[i]);
        targets[i].index = (uint32_t) i;
        pointers[i] = &targets[i];
    }
    delivery.seq = seq;
    delivery.envelope = (ProtobufCBinaryData){ sizeof(envelope), envelope };
    delivery.n_targets = n_targets;
    delivery.targets = pointers;
    assert_int_equal(answers_receive(&answers, &delivery, &verdict), 0);
    return verdict;
}

static int outcome(uint64_t seq, uint32_t target)
{
    Trefoil__TargetOutcome one = TREFOIL__TARGET_OUTCOME__INIT, *list[] = { &one };
    Trefoil__AckItem item = TREFOIL__ACK_ITEM__INIT;

    one.target = target;
    one.outcome = TREFOIL__OUTCOME__OUTCOME_SENT;
    item.seq = seq;
    item.n_outcomes = 1;
    item.outcomes = list;
    return answers_outcome(&answers, &item);
}

/* Everything unsent, as one frame; it counts as sent. */
static const Trefoil__Ack *sent(void)
{
    Trefoil__Frame *frame = NULL;
    size_t size = answers_frame_size(&answers, HANDLE);

    assert_true(size <= sizeof(frame_block));
    answers_frame_write(&answers, HANDLE, frame_block);
    answers_frame_sent(&answers);
    assert_int_equal(frame_unpack(bytes_make(frame_block, size), &arena, &frame), 0);
    assert_int_equal(frame->body_case, TREFOIL__FRAME__BODY_ACK);
    assert_int_equal(frame->ack->handle, HANDLE);
    return frame->ack;
}

static void test_acknowledged_in_a_row_becomes_one_run(unused_ void **state)
{
    for (uint64_t seq = 5; seq < 10; seq++)
        assert_int_equal(receive(seq, 0), ANSWERS_SHOW);
    for (uint64_t seq = 5; seq < 10; seq++)
        if (seq != 8)
            assert_int_equal(answers_done(&answers, seq), 0);
    const Trefoil__Ack *ack = sent();
    assert_int_equal(ack->n_done, 2);
    assert_int_equal(ack->done[0]->first, 5);
    assert_int_equal(ack->done[0]->count, 3);
    assert_int_equal(ack->done[1]->first, 9);
    assert_false(answers_has_unsent(&answers));
    assert_int_equal(answers.payback, 4);
    assert_int_equal(answers.payback_bytes, 400);
    assert_int_equal(answers.n_out, 1);
    assert_int_equal(answers_lowest(&answers, 99), 5); /* not on disk yet */
}

static void test_held_delivery_that_comes_again_is_not_shown(unused_ void **state)
{
    assert_int_equal(receive(1, 2), ANSWERS_SHOW);
    assert_true(answers_shows(&answers, 1, 0));
    assert_int_equal(receive(1, 2), ANSWERS_KNOWN);
    assert_int_equal(answers.payback, 1); /* what the second copy cost */
    assert_int_equal(answers.n_out, 1);
}

static void test_answered_delivery_that_comes_again_is_answered_again(unused_ void **state)
{
    assert_int_equal(receive(1, 2), ANSWERS_SHOW);
    assert_int_equal(outcome(1, 0), 0);
    assert_int_equal(outcome(1, 1), 0);
    assert_int_equal(sent()->n_items, 2);
    assert_int_equal(receive(1, 2), ANSWERS_KNOWN);
    assert_int_equal(sent()->n_items, 2);
    assert_int_equal(receive(2, 0), ANSWERS_SHOW);
    assert_int_equal(answers_done(&answers, 2), 0);
    (void) sent();
    assert_int_equal(receive(2, 0), ANSWERS_KNOWN);
    assert_int_equal(sent()->n_done, 1);
}

static void test_what_is_on_disk_is_forgotten_and_may_come_again(unused_ void **state)
{
    assert_int_equal(receive(1, 1), ANSWERS_SHOW);
    assert_int_equal(outcome(1, 0), 0);
    (void) sent();
    assert_false(answers_is_settled(&answers));
    answers_safe(&answers, 1, 1);
    assert_true(answers_is_settled(&answers));
    assert_int_equal(receive(1, 1), ANSWERS_SHOW); /* deferred: its time has come */
    assert_true(answers_shows(&answers, 1, 0));
}

static void test_only_the_targets_that_are_due_again_are_shown(unused_ void **state)
{
    assert_int_equal(receive(1, 3), ANSWERS_SHOW);
    assert_int_equal(outcome(1, 0), 0);
    (void) sent();
    answers_safe(&answers, 1, 1);       /* target 0 is on disk, 1 and 2 are still out */
    assert_int_equal(outcome(1, 1), 0); /* 1 is answered, not on disk */
    assert_int_equal(receive(1, 3), ANSWERS_SHOW);
    assert_true(answers_shows(&answers, 1, 0));
    assert_false(answers_shows(&answers, 1, 1));
    assert_false(answers_shows(&answers, 1, 2));
    assert_int_equal(outcome(1, 2), 0);
    assert_int_equal(outcome(1, 0), 0);
    assert_int_equal(answers.n_out, 0);
    assert_int_equal(answers.out_bytes, 0);
}

static void test_answer_given_after_the_commit_survives_it(unused_ void **state)
{
    assert_int_equal(receive(1, 2), ANSWERS_SHOW);
    assert_int_equal(outcome(1, 0), 0);
    (void) sent();
    assert_int_equal(outcome(1, 1), 0); /* unsent when the first one's Acked arrives */
    answers_safe(&answers, 1, 1);
    assert_true(answers_has_unsent(&answers));
    assert_int_equal(sent()->n_items, 1);
    assert_int_equal(answers_rewind(&answers), 0); /* the connection breaks before it is on disk */
    assert_int_equal(sent()->n_items, 1);
    answers_safe(&answers, 1, 1);
    assert_true(answers_is_settled(&answers));
}

static void test_new_connection_hears_every_answer_again(unused_ void **state)
{
    assert_int_equal(receive(1, 1), ANSWERS_SHOW);
    assert_int_equal(receive(2, 0), ANSWERS_SHOW);
    assert_int_equal(receive(3, 1), ANSWERS_SHOW);
    assert_int_equal(outcome(1, 0), 0);
    assert_int_equal(answers_done(&answers, 2), 0);
    (void) sent();
    assert_int_equal(answers_rewind(&answers), 0);
    const Trefoil__Ack *ack = sent();
    assert_int_equal(ack->n_items, 1);
    assert_int_equal(ack->n_done, 1);
    assert_int_equal(answers.payback, 0); /* credit starts anew */
    assert_int_equal(answers.n_out, 1);
}

static void test_outcomes_of_what_was_not_shown_are_refused(unused_ void **state)
{
    assert_int_equal(outcome(1, 0), -ENOENT);
    assert_int_equal(receive(1, 1), ANSWERS_SHOW);
    assert_int_equal(outcome(1, 1), -EINVAL);
    assert_int_equal(answers_done(&answers, 1), -EINVAL); /* it has targets: tell their outcomes */
    assert_int_equal(outcome(1, 0), 0);
}

static void test_run_of_any_length_is_safe_to_hear(unused_ void **state)
{
    for (uint64_t seq = 1; seq <= 3; seq++) {
        assert_int_equal(receive(seq, 0), ANSWERS_SHOW);
        if (seq != 2)
            assert_int_equal(answers_done(&answers, seq), 0);
    }
    (void) sent();
    answers_safe(&answers, 0, UINT32_MAX);
    assert_int_equal(answers.held.count, 1); /* 2 is still with the application */
    answers_safe(&answers, UINT64_MAX - 1, 3);
    assert_int_equal(answers.held.count, 1);
}

static void test_many_answers_go_out_in_several_frames(unused_ void **state)
{
    size_t n = 0;

    for (uint64_t seq = 1; seq <= BUS_ANSWERS_FULL + 10; seq++) {
        assert_int_equal(receive(seq, 1), ANSWERS_SHOW);
        assert_int_equal(outcome(seq, 0), 0);
    }
    while (answers_has_unsent(&answers))
        n += sent()->n_items;
    assert_int_equal(n, BUS_ANSWERS_FULL + 10);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_acknowledged_in_a_row_becomes_one_run),
        TEST(test_held_delivery_that_comes_again_is_not_shown),
        TEST(test_answered_delivery_that_comes_again_is_answered_again),
        TEST(test_what_is_on_disk_is_forgotten_and_may_come_again),
        TEST(test_only_the_targets_that_are_due_again_are_shown),
        TEST(test_answer_given_after_the_commit_survives_it),
        TEST(test_new_connection_hears_every_answer_again),
        TEST(test_outcomes_of_what_was_not_shown_are_refused),
        TEST(test_run_of_any_length_is_safe_to_hear),
        TEST(test_many_answers_go_out_in_several_frames),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
