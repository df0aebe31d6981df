/* The whole sandbox over loopback against a translator that only takes notes: what it is told, and what it may send. */
#include "sandbox/webhook_sender.h"
#include "sandbox_kit/rig.h"

#define SAY_MESSENGER "{\"network\":\"messenger\",\"person\":\"" BEN "\",\"text\":\"hello\"}"
#define TEXT_WHATSAPP                                                                                       \
    "{\"messaging_product\":\"whatsapp\",\"to\":\"+" ANA "\",\"type\":\"text\",\"text\":{\"body\":\"hi\"}," \
    "\"biz_opaque_callback_data\":\"tf1.7.0\"}"
#define TEXT_MESSENGER              \
    "{\"recipient\":{\"id\":\"" BEN \
    "\"},\"messaging_type\":\"RESPONSE\",\"message\":{\"text\":\"hi\",\"metadata\":\"tf1.7.1\"}}"
#define TEXT_INSTAGRAM "{\"recipient\":{\"id\":\"" CLEO "\"},\"message\":{\"text\":\"hi\"}}"

/* ---- Webhooks ---- */

static void test_webhook_is_written_and_signed_as_the_networks_do(void **state)
{
    struct rig *rig = *state;
    char line[SIGNATURE_LINE_SIZE];

    say(rig, "{\"network\":\"whatsapp\",\"person\":\"" ANA "\",\"text\":\"caf\u00e9 a/b \U0001f600\"}");
    run_until(rig, &rig->n_notes, 1);
    assert_string_equal(rig->notes[0].path, "/whatsapp");
    assert_non_null(strstr(rig->notes[0].body, "\"body\":\"caf\\u00e9 a\\/b \\ud83d\\ude00\""));
    webhook_signature(&rig->sandbox.world.accounts[0], bytes_of_text(rig->notes[0].body), line);
    assert_string_equal(rig->notes[0].signature, line + strlen("X-Hub-Signature-256: "));
}

static void test_signature_is_that_of_the_reference(void **state unused_)
{
    char secret[] = "test_app_secret", line[SIGNATURE_LINE_SIZE];
    struct account account = { .app_secret = secret };

    webhook_signature(&account, bytes_of_text("{\"object\":\"whatsapp_business_account\",\"entry\":[]}"), line);
    assert_string_equal(line,
                        "X-Hub-Signature-256: sha256=dec6a680679a968e7e0319355b23599cbfc54502c0784668e9618baa0c633756");
}

static void test_events_wait_for_the_handshake(void **state)
{
    struct rig *rig = *state;
    int seen;

    rig->is_deaf = true;
    say(rig, SAY_MESSENGER);
    seen = rig->n_handshakes;
    run_until(rig, &rig->n_handshakes, seen + 1);
    assert_int_equal(rig->n_notes, 0);
    rig->is_deaf = false;
    run_until(rig, &rig->n_notes, 1);
    assert_string_equal(rig->notes[0].path, "/messenger");
}

static void test_refused_webhooks_come_again_and_in_order(void **state)
{
    struct rig *rig = *state;
    char body[160], expected[32];

    rig->n_refusals = 3;
    for (int i = 0; i < 5; i++) {
        (void) snprintf(body, sizeof(body), "{\"network\":\"whatsapp\",\"person\":\"" ANA "\",\"text\":\"no. %d\"}", i);
        say(rig, body);
    }
    run_until(rig, &rig->n_notes, 5);
    for (int i = 0; i < 5; i++) {
        (void) snprintf(expected, sizeof(expected), "\"no. %d\"", i);
        assert_non_null(strstr(rig->notes[i].body, expected));
    }
    assert_int_equal(ask(rig, "/control/state", NULL), 200);
    assert_number(rig, "networks/whatsapp/webhook_retries", 3);
}

static void test_duplicate_and_batch_faults_do_what_they_say(void **state)
{
    struct rig *rig = *state;
    json_t *note;

    assert_int_equal(ask(rig, "/control/faults", "{\"network\":\"messenger\",\"fault\":\"duplicate\",\"count\":1}"),
                     200);
    say(rig, SAY_MESSENGER);
    run_until(rig, &rig->n_notes, 2);
    assert_non_null(strstr(rig->notes[1].body, "hello"));
    assert_int_equal(ask(rig, "/control/faults", "{\"network\":\"messenger\",\"fault\":\"batch\",\"size\":3}"), 200);
    for (int i = 0; i < 3; i++)
        say(rig, SAY_MESSENGER);
    run_until(rig, &rig->n_notes, 3);
    note = note_json(rig, 2);
    assert_int_equal(json_array_size(at(note, "entry/0/messaging")), 3);
    json_decref(note);
}

