/* Builds the stage and plays the hosts. Never judges: tests do. */
#include "media_scene.h"

#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t the_channel[SEAL_ID_BYTES] = { 7, 7, 7 };

static bool channel(void *owner, uint8_t ret[SEAL_ID_BYTES])
{
    struct media_scene *scene = owner;
    memcpy(ret, the_channel, SEAL_ID_BYTES);
    return !scene->is_unconnected;
}

static uint64_t retention(void *owner)
{
    return ((struct media_scene *) owner)->retention_ms;
}

static long endless(void *context, uint8_t *buffer, size_t room)
{
    (void) context;
    memset(buffer, 'x', room);
    return (long) room;
}

static void redirect(struct http_exchange *exchange, const char *location)
{
    struct http_header header = { "Location", location };
    assert_int_equal(http_answer_with(&exchange, 302, "text/plain", BYTES_EMPTY, &header, 1), 0);
}

static void give(struct http_exchange *exchange, const char *type, const char *body, const char *disposition)
{
    struct http_header header = { "Content-Disposition", disposition };
    assert_int_equal(http_answer_with(&exchange, 200, type, bytes_of_text(body), &header, disposition ? 1 : 0), 0);
}

static void play(struct media_scene *scene, struct http_exchange *exchange, const char *path)
{
    if (strcmp(path, "/file") == 0)
        give(exchange, "image/jpeg", MEDIA_JPEG, NULL);
    else if (strcmp(path, "/lie") == 0)
        give(exchange, "image/jpeg", "<html><script>alert(1)</script>", "attachment; filename=\"../../a.jpg\"");
    else if (strcmp(path, "/mp4") == 0)
        give(exchange, "video/mp4",
             "\x01\x01\x01\x18"
             "ftypisom and so on",
             NULL);
    else if (strcmp(path, "/named") == 0)
        give(exchange, "text/csv", "a,b", "attachment; filename*=UTF-8''..%2F..%2Fetc%2Fz%E2%80%AEahlen.csv");
    else if (strcmp(path, "/empty") == 0)
        give(exchange, "text/csv", "", NULL);
    else if (strcmp(path, "/to-other") == 0)
        redirect(exchange, arena_format(&scene->mem, "http://%s/file", scene->other_name));
    else if (strcmp(path, "/to-private") == 0)
        redirect(exchange, "http://169.254.169.254/latest/meta-data/");
    else if (strcmp(path, "/to-itself") == 0)
        redirect(exchange, "/to-itself");
    else if (strcmp(path, "/to-file") == 0)
        redirect(exchange, "file:///etc/passwd");
    else if (strcmp(path, "/slow") == 0)
        scene->slow[scene->n_slow++] = exchange;
    else if (strcmp(path, "/endless") == 0)
        assert_int_equal(
            http_answer_source(&exchange, 200, "video/mp4", UINT64_C(1) << 40, NULL, 0, scene, endless, NULL), 0);
    else
        assert_int_equal(http_answer(&exchange, 404, "text/plain", BYTES_EMPTY), 0);
}

static void on_request(void *owner, struct http_exchange *exchange, const struct http_request *request)
{
    struct media_scene *scene = owner;
    unsigned n = scene->n_asked++;

    assert_true(n < MEDIA_ASKED_MAX);
    snprintf(scene->paths[n], sizeof(scene->paths[n]), "%s", request->path);
    scene->was_shown_token[n] = http_request_header(exchange, "Authorization") != NULL;
    if (strncmp(request->path, "/graph/", 7) == 0 && scene->n_limited > 0) {
        scene->n_limited--;
        assert_int_equal(http_answer(&exchange, 400, "text/plain", bytes_of_text("too many calls")), 0);
    } else if (strncmp(request->path, "/graph/", 7) == 0) /* the network's answer: where that file is */
        give(exchange, "text/plain", media_scene_url(scene, request->path + 6), NULL);
    else
        play(scene, exchange, request->path);
}

static void on_gone(void *owner, struct http_exchange *exchange)
{
    struct media_scene *scene = owner;
    for (unsigned i = 0; i < scene->n_slow; i++)
        if (scene->slow[i] == exchange)
            scene->slow[i] = NULL;
}

