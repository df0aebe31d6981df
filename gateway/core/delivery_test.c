/* Games on paper: order, parking, dead letters, retention, credit, replicas. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/dead.h"
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

static void test_room_has_one_delivery_out_at_a_time_and_keeps_its_order(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *messenger = game_join(game, MESSENGER, 1, 100);

    game_room_of_three(game);
    say(game, whatsapp, 100); /* more than a line holds in memory: the rest waits in the store */
    assert_int_equal(game_count(game, messenger), 1);
    assert_true(memory_tables_count(game->memory, TABLE_PARKED) > 0);
    for (uint64_t seq = 1; seq <= 100; seq++) {
        assert_int_equal(game_last(game, messenger)->seq, seq);
        settle_last(game, messenger, OUTCOME_IS_SENT);
    }
    assert_int_equal(game_count(game, messenger), 100);
    assert_int_equal(game_counts(game)->sent, 100);
}

static void test_deferred_room_waits_and_others_go_on(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 1000), *messenger = game_join(game, MESSENGER, 1, 1000);
    struct id other, channel = game_channel();
    struct address *address;

    game_room_of_three(game);
    assert_int_equal(directory_create(&game->broker.directory, &channel, &(struct id){ { 1, 2 } }, BYTES_EMPTY, &other),
                     0);
    static const char *const pair[] = { "zoe", "max" };
    for (int i = 0; i < 2; i++) {
        assert_int_equal(directory_meet(&game->broker.directory, &channel,
                                        bytes_of_text(game_account(i ? MESSENGER : WHATSAPP)),
                                        game_token(game, pair[i]), &address),
                         0);
        assert_int_equal(directory_join(&game->broker.directory, address, &other), 0);
    }
    say(game, whatsapp, 1);
    const struct game_handed *first = game_last(game, messenger);
    game_deferred(game, messenger, first->seq, first->first_target, 5000);
    say(game, whatsapp, 3);
    assert_int_equal(game_count(game, messenger), 1); /* asleep */
    game_publish(game, whatsapp, &(struct game_event){ .service = WHATSAPP, .from = "zoe" });
    game_turn(game);
    assert_int_equal(game_count(game, messenger), 2); /* the other room */
    settle_last(game, messenger, OUTCOME_IS_SENT);

    game_restart(game); /* parked rooms survive */
    messenger = game_join(game, MESSENGER, 2, 1000);
    size_t before = game_count(game, messenger);
    game_pass_ms(game, 1000);
    assert_int_equal(game_count(game, messenger), before);
    game_pass_ms(game, 5000);
    game_pass_ms(game, 5000);
    for (uint64_t seq = 1; seq <= 4; seq++) {
        assert_int_equal(game_last(game, messenger)->seq, seq);
        settle_last(game, messenger, OUTCOME_IS_SENT);
    }
}

static void test_returned_delivery_goes_to_another_and_is_no_attempt(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *first = game_join(game, MESSENGER, 1, 100);
    struct peer *second = game_join(game, MESSENGER, 2, 100);

    game_room_of_three(game);
    say(game, whatsapp, 1);
    struct peer *holder = game_count(game, first) ? first : second, *heir = holder == first ? second : first;
    holder->is_draining = true;
    settle_last(game, holder, OUTCOME_IS_RETURNED);
    assert_int_equal(game_count(game, heir), 1);
    assert_int_equal(game_last(game, heir)->attempt, 1);
    assert_false(game_last(game, heir)->maybe_sent);
}

/* An account without a valid token waits for days if it must, and burns nothing. */
static void test_delivery_returned_for_later_waits_and_is_no_attempt(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *messenger = game_join(game, MESSENGER, 1, 100);

    game_room_of_three(game);
    say(game, whatsapp, 1);
    for (size_t times = 1; times <= GATEWAY_ATTEMPTS_MAX + 5; times++) {
        const struct game_handed *handed = game_last(game, messenger);

        assert_int_equal(game_count(game, messenger), times);
        assert_int_equal(handed->attempt, 1);
        game_returned(game, messenger, handed->seq, handed->first_target, 5000);
        game_pass_ms(game, 4000);
        assert_int_equal(game_count(game, messenger), times);
        game_pass_ms(game, 2000);
    }
}

