/* Bodies whose events name files, against hosts on loopback HTTP. The bus is paper: what is said to it is kept. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "intake.h"
#include "media_scene.h"

enum { SAID_MAX = 32, EVENTS_MAX = 8 };

struct bus {
    struct post *posts[SAID_MAX];
    char keys[SAID_MAX][32], reasons[SAID_MAX][32], blobs[SAID_MAX][40];
    unsigned n_posts;
};

struct scene {
    struct media_scene *media;
    struct bus bus;
    struct http_server *door;
    struct http_client *client;
    struct names *names;
    struct intake *intake;
    struct translator_ops ops;
    int statuses[SAID_MAX];
    unsigned n_answers;
};

void bus_post(struct bus *bus, struct post *post)
{
    const struct trefoil_message *message = post->publication.message;
    unsigned n = bus->n_posts++;

    assert_true(n < SAID_MAX);
    bus->posts[n] = post;
    snprintf(bus->keys[n], sizeof(bus->keys[n]), "%s", post->publication.event_key);
    for (size_t i = 0; i < message->n_extras; i++)
        if (strcmp(message->extra_keys[i], "media.lost") == 0)
            snprintf(bus->reasons[n], sizeof(bus->reasons[n]), "%s", message->extra_values[i]);
    if (message->kind == TREFOIL_KIND_MEDIA && message->body.media.media[0].blob)
        snprintf(bus->blobs[n], sizeof(bus->blobs[n]), "%s", message->body.media.media[0].blob);
}

void bus_withdraw(struct bus *bus, struct post *post)
{
    for (unsigned i = 0; i < bus->n_posts; i++)
        if (bus->posts[i] == post)
            bus->posts[i] = NULL;
}

void bus_mention(struct bus *bus, struct trefoil_publication *publication)
{
    (void) bus;
    (void) publication;
}

static struct media_scene *the_media;

/* One event per word of the body, "person:key:/path of a file" or "person:key:" for mere words. */
static int decode(struct bytes body, const struct decode_context *context, struct arena *mem, struct event_list *ret)
{
    char *text = arena_text(mem, body), *rest = NULL;

    (void) context;
    for (char *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        char *part = NULL;
        struct event *event = event_list_add(ret, mem);
        struct trefoil_media *media = arena_array(mem, 1, sizeof(*media));
        assert_true(event && media);
        event->account = "echo/100";
        event->audience = TREFOIL_AUDIENCE_ROOM;
        event->user_id = strtok_r(word, ":", &part);
        event->key = strtok_r(NULL, ":", &part);
        event->message = (struct trefoil_message){ .kind = TREFOIL_KIND_TEXT, .body.text.body = "words" };
        if (!part || !*part)
            continue;
        *media = (struct trefoil_media){ .kind = TREFOIL_MEDIA_IMAGE, .network_url = media_scene_url(the_media, part) };
        event->message.kind = TREFOIL_KIND_MEDIA;
        event->message.body.media = (struct trefoil_media_list){ .media = media, .n_media = 1 };
    }
    return 0;
}

static void on_body(void *owner, struct http_exchange *exchange, const struct http_request *request)
{
    intake_body(((struct scene *) owner)->intake, exchange, request->body);
}

static void on_gone(void *owner, struct http_exchange *exchange)
{
    intake_gone(((struct scene *) owner)->intake, exchange);
}

static void on_file(void *owner)
{
    intake_look(((struct scene *) owner)->intake);
}

static void on_name(void *owner)
{
    (void) owner;
}

