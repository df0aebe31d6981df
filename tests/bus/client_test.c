/* What libtrefoil promises, shown with a real gateway: sealed there and back, quotes that fit, order, and nothing lost
 * or said twice when somebody dies.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "stage.h"

static const char *bin, *bot_program;
static struct stage stage;

static int open_stage(unused_ void **state)
{
    stage_open(&stage, bin);
    return 0;
}

static int close_stage(unused_ void **state)
{
    stage_close(&stage);
    return 0;
}

/* Ana and Ben have both written before and share a room. */
static struct trefoil_id everybody_in(void)
{
    stage_enter(&stage, WHATSAPP);
    stage_enter(&stage, MESSENGER);
    stage_enter(&stage, ADMIN);
    stage_say(&stage, WHATSAPP, "ana", "wamid.0", "hello?", NULL);
    (void) stage_await(&stage, WHATSAPP, TREFOIL_EVENT_CONFIRMED);
    stage_say(&stage, MESSENGER, "ben", "m.0", "anybody?", NULL);
    (void) stage_await(&stage, MESSENGER, TREFOIL_EVENT_CONFIRMED);
    return stage_room(&stage, "ana", "ben");
}

static void test_text_crosses_and_its_reply_quotes_the_right_message(unused_ void **state)
{
    struct trefoil_id room = everybody_in();
    uint64_t ticket = stage_say(&stage, WHATSAPP, "ana", "wamid.1", "Gute Nacht", NULL);
    struct note note = stage_await(&stage, WHATSAPP, TREFOIL_EVENT_CONFIRMED);

    assert_int_equal(note.ticket, ticket);
    assert_false(note.duplicate);
    note = stage_await(&stage, MESSENGER, TREFOIL_EVENT_DELIVERY);
    assert_string_equal(note.text, "Gute Nacht");
    assert_string_equal(note.sender, "whatsapp");
    assert_string_equal(note.from, "ana");
    assert_string_equal(note.user, "ben");
    assert_string_equal(note.last, "m.0");
    assert_int_equal(note.attempt, 1);
    assert_memory_equal(&note.room, &room, sizeof(room));
    stage_sent(&stage, MESSENGER, &note, "m.1");

    stage_say(&stage, MESSENGER, "ben", "m.2", "Dir auch", "m.1");
    note = stage_await(&stage, WHATSAPP, TREFOIL_EVENT_DELIVERY);
    assert_string_equal(note.text, "Dir auch");
    assert_string_equal(note.user, "ana");
    assert_string_equal(note.relates, "wamid.1");
    stage_sent(&stage, WHATSAPP, &note, "wamid.2");
}

static void test_same_event_again_is_a_duplicate_and_goes_nowhere(unused_ void **state)
{
    (void) everybody_in();
    stage_say(&stage, WHATSAPP, "ana", "wamid.1", "once", NULL);
    assert_false(stage_await(&stage, WHATSAPP, TREFOIL_EVENT_CONFIRMED).duplicate);
    struct note note = stage_await(&stage, MESSENGER, TREFOIL_EVENT_DELIVERY);
    stage_sent(&stage, MESSENGER, &note, "m.1");
    stage_say(&stage, WHATSAPP, "ana", "wamid.1", "once", NULL);
    assert_true(stage_await(&stage, WHATSAPP, TREFOIL_EVENT_CONFIRMED).duplicate);
    assert_false(stage_sees(&stage, MESSENGER, TREFOIL_EVENT_DELIVERY, 300));
}

