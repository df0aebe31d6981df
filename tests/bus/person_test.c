/* What the gateway keeps about people and accounts without knowing them, shown with a real one: reply windows, consent,
 * several names of one person, capability records; and the lanes their messages travel in.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "stage.h"

#define CAMPAIGN 40

static const char *bin;
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

static uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t) now.tv_sec * 1000 + (uint64_t) now.tv_nsec / 1000000;
}

/* A text of a whatsapp user with whatever else the event says; confirmed. */
static void says(const char *user, const char *id, const struct trefoil_publication *about)
{
    struct trefoil_message message = { .kind = TREFOIL_KIND_TEXT, .body.text.body = id };
    struct trefoil_publication publication = *about;

    publication.channel = stage.players[WHATSAPP].channel;
    publication.audience = TREFOIL_AUDIENCE_ROOM;
    publication.message = &message;
    publication.from = (struct trefoil_address){ player_accounts[WHATSAPP], user };
    publication.message_id = publication.event_key = id;
    stage_publish(&stage, WHATSAPP, &publication);
    (void) stage_await(&stage, WHATSAPP, TREFOIL_EVENT_CONFIRMED);
}

/* Ben says something to the room, and whatsapp is handed it. */
static struct note ben_says(const char *id, const char *relates)
{
    stage_say(&stage, MESSENGER, "ben", id, id, relates);
    (void) stage_await(&stage, MESSENGER, TREFOIL_EVENT_CONFIRMED);
    return stage_await(&stage, WHATSAPP, TREFOIL_EVENT_DELIVERY);
}

static struct trefoil_id two_in_a_room(void)
{
    stage_enter(&stage, WHATSAPP);
    stage_enter(&stage, MESSENGER);
    stage_enter(&stage, ADMIN);
    return stage_room(&stage, "ana", "ben");
}

static void test_window_and_consent_come_with_the_target_even_after_a_restart(unused_ void **state)
{
    uint64_t at_ms = now_ms() - 60000;

    (void) two_in_a_room();
    struct note note = ben_says("m.1", NULL);
    assert_int_equal(note.window_ms, 0);
    assert_false(note.consent_withdrawn);
    stage_sent(&stage, WHATSAPP, &note, "wamid.1");
    says("ana", "wamid.2",
         &(struct trefoil_publication){ .opens_window_ms = at_ms, .consent = TREFOIL_CONSENT_WITHDRAWN });
    says("ana", "wamid.3", &(struct trefoil_publication){ .opens_window_ms = at_ms - 1000 });
    note = ben_says("m.2", NULL);
    assert_int_equal(note.window_ms, at_ms);
    assert_true(note.consent_withdrawn);
    stage_sent(&stage, WHATSAPP, &note, "wamid.4");

    stage_kill_gateway(&stage);
    stage_start_gateway(&stage);
    note = ben_says("m.3", NULL);
    assert_int_equal(note.window_ms, at_ms);
    assert_true(note.consent_withdrawn);
    stage_sent(&stage, WHATSAPP, &note, "wamid.5");
    says("ana", "wamid.6", &(struct trefoil_publication){ .consent = TREFOIL_CONSENT_GIVEN });
    note = ben_says("m.4", NULL);
    assert_false(note.consent_withdrawn);
}

static void test_two_names_of_one_person_are_one_address_of_the_room(unused_ void **state)
{
    static const char *const aliases[] = { "ana", "DE.1234" };
    struct trefoil_id room = two_in_a_room();
    uint64_t at_ms = now_ms() - 60000;

    says("ana", "wamid.1", &(struct trefoil_publication){ .opens_window_ms = at_ms });
    struct note note = stage_await(&stage, MESSENGER, TREFOIL_EVENT_DELIVERY);
    stage_sent(&stage, MESSENGER, &note, "m.1");
    note = ben_says("m.2", "m.1");
    assert_string_equal(note.user, "ana");
    assert_string_equal(note.relates, "wamid.1");
    stage_sent(&stage, WHATSAPP, &note, "wamid.2");

    says("DE.1234", "wamid.0", &(struct trefoil_publication){ .message_id = NULL }); /* a stranger, so far */
    says("DE.1234", "wamid.3", &(struct trefoil_publication){ .aliases = aliases, .n_aliases = 2 });
    note = stage_await(&stage, MESSENGER, TREFOIL_EVENT_DELIVERY);
    assert_string_equal(note.text, "wamid.3");
    assert_memory_equal(&note.room, &room, sizeof(room));
    stage_sent(&stage, MESSENGER, &note, "m.3");
    struct trefoil_ask trace = { .question = TREFOIL_ASK_TRACE, .envelope = note.envelope };
    assert_non_null(strstr(stage_ask(&stage, &trace).hops, "merged: "));

    note = ben_says("m.4", "m.1"); /* about what ana said under her other name */
    assert_int_equal(note.n_targets, 1);
    assert_string_equal(note.user, "DE.1234");
    assert_string_equal(note.relates, "wamid.1");
    assert_int_equal(note.window_ms, at_ms);
    stage_sent(&stage, WHATSAPP, &note, "wamid.4");
    assert_false(stage_sees(&stage, WHATSAPP, TREFOIL_EVENT_DELIVERY, 300));

    says("ana", "wamid.5", &(struct trefoil_publication){ .lane = TREFOIL_LANE_REPLY });
    note = stage_await(&stage, MESSENGER, TREFOIL_EVENT_DELIVERY);
    assert_memory_equal(&note.room, &room, sizeof(room));
    stage_sent(&stage, MESSENGER, &note, "m.5");
    assert_string_equal(ben_says("m.6", NULL).user, "ana");

    struct trefoil_ask list = { .question = TREFOIL_ASK_ROOM_LIST, .channel = stage.players[ADMIN].channel };
    note = stage_ask(&stage, &list);
    assert_int_equal(note.n_rooms, 1); /* the stranger's own leads here and is no room any more */
    assert_int_equal(note.n_members, 3);
}

