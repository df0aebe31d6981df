/* A table of fetches, oldest first: who asks, who may start, what is remembered. Never starts what the limits forbid. */
#include "media_fetch_job.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "formats/fingerprint.h"

enum { TICK_MS = 100, JOB_MAX_BYTES = 256 << 10 };

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

void media_fetch_start_next(struct media_fetch *fetch)
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
        media_job_start(job);
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
        media_job_fail(job, "too slow");
    else if (job->state == JOB_PAUSED && now_ms >= job->due_ms)
        media_job_start(job);
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
        if (job->state >= JOB_DONE && job->n_waiting == 0 && now_ms - job->ended_ms >= MEDIA_FETCH_KEPT_MS)
            forget(job);
    }
    fetch->is_in_call = false;
    media_fetch_start_next(fetch);
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
        if (job->state >= JOB_DONE && job->n_waiting == 0) {
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
        media_job_note_host(job, &link);
    if (mem->failed || !key)
        return -ENOMEM;
    memcpy(job->key, key, JOB_KEY_CHARS);
    return 0;
}

void media_fetch_release(struct media_fetch *fetch, const char *event_key, size_t account, size_t index)
{
    struct job *job = find(fetch, event_key, account, index);

    if (job && job->n_waiting > 0)
        job->n_waiting--;
}

int media_fetch_ask(struct media_fetch *fetch, const struct media_wanted *wanted)
{
    struct job *job = find(fetch, wanted->event_key, wanted->account, wanted->index);

    if (job) {
        job->n_waiting++;
        return 0;
    }
    job = make_room(fetch) ? calloc(1, sizeof(*job)) : NULL;
    if (!job)
        return -EBUSY;
    job->fetch = fetch;
    job->n_waiting = 1;
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
        media_fetch_start_next(fetch);
    else
        media_job_fail(job, "no store");
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
