/* The hand-over, and the thread that logs. Never touches what belongs to the loop but `wake`. */
#include "store_writer_inner.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "store_log_entry.h"

uint64_t writer_now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t) now.tv_sec * 1000000 + (uint64_t) now.tv_nsec / 1000;
}

void writer_move_all(struct list *from, struct list *to)
{
    list_for_each_safe (node, after, from) {
        list_remove(node);
        list_append(to, node);
    }
}

bool writer_drops(const struct list *batches)
{
    list_for_each (node, batches)
        if (writer_batch(node)->prune_to > 0 || writer_batch(node)->first_kept_run > 0)
            return true;
    return false;
}

/* ---- the logging thread: called and left with the lock held ---- */

/* Takes batches for one entry off the queue. False: it is one the log cannot hold, alone. */
static bool take(struct store_writer *writer, struct list *ret)
{
    size_t bytes = 0;

    list_for_each_safe (node, after, &writer->queued) {
        struct batch *batch = writer_batch(node);
        bool can_hold = entry_can_hold(batch);

        if (!list_is_empty(ret) && (!can_hold || bytes + batch->size_bytes > WRITER_ENTRY_BYTES))
            break;
        list_remove(node);
        list_append(ret, node);
        bytes += batch->size_bytes;
        if (!can_hold)
            return false;
    }
    return true;
}

/* Passes batches on, logged or not. */
static void pass_on(struct store_writer *writer, struct list *batches)
{
    if (list_is_empty(batches))
        return;
    bool was_empty = list_is_empty(&writer->unsettled);

    list_for_each (node, batches) {
        writer->unsettled_bytes += writer_batch(node)->size_bytes;
        writer->n_unsettled++;
    }
    writer->newest = writer_batch(batches->previous)->number;
    writer_move_all(batches, &writer->unsettled);
    if (was_empty)
        writer->oldest_us = writer_now_us();
    if (was_empty || writer_must_settle(writer))
        pthread_cond_signal(&writer->for_settling);
}

static void log_once(struct store_writer *writer)
{
    struct list taken;
    uint64_t settled_to = writer->settled_to, n = 0;

    list_init(&taken);
    bool can_hold = take(writer, &taken);
    writer->is_log_in_use = true;
    pthread_mutex_unlock(&writer->lock);
    uint64_t begun_us = writer_now_us();
    int r = can_hold ? store_log_append(writer->log, &taken, settled_to) : -EMSGSIZE;
    uint64_t took_us = writer_now_us() - begun_us;
    pthread_mutex_lock(&writer->lock);
    writer->is_log_in_use = false;

    if (r == -EAGAIN) {
        writer_move_all(&writer->queued, &taken);
        writer_move_all(&taken, &writer->queued);
        writer->is_log_full = writer->settled_to == settled_to;
        pthread_cond_signal(&writer->for_settling);
        return;
    }
    if (r == 0) {
        list_for_each (node, &taken) {
            writer->durable = writer_batch(node)->number;
            n++;
        }
        writer->facts.commits++;
        writer->facts.batches += n;
        writer->facts.last_commit_us = took_us;
    }
    pass_on(writer, &taken);
    if (r == 0)
        uv_async_send(writer->wake);
}

/* What is to be settled before it is durable stops the log: order is order. So does trouble, but for a full file: then
 * what says which records go is to be durable before they do. */
static bool can_log(const struct store_writer *writer)
{
    bool is_wanted = writer->facts.trouble == 0 || (writer->facts.trouble == -ENOSPC && writer_drops(&writer->queued));

    return !list_is_empty(&writer->queued) && is_wanted && !writer->is_log_full && writer->durable >= writer->newest;
}

static void *run_logging(void *argument)
{
    struct store_writer *writer = argument;

    pthread_mutex_lock(&writer->lock);
    while (!writer->is_closing) {
        if (can_log(writer))
            log_once(writer);
        else
            pthread_cond_wait(&writer->for_logging, &writer->lock);
    }
    pass_on(writer, &writer->queued); /* the last commit has it all */
    writer->is_logging_over = true;
    pthread_cond_signal(&writer->for_settling);
    pthread_mutex_unlock(&writer->lock);
    return NULL;
}

/* ---- the owner's side ---- */

static void init_condition(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
}

int store_writer_new(struct lmdb *lmdb, struct store_log *log, uv_async_t *wake, struct list *logged,
                     struct store_writer **ret)
{
    struct store_writer *writer = calloc(1, sizeof(*writer));

    if (!writer)
        return -ENOMEM;
    writer->lmdb = lmdb;
    writer->log = log;
    writer->wake = wake;
    writer->limit_bytes = WRITER_COMMIT_BYTES;
    writer->newest = writer->durable = writer->settled_to = lmdb_state(lmdb).batch;
    list_init(&writer->queued);
    list_init(&writer->unsettled);
    list_init(&writer->settled);
    writer->has_drops = true; /* as far as anybody knows: a restart may have interrupted it */
    pthread_mutex_init(&writer->lock, NULL);
    init_condition(&writer->for_logging);
    init_condition(&writer->for_settling);
    pass_on(writer, logged);
    writer->durable = writer->newest;

    int r = pthread_create(&writer->logging, NULL, run_logging, writer);
    writer->is_logging = r == 0;
    if (r == 0)
        r = pthread_create(&writer->settling, NULL, writer_settle, writer);
    writer->is_settling = r == 0;
    if (r != 0) {
        store_writer_free(writer, logged);
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
    pthread_cond_signal(&writer->for_logging);
    pthread_cond_signal(&writer->for_settling);
    pthread_mutex_unlock(&writer->lock);
    if (writer->is_logging)
        pthread_join(writer->logging, NULL);
    if (writer->is_settling)
        pthread_join(writer->settling, NULL);

    writer_move_all(&writer->settled, ret_left);
    writer_move_all(&writer->unsettled, ret_left);
    writer_move_all(&writer->queued, ret_left);
    pthread_cond_destroy(&writer->for_logging);
    pthread_cond_destroy(&writer->for_settling);
    pthread_mutex_destroy(&writer->lock);
    free(writer);
    return NULL;
}

void store_writer_submit(struct store_writer *writer, struct batch **batch)
{
    pthread_mutex_lock(&writer->lock);
    bool must_wake = list_is_empty(&writer->queued) || writer->facts.trouble;
    list_append(&writer->queued, &(*batch)->link);
    *batch = NULL;
    if (must_wake)
        pthread_cond_signal(&writer->for_logging);
    pthread_mutex_unlock(&writer->lock);
}

uint64_t store_writer_collect(struct store_writer *writer, struct list *settled)
{
    pthread_mutex_lock(&writer->lock);
    uint64_t durable = writer->durable;
    writer_move_all(&writer->settled, settled);
    pthread_mutex_unlock(&writer->lock);
    return durable;
}

struct store_writer_facts store_writer_facts(struct store_writer *writer)
{
    pthread_mutex_lock(&writer->lock);
    struct store_writer_facts facts = writer->facts;
    pthread_mutex_unlock(&writer->lock);
    return facts;
}
