/* Deliveries whose holder has vanished, or does not know how they ended: who is asked, and what he is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core_kit/game.h"

/* Ana speaks n times; the ids are fresh. */
static void say(struct game *game, struct peer *whatsapp, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        game_publish(game, whatsapp, &(struct game_event){ .service = WHATSAPP, .from = "ana" });
    game_turn(game);
}

static void settle_last(struct game *game, struct peer *peer, enum outcome_kind kind)
{
    const struct game_handed *handed = game_last(game, peer);

    game_outcome(game, peer, handed->seq, handed->first_target, kind, NULL);
}

static void test_vanished_holder_is_doubted_then_somebody_else_is_told_it_may_be_sent(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *first = game_join(game, MESSENGER, 1, 100);
    struct peer *second = game_join(game, MESSENGER, 2, 100);

    game_room_of_three(game);
    say(game, whatsapp, 1);
    struct peer *holder = game_count(game, first) ? first : second, *heir = holder == first ? second : first;
    assert_false(game_last(game, holder)->maybe_sent);
    game_leave(game, holder);
    game_pass_ms(game, 2000);
    assert_int_equal(game_count(game, heir), 0);
    game_pass_ms(game, 2000);
    assert_int_equal(game_count(game, heir), 1);
    assert_true(game_last(game, heir)->maybe_sent);
    assert_int_equal(game_last(game, heir)->attempt, 2);
}

static void test_same_replica_coming_back_gets_its_delivery_at_once(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *messenger = game_join(game, MESSENGER, 1, 100);

    game_room_of_three(game);
    say(game, whatsapp, 1);
    game_leave(game, messenger);
    messenger = game_join(game, MESSENGER, 1, 100);
    game_turn(game);
    assert_int_equal(game_count(game, messenger), 1);
    assert_false(game_last(game, messenger)->maybe_sent);
}

/* He has no credit yet: nobody else is given what he may have sent as if it were new. */
static void test_what_its_holder_came_back_for_goes_to_nobody_else_and_is_doubted_when_he_leaves_again(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *holder = game_join(game, MESSENGER, 1, 100);

    game_room_of_three(game);
    say(game, whatsapp, 1);
    assert_int_equal(game_count(game, holder), 1);
    struct peer *other = game_join(game, MESSENGER, 2, 100);
    game_leave(game, holder);
    holder = game_join(game, MESSENGER, 1, 0);
    game_pass_ms(game, 4000);
    assert_int_equal(game_count(game, other), 0);
    game_leave(game, holder);
    game_pass_ms(game, 4000);
    assert_int_equal(game_count(game, other), 1);
    assert_true(game_last(game, other)->maybe_sent);
}

static void test_unknown_outcome_is_doubted_and_then_tried_again(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *messenger = game_join(game, MESSENGER, 1, 100);

    game_room_of_three(game);
    say(game, whatsapp, 1);
    settle_last(game, messenger, OUTCOME_IS_UNKNOWN);
    assert_int_equal(game_count(game, messenger), 1);
    game_pass_ms(game, 4000);
    assert_int_equal(game_count(game, messenger), 2);
    assert_true(game_last(game, messenger)->maybe_sent);
}

static void test_what_is_unknown_to_one_replica_is_asked_of_another(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *replicas[2];

    replicas[0] = game_join(game, MESSENGER, 1, 100);
    replicas[1] = game_join(game, MESSENGER, 2, 100);
    game_room_of_three(game);
    say(game, whatsapp, 1);
    int first = game_count(game, replicas[0]) == 1 ? 0 : 1;
    for (unsigned time = 0; time < 4; time++) {
        struct peer *one = replicas[(first + (int) time) % 2], *other = replicas[(first + (int) time + 1) % 2];
        size_t n = game_count(game, other);

        settle_last(game, one, OUTCOME_IS_UNKNOWN);
        game_pass_ms(game, 4000);
        assert_int_equal(game_count(game, other), n + 1);
        assert_true(game_last(game, other)->maybe_sent);
    }
}

static void test_deferred_delivery_that_was_out_again_when_the_gateway_died_is_doubted(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *messenger = game_join(game, MESSENGER, 1, 100);

    game_room_of_three(game);
    say(game, whatsapp, 1);
    settle_last(game, messenger, OUTCOME_IS_DEFERRED);
    game_pass_ms(game, 5000);
    game_turn(game);
    assert_int_equal(game_last(game, messenger)->attempt, 2); /* it is out again, and its row in the store as it was */
    game_restart(game);
    game->n_handed = 0;
    messenger = game_join(game, MESSENGER, 2, 100);
    game_turn(game);
    assert_int_equal(game_count(game, messenger), 0);
    game_pass_ms(game, 4000);
    assert_int_equal(game_count(game, messenger), 1);
    assert_true(game_last(game, messenger)->maybe_sent);
}

