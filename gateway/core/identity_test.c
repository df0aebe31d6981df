/* Games on paper: reply windows, consent, and persons who turn out to be one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/directory_rows.h"
#include "core/forget.h"
#include "core/trace.h"
#include "core_kit/game.h"

static struct address *address_of(struct game *game, const char *name)
{
    struct id channel = game_channel();
    struct address *address = NULL;

    arena_reset(&game->broker.scratch);
    assert_int_equal(directory_address(&game->broker.directory, &channel, game_token(game, name), &address), 0);
    return address;
}

static bool is_known(struct game *game, const char *name)
{
    struct id channel = game_channel();
    struct address *address;

    arena_reset(&game->broker.scratch);
    return directory_address(&game->broker.directory, &channel, game_token(game, name), &address) == 0;
}

static struct id room_of(struct game *game, const char *name)
{
    struct person *person;

    assert_int_equal(directory_person(&game->broker.directory, &address_of(game, name)->person, &person), 0);
    return person->room;
}

static void says(struct game *game, struct peer *whatsapp, const struct game_event *event)
{
    struct game_event said = *event;

    said.service = WHATSAPP;
    game_publish(game, whatsapp, &said);
    assert_int_equal(game->verdict.kind, VERDICT_ACCEPTED);
    game_turn(game);
}

/* The bot says something into the room and it is sent; what whatsapp was given. */
static struct game_handed told(struct game *game, struct peer *bot, struct peer *whatsapp, struct id room)
{
    game_publish(game, bot, &(struct game_event){ .service = BOT, .room = room });
    assert_int_equal(game->verdict.kind, VERDICT_ACCEPTED);
    game_turn(game);
    assert_non_null(game_last(game, whatsapp));
    struct game_handed handed = *game_last(game, whatsapp);
    game_outcome(game, whatsapp, handed.seq, handed.first_target, OUTCOME_IS_SENT, "wamid.out");
    return handed;
}

static void test_window_is_the_newest_time_and_never_goes_back(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *bot = game_join(game, BOT, 1, 100);
    uint64_t now_ms = game->broker.now_ms;

    says(game, whatsapp, &(struct game_event){ .from = "ana" });
    struct id room = room_of(game, "ana");
    assert_int_equal(told(game, bot, whatsapp, room).window_ms, 0); /* a receipt, an echo: opens nothing */
    says(game, whatsapp, &(struct game_event){ .from = "ana", .opens_window_ms = now_ms - 500 });
    assert_int_equal(told(game, bot, whatsapp, room).window_ms, now_ms - 500);
    says(game, whatsapp, &(struct game_event){ .from = "ana", .opens_window_ms = now_ms - 9000 });
    assert_int_equal(told(game, bot, whatsapp, room).window_ms, now_ms - 500);
    says(game, whatsapp, &(struct game_event){ .from = "ana", .opens_window_ms = now_ms, .echo = true });
    assert_int_equal(told(game, bot, whatsapp, room).window_ms, now_ms - 500);
    says(game, whatsapp, &(struct game_event){ .from = "ana", .opens_window_ms = now_ms + SEAL_CLOCK_SKEW_MS });
    assert_int_equal(told(game, bot, whatsapp, room).window_ms, now_ms + SEAL_CLOCK_SKEW_MS);

    game_restart(game);
    whatsapp = game_join(game, WHATSAPP, 2, 100);
    bot = game_join(game, BOT, 2, 100);
    assert_int_equal(told(game, bot, whatsapp, room).window_ms, now_ms + SEAL_CLOCK_SKEW_MS);
}

static void test_window_from_the_future_is_cut_to_now(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *bot = game_join(game, BOT, 1, 100);
    uint64_t now_ms = game->broker.now_ms;

    says(game, whatsapp, &(struct game_event){ .from = "ana", .opens_window_ms = now_ms + SEAL_CLOCK_SKEW_MS + 1 });
    assert_int_equal(told(game, bot, whatsapp, room_of(game, "ana")).window_ms, now_ms);
}

static void test_only_the_owner_of_the_account_opens_a_window(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *bot = game_join(game, BOT, 1, 100);
    struct peer *messenger = game_join(game, MESSENGER, 1, 100);

    says(game, whatsapp, &(struct game_event){ .from = "ana" });
    game_publish(game, messenger,
                 &(struct game_event){ .service = MESSENGER,
                                       .from = "ana",
                                       .opens_window_ms = game->broker.now_ms,
                                       .consent = ENVELOPE_WITHDRAWN });
    game_turn(game);
    struct game_handed handed = told(game, bot, whatsapp, room_of(game, "ana"));
    assert_int_equal(handed.window_ms, 0);
    assert_false(handed.consent_withdrawn);
}

