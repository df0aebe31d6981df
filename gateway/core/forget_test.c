/* A person is forgotten: what goes, what stays sealed, and that the books still balance. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/forget.h"
#include "core/pending.h"
#include "core_kit/game.h"

static void say(struct game *game, struct peer *whatsapp, const char *ref)
{
    game_publish(game, whatsapp, &(struct game_event){ .service = WHATSAPP, .from = "ana", .ref = ref });
    game_turn(game);
}

static struct forgotten forget(struct game *game, const char *who)
{
    struct id channel = game_channel();
    struct forgotten forgotten, sum = { 0 };

    do {
        assert_int_equal(broker_forget(&game->broker, &channel, game_token(game, who), sum.next, &forgotten), 0);
        sum.addresses += forgotten.addresses;
        sum.refs += forgotten.refs;
        sum.letters += forgotten.letters;
        sum.deliveries += forgotten.deliveries;
        sum.records += forgotten.records;
        sum.next = forgotten.next;
    } while (sum.next > 0);
    game_turn(game);
    return sum;
}

static void assert_open(struct game *game, uint64_t n)
{
    struct id channel = game_channel();
    struct pending pending;

    assert_int_equal(pending_count(&game->broker, &channel, 100000, &pending), 0);
    assert_true(pending.is_whole);
    assert_int_equal(pending.targets, n);
    assert_true(pending_adds_up(game_counts(game), &pending));
}

static void test_everything_of_the_person_goes_and_nothing_of_others(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *messenger = game_join(game, MESSENGER, 1, 100);
    struct peer *instagram = game_join(game, INSTAGRAM, 1, 100);
    struct id channel = game_channel();
    struct address *address;
    uint64_t seq;
    uint32_t target;

    game_room_of_three(game);
    say(game, whatsapp, "wamid.1");
    say(game, whatsapp, "wamid.2");
    say(game, whatsapp, "wamid.3");
    game_outcome(game, messenger, 1, game_last(game, messenger)->first_target, OUTCOME_IS_SENT, "m_1");
    game_outcome(game, instagram, 1, game_last(game, instagram)->first_target, OUTCOME_IS_SENT, "i_1");
    game_outcome(game, messenger, 2, game_last(game, messenger)->first_target, OUTCOME_IS_BOUNCED, NULL);
    assert_int_equal(game_last(game, messenger)->seq, 3); /* out just now */
    assert_open(game, 3);

    struct forgotten bob = forget(game, "bob");
    assert_int_equal(bob.addresses, 1);
    assert_int_equal(bob.refs, 1);
    assert_int_equal(bob.letters, 1);
    assert_int_equal(bob.deliveries, 1);
    assert_int_equal(bob.records, 3);
    assert_open(game, 2); /* eve's */
    assert_int_equal(memory_tables_count(game->memory, TABLE_DEAD), 0);
    assert_int_equal(directory_address(&game->broker.directory, &channel, game_token(game, "bob"), &address), -ENOENT);
    assert_int_equal(directory_address(&game->broker.directory, &channel, game_token(game, "eve"), &address), 0);
    assert_int_equal(ledger_find(&game->broker.ledger, &channel, game_token(game, "m_1"), &seq, &target), -ENOENT);
    assert_int_equal(ledger_find(&game->broker.ledger, &channel, game_token(game, "i_1"), &seq, &target), 0);
    assert_int_equal(ledger_find(&game->broker.ledger, &channel, game_token(game, "wamid.1"), &seq, &target), 0);

    game_outcome(game, messenger, 3, game_last(game, messenger)->first_target, OUTCOME_IS_SENT, "m_3"); /* too late */
    assert_int_equal(ledger_find(&game->broker.ledger, &channel, game_token(game, "m_3"), &seq, &target), -ENOENT);
    assert_open(game, 2);
    size_t n = game_count(game, messenger);
    say(game, whatsapp, "wamid.4");
    assert_int_equal(game_count(game, messenger), n);
    struct forgotten unused;
    assert_int_equal(broker_forget(&game->broker, &channel, game_token(game, "bob"), 0, &unused), -ENOENT);
}

