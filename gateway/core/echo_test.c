/* Echoes that return no mark, while nobody says how the send they may be of ended. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core_kit/game.h"

static void say(struct game *game, struct peer *whatsapp, const char *ref)
{
    game_publish(game, whatsapp, &(struct game_event){ .service = WHATSAPP, .from = "ana", .ref = ref });
    game_turn(game);
}

static void hear(struct game *game, struct peer *instagram, const char *ref)
{
    game_publish(game, instagram,
                 &(struct game_event){ .service = INSTAGRAM, .from = "eve", .ref = ref, .echo = true });
    game_turn(game);
}

static void test_echo_waits_while_what_it_may_be_of_is_in_doubt_and_out_again(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *first = game_join(game, INSTAGRAM, 1, 100), *second;

    game_room_of_three(game);
    say(game, whatsapp, "wamid.1");
    assert_int_equal(game_count(game, first), 1);
    game_leave(game, first);
    second = game_join(game, INSTAGRAM, 2, 100);
    game_pass_ms(game, 4000);
    assert_int_equal(game_count(game, second), 1);
    hear(game, second, "m_1");
    game_pass_ms(game, 4000);
    assert_int_equal(game->n_verdicts, 1);
    game_outcome(game, second, game_last(game, second)->seq, game_last(game, second)->first_target, OUTCOME_IS_SENT,
                 "m_1");
    game_pass_ms(game, 100);
    assert_int_equal(game->n_verdicts, 2);
    assert_int_equal(game->verdict.kind, VERDICT_DUPLICATE);
    assert_int_equal(game_counts(game)->published, 1);
}

static void test_doubted_delivery_goes_at_once_to_whoever_heard_its_echo(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *peers[3];

    for (uint8_t i = 0; i < 3; i++)
        peers[i] = game_join(game, INSTAGRAM, (uint8_t) (i + 1), 100);
    game_room_of_three(game);
    say(game, whatsapp, "wamid.1");
    assert_int_equal(game_count(game, peers[0]), 1);
    hear(game, peers[2], "m_1");
    game_leave(game, peers[0]);
    game_pass_ms(game, 100);
    assert_int_equal(game_count(game, peers[1]), 0);
    assert_int_equal(game_count(game, peers[2]), 1);
    assert_true(game_last(game, peers[2])->maybe_sent);
}

static void test_echo_that_comes_during_the_doubt_ends_it(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *peers[3];

    for (uint8_t i = 0; i < 3; i++)
        peers[i] = game_join(game, INSTAGRAM, (uint8_t) (i + 1), 100);
    game_room_of_three(game);
    say(game, whatsapp, "wamid.1");
    game_leave(game, peers[0]);
    game_pass_ms(game, 100);
    assert_int_equal(game_count(game, peers[2]), 0);
    hear(game, peers[2], "m_1");
    game_pass_ms(game, 100);
    assert_int_equal(game_count(game, peers[2]), 1);
}

/* It came while another held the delivery, who cannot know of it. */
static void test_who_waited_in_vain_is_followed_at_once_by_who_heard_meanwhile(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *peers[3];

    for (uint8_t i = 0; i < 3; i++)
        peers[i] = game_join(game, INSTAGRAM, (uint8_t) (i + 1), 100);
    game_room_of_three(game);
    say(game, whatsapp, "wamid.1");
    game_leave(game, peers[0]);
    game_pass_ms(game, 4000);
    assert_int_equal(game_count(game, peers[1]), 1);
    hear(game, peers[2], "m_1");
    game_pass_ms(game, 100);
    assert_int_equal(game_count(game, peers[2]), 0);
    game_outcome(game, peers[1], game_last(game, peers[1])->seq, game_last(game, peers[1])->first_target,
                 OUTCOME_IS_UNKNOWN, NULL);
    game_pass_ms(game, 100);
    assert_int_equal(game_count(game, peers[2]), 1);
    game_outcome(game, peers[2], game_last(game, peers[2])->seq, game_last(game, peers[2])->first_target,
                 OUTCOME_IS_SENT, "m_1");
    game_pass_ms(game, 100);
    assert_int_equal(game->verdict.kind, VERDICT_DUPLICATE);
    assert_int_equal(game_counts(game)->published, 1);
}

