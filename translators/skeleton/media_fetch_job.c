/* The life of one fetch: asked where the file is, loaded, stored. Never shows a token to a host that is not the network's.
 */
#include "media_fetch_job.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "formats/filename.h"

enum {
    ASK_MS = 10000,
    REPLY_MAX_BYTES = 64 << 10,
    FIRST_PAUSE_MS = 500,
    ACCOUNT_PAUSE_MS = 1000,
    BEYOND_BYTES = 1 << 20
};

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
    media_fetch_start_next(fetch);
    fetch->on_end(fetch->owner);
}

void media_job_fail(struct job *job, const char *reason)
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
        media_job_fail(job, reason);
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
        media_job_fail(job, "expired");
    } else if (located.size_bytes > media->settings->media_max_bytes) {
        media_job_fail(job, "too large");
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
        media_job_fail(job, "expired");
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
        media_job_fail(job, r == -ENOMEM ? "out of memory" : otherwise);
}

/* ---- loading ---------------------------------------------------------------------------------------------------- */

static void on_stored(void *context, int r)
{
    struct job *job = context;

    if (r < 0) {
        media_job_fail(job, r == -ENOSPC ? "store full" : "store failed");
        return;
    }
    figures_media(job->fetch->media->figures, "fetched", "none", job->secret.size_bytes);
    end(job, JOB_DONE);
}

/* Some networks call every picture an image, also one that moves, or has sound. */
static enum trefoil_media_kind moving(enum trefoil_media_kind kind, const char *mime)
{
    if (kind == TREFOIL_MEDIA_IMAGE && strcmp(mime, "image/gif") == 0)
        return TREFOIL_MEDIA_ANIMATED;
    return kind == TREFOIL_MEDIA_IMAGE && strncmp(mime, "video/", strlen("video/")) == 0 ? TREFOIL_MEDIA_VIDEO : kind;
}

/* Sound in a container that mostly holds videos: nobody would play it by that name. */
static const char *heard(enum trefoil_media_kind kind, const char *mime)
{
    bool is_sound = kind == TREFOIL_MEDIA_AUDIO || kind == TREFOIL_MEDIA_VOICE;

    return is_sound && strcmp(mime, "video/mp4") == 0 ? "audio/mp4" : mime;
}

static void describe(struct job *job, const struct http_reply *answer)
{
    struct media_link link;
    const char *name = job->name ? job->name : media_link_disposition(answer->disposition, &job->mem);
    const char *declared = job->mime ? job->mime : answer->content_type;
    bool is_lie = false;
    const char *mime = media_load_judge(job->load, declared, &job->mem, &is_lie);
    enum trefoil_media_kind kind = is_lie ? media_kind_of(mime, job->media.kind) : moving(job->media.kind, mime);

    if (!is_lie)
        mime = heard(kind, mime);

    if (!name && media_link_read(job->url, &link) == 0 && job->media.kind == TREFOIL_MEDIA_FILE)
        name = media_link_name(&link, &job->mem);
    job->found = (struct media_found){
        .mime = mime,
        .name = name ? filename_safe(name, mime, &job->mem) : NULL,
        .declared = is_lie && declared ? arena_text(&job->mem, bytes_of_text(declared)) : NULL,
        .kind = kind,
        .secret = &job->secret,
    };
}

static void store(struct job *job, const struct http_reply *answer)
{
    const char *reason = NULL;
    int fd = media_load_finish(job->load, job->media.sha256, &job->secret, &reason);

    job->state = JOB_STORING;
    if (fd < 0) {
        media_job_fail(job, reason);
        return;
    }
    describe(job, answer);
    int r = blobs_put(job->fetch->media->blobs, job->channel, job->secret.ref, &fd, job, on_stored);
    if (r < 0)
        media_job_fail(job, "store failed");
}

static void follow(struct job *job, const char *location)
{
    const char *url = NULL;

    job->state = JOB_STORING;
    if (++job->hops > MEDIA_FETCH_REDIRECTS_MAX) {
        media_job_fail(job, "too many redirects");
    } else if (!location || media_link_follow(job->url, location, &job->mem, &url) < 0) {
        media_job_fail(job, "refused address");
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
        media_job_fail(job, reason ? reason : "refused address");
    else if (status >= 200 && status < 300)
        store(job, answer);
    else if (status >= 300 && status < 400)
        follow(job, answer->location);
    else if (status == 0 || status >= 500 || status == 429)
        wait_a_while(job, "unreachable");
    else if (!job->was_asked && job->media.network_id)
        ask(job, "expired");
    else
        media_job_fail(job, "expired");
}

static int on_bytes(void *context, struct bytes piece)
{
    return media_load_push(((struct job *) context)->load, piece);
}

void media_job_note_host(struct job *job, const struct media_link *link)
{
    struct bytes host = bytes_slice(link->authority, 0, JOB_HOST_MAX_BYTES - 1);
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
        media_job_fail(job, "refused address");
        return;
    }
    bool is_trusted = shows_token(job, &link);
    media_job_note_host(job, &link);
    if (!media->channel(media->owner, job->channel)) {
        wait_a_while(job, "unreachable");
        return;
    }
    int r = media_load_new(media->blobs, job->channel, media->settings->media_max_bytes, &job->load);
    if (r < 0) {
        media_job_fail(job, r == -ENOMEM ? "out of memory" : "store failed");
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
        media_job_fail(job, r == -ENOMEM ? "out of memory" : "refused address");
}

void media_job_start(struct job *job)
{
    if (job->url)
        load(job);
    else
        ask(job, "no address");
}