static void test_the_author_of_messages_is_forgotten_with_their_references(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100);
    struct id channel = game_channel();
    uint64_t seq;
    uint32_t target;

    game_room_of_three(game);
    say(game, whatsapp, "wamid.1");
    say(game, whatsapp, "wamid.2");
    struct forgotten ana = forget(game, "ana");
    assert_int_equal(ana.refs, 2);
    assert_int_equal(ana.records, 2);
    assert_int_equal(ana.deliveries, 0);
    assert_int_equal(ledger_find(&game->broker.ledger, &channel, game_token(game, "wamid.2"), &seq, &target), -ENOENT);
    assert_open(game, 4); /* bob and eve still get what she said */
}

static void test_linked_addresses_are_one_person_and_go_together(void **state)
{
    struct game *game = *state;
    struct id channel = game_channel();
    struct address *bob, *eve;

    game_room_of_three(game);
    assert_int_equal(directory_address(&game->broker.directory, &channel, game_token(game, "bob"), &bob), 0);
    assert_int_equal(directory_address(&game->broker.directory, &channel, game_token(game, "eve"), &eve), 0);
    assert_int_equal(directory_link(&game->broker.directory, bob, eve), 0);
    assert_int_equal(forget(game, "bob").addresses, 2);
    assert_int_equal(directory_address(&game->broker.directory, &channel, game_token(game, "eve"), &eve), -ENOENT);
}

static void test_rows_and_records_still_ahead_of_the_reader_are_forgotten_too(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 1000), *messenger = game_join(game, MESSENGER, 1, 1000);

    game_room_of_three(game);
    for (int i = 0; i < 60; i++)
        say(game, whatsapp, NULL); /* bob's in a line and in rows, eve's in the journal: nobody reads for her */
    assert_open(game, 120);
    assert_int_equal(forget(game, "bob").deliveries, 60);
    assert_open(game, 60);
    assert_int_equal(memory_tables_count(game->memory, TABLE_PARKED), 0);
    assert_int_equal(forget(game, "eve").deliveries, 60);
    assert_open(game, 0);
    struct peer *instagram = game_join(game, INSTAGRAM, 1, 1000);
    game_turn(game);
    assert_int_equal(game_count(game, instagram), 0);
    assert_int_equal(game_count(game, messenger), 1);
    assert_int_equal(game_counts(game)->dead, 120);
    game_restart(game);
    assert_open(game, 0);
    game_pass_ms(game, 3600001);
    game_pass_ms(game, 3600001);
    assert_open(game, 0);
    assert_int_equal(memory_tables_count(game->memory, TABLE_DEAD), 0);
}

static void test_letters_whose_envelope_is_gone_are_forgotten(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100);

    game_room_of_three(game);
    say(game, whatsapp, NULL);
    game_pass_ms(game, 3600001);
    assert_int_equal(memory_tables_count(game->memory, TABLE_DEAD), 2);
    struct forgotten bob = forget(game, "bob");
    assert_int_equal(bob.letters, 1);
    assert_int_equal(bob.records, 0);
    assert_int_equal(memory_tables_count(game->memory, TABLE_DEAD), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_PAPER(test_everything_of_the_person_goes_and_nothing_of_others),
        ON_PAPER(test_the_author_of_messages_is_forgotten_with_their_references),
        ON_PAPER(test_linked_addresses_are_one_person_and_go_together),
        ON_PAPER(test_rows_and_records_still_ahead_of_the_reader_are_forgotten_too),
        ON_PAPER(test_letters_whose_envelope_is_gone_are_forgotten),
    };

    return cmocka_run_group_tests_name("forget", tests, NULL, NULL);
}
