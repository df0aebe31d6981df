/* A table of fetches, oldest first; each goes: asked where, loaded, stored. Never starts what the limits forbid. */
#include "media_fetch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/list.h"
#include "base/map.h"
#include "formats/filename.h"
#include "formats/fingerprint.h"
#include "media_link.h"
#include "media_load.h"

enum {
    TICK_MS = 100,
    ASK_MS = 10000,
    REPLY_MAX_BYTES = 64 << 10,
    JOB_MAX_BYTES = 256 << 10,
    FIRST_PAUSE_MS = 500,
    ACCOUNT_PAUSE_MS = 1000
};
enum { KEY_CHARS = 32, BEYOND_BYTES = 1 << 20, HOST_MAX_BYTES = 256 };

enum job_state { JOB_QUEUED, JOB_PAUSED, JOB_ASKING, JOB_LOADING, JOB_STORING, JOB_DONE, JOB_FAILED };

struct job {
    struct media_fetch *fetch;
    struct list node;
    char key[KEY_CHARS + 1];
    enum job_state state;
    size_t account;
    uint64_t person;
    uint64_t asked_ms, due_ms, ended_ms;
    struct arena mem;
    struct trefoil_media media; /* in the arena, as are all texts here */
    const char *url, *mime, *name;
    char host[HOST_MAX_BYTES];
    unsigned hops, tries;
    bool was_asked;
    struct media_load *load;
    uint8_t channel[SEAL_ID_BYTES]; /* whose file the load makes of it */
    struct blob_secret secret;
    struct media_found found;
};

struct media_fetch {
    struct media *media;
    void *owner;
    void (*on_end)(void *owner);
    struct list jobs; /* oldest first */
    struct map by_key;
    size_t n_running;
    bool is_in_call; /* nobody is called back now */
    uv_timer_t timer;
};

static uint64_t now_of(const struct media_fetch *fetch)
{
    return uv_now(fetch->media->loop);
}

static bool is_running(const struct job *job)
{
    return job->state > JOB_QUEUED && job->state < JOB_DONE;
}

static void start_next(struct media_fetch *fetch);
static void load(struct job *job);

/* ---- the end of one --------------------------------------------------------------------------------------------- */

static void end(struct job *job, enum job_state state)
{
    struct media_fetch *fetch = job->fetch;

    fetch->n_running -= is_running(job);
    job->load = media_load_free(job->load);
    job->state = state;
    job->ended_ms = now_of(fetch);
    if (fetch->is_in_call)
        return;
    start_next(fetch);
    fetch->on_end(fetch->owner);
}

static void fail(struct job *job, const char *reason)
{
    if (job->state == JOB_ASKING || job->state == JOB_LOADING)
        http_abandon(job->fetch->media->http, job);
    job->found = (struct media_found){ .reason = reason, .kind = job->media.kind };
    figures_media(job->fetch->media->figures, "failed", reason, 0);
    end(job, JOB_FAILED);
}

static void pause_job(struct job *job, uint64_t ms)
{
    job->state = JOB_PAUSED;
    job->due_ms = now_of(job->fetch) + ms;
}

/* Again in a moment, or never. */
static void wait_a_while(struct job *job, const char *reason)
{
    job->load = media_load_free(job->load);
    if (++job->tries >= MEDIA_FETCH_TRIES_MAX) {
        fail(job, reason);
        return;
    }
    pause_job(job, (uint64_t) FIRST_PAUSE_MS << job->tries);
}

/* ---- asking where it is ----------------------------------------------------------------------------------------- */

static void take_location(struct job *job, const struct http_reply *answer)
{
    struct media *media = job->fetch->media;
    struct reply reply = { .http_status = answer->status, .body = answer->body };
    struct located located = { 0 };

    media->ops->read_media(&reply, &job->mem, &located);
    if (!located.url) {
        fail(job, "expired");
    } else if (located.size_bytes > media->settings->media_max_bytes) {
        fail(job, "too large");
    } else {
        job->url = located.url;
        job->mime = job->mime ? job->mime : located.mime;
        job->name = job->name ? job->name : located.name;
        job->hops = 0;
        load(job);
    }
}