static void test_consent_comes_with_the_target_until_it_is_given_again(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *bot = game_join(game, BOT, 1, 100);

    says(game, whatsapp,
         &(struct game_event){ .from = "ana", .consent = ENVELOPE_WITHDRAWN, .audience = ENVELOPE_SERVICES });
    struct id room = room_of(game, "ana");
    assert_true(told(game, bot, whatsapp, room).consent_withdrawn);
    says(game, whatsapp, &(struct game_event){ .from = "ana" });
    assert_true(told(game, bot, whatsapp, room).consent_withdrawn);
    game_restart(game);
    whatsapp = game_join(game, WHATSAPP, 2, 100);
    bot = game_join(game, BOT, 2, 100);
    assert_true(told(game, bot, whatsapp, room).consent_withdrawn);
    says(game, whatsapp, &(struct game_event){ .from = "ana", .consent = ENVELOPE_GIVEN });
    assert_false(told(game, bot, whatsapp, room).consent_withdrawn);
}

static void test_address_rows_of_before_are_read(void **state)
{
    struct game *game = *state;
    struct bytes row;

    for (unsigned marks = 0; marks <= GATEWAY_LAST_SENT; marks++)
        for (int with_tail = 0; with_tail < 2; with_tail++) {
            struct address address = { .window_ms = 0 }, back = { .window_ms = 0 };

            assert_int_equal(address_name(&address, bytes_of_text("whatsapp/1"), game_token(game, "ana")), 0);
            for (unsigned i = marks; i > 0; i--)
                assert_int_equal(address_mark(&address, &(struct sent_mark){ i, 5, i - 1 }), 0);
            if (with_tail) {
                address.window_ms = 77;
                address.consent = ENVELOPE_WITHDRAWN;
                address.consent_seq = 8;
                address.linked_seq = 9;
            }
            assert_int_equal(address_pack(&address, &game->mem, &row), 0);
            /* person, two times, account, token, no ref, marks: as it was before there was a tail */
            assert_int_equal(row.size, 16 + 16 + 2 + 10 + 2 + 49 + 2 + marks * 20 + (with_tail ? 26 : 0));
            assert_int_equal(address_unpack(row, &back), 0);
            assert_int_equal(back.window_ms, with_tail ? 77 : 0);
            assert_int_equal(back.consent, with_tail ? ENVELOPE_WITHDRAWN : 0);
            assert_int_equal(back.consent_seq, with_tail ? 8 : 0);
            assert_int_equal(back.linked_seq, with_tail ? 9 : 0);
            assert_true((back.sent != NULL) == (marks > 0));
            for (unsigned i = 0; marks > 0 && i < GATEWAY_LAST_SENT; i++)
                assert_int_equal(back.sent[i].seq, i < marks ? i + 1 : 0);
            address_empty(&address);
            address_empty(&back);
        }
}

static void test_new_alias_is_the_same_person_and_whoever_wrote_last_is_answered(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *bot = game_join(game, BOT, 1, 100);
    struct peer *messenger = game_join(game, MESSENGER, 1, 100);
    uint64_t now_ms = game->broker.now_ms;

    game_room_of_three(game);
    struct id room = room_of(game, "ana");
    says(game, whatsapp, &(struct game_event){ .from = "ana", .aliases = { "bsuid" }, .opens_window_ms = now_ms });
    assert_true(id_equal(&address_of(game, "bsuid")->person, &address_of(game, "ana")->person));
    assert_int_equal(address_of(game, "bsuid")->linked_seq, 1);
    struct game_handed handed = told(game, bot, whatsapp, room);
    assert_int_equal(handed.n_targets, 1);
    assert_true(bytes_equal(handed.address, game_token(game, "ana")));

    game_pass_ms(game, 1000);
    says(game, whatsapp, &(struct game_event){ .from = "bsuid", .ref = "wamid.7" });
    assert_true(bytes_equal(game_last(game, messenger)->address, game_token(game, "bob")));
    handed = told(game, bot, whatsapp, room);
    assert_int_equal(handed.n_targets, 1);
    assert_true(bytes_equal(handed.address, game_token(game, "bsuid")));
    assert_int_equal(handed.window_ms, now_ms); /* he opened it under his other name */
    assert_int_equal(game->broker.tally.aliases_linked, 1);
    assert_int_equal(game->broker.tally.persons_merged, 0);
}