static void test_service_reads_everything_and_speaks_into_the_room(unused_ void **state)
{
    struct player *bot = stage_enter(&stage, BOT);
    (void) everybody_in();
    struct trefoil_message message = { .kind = TREFOIL_KIND_TEXT, .body.text.body = "I heard you" };
    struct trefoil_publication answer = { .channel = bot->channel,
                                          .audience = TREFOIL_AUDIENCE_ROOM,
                                          .message = &message };
    struct note note;

    stage_say(&stage, WHATSAPP, "ana", "wamid.1", "bot?", NULL);
    do {
        note = stage_await(&stage, BOT, TREFOIL_EVENT_DELIVERY);
        assert_int_equal(trefoil_client_ack(bot->client, note.handle, note.seq), TREFOIL_OK);
    } while (strcmp(note.text, "bot?") != 0);
    assert_string_equal(note.user, "");
    assert_string_equal(note.from, ""); /* no ROLE_ADDRESSES: it reads, but people stay pseudonyms */
    struct note delivery = stage_await(&stage, MESSENGER, TREFOIL_EVENT_DELIVERY);
    stage_sent(&stage, MESSENGER, &delivery, "m.1");

    answer.room = note.room;
    answer.relates_ids = &note.envelope;
    answer.n_relates_ids = 1;
    stage_publish(&stage, BOT, &answer);
    note = stage_await(&stage, WHATSAPP, TREFOIL_EVENT_DELIVERY);
    assert_string_equal(note.text, "I heard you");
    assert_string_equal(note.sender, "echo-bot");
    assert_string_equal(note.relates, "wamid.1");
    stage_sent(&stage, WHATSAPP, &note, "wamid.2");
    note = stage_await(&stage, MESSENGER, TREFOIL_EVENT_DELIVERY);
    assert_string_equal(note.relates, "m.1");
}

#define MARK STAGE_MARK

static void test_only_services_with_addresses_see_anything_personal(unused_ void **state)
{
    static const char *const marks[] = { MARK, MARK };
    static const struct trefoil_span mention = { TREFOIL_SPAN_MENTION, 0, 1, MARK };
    static const struct trefoil_media media = { .kind = TREFOIL_MEDIA_IMAGE, .network_id = MARK, .network_url = MARK };
    const struct trefoil_message bodies[] = {
        { .kind = TREFOIL_KIND_TEXT, .body.text = { "@you", &mention, 1 } },
        { .kind = TREFOIL_KIND_REACTION, .body.reaction = { MARK, "!", false } },
        { .kind = TREFOIL_KIND_RETRACT, .body.retract.target = MARK },
        { .kind = TREFOIL_KIND_RECEIPT, .body.receipt = { .targets = marks, .n_targets = 2 } },
        { .kind = TREFOIL_KIND_MEDIA, .body.media = { "look", &media, 1 } },
        { .kind = TREFOIL_KIND_SYSTEM, .body.system = { TREFOIL_SYSTEM_NUMBER_CHANGED, MARK, MARK, MARK } },
        { .kind = TREFOIL_KIND_UNSUPPORTED,
          .body.unsupported = { "poll", "new", { (const uint8_t *) MARK, sizeof(MARK) - 1 } } },
    };
    struct player *bot = stage_enter(&stage, BOT), *ana = &stage.players[WHATSAPP];

    (void) everybody_in();
    for (size_t i = 0; i < ARRAY_SIZE(bodies); i++) {
        struct trefoil_message message = bodies[i];
        struct trefoil_publication publication = { .channel = ana->channel, .audience = TREFOIL_AUDIENCE_ROOM };
        struct note note;

        publication.message = &message;
        publication.from = (struct trefoil_address){ player_accounts[WHATSAPP], "ana" };
        message.author = (struct trefoil_author){ "whatsapp", MARK, "Ana", MARK, marks, marks, 2 };
        message.message_id = message.in_reply_to = message.replaces = message.thread = message.group_id = MARK;
        message.extra_keys = message.extra_values = marks;
        message.n_extras = 2;
        stage_publish(&stage, WHATSAPP, &publication);
        do {
            note = stage_await(&stage, BOT, TREFOIL_EVENT_DELIVERY);
            assert_int_equal(trefoil_client_ack(bot->client, note.handle, note.seq), TREFOIL_OK);
            assert_false(note.unreadable);
            assert_false(note.has_mark);
        } while (note.kind != message.kind || strcmp(note.name, "Ana") != 0);
        do
            note = stage_await(&stage, MESSENGER, TREFOIL_EVENT_DELIVERY);
        while (note.kind != message.kind);
        assert_true(note.has_mark);
        stage_sent(&stage, MESSENGER, &note, "m.1");
    }
}

