/* Games on paper: who gets what, and what it is known by there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core_kit/game.h"

static void test_message_reaches_the_other_persons_of_the_room_and_every_service(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *messenger = game_join(game, MESSENGER, 1, 100);
    struct peer *instagram = game_join(game, INSTAGRAM, 1, 100), *bot = game_join(game, BOT, 1, 100);
    size_t at = 0;

    game_room_of_three(game);
    game_publish(game, whatsapp, &(struct game_event){ .service = WHATSAPP, .from = "ana", .ref = "wamid.1" });
    assert_int_equal(game->verdict.kind, VERDICT_ACCEPTED);
    assert_int_equal(game->n_handed, 0); /* not before it is on disk */
    game_turn(game);

    assert_int_equal(game_count(game, whatsapp), 0);
    assert_int_equal(game_count(game, bot), 1);
    const struct game_handed *handed = game_next(game, messenger, &at);
    assert_non_null(handed);
    assert_int_equal(handed->n_targets, 1);
    assert_true(bytes_equal(handed->address, game_token(game, "bob")));
    at = 0;
    handed = game_next(game, instagram, &at);
    assert_non_null(handed);
    assert_true(bytes_equal(handed->address, game_token(game, "eve")));
    assert_int_equal(game_counts(game)->targets, 2);
}

static void test_service_speaks_to_all_persons_and_does_not_hear_itself(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *bot = game_join(game, BOT, 1, 100);
    struct peer *crm = game_join(game, CRM, 1, 100);
    struct id room = game_room_of_three(game);

    game_publish(game, bot, &(struct game_event){ .service = BOT, .room = room });
    game_turn(game);
    assert_int_equal(game->verdict.kind, VERDICT_ACCEPTED);
    assert_int_equal(game_count(game, whatsapp), 1);
    assert_int_equal(game_count(game, bot), 0);
    assert_int_equal(game_count(game, crm), 1);
    assert_int_equal(game_counts(game)->targets, 3);
}

static void test_same_event_twice_makes_one_envelope(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *bot = game_join(game, BOT, 1, 100);
    struct game_event event = { .service = WHATSAPP, .from = "ana", .ref = "wamid.1", .id = { { 9, 9 } } };

    for (int i = 0; i < 5; i++) {
        game_publish(game, whatsapp, &event);
        assert_int_equal(game->verdict.kind, i == 0 ? VERDICT_ACCEPTED : VERDICT_DUPLICATE);
    }
    game_turn(game);
    assert_int_equal(game_count(game, bot), 1);
    assert_int_equal(game_counts(game)->received, 5);
    assert_int_equal(game_counts(game)->published, 1);
    assert_int_equal(game_counts(game)->duplicate, 4);
}

static void test_reply_quotes_what_each_network_knows_even_after_a_restart(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *messenger = game_join(game, MESSENGER, 1, 100);
    struct peer *instagram = game_join(game, INSTAGRAM, 1, 100);
    size_t at = 0;

    game_room_of_three(game);
    game_publish(game, whatsapp, &(struct game_event){ .service = WHATSAPP, .from = "ana", .ref = "wamid.1" });
    game_turn(game);
    game_outcome(game, messenger, 1, 0, OUTCOME_IS_SENT, "m_1");
    game_outcome(game, messenger, 1, 1, OUTCOME_IS_SENT, "m_1");
    for (uint32_t i = 0; i < 2; i++)
        game_outcome(game, instagram, 1, i, OUTCOME_IS_SENT, "ig_1");

    game_restart(game);
    whatsapp = game_join(game, WHATSAPP, 2, 100);
    messenger = game_join(game, MESSENGER, 2, 100);
    instagram = game_join(game, INSTAGRAM, 2, 100);
    at = game->n_handed;
    size_t begin = at;
    game_publish(game, messenger,
                 &(struct game_event){ .service = MESSENGER, .from = "bob", .ref = "m_2", .relates = "m_1" });
    game_turn(game);
    const struct game_handed *handed = game_next(game, whatsapp, &at);
    assert_non_null(handed);
    assert_true(bytes_equal(handed->relates_ref, game_token(game, "wamid.1")));
    at = begin;
    handed = game_next(game, instagram, &at);
    assert_non_null(handed);
    assert_true(bytes_equal(handed->relates_ref, game_token(game, "ig_1")));
}