static void test_aliases_that_cannot_be_are_refused_at_once(unused_ void **state)
{
    static const char *const five[] = { "a", "b", "c", "d", "e" }, *const empty[] = { "" };
    struct player *whatsapp = stage_enter(&stage, WHATSAPP), *bot = stage_enter(&stage, BOT);
    struct trefoil_message message = { .kind = TREFOIL_KIND_TEXT, .body.text.body = "x" };
    struct trefoil_publication publication = { .channel = whatsapp->channel,
                                               .audience = TREFOIL_AUDIENCE_SERVICES,
                                               .message = &message,
                                               .aliases = five,
                                               .n_aliases = 1 };

    assert_int_equal(trefoil_client_publish(bot->client, &publication, NULL), TREFOIL_BAD_ARGUMENT); /* of nobody */
    publication.from = (struct trefoil_address){ player_accounts[WHATSAPP], "ana" };
    publication.n_aliases = TREFOIL_ALIASES_MAX + 1;
    assert_int_equal(trefoil_client_publish(whatsapp->client, &publication, NULL), TREFOIL_BAD_ARGUMENT);
    publication.aliases = empty;
    publication.n_aliases = 1;
    assert_int_equal(trefoil_client_publish(whatsapp->client, &publication, NULL), TREFOIL_BAD_ARGUMENT);
    publication.n_aliases = 0;
    publication.consent = 3;
    assert_int_equal(trefoil_client_publish(whatsapp->client, &publication, NULL), TREFOIL_BAD_ARGUMENT);
}

static struct note put_record(enum player_name name, const char *account, const char *becomes)
{
    static const char *const mimes[] = { "audio/ogg" };
    struct trefoil_capability voice = { .feature = "voice", .support = "partial", .mimes = mimes, .n_mimes = 1 };
    struct trefoil_capabilities record = { .account = account, .features = &voice, .n_features = 1 };
    struct trefoil_ask ask = { .question = TREFOIL_ASK_CAPABILITY_PUT,
                               .channel = stage.players[name].channel,
                               .capabilities = &record };

    voice.becomes = becomes;
    return stage_ask_as(&stage, name, &ask);
}

static struct note list_records(enum player_name name)
{
    struct trefoil_ask ask = { .question = TREFOIL_ASK_CAPABILITY_LIST, .channel = stage.players[name].channel };

    return stage_ask_as(&stage, name, &ask);
}

static bool is_back(struct stage *seen, unused_ void *context)
{
    return seen->players[BOT].n_connected > 1;
}

