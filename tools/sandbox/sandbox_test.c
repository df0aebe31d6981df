/* The whole sandbox over loopback against a translator that only takes notes: what it is told, and what it may send. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>
#include <sodium.h>

#include "sandbox/sandbox.h"
#include "sandbox/webhook_sender.h"

#define MAX_NOTES 64
#define ANA "15551230001"
#define BEN "6543210000000004"
#define CLEO "1234500000000006"
#define NUMBER "106540000000002"
#define PAGE "104500000000003"

/* One webhook as the translator got it. */
struct note {
    char path[32], signature[96];
    char *body;
};

struct rig {
    uv_loop_t loop;
    struct sandbox sandbox;
    struct settings settings;
    struct account_settings accounts[3];
    struct person_settings people[3];
    char folder[32], secret_path[64], urls[3][64];
    struct http_server *translator;
    struct http_client *client;
    uv_timer_t guard;
    bool is_late;

    struct note notes[MAX_NOTES];
    int n_notes, n_handshakes;
    int n_refusals; /* answer 503 this often first */
    bool is_deaf;   /* fails the handshake */

    int n_replies;
    struct http_reply reply; /* the last one */
    json_t *answer;
};

/* ---- The translator ---- */

static void on_webhook(void *owner, struct http_exchange *exchange, const struct http_request *request)
{
    struct rig *rig = owner;
    const char *challenge = http_request_query(exchange, "hub.challenge");
    const char *signature = http_request_header(exchange, "X-Hub-Signature-256");
    struct note *note;

    if (strcmp(request->method, "GET") == 0) {
        rig->n_handshakes++;
        assert_string_equal(http_request_query(exchange, "hub.mode"), "subscribe");
        assert_string_equal(http_request_query(exchange, "hub.verify_token"), "test_app_secret");
        assert_int_equal(http_answer(&exchange, 200, "text/plain", bytes_of_text(rig->is_deaf ? "what?" : challenge)),
                         0);
        return;
    }
    if (rig->n_refusals > 0) {
        rig->n_refusals--;
        assert_int_equal(http_answer(&exchange, 503, NULL, BYTES_EMPTY), 0);
        return;
    }
    assert_true(rig->n_notes < MAX_NOTES);
    note = &rig->notes[rig->n_notes++];
    (void) snprintf(note->path, sizeof(note->path), "%s", request->path);
    (void) snprintf(note->signature, sizeof(note->signature), "%s", signature ? signature : "");
    note->body = strndup((const char *) request->body.data, request->body.size);
    assert_int_equal(http_answer(&exchange, 200, NULL, BYTES_EMPTY), 0);
}

/* ---- The rig ---- */

static void on_late(uv_timer_t *timer)
{
    ((struct rig *) timer->data)->is_late = true;
}

static void run_until(struct rig *rig, const int *count, int wanted)
{
    while (*count < wanted && !rig->is_late)
        (void) uv_run(&rig->loop, UV_RUN_ONCE);
    assert_false(rig->is_late);
}

static void write_secret(struct rig *rig)
{
    FILE *file;

    (void) snprintf(rig->folder, sizeof(rig->folder), "/tmp/sandbox-test-XXXXXX");
    assert_non_null(mkdtemp(rig->folder));
    (void) snprintf(rig->secret_path, sizeof(rig->secret_path), "%s/secret", rig->folder);
    file = fopen(rig->secret_path, "w");
    assert_non_null(file);
    (void) fputs("test_app_secret\n", file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(rig->secret_path, 0600), 0);
}

static void configure(struct rig *rig)
{
    static const char *const ids[] = { NUMBER, PAGE, "17841400000000005" };
    static const char *const users[] = { ANA, BEN, CLEO }, *const names[] = { "Ana", "Ben", "Cleo" };

    for (int i = 0; i < 3; i++) {
        (void) snprintf(rig->urls[i], sizeof(rig->urls[i]), "http://127.0.0.1:%u/%s", http_server_port(rig->translator),
                        network_name((enum network) i));
        rig->accounts[i].network = i;
        rig->accounts[i].id = ids[i];
        rig->accounts[i].page_id = i == NETWORK_INSTAGRAM ? PAGE : "";
        rig->accounts[i].token_file = rig->accounts[i].app_secret_file = rig->accounts[i].verify_token_file =
            rig->secret_path;
        rig->accounts[i].webhook_url = rig->urls[i];
        rig->people[i] = (struct person_settings){ i, users[i], names[i] };
    }
    rig->settings = (struct settings){ .host = "127.0.0.1",
                                       .app_id = "270000000000007",
                                       .seed = 1,
                                       .echoes = true,
                                       .retry_first_ms = 5,
                                       .retry_max_ms = 20,
                                       .retry_for_ms = 60000,
                                       .webhook_timeout_ms = 2000,
                                       .max_webhooks_in_flight = 8,
                                       .accounts = { rig->accounts, 3 },
                                       .people = { rig->people, 3 } };
}