static int open_waiting(void **state, uint32_t confirm_wait_ms)
{
    struct scene *scene = calloc(1, sizeof(*scene));
    struct http_client_options client = { 16, 2000, "test" };
    void *media = NULL;

    assert_non_null(scene);
    assert_int_equal(media_scene_open(&media), 0);
    the_media = scene->media = media;
    scene->media->owner = scene;
    scene->media->on_file = on_file;
    scene->ops = scene->media->ops;
    scene->ops.decode = decode;
    struct http_server_options door = { .host = "127.0.0.1",
                                        .max_body_bytes = 1 << 16,
                                        .max_connections = 16,
                                        .idle_ms = 60000,
                                        .owner = scene,
                                        .on_request = on_body,
                                        .on_gone = on_gone };
    struct names_options names = { .ops = &scene->ops,
                                   .accounts = &scene->media->accounts,
                                   .settings = &scene->media->settings,
                                   .figures = &scene->media->figures,
                                   .on_answer = on_name };
    struct intake_options intake = { .bus = &scene->bus,
                                     .fetch = scene->media->fetch,
                                     .ops = &scene->ops,
                                     .accounts = &scene->media->accounts,
                                     .figures = &scene->media->figures,
                                     .log = &scene->media->log,
                                     .confirm_wait_ms = confirm_wait_ms,
                                     .media_wait_ms = 5000,
                                     .on_idle = on_name };
    uv_loop_t *loop = &scene->media->loop;
    assert_int_equal(http_server_open(loop, &door, &scene->door), 0);
    assert_int_equal(http_client_open(loop, &client, &scene->client), 0);
    assert_int_equal(names_open(loop, &names, &scene->names), 0);
    intake.names = scene->names;
    assert_int_equal(intake_open(loop, &intake, &scene->intake), 0);
    *state = scene;
    return 0;
}

static int open_patient(void **state)
{
    return open_waiting(state, 10000);
}

static int open_impatient(void **state)
{
    return open_waiting(state, 150);
}

static int close_scene(void **state)
{
    struct scene *scene = *state;
    void *media = scene->media;

    http_client_close(scene->client);
    intake_close(scene->intake);
    names_close(scene->names);
    http_server_close(scene->door);
    assert_int_equal(media_scene_close(&media), 0);
    free(scene);
    return 0;
}

static void on_answered(void *context, const struct http_reply *reply)
{
    struct scene *scene = context;
    scene->statuses[scene->n_answers++] = reply->status;
}

static void post(struct scene *scene, const char *body)
{
    struct http_call call = { .method = "POST",
                              .url = arena_format(&scene->media->mem, "http://127.0.0.1:%u/",
                                                  http_server_port(scene->door)),
                              .body = bytes_of_text(body),
                              .timeout_ms = 60000,
                              .max_reply_bytes = 4096,
                              .context = scene,
                              .on_reply = on_answered };
    assert_int_equal(http_send(scene->client, &call), 0);
}

static void wait_for_posts(struct scene *scene, unsigned n)
{
    while (scene->bus.n_posts < n)
        uv_run(&scene->media->loop, UV_RUN_ONCE);
}

static void wait_for_answers(struct scene *scene, unsigned n)
{
    while (scene->n_answers < n)
        uv_run(&scene->media->loop, UV_RUN_ONCE);
}

static void wait_for_slow(struct scene *scene, unsigned n)
{
    while (scene->media->n_slow < n)
        uv_run(&scene->media->loop, UV_RUN_ONCE);
}

static void give_slow(struct scene *scene)
{
    struct http_exchange **exchange = &scene->media->slow[scene->media->n_slow - 1];
    assert_int_equal(http_answer(exchange, 200, "image/jpeg", bytes_of_text(MEDIA_JPEG)), 0);
}

static void confirm(struct scene *scene, unsigned i, enum post_end end)
{
    assert_non_null(scene->bus.posts[i]);
    scene->bus.posts[i]->on_done(scene->bus.posts[i], end);
}

static void test_event_is_published_with_its_file_and_then_answered(void **state)
{
    struct scene *scene = *state;

    post(scene, "ana:1:/file");
    wait_for_posts(scene, 1);
    assert_int_equal(strlen(scene->bus.blobs[0]), BLOB_REF_BYTES);
    assert_string_equal(scene->bus.reasons[0], "");
    assert_int_equal(scene->n_answers, 0);
    confirm(scene, 0, POST_CONFIRMED);
    wait_for_answers(scene, 1);
    assert_int_equal(scene->statuses[0], 200);
}