static void test_what_waits_goes_on_waiting_when_somebody_sets_the_clock(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *messenger = game_join(game, MESSENGER, 1, 100);

    game_pass_ms(game, 3600000); /* there is a past to go back to */
    game_room_of_three(game);
    say(game, whatsapp, 1);
    size_t times = game_count(game, messenger);
    for (int64_t by_ms = -240000; by_ms <= 240000; by_ms += 480000) {
        const struct game_handed *handed = game_last(game, messenger);

        game_deferred(game, messenger, handed->seq, handed->first_target, 5000);
        broker_clock_set(&game->broker, by_ms);
        game_pass_ms(game, 4000);
        assert_int_equal(game_count(game, messenger), times);
        game_pass_ms(game, 2000);
        assert_int_equal(game_count(game, messenger), ++times);
        game_leave(game, messenger);
        broker_clock_set(&game->broker, by_ms);
        messenger = game_join(game, MESSENGER, by_ms < 0 ? 2 : 3, 100);
        game_pass_ms(game, 2000);
        times = 0;
        assert_int_equal(game_count(game, messenger), times);
        game_pass_ms(game, 2000);
        assert_int_equal(game_count(game, messenger), ++times);
    }
}

/* A machine that starts with its clock behind, and has it set when it finds a time server. */
static void test_what_an_earlier_life_deferred_waits_no_longer_when_a_late_clock_is_set_right(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *messenger = game_join(game, MESSENGER, 1, 100);

    game_pass_ms(game, 7200000);
    game_room_of_three(game);
    say(game, whatsapp, 1);
    game_deferred(game, messenger, 1, game_last(game, messenger)->first_target, 5000);
    game_turn(game);
    game->broker.now_ms -= 7200000; /* as the next life sees it */
    game_restart(game);
    messenger = game_join(game, MESSENGER, 2, 100);
    game_turn(game);
    assert_int_equal(game_count(game, messenger), 0);
    broker_clock_set(&game->broker, 7200000);
    game_pass_ms(game, 4000);
    assert_int_equal(game_count(game, messenger), 0);
    game_pass_ms(game, 2000);
    assert_int_equal(game_count(game, messenger), 1);
}

static void test_bounced_is_final_listed_and_can_be_retried(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *messenger = game_join(game, MESSENGER, 1, 100);
    struct id channel = game_channel();
    uint64_t count = 0, after = 0;

    game_room_of_three(game);
    say(game, whatsapp, 2);
    settle_last(game, messenger, OUTCOME_IS_BOUNCED);
    settle_last(game, messenger, OUTCOME_IS_BOUNCED);
    assert_int_equal(game_counts(game)->bounced, 2);
    assert_int_equal(memory_tables_count(game->memory, TABLE_DEAD), 2);
    assert_int_equal(broker_retry_some(&game->broker, &channel, &after, &count), 0);
    assert_int_equal(count, 2);
    assert_int_equal(game_counts(game)->bounced, 0);
    game_turn(game);
    assert_int_equal(game_last(game, messenger)->seq, 1);
    settle_last(game, messenger, OUTCOME_IS_SENT);
    assert_int_equal(game_last(game, messenger)->seq, 2);
    settle_last(game, messenger, OUTCOME_IS_SENT);
    assert_int_equal(memory_tables_count(game->memory, TABLE_DEAD), 0);
    assert_int_equal(memory_tables_count(game->memory, TABLE_PARKED), 0);
    assert_int_equal(game_counts(game)->sent, 2);
}