static void test_person_alone_moves_and_what_is_said_into_the_old_room_still_arrives(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *bot = game_join(game, BOT, 1, 100);

    says(game, whatsapp, &(struct game_event){ .from = "bsuid" }); /* as a stranger, in a room of his own */
    struct id old = room_of(game, "bsuid");
    (void) told(game, bot, whatsapp, old);
    game_room_of_three(game);
    struct id room = room_of(game, "ana");
    says(game, whatsapp, &(struct game_event){ .from = "bsuid", .aliases = { "ana" } });
    struct id now_in = room_of(game, "bsuid");
    assert_true(id_equal(&now_in, &room));
    assert_int_equal(game->broker.tally.persons_merged, 1);
    struct room *entered;
    assert_int_equal(directory_room(&game->broker.directory, &old, &entered), 0);
    assert_true(id_equal(&entered->id, &room));
    assert_int_equal(entered->n_speakers, 1); /* the bot came along */

    game_restart(game);
    whatsapp = game_join(game, WHATSAPP, 2, 100);
    bot = game_join(game, BOT, 2, 100);
    game->n_handed = 0;
    struct game_handed handed = told(game, bot, whatsapp, old); /* the bot had been spoken to there */
    assert_true(bytes_equal(handed.address, game_token(game, "bsuid")));
    assert_int_equal(game_counts(game)->targets, 1 + 2 + 3); /* the bot's one, his event's two, the bot's three */
}

static void test_conversation_with_a_service_is_kept_when_a_new_name_turns_up(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *bot = game_join(game, BOT, 1, 100);

    says(game, whatsapp, &(struct game_event){ .from = "ana" });
    struct id room = room_of(game, "ana");
    (void) told(game, bot, whatsapp, room);
    size_t n_rooms = memory_tables_count(game->memory, TABLE_ROOMS);
    says(game, whatsapp, &(struct game_event){ .from = "bsuid", .aliases = { "ana" } });
    struct id now_in = room_of(game, "bsuid");
    assert_true(id_equal(&now_in, &room));
    assert_int_equal(memory_tables_count(game->memory, TABLE_ROOMS), n_rooms); /* none was made for him */
    assert_int_equal(address_of(game, "bsuid")->linked_seq, 3);
}

static int find_merged(void *context, const struct hop *hop)
{
    unsigned *n = context;

    *n += bytes_equal(hop->what, bytes_of_text("merged"));
    return 0;
}

static void test_of_two_real_rooms_the_one_of_from_stays_and_it_is_noted(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100);
    struct id channel = game_channel(), other, room;
    unsigned n_notes = 0;

    game_room_of_three(game);
    room = room_of(game, "ana");
    says(game, whatsapp, &(struct game_event){ .from = "bsuid" });
    assert_int_equal(
        directory_create(&game->broker.directory, &channel, &(struct id){ { 1, 2 } }, bytes_of_text("another"), &other),
        0);
    assert_int_equal(directory_join(&game->broker.directory, address_of(game, "bsuid"), &other), 0);
    says(game, whatsapp, &(struct game_event){ .from = "bsuid", .aliases = { "ana" } });
    struct id now_in = room_of(game, "ana");
    assert_true(id_equal(&now_in, &other));
    assert_int_equal(trace_scan(&game->broker, 2, find_merged, &n_notes), 0);
    assert_int_equal(n_notes, 1);
    struct room *left;
    assert_int_equal(directory_room(&game->broker.directory, &room, &left), 0);
    assert_int_equal(left->n_persons, 2); /* bob and eve stay where they are */
}

static void test_too_many_addresses_are_refused_quietly(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100);
    char name[16];

    for (unsigned i = 0; i < GATEWAY_PERSON_ADDRESSES_MAX + 2; i++) {
        snprintf(name, sizeof(name), "alias%u", i);
        says(game, whatsapp, &(struct game_event){ .from = "ana", .aliases = { name } });
    }
    assert_int_equal(game->broker.tally.aliases_linked, GATEWAY_PERSON_ADDRESSES_MAX - 1);
    assert_int_equal(game->broker.tally.aliases_refused, 3);
    assert_false(is_known(game, "alias16"));

    says(game, whatsapp, &(struct game_event){ .from = "zoe", .aliases = { "zoe2" } }); /* two and sixteen do not go */
    says(game, whatsapp, &(struct game_event){ .from = "zoe", .aliases = { "ana" } });
    assert_int_equal(game->broker.tally.aliases_refused, 4);
    assert_false(id_equal(&address_of(game, "zoe")->person, &address_of(game, "ana")->person));
}

