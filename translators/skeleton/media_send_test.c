/* Messages with files on their way out: a sender with a store, against a network on loopback HTTP that keeps what it is
 * given. The bus is paper.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "convert.h"
#include "media_scene.h"
#include "media_url.h"
#include "seal/keyring.h"
#include "sender.h"

enum { ASKED_MAX = 16, BODY_MAX = 4096 };

struct bus {
    unsigned n_outcomes;
    struct trefoil_target_outcome outcome;
    char id[32], lost[64], reason[64];
};

struct scene {
    struct media_scene *media;
    struct bus bus;
    struct http_server *network, *door;
    struct http_client *client;
    struct media_urls *urls;
    struct sender *sender;
    char key_file[96];
    unsigned n_asked;
    int script[ASKED_MAX];
    char paths[ASKED_MAX][32], types[ASKED_MAX][128], bodies[ASKED_MAX][BODY_MAX];
    size_t sizes[ASKED_MAX];
    bool by_url;
    enum conversion conversion;
    int fetched; /* status of the last fetch from the door */
    char file[256], file_type[64];
    struct trefoil_media file_in_message;
};

static struct scene *the_scene;
static uint64_t the_time_ms = 1000000;

static uint64_t wall_ms(void)
{
    return the_time_ms;
}

void bus_outcome(struct bus *bus, uint32_t handle, uint64_t seq, const struct trefoil_target_outcome *outcome)
{
    (void) handle;
    (void) seq;
    bus->n_outcomes++;
    bus->outcome = *outcome;
    snprintf(bus->id, sizeof(bus->id), "%s", outcome->n_message_ids ? outcome->message_ids[0] : "");
    snprintf(bus->lost, sizeof(bus->lost), "%s", outcome->n_lost ? outcome->lost[0] : "");
    snprintf(bus->reason, sizeof(bus->reason), "%s", outcome->reason ? outcome->reason : "");
}

bool bus_is_paused(const struct bus *bus)
{
    (void) bus;
    return false;
}

void bus_post(struct bus *bus, struct post *post)
{
    (void) bus;
    post->on_done(post, POST_CONFIRMED);
}

void bus_mention(struct bus *bus, struct trefoil_publication *publication)
{
    (void) bus;
    (void) publication;
}

void bus_withdraw(struct bus *bus, struct post *post)
{
    (void) bus;
    (void) post;
}

/* An upload and a message that names it; or a message with a URL; or mere words. */
static int encode(const struct trefoil_message *message, const struct place *place, struct arena *mem,
                  struct request_list *ret)
{
    static const struct upload_field fields[] = { { "messaging_product", "test" } };
    struct upload *upload = arena_alloc(mem, sizeof(*upload));
    struct slot *slot = arena_alloc(mem, sizeof(*slot));
    bool has_file = message->kind == TREFOIL_KIND_MEDIA && message->body.media.media[0].blob;
    bool is_converted = place_conversions(place, 0) >> the_scene->conversion & 1u;

    if (!has_file) {
        *request_list_add(ret, mem) = (struct request){
            .method = "POST", .path = "/messages", .body = bytes_of_text("[image]"), .is_message = true
        };
        return 0;
    }
    if (the_scene->conversion && !is_converted)
        request_list_lose(ret, "voice→audio");
    *upload = (struct upload){ .conversion = is_converted ? the_scene->conversion : CONVERT_NONE,
                               .fields = fields,
                               .n_fields = 1,
                               .file_field = "file",
                               .file_name = "a\"b.jpg",
                               .mime = "image/jpeg" };
    *slot = (struct slot){ .at = 7, .kind = the_scene->by_url ? SLOT_URL : SLOT_UPLOADED, .mime = "image/jpeg" };
    if (!the_scene->by_url)
        *request_list_add(ret, mem) = (struct request){ .method = "POST", .path = "/upload", .upload = upload };
    *request_list_add(ret, mem) = (struct request){ .method = "POST",
                                                    .path = "/messages",
                                                    .content_type = "application/json",
                                                    .body = bytes_of_text("{\"id\":\"\"}"),
                                                    .slots = slot,
                                                    .n_slots = 1,
                                                    .is_message = true };
    return 0;
}

