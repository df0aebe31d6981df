/* Games on paper: what events say of addresses is written behind, and is there after a kill all the same. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/directory_rows.h"
#include "core/forget.h"
#include "core_kit/game.h"

#define SMALL_CACHE 16u

static struct address *address_of(struct game *game, const char *name)
{
    struct id channel = game_channel();
    struct address *address = NULL;

    arena_reset(&game->broker.scratch);
    assert_int_equal(directory_address(&game->broker.directory, &channel, game_token(game, name), &address), 0);
    return address;
}

/* The row as it is in the tables, whatever memory holds. */
static struct address row_of(struct game *game, const char *name)
{
    struct id channel = game_channel();
    struct key key = address_row_key(&channel, game_token(game, name));
    struct address row = { .is_new = false };
    struct bytes bytes;

    assert_int_equal(tables_get(&game->broker.tables, TABLE_ADDRESSES, key_bytes(&key), &game->broker.scratch, &bytes),
                     0);
    assert_int_equal(address_unpack(bytes, &row), 0);
    return row;
}

static uint64_t last_seq_of_row(struct game *game, const char *name)
{
    struct address row = row_of(game, name);
    uint64_t seq = row.last_seq;

    address_empty(&row);
    return seq;
}

static void publish(struct game *game, struct peer *whatsapp, const struct game_event *event)
{
    struct game_event said = *event;

    said.service = WHATSAPP;
    game_publish(game, whatsapp, &said);
    assert_int_equal(game->verdict.kind, VERDICT_ACCEPTED);
}

static void says(struct game *game, struct peer *whatsapp, const char *from, const char *ref)
{
    publish(game, whatsapp, &(struct game_event){ .from = from, .ref = ref, .opens_window_ms = game->broker.now_ms });
    game_turn(game);
}

static void test_what_is_behind_is_there_after_a_kill(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 0, 100);

    says(game, whatsapp, "ana", "first");
    uint64_t before = last_seq_of_row(game, "ana");
    game_pass_ms(game, 1000);
    says(game, whatsapp, "ana", "second");
    publish(game, whatsapp,
            &(struct game_event){ .from = "ana", .consent = ENVELOPE_WITHDRAWN, .audience = ENVELOPE_SERVICES });
    game_turn(game);
    assert_int_equal(last_seq_of_row(game, "ana"), before); /* written behind */
    struct address was = *address_of(game, "ana");
    uint64_t now_ms = game->broker.now_ms;
    game_restart(game);
    const struct address *is = address_of(game, "ana");
    assert_int_equal(is->last_active_ms, was.last_active_ms);
    assert_int_equal(is->last_active_ms, now_ms);
    assert_int_equal(is->last_seq, was.last_seq);
    assert_int_equal(is->window_ms, now_ms);
    assert_int_equal(is->consent, ENVELOPE_WITHDRAWN);
    assert_int_equal(is->consent_seq, was.last_seq);
    assert_true(bytes_equal(is->last_ref, game_token(game, "second")));
    game_restart(game); /* and after another, before it was written */
    assert_int_equal(address_of(game, "ana")->window_ms, now_ms);
}

static void test_answer_goes_to_the_address_that_spoke_last_before_a_kill(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 0, 100);

    publish(game, whatsapp, &(struct game_event){ .from = "old", .aliases = { "new" } });
    game_turn(game);
    for (unsigned i = 0; i < 3; i++) {
        const char *name = i % 2 ? "old" : "new";
        struct address *active;
        struct person *person;

        game_pass_ms(game, 1);
        says(game, whatsapp, name, "hello");
        game_restart(game);
        whatsapp = game_join(game, WHATSAPP, 0, 100);
        assert_int_equal(directory_person(&game->broker.directory, &address_of(game, name)->person, &person), 0);
        assert_int_equal(directory_active(&game->broker.directory, person, &active), 0);
        assert_ptr_equal(active, address_of(game, name));
    }
}

static void test_rows_are_written_in_time_and_at_a_stop_in_order(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 0, 100);

    says(game, whatsapp, "ana", "first");
    says(game, whatsapp, "ana", "second");
    assert_int_not_equal(last_seq_of_row(game, "ana"), address_of(game, "ana")->last_seq);
    game_pass_ms(game, GATEWAY_BEHIND_MS);
    game_turn(game);
    assert_int_equal(last_seq_of_row(game, "ana"), address_of(game, "ana")->last_seq);
    says(game, whatsapp, "ana", "third");
    assert_int_not_equal(last_seq_of_row(game, "ana"), address_of(game, "ana")->last_seq);
    uint64_t last = address_of(game, "ana")->last_seq;
    game_stop_and_start(game);
    assert_int_equal(last_seq_of_row(game, "ana"), last);
}

