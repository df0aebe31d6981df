/* One fetch, and the table it stands in. For media_fetch.c, which keeps the table, and media_fetch_job.c, which brings one
 * file.
 */
#ifndef TREFOIL_SKELETON_MEDIA_FETCH_JOB_H
#define TREFOIL_SKELETON_MEDIA_FETCH_JOB_H

#include "base/list.h"
#include "base/map.h"
#include "media_fetch.h"
#include "media_link.h"
#include "media_load.h"

enum { JOB_KEY_CHARS = 32, JOB_HOST_MAX_BYTES = 256 };

enum job_state { JOB_QUEUED, JOB_PAUSED, JOB_ASKING, JOB_LOADING, JOB_STORING, JOB_DONE, JOB_FAILED };

struct job {
    struct media_fetch *fetch;
    struct list node;
    char key[JOB_KEY_CHARS + 1];
    enum job_state state;
    size_t account;
    uint64_t person;
    uint64_t asked_ms, due_ms, ended_ms;
    unsigned n_waiting; /* events that have not taken it yet */
    struct arena mem;
    struct trefoil_media media; /* in the arena, as are all texts here */
    const char *url, *mime, *name;
    char host[JOB_HOST_MAX_BYTES];
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

static inline uint64_t now_of(const struct media_fetch *fetch)
{
    return uv_now(fetch->media->loop);
}

static inline bool is_running(const struct job *job)
{
    return job->state > JOB_QUEUED && job->state < JOB_DONE;
}

/* Sets out for the file, or for where it is. */
void media_job_start(struct job *job);

/* It will not come: constant words. */
void media_job_fail(struct job *job, const char *reason);

/* Which host it is fetched from: one of them is not asked for too many at once. */
void media_job_note_host(struct job *job, const struct media_link *link);

/* One has ended: whoever waits for that may set out. */
void media_fetch_start_next(struct media_fetch *fetch);

#endif
