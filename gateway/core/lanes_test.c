/* Games on paper: what is answered to somebody overtakes what is sent to many, and nothing overtakes inside a room. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "core_kit/game.h"

#define MANY 10000

/* The n-th person of messenger, alone in a room. */
static struct id room_of(struct game *game, unsigned n)
{
    struct id channel = game_channel();
    struct address *address;
    struct person *person;
    char name[16];

    snprintf(name, sizeof(name), "p%u", n);
    arena_reset(&game->broker.scratch);
    assert_int_equal(directory_meet(&game->broker.directory, &channel, bytes_of_text(game_account(MESSENGER)),
                                    game_token(game, name), &address),
                     0);
    assert_int_equal(directory_person(&game->broker.directory, &address->person, &person), 0);
    return person->room;
}

static uint64_t tell(struct game *game, struct peer *bot, struct id room, enum envelope_lane lane)
{
    game_publish(game, bot, &(struct game_event){ .service = BOT, .room = room, .lane = lane });
    assert_int_equal(game->verdict.kind, VERDICT_ACCEPTED);
    return game->broker.tables.ops->head(game->broker.tables.owner);
}

/* One bulk message to each of the first n persons. */
static void campaign(struct game *game, struct peer *bot, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        tell(game, bot, room_of(game, i), ENVELOPE_BULK);
        if (i % 1000 == 999)
            game_turn(game);
    }
    game_turn(game);
}

static bool was_handed(const struct game *game, const struct peer *peer, uint64_t seq)
{
    size_t at = 0;

    for (const struct game_handed *handed; (handed = game_next(game, peer, &at));)
        if (handed->seq == seq)
            return true;
    return false;
}

static void test_reply_overtakes_a_campaign_of_ten_thousand_in_other_rooms(void **state)
{
    struct game *game = *state;
    struct peer *bot = game_join(game, BOT, 1, 0), *messenger = game_join(game, MESSENGER, 1, 100);

    campaign(game, bot, MANY);
    assert_int_equal(game_count(game, messenger), 50); /* half of what it can have out */
    uint64_t reply = tell(game, bot, room_of(game, MANY), ENVELOPE_REPLY);
    game_turn(game);
    assert_int_equal(game_count(game, messenger), 51);
    assert_true(was_handed(game, messenger, reply));

    size_t n_sent = 0;
    while (game->n_handed > 0) { /* and then everybody gets his */
        struct game_handed batch[256];
        size_t n = game->n_handed;

        assert_true(n <= ARRAY_SIZE(batch));
        memcpy(batch, game->handed, n * sizeof(batch[0]));
        game->n_handed = 0;
        for (size_t i = 0; i < n; i++, n_sent++)
            game_outcome(game, messenger, batch[i].seq, batch[i].first_target, OUTCOME_IS_SENT, NULL);
        assert_true(messenger->credit >= 50); /* also for those that waited in the store */
    }
    assert_int_equal(n_sent, MANY + 1);
    assert_int_equal(game_counts(game)->sent, MANY + 1);
    assert_int_equal(memory_tables_count(game->memory, TABLE_PARKED), 0);
}

static void test_reply_always_finds_credit_and_takes_all_that_is_left(void **state)
{
    struct game *game = *state;
    struct peer *bot = game_join(game, BOT, 1, 0), *messenger = game_join(game, MESSENGER, 1, 10);

    campaign(game, bot, 20);
    assert_int_equal(game_count(game, messenger), 5);
    for (unsigned i = 0; i < 8; i++)
        tell(game, bot, room_of(game, 100 + i), ENVELOPE_REPLY);
    game_turn(game);
    assert_int_equal(game_count(game, messenger), 10); /* five of the eight: that was all its credit */
    game_outcome(game, messenger, 1, 0, OUTCOME_IS_SENT, NULL);
    assert_int_equal(game_count(game, messenger), 11);
    assert_true(was_handed(game, messenger, 26)); /* the sixth reply, not the sixth of the campaign */
    assert_false(was_handed(game, messenger, 6));
}

static void test_credit_of_one_lets_bulk_through_when_there_is_nothing_else(void **state)
{
    struct game *game = *state;
    struct peer *bot = game_join(game, BOT, 1, 0), *messenger = game_join(game, MESSENGER, 1, 1);

    campaign(game, bot, 3);
    for (uint64_t seq = 1; seq <= 3; seq++) {
        assert_int_equal(game_count(game, messenger), seq);
        game_outcome(game, messenger, seq, 0, OUTCOME_IS_SENT, NULL);
    }
}