/* However many there are, nobody waits for all of them. */
static void test_many_letters_are_retried_in_pieces_and_in_order(void **state)
{
    enum { N = BROKER_RETRY_AT_ONCE + 44 };
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 1000), *messenger = game_join(game, MESSENGER, 1, 1000);
    struct id channel = game_channel();
    uint64_t count, after = 0;

    game_room_of_three(game);
    say(game, whatsapp, N);
    for (int i = 0; i < N; i++)
        settle_last(game, messenger, OUTCOME_IS_BOUNCED);
    assert_int_equal(broker_retry_some(&game->broker, &channel, &after, &count), 1);
    assert_int_equal(count, BROKER_RETRY_AT_ONCE);
    assert_int_equal(broker_retry_some(&game->broker, &channel, &after, &count), 0);
    assert_int_equal(count, 44);
    assert_int_equal(memory_tables_count(game->memory, TABLE_DEAD), 0);
    game_turn(game);
    for (uint64_t seq = 1; seq <= N; seq++) {
        assert_int_equal(game_last(game, messenger)->seq, seq);
        settle_last(game, messenger, OUTCOME_IS_SENT);
    }
}

/* Whatever a network could not express is told, word for word, also of what it refused. */
static void test_sixteen_lost_words_fit_whole_for_sent_and_for_bounced(void **state)
{
    static const enum outcome_kind kinds[] = { OUTCOME_IS_SENT, OUTCOME_IS_BOUNCED };
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *messenger = game_join(game, MESSENGER, 1, 100);
    char text[OUTCOME_TEXT_MAX_BYTES];
    struct bytes lost[OUTCOME_LOST_MAX];
    struct ending ending;

    memset(text, 'x', sizeof(text));
    for (size_t i = 0; i < OUTCOME_LOST_MAX; i++)
        lost[i] = bytes_make(text, sizeof(text));
    game_room_of_three(game);
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        say(game, whatsapp, 1);
        const struct game_handed *handed = game_last(game, messenger);
        const struct outcome outcome = { .target = handed->first_target,
                                         .kind = kinds[i],
                                         .reason = bytes_make(text, sizeof(text)),
                                         .code = 131047,
                                         .lost = lost,
                                         .n_lost = OUTCOME_LOST_MAX };
        assert_int_equal(broker_ack(&game->broker, messenger, 7, handed->seq, &outcome, 1), 0);
        game_turn(game);
        arena_reset(&game->broker.scratch);
        assert_int_equal(ledger_ending(&game->broker.ledger, handed->seq, handed->first_target, &ending), 0);
        assert_int_equal(ending.kind, kinds[i]);
        assert_int_equal(ending.code, 131047);
        assert_int_equal(ending.reason.size, sizeof(text));
        assert_int_equal(ending.lost.size, OUTCOME_LOST_MAX * sizeof(text) + (OUTCOME_LOST_MAX - 1) * 2);
    }
}

static void test_everything_goes_at_the_end_of_retention_and_pending_becomes_dead(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *messenger = game_join(game, MESSENGER, 1, 100);

    game_room_of_three(game);
    game_publish(game, whatsapp, &(struct game_event){ .service = WHATSAPP, .from = "ana", .ref = "wamid.1" });
    game_turn(game);
    game_outcome(game, messenger, 1, game_last(game, messenger)->first_target, OUTCOME_IS_SENT, "m_1");
    game_pass_ms(game, 3600001);
    game_pass_ms(game, 50);
    const struct counts *counts = game_counts(game);
    assert_int_equal(counts->targets, 2);
    assert_int_equal(counts->sent, 1);
    assert_int_equal(counts->dead, 1); /* instagram never came */
    assert_int_equal(memory_tables_count(game->memory, TABLE_REFS), 0);
    assert_int_equal(memory_tables_count(game->memory, TABLE_SENT), 0);
    assert_int_equal(memory_tables_count(game->memory, TABLE_DEAD), 1);
    assert_int_equal(game->broker.tables.ops->tail(game->broker.tables.owner), 2);
}