static void test_webhook_by_hand_tells_what_the_translator_answered(void **state)
{
    struct rig *rig = *state;

    assert_int_equal(
        ask(rig, "/control/webhook", "{\"network\":\"instagram\",\"body\":\"not json\",\"signature\":\"missing\"}"),
        200);
    assert_number(rig, "status", 200);
    assert_string_equal(rig->notes[0].body, "not json");
    assert_string_equal(rig->notes[0].signature, "");
}

/* ---- Sends ---- */

static void test_whatsapp_send_returns_its_mark_in_the_statuses(void **state)
{
    struct rig *rig = *state;
    json_t *note;
    char id[MESSAGE_ID_SIZE];

    assert_int_equal(graph(rig, NUMBER, TEXT_WHATSAPP), 200);
    (void) snprintf(id, sizeof(id), "%s", text_at(rig->answer, "messages/0/id"));
    assert_string_equal(text_at(rig->answer, "contacts/0/wa_id"), ANA);
    run_until(rig, &rig->n_notes, 2);
    for (int i = 0; i < 2; i++) {
        const char *status = i ? "delivered" : "sent";

        note = note_json(rig, i);
        assert_string_equal(text_at(note, "entry/0/changes/0/value/statuses/0/id"), id);
        assert_string_equal(text_at(note, "entry/0/changes/0/value/statuses/0/status"), status);
        assert_string_equal(text_at(note, "entry/0/changes/0/value/statuses/0/biz_opaque_callback_data"), "tf1.7.0");
        json_decref(note);
    }
    assert_int_equal(ask(rig, "/control/phones/whatsapp/" ANA, NULL), 200);
    assert_string_equal(text_at(rig->answer, "bubbles/0/text"), "hi");
    assert_string_equal(text_at(rig->answer, "bubbles/0/direction"), "in");
}

static void test_page_serves_messenger_and_instagram_and_both_echo(void **state)
{
    struct rig *rig = *state;
    json_t *note;

    assert_int_equal(graph(rig, PAGE, TEXT_MESSENGER), 200);
    run_until(rig, &rig->n_notes, 1);
    note = note_json(rig, 0);
    assert_string_equal(text_at(note, "object"), "page");
    assert_string_equal(text_at(note, "entry/0/messaging/0/message/metadata"), "tf1.7.1");
    assert_true(json_is_true(at(note, "entry/0/messaging/0/message/is_echo")));
    json_decref(note);
    run_until(rig, &rig->n_notes, 2); /* delivery */
    assert_int_equal(graph(rig, PAGE, TEXT_INSTAGRAM), 200);
    run_until(rig, &rig->n_notes, 3);
    note = note_json(rig, 2);
    assert_string_equal(text_at(note, "object"), "instagram");
    assert_string_equal(text_at(note, "entry/0/messaging/0/recipient/id"), CLEO);
    json_decref(note);
}

static void test_person_who_reads_is_told_in_each_networks_manner(void **state)
{
    struct rig *rig = *state;
    json_t *note;

    assert_int_equal(graph(rig, PAGE, TEXT_INSTAGRAM), 200);
    run_until(rig, &rig->n_notes, 1);
    assert_int_equal(ask(rig, "/control/read", "{\"network\":\"instagram\",\"person\":\"" CLEO "\"}"), 200);
    run_until(rig, &rig->n_notes, 2);
    note = note_json(rig, 1);
    assert_non_null(at(note, "entry/0/messaging/0/read/mid"));
    json_decref(note);
    assert_int_equal(graph(rig, PAGE, TEXT_MESSENGER), 200);
    run_until(rig, &rig->n_notes, 4);
    assert_int_equal(ask(rig, "/control/read", "{\"network\":\"messenger\",\"person\":\"" BEN "\"}"), 200);
    run_until(rig, &rig->n_notes, 5);
    note = note_json(rig, 4);
    assert_true(json_is_integer(at(note, "entry/0/messaging/0/read/watermark")));
    json_decref(note);
}

static void test_business_that_reads_turns_the_persons_ticks(void **state)
{
    struct rig *rig = *state;

    say(rig, SAY_MESSENGER);
    run_until(rig, &rig->n_notes, 1);
    assert_int_equal(ask(rig, "/control/phones/messenger/" BEN, NULL), 200);
    assert_string_equal(text_at(rig->answer, "bubbles/0/ticks"), "delivered");
    assert_int_equal(graph(rig, PAGE, "{\"recipient\":{\"id\":\"" BEN "\"},\"sender_action\":\"mark_seen\"}"), 200);
    assert_int_equal(ask(rig, "/control/phones/messenger/" BEN, NULL), 200);
    assert_string_equal(text_at(rig->answer, "bubbles/0/ticks"), "read");
}