/* Networks refuse with the same codes here as there, whatever the status is. A limit or a revoked token says nothing about
 * the file: it waits for that as long as its event does. */
static void on_asked(void *context, const struct http_reply *answer)
{
    struct job *job = context;
    const struct request request = { .method = "GET" };
    struct reply reply = { .http_status = answer->status, .body = answer->body };
    struct verdict verdict = { 0 };
    bool is_lost = answer->result != HTTP_ANSWERED || answer->status >= 500;
    if (!is_lost && answer->status == 200) {
        take_location(job, answer);
        return;
    }
    if (!is_lost)
        job->fetch->media->ops->judge(&request, &reply, &job->mem, &verdict);
    if (!is_lost && (verdict.outcome != TREFOIL_OUTCOME_DEFERRED || (!verdict.code && !verdict.pause))) {
        job->state = JOB_STORING; /* the answer is here: there is no call to abandon */
        fail(job, "expired");
        return;
    }
    job->was_asked = false;
    job->url = NULL;
    if (verdict.pause == PAUSE_ACCOUNT)
        pause_job(job, ACCOUNT_PAUSE_MS);
    else
        wait_a_while(job, "unreachable");
}

static int send_question(struct job *job)
{
    const struct media *media = job->fetch->media;
    const struct account *account = &media->accounts->accounts[job->account];
    struct place place = { .account = account->name,
                           .account_id = account->settings->id,
                           .page_id = account->settings->page_id,
                           .api_version = media->settings->api_version,
                           .options = media->accounts->context.options };
    struct request request = { 0 };

    int r = media->ops->ask_media ? media->ops->ask_media(&job->media, &place, &job->mem, &request) : -ENOTSUP;
    if (r < 0)
        return r;
    struct http_call call = {
        .method = request.method,
        .url = account_url(account, media->ops, media->settings->graph_url, request.path, &job->mem),
        .bearer = account->token.text,
        .content_type = request.content_type,
        .body = request.body,
        .timeout_ms = ASK_MS,
        .max_reply_bytes = REPLY_MAX_BYTES,
        .context = job,
        .on_reply = on_asked,
    };
    return call.url ? http_send(media->http, &call) : -ENOMEM;
}

static void ask(struct job *job, const char *otherwise)
{
    job->was_asked = true;
    job->state = JOB_STORING;
    int r = send_question(job);
    if (r == 0)
        job->state = JOB_ASKING;
    else
        fail(job, r == -ENOMEM ? "out of memory" : otherwise);
}

/* ---- loading ---------------------------------------------------------------------------------------------------- */

static void on_stored(void *context, int r)
{
    struct job *job = context;

    if (r < 0) {
        fail(job, r == -ENOSPC ? "store full" : "store failed");
        return;
    }
    figures_media(job->fetch->media->figures, "fetched", "none", job->secret.size_bytes);
    end(job, JOB_DONE);
}

/* Some networks call every picture an image. */
static enum trefoil_media_kind moving(enum trefoil_media_kind kind, const char *mime)
{
    return kind == TREFOIL_MEDIA_IMAGE && strcmp(mime, "image/gif") == 0 ? TREFOIL_MEDIA_ANIMATED : kind;
}

static void describe(struct job *job, const struct http_reply *answer)
{
    struct media_link link;
    const char *name = job->name ? job->name : media_link_disposition(answer->disposition, &job->mem);
    const char *declared = job->mime ? job->mime : answer->content_type;
    bool is_lie = false;
    const char *mime = media_load_judge(job->load, declared, &job->mem, &is_lie);

    if (!name && media_link_read(job->url, &link) == 0 && job->media.kind == TREFOIL_MEDIA_FILE)
        name = media_link_name(&link, &job->mem);
    job->found = (struct media_found){
        .mime = mime,
        .name = name ? filename_safe(name, mime, &job->mem) : NULL,
        .declared = is_lie && declared ? arena_text(&job->mem, bytes_of_text(declared)) : NULL,
        .kind = is_lie ? media_kind_of(mime, job->media.kind) : moving(job->media.kind, mime),
        .secret = &job->secret,
    };
}