static void test_letters_without_envelopes_and_spent_grants_are_forgotten_in_the_end(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100);
    struct grant_facts spent = { { { 0x77 } }, game_id(WHATSAPP), game_channel(), 1, game->broker.now_ms + 1000, 10 };

    assert_int_equal(broker_grant(&game->broker, &spent, bytes_of_text("grant")), 0);
    game_room_of_three(game);
    say(game, whatsapp, 1);
    game_pass_ms(game, 3600001);
    assert_int_equal(memory_tables_count(game->memory, TABLE_DEAD), 2);
    assert_int_equal(memory_tables_count(game->memory, TABLE_GRANTS), 6);
    game_pass_ms(game, GATEWAY_RETENTION_MS + 3600001);
    assert_int_equal(memory_tables_count(game->memory, TABLE_DEAD), 0);
    assert_int_equal(memory_tables_count(game->memory, TABLE_GRANTS), 5);
}

static void test_any_number_of_letters_is_forgotten_when_they_are_old(void **state)
{
    enum { N = 2 * GATEWAY_LETTERS_PER_TICK + 10 };
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 2000), *messenger = game_join(game, MESSENGER, 1, 2000);

    game_room_of_three(game);
    say(game, whatsapp, N);
    for (int i = 0; i < N; i++)
        settle_last(game, messenger, OUTCOME_IS_BOUNCED);
    game_pass_ms(game, 3600001);
    game_pass_ms(game, 50);
    assert_true(memory_tables_count(game->memory, TABLE_DEAD) >= N);
    game_pass_ms(game, 3600001);
    game_pass_ms(game, 3600001);
    for (int ticks = 0; ticks < 20; ticks++)
        game_pass_ms(game, 60001);
    assert_int_equal(memory_tables_count(game->memory, TABLE_DEAD), 0);
}

static void test_subscriber_never_has_more_out_than_its_credit(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *bot = game_join(game, BOT, 1, 10);

    say(game, whatsapp, 50);
    assert_int_equal(game_count(game, bot), 10);
    for (uint64_t seq = 1; seq <= 10; seq++)
        assert_int_equal(broker_ack_run(&game->broker, bot, 7, seq, 1), 0);
    game_turn(game);
    assert_int_equal(game_count(game, bot), 10); /* acknowledging is not asking for more */
    broker_peer_credit(&game->broker, bot, 5, 0);
    game_turn(game);
    assert_int_equal(game_count(game, bot), 15);
}

static void test_subscription_continues_at_its_floor_after_a_restart_without_repeating_gaps(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *bot = game_join(game, BOT, 1, 100);
    size_t at;

    say(game, whatsapp, 20);
    assert_int_equal(broker_ack_run(&game->broker, bot, 7, 1, 5), 0);
    assert_int_equal(broker_ack_run(&game->broker, bot, 7, 8, 3), 0); /* 6 and 7 are still out */
    game_restart(game);
    at = game->n_handed;
    bot = game_join(game, BOT, 2, 100);
    game_turn(game);
    static const uint64_t expected[] = { 6, 7, 11, 12 };
    for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
        const struct game_handed *handed = game_next(game, bot, &at);

        assert_non_null(handed);
        assert_int_equal(handed->seq, expected[i]);
    }
}

/* What the first life knew the third knows: the second had come by it without handing it out. */
static void test_gaps_are_not_repeated_after_a_second_restart(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *bot = game_join(game, BOT, 1, 100);
    size_t at;

    say(game, whatsapp, 20);
    assert_int_equal(broker_ack_run(&game->broker, bot, 7, 1, 5), 0);
    assert_int_equal(broker_ack_run(&game->broker, bot, 7, 8, 3), 0);
    game_restart(game);
    bot = game_join(game, BOT, 2, 100);
    game_turn(game);
    assert_int_equal(broker_ack_run(&game->broker, bot, 7, 11, 1), 0);
    game_turn(game);
    game_restart(game);
    at = game->n_handed;
    bot = game_join(game, BOT, 3, 100);
    game_turn(game);
    static const uint64_t expected[] = { 6, 7, 12, 13 };
    for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
        const struct game_handed *handed = game_next(game, bot, &at);

        assert_non_null(handed);
        assert_int_equal(handed->seq, expected[i]);
    }
}