static void judge(const struct request *request, const struct reply *reply, struct arena *mem, struct verdict *ret)
{
    (void) request;
    *ret = (struct verdict){ .outcome = reply->failure == REPLY_LOST ? TREFOIL_OUTCOME_UNKNOWN
                                        : reply->http_status == 200  ? TREFOIL_OUTCOME_SENT
                                                                     : TREFOIL_OUTCOME_BOUNCED,
                             .reason = "refused" };
    if (reply->http_status == 200)
        ret->message_id = arena_text(mem, reply->body);
}

static void on_asked(void *owner, struct http_exchange *exchange, const struct http_request *request)
{
    struct scene *scene = owner;
    unsigned n = scene->n_asked++;
    char answer[16];
    const char *type = http_request_header(exchange, "Content-Type");

    assert_true(n < ASKED_MAX);
    snprintf(scene->paths[n], sizeof(scene->paths[n]), "%s", request->path);
    snprintf(scene->types[n], sizeof(scene->types[n]), "%s", type ? type : "");
    scene->sizes[n] = request->body.size;
    memcpy(scene->bodies[n], request->body.data, request->body.size < BODY_MAX ? request->body.size : BODY_MAX - 1);
    snprintf(answer, sizeof(answer), "id%u", n + 1);
    if (scene->script[n] == 1)
        http_drop(&exchange);
    else
        assert_int_equal(http_answer(&exchange, scene->script[n] ? (unsigned) scene->script[n] : 200, "text/plain",
                                     bytes_of_text(answer)),
                         0);
}

static void on_door(void *owner, struct http_exchange *exchange, const struct http_request *request)
{
    struct scene *scene = owner;
    assert_true(media_url_is_ours(request->path));
    media_url_answer(scene->urls, exchange, request->path);
}

static void on_door_gone(void *owner, struct http_exchange *exchange)
{
    assert_true(media_url_gone(((struct scene *) owner)->urls, exchange));
}

static void on_idle(void *owner)
{
    (void) owner;
}

static struct http_server *serve(struct scene *scene,
                                 void (*on_request)(void *, struct http_exchange *, const struct http_request *),
                                 void (*on_gone)(void *, struct http_exchange *))
{
    struct http_server *server = NULL;
    struct http_server_options options = { .host = "127.0.0.1",
                                           .max_body_bytes = 4 << 20,
                                           .max_connections = 16,
                                           .idle_ms = 60000,
                                           .owner = scene,
                                           .on_request = on_request,
                                           .on_gone = on_gone };
    assert_int_equal(http_server_open(&scene->media->loop, &options, &server), 0);
    return server;
}

static void open_urls(struct scene *scene)
{
    struct keyring *keyring = NULL;
    static const uint8_t tenant[SEAL_ID_BYTES] = { 1 }, root[SEAL_KEY_BYTES] = { 2 };

    snprintf(scene->key_file, sizeof(scene->key_file), "%s/keyring", scene->media->folder);
    assert_int_equal(keyring_generate("test", tenant, root, 1, &keyring), 0);
    assert_int_equal(keyring_save(keyring, scene->key_file, false), 0);
    keyring_free(keyring);
    scene->media->settings.public_url =
        arena_format(&scene->media->mem, "http://127.0.0.1:%u/prefix", http_server_port(scene->door));
    assert_int_equal(media_urls_open(&scene->media->media, scene->key_file, wall_ms, &scene->urls), 0);
}

static int open_scene(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));
    struct http_client_options client = { 4, 2000, "test" };
    void *media = NULL;

    assert_non_null(scene);
    assert_int_equal(media_scene_open(&media), 0);
    the_scene = scene;
    scene->media = media;
    scene->network = serve(scene, on_asked, NULL);
    scene->door = serve(scene, on_door, on_door_gone);
    open_urls(scene);
    scene->media->ops.encode = encode;
    scene->media->ops.judge = judge;
    scene->media->settings.graph_url =
        arena_format(&scene->media->mem, "http://127.0.0.1:%u", http_server_port(scene->network));
    scene->media->settings.send_timeout_ms = 4000;
    struct sender_options options = { .bus = &scene->bus,
                                      .ops = &scene->media->ops,
                                      .accounts = &scene->media->accounts,
                                      .settings = &scene->media->settings,
                                      .media = &scene->media->media,
                                      .urls = scene->urls,
                                      .figures = &scene->media->figures,
                                      .log = &scene->media->log,
                                      .wall_ms = wall_ms,
                                      .on_idle = on_idle };
    assert_int_equal(sender_open(&scene->media->loop, &options, &scene->sender), 0);
    assert_int_equal(http_client_open(&scene->media->loop, &client, &scene->client), 0);
    *state = scene;
    return 0;
}

