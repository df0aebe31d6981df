/* Law 6 on paper: what is open is found where it waits, and the counters agree — or the audit says that they do not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/pending.h"
#include "core_kit/game.h"

static struct pending count(struct game *game)
{
    struct id channel = game_channel();
    struct pending pending = { 0 };

    assert_int_equal(pending_count(&game->broker, &channel, 100000, &pending), 0);
    assert_true(pending.is_whole);
    return pending;
}

static bool adds_up(struct game *game)
{
    struct pending pending = count(game);

    return pending_adds_up(game_counts(game), &pending);
}

#define assert_open(game, n)                        \
    do {                                            \
        assert_int_equal(count(game).targets, (n)); \
        assert_true(adds_up(game));                 \
    } while (0)

/* Ana speaks n times to bob and eve. */
static void say(struct game *game, struct peer *whatsapp, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        game_publish(game, whatsapp, &(struct game_event){ .service = WHATSAPP, .from = "ana" });
    game_turn(game);
}

static void end_last(struct game *game, struct peer *peer, enum outcome_kind kind)
{
    const struct game_handed *handed = game_last(game, peer);

    game_outcome(game, peer, handed->seq, handed->first_target, kind, NULL);
}

static void test_one_count_too_many_or_too_few_shows(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *messenger = game_join(game, MESSENGER, 1, 100);
    uint64_t *counters[4];

    game_room_of_three(game);
    say(game, whatsapp, 3);
    end_last(game, messenger, OUTCOME_IS_SENT);
    assert_open(game, 5);
    struct counts *counts = audit_of(&game->broker.audit, &(struct id){ { 0xc0, 1 } });
    counters[0] = &counts->targets;
    counters[1] = &counts->sent;
    counters[2] = &counts->bounced;
    counters[3] = &counts->dead;
    for (size_t i = 0; i < 4; i++) {
        ++*counters[i];
        assert_false(adds_up(game));
        --*counters[i];
        assert_true(adds_up(game));
    }
    counts->received++;
    assert_false(adds_up(game));
    counts->received--;
}

static void test_a_target_that_is_lost_from_its_line_shows(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *messenger = game_join(game, MESSENGER, 1, 100);
    struct id channel = game_channel(), service = game_id(MESSENGER);

    game_room_of_three(game);
    say(game, whatsapp, 2);
    assert_open(game, 4);
    struct subscription *subscription = subscription_of_reader(&game->broker, &channel, &service);
    struct entry *entry = lines_find(&subscription->lines, 2);
    struct target_set left = entry->left;
    entry->left = (struct target_set){ { 0 } };
    assert_false(adds_up(game));
    entry->left = left;
    assert_open(game, 4);
    (void) messenger;
}

static void test_a_lost_row_shows(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 1000), *messenger = game_join(game, MESSENGER, 1, 1000);
    struct id channel = game_channel(), service = game_id(MESSENGER);
    struct key key = { .size = 0 };

    struct id room = game_room_of_three(game);
    say(game, whatsapp, 100); /* more than a line holds in memory */
    assert_open(game, 200);
    key_put(&key, id_bytes(&channel));
    key_put(&key, id_bytes(&service));
    key_put(&key, id_bytes(&room));
    key_u64(&key, 90);
    tables_delete(&game->broker.tables, TABLE_PARKED, key_bytes(&key));
    assert_int_equal(count(game).targets, 199);
    assert_false(adds_up(game));
    (void) messenger;
}

static void test_the_books_balance_through_parking_and_doubt(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 1000), *messenger = game_join(game, MESSENGER, 1, 1000);
    struct peer *instagram = game_join(game, INSTAGRAM, 1, 1000);

    game_room_of_three(game);
    say(game, whatsapp, 60);
    assert_open(game, 120);
    game_deferred(game, messenger, game_last(game, messenger)->seq, game_last(game, messenger)->first_target, 5000);
    assert_open(game, 120);
    end_last(game, instagram, OUTCOME_IS_UNKNOWN); /* in doubt */
    assert_open(game, 120);
    game_leave(game, instagram);
    game_pass_ms(game, 2000);
    assert_open(game, 120);
    instagram = game_join(game, INSTAGRAM, 2, 1000);
    game_pass_ms(game, 4000);
    end_last(game, instagram, OUTCOME_IS_BOUNCED);
    assert_open(game, 119);
    for (uint64_t open = 118; open >= 59; open--) {
        end_last(game, messenger, OUTCOME_IS_SENT);
        assert_open(game, open);
    }
}