/* Out of what is kept in memory, so it is read: an error that may pass ends nothing. */
static void test_record_that_cannot_be_read_for_now_is_answered_and_handed_out_later(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *messenger = game_join(game, MESSENGER, 1, 100);
    struct outcome sent = { .kind = OUTCOME_IS_SENT };

    game_room_of_three(game);
    say(game, whatsapp, 2);
    live_forget(&game->broker.live, UINT64_MAX);
    sent.target = game_last(game, messenger)->first_target;
    memory_tables_break(game->memory, -EIO);
    assert_int_equal(broker_ack(&game->broker, messenger, 7, 1, &sent, 1), -EIO);
    memory_tables_break(game->memory, 0);
    assert_int_equal(broker_ack(&game->broker, messenger, 7, 1, &sent, 1), 0);
    memory_tables_break(game->memory, -EIO);
    game_turn(game);
    assert_int_equal(game_count(game, messenger), 1);
    memory_tables_break(game->memory, 0);
    game_turn(game);
    assert_int_equal(game_last(game, messenger)->seq, 2);
}

static void test_replicas_share_the_rooms_and_a_room_never_has_two_holders(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 1000);
    struct peer *bots[3] = { game_join(game, BOT, 1, 1000), game_join(game, BOT, 2, 1000) };
    static const char *const people[] = { "p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7" };

    for (int round = 0; round < 5; round++)
        for (size_t i = 0; i < ARRAY_SIZE(people); i++)
            game_publish(game, whatsapp, &(struct game_event){ .service = WHATSAPP, .from = people[i] });
    game_turn(game);
    assert_int_equal(game_count(game, bots[0]) + game_count(game, bots[1]), 40);
    assert_true(game_count(game, bots[0]) > 0 && game_count(game, bots[1]) > 0);
    bots[2] = game_join(game, BOT, 3, 1000); /* joins while everything is out */
    for (size_t i = 0; i < ARRAY_SIZE(people); i++)
        game_publish(game, whatsapp, &(struct game_event){ .service = WHATSAPP, .from = people[i] });
    game_turn(game);
    assert_int_equal(game_count(game, bots[2]), 0);
    assert_int_equal(broker_ack_run(&game->broker, bots[0], 7, 1, 40), 0);
    game_turn(game);
    assert_int_equal(game_count(game, bots[0]) + game_count(game, bots[1]) + game_count(game, bots[2]), 48);
    game_leave(game, bots[0]);
    game_leave(game, bots[1]);
    game_turn(game);
    assert_true(game_count(game, bots[2]) >= 8); /* whatever the others had not acknowledged */
}

static void test_translator_that_was_away_misses_nothing(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100);

    game_room_of_three(game);
    say(game, whatsapp, 5);
    struct peer *messenger = game_join(game, MESSENGER, 1, 100);
    game_turn(game);
    for (uint64_t seq = 1; seq <= 5; seq++) {
        assert_int_equal(game_last(game, messenger)->seq, seq);
        settle_last(game, messenger, OUTCOME_IS_SENT);
    }
}

static void test_nothing_is_handed_out_while_the_store_is_in_trouble(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *bot = game_join(game, BOT, 1, 100);

    broker_trouble(&game->broker, -ENOSPC);
    game_publish(game, whatsapp, &(struct game_event){ .service = WHATSAPP, .from = "ana" });
    assert_int_equal(game->verdict.reason, REJECT_IS_STORE_FULL);
    game_turn(game);
    assert_int_equal(game_count(game, bot), 0);
    broker_trouble(&game->broker, 0);
    say(game, whatsapp, 1);
    assert_int_equal(game_count(game, bot), 1);
}