/* ---- Refusals ---- */

static void test_strangers_and_unknown_objects_are_refused(void **state)
{
    struct rig *rig = *state;

    (void) ask_as(rig, NULL, "/v25.0/" NUMBER "/messages", TEXT_WHATSAPP);
    assert_refused(rig, 401, 190, 0);
    (void) ask_as(rig, "wrong", "/v25.0/" NUMBER "/messages", TEXT_WHATSAPP);
    assert_refused(rig, 401, 190, 0);
    (void) graph(rig, "999", TEXT_WHATSAPP);
    assert_refused(rig, 400, 100, 0);
    assert_int_equal(ask(rig, "/control/state", NULL), 200);
    assert_number(rig, "accepted", 0);
}

static void test_what_the_networks_refuse_is_refused_with_their_codes(void **state)
{
    struct rig *rig = *state;
    char long_text[3000];

    (void) graph(rig, PAGE,
                 "{\"recipient\":{\"id\":\"" BEN "\"},\"sender_action\":\"typing_on\",\"message\":{\"text\":\"x\"}}");
    assert_refused(rig, 400, 100, 2018014);
    (void) graph(rig, PAGE, "{\"recipient\":{\"id\":\"42\"},\"message\":{\"text\":\"x\"}}");
    assert_refused(rig, 400, 100, 2018001);
    (void) snprintf(long_text, sizeof(long_text),
                    "{\"recipient\":{\"id\":\"" BEN "\"},\"message\":{\"text\":\"%02000d\"}}", 1);
    (void) graph(rig, PAGE, long_text);
    assert_refused(rig, 400, 100, 0);
    (void) snprintf(long_text, sizeof(long_text),
                    "{\"recipient\":{\"id\":\"" CLEO "\"},\"message\":{\"text\":\"%01001d\"}}", 1);
    (void) graph(rig, PAGE, long_text);
    assert_refused(rig, 400, 100, 0);
    (void) graph(rig, NUMBER,
                 "{\"messaging_product\":\"whatsapp\",\"to\":\"" ANA "\",\"type\":\"image\",\"image\":{\"id\":\"1\"}}");
    assert_refused(rig, 400, 131009, 0);
    (void) graph(rig, NUMBER, "{\"to\":\"" ANA "\",\"text\":{\"body\":\"x\"}}");
    assert_refused(rig, 400, 100, 0);
}

static void test_number_nobody_has_is_accepted_and_fails_afterwards(void **state)
{
    struct rig *rig = *state;
    json_t *note;

    assert_int_equal(
        graph(rig, NUMBER, "{\"messaging_product\":\"whatsapp\",\"to\":\"+4242\",\"text\":{\"body\":\"x\"}}"), 200);
    run_until(rig, &rig->n_notes, 1);
    note = note_json(rig, 0);
    assert_string_equal(text_at(note, "entry/0/changes/0/value/statuses/0/status"), "failed");
    assert_int_equal(json_integer_value(at(note, "entry/0/changes/0/value/statuses/0/errors/0/code")), 131026);
    json_decref(note);
}

static void test_lost_answer_was_accepted_and_a_repeat_is_counted(void **state)
{
    struct rig *rig = *state;

    assert_int_equal(ask(rig, "/control/faults", "{\"network\":\"whatsapp\",\"fault\":\"drop_answer\",\"count\":1}"),
                     200);
    assert_int_equal(graph(rig, NUMBER, TEXT_WHATSAPP), 0);
    assert_int_equal(rig->reply.result, HTTP_LOST);
    assert_int_equal(graph(rig, NUMBER, TEXT_WHATSAPP), 200);
    assert_int_equal(ask(rig, "/control/state", NULL), 200);
    assert_number(rig, "accepted", 2);
    assert_number(rig, "duplicates", 1);
    assert_number(rig, "answers_lost", 1);
}