static void test_the_books_balance_through_dead_letters_and_their_retry(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *messenger = game_join(game, MESSENGER, 1, 100);
    struct id channel = game_channel();
    uint64_t n, after = 0;

    game_room_of_three(game);
    say(game, whatsapp, 3);
    end_last(game, messenger, OUTCOME_IS_BOUNCED);
    assert_open(game, 5);
    game_publish(game, whatsapp,
                 &(struct game_event){ .service = WHATSAPP, .from = "ana", .expires_ms = game->broker.now_ms + 10 });
    assert_open(game, 7);
    assert_int_equal(broker_retry_some(&game->broker, &channel, &after, &n), 0);
    assert_int_equal(n, 1);
    assert_open(game, 8);
    game_pass_ms(game, 50); /* the fourth is past its time: it dies when its turn comes */
    for (int i = 0; i < 3; i++)
        end_last(game, messenger, OUTCOME_IS_SENT);
    assert_int_equal(game_counts(game)->dead, 1);
    assert_open(game, 4);
}

static void test_the_books_balance_at_the_end_of_retention(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 1000), *messenger = game_join(game, MESSENGER, 1, 1000);

    game_room_of_three(game);
    say(game, whatsapp, 40); /* messenger's in memory and rows, instagram's in the journal */
    end_last(game, messenger, OUTCOME_IS_SENT);
    assert_open(game, 79);
    game_pass_ms(game, 1800000);
    say(game, whatsapp, 1);
    game_pass_ms(game, 1800001);
    assert_open(game, 2);
    game_restart(game);
    assert_open(game, 2);
}

static void test_the_books_balance_after_a_restart_from_the_tables(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 1000), *messenger = game_join(game, MESSENGER, 1, 1000);

    game_room_of_three(game);
    say(game, whatsapp, 40);
    for (int i = 0; i < 7; i++)
        end_last(game, messenger, OUTCOME_IS_SENT);
    assert_open(game, 73);
    game_restart(game);
    assert_open(game, 73);
    messenger = game_join(game, MESSENGER, 2, 1000);
    game_turn(game);
    assert_open(game, 73);
    game_pass_ms(game, 4000);
    end_last(game, messenger, OUTCOME_IS_SENT);
    assert_open(game, 72);
    game_restart(game);
    assert_open(game, 72);
}

static void test_a_count_that_had_to_stop_says_so(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 1000);
    struct id channel = game_channel();
    struct pending pending;

    game_room_of_three(game);
    say(game, whatsapp, 50);
    assert_int_equal(pending_count(&game->broker, &channel, 20, &pending), 0);
    assert_false(pending.is_whole);
    assert_int_equal(pending.targets, 20);
    assert_true(pending_adds_up(game_counts(game), &pending));
    pending.targets = 101;
    assert_false(pending_adds_up(game_counts(game), &pending));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_PAPER(test_one_count_too_many_or_too_few_shows),
        ON_PAPER(test_a_target_that_is_lost_from_its_line_shows),
        ON_PAPER(test_a_lost_row_shows),
        ON_PAPER(test_the_books_balance_through_parking_and_doubt),
        ON_PAPER(test_the_books_balance_through_dead_letters_and_their_retry),
        ON_PAPER(test_the_books_balance_at_the_end_of_retention),
        ON_PAPER(test_the_books_balance_after_a_restart_from_the_tables),
        ON_PAPER(test_a_count_that_had_to_stop_says_so),
    };

    return cmocka_run_group_tests_name("books", tests, NULL, NULL);
}