static int close_scene(void **state)
{
    struct scene *scene = *state;
    void *media = scene->media;

    http_client_close(scene->client);
    sender_close(scene->sender);
    http_server_close(scene->network);
    http_server_close(scene->door);
    media_urls_close(scene->urls);
    assert_int_equal(media_scene_close(&media), 0);
    free(scene);
    return 0;
}

/* What another translator's envelope says of a file: one that was fetched here. */
static void fetch_file(struct scene *scene, const char *path)
{
    struct trefoil_media wanted = { .kind = TREFOIL_MEDIA_IMAGE, .network_url = media_scene_url(scene->media, path) };
    struct media_found found;
    struct blob_secret *secret = arena_alloc(&scene->media->mem, sizeof(*secret));

    media_scene_ask(scene->media, "event", "ana", &wanted);
    assert_int_equal(media_scene_wait(scene->media, "event", &found), MEDIA_FETCH_DONE);
    *secret = *found.secret;
    scene->file_in_message = (struct trefoil_media){ .kind = TREFOIL_MEDIA_IMAGE,
                                                     .mime = "image/jpeg",
                                                     .size_bytes = secret->size_bytes,
                                                     .blob = secret->ref,
                                                     .blob_key = { secret->key, sizeof(secret->key) },
                                                     .blob_hash = { secret->hash, sizeof(secret->hash) },
                                                     .blob_header = { secret->header, sizeof(secret->header) },
                                                     .blob_commit = { secret->commit, sizeof(secret->commit) } };
}

static void take_file(struct scene *scene, size_t n_targets)
{
    struct trefoil_target targets[] = { { .index = 2, .address = { "echo/100", "ana" } },
                                        { .index = 3, .address = { "echo/100", "ben" } } };
    struct trefoil_delivery delivery = {
        .handle = 3,
        .seq = 7,
        .channel = { { 7, 7, 7 } },
        .attempt = 1,
        .room_size = 2,
        .targets = targets,
        .n_targets = n_targets,
        .message = { .kind = TREFOIL_KIND_MEDIA,
                     .author = { .network = "other" },
                     .body.media = { .media = &scene->file_in_message, .n_media = 1 } },
    };
    sender_take(scene->sender, &delivery);
}

static void send_file(struct scene *scene)
{
    take_file(scene, 1);
    while (!scene->bus.n_outcomes)
        uv_run(&scene->media->loop, UV_RUN_ONCE);
}

static void test_file_is_uploaded_and_the_message_names_it(void **state)
{
    struct scene *scene = *state;

    fetch_file(scene, "/file");
    send_file(scene);
    assert_int_equal(scene->n_asked, 2);
    assert_string_equal(scene->paths[0], "/upload");
    assert_int_equal(strncmp(scene->types[0], "multipart/form-data; boundary=", 30), 0);
    assert_non_null(strstr(scene->bodies[0], "name=\"messaging_product\"\r\n\r\ntest\r\n"));
    assert_non_null(strstr(scene->bodies[0],
                           "name=\"file\"; filename=\"a_b.jpg\"\r\nContent-Type: image/jpeg\r\n\r\n" MEDIA_JPEG
                           "\r\n--"));
    assert_string_equal(scene->bodies[1], "{\"id\":\"id1\"}");
    assert_int_equal(scene->bus.outcome.outcome, TREFOIL_OUTCOME_SENT);
    assert_int_equal(scene->bus.outcome.n_message_ids, 1);
    assert_string_equal(scene->bus.id, "id2");
    assert_int_equal(sender_n_busy(scene->sender), 0);
}

static void test_file_for_two_is_brought_once_and_uploaded_for_each(void **state)
{
    struct scene *scene = *state;
    const struct list *files = &scene->media->media.files;

    fetch_file(scene, "/file");
    take_file(scene, 2);
    assert_false(list_is_empty(files));
    assert_ptr_equal(files->next, files->previous);
    while (scene->bus.n_outcomes < 2)
        uv_run(&scene->media->loop, UV_RUN_ONCE);
    assert_int_equal(scene->n_asked, 4);
    assert_int_equal(scene->bus.outcome.outcome, TREFOIL_OUTCOME_SENT);
    assert_true(list_is_empty(files));
}