static void test_nothing_overtakes_inside_a_room(void **state)
{
    struct game *game = *state;
    struct peer *bot = game_join(game, BOT, 1, 0), *messenger = game_join(game, MESSENGER, 1, 100);
    struct id room = room_of(game, 1);

    tell(game, bot, room, ENVELOPE_BULK);
    tell(game, bot, room, ENVELOPE_REPLY);
    tell(game, bot, room, ENVELOPE_BULK);
    game_turn(game);
    for (uint64_t seq = 1; seq <= 3; seq++) {
        assert_int_equal(game_count(game, messenger), seq);
        assert_int_equal(game->handed[game->n_handed - 1].seq, seq);
        game_outcome(game, messenger, seq, 0, OUTCOME_IS_SENT, NULL);
    }
}

static void test_deferred_bulk_comes_again_as_bulk(void **state)
{
    struct game *game = *state;
    struct peer *bot = game_join(game, BOT, 1, 0), *messenger = game_join(game, MESSENGER, 1, 4);

    campaign(game, bot, 4);
    assert_int_equal(game_count(game, messenger), 2);
    game_deferred(game, messenger, 1, 0, 5000);
    game_deferred(game, messenger, 2, 0, 5000);
    assert_int_equal(game_count(game, messenger), 4); /* three and four; one and two are asleep in the store */
    game_restart(game);
    messenger = game_join(game, MESSENGER, 1, 4); /* the same replica: nothing is doubted */
    bot = game_join(game, BOT, 2, 0);
    game->n_handed = 0;
    game_pass_ms(game, 20000);
    game_pass_ms(game, 50);
    assert_int_equal(game->n_handed, 2);
    for (unsigned i = 0; i < 2; i++)
        tell(game, bot, room_of(game, 50 + i), ENVELOPE_REPLY);
    game_turn(game);
    assert_int_equal(game->n_handed, 4);
    assert_true(was_handed(game, messenger, 5) && was_handed(game, messenger, 6));
}

static void test_campaign_of_an_earlier_life_does_not_stand_before_a_reply(void **state)
{
    struct game *game = *state;
    struct peer *bot = game_join(game, BOT, 1, 0);

    campaign(game, bot, 6000); /* nobody is there to take it: more than memory holds */
    game_restart(game);
    bot = game_join(game, BOT, 2, 0);
    struct peer *messenger = game_join(game, MESSENGER, 1, 100);
    uint64_t reply = tell(game, bot, room_of(game, 7000), ENVELOPE_REPLY);
    game_turn(game);
    assert_true(was_handed(game, messenger, reply));
    game_pass_ms(game, 4000); /* the doubts are over */
    game_pass_ms(game, 50);
    assert_true(game_count(game, messenger) >= 50);
    reply = tell(game, bot, room_of(game, 7001), ENVELOPE_REPLY);
    game_turn(game);
    assert_true(was_handed(game, messenger, reply));
}

static unsigned in_memory(struct game *game)
{
    struct id channel = game_channel(), service = game_id(MESSENGER);

    return subscription_of_reader(&game->broker, &channel, &service)->lines.n_entries;
}

static void test_campaign_in_the_store_stays_there_until_its_turn(void **state)
{
    struct game *game = *state;
    struct peer *bot = game_join(game, BOT, 1, 0);

    game_join(game, MESSENGER, 1, 2);
    campaign(game, bot, 6000);
    assert_int_equal(in_memory(game), GATEWAY_LOOKAHEAD_BULK);
    game_restart(game);
    game_join(game, MESSENGER, 2, 100);
    game_turn(game);
    game_pass_ms(game, 4000);
    assert_true(in_memory(game) <= GATEWAY_LOOKAHEAD_BULK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_PAPER(test_reply_overtakes_a_campaign_of_ten_thousand_in_other_rooms),
        ON_PAPER(test_reply_always_finds_credit_and_takes_all_that_is_left),
        ON_PAPER(test_credit_of_one_lets_bulk_through_when_there_is_nothing_else),
        ON_PAPER(test_nothing_overtakes_inside_a_room),
        ON_PAPER(test_deferred_bulk_comes_again_as_bulk),
        ON_PAPER(test_campaign_of_an_earlier_life_does_not_stand_before_a_reply),
        ON_PAPER(test_campaign_in_the_store_stays_there_until_its_turn),
    };

    return cmocka_run_group_tests_name("lanes", tests, NULL, NULL);
}