static void test_echo_bot_answers_into_the_room_also_after_being_killed(unused_ void **state)
{
    pid_t bot = stage_start(&stage, bot_program, "echo-bot");

    (void) everybody_in();
    for (unsigned i = 1; i <= 20; i++) {
        char id[32], text[32], echo[64];

        snprintf(id, sizeof(id), "wamid.%u", i);
        snprintf(text, sizeof(text), "%u", i);
        snprintf(echo, sizeof(echo), "echo: %u", i);
        stage_say(&stage, WHATSAPP, "ana", id, text, NULL);
        if (i == 10) {
            stage_end(bot);
            bot = stage_start(&stage, bot_program, "echo-bot");
        }
        struct note note;
        do {
            note = stage_await(&stage, WHATSAPP, TREFOIL_EVENT_DELIVERY);
            stage_sent(&stage, WHATSAPP, &note, echo);
        } while (strcmp(note.text, echo) != 0); /* what was said before it came is answered first */
    }
    stage_end(bot);
}

static void test_room_names_and_members_come_back_in_clear_to_who_may_see_them(unused_ void **state)
{
    (void) everybody_in();
    struct trefoil_ask ask = { .question = TREFOIL_ASK_ROOM_LIST,
                               .channel = stage.players[ADMIN].channel,
                               .limit = 10 };
    struct note note = stage_ask(&stage, &ask);

    assert_true(note.ok);
    assert_string_equal(note.room_name, "Küche");
    assert_int_equal(note.n_members, 2);
    assert_true(strcmp(note.user, "ana") == 0 || strcmp(note.user, "ben") == 0);

    ask.question = TREFOIL_ASK_AUDIT;
    note = stage_ask(&stage, &ask);
    assert_true(note.ok);
    assert_true(note.n_counters > 0);
    assert_int_equal(trefoil_client_ask(stage.players[WHATSAPP].client, &ask, NULL), TREFOIL_OK);
    assert_false(stage_await(&stage, WHATSAPP, TREFOIL_EVENT_ANSWER).ok); /* not an admin */
}

static void test_gateway_killed_with_publications_out_loses_and_doubles_nothing(unused_ void **state)
{
    char id[32], text[32];
    unsigned n = 0;

    (void) everybody_in();
    for (unsigned i = 1; i <= 200; i++) {
        snprintf(id, sizeof(id), "wamid.%u", i);
        snprintf(text, sizeof(text), "%u", i);
        stage_say(&stage, WHATSAPP, "ana", id, text, NULL);
        if (i == 60 || i == 130) {
            (void) stage_sees(&stage, MESSENGER, TREFOIL_EVENT_DELIVERY, 20);
            stage_kill_gateway(&stage);
            stage_start_gateway(&stage);
        }
    }
    for (unsigned i = 1; i <= 200; i++)
        (void) stage_await(&stage, WHATSAPP, TREFOIL_EVENT_CONFIRMED);
    while (n < 200) {
        struct note note = stage_await(&stage, MESSENGER, TREFOIL_EVENT_DELIVERY);

        n++;
        snprintf(text, sizeof(text), "%u", n);
        assert_string_equal(note.text, text); /* in order, each once */
        snprintf(id, sizeof(id), "m.%u", n);
        stage_sent(&stage, MESSENGER, &note, id);
        if (n == 50 || n == 120) {
            stage_kill_gateway(&stage); /* with the outcome perhaps not on disk */
            stage_start_gateway(&stage);
        }
    }
    assert_false(stage_sees(&stage, MESSENGER, TREFOIL_EVENT_DELIVERY, 1500));
    assert_true(stage.players[MESSENGER].n_connected > 1);
}

