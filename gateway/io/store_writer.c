/* One thread, one queue in, one queue out. Never touches what belongs to the loop but `wake`. */
#include "store_writer.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define WRITER_LEAST_BYTES ((size_t) 64 << 10)
#define NS_PER_MS 1000000L
#define NS_PER_S 1000000000L

struct store_writer {
    struct lmdb *lmdb;
    uv_async_t *wake;
    pthread_t thread;

    pthread_mutex_t lock; /* over everything below */
    pthread_cond_t changed;
    struct list queued, done;
    bool is_closing;
    bool has_drops;     /* the last commit left something to be dropped */
    size_t limit_bytes; /* of one commit: halved when there was no room for it, doubled when there was */
    struct store_writer_facts facts;
};

static void move_all(struct list *from, struct list *to)
{
    list_for_each_safe (node, after, from) {
        list_remove(node);
        list_append(to, node);
    }
}

/* Takes batches for one commit off the queue. */
static size_t take(struct store_writer *writer, struct list *ret)
{
    size_t n = 0, bytes = 0;

    list_for_each_safe (node, after, &writer->queued) {
        size_t more = container_of(node, struct batch, link)->size_bytes;

        if (n && bytes + more > writer->limit_bytes)
            break;
        list_remove(node);
        list_append(ret, node);
        bytes += more;
        n++;
    }
    return n;
}

static uint64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t) now.tv_sec * 1000000 + (uint64_t) now.tv_nsec / 1000;
}

static void wait_for_retry(struct store_writer *writer)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += STORE_RETRY_MS * NS_PER_MS;
    until.tv_sec += until.tv_nsec / NS_PER_S;
    until.tv_nsec %= NS_PER_S;
    while (!writer->is_closing && pthread_cond_timedwait(&writer->changed, &writer->lock, &until) != ETIMEDOUT)
        ;
}

/* The batches of a failed commit go back to the front. With the file at its cap, dropping comes first: the batch that
 * asks for it may stand behind those that find no room. */
static void put_back(struct store_writer *writer, struct list *taken, int error)
{
    struct list all;

    list_init(&all);
    move_all(taken, &all);
    move_all(&writer->queued, &all);
    if (error == -ENOSPC) {
        pthread_mutex_unlock(&writer->lock);
        int r = lmdb_make_room(writer->lmdb, &all);
        pthread_mutex_lock(&writer->lock);
        if (r < 0)
            error = r;
    }
    move_all(&writer->queued, &all); /* what came meanwhile */
    move_all(&all, &writer->queued);
    writer->facts.trouble = error;
}

/* One commit. Called and left with the lock held. */
static void commit_once(struct store_writer *writer)
{
    struct list taken;

    list_init(&taken);
    size_t n = take(writer, &taken);
    pthread_mutex_unlock(&writer->lock);
    uint64_t begun_us = now_us();
    int r = lmdb_commit(writer->lmdb, &taken);
    uint64_t took_us = now_us() - begun_us;
    pthread_mutex_lock(&writer->lock);

    if (r < 0) {
        put_back(writer, &taken, r);
        writer->limit_bytes =
            writer->limit_bytes / 2 > WRITER_LEAST_BYTES ? writer->limit_bytes / 2 : WRITER_LEAST_BYTES;
    } else {
        writer->limit_bytes =
            writer->limit_bytes * 2 < WRITER_COMMIT_BYTES ? writer->limit_bytes * 2 : WRITER_COMMIT_BYTES;
        move_all(&taken, &writer->done);
        writer->has_drops = r > 0;
        writer->facts.trouble = 0;
        writer->facts.commits++;
        writer->facts.batches += n;
        writer->facts.last_commit_us = took_us;
    }
    uv_async_send(writer->wake);
}

static void *run(void *argument)
{
    struct store_writer *writer = argument;

    pthread_mutex_lock(&writer->lock);
    for (;;) {
        while (list_is_empty(&writer->queued) && !writer->has_drops && !writer->is_closing)
            pthread_cond_wait(&writer->changed, &writer->lock);
        if (list_is_empty(&writer->queued) && writer->is_closing)
            break;
        bool was_closing = writer->is_closing;

        commit_once(writer);
        if (writer->facts.trouble && was_closing)
            break;
        if (writer->facts.trouble)
            wait_for_retry(writer);
    }
    pthread_mutex_unlock(&writer->lock);
    return NULL;
}

int store_writer_new(struct lmdb *lmdb, uv_async_t *wake, struct store_writer **ret)
{
    struct store_writer *writer = calloc(1, sizeof(*writer));
    pthread_condattr_t attributes;

    if (!writer)
        return -ENOMEM;
    writer->lmdb = lmdb;
    writer->wake = wake;
    writer->limit_bytes = WRITER_COMMIT_BYTES;
    list_init(&writer->queued);
    list_init(&writer->done);
    writer->has_drops = true; /* as far as anybody knows: a restart may have interrupted it */
    pthread_mutex_init(&writer->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&writer->changed, &attributes);
    pthread_condattr_destroy(&attributes);

    int r = pthread_create(&writer->thread, NULL, run, writer);
    if (r != 0) {
        pthread_cond_destroy(&writer->changed);
        pthread_mutex_destroy(&writer->lock);
        free(writer);
        return -r;
    }
    *ret = writer;
    return 0;
}

struct store_writer *store_writer_free(struct store_writer *writer, struct list *ret_left)
{
    if (!writer)
        return NULL;
    pthread_mutex_lock(&writer->lock);
    writer->is_closing = true;
    pthread_cond_signal(&writer->changed);
    pthread_mutex_unlock(&writer->lock);
    pthread_join(writer->thread, NULL);

    move_all(&writer->done, ret_left);
    move_all(&writer->queued, ret_left);
    pthread_cond_destroy(&writer->changed);
    pthread_mutex_destroy(&writer->lock);
    free(writer);
    return NULL;
}

void store_writer_submit(struct store_writer *writer, struct batch **batch)
{
    pthread_mutex_lock(&writer->lock);
    bool was_idle = list_is_empty(&writer->queued);
    list_append(&writer->queued, &(*batch)->link);
    *batch = NULL;
    if (was_idle)
        pthread_cond_signal(&writer->changed);
    pthread_mutex_unlock(&writer->lock);
}

void store_writer_collect(struct store_writer *writer, struct list *done)
{
    pthread_mutex_lock(&writer->lock);
    move_all(&writer->done, done);
    pthread_mutex_unlock(&writer->lock);
}

struct store_writer_facts store_writer_facts(struct store_writer *writer)
{
    pthread_mutex_lock(&writer->lock);
    struct store_writer_facts facts = writer->facts;
    pthread_mutex_unlock(&writer->lock);
    return facts;
}