static void test_what_was_held_over_a_stop_in_order_is_asked_of_its_holder_and_of_nobody_else(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *messenger = game_join(game, MESSENGER, 1, 100);

    game_room_of_three(game);
    say(game, whatsapp, 3);
    assert_int_equal(game_count(game, messenger), 1);
    game_stop_and_start(game);
    struct peer *stranger = game_join(game, MESSENGER, 2, 100);
    game_turn(game);
    game_pass_ms(game, 1000);
    assert_int_equal(game_count(game, stranger), 0);
    messenger = game_join(game, MESSENGER, 1, 100);
    game_turn(game);
    assert_int_equal(game_last(game, messenger)->seq, 1);
    assert_false(game_last(game, messenger)->maybe_sent);
    settle_last(game, messenger, OUTCOME_IS_SENT);
    game_stop_and_start(game); /* the second is out, and its holder does not come back */
    stranger = game_join(game, MESSENGER, 3, 100);
    game_turn(game);
    game_pass_ms(game, 4000);
    assert_int_equal(game_last(game, stranger)->seq, 2);
    assert_true(game_last(game, stranger)->maybe_sent);
}

static void test_word_of_a_stop_in_order_is_good_for_one_life_and_gone_before_anything_is_handed_out(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *messenger = game_join(game, MESSENGER, 1, 100);

    game_room_of_three(game);
    say(game, whatsapp, 2);
    messenger->is_draining = true;
    settle_last(game, messenger, OUTCOME_IS_SENT);
    game_stop_and_start(game);
    messenger = game_join(game, MESSENGER, 2, 100);
    assert_false(broker_pump(&game->broker)); /* nothing of this life is on disk yet */
    assert_int_equal(game_count(game, messenger), 0);
    game_turn(game);
    assert_int_equal(game_count(game, messenger), 1);
    game_restart(game); /* killed with the second out */
    game->n_handed = 0;
    messenger = game_join(game, MESSENGER, 3, 100);
    game_turn(game);
    assert_int_equal(game_count(game, messenger), 0);
    game_pass_ms(game, 4000);
    assert_true(game_last(game, messenger)->maybe_sent);
}

/* Who had it never came back, and the doubt was over when the gateway was asked to stop. */
static void test_what_was_doubted_already_is_doubted_after_a_stop_in_order(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *messenger = game_join(game, MESSENGER, 1, 100);

    game_room_of_three(game);
    say(game, whatsapp, 1);
    game_leave(game, messenger);
    game_pass_ms(game, 4000);
    game_stop_and_start(game);
    messenger = game_join(game, MESSENGER, 2, 100);
    game_turn(game);
    game_pass_ms(game, 4000);
    assert_int_equal(game_count(game, messenger), 1);
    assert_true(game_last(game, messenger)->maybe_sent);
}

/* Whoever comes next is told that it may be sent. */
static void assert_doubted_after_a_kill(struct game *game)
{
    game_restart(game);
    struct peer *heir = game_join(game, MESSENGER, 2, 100);
    size_t before = game_count(game, heir);

    game_pass_ms(game, 4000);
    game_pass_ms(game, 4000);
    assert_int_equal(game_count(game, heir), before + 1);
    assert_true(game_last(game, heir)->maybe_sent);
}

static void wake(struct game *game)
{
    struct id channel = game_channel(), service = game_id(MESSENGER);

    dispatch_wake_all(&game->broker, &channel, &service);
}

static void test_what_was_woken_early_is_doubted_when_the_gateway_died(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *messenger = game_join(game, MESSENGER, 1, 100);

    game_room_of_three(game);
    say(game, whatsapp, 1);
    game_deferred(game, messenger, 1, game_last(game, messenger)->first_target, 600000);
    wake(game);
    assert_false(broker_pump(&game->broker));
    assert_int_equal(game_count(game, messenger), 1); /* not before the store knows */
    game_turn(game);
    assert_int_equal(game_count(game, messenger), 2);
    assert_doubted_after_a_kill(game);
}

static void test_what_went_by_a_clock_set_back_is_doubted_when_the_gateway_died(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *messenger = game_join(game, MESSENGER, 1, 100);

    game_room_of_three(game);
    say(game, whatsapp, 1);
    game_deferred(game, messenger, 1, game_last(game, messenger)->first_target, 5000);
    broker_clock_set(&game->broker, -240000);
    game_pass_ms(game, 6000);
    assert_int_equal(game_count(game, messenger), 2);
    assert_doubted_after_a_kill(game);
}