static void test_translator_that_dies_with_a_delivery_in_hand_gets_it_again_marked(unused_ void **state)
{
    (void) everybody_in();
    stage_say(&stage, WHATSAPP, "ana", "wamid.1", "twice?", NULL);
    (void) stage_await(&stage, MESSENGER, TREFOIL_EVENT_DELIVERY);
    stage_leave(&stage, MESSENGER);
    stage_enter(&stage, MESSENGER);
    struct note note = stage_await(&stage, MESSENGER, TREFOIL_EVENT_DELIVERY);
    assert_string_equal(note.text, "twice?");
    assert_true(note.maybe_sent);
    assert_true(note.vanished);
    assert_int_equal(note.attempt, 2);
    struct trefoil_target_outcome outcome = { .outcome = TREFOIL_OUTCOME_UNKNOWN, .target = note.target };
    assert_int_equal(trefoil_client_outcome(stage.players[MESSENGER].client, note.handle, note.seq, &outcome, 1),
                     TREFOIL_OK);
    note = stage_await(&stage, MESSENGER, TREFOIL_EVENT_DELIVERY);
    assert_true(note.maybe_sent);
    assert_false(note.vanished);
}

static void test_deferred_delivery_comes_again_and_bounced_one_is_listed(unused_ void **state)
{
    (void) everybody_in();
    struct trefoil_target_outcome outcome = { .outcome = TREFOIL_OUTCOME_DEFERRED, .retry_ms = 100 };
    stage_say(&stage, WHATSAPP, "ana", "wamid.1", "later", NULL);
    struct note note = stage_await(&stage, MESSENGER, TREFOIL_EVENT_DELIVERY);
    outcome.target = note.target;
    outcome.account = player_accounts[MESSENGER];
    trefoil_client *messenger = stage.players[MESSENGER].client;
    assert_int_equal(trefoil_client_outcome(messenger, note.handle, note.seq, &outcome, 1), TREFOIL_OK);
    note = stage_await(&stage, MESSENGER, TREFOIL_EVENT_DELIVERY);
    assert_string_equal(note.text, "later");
    assert_false(note.maybe_sent);
    outcome.outcome = TREFOIL_OUTCOME_BOUNCED;
    outcome.reason = "window closed";
    outcome.code = 10;
    assert_int_equal(trefoil_client_outcome(messenger, note.handle, note.seq, &outcome, 1), TREFOIL_OK);
    assert_false(stage_sees(&stage, MESSENGER, TREFOIL_EVENT_DELIVERY, 300));

    struct trefoil_ask ask = { .question = TREFOIL_ASK_DEAD_LIST,
                               .channel = stage.players[ADMIN].channel,
                               .limit = 10 };
    note = stage_ask(&stage, &ask);
    assert_int_equal(note.n_dead, 1);
    assert_string_equal(note.from, "window closed");
    ask.question = TREFOIL_ASK_DEAD_SHOW;
    ask.id = note.seq;
    note = stage_ask(&stage, &ask);
    assert_string_equal(note.text, "later"); /* opened with a grant fetched for it */
}

static void test_drained_client_closes_after_everything_is_confirmed(unused_ void **state)
{
    (void) everybody_in();
    for (unsigned i = 0; i < 20; i++) {
        char id[32];

        snprintf(id, sizeof(id), "wamid.d%u", i);
        stage_say(&stage, WHATSAPP, "ana", id, "bye", NULL);
    }
    trefoil_client *client = stage.players[WHATSAPP].client;
    assert_int_equal(trefoil_client_drain(client), TREFOIL_OK);
    for (unsigned i = 0; i < 20; i++)
        (void) stage_await(&stage, WHATSAPP, TREFOIL_EVENT_CONFIRMED);
    (void) stage_await(&stage, WHATSAPP, TREFOIL_EVENT_CLOSED);
    struct trefoil_event event;
    assert_int_equal(trefoil_client_next(client, 0, &event), TREFOIL_CLOSED);
}