static void test_crash_in_the_middle_of_a_line_repeats_only_what_has_no_outcome(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 1000), *messenger = game_join(game, MESSENGER, 1, 1000);

    game_room_of_three(game);
    say(game, whatsapp, 40);
    for (int i = 0; i < 7; i++)
        settle_last(game, messenger, OUTCOME_IS_SENT);
    game_restart(game); /* the eighth was out */
    messenger = game_join(game, MESSENGER, 2, 1000);
    game_turn(game);
    game_pass_ms(game, 4000);
    for (uint64_t seq = 8; seq <= 40; seq++) {
        assert_int_equal(game_last(game, messenger)->seq, seq);
        assert_int_equal(game_last(game, messenger)->maybe_sent, seq == 8);
        settle_last(game, messenger, OUTCOME_IS_SENT);
    }
    assert_int_equal(game_counts(game)->sent, 40);
    assert_int_equal(memory_tables_count(game->memory, TABLE_PARKED), 0);
}

static void test_after_a_stop_in_order_what_waited_goes_at_once_and_in_order(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 1000), *messenger = game_join(game, MESSENGER, 1, 100);

    game_room_of_three(game);
    say(game, whatsapp, 40); /* more than a line holds in memory */
    messenger->is_draining = true;
    settle_last(game, messenger, OUTCOME_IS_SENT);
    game_stop_and_start(game);
    messenger = game_join(game, MESSENGER, 2, 1000);
    game_turn(game);
    for (uint64_t seq = 2; seq <= 40; seq++) {
        assert_int_equal(game_last(game, messenger)->seq, seq);
        assert_false(game_last(game, messenger)->maybe_sent);
        settle_last(game, messenger, OUTCOME_IS_SENT);
    }
    assert_int_equal(game_counts(game)->sent, 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_PAPER(test_room_has_one_delivery_out_at_a_time_and_keeps_its_order),
        ON_PAPER(test_deferred_room_waits_and_others_go_on),
        ON_PAPER(test_returned_delivery_goes_to_another_and_is_no_attempt),
        ON_PAPER(test_delivery_returned_for_later_waits_and_is_no_attempt),
        ON_PAPER(test_what_waits_goes_on_waiting_when_somebody_sets_the_clock),
        ON_PAPER(test_what_an_earlier_life_deferred_waits_no_longer_when_a_late_clock_is_set_right),
        ON_PAPER(test_bounced_is_final_listed_and_can_be_retried),
        ON_PAPER(test_many_letters_are_retried_in_pieces_and_in_order),
        ON_PAPER(test_sixteen_lost_words_fit_whole_for_sent_and_for_bounced),
        ON_PAPER(test_everything_goes_at_the_end_of_retention_and_pending_becomes_dead),
        ON_PAPER(test_letters_without_envelopes_and_spent_grants_are_forgotten_in_the_end),
        ON_PAPER(test_any_number_of_letters_is_forgotten_when_they_are_old),
        ON_PAPER(test_subscriber_never_has_more_out_than_its_credit),
        ON_PAPER(test_subscription_continues_at_its_floor_after_a_restart_without_repeating_gaps),
        ON_PAPER(test_gaps_are_not_repeated_after_a_second_restart),
        ON_PAPER(test_record_that_cannot_be_read_for_now_is_answered_and_handed_out_later),
        ON_PAPER(test_replicas_share_the_rooms_and_a_room_never_has_two_holders),
        ON_PAPER(test_translator_that_was_away_misses_nothing),
        ON_PAPER(test_nothing_is_handed_out_while_the_store_is_in_trouble),
        ON_PAPER(test_after_a_stop_in_order_what_waited_goes_at_once_and_in_order),
        ON_PAPER(test_crash_in_the_middle_of_a_line_repeats_only_what_has_no_outcome),
    };

    return cmocka_run_group_tests_name("delivery", tests, NULL, NULL);
}