static void test_nobody_captures_an_address_of_another_account(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100);

    game_room_of_three(game);
    says(game, whatsapp, &(struct game_event){ .from = "mallory", .aliases = { "bob" } });
    assert_false(id_equal(&address_of(game, "mallory")->person, &address_of(game, "bob")->person));
    says(game, whatsapp, &(struct game_event){ .from = "bob", .aliases = { "mallory" } });
    assert_false(id_equal(&address_of(game, "mallory")->person, &address_of(game, "bob")->person));
    assert_int_equal(game->broker.tally.aliases_refused, 2);
}

static void test_quotes_fit_across_a_merge_in_both_directions(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *messenger = game_join(game, MESSENGER, 1, 100);

    game_room_of_three(game);
    says(game, whatsapp, &(struct game_event){ .from = "ana", .ref = "wamid.1" });
    game_outcome(game, messenger, 1, game_last(game, messenger)->first_target, OUTCOME_IS_SENT, "m_1");
    game_publish(game, messenger, &(struct game_event){ .service = MESSENGER, .from = "bob", .ref = "m_2" });
    game_turn(game);
    game_outcome(game, whatsapp, 2, game_last(game, whatsapp)->first_target, OUTCOME_IS_SENT, "wamid.2");

    game_pass_ms(game, 1000);
    says(game, whatsapp, &(struct game_event){ .from = "bsuid", .aliases = { "ana" }, .relates = "wamid.2" });
    assert_true(bytes_equal(game_last(game, messenger)->relates_ref, game_token(game, "m_2")));
    game_outcome(game, messenger, 3, game_last(game, messenger)->first_target, OUTCOME_IS_SENT, "m_3");
    static const char *const mine_and_his[] = { "m_1", "m_2" }, *const there[] = { "wamid.1", "wamid.2" };
    for (size_t i = 0; i < 2; i++) {
        game_publish(game, messenger,
                     &(struct game_event){ .service = MESSENGER, .from = "bob", .relates = mine_and_his[i] });
        game_turn(game);
        const struct game_handed *handed = game_last(game, whatsapp);
        assert_true(bytes_equal(handed->address, game_token(game, "bsuid")));
        assert_true(bytes_equal(handed->relates_ref, game_token(game, there[i])));
        game_outcome(game, whatsapp, handed->seq, handed->first_target, OUTCOME_IS_SENT, NULL);
    }
}

static void test_delivery_in_the_journal_goes_where_it_was_addressed(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 0), *messenger = game_join(game, MESSENGER, 1, 100);

    game_room_of_three(game);
    says(game, whatsapp, &(struct game_event){ .from = "bsuid" });
    game_publish(game, messenger, &(struct game_event){ .service = MESSENGER, .from = "bob" });
    game_turn(game);
    game_pass_ms(game, 1000);
    says(game, whatsapp, &(struct game_event){ .from = "bsuid", .aliases = { "ana" } });
    game_publish(game, messenger, &(struct game_event){ .service = MESSENGER, .from = "bob" });
    broker_peer_credit(&game->broker, whatsapp, 10, 0);
    game_turn(game);
    assert_true(bytes_equal(game_last(game, whatsapp)->address, game_token(game, "ana")));
    game_outcome(game, whatsapp, game_last(game, whatsapp)->seq, game_last(game, whatsapp)->first_target,
                 OUTCOME_IS_SENT, NULL);
    assert_true(bytes_equal(game_last(game, whatsapp)->address, game_token(game, "bsuid")));
    assert_int_equal(game_count(game, whatsapp), 2);
}