static void test_receipt_goes_to_the_author_and_nobody_else(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *messenger = game_join(game, MESSENGER, 1, 100);
    struct peer *instagram = game_join(game, INSTAGRAM, 1, 100);
    size_t at = 0;

    game_room_of_three(game);
    game_publish(game, whatsapp, &(struct game_event){ .service = WHATSAPP, .from = "ana", .ref = "wamid.1" });
    game_turn(game);
    for (uint32_t i = 0; i < 2; i++)
        game_outcome(game, messenger, 1, i, OUTCOME_IS_SENT, "m_1");
    for (uint32_t i = 0; i < 2; i++)
        game_outcome(game, instagram, 1, i, OUTCOME_IS_SENT, "ig_1");
    game_publish(
        game, messenger,
        &(struct game_event){ .service = MESSENGER, .from = "bob", .relates = "m_1", .audience = ENVELOPE_AUTHOR });
    game_turn(game);
    assert_int_equal(game_count(game, whatsapp), 1);
    assert_int_equal(game_count(game, instagram), 1);
    const struct game_handed *handed = game_next(game, whatsapp, &at);
    assert_true(bytes_equal(handed->address, game_token(game, "ana")));
    assert_true(bytes_equal(handed->relates_ref, game_token(game, "wamid.1")));
}

static void test_watermark_finds_the_newest_message_sent_by_then(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *messenger = game_join(game, MESSENGER, 1, 100);
    size_t at = 0;

    game_room_of_three(game);
    game_publish(game, whatsapp, &(struct game_event){ .service = WHATSAPP, .from = "ana", .ref = "wamid.1" });
    game_turn(game);
    for (uint32_t i = 0; i < 2; i++)
        game_outcome(game, messenger, 1, i, OUTCOME_IS_SENT, "m_1");
    game_publish(
        game, messenger,
        &(struct game_event){
            .service = MESSENGER, .from = "bob", .watermark_ms = game->broker.now_ms, .audience = ENVELOPE_AUTHOR });
    game_turn(game);
    const struct game_handed *handed = game_next(game, whatsapp, &at);
    assert_non_null(handed);
    assert_true(bytes_equal(handed->relates_ref, game_token(game, "wamid.1")));
}

static void test_ring_of_three_networks_shows_each_message_once_per_network(void **state)
{
    struct game *game = *state;
    struct peer *peers[] = { NULL, game_join(game, WHATSAPP, 1, 100), game_join(game, MESSENGER, 1, 100),
                             game_join(game, INSTAGRAM, 1, 100) };
    static const char *const people[] = { "", "ana", "bob", "eve" };

    game_room_of_three(game);
    game_publish(game, peers[WHATSAPP], &(struct game_event){ .service = WHATSAPP, .from = "ana", .ref = "wamid.1" });
    game_turn(game);
    for (enum game_service service = MESSENGER; service <= INSTAGRAM; service++) {
        struct game_event echo = {
            .service = service, .from = people[service], .ref = service == MESSENGER ? "m_1" : "i_1", .echo = true
        };

        game_publish(game, peers[service], &echo);       /* before the answer: waits */
        assert_int_equal(game->n_verdicts, service - 1); /* none for it yet */
        for (uint32_t target = 0; target < 2; target++)
            game_outcome(game, peers[service], 1, target, OUTCOME_IS_SENT, echo.ref);
        assert_int_equal(game->verdict.kind, VERDICT_DUPLICATE);
        game_publish(game, peers[service], &echo); /* after the answer */
        assert_int_equal(game->verdict.kind, VERDICT_DUPLICATE);
        game->n_verdicts--;
    }
    game_turn(game);
    assert_int_equal(game_count(game, peers[WHATSAPP]), 0);
    assert_int_equal(game_count(game, peers[MESSENGER]), 1);
    assert_int_equal(game_count(game, peers[INSTAGRAM]), 1);
    assert_int_equal(game_counts(game)->published, 1);
}

