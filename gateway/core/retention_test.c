/* Games on paper: what goes with time goes as fast as new things come, and what is kept in memory is what is used. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/directory_rows.h"
#include "core/trace.h"
#include "core_kit/game.h"

#define RETENTION_MS 3600000u
#define SMALL_CACHE 16u

static uint64_t tail_of(struct game *game)
{
    return game->broker.tables.ops->tail(game->broker.tables.owner);
}

/* So many journal records, without the work of handing them out. */
static void say(struct game *game, struct peer *whatsapp, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        game_publish(game, whatsapp,
                     &(struct game_event){ .service = WHATSAPP, .from = "ana", .audience = ENVELOPE_SERVICES });
    game_turn(game);
}

static void test_old_records_go_twice_as_fast_as_new_ones_come(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100);

    say(game, whatsapp, 5 * GATEWAY_PRUNE_RECORDS);
    game_pass_ms(game, RETENTION_MS - 1);
    assert_int_equal(tail_of(game), 1);
    say(game, whatsapp, GATEWAY_PRUNE_RECORDS + 10);
    game_pass_ms(game, 1);
    assert_int_equal(tail_of(game), 1 + 2 * (GATEWAY_PRUNE_RECORDS + 10));
    game_pass_ms(game, 50); /* nothing new: still a good piece per tick */
    assert_int_equal(tail_of(game), 1 + 3 * GATEWAY_PRUNE_RECORDS + 20);
}

static void test_nothing_goes_before_its_time_even_when_much_comes_in(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100);

    say(game, whatsapp, 100);
    game_pass_ms(game, 1000);
    say(game, whatsapp, 2 * GATEWAY_PRUNE_RECORDS);
    game_pass_ms(game, RETENTION_MS - 1000);
    assert_int_equal(tail_of(game), 101);
}

/* What is over goes even so: nothing else would ever make room. */
static void test_what_is_over_goes_while_the_store_is_full(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100);

    say(game, whatsapp, 100);
    broker_trouble(&game->broker, -ENOSPC);
    game_pass_ms(game, RETENTION_MS - 1);
    assert_int_equal(tail_of(game), 1);
    game_pass_ms(game, GATEWAY_RELIEF_MS);
    assert_int_equal(tail_of(game), 101);
    broker_trouble(&game->broker, 0);
    say(game, whatsapp, 10);
    broker_trouble(&game->broker, -EIO); /* no room would help here */
    game_pass_ms(game, RETENTION_MS);
    assert_int_equal(tail_of(game), 101);
}

/* Two targets each: messenger has the first in hand, nobody is there for instagram. */
static void test_what_is_over_is_handed_to_nobody_and_counted_once(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *messenger = game_join(game, MESSENGER, 1, 100);

    game_room_of_three(game);
    for (int i = 0; i < 2; i++)
        game_publish(game, whatsapp, &(struct game_event){ .service = WHATSAPP, .from = "ana" });
    game_turn(game);
    game_pass_ms(game, RETENTION_MS);
    game_pass_ms(game, 50); /* what ana's row said last is written by now */
    assert_int_equal(tail_of(game), 3);
    assert_int_equal(game_counts(game)->dead, 4);
    struct peer *instagram = game_join(game, INSTAGRAM, 1, 100), *bot = game_join(game, BOT, 1, 100);
    game_turn(game);
    assert_int_equal(game_count(game, instagram), 0);
    assert_int_equal(game_count(game, bot), 0);
    const struct game_handed *held = game_last(game, messenger);
    game_outcome(game, messenger, held->seq, held->first_target, OUTCOME_IS_SENT, NULL);
    assert_int_equal(game_counts(game)->dead, 4);
    assert_int_equal(game_counts(game)->sent, 0);
    game_publish(game, whatsapp, &(struct game_event){ .service = WHATSAPP, .from = "ana" });
    game_turn(game);
    assert_int_equal(game_last(game, messenger)->seq, 3); /* its room goes on */
    assert_int_equal(game_count(game, instagram), 1);
}

