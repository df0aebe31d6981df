/* The network's door over real loopback HTTP: who gets in, and what the others get. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/http_client.h"
#include "formats/signature.h"
#include "skeleton/webhook.h"

#define SECRET "first application secret"
#define NEXT_SECRET "second application secret"
#define TOKEN "verify-me"

struct scene {
    char folder[64];
    const char *paths[4];
    struct arena mem;
    struct account_settings account;
    struct settings settings;
    struct accounts accounts;
    uv_loop_t loop;
    struct webhook *webhook;
    struct http_client *client;
    unsigned refusals[WEBHOOK_N_REFUSALS], handshakes, bodies;
    size_t body_size;
    uint8_t last_byte;
    int status; /* of the answer to our request */
    char answer[512];
    size_t answer_size;
};

static const char *put_secret(struct scene *scene, unsigned which, const char *text)
{
    char *path = arena_format(&scene->mem, "%s/%u", scene->folder, which);
    char *fresh = arena_format(&scene->mem, "%s/%u.new", scene->folder, which);
    assert_true(path && fresh);
    scene->paths[which] = path;
    FILE *file = fopen(fresh, "w");
    assert_non_null(file);
    assert_int_equal(fchmod(fileno(file), 0600), 0);
    fprintf(file, "%s\n", text);
    fclose(file);
    assert_int_equal(rename(fresh, path), 0);
    return path;
}

static void on_body(void *owner, struct http_exchange *exchange, struct bytes body)
{
    struct scene *scene = owner;
    scene->bodies++;
    scene->body_size = body.size;
    scene->last_byte = body.size ? body.data[body.size - 1] : 0;
    webhook_answer(&exchange, 200);
}

static void on_gone(void *owner, struct http_exchange *exchange)
{
    (void) owner;
    (void) exchange;
}

static void on_refusal(void *owner, enum webhook_refusal refusal)
{
    ((struct scene *) owner)->refusals[refusal]++;
}

static void on_handshake(void *owner)
{
    ((struct scene *) owner)->handshakes++;
}

static int open_scene(void **state)
{
    static const char *secrets[2];
    char error[256] = "";
    struct scene *scene = calloc(1, sizeof(*scene));
    assert_non_null(scene);
    snprintf(scene->folder, sizeof(scene->folder), "/tmp/webhook-test-XXXXXX");
    assert_non_null(mkdtemp(scene->folder));
    scene->mem = ARENA_EMPTY(1 << 20);
    secrets[0] = put_secret(scene, 2, SECRET);
    secrets[1] = put_secret(scene, 3, NEXT_SECRET);
    scene->account = (struct account_settings){ .id = "100",
                                                .token_file = put_secret(scene, 0, "access"),
                                                .verify_token_file = put_secret(scene, 1, TOKEN),
                                                .app_secret_files = { secrets, 2 } };
    scene->settings.accounts = (struct config_list){ &scene->account, 1 };
    assert_int_equal(accounts_init(&scene->accounts, "echo", &scene->settings, &scene->mem, error, sizeof(error)), 0);
    uv_loop_init(&scene->loop);
    struct webhook_options options = { .host = "127.0.0.1",
                                       .path = "/webhook",
                                       .accounts = &scene->accounts,
                                       .owner = scene,
                                       .on_body = on_body,
                                       .on_gone = on_gone,
                                       .on_refusal = on_refusal,
                                       .on_handshake = on_handshake };
    struct http_client_options client = { 4, 2000, "test" };
    assert_int_equal(webhook_open(&scene->loop, &options, &scene->webhook), 0);
    assert_int_equal(http_client_open(&scene->loop, &client, &scene->client), 0);
    *state = scene;
    return 0;
}

static int close_scene(void **state)
{
    struct scene *scene = *state;
    webhook_close(scene->webhook);
    http_client_close(scene->client);
    uv_run(&scene->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&scene->loop), 0);
    accounts_deinit(&scene->accounts);
    for (size_t i = 0; i < ARRAY_SIZE(scene->paths); i++)
        unlink(scene->paths[i]);
    arena_deinit(&scene->mem);
    rmdir(scene->folder);
    free(scene);
    return 0;
}