static int ask_media(const struct trefoil_media *media, const struct place *place, struct arena *mem,
                     struct request *ret)
{
    assert_string_equal(place->account_id, "100");
    if (!media->network_id)
        return -ENOTSUP;
    *ret = (struct request){ .method = "GET", .path = arena_format(mem, "/graph/%s", media->network_id) };
    return ret->path ? 0 : -ENOMEM;
}

static void read_media(const struct reply *reply, struct arena *mem, struct located *ret)
{
    ret->url = arena_text(mem, reply->body);
}

static void judge(const struct request *request, const struct reply *reply, struct arena *mem, struct verdict *ret)
{
    (void) request, (void) mem;
    *ret = (struct verdict){ .outcome = TREFOIL_OUTCOME_BOUNCED };
    if (reply->http_status == 400)
        *ret = (struct verdict){ .outcome = TREFOIL_OUTCOME_DEFERRED, .pause = PAUSE_ACCOUNT, .code = 4 };
}

static void on_end(void *owner)
{
    struct media_scene *scene = owner;
    scene->n_ended++;
    if (scene->on_file)
        scene->on_file(scene->owner);
}

static void on_guard(uv_timer_t *timer)
{
    (void) timer;
    fail_msg("nothing happened for %d ms", MEDIA_GUARD_MS);
}

void media_scene_restart(struct media_scene *scene)
{
    scene->fetch = media_fetch_close(scene->fetch);
    assert_int_equal(media_fetch_open(&scene->media, scene, on_end, &scene->fetch), 0);
}

static struct http_server *open_host(struct media_scene *scene, const char **ret_name)
{
    struct http_server *server = NULL;
    struct http_server_options options = { .host = "127.0.0.1",
                                           .max_body_bytes = 1 << 16,
                                           .max_connections = 64,
                                           .idle_ms = 60000,
                                           .owner = scene,
                                           .on_request = on_request,
                                           .on_gone = on_gone };
    assert_int_equal(http_server_open(&scene->loop, &options, &server), 0);
    *ret_name = arena_format(&scene->mem, "127.0.0.1:%u", http_server_port(server));
    return server;
}

static void set_up(struct media_scene *scene)
{
    static char token[] = "access";
    const char **allow = arena_array(&scene->mem, 2, sizeof(*allow));
    const char **trusted = arena_array(&scene->mem, 1, sizeof(*trusted));

    allow[0] = trusted[0] = scene->host_name;
    allow[1] = scene->other_name;
    scene->settings.blob_store = scene->folder;
    scene->settings.graph_url = arena_format(&scene->mem, "http://%s", scene->host_name);
    scene->settings.media_allow = (struct config_texts){ allow, 2, NULL };
    scene->settings.token_hosts = (struct config_texts){ trusted, 1, NULL };
    scene->settings.media_max_bytes = 100 << 20; /* of the store */
    scene->settings.media_wait_ms = 5000;
    scene->account_settings.id = "100";
    scene->account = (struct account){ .settings = &scene->account_settings, .name = "echo/100", .token.text = token };
    scene->accounts = (struct accounts){ .accounts = &scene->account, .n_accounts = 1 };
    scene->ops =
        (struct translator_ops){ .name = "echo", .ask_media = ask_media, .read_media = read_media, .judge = judge };
}

int media_scene_open(void **state)
{
    const char *what = NULL;
    struct media_scene *scene = calloc(1, sizeof(*scene));
    assert_non_null(scene);
    snprintf(scene->folder, sizeof(scene->folder), "/tmp/media-test-XXXXXX");
    assert_non_null(mkdtemp(scene->folder));
    scene->mem = ARENA_EMPTY(1 << 20);
    scene->log = (struct log){ LOG_ERROR_, false, "test" };
    uv_loop_init(&scene->loop);
    assert_int_equal(figures_init(&scene->figures), 0);
    scene->host = open_host(scene, &scene->host_name);
    scene->other = open_host(scene, &scene->other_name);
    set_up(scene);
    scene->media = (struct media){ .loop = &scene->loop,
                                   .ops = &scene->ops,
                                   .accounts = &scene->accounts,
                                   .settings = &scene->settings,
                                   .figures = &scene->figures,
                                   .log = &scene->log,
                                   .owner = scene,
                                   .channel = channel,
                                   .retention_ms = retention };
    assert_int_equal(media_open(&scene->media, &what), 0);
    scene->settings.media_max_bytes = 1 << 20;
    assert_int_equal(media_fetch_open(&scene->media, scene, on_end, &scene->fetch), 0);
    uv_timer_init(&scene->loop, &scene->guard);
    uv_timer_start(&scene->guard, on_guard, MEDIA_GUARD_MS, 0);
    *state = scene;
    return 0;
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *where)
{
    (void) about, (void) kind, (void) where;
    return remove(path);
}