static void test_ephemeral_message_arrives_unnumbered(unused_ void **state)
{
    struct player *bot = stage_enter(&stage, BOT);
    (void) everybody_in();
    struct trefoil_message message = { .kind = TREFOIL_KIND_TYPING, .body.typing.on = true };
    struct trefoil_publication typing = { .channel = bot->channel,
                                          .audience = TREFOIL_AUDIENCE_ROOM,
                                          .ephemeral = true,
                                          .message = &message,
                                          .from = { player_accounts[WHATSAPP], "ana" } };
    stage_publish(&stage, WHATSAPP, &typing);
    (void) stage_await(&stage, WHATSAPP, TREFOIL_EVENT_CONFIRMED);
    struct note note = stage_await(&stage, MESSENGER, TREFOIL_EVENT_DELIVERY);
    assert_int_equal(note.seq, 0);
    assert_string_equal(note.user, "ben");
    assert_int_equal(trefoil_client_ack(stage.players[MESSENGER].client, note.handle, 0), TREFOIL_OK);
}

static void expect_in_order(unsigned n)
{
    char text[32], id[32];

    for (unsigned i = 1; i <= n; i++) {
        struct note note = stage_await(&stage, MESSENGER, TREFOIL_EVENT_DELIVERY);

        snprintf(text, sizeof(text), "%u", i);
        assert_string_equal(note.text, text);
        assert_false(note.unreadable);
        snprintf(id, sizeof(id), "m.%u", i);
        stage_sent(&stage, MESSENGER, &note, id);
    }
}

static void test_roster_changed_under_traffic_costs_nobody_a_message(unused_ void **state)
{
    char id[32], text[32];

    (void) everybody_in();
    for (unsigned i = 1; i <= 300; i++) {
        snprintf(id, sizeof(id), "wamid.%u", i);
        snprintf(text, sizeof(text), "%u", i);
        stage_say(&stage, WHATSAPP, "ana", id, text, NULL);
        if (i == 100)
            stage_change_roster(&stage, "add", "crm"); /* whatsapp's grant is stale with envelopes out */
        if (i == 200)
            stage_change_roster(&stage, "remove", "echo-bot");
    }
    for (unsigned i = 1; i <= 300; i++)
        (void) stage_await(&stage, WHATSAPP, TREFOIL_EVENT_CONFIRMED);
    assert_false(stage_sees(&stage, WHATSAPP, TREFOIL_EVENT_REJECTED, 0));
    expect_in_order(300);
    (void) stage_await(&stage, MESSENGER, TREFOIL_EVENT_ROSTER);
}

static void test_newcomer_reads_what_is_said_from_then_on(unused_ void **state)
{
    (void) everybody_in();
    stage_change_roster(&stage, "add", "crm");
    stage_enter(&stage, CRM); /* from the earliest record on */
    (void) stage_await(&stage, WHATSAPP, TREFOIL_EVENT_ROSTER);
    stage_say(&stage, WHATSAPP, "ana", "wamid.1", "welcome", NULL);
    for (int i = 0; i < 3; i++) {
        struct note note = stage_await(&stage, CRM, TREFOIL_EVENT_DELIVERY);

        assert_int_equal(note.unreadable, i < 2);
        if (note.unreadable)
            assert_true(strlen(note.words) > 0);
        else
            assert_string_equal(note.text, "welcome");
        assert_int_equal(trefoil_client_ack(stage.players[CRM].client, note.handle, note.seq), TREFOIL_OK);
    }
}

static bool is_refused(struct stage *from, void *context)
{
    return from->players[*(enum player_name *) context].trouble == TREFOIL_NOT_IN_ROSTER;
}

static void test_removed_service_is_cut_off_and_told_why(unused_ void **state)
{
    enum player_name bot = BOT;

    stage_enter(&stage, BOT);
    (void) everybody_in();
    stage_change_roster(&stage, "remove", "echo-bot");
    (void) stage_await(&stage, BOT, TREFOIL_EVENT_DISCONNECTED);
    assert_true(stage_until(&stage, is_refused, &bot, 10000));
    assert_true(strlen(trefoil_client_error(stage.players[BOT].client)) > 0);
    assert_false(trefoil_client_is_connected(stage.players[BOT].client));
}