static void test_echo_nobody_sent_is_a_human_agent_and_goes_to_the_others(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *messenger = game_join(game, MESSENGER, 1, 100);

    game_room_of_three(game);
    game_publish(game, messenger,
                 &(struct game_event){ .service = MESSENGER, .from = "bob", .ref = "m_human", .echo = true });
    game_turn(game);
    assert_int_equal(game->verdict.kind, VERDICT_ACCEPTED);
    assert_int_equal(game_count(game, whatsapp), 1);
    assert_int_equal(game_count(game, messenger), 0);
}

static void test_held_echo_is_rejected_when_the_answer_never_comes(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *messenger = game_join(game, MESSENGER, 1, 100);

    game_room_of_three(game);
    game_publish(game, whatsapp, &(struct game_event){ .service = WHATSAPP, .from = "ana", .ref = "wamid.1" });
    game_turn(game);
    game_publish(game, messenger,
                 &(struct game_event){ .service = MESSENGER, .from = "bob", .ref = "m_1", .echo = true });
    assert_int_equal(game->n_verdicts, 1);
    game_pass_ms(game, 9000);
    assert_int_equal(game->n_verdicts, 2);
    assert_int_equal(game->verdict.kind, VERDICT_REJECTED);
    assert_int_equal(game->verdict.reason, REJECT_IS_HELD_TOO_LONG);
}

static void test_status_that_returns_our_mark_resolves_a_delivery_still_out(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *messenger = game_join(game, MESSENGER, 1, 100);

    game_room_of_three(game);
    game_publish(game, messenger, &(struct game_event){ .service = MESSENGER, .from = "bob", .ref = "m_1" });
    game_turn(game);
    assert_int_equal(game_count(game, whatsapp), 1);
    uint32_t target = game->handed[0].peer == whatsapp ? game->handed[0].first_target : game->handed[1].first_target;
    game_publish(game, whatsapp,
                 &(struct game_event){ .service = WHATSAPP,
                                       .from = "ana",
                                       .relates = "wamid.9",
                                       .audience = ENVELOPE_AUTHOR,
                                       .resolves = true,
                                       .resolves_seq = 1,
                                       .resolves_target = target });
    game_turn(game);
    assert_int_equal(game_counts(game)->sent, 1);
    assert_int_equal(game_count(game, messenger), 1); /* the receipt */
    game_leave(game, whatsapp);
    whatsapp = game_join(game, WHATSAPP, 2, 100);
    game_pass_ms(game, 60000);
    assert_int_equal(game_count(game, whatsapp), 0); /* nothing is sent again */
}

static void test_rules_of_the_roster_are_kept(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *bot = game_join(game, BOT, 1, 100);
    const struct {
        struct peer *peer;
        struct game_event event;
        enum reject reason;
    } cases[] = {
        { whatsapp, { .service = WHATSAPP, .from = "bob", .account = "messenger/2" }, REJECT_IS_NOT_YOUR_ACCOUNT },
        { bot, { .service = BOT, .from = "bob", .account = "messenger/2" }, REJECT_IS_NOT_YOUR_ACCOUNT },
        { bot, { .service = WHATSAPP, .room = { { 1 } } }, REJECT_IS_NO_GRANT },
        { bot, { .service = BOT, .room = { { 1 } } }, REJECT_IS_NO_SUCH_ROOM },
        { whatsapp, { .service = WHATSAPP, .from = "ana", .expires_ms = 5 }, REJECT_IS_EXPIRED },
        { whatsapp, { .service = WHATSAPP, .from = "ana", .hops = 5 }, REJECT_IS_TOO_MANY_HOPS },
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        game_publish(game, cases[i].peer, &cases[i].event);
        assert_int_equal(game->verdict.kind, VERDICT_REJECTED);
        assert_int_equal(game->verdict.reason, cases[i].reason);
    }
    assert_int_equal(game_counts(game)->rejected, ARRAY_SIZE(cases));
    assert_int_equal(game_counts(game)->published, 0);
}

