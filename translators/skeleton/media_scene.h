/* A stage for tests of files: a store in a folder of its own, and two hosts on loopback HTTP that keep files as the paths
 * say. Never part of a program.
 */
#ifndef TREFOIL_SKELETON_MEDIA_SCENE_H
#define TREFOIL_SKELETON_MEDIA_SCENE_H

#include "daemon/http_server.h"
#include "media_fetch.h"
#include "media_file.h"

enum { MEDIA_GUARD_MS = 20000, MEDIA_ASKED_MAX = 64 };

struct media_scene {
    uv_loop_t loop;
    char folder[64];
    struct arena mem;
    struct settings settings;
    struct account_settings account_settings;
    struct account account;
    struct accounts accounts;
    struct figures figures;
    struct log log;
    struct translator_ops ops;
    struct http_server *host, *other; /* the other may be reached and is shown no token */
    const char *host_name, *other_name;
    struct media media;
    struct media_fetch *fetch;
    uv_timer_t guard;
    unsigned n_limited; /* questions where a file is that a limit still refuses */
    unsigned n_asked, n_ended;
    char paths[MEDIA_ASKED_MAX][64];
    bool was_shown_token[MEDIA_ASKED_MAX];
    struct http_exchange *slow[MEDIA_ASKED_MAX]; /* asked for /slow and not answered */
    unsigned n_slow;
    bool is_unconnected; /* the channel is not known */
    uint64_t retention_ms;
    void *owner;
    void (*on_file)(void *owner); /* besides; NULL */
};

/* What /file holds. */
#define MEDIA_JPEG "\xff\xd8\xff\xe0 a picture of the harbour"

/* The fetching forgets everything, as after a kill. */
void media_scene_restart(struct media_scene *scene);

/* cmocka's setup and teardown. */
int media_scene_open(void **state);
int media_scene_close(void **state);

/* "http://127.0.0.1:PORT/path" of the first host. */
const char *media_scene_url(struct media_scene *scene, const char *path);

/* Asks for a file of Ana's, or of anybody's, and looks. */
void media_scene_ask(struct media_scene *scene, const char *key, const char *user_id,
                     const struct trefoil_media *media);
enum media_fetch_state media_scene_look(struct media_scene *scene, const char *key, struct media_found *ret);

/* Until that file is there or will not come. */
enum media_fetch_state media_scene_wait(struct media_scene *scene, const char *key, struct media_found *ret);

/* Reads the stored file back; the text of it, cut to what fits. */
void media_scene_read(struct media_scene *scene, const struct blob_secret *secret, char *ret, size_t room);

/* The same for large ones: how many bytes it has. */
uint64_t media_scene_measure(struct media_scene *scene, const struct blob_secret *secret);

#endif