int media_scene_close(void **state)
{
    struct media_scene *scene = *state;

    scene->fetch = media_fetch_close(scene->fetch);
    media_close(&scene->media);
    http_server_close(scene->host);
    http_server_close(scene->other);
    uv_close((uv_handle_t *) &scene->guard, NULL);
    while (uv_run(&scene->loop, UV_RUN_DEFAULT)) { /* a stop asked for earlier ends one turn only */
    }
    assert_int_equal(uv_loop_close(&scene->loop), 0);
    figures_deinit(&scene->figures);
    assert_int_equal(nftw(scene->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
    arena_deinit(&scene->mem);
    free(scene);
    return 0;
}

const char *media_scene_url(struct media_scene *scene, const char *path)
{
    const char *url = arena_format(&scene->mem, "http://%s%s", scene->host_name, path);
    assert_non_null(url);
    return url;
}

void media_scene_ask(struct media_scene *scene, const char *key, const char *user_id, const struct trefoil_media *media)
{
    struct media_wanted wanted = { key, 0, 0, user_id, media };
    assert_int_equal(media_fetch_ask(scene->fetch, &wanted), 0);
}

enum media_fetch_state media_scene_look(struct media_scene *scene, const char *key, struct media_found *ret)
{
    return media_fetch_look(scene->fetch, key, 0, 0, ret);
}

enum media_fetch_state media_scene_wait(struct media_scene *scene, const char *key, struct media_found *ret)
{
    enum media_fetch_state state;
    while ((state = media_scene_look(scene, key, ret)) == MEDIA_FETCH_UNDER_WAY)
        uv_run(&scene->loop, UV_RUN_ONCE);
    return state;
}

struct reading {
    bool is_over;
    int result;
};

static void on_ready(void *context, int r)
{
    *(struct reading *) context = (struct reading){ true, r };
}

static struct media_file *open_file(struct media_scene *scene, const struct blob_secret *secret)
{
    struct media_file_wanted wanted = { the_channel, secret, CONVERT_NONE };
    struct media_file *file = NULL;
    struct reading reading = { 0 };

    assert_int_equal(media_file_open(&scene->media, &wanted, &reading, on_ready, &file), 0);
    while (!reading.is_over)
        uv_run(&scene->loop, UV_RUN_ONCE);
    assert_int_equal(reading.result, 0);
    return file;
}

void media_scene_read(struct media_scene *scene, const struct blob_secret *secret, char *ret, size_t room)
{
    struct media_file *file = open_file(scene, secret);
    struct media_reader *reader = NULL;
    size_t n = 0;
    long more;

    assert_int_equal(media_reader_open(file, &reader), 0);
    while ((more = media_reader_read(reader, (uint8_t *) ret + n, room - 1 - n)) > 0)
        n += (size_t) more;
    assert_int_equal(more, 0);
    ret[n] = '\0';
    media_reader_close(reader);
    media_file_close(file);
}

uint64_t media_scene_measure(struct media_scene *scene, const struct blob_secret *secret)
{
    static uint8_t buffer[16 << 10];
    struct media_file *file = open_file(scene, secret);
    struct media_reader *reader = NULL;
    uint64_t n = 0;
    long more;

    assert_int_equal(media_reader_open(file, &reader), 0);
    while ((more = media_reader_read(reader, buffer, sizeof(buffer))) > 0)
        n += (uint64_t) more;
    assert_int_equal(more, 0);
    media_reader_close(reader);
    media_file_close(file);
    return n;
}