/* What is settled stays so, and what the one before had in hand may be sent. */
static void test_service_that_takes_an_account_over_repeats_nothing(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *messenger = game_join(game, MESSENGER, 1, 100);

    game_room_of_three(game);
    say(game, whatsapp, 3);
    settle_last(game, messenger, OUTCOME_IS_SENT);
    assert_int_equal(game_last(game, messenger)->seq, 2);
    game_leave(game, messenger);
    game_hand_over(game);
    struct peer *heir = game_join(game, CRM, 1, 100);
    game_turn(game);
    game_pass_ms(game, 4000);
    assert_int_equal(game_count(game, heir), 1);
    assert_int_equal(game_last(game, heir)->seq, 2);
    assert_true(game_last(game, heir)->maybe_sent);
    settle_last(game, heir, OUTCOME_IS_SENT);
    assert_int_equal(game_last(game, heir)->seq, 3);
}

/* Who has it in hand when the account goes to another tells how it ended, and is believed. */
static void test_answer_of_who_had_the_account_before_counts(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *messenger = game_join(game, MESSENGER, 1, 100);

    game_room_of_three(game);
    say(game, whatsapp, 2);
    game_hand_over(game);
    struct peer *heir = game_join(game, CRM, 1, 100);
    game_turn(game);
    settle_last(game, messenger, OUTCOME_IS_SENT);
    assert_int_equal(game_counts(game)->sent, 1);
    game_pass_ms(game, 4000);
    assert_int_equal(game_count(game, heir), 1);
    assert_int_equal(game_last(game, heir)->seq, 2);
    assert_int_equal(game_count(game, messenger), 1);
    settle_last(game, heir, OUTCOME_IS_SENT);
    assert_int_equal(game_counts(game)->sent, 2);
}

/* Who gets an account has often come by what waits for it, as a translator of other accounts. */
static void test_what_waits_goes_to_a_translator_that_takes_the_account_over(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *messenger = game_join(game, MESSENGER, 1, 100);

    game_room_of_three(game);
    game_hand_over(game);
    struct peer *other = game_join(game, CRM, 1, 100);
    say(game, whatsapp, 40); /* more than a line holds in memory */
    assert_int_equal(game_count(game, other), 1);
    assert_int_equal(game_count(game, messenger), 0);
    game_hand_back(game);
    game_turn(game);
    assert_int_equal(game_count(game, messenger), 0); /* the first is out */
    settle_last(game, other, OUTCOME_IS_SENT);
    for (uint64_t seq = 2; seq <= 40; seq++) {
        game_turn(game);
        assert_non_null(game_last(game, messenger));
        assert_int_equal(game_last(game, messenger)->seq, seq);
        assert_false(game_last(game, messenger)->maybe_sent);
        settle_last(game, messenger, OUTCOME_IS_SENT);
    }
    assert_int_equal(game_count(game, other), 1);
    assert_int_equal(game_counts(game)->sent, 40);
    assert_int_equal(memory_tables_count(game->memory, TABLE_PARKED), 0);
}

static void test_unknown_outcome_stays_in_doubt_when_its_holder_comes_back(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *messenger = game_join(game, MESSENGER, 1, 100);

    game_room_of_three(game);
    say(game, whatsapp, 1);
    settle_last(game, messenger, OUTCOME_IS_UNKNOWN);
    game_leave(game, messenger);
    messenger = game_join(game, MESSENGER, 1, 100);
    game_turn(game);
    assert_int_equal(game_count(game, messenger), 0);
    game_pass_ms(game, 4000);
    assert_true(game_last(game, messenger)->maybe_sent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_PAPER(test_vanished_holder_is_doubted_then_somebody_else_is_told_it_may_be_sent),
        ON_PAPER(test_same_replica_coming_back_gets_its_delivery_at_once),
        ON_PAPER(test_what_its_holder_came_back_for_goes_to_nobody_else_and_is_doubted_when_he_leaves_again),
        ON_PAPER(test_unknown_outcome_is_doubted_and_then_tried_again),
        ON_PAPER(test_what_is_unknown_to_one_replica_is_asked_of_another),
        ON_PAPER(test_deferred_delivery_that_was_out_again_when_the_gateway_died_is_doubted),
        ON_PAPER(test_what_was_held_over_a_stop_in_order_is_asked_of_its_holder_and_of_nobody_else),
        ON_PAPER(test_word_of_a_stop_in_order_is_good_for_one_life_and_gone_before_anything_is_handed_out),
        ON_PAPER(test_unknown_outcome_stays_in_doubt_when_its_holder_comes_back),
        ON_PAPER(test_what_was_doubted_already_is_doubted_after_a_stop_in_order),
        ON_PAPER(test_what_was_woken_early_is_doubted_when_the_gateway_died),
        ON_PAPER(test_what_went_by_a_clock_set_back_is_doubted_when_the_gateway_died),
        ON_PAPER(test_answer_of_who_had_the_account_before_counts),
        ON_PAPER(test_what_waits_goes_to_a_translator_that_takes_the_account_over),
        ON_PAPER(test_service_that_takes_an_account_over_repeats_nothing),
    };

    return cmocka_run_group_tests_name("doubt", tests, NULL, NULL);
}