static void test_documented_rates_are_enforced_when_they_are_switched_on(void **state)
{
    struct rig *rig = *state;

    assert_int_equal(ask(rig, "/control/faults", "{\"network\":\"whatsapp\",\"fault\":\"limits\",\"per_s\":1}"), 200);
    assert_int_equal(graph(rig, NUMBER, TEXT_WHATSAPP), 200);
    assert_int_equal(graph(rig, NUMBER, TEXT_WHATSAPP), 400);
    assert_number(rig, "error/code", 130429);
    assert_int_equal(ask(rig, "/control/faults", "{\"network\":\"whatsapp\",\"fault\":\"limits\",\"per_s\":100000}"),
                     200);
    for (int i = 1; i < 45; i++)
        assert_int_equal(graph(rig, NUMBER, TEXT_WHATSAPP), 200);
    assert_int_equal(graph(rig, NUMBER, TEXT_WHATSAPP), 400);
    assert_number(rig, "error/code", 131056);
}

static void test_limits_and_broken_servers_come_as_asked(void **state)
{
    struct rig *rig = *state;

    assert_int_equal(
        ask(rig, "/control/faults", "{\"network\":\"all\",\"fault\":\"rate_limited\",\"count\":1,\"retry_after\":7}"),
        200);
    assert_int_equal(graph(rig, NUMBER, TEXT_WHATSAPP), 400);
    assert_number(rig, "error/code", 130429);
    assert_int_equal(rig->reply.retry_after_ms, 7000);
    assert_int_equal(ask(rig, "/control/faults", "{\"network\":\"whatsapp\",\"fault\":\"server_error\",\"count\":1}"),
                     200);
    assert_int_equal(graph(rig, NUMBER, TEXT_WHATSAPP), 502);
    assert_null(rig->answer); /* HTML */
    assert_int_equal(ask(rig, "/control/faults", "{\"network\":\"whatsapp\",\"fault\":\"expired_token\",\"count\":1}"),
                     200);
    assert_int_equal(graph(rig, NUMBER, TEXT_WHATSAPP), 401);
    assert_number(rig, "error/code", 190);
    assert_int_equal(ask(rig, "/control/faults", "{\"network\":\"whatsapp\",\"fault\":\"reset\",\"count\":1}"), 200);
    assert_int_equal(graph(rig, NUMBER, TEXT_WHATSAPP), 0);
    assert_int_equal(graph(rig, NUMBER, TEXT_WHATSAPP), 200);
    assert_int_equal(ask(rig, "/control/state", NULL), 200);
    assert_number(rig, "accepted", 1);
}

static void test_reset_empties_the_phones_and_keeps_the_people(void **state)
{
    struct rig *rig = *state;

    say(rig, SAY_MESSENGER);
    assert_int_equal(graph(rig, PAGE, TEXT_MESSENGER), 200);
    assert_int_equal(ask(rig, "/control/reset", "{}"), 200);
    assert_int_equal(ask(rig, "/control/phones", NULL), 200);
    assert_int_equal(json_array_size(at(rig->answer, "phones")), 3);
    assert_int_equal(json_array_size(at(rig->answer, "phones/1/bubbles")), 0);
}

static void test_page_is_built_in(void **state)
{
    struct rig *rig = *state;

    assert_int_equal(ask(rig, "/", NULL), 200);
    assert_int_equal(ask(rig, "/app.js", NULL), 200);
    assert_int_equal(ask(rig, "/style.css", NULL), 200);
    assert_int_equal(ask(rig, "/../etc/passwd", NULL), 404);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        in_rig(test_webhook_is_written_and_signed_as_the_networks_do),
        cmocka_unit_test(test_signature_is_that_of_the_reference),
        in_rig(test_events_wait_for_the_handshake),
        in_rig(test_refused_webhooks_come_again_and_in_order),
        in_rig(test_duplicate_and_batch_faults_do_what_they_say),
        in_rig(test_webhook_by_hand_tells_what_the_translator_answered),
        in_rig(test_whatsapp_send_returns_its_mark_in_the_statuses),
        in_rig(test_page_serves_messenger_and_instagram_and_both_echo),
        in_rig(test_person_who_reads_is_told_in_each_networks_manner),
        in_rig(test_business_that_reads_turns_the_persons_ticks),
        in_rig(test_strangers_and_unknown_objects_are_refused),
        in_rig(test_what_the_networks_refuse_is_refused_with_their_codes),
        in_rig(test_number_nobody_has_is_accepted_and_fails_afterwards),
        in_rig(test_lost_answer_was_accepted_and_a_repeat_is_counted),
        in_rig(test_documented_rates_are_enforced_when_they_are_switched_on),
        in_rig(test_limits_and_broken_servers_come_as_asked),
        in_rig(test_reset_empties_the_phones_and_keeps_the_people),
        in_rig(test_page_is_built_in),
    };

    return cmocka_run_group_tests_name("sandbox", tests, NULL, NULL);
}