static void test_typing_is_routed_at_once_and_never_stored(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *messenger = game_join(game, MESSENGER, 1, 0);
    struct peer *instagram = game_join(game, INSTAGRAM, 1, 100);

    game_room_of_three(game);
    game_publish(game, whatsapp, &(struct game_event){ .service = WHATSAPP, .from = "ana", .ephemeral = true });
    assert_int_equal(game->verdict.kind, VERDICT_ROUTED);
    assert_int_equal(game_count(game, instagram), 1);
    assert_int_equal(game->handed[0].seq, 0);
    assert_int_equal(game_count(game, messenger), 0); /* no credit: dropped first */
    assert_int_equal(game->broker.tables.ops->head(game->broker.tables.owner), 0);
}

/* Who does not keep up misses typing, and gets it again when he has caught up; his credit is as he gave it. */
static void test_typing_takes_credit_like_anything_else(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 100), *instagram = game_join(game, INSTAGRAM, 1, 3);

    game_room_of_three(game);
    for (int i = 0; i < 10; i++)
        game_publish(game, whatsapp, &(struct game_event){ .service = WHATSAPP, .from = "ana", .ephemeral = true });
    assert_int_equal(game_count(game, instagram), 3);
    broker_peer_credit(&game->broker, instagram, 2, 1000);
    assert_int_equal(instagram->credit, 2);
    game_publish(game, whatsapp, &(struct game_event){ .service = WHATSAPP, .from = "ana", .ephemeral = true });
    assert_int_equal(game_count(game, instagram), 4);
    assert_int_equal(instagram->credit, 1);
}

static struct address *address_of(struct game *game, const char *name)
{
    struct id channel = game_channel();
    struct address *address = NULL;

    arena_reset(&game->broker.scratch);
    assert_int_equal(directory_address(&game->broker.directory, &channel, game_token(game, name), &address), 0);
    return address;
}

/* What the newest record says of its room is what the tables say of the person's. */
static void assert_routed_into_his_room(struct game *game, struct peer *whatsapp, const char *name)
{
    const struct address *address = address_of(game, name);
    struct person *person;
    struct record *record;
    struct room *room;

    game_publish(game, whatsapp, &(struct game_event){ .service = WHATSAPP, .from = name });
    assert_int_equal(game->verdict.kind, VERDICT_ACCEPTED);
    assert_int_equal(directory_person(&game->broker.directory, &address->person, &person), 0);
    assert_int_equal(directory_room(&game->broker.directory, &person->room, &room), 0);
    assert_int_equal(broker_record(&game->broker, game->broker.tables.ops->head(game->broker.tables.owner), &record),
                     0);
    assert_true(id_equal(&record->room, &room->id));
    assert_int_equal(record->n_targets, room->n_persons - 1);
    if (directory_is_alone(&game->broker.directory, address))
        assert_int_equal(address->alone_size, 1 + room->n_speakers);
    assert_int_equal(directory_is_alone(&game->broker.directory, address), room->n_persons == 1);
    record_unref(record);
    game_turn(game);
}