static void test_upload_without_an_answer_is_made_again(void **state)
{
    struct scene *scene = *state;

    fetch_file(scene, "/file");
    scene->script[0] = 1;
    send_file(scene);
    assert_int_equal(scene->n_asked, 3);
    assert_string_equal(scene->bodies[1], scene->bodies[0]);
    assert_string_equal(scene->bodies[2], "{\"id\":\"id2\"}");
    assert_int_equal(scene->bus.outcome.outcome, TREFOIL_OUTCOME_SENT);
}

static void test_file_that_is_gone_becomes_words_and_that_is_said(void **state)
{
    struct scene *scene = *state;

    fetch_file(scene, "/file");
    scene->file_in_message.blob = "00000000000000000000000000000000";
    send_file(scene);
    assert_int_equal(scene->n_asked, 1);
    assert_string_equal(scene->bodies[0], "[image]");
    assert_string_equal(scene->bus.lost, "file gone");
    assert_int_equal(scene->bus.outcome.outcome, TREFOIL_OUTCOME_SENT);
}

static void test_file_that_is_not_the_one_that_was_meant_is_not_sent(void **state)
{
    struct scene *scene = *state;
    uint8_t hash[SEAL_HASH_BYTES] = { 1 };

    fetch_file(scene, "/file");
    scene->file_in_message.blob_hash = (struct trefoil_bytes){ hash, sizeof(hash) };
    send_file(scene);
    assert_int_equal(scene->n_asked, 1);
    assert_string_equal(scene->bodies[0], "[image]");
    assert_string_equal(scene->bus.lost, "file gone");
}

static void test_file_that_cannot_be_converted_goes_as_it_is(void **state)
{
    struct scene *scene = *state;

    if (!media_conversions(&scene->media->media))
        skip();
    fetch_file(scene, "/file"); /* the beginning of a picture, and then words */
    scene->conversion = CONVERT_VOICE_OGG;
    send_file(scene);
    assert_non_null(strstr(scene->bodies[0], MEDIA_JPEG));
    assert_string_equal(scene->bus.lost, "voice→audio");
    assert_int_equal(scene->bus.outcome.outcome, TREFOIL_OUTCOME_SENT);
}

static void on_filler(void *context, int r)
{
    (void) context;
    (void) r;
}

/* More to convert than fit in the queue: the rest is converted a little later, and not sent without. */
static void test_converter_that_has_too_much_to_do_is_waited_for(void **state)
{
    struct scene *scene = *state;
    struct converter *converter = scene->media->media.converter;
    int silent[2], nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

    if (!media_conversions(&scene->media->media))
        skip();
    assert_true(nowhere >= 0);
    assert_int_equal(pipe2(silent, O_CLOEXEC), 0); /* whoever reads from it waits */
    fetch_file(scene, "/file");
    for (int i = 0; i < CONVERT_RUNNING_MAX + CONVERT_WAITING_MAX; i++)
        assert_int_equal(converter_run(converter, CONVERT_VOICE_OGG, silent[0], nowhere, silent, on_filler), 0);
    scene->conversion = CONVERT_VOICE_OGG;
    send_file(scene);
    assert_int_equal(scene->bus.outcome.outcome, TREFOIL_OUTCOME_RETURNED);
    assert_true(scene->bus.outcome.retry_ms > 0);
    assert_int_equal(scene->n_asked, 0);
    close(silent[1]);
    for (int i = 0; i < CONVERT_RUNNING_MAX + CONVERT_WAITING_MAX; i++)
        converter_abandon(converter, silent);
    close(silent[0]);
    close(nowhere);
}

static void on_fetched(void *context, const struct http_reply *reply)
{
    struct scene *scene = context;
    scene->fetched = reply->result == HTTP_ANSWERED ? reply->status : -1;
    snprintf(scene->file, sizeof(scene->file), "%.*s", (int) reply->body.size, (const char *) reply->body.data);
    snprintf(scene->file_type, sizeof(scene->file_type), "%s", reply->content_type ? reply->content_type : "");
}

static int fetch_url(struct scene *scene, const char *url)
{
    struct http_call call = { .method = "GET",
                              .url = url,
                              .timeout_ms = 5000,
                              .max_reply_bytes = 1 << 20,
                              .context = scene,
                              .on_reply = on_fetched };
    scene->fetched = 0;
    assert_int_equal(http_send(scene->client, &call), 0);
    while (!scene->fetched)
        uv_run(&scene->media->loop, UV_RUN_ONCE);
    return scene->fetched;
}

