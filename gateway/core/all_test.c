/* Games on paper: ALL subscriptions, their replicas, and how they catch up. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core_kit/game.h"

#define HANDLE 7 /* of every seat in a game */

static void say(struct game *game, struct peer *whatsapp, const char *who, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        game_publish(game, whatsapp, &(struct game_event){ .service = WHATSAPP, .from = who });
    game_turn(game);
}

static void assert_handed(const struct game *game, const struct peer *peer, size_t from, uint64_t first, uint64_t last)
{
    const struct game_handed *handed;

    for (uint64_t seq = first; seq <= last; seq++) {
        handed = game_next(game, peer, &from);
        assert_non_null(handed);
        assert_int_equal(handed->seq, seq);
    }
    assert_null(game_next(game, peer, &from));
}

/* Two bots, and which of them has Ana's room. */
static void join_two(struct game *game, struct peer *whatsapp, struct peer **ret_holder, struct peer **ret_heir)
{
    struct peer *one = game_join(game, BOT, 1, 100), *two = game_join(game, BOT, 2, 100);

    say(game, whatsapp, "ana", 1);
    *ret_holder = game_count(game, one) ? one : two;
    *ret_heir = *ret_holder == one ? two : one;
}

static void test_replica_that_drains_keeps_its_rooms_until_nothing_of_them_is_out(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *holder, *heir;

    join_two(game, whatsapp, &holder, &heir);
    say(game, whatsapp, "ana", 2);
    holder->is_draining = true;
    say(game, whatsapp, "ana", 2);
    assert_int_equal(game_count(game, heir), 0);
    assert_int_equal(broker_ack_run(&game->broker, holder, HANDLE, 1, 1), 0);
    game_turn(game);
    assert_int_equal(game_count(game, heir), 0);
    game_leave(game, holder); /* what it had not read goes with it */
    game_turn(game);
    assert_handed(game, heir, 0, 2, 5);
}

static void test_replica_that_drains_and_has_answered_everything_passes_its_rooms_on_at_once(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *holder, *heir;

    join_two(game, whatsapp, &holder, &heir);
    holder->is_draining = true;
    say(game, whatsapp, "ana", 2);
    assert_int_equal(broker_ack_run(&game->broker, holder, HANDLE, 1, 1), 0);
    game_turn(game);
    assert_handed(game, heir, 0, 2, 3);
    say(game, whatsapp, "ana", 1);
    assert_handed(game, heir, 0, 2, 4);
}

static void test_rooms_of_which_nothing_is_out_do_not_wait_for_a_replica_that_drains(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *holder, *heir;
    char who[16];

    join_two(game, whatsapp, &holder, &heir);
    holder->is_draining = true;
    for (int i = 0; i < 20; i++) {
        (void) snprintf(who, sizeof(who), "p%d", i);
        say(game, whatsapp, who, 1);
    }
    assert_int_equal(game_count(game, heir), 20);
}

/* However their tags happen to be: these two look alike to a filter of 64 bits. */
static void test_replica_without_credit_keeps_no_other_waiting(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100);
    struct peer *slow = game_join(game, BOT, 1, 0), *quick = game_join(game, BOT, 17, 0);
    char who[16];

    for (int i = 0; i < 20; i++) {
        (void) snprintf(who, sizeof(who), "p%d", i);
        say(game, whatsapp, who, 1);
    }
    broker_peer_credit(&game->broker, quick, 100, 0);
    game_turn(game);
    size_t n_quick = game_count(game, quick);
    assert_true(n_quick > 0);
    broker_peer_credit(&game->broker, slow, 100, 0);
    game_turn(game);
    assert_int_equal(game_count(game, quick), n_quick);
    assert_int_equal(game_count(game, slow), 20 - n_quick);
}

static void test_record_that_cannot_be_read_for_now_is_not_taken_for_acknowledged(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *bot = game_join(game, BOT, 1, 2);

    say(game, whatsapp, "ana", 2);
    struct peer *other = game_join(game, BOT, 2, 100);
    game_leave(game, bot);
    live_forget(&game->broker.live, UINT64_MAX);
    memory_tables_break(game->memory, -EIO);
    game_turn(game);
    assert_int_equal(game_count(game, other), 0);
    memory_tables_break(game->memory, 0);
    game_turn(game);
    assert_handed(game, other, 0, 1, 2);
}