static void test_room_known_by_heart_is_forgotten_with_every_change_of_it(void **state)
{
    struct game *game = *state;
    struct peer *whatsapp = game_join(game, WHATSAPP, 1, 1000), *bot = game_join(game, BOT, 1, 1000);
    struct directory *directory = &game->broker.directory;
    struct person *person;
    struct id room;

    game_publish(game, whatsapp, &(struct game_event){ .service = WHATSAPP, .from = "ana" });
    game_publish(game, whatsapp, &(struct game_event){ .service = WHATSAPP, .from = "bob" });
    for (int i = 0; i < 2; i++) {
        assert_routed_into_his_room(game, whatsapp, "ana");
        assert_true(directory_is_alone(directory, address_of(game, "ana")));
        assert_int_equal(directory_person(directory, &address_of(game, "ana")->person, &person), 0);
        room = person->room;
        directory->cache_max = 0; /* address, person and room go; the address comes back alone */
        directory_turn(directory);
        directory->cache_max = GATEWAY_DIRECTORY_CACHE;
        assert_routed_into_his_room(game, whatsapp, "ana");
        game_publish(game, bot,
                     &(struct game_event){ .service = i ? CRM : BOT, .room = room }); /* one more is present */
        assert_routed_into_his_room(game, whatsapp, "ana");
        assert_int_equal(directory_join(directory, address_of(game, "bob"), &room), 0); /* no longer alone */
        assert_false(directory_is_alone(directory, address_of(game, "ana")));
        assert_routed_into_his_room(game, whatsapp, "ana");
        assert_routed_into_his_room(game, whatsapp, "bob");
        assert_int_equal(directory_leave(directory, address_of(game, "bob"), &room), 0); /* both alone again */
        assert_routed_into_his_room(game, whatsapp, "ana");
        assert_routed_into_his_room(game, whatsapp, "bob");
        assert_int_equal(directory_link(directory, address_of(game, "bob"), address_of(game, "ana")),
                         0); /* one person */
        assert_routed_into_his_room(game, whatsapp, "bob");
        assert_routed_into_his_room(game, whatsapp, "ana");
        assert_int_equal(directory_unlink(directory, address_of(game, "ana"), &room), 0);
        assert_routed_into_his_room(game, whatsapp, "bob");
        assert_routed_into_his_room(game, whatsapp, "ana");
        assert_int_equal(directory_leave(directory, address_of(game, "ana"), &room),
                         0); /* into another room of his own */
        assert_routed_into_his_room(game, whatsapp, "ana");
        game_publish(game, whatsapp, &(struct game_event){ .service = WHATSAPP, .from = "ana", .aliases = { "bob" } });
        assert_routed_into_his_room(game, whatsapp, "bob"); /* merged */
        assert_routed_into_his_room(game, whatsapp, "ana");
        assert_int_equal(directory_unlink(directory, address_of(game, "bob"), &room), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_PAPER(test_message_reaches_the_other_persons_of_the_room_and_every_service),
        ON_PAPER(test_service_speaks_to_all_persons_and_does_not_hear_itself),
        ON_PAPER(test_same_event_twice_makes_one_envelope),
        ON_PAPER(test_reply_quotes_what_each_network_knows_even_after_a_restart),
        ON_PAPER(test_receipt_goes_to_the_author_and_nobody_else),
        ON_PAPER(test_watermark_finds_the_newest_message_sent_by_then),
        ON_PAPER(test_ring_of_three_networks_shows_each_message_once_per_network),
        ON_PAPER(test_echo_nobody_sent_is_a_human_agent_and_goes_to_the_others),
        ON_PAPER(test_held_echo_is_rejected_when_the_answer_never_comes),
        ON_PAPER(test_status_that_returns_our_mark_resolves_a_delivery_still_out),
        ON_PAPER(test_rules_of_the_roster_are_kept),
        ON_PAPER(test_typing_is_routed_at_once_and_never_stored),
        ON_PAPER(test_typing_takes_credit_like_anything_else),
        ON_PAPER(test_room_known_by_heart_is_forgotten_with_every_change_of_it),
    };

    return cmocka_run_group_tests_name("routing", tests, NULL, NULL);
}