static void on_reply(void *context, const struct http_reply *reply)
{
    struct scene *scene = context;
    scene->status = reply->result == HTTP_ANSWERED ? reply->status : -1;
    scene->answer_size = reply->body.size < sizeof(scene->answer) ? reply->body.size : sizeof(scene->answer) - 1;
    if (scene->answer_size)
        memcpy(scene->answer, reply->body.data, scene->answer_size);
    scene->answer[scene->answer_size] = '\0';
    uv_stop(&scene->loop);
}

static int ask(struct scene *scene, const char *method, const char *path, struct bytes body, const char *signature)
{
    char url[1024], header[256];
    const char *headers[] = { header };
    snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", webhook_port(scene->webhook), path);
    snprintf(header, sizeof(header), "X-Hub-Signature-256: %s", signature ? signature : "");
    struct http_call call = { .method = method,
                              .url = url,
                              .content_type = body.size ? "application/json" : NULL,
                              .headers = headers,
                              .n_headers = signature ? 1 : 0,
                              .body = body,
                              .timeout_ms = 10000,
                              .max_reply_bytes = 4096,
                              .context = scene,
                              .on_reply = on_reply };
    scene->status = 0;
    assert_int_equal(http_send(scene->client, &call), 0);
    while (!scene->status)
        uv_run(&scene->loop, UV_RUN_DEFAULT);
    return scene->status;
}

static int post_signed(struct scene *scene, struct bytes body, const char *secret)
{
    char signature[SIGNATURE_VALUE_SIZE];
    signature_make(body, bytes_of_text(secret), signature);
    return ask(scene, "POST", "/webhook", body, signature);
}

static void test_subscription_handshake_repeats_the_challenge(void **state)
{
    struct scene *scene = *state;
    int status = ask(scene, "GET", "/webhook?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=" TOKEN,
                     BYTES_EMPTY, NULL);
    assert_int_equal(status, 200);
    assert_string_equal(scene->answer, "1158201444");
    assert_int_equal(scene->handshakes, 1);
}

static void test_handshake_that_is_not_ours_is_forbidden(void **state)
{
    struct scene *scene = *state;
    static const char *const paths[] = {
        "/webhook",
        "/webhook?hub.mode=subscribe&hub.challenge=1&hub.verify_token=verify-m",
        "/webhook?hub.mode=subscribe&hub.challenge=1&hub.verify_token=verify-me2",
        "/webhook?hub.mode=subscribe&hub.challenge=1&hub.verify_token=",
        "/webhook?hub.mode=subscribe&hub.challenge=1",
        "/webhook?hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=" TOKEN,
        "/webhook?hub.mode=subscribe&hub.verify_token=" TOKEN,
        "/webhook?hub.mode=subscribe&hub.challenge=&hub.verify_token=" TOKEN,
        "/webhook?hub.mode=subscribe&hub.challenge=%3Cscript%3E&hub.verify_token=" TOKEN,
    };
    for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
        assert_int_equal(ask(scene, "GET", paths[i], BYTES_EMPTY, NULL), 403);
        assert_int_equal(scene->answer_size, 0);
    }
    assert_int_equal(scene->refusals[WEBHOOK_BAD_HANDSHAKE], ARRAY_SIZE(paths));
    assert_int_equal(scene->handshakes, 0);
}

static void test_challenge_longer_than_its_limit_is_forbidden(void **state)
{
    struct scene *scene = *state;
    char path[600], challenge[WEBHOOK_CHALLENGE_MAX_BYTES + 2];
    memset(challenge, '7', sizeof(challenge));
    challenge[WEBHOOK_CHALLENGE_MAX_BYTES + 1] = '\0';
    snprintf(path, sizeof(path), "/webhook?hub.mode=subscribe&hub.verify_token=" TOKEN "&hub.challenge=%s", challenge);
    assert_int_equal(ask(scene, "GET", path, BYTES_EMPTY, NULL), 403);
    path[strlen(path) - 1] = '\0';
    assert_int_equal(ask(scene, "GET", path, BYTES_EMPTY, NULL), 200);
}

static void test_genuine_body_comes_through_unchanged(void **state)
{
    struct scene *scene = *state;
    assert_int_equal(post_signed(scene, bytes_of_text("{\"object\":\"page\"} "), SECRET), 200);
    assert_int_equal(scene->bodies, 1);
    assert_int_equal(scene->body_size, 18);
    assert_int_equal(scene->last_byte, ' ');
    assert_int_equal(post_signed(scene, bytes_of_text("{}"), NEXT_SECRET), 200);
    assert_int_equal(scene->bodies, 2);
}