static void store(struct job *job, const struct http_reply *answer)
{
    const char *reason = NULL;
    int fd = media_load_finish(job->load, job->media.sha256, &job->secret, &reason);

    job->state = JOB_STORING;
    if (fd < 0) {
        fail(job, reason);
        return;
    }
    describe(job, answer);
    int r = blobs_put(job->fetch->media->blobs, job->channel, job->secret.ref, &fd, job, on_stored);
    if (r < 0)
        fail(job, "store failed");
}

static void follow(struct job *job, const char *location)
{
    const char *url = NULL;

    job->state = JOB_STORING;
    if (++job->hops > MEDIA_FETCH_REDIRECTS_MAX) {
        fail(job, "too many redirects");
    } else if (!location || media_link_follow(job->url, location, &job->mem, &url) < 0) {
        fail(job, "refused address");
    } else {
        job->url = url;
        load(job);
    }
}

static void on_loaded(void *context, const struct http_reply *answer)
{
    struct job *job = context;
    const char *reason = media_load_trouble(job->load);
    int status = answer->result == HTTP_ANSWERED ? answer->status : 0;

    job->state = JOB_STORING; /* no call to abandon any more */
    if (reason || answer->is_refused)
        fail(job, reason ? reason : "refused address");
    else if (status >= 200 && status < 300)
        store(job, answer);
    else if (status >= 300 && status < 400)
        follow(job, answer->location);
    else if (status == 0 || status >= 500 || status == 429)
        wait_a_while(job, "unreachable");
    else if (!job->was_asked && job->media.network_id)
        ask(job, "expired");
    else
        fail(job, "expired");
}

static int on_bytes(void *context, struct bytes piece)
{
    return media_load_push(((struct job *) context)->load, piece);
}

static void note_host(struct job *job, const struct media_link *link)
{
    struct bytes host = bytes_slice(link->authority, 0, HOST_MAX_BYTES - 1);
    memcpy(job->host, host.data, host.size);
    job->host[host.size] = '\0';
}

/* Who may see the token does, and nobody he sends us to, though he may see it too. */
static bool shows_token(const struct job *job, const struct media_link *link)
{
    bool is_same = bytes_equal_text(link->authority, job->host);
    return (job->hops == 0 || is_same) && media_trusts(job->fetch->media, job->url);
}

static void load(struct job *job)
{
    struct media *media = job->fetch->media;
    struct media_link link;

    job->load = media_load_free(job->load);
    job->state = JOB_STORING;
    if (media_link_read(job->url, &link) < 0) {
        fail(job, "refused address");
        return;
    }
    bool is_trusted = shows_token(job, &link);
    note_host(job, &link);
    if (!media->channel(media->owner, job->channel)) {
        wait_a_while(job, "unreachable");
        return;
    }
    int r = media_load_new(media->blobs, job->channel, media->settings->media_max_bytes, &job->load);
    if (r < 0) {
        fail(job, r == -ENOMEM ? "out of memory" : "store failed");
        return;
    }
    struct http_call call = {
        .method = "GET",
        .url = job->url,
        .bearer = is_trusted ? media->accounts->accounts[job->account].token.text : NULL,
        .timeout_ms = (uint32_t) media->settings->media_wait_ms,
        .idle_ms = MEDIA_FETCH_IDLE_MS,
        .max_reply_bytes = media->settings->media_max_bytes + BEYOND_BYTES, /* the load itself says it first */
        .guard = &media->guard,
        .on_bytes = on_bytes,
        .context = job,
        .on_reply = on_loaded,
    };
    r = http_send(media->http, &call);
    if (r == 0)
        job->state = JOB_LOADING;
    else
        fail(job, r == -ENOMEM ? "out of memory" : "refused address");
}

/* ---- who may start ---------------------------------------------------------------------------------------------- */

static bool may_start(const struct media_fetch *fetch, const struct job *candidate)
{
    size_t same_host = 0, same_person = 0;

    if (fetch->n_running >= MEDIA_FETCH_RUNNING_MAX)
        return false;
    list_for_each (node, &fetch->jobs) {
        const struct job *job = container_of(node, struct job, node);
        if (!is_running(job))
            continue;
        same_host += strcmp(job->host, candidate->host) == 0;
        same_person += job->person == candidate->person;
    }
    return same_host < MEDIA_FETCH_PER_HOST_MAX && same_person < MEDIA_FETCH_PER_PERSON_MAX;
}