static int open_rig(void **state)
{
    struct rig *rig = calloc(1, sizeof(*rig));
    struct http_server_options server = {
        .host = "127.0.0.1", .max_body_bytes = 1 << 20, .idle_ms = 30000, .owner = rig, .on_request = on_webhook
    };
    struct http_client_options client = { 4, 2000, "test" };
    const char *what = "";

    assert_true(sodium_init() >= 0);
    write_secret(rig);
    assert_int_equal(uv_loop_init(&rig->loop), 0);
    assert_int_equal(uv_timer_init(&rig->loop, &rig->guard), 0);
    rig->guard.data = rig;
    assert_int_equal(uv_timer_start(&rig->guard, on_late, 20000, 0), 0);
    assert_int_equal(http_server_open(&rig->loop, &server, &rig->translator), 0);
    assert_int_equal(http_client_open(&rig->loop, &client, &rig->client), 0);
    configure(rig);
    rig->sandbox.world.log.level = LOG_ERROR_;
    assert_int_equal(sandbox_start(&rig->sandbox, &rig->loop, &rig->settings, &what), 0);
    *state = rig;
    return 0;
}

static int close_rig(void **state)
{
    struct rig *rig = *state;

    sandbox_stop(&rig->sandbox);
    rig->client = http_client_close(rig->client);
    rig->translator = http_server_close(rig->translator);
    uv_close((uv_handle_t *) &rig->guard, NULL);
    (void) uv_run(&rig->loop, UV_RUN_DEFAULT);
    sandbox_deinit(&rig->sandbox);
    assert_int_equal(uv_loop_close(&rig->loop), 0);
    for (int i = 0; i < rig->n_notes; i++)
        free(rig->notes[i].body);
    json_decref(rig->answer);
    (void) unlink(rig->secret_path);
    (void) rmdir(rig->folder);
    free(rig);
    return 0;
}

static void on_reply(void *context, const struct http_reply *reply)
{
    struct rig *rig = context;

    rig->n_replies++;
    rig->reply = *reply;
    json_decref(rig->answer);
    rig->answer = json_loadb((const char *) reply->body.data, reply->body.size, 0, NULL);
}

/* POSTs when there is a body; waits for the answer, which is then in rig->answer. */
static int ask_as(struct rig *rig, const char *token, const char *path, const char *body)
{
    char url[256];
    struct http_call call = { .method = body ? "POST" : "GET",
                              .url = url,
                              .bearer = token,
                              .body = bytes_of_text(body),
                              .timeout_ms = 5000,
                              .max_reply_bytes = 1 << 20,
                              .context = rig,
                              .on_reply = on_reply };

    (void) snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", http_server_port(rig->sandbox.server), path);
    assert_int_equal(http_send(rig->client, &call), 0);
    run_until(rig, &rig->n_replies, rig->n_replies + 1);
    return rig->reply.result == HTTP_ANSWERED ? rig->reply.status : 0;
}

static int ask(struct rig *rig, const char *path, const char *body)
{
    return ask_as(rig, "test_app_secret", path, body);
}

static int graph(struct rig *rig, const char *object, const char *body)
{
    char path[64];

    (void) snprintf(path, sizeof(path), "/v25.0/%s/messages", object);
    return ask(rig, path, body);
}

/* What a path of keys and indices leads to in the last answer: "error/code". */
static const json_t *at(const json_t *json, const char *path)
{
    char key[64];

    while (json && *path) {
        size_t size = strcspn(path, "/");

        (void) snprintf(key, sizeof(key), "%.*s", (int) size, path);
        json = json_is_array(json) ? json_array_get(json, strtoul(key, NULL, 10)) : json_object_get(json, key);
        path += size + (path[size] == '/');
    }
    return json;
}

static void assert_number(const struct rig *rig, const char *path, json_int_t expected)
{
    assert_true(json_is_integer(at(rig->answer, path)));
    assert_int_equal(json_integer_value(at(rig->answer, path)), expected);
}

static const char *text_at(const json_t *json, const char *path)
{
    const char *text = json_string_value(at(json, path));

    assert_non_null(text);
    return text;
}

static json_t *note_json(const struct rig *rig, int i)
{
    json_t *json = json_loads(rig->notes[i].body, 0, NULL);

    assert_non_null(json);
    return json;
}

static void say(struct rig *rig, const char *body)
{
    assert_int_equal(ask(rig, "/control/say", body), 200);
}

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

static void assert_refused(struct rig *rig, int status, json_int_t code, json_int_t subcode)
{
    assert_int_equal(rig->reply.status, status);
    assert_number(rig, "error/code", code);
    assert_int_equal(json_integer_value(at(rig->answer, "error/error_subcode")), subcode);
    assert_string_equal(text_at(rig->answer, "error/type"), "OAuthException");
    assert_true(strlen(text_at(rig->answer, "error/fbtrace_id")) > 10);
}

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
    assert_refused(rig, 400, 131051, 0);
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

static void test_limits_and_broken_servers_come_as_asked(void **state)
{
    struct rig *rig = *state;

    assert_int_equal(
        ask(rig, "/control/faults", "{\"network\":\"all\",\"fault\":\"rate_limited\",\"count\":1,\"retry_after\":7}"),
        200);
    assert_int_equal(graph(rig, NUMBER, TEXT_WHATSAPP), 429);
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

#define in_rig(test) cmocka_unit_test_setup_teardown(test, open_rig, close_rig)

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
        in_rig(test_limits_and_broken_servers_come_as_asked),
        in_rig(test_reset_empties_the_phones_and_keeps_the_people),
        in_rig(test_page_is_built_in),
    };

    return cmocka_run_group_tests_name("sandbox", tests, NULL, NULL);
}