static void test_without_our_signature_it_is_401_and_nothing_else(void **state)
{
    struct scene *scene = *state;
    struct bytes body = bytes_of_text("{\"object\":\"page\"}");
    char right[SIGNATURE_VALUE_SIZE], other[SIGNATURE_VALUE_SIZE], sha1[SIGNATURE_VALUE_SIZE];
    signature_make(body, bytes_of_text(SECRET), right);
    signature_make(body, bytes_of_text("another"), other);
    snprintf(sha1, sizeof(sha1), "sha1=%.40s", right + 7);
    char cut[SIGNATURE_VALUE_SIZE], flipped[SIGNATURE_VALUE_SIZE], longer[SIGNATURE_VALUE_SIZE + 1];
    snprintf(cut, sizeof(cut), "%.*s", SIGNATURE_VALUE_SIZE - 2, right);
    snprintf(flipped, sizeof(flipped), "%s", right);
    flipped[10] = flipped[10] == 'a' ? 'b' : 'a';
    snprintf(longer, sizeof(longer), "%s0", right);
    const char *const wrong[] = { NULL, "", "sha256=", cut, flipped, longer, other, sha1, right + 7, "sha512=00" };

    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        assert_int_equal(ask(scene, "POST", "/webhook", body, wrong[i]), 401);
        assert_int_equal(scene->answer_size, 0);
    }
    assert_int_equal(ask(scene, "POST", "/webhook", bytes_of_text("{\"object\":\"pagE\"}"), right), 401);
    assert_int_equal(scene->bodies, 0);
    assert_int_equal(scene->refusals[WEBHOOK_FORGED], 3);
    assert_int_equal(scene->refusals[WEBHOOK_UNSIGNED], ARRAY_SIZE(wrong) - 2);
}

static void test_largest_body_passes_and_one_byte_more_is_413(void **state)
{
    struct scene *scene = *state;
    uint8_t *block = calloc(1, WEBHOOK_BODY_MAX_BYTES + 1);
    assert_non_null(block);
    assert_int_equal(post_signed(scene, bytes_make(block, WEBHOOK_BODY_MAX_BYTES), SECRET), 200);
    assert_int_equal(scene->body_size, WEBHOOK_BODY_MAX_BYTES);
    int status = post_signed(scene, bytes_make(block, WEBHOOK_BODY_MAX_BYTES + 1), SECRET);
    assert_int_equal(status, 413);
    assert_int_equal(scene->refusals[WEBHOOK_TOO_LARGE], 1);
    assert_int_equal(scene->bodies, 1);
    free(block);
}

static void test_other_paths_and_methods_lead_nowhere(void **state)
{
    struct scene *scene = *state;
    assert_int_equal(ask(scene, "GET", "/", BYTES_EMPTY, NULL), 404);
    assert_int_equal(ask(scene, "GET", "/webhook/", BYTES_EMPTY, NULL), 404);
    assert_int_equal(ask(scene, "DELETE", "/webhook", BYTES_EMPTY, NULL), 405);
    assert_int_equal(scene->bodies, 0);
}

static void test_replaced_secret_works_without_a_restart(void **state)
{
    struct scene *scene = *state;
    assert_int_equal(post_signed(scene, bytes_of_text("{}"), "rotated"), 401);
    put_secret(scene, 2, "rotated");
    accounts_refresh(&scene->accounts);
    assert_int_equal(post_signed(scene, bytes_of_text("{}"), "rotated"), 200);
    assert_int_equal(post_signed(scene, bytes_of_text("{}"), SECRET), 401);
}

int main(void)
{
#define in_scene(test) cmocka_unit_test_setup_teardown(test, open_scene, close_scene)
    const struct CMUnitTest tests[] = {
        in_scene(test_subscription_handshake_repeats_the_challenge),
        in_scene(test_handshake_that_is_not_ours_is_forbidden),
        in_scene(test_challenge_longer_than_its_limit_is_forbidden),
        in_scene(test_genuine_body_comes_through_unchanged),
        in_scene(test_without_our_signature_it_is_401_and_nothing_else),
        in_scene(test_largest_body_passes_and_one_byte_more_is_413),
        in_scene(test_other_paths_and_methods_lead_nowhere),
        in_scene(test_replaced_secret_works_without_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