static void start(struct job *job)
{
    if (job->url)
        load(job);
    else
        ask(job, "no address");
}

static void start_next(struct media_fetch *fetch)
{
    uint8_t channel[SEAL_ID_BYTES];

    if (!fetch->media->channel(fetch->media->owner, channel))
        return;
    bool was_in_call = fetch->is_in_call;
    fetch->is_in_call = true; /* one that fails at once is told with the next that ends */
    list_for_each (node, &fetch->jobs) {
        struct job *job = container_of(node, struct job, node);
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the analyzer cannot see that freeing a job unlinked it */
        if (job->state != JOB_QUEUED || !may_start(fetch, job))
            continue;
        job->state = JOB_STORING;
        fetch->n_running++;
        start(job);
    }
    fetch->is_in_call = was_in_call;
}

/* ---- time ------------------------------------------------------------------------------------------------------- */

static void look_after(struct job *job, uint64_t now_ms, bool is_connected)
{
    uint64_t wait_ms = job->fetch->media->settings->media_wait_ms;

    if (!is_connected && job->state == JOB_QUEUED)
        job->asked_ms = now_ms; /* it waits for the gateway, not for the file */
    if (job->state < JOB_STORING && now_ms - job->asked_ms >= wait_ms)
        fail(job, "too slow");
    else if (job->state == JOB_PAUSED && now_ms >= job->due_ms)
        start(job);
}

static void forget(struct job *job)
{
    if (map_remove(&job->fetch->by_key, bytes_of_text(job->key)) != job)
        return;
    list_remove(&job->node);
    media_load_free(job->load);
    arena_deinit(&job->mem);
    free(job);
}

static void on_tick(uv_timer_t *timer)
{
    struct media_fetch *fetch = timer->data;
    uint8_t channel[SEAL_ID_BYTES];
    uint64_t now_ms = now_of(fetch);
    bool is_connected = fetch->media->channel(fetch->media->owner, channel), is_over = true;

    fetch->is_in_call = true;
    list_for_each_safe (node, after, &fetch->jobs) {
        struct job *job = container_of(node, struct job, node);
        if (job->state < JOB_DONE)
            look_after(job, now_ms, is_connected);
        is_over = is_over && job->state >= JOB_DONE;
        if (job->state >= JOB_DONE && now_ms - job->ended_ms >= MEDIA_FETCH_KEPT_MS)
            forget(job);
    }
    fetch->is_in_call = false;
    start_next(fetch);
    if (is_over)
        uv_timer_stop(timer);
    fetch->on_end(fetch->owner);
}

/* ---- asking and looking ----------------------------------------------------------------------------------------- */

static const char *key_of(const char *event_key, size_t account, size_t index, struct arena *mem)
{
    const char *text = arena_format(mem, "%zu.%zu.%s", account, index, event_key);
    return text ? fingerprint(bytes_of_text(text), mem) : NULL;
}

static struct job *find(const struct media_fetch *fetch, const char *event_key, size_t account, size_t index)
{
    struct arena mem = ARENA_EMPTY(1 << 20);
    const char *key = key_of(event_key, account, index, &mem);
    struct job *job = key ? map_get(&fetch->by_key, bytes_of_text(key)) : NULL;

    arena_deinit(&mem);
    return job;
}

static bool make_room(struct media_fetch *fetch)
{
    if (fetch->by_key.count < MEDIA_FETCHES_MAX)
        return true;
    list_for_each (node, &fetch->jobs) {
        struct job *job = container_of(node, struct job, node);
        if (job->state >= JOB_DONE && now_of(fetch) > job->ended_ms) { /* who waited for it has looked */
            forget(job);
            return true;
        }
    }
    return false;
}

static const char *copy(struct arena *mem, const char *text)
{
    return text ? arena_text(mem, bytes_of_text(text)) : NULL;
}