static void test_slow_file_holds_back_its_own_person_and_nobody_else(void **state)
{
    struct scene *scene = *state;

    post(scene, "ana:1: ana:2:/slow ben:3: ana:4: ben:5:/file");
    wait_for_slow(scene, 1);
    wait_for_posts(scene, 3);
    assert_string_equal(scene->bus.keys[0], "1");
    assert_string_equal(scene->bus.keys[1], "3");
    assert_string_equal(scene->bus.keys[2], "5");
    give_slow(scene);
    wait_for_posts(scene, 5);
    assert_string_equal(scene->bus.keys[3], "2");
    assert_string_equal(scene->bus.keys[4], "4");
    for (unsigned i = 0; i < 5; i++)
        confirm(scene, i, POST_CONFIRMED);
    wait_for_answers(scene, 1);
    assert_int_equal(scene->statuses[0], 200);
}

static void test_later_body_of_the_same_person_waits_behind_the_file(void **state)
{
    struct scene *scene = *state;

    post(scene, "ana:1:/slow");
    wait_for_slow(scene, 1);
    post(scene, "ana:2:");
    post(scene, "ben:3:");
    wait_for_posts(scene, 1);
    assert_string_equal(scene->bus.keys[0], "3");
    give_slow(scene);
    wait_for_posts(scene, 3);
    assert_string_equal(scene->bus.keys[1], "1");
    assert_string_equal(scene->bus.keys[2], "2");
}

static void test_file_that_cannot_be_had_becomes_words_with_the_reason(void **state)
{
    struct scene *scene = *state;

    post(scene, "ana:1:/expired");
    wait_for_posts(scene, 1);
    assert_string_equal(scene->bus.reasons[0], "expired");
    assert_string_equal(scene->bus.blobs[0], "");
}

static void test_body_that_took_too_long_is_answered_503_and_published_all_the_same(void **state)
{
    struct scene *scene = *state;

    post(scene, "ana:1:/slow");
    wait_for_answers(scene, 1);
    assert_int_equal(scene->statuses[0], 503);
    assert_int_equal(scene->bus.n_posts, 0);
    give_slow(scene);
    wait_for_posts(scene, 1);
    assert_int_equal(strlen(scene->bus.blobs[0]), BLOB_REF_BYTES);
    confirm(scene, 0, POST_CONFIRMED);
    assert_int_equal(intake_n_batches(scene->intake), 0);
}

static void test_redelivery_joins_the_fetch_and_is_answered_when_its_event_is_on_disk(void **state)
{
    struct scene *scene = *state;

    post(scene, "ana:1:/slow");
    wait_for_answers(scene, 1);
    post(scene, "ana:1:/slow");
    while (intake_n_batches(scene->intake) < 2)
        uv_run(&scene->media->loop, UV_RUN_ONCE);
    give_slow(scene);
    wait_for_posts(scene, 2);
    assert_int_equal(scene->media->n_slow, 1);
    assert_string_equal(scene->bus.keys[0], scene->bus.keys[1]);
    assert_string_equal(scene->bus.blobs[0], scene->bus.blobs[1]);
    confirm(scene, 0, POST_CONFIRMED);
    confirm(scene, 1, POST_DUPLICATE);
    wait_for_answers(scene, 2);
    assert_int_equal(scene->statuses[1], 200);
}

static void test_file_that_is_too_slow_is_done_without(void **state)
{
    struct scene *scene = *state;
    struct media_found found;

    post(scene, "ana:1:/slow");
    wait_for_slow(scene, 1);

    scene->media->settings.media_wait_ms = 200;
    assert_int_equal(media_scene_wait(scene->media, "1", &found), MEDIA_FETCH_FAILED);
    wait_for_posts(scene, 1);
    assert_string_equal(scene->bus.reasons[0], "too slow");
}

int main(void)
{
#define patient(test) cmocka_unit_test_setup_teardown(test, open_patient, close_scene)
#define impatient(test) cmocka_unit_test_setup_teardown(test, open_impatient, close_scene)
    const struct CMUnitTest tests[] = {
        patient(test_event_is_published_with_its_file_and_then_answered),
        patient(test_slow_file_holds_back_its_own_person_and_nobody_else),
        patient(test_later_body_of_the_same_person_waits_behind_the_file),
        patient(test_file_that_cannot_be_had_becomes_words_with_the_reason),
        impatient(test_body_that_took_too_long_is_answered_503_and_published_all_the_same),
        impatient(test_redelivery_joins_the_fetch_and_is_answered_when_its_event_is_on_disk),
        patient(test_file_that_is_too_slow_is_done_without),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