/* The URL that stands in the message that was sent. */
static const char *url_in(struct scene *scene, unsigned n)
{
    const char *url = scene->bodies[n] + 7;
    char *copy = arena_text(&scene->media->mem, bytes_make(url, strcspn(url, "\"")));
    assert_non_null(copy);
    return copy;
}

static void test_network_that_fetches_itself_gets_a_url_that_works(void **state)
{
    struct scene *scene = *state;

    scene->by_url = true;
    fetch_file(scene, "/file");
    send_file(scene);
    assert_int_equal(scene->n_asked, 1);
    assert_int_equal(fetch_url(scene, url_in(scene, 0)), 200);
    assert_string_equal(scene->file, MEDIA_JPEG);
    assert_string_equal(scene->file_type, "image/jpeg");
}

static void test_url_is_good_for_its_file_and_its_conversion_alone(void **state)
{
    struct scene *scene = *state;
    struct media_ticket ticket = { .channel = { 7, 7, 7 }, .conversion = CONVERT_VOICE_OGG, .mime = "audio/ogg" };

    fetch_file(scene, "/file");
    assert_int_equal(media_secret_of(&scene->file_in_message, &ticket.secret), 0);
    assert_int_equal(fetch_url(scene, media_url_make(scene->urls, &ticket, &scene->media->mem)), 404); /* no sound */
    ticket.conversion = CONVERT_NONE;
    assert_int_equal(fetch_url(scene, media_url_make(scene->urls, &ticket, &scene->media->mem)), 200);
    assert_string_equal(scene->file_type, "audio/ogg");
    ticket.channel[0] = 8;
    assert_int_equal(fetch_url(scene, media_url_make(scene->urls, &ticket, &scene->media->mem)), 404);
    ticket.channel[0] = 7;
    ticket.secret.key[0] ^= 1;
    assert_int_equal(fetch_url(scene, media_url_make(scene->urls, &ticket, &scene->media->mem)), 404);
}

static void test_url_of_another_service_is_404(void **state)
{
    struct scene *scene = *state;
    struct media_ticket ticket = { .channel = { 7, 7, 7 }, .mime = "image/jpeg" };
    struct media_urls *ours = scene->urls;

    fetch_file(scene, "/file");
    assert_int_equal(media_secret_of(&scene->file_in_message, &ticket.secret), 0);
    assert_int_equal(unlink(scene->key_file), 0);
    open_urls(scene); /* with a key of its own */
    const char *url = media_url_make(scene->urls, &ticket, &scene->media->mem);
    assert_int_equal(fetch_url(scene, url), 200);
    media_urls_close(scene->urls);
    scene->urls = ours;
    assert_int_equal(fetch_url(scene, url), 404);
}

static void test_url_that_is_old_or_altered_is_404(void **state)
{
    struct scene *scene = *state;
    char *url;

    scene->by_url = true;
    fetch_file(scene, "/file");
    send_file(scene);
    url = arena_format(&scene->media->mem, "%s", url_in(scene, 0));
    url[strlen(url) - 9] ^= 1;
    assert_int_equal(fetch_url(scene, url), 404);
    assert_string_equal(scene->file, "");
    url[strlen(url) - 9] ^= 1;
    assert_int_equal(fetch_url(scene, url), 200);
    the_time_ms += MEDIA_URL_LIFE_MS + 1;
    assert_int_equal(fetch_url(scene, url), 404);
    url[strlen(url) - 40] = '\0';
    assert_int_equal(fetch_url(scene, url), 404);
}

int main(void)
{
#define in_scene(test) cmocka_unit_test_setup_teardown(test, open_scene, close_scene)
    const struct CMUnitTest tests[] = {
        in_scene(test_file_is_uploaded_and_the_message_names_it),
        in_scene(test_file_for_two_is_brought_once_and_uploaded_for_each),
        in_scene(test_upload_without_an_answer_is_made_again),
        in_scene(test_file_that_is_gone_becomes_words_and_that_is_said),
        in_scene(test_file_that_is_not_the_one_that_was_meant_is_not_sent),
        in_scene(test_file_that_cannot_be_converted_goes_as_it_is),
        in_scene(test_converter_that_has_too_much_to_do_is_waited_for),
        in_scene(test_network_that_fetches_itself_gets_a_url_that_works),
        in_scene(test_url_is_good_for_its_file_and_its_conversion_alone),
        in_scene(test_url_of_another_service_is_404),
        in_scene(test_url_that_is_old_or_altered_is_404),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