static void test_echo_and_status_under_the_other_name_are_recognised(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *bot = game_join(game, BOT, 1, 100);

    says(game, whatsapp, &(struct game_event){ .from = "ana", .aliases = { "bsuid" } });
    game_publish(game, bot, &(struct game_event){ .service = BOT, .room = room_of(game, "ana") });
    game_turn(game);
    unsigned n_verdicts = game->n_verdicts;
    game_publish(game, whatsapp,
                 &(struct game_event){ .service = WHATSAPP, .from = "bsuid", .ref = "wamid.9", .echo = true });
    assert_int_equal(game->n_verdicts, n_verdicts); /* held: the send to his other address is still out */
    game_publish(game, whatsapp,
                 &(struct game_event){ .service = WHATSAPP,
                                       .from = "bsuid",
                                       .relates = "wamid.9",
                                       .audience = ENVELOPE_AUTHOR,
                                       .resolves = true,
                                       .resolves_seq = 2 });
    game_turn(game);
    assert_int_equal(game_counts(game)->sent, 1);
    game_pass_ms(game, 100);
    assert_int_equal(game->verdict.kind, VERDICT_DUPLICATE); /* the echo was ours */
}

static void test_watermark_under_the_other_name_finds_the_message(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *messenger = game_join(game, MESSENGER, 1, 100);

    game_room_of_three(game);
    says(game, whatsapp, &(struct game_event){ .from = "ana", .aliases = { "bsuid" } });
    game_outcome(game, messenger, 1, game_last(game, messenger)->first_target, OUTCOME_IS_SENT, NULL);
    game_publish(game, messenger, &(struct game_event){ .service = MESSENGER, .from = "bob", .ref = "m_2" });
    game_turn(game);
    game_outcome(game, whatsapp, 2, game_last(game, whatsapp)->first_target, OUTCOME_IS_SENT, "wamid.2");
    says(game, whatsapp,
         &(struct game_event){ .from = "bsuid", .watermark_ms = game->broker.now_ms, .audience = ENVELOPE_AUTHOR });
    assert_true(bytes_equal(game_last(game, messenger)->relates_ref, game_token(game, "m_2")));
}

static void test_nobody_gets_receipts_from_himself(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100);

    says(game, whatsapp, &(struct game_event){ .from = "ana", .ref = "wamid.1", .aliases = { "bsuid" } });
    says(game, whatsapp, &(struct game_event){ .from = "bsuid", .relates = "wamid.1", .audience = ENVELOPE_AUTHOR });
    assert_int_equal(game_count(game, whatsapp), 0);
}

static void test_forgetting_one_address_forgets_the_merged_person(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100);
    struct id channel = game_channel();
    struct forgotten forgotten;

    says(game, whatsapp, &(struct game_event){ .from = "bsuid", .ref = "wamid.1" });
    says(game, whatsapp, &(struct game_event){ .from = "ana", .ref = "wamid.2", .aliases = { "bsuid", "third" } });
    assert_int_equal(broker_forget(&game->broker, &channel, game_token(game, "third"), 0, &forgotten), 0);
    assert_int_equal(forgotten.addresses, 3);
    assert_int_equal(forgotten.records, 2);
    assert_false(is_known(game, "ana"));
    assert_false(is_known(game, "bsuid"));
    assert_int_equal(memory_tables_count(game->memory, TABLE_ADDRESSES), 0);
    assert_int_equal(memory_tables_count(game->memory, TABLE_PERSONS), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_PAPER(test_window_is_the_newest_time_and_never_goes_back),
        ON_PAPER(test_window_from_the_future_is_cut_to_now),
        ON_PAPER(test_only_the_owner_of_the_account_opens_a_window),
        ON_PAPER(test_consent_comes_with_the_target_until_it_is_given_again),
        ON_PAPER(test_address_rows_of_before_are_read),
        ON_PAPER(test_new_alias_is_the_same_person_and_whoever_wrote_last_is_answered),
        ON_PAPER(test_person_alone_moves_and_what_is_said_into_the_old_room_still_arrives),
        ON_PAPER(test_conversation_with_a_service_is_kept_when_a_new_name_turns_up),
        ON_PAPER(test_of_two_real_rooms_the_one_of_from_stays_and_it_is_noted),
        ON_PAPER(test_too_many_addresses_are_refused_quietly),
        ON_PAPER(test_nobody_captures_an_address_of_another_account),
        ON_PAPER(test_quotes_fit_across_a_merge_in_both_directions),
        ON_PAPER(test_delivery_in_the_journal_goes_where_it_was_addressed),
        ON_PAPER(test_echo_and_status_under_the_other_name_are_recognised),
        ON_PAPER(test_watermark_under_the_other_name_finds_the_message),
        ON_PAPER(test_nobody_gets_receipts_from_himself),
        ON_PAPER(test_forgetting_one_address_forgets_the_merged_person),
    };

    return cmocka_run_group_tests_name("identity", tests, NULL, NULL);
}