static int count_hop(void *context, const struct hop *hop)
{
    unsigned *n = context;

    (void) hop;
    (*n)++;
    return 0;
}

static unsigned count_hops(struct game *game, uint64_t seq)
{
    unsigned n = 0;

    assert_int_equal(trace_scan(&game->broker, seq, count_hop, &n), 0);
    return n;
}

static void test_notes_go_with_their_records_and_no_others(void **state)
{
    struct game *game = *state;
    struct hop hop = { .what = bytes_of_text("deferred"), .who = bytes_of_text("x"), .text = bytes_of_text("y") };

    for (uint64_t seq = 1; seq <= 4; seq++)
        for (unsigned i = 0; i < 50; i++)
            trace_note(&game->broker, seq, &hop);
    assert_int_equal(trace_prune(&game->broker, 2, 3), 0);
    assert_int_equal(count_hops(game, 1), 50);
    assert_int_equal(count_hops(game, 2), 0);
    assert_int_equal(count_hops(game, 3), 0);
    assert_int_equal(count_hops(game, 4), 50);
    assert_int_equal(trace_prune(&game->broker, 4, 9), 0);
    assert_int_equal(count_hops(game, 4), 0);
}

static struct address *meet(struct game *game, const char *name)
{
    struct id channel = game_channel();
    struct address *address;

    arena_reset(&game->broker.scratch);
    assert_int_equal(directory_meet(&game->broker.directory, &channel, bytes_of_text("whatsapp/1"),
                                    game_token(game, name), &address),
                     0);
    return address;
}

static void test_the_cache_lets_go_of_strangers_and_keeps_who_is_talked_with(void **state)
{
    struct game *game = *state;
    struct directory *directory = &game->broker.directory;
    struct address *ana = meet(game, "ana");
    struct id channel = game_channel(), person = ana->person;
    struct key key = address_row_key(&channel, game_token(game, "ana"));
    char name[32];

    directory->cache_max = SMALL_CACHE;
    for (unsigned round = 0; round < 20; round++) {
        for (unsigned i = 0; i < SMALL_CACHE / 2; i++) {
            (void) snprintf(name, sizeof(name), "stranger %u %u", round, i);
            meet(game, name);
        }
        assert_ptr_equal(meet(game, "ana"), ana);
        directory_turn(directory);
        assert_true(directory->addresses.count <= SMALL_CACHE);
        assert_true(directory->persons.count <= SMALL_CACHE);
        assert_true(directory->rooms.count <= SMALL_CACHE);
        assert_ptr_equal(pool_peek(&directory->addresses, key.data), ana);
    }
    for (unsigned i = 0; i < 2 * SMALL_CACHE; i++) {
        (void) snprintf(name, sizeof(name), "crowd %u", i);
        meet(game, name);
    }
    directory_turn(directory);
    directory_turn(directory); /* it is not kept for ever */
    assert_true(id_equal(&meet(game, "ana")->person, &person));
    assert_true(id_equal(&meet(game, "stranger 0 0")->channel, &channel));
}

static void test_whoever_comes_later_lies_behind_whoever_came_before(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100);
    struct id before = meet(game, "ana")->person;

    for (unsigned i = 0; i < 300; i++) { /* past one byte */
        say(game, whatsapp, 1);
        char name[32];

        (void) snprintf(name, sizeof(name), "new %u", i);
        struct id id = meet(game, name)->person;
        assert_true(bytes_compare(id_bytes(&id), id_bytes(&before)) > 0);
        before = id;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_PAPER(test_old_records_go_twice_as_fast_as_new_ones_come),
        ON_PAPER(test_nothing_goes_before_its_time_even_when_much_comes_in),
        ON_PAPER(test_what_is_over_goes_while_the_store_is_full),
        ON_PAPER(test_what_is_over_is_handed_to_nobody_and_counted_once),
        ON_PAPER(test_notes_go_with_their_records_and_no_others),
        ON_PAPER(test_the_cache_lets_go_of_strangers_and_keeps_who_is_talked_with),
        ON_PAPER(test_whoever_comes_later_lies_behind_whoever_came_before),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