static void test_who_waited_in_vain_is_followed_at_once_by_another_who_may_have_heard(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *peers[3];

    for (uint8_t i = 0; i < 3; i++)
        peers[i] = game_join(game, INSTAGRAM, (uint8_t) (i + 1), 100);
    game_room_of_three(game);
    say(game, whatsapp, "wamid.1");
    game_leave(game, peers[0]);
    game_pass_ms(game, 4000);
    assert_int_equal(game_count(game, peers[1]), 1);
    game_outcome(game, peers[1], game_last(game, peers[1])->seq, game_last(game, peers[1])->first_target,
                 OUTCOME_IS_UNKNOWN, NULL);
    game_pass_ms(game, 100);
    assert_int_equal(game_count(game, peers[2]), 1);
    assert_true(game_last(game, peers[2])->maybe_sent);
    assert_false(game_last(game, peers[2])->vanished);
}

static void test_who_comes_after_one_that_vanished_is_told_whoever_waited_before(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *first = game_join(game, INSTAGRAM, 1, 100), *second;

    game_room_of_three(game);
    say(game, whatsapp, "wamid.1");
    assert_false(game_last(game, first)->vanished);
    second = game_join(game, INSTAGRAM, 2, 100);
    game_outcome(game, first, game_last(game, first)->seq, game_last(game, first)->first_target, OUTCOME_IS_UNKNOWN,
                 NULL);
    game_pass_ms(game, 4000);
    assert_false(game_last(game, second)->vanished);
    game_leave(game, second);
    game_pass_ms(game, 4000);
    assert_true(game_last(game, first)->vanished);
    game_outcome(game, first, game_last(game, first)->seq, game_last(game, first)->first_target, OUTCOME_IS_DEFERRED,
                 NULL);
    game_pass_ms(game, 60000);
    assert_true(game_last(game, first)->vanished);
}

/* All in one breath, before anything is handed out. */
static void test_echo_that_comes_with_its_sender_s_return_waits_for_what_he_says(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *instagram = game_join(game, INSTAGRAM, 1, 100);

    game_room_of_three(game);
    say(game, whatsapp, "wamid.1");
    game_leave(game, instagram);
    instagram = game_join(game, INSTAGRAM, 1, 100);
    game_publish(game, instagram,
                 &(struct game_event){ .service = INSTAGRAM, .from = "eve", .ref = "m_1", .echo = true });
    game_outcome(game, instagram, 1, 1, OUTCOME_IS_SENT, "m_1");
    game_pass_ms(game, 100);
    assert_int_equal(game->verdict.kind, VERDICT_DUPLICATE);
    assert_int_equal(game_counts(game)->published, 1);
}

static void test_echo_that_comes_after_a_stop_in_order_waits_for_what_its_sender_says(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *instagram = game_join(game, INSTAGRAM, 1, 100);

    game_room_of_three(game);
    say(game, whatsapp, "wamid.1");
    assert_int_equal(game_count(game, instagram), 1);
    game_stop_and_start(game);
    instagram = game_join(game, INSTAGRAM, 1, 0);
    game_turn(game);
    game_publish(game, instagram,
                 &(struct game_event){ .service = INSTAGRAM, .from = "eve", .ref = "m_1", .echo = true });
    game_outcome(game, instagram, 1, 1, OUTCOME_IS_SENT, "m_1");
    game_pass_ms(game, 100);
    assert_int_equal(game->verdict.kind, VERDICT_DUPLICATE);
    assert_int_equal(game_counts(game)->published, 1);
}

