/* The rig: a temporary secret, three accounts, three people, a listener that notes webhooks. Never outlives its test. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "sandbox/webhook_sender.h"
#include "sandbox_kit/rig.h"

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

void run_until(struct rig *rig, const int *count, int wanted)
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

int open_rig(void **state)
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

int close_rig(void **state)
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
    json_decref(rig->noted);
    free(rig->body);
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
    (void) snprintf(rig->content_type, sizeof(rig->content_type), "%s", reply->content_type ? reply->content_type : "");
    free(rig->body);
    rig->body_size = reply->body.size;
    rig->body = malloc(reply->body.size + 1);
    assert_non_null(rig->body);
    if (reply->body.size > 0)
        memcpy(rig->body, reply->body.data, reply->body.size);
    rig->answer = json_loadb((const char *) reply->body.data, reply->body.size, 0, NULL);
}

int request(struct rig *rig, const struct request *request)
{
    char url[2048];
    struct http_call call = { .method = request->method,
                              .url = url,
                              .bearer = request->token,
                              .content_type = request->content_type,
                              .body = request->body,
                              .timeout_ms = 5000,
                              .max_reply_bytes = 8 << 20,
                              .context = rig,
                              .on_reply = on_reply };

    (void) snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", http_server_port(rig->sandbox.server), request->path);
    if (strncmp(request->path, "http:", 5) == 0)
        (void) snprintf(url, sizeof(url), "%s", request->path);
    assert_int_equal(http_send(rig->client, &call), 0);
    run_until(rig, &rig->n_replies, rig->n_replies + 1);
    return rig->reply.result == HTTP_ANSWERED ? rig->reply.status : 0;
}

int ask_as(struct rig *rig, const char *token, const char *path, const char *body)
{
    return request(rig,
                   &(struct request){ body ? "POST" : "GET", path, token, "application/json", bytes_of_text(body) });
}

int ask(struct rig *rig, const char *path, const char *body)
{
    return ask_as(rig, "test_app_secret", path, body);
}

int graph(struct rig *rig, const char *object, const char *body)
{
    char path[64];

    (void) snprintf(path, sizeof(path), "/v25.0/%s/messages", object);
    return ask(rig, path, body);
}

/* What a path of keys and indices leads to in the last answer: "error/code". */
const json_t *at(const json_t *json, const char *path)
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

void assert_number(const struct rig *rig, const char *path, json_int_t expected)
{
    assert_true(json_is_integer(at(rig->answer, path)));
    assert_int_equal(json_integer_value(at(rig->answer, path)), expected);
}

const char *text_at(const json_t *json, const char *path)
{
    const char *text = json_string_value(at(json, path));

    assert_non_null(text);
    return text;
}

json_t *note_json(const struct rig *rig, int i)
{
    json_t *json = json_loads(rig->notes[i].body, JSON_ALLOW_NUL, NULL);

    assert_non_null(json);
    return json;
}

void say(struct rig *rig, const char *body)
{
    assert_int_equal(ask(rig, "/control/say", body), 200);
}

void assert_refused(struct rig *rig, int status, json_int_t code, json_int_t subcode)
{
    assert_int_equal(rig->reply.status, status);
    assert_number(rig, "error/code", code);
    assert_int_equal(json_integer_value(at(rig->answer, "error/error_subcode")), subcode);
    assert_string_equal(text_at(rig->answer, "error/type"), "OAuthException");
    assert_true(strlen(text_at(rig->answer, "error/fbtrace_id")) > 10);
}

const json_t *element(struct rig *rig, int i)
{
    static const char *const places[] = { "entry/0/changes/0/value/messages/0", "entry/0/changes/0/value/statuses/0",
                                          "entry/0/messaging/0" };

    json_decref(rig->noted);
    rig->noted = note_json(rig, i);
    for (size_t place = 0; place < ARRAY_SIZE(places); place++) {
        if (at(rig->noted, places[place]))
            return at(rig->noted, places[place]);
    }
    fail_msg("note %d has no element", i);
    return NULL;
}