/* Of what a replica left behind some had been answered: the rest goes on, whatever became of the first. */
static void test_record_that_is_pruned_while_it_waits_keeps_nothing_else_waiting(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *bot = game_join(game, BOT, 1, 100);
    const struct tables *tables = &game->broker.tables;

    say(game, whatsapp, "ana", 4);
    assert_int_equal(broker_ack_run(&game->broker, bot, HANDLE, 2, 2), 0);
    game_leave(game, bot);
    live_forget(&game->broker.live, UINT64_MAX);
    assert_int_equal(tables->ops->prune(tables->owner, 1, game->broker.now_ms), 0);
    bot = game_join(game, BOT, 2, 100);
    game_turn(game);
    assert_handed(game, bot, 0, 4, 4);
}

/* One who was away while much happened that is nothing to him: others have their turns in between. */
static void test_long_absence_is_caught_up_with_in_steps(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100);
    unsigned steps = 1;

    game_room_of_three(game);
    for (unsigned i = 0; i < 3 * GATEWAY_PUMP_RECORDS; i++)
        game_publish(game, whatsapp,
                     &(struct game_event){ .service = WHATSAPP, .from = "ana", .audience = ENVELOPE_SERVICES });
    say(game, whatsapp, "ana", 1);
    struct peer *messenger = game_join(game, MESSENGER, 1, 100);
    while (broker_pump(&game->broker)) {
        assert_int_equal(game_count(game, messenger), 0);
        steps++;
    }
    assert_int_equal(steps, 4);
    assert_int_equal(game_count(game, messenger), 1);
}

/* Names are for good: who takes a new one with every start is told so, and the others have theirs. */
static void test_service_that_names_a_subscription_after_each_start_leaves_room_for_others(void **state)
{
    struct game *game = *state;
    struct seat_wish wish = { .channel = game_channel(), .handle = HANDLE };
    struct peer peer = { .service = game_id(BOT) };
    struct subscription *subscription;
    const char *why = NULL;
    char name[32];
    int r = 0;

    for (unsigned i = 0; i <= GATEWAY_NAMES_PER_SERVICE; i++) {
        (void) snprintf(name, sizeof(name), "start-%u", i);
        wish.name = bytes_of_text(name);
        broker_peer_join(&game->broker, &peer);
        r = broker_subscribe(&game->broker, &peer, &wish, &subscription, &why);
        broker_peer_gone(&game->broker, &peer);
        assert_int_equal(r, i < GATEWAY_NAMES_PER_SERVICE ? 0 : -EDQUOT);
    }
    assert_non_null(strstr(why, "the same name"));
    wish.name = bytes_of_text("start-7");
    broker_peer_join(&game->broker, &peer);
    assert_int_equal(broker_subscribe(&game->broker, &peer, &wish, &subscription, &why), 0);
    broker_peer_gone(&game->broker, &peer);
    (void) game_join(game, CRM, 1, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_PAPER(test_replica_that_drains_keeps_its_rooms_until_nothing_of_them_is_out),
        ON_PAPER(test_replica_that_drains_and_has_answered_everything_passes_its_rooms_on_at_once),
        ON_PAPER(test_rooms_of_which_nothing_is_out_do_not_wait_for_a_replica_that_drains),
        ON_PAPER(test_replica_without_credit_keeps_no_other_waiting),
        ON_PAPER(test_record_that_cannot_be_read_for_now_is_not_taken_for_acknowledged),
        ON_PAPER(test_record_that_is_pruned_while_it_waits_keeps_nothing_else_waiting),
        ON_PAPER(test_service_that_names_a_subscription_after_each_start_leaves_room_for_others),
        ON_PAPER(test_long_absence_is_caught_up_with_in_steps),
    };

    return cmocka_run_group_tests_name("all", tests, NULL, NULL);
}