static void test_echo_is_not_taken_for_a_human_s_before_a_new_life_knows_what_was_out(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *instagram = game_join(game, INSTAGRAM, 1, 100);

    game_room_of_three(game);
    say(game, whatsapp, "wamid.1");
    assert_int_equal(game_count(game, instagram), 1);
    game_restart(game);
    instagram = game_join(game, INSTAGRAM, 2, 100);
    game_publish(game, instagram,
                 &(struct game_event){ .service = INSTAGRAM, .from = "eve", .ref = "m_1", .echo = true });
    assert_int_equal(game->verdict.kind, VERDICT_REJECTED);
    assert_int_equal(game->verdict.reason, REJECT_IS_HELD_TOO_LONG);
    game_turn(game);
    unsigned before = game->n_verdicts;
    hear(game, instagram, "m_1");
    assert_int_equal(game->n_verdicts, before);
    game_pass_ms(game, 100);
    assert_true(game_last(game, instagram)->maybe_sent);
    game_outcome(game, instagram, game_last(game, instagram)->seq, game_last(game, instagram)->first_target,
                 OUTCOME_IS_SENT, "m_1");
    game_pass_ms(game, 100);
    assert_int_equal(game->verdict.kind, VERDICT_DUPLICATE);
}

static void test_what_is_another_s_proves_nothing_of_what_may_have_been_sent(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *first = game_join(game, INSTAGRAM, 1, 100), *second;

    game_room_of_three(game);
    say(game, whatsapp, "wamid.1");
    game_outcome(game, first, game_last(game, first)->seq, game_last(game, first)->first_target, OUTCOME_IS_SENT,
                 "m_1");
    say(game, whatsapp, "wamid.2");
    game_leave(game, first);
    second = game_join(game, INSTAGRAM, 2, 100);
    game_pass_ms(game, 4000);
    assert_true(game_last(game, second)->maybe_sent);
    game_outcome(game, second, game_last(game, second)->seq, game_last(game, second)->first_target, OUTCOME_IS_SENT,
                 "m_1");
    assert_int_equal(game_counts(game)->sent, 1);
    game_pass_ms(game, 4000);
    assert_int_equal(game_count(game, second), 2);
    game_outcome(game, second, game_last(game, second)->seq, game_last(game, second)->first_target, OUTCOME_IS_SENT,
                 "m_2");
    assert_int_equal(game_counts(game)->sent, 2);
}

static void test_human_is_heard_again_when_what_was_in_doubt_has_ended(void **state)
{
    static const enum outcome_kind ends[] = { OUTCOME_IS_SENT, OUTCOME_IS_BOUNCED, OUTCOME_IS_DEFERRED };
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *instagram = game_join(game, INSTAGRAM, 1, 100);
    char ref[] = "m_0";

    game_room_of_three(game);
    for (unsigned i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
        ref[2]++;
        say(game, whatsapp, ref);
        game_leave(game, instagram);
        instagram = game_join(game, INSTAGRAM, (uint8_t) (i + 2), 100);
        game_pass_ms(game, 4000);
        assert_true(game_last(game, instagram)->maybe_sent);
        game_outcome(game, instagram, game_last(game, instagram)->seq, game_last(game, instagram)->first_target,
                     ends[i], ends[i] == OUTCOME_IS_SENT ? "ours" : NULL);
        ref[2] = (char) (ref[2] + 3);
        hear(game, instagram, ref);
        ref[2] = (char) (ref[2] - 3);
        assert_int_equal(game->verdict.kind, VERDICT_ACCEPTED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_PAPER(test_echo_waits_while_what_it_may_be_of_is_in_doubt_and_out_again),
        ON_PAPER(test_doubted_delivery_goes_at_once_to_whoever_heard_its_echo),
        ON_PAPER(test_echo_that_comes_during_the_doubt_ends_it),
        ON_PAPER(test_who_waited_in_vain_is_followed_at_once_by_who_heard_meanwhile),
        ON_PAPER(test_who_waited_in_vain_is_followed_at_once_by_another_who_may_have_heard),
        ON_PAPER(test_who_comes_after_one_that_vanished_is_told_whoever_waited_before),
        ON_PAPER(test_echo_that_comes_with_its_sender_s_return_waits_for_what_he_says),
        ON_PAPER(test_echo_that_comes_after_a_stop_in_order_waits_for_what_its_sender_says),
        ON_PAPER(test_echo_is_not_taken_for_a_human_s_before_a_new_life_knows_what_was_out),
        ON_PAPER(test_what_is_another_s_proves_nothing_of_what_may_have_been_sent),
        ON_PAPER(test_human_is_heard_again_when_what_was_in_doubt_has_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