static void test_capability_records_are_told_by_their_owner_and_read_by_readers(unused_ void **state)
{
    stage_enter(&stage, WHATSAPP);
    stage_enter(&stage, MESSENGER);
    stage_enter(&stage, BOT);
    struct note note = put_record(WHATSAPP, player_accounts[WHATSAPP], "audio");
    assert_true(note.ok);
    assert_int_equal(note.count, 1);
    assert_int_equal(put_record(WHATSAPP, player_accounts[WHATSAPP], "audio").count, 0); /* the same again */
    assert_true(put_record(MESSENGER, player_accounts[MESSENGER], NULL).ok);
    assert_false(put_record(BOT, player_accounts[WHATSAPP], "nothing").ok);
    assert_false(put_record(MESSENGER, player_accounts[WHATSAPP], "nothing").ok);

    stage_kill_gateway(&stage);
    stage_start_gateway(&stage);
    assert_true(stage_until(&stage, is_back, NULL, 10000));
    note = list_records(BOT);
    assert_true(note.ok);
    assert_int_equal(note.n_capabilities, 2);
    assert_string_equal(note.capabilities[0].account, player_accounts[MESSENGER]);
    assert_string_equal(note.capabilities[0].becomes, "");
    assert_string_equal(note.capabilities[1].account, player_accounts[WHATSAPP]);
    assert_string_equal(note.capabilities[1].feature, "voice");
    assert_string_equal(note.capabilities[1].becomes, "audio");
    assert_string_equal(note.capabilities[1].mime, "audio/ogg");
    assert_true(note.capabilities[1].since_ms > 0);

    stage_enter(&stage, ADMIN);
    stage_change_roster(&stage, "remove", "messenger");
    note = list_records(BOT);
    assert_int_equal(note.n_capabilities, 1);
    assert_string_equal(note.capabilities[0].account, player_accounts[WHATSAPP]);
}

/* The bot hears a messenger user, and knows his room. */
static struct trefoil_id room_of(unsigned user)
{
    char name[16], id[16];

    snprintf(name, sizeof(name), "u%u", user);
    snprintf(id, sizeof(id), "m.%u", user);
    stage_say(&stage, MESSENGER, name, id, "hello", NULL);
    struct note note = stage_await(&stage, BOT, TREFOIL_EVENT_DELIVERY);
    assert_int_equal(trefoil_client_ack(stage.players[BOT].client, note.handle, note.seq), TREFOIL_OK);
    return note.room;
}

static void bot_tells(struct trefoil_id room, const char *text, enum trefoil_lane lane)
{
    struct trefoil_message message = { .kind = TREFOIL_KIND_TEXT, .body.text.body = text };
    struct trefoil_publication publication = { .channel = stage.players[BOT].channel,
                                               .audience = TREFOIL_AUDIENCE_ROOM,
                                               .message = &message,
                                               .room = room,
                                               .lane = lane };

    stage_publish(&stage, BOT, &publication);
}

static void test_reply_overtakes_a_campaign(unused_ void **state)
{
    struct trefoil_id rooms[CAMPAIGN + 1];
    struct note held[5];
    size_t n_held = 0;

    stage.receive_credit = 10;
    stage_enter(&stage, MESSENGER);
    stage.receive_credit = 0;
    stage_enter(&stage, BOT);
    for (unsigned i = 0; i <= CAMPAIGN; i++)
        rooms[i] = room_of(i);
    for (unsigned i = 0; i < CAMPAIGN; i++)
        bot_tells(rooms[i], "offer", TREFOIL_LANE_BULK);
    while (n_held < ARRAY_SIZE(held)) {
        held[n_held] = stage_await(&stage, MESSENGER, TREFOIL_EVENT_DELIVERY);
        assert_int_equal(held[n_held++].lane, TREFOIL_LANE_BULK);
    }
    assert_false(stage_sees(&stage, MESSENGER, TREFOIL_EVENT_DELIVERY, 300)); /* half of what it can hold */
    bot_tells(rooms[CAMPAIGN], "answer", TREFOIL_LANE_REPLY);
    struct note note = stage_await(&stage, MESSENGER, TREFOIL_EVENT_DELIVERY);
    assert_string_equal(note.text, "answer");
    assert_int_equal(note.lane, TREFOIL_LANE_REPLY);
    stage_sent(&stage, MESSENGER, &note, "m.answer");
    for (unsigned i = 0; i < CAMPAIGN; i++) {
        char id[16];

        snprintf(id, sizeof(id), "m.offer%u", i);
        note = i < n_held ? held[i] : stage_await(&stage, MESSENGER, TREFOIL_EVENT_DELIVERY);
        assert_string_equal(note.text, "offer");
        stage_sent(&stage, MESSENGER, &note, id);
    }
}

int main(unused_ int argc, char **argv)
{
#define ON_STAGE(test) cmocka_unit_test_setup_teardown(test, open_stage, close_stage)
    const struct CMUnitTest tests[] = {
        ON_STAGE(test_window_and_consent_come_with_the_target_even_after_a_restart),
        ON_STAGE(test_two_names_of_one_person_are_one_address_of_the_room),
        ON_STAGE(test_aliases_that_cannot_be_are_refused_at_once),
        ON_STAGE(test_capability_records_are_told_by_their_owner_and_read_by_readers),
        ON_STAGE(test_reply_overtakes_a_campaign),
    };

    bin = argv[1];
    return cmocka_run_group_tests_name("persons", tests, NULL, NULL);
}