static void test_publications_that_cannot_be_are_refused_at_once(unused_ void **state)
{
    struct player *bot = stage_enter(&stage, BOT);
    struct trefoil_message message = { .kind = TREFOIL_KIND_TEXT, .body.text.body = "x" };
    struct trefoil_publication good = { .channel = bot->channel,
                                        .audience = TREFOIL_AUDIENCE_ROOM,
                                        .message = &message };
    struct trefoil_publication bad = good;

    stage_publish(&stage, BOT, &good); /* a service may speak to services without a room */
    bad.message = NULL;
    assert_int_equal(trefoil_client_publish(bot->client, &bad, NULL), TREFOIL_BAD_ARGUMENT);
    bad = good;
    bad.audience = 0;
    assert_int_equal(trefoil_client_publish(bot->client, &bad, NULL), TREFOIL_BAD_ARGUMENT);
    bad = good;
    bad.channel.bytes[0] ^= 1;
    assert_int_equal(trefoil_client_publish(bot->client, &bad, NULL), TREFOIL_NOT_IN_ROSTER);
    bad = good;
    bad.from = (struct trefoil_address){ "whatsapp/106540000000002", "ana" }; /* holds no token key */
    assert_int_equal(trefoil_client_publish(bot->client, &bad, NULL), TREFOIL_NOT_IN_ROSTER);
    message.body.text.body = "\xff";
    assert_int_equal(trefoil_client_publish(bot->client, &good, NULL), TREFOIL_BAD_ARGUMENT);
}

static void test_translator_cannot_speak_for_an_account_it_does_not_own(unused_ void **state)
{
    struct trefoil_message message = { .kind = TREFOIL_KIND_TEXT, .body.text.body = "forged" };

    (void) everybody_in();
    struct trefoil_publication forged = { .channel = stage.players[WHATSAPP].channel,
                                          .audience = TREFOIL_AUDIENCE_ROOM,
                                          .message = &message,
                                          .from = { player_accounts[MESSENGER], "ben" } };
    stage_publish(&stage, WHATSAPP, &forged);
    struct note note = stage_await(&stage, WHATSAPP, TREFOIL_EVENT_REJECTED);
    assert_int_equal(note.reason, 3); /* REJECT_NOT_YOUR_ACCOUNT */
    assert_false(note.retryable);
    assert_true(strlen(note.words) > 0);
}

int main(int argc, char **argv)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_stage, close_stage)
    const struct CMUnitTest tests[] = {
        TEST(test_text_crosses_and_its_reply_quotes_the_right_message),
        TEST(test_same_event_again_is_a_duplicate_and_goes_nowhere),
        TEST(test_service_reads_everything_and_speaks_into_the_room),
        TEST(test_only_services_with_addresses_see_anything_personal),
        TEST(test_echo_bot_answers_into_the_room_also_after_being_killed),
        TEST(test_room_names_and_members_come_back_in_clear_to_who_may_see_them),
        TEST(test_gateway_killed_with_publications_out_loses_and_doubles_nothing),
        TEST(test_translator_that_dies_with_a_delivery_in_hand_gets_it_again_marked),
        TEST(test_deferred_delivery_comes_again_and_bounced_one_is_listed),
        TEST(test_drained_client_closes_after_everything_is_confirmed),
        TEST(test_ephemeral_message_arrives_unnumbered),
        TEST(test_roster_changed_under_traffic_costs_nobody_a_message),
        TEST(test_newcomer_reads_what_is_said_from_then_on),
        TEST(test_removed_service_is_cut_off_and_told_why),
        TEST(test_publications_that_cannot_be_are_refused_at_once),
        TEST(test_translator_cannot_speak_for_an_account_it_does_not_own),
    };

    if (argc != 3) {
        fprintf(stderr, "usage: %s BIN ECHO_BOT\n", argv[0]);
        return 2;
    }
    bin = argv[1];
    bot_program = argv[2];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