static void test_memory_does_not_let_go_of_what_is_behind(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 0, 1000);
    struct id channel = game_channel();
    struct address *stranger;
    char name[32];

    says(game, whatsapp, "ana", "first");
    says(game, whatsapp, "ana", "second");
    uint64_t last = address_of(game, "ana")->last_seq;
    game->broker.directory.cache_max = SMALL_CACHE;
    for (unsigned i = 0; i < 10 * SMALL_CACHE; i++) {
        (void) snprintf(name, sizeof(name), "stranger %u", i);
        arena_reset(&game->broker.scratch);
        assert_int_equal(directory_meet(&game->broker.directory, &channel, bytes_of_text("whatsapp/1"),
                                        game_token(game, name), &stranger),
                         0);
        directory_turn(&game->broker.directory);
    }
    assert_int_equal(address_of(game, "ana")->last_seq, last);
}

static void test_retention_waits_for_the_rows(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 0, 100);
    const struct tables *tables = &game->broker.tables;

    says(game, whatsapp, "ana", "first");
    says(game, whatsapp, "ana", "second");
    uint64_t behind = address_of(game, "ana")->behind_seq;
    assert_int_not_equal(behind, 0);
    assert_int_equal(activity_floor(&game->broker), behind - 1);
    game->broker.now_ms += (uint64_t) 30 * 24 * 3600 * 1000; /* all is over, nothing was written meanwhile */
    broker_tick(&game->broker, game->broker.now_ms);
    assert_true(tables->ops->tail(tables->owner) <= behind);
    game_turn(game); /* now it was */
    broker_tick(&game->broker, game->broker.now_ms);
    assert_true(tables->ops->tail(tables->owner) > behind);
    game_restart(game);
    assert_true(address_of(game, "ana")->last_seq >= behind);
}

static void test_whoever_was_forgotten_stays_forgotten_when_he_comes_again(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 0, 100);
    struct id channel = game_channel();
    struct forgotten forgotten;
    struct address *address;

    says(game, whatsapp, "bob", "first");
    says(game, whatsapp, "bob", "second"); /* he is behind all the time: everything is read again */
    says(game, whatsapp, "ana", "first");
    game_publish(
        game, whatsapp,
        &(struct game_event){ .from = "ana", .consent = ENVELOPE_WITHDRAWN, .opens_window_ms = game->broker.now_ms });
    game_turn(game);
    assert_int_equal(broker_forget(&game->broker, &channel, game_token(game, "ana"), 0, &forgotten), 0);
    game_turn(game);
    game_restart(game);
    arena_reset(&game->broker.scratch);
    assert_int_equal(directory_address(&game->broker.directory, &channel, game_token(game, "ana"), &address), -ENOENT);
    whatsapp = game_join(game, WHATSAPP, 0, 100);
    publish(game, whatsapp, &(struct game_event){ .from = "ana", .audience = ENVELOPE_SERVICES });
    game_turn(game);
    game_restart(game);
    assert_int_not_equal(address_of(game, "bob")->behind_seq, 0);
    assert_int_equal(address_of(game, "ana")->consent, 0);
    assert_int_equal(address_of(game, "ana")->window_ms, 0);
    assert_int_equal(address_of(game, "ana")->last_ref.size, 0);
}

static void test_what_is_read_again_is_bounded(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 0, 100);

    says(game, whatsapp, "ana", "first");
    says(game, whatsapp, "ana", "second");
    for (unsigned i = 0; i < GATEWAY_BEHIND_RECORDS; i++)
        publish(game, whatsapp, &(struct game_event){ .from = "bob", .audience = ENVELOPE_SERVICES });
    game_turn(game);
    assert_int_equal(last_seq_of_row(game, "ana"), address_of(game, "ana")->last_seq);
    assert_int_equal(activity_floor(&game->broker), game->broker.tables.ops->head(game->broker.tables.owner));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_PAPER(test_what_is_behind_is_there_after_a_kill),
        ON_PAPER(test_answer_goes_to_the_address_that_spoke_last_before_a_kill),
        ON_PAPER(test_rows_are_written_in_time_and_at_a_stop_in_order),
        ON_PAPER(test_memory_does_not_let_go_of_what_is_behind),
        ON_PAPER(test_retention_waits_for_the_rows),
        ON_PAPER(test_whoever_was_forgotten_stays_forgotten_when_he_comes_again),
        ON_PAPER(test_what_is_read_again_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