static int fill(struct job *job, const struct media_wanted *wanted)
{
    const struct trefoil_media *media = wanted->media;
    struct arena *mem = &job->mem;
    const char *key = key_of(wanted->event_key, wanted->account, wanted->index, mem);
    struct bytes sha256 = arena_copy(mem, bytes_make(media->sha256.data, media->sha256.size));
    struct media_link link;

    job->media = (struct trefoil_media){ .kind = media->kind,
                                         .mime = copy(mem, media->mime),
                                         .name = copy(mem, media->name),
                                         .network_id = copy(mem, media->network_id),
                                         .network_url = copy(mem, media->network_url),
                                         .sha256 = { sha256.data, sha256.size } };
    job->account = wanted->account;
    job->person = wanted->user_id ? bytes_hash(bytes_of_text(wanted->user_id)) ^ wanted->account : 0;
    job->url = job->media.network_url;
    job->mime = job->media.mime;
    job->name = job->media.name;
    if (job->url && media_link_read(job->url, &link) == 0)
        note_host(job, &link);
    if (mem->failed || !key)
        return -ENOMEM;
    memcpy(job->key, key, KEY_CHARS);
    return 0;
}

int media_fetch_ask(struct media_fetch *fetch, const struct media_wanted *wanted)
{
    if (find(fetch, wanted->event_key, wanted->account, wanted->index))
        return 0;
    struct job *job = make_room(fetch) ? calloc(1, sizeof(*job)) : NULL;
    if (!job)
        return -EBUSY;
    job->fetch = fetch;
    job->mem = ARENA_EMPTY(JOB_MAX_BYTES);
    job->asked_ms = now_of(fetch);
    int r = fill(job, wanted);
    if (r == 0)
        r = map_set(&fetch->by_key, bytes_of_text(job->key), job);
    if (r < 0) {
        arena_deinit(&job->mem);
        free(job);
        return r;
    }
    list_append(&fetch->jobs, &job->node);
    fetch->is_in_call = true;
    if (fetch->media->blobs)
        start_next(fetch);
    else
        fail(job, "no store");
    fetch->is_in_call = false;
    if (!uv_is_active((uv_handle_t *) &fetch->timer))
        uv_timer_start(&fetch->timer, on_tick, TICK_MS, TICK_MS);
    return 0;
}

enum media_fetch_state media_fetch_look(const struct media_fetch *fetch, const char *event_key, size_t account,
                                        size_t index, struct media_found *ret)
{
    const struct job *job = find(fetch, event_key, account, index);

    *ret = (struct media_found){ .reason = "forgotten" };
    if (!job)
        return MEDIA_FETCH_FAILED;
    if (job->state < JOB_DONE)
        return MEDIA_FETCH_UNDER_WAY;
    *ret = job->found;
    return job->state == JOB_DONE ? MEDIA_FETCH_DONE : MEDIA_FETCH_FAILED;
}

size_t media_fetch_n_running(const struct media_fetch *fetch)
{
    return fetch->n_running;
}

/* ---- beginning and end ------------------------------------------------------------------------------------------ */

int media_fetch_open(struct media *media, void *owner, void (*on_end)(void *owner), struct media_fetch **ret)
{
    uint64_t seed;
    struct media_fetch *fetch = calloc(1, sizeof(*fetch));
    int r = fetch ? uv_random(NULL, NULL, &seed, sizeof(seed), 0, NULL) : -ENOMEM;

    if (r < 0) {
        free(fetch);
        return r;
    }
    fetch->media = media;
    fetch->owner = owner;
    fetch->on_end = on_end;
    list_init(&fetch->jobs);
    fetch->by_key = MAP_EMPTY(MEDIA_FETCHES_MAX, seed);
    uv_timer_init(media->loop, &fetch->timer);
    fetch->timer.data = fetch;
    *ret = fetch;
    return 0;
}

static void on_timer_closed(uv_handle_t *timer)
{
    free(timer->data);
}

struct media_fetch *media_fetch_close(struct media_fetch *fetch)
{
    if (!fetch)
        return NULL;
    list_for_each_safe (node, after, &fetch->jobs) {
        struct job *job = container_of(node, struct job, node);
        http_abandon(fetch->media->http, job);
        forget(job);
    }
    map_deinit(&fetch->by_key);
    uv_close((uv_handle_t *) &fetch->timer, on_timer_closed);
    return NULL;
}
