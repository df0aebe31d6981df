/* The thread that brings batches into the tables. Never touches the log but to give back its space on a full disk. */
#include "store_writer_inner.h"

#include <errno.h>
#include <time.h>

#define SETTLE_LEAST_BYTES ((size_t) 64 << 10)
#define US_PER_MS 1000U
#define NS_PER_US 1000
#define US_PER_S 1000000U

/* All of it is called and left with the lock held. */

/* Until somebody signals, or this moment has come. */
static void wait_until(struct store_writer *writer, uint64_t until_us)
{
    struct timespec until = { (time_t) (until_us / US_PER_S), (long) (until_us % US_PER_S) * NS_PER_US };

    (void) pthread_cond_timedwait(&writer->for_settling, &writer->lock, &until);
}

static void wait_for_retry(struct store_writer *writer)
{
    uint64_t until_us = writer_now_us() + (uint64_t) STORE_RETRY_MS * US_PER_MS;

    while (!writer->is_closing && writer_now_us() < until_us)
        wait_until(writer, until_us);
}

static bool is_due(const struct store_writer *writer, uint64_t now_us)
{
    if (writer->has_drops || writer->facts.trouble)
        return true;
    if (list_is_empty(&writer->unsettled))
        return false;
    return writer_must_settle(writer) || now_us - writer->oldest_us >= (uint64_t) WRITER_SETTLE_MS * US_PER_MS;
}

static void take(struct store_writer *writer, struct list *ret)
{
    size_t bytes = 0;

    list_for_each_safe (node, after, &writer->unsettled) {
        size_t more = writer_batch(node)->size_bytes;

        if (!list_is_empty(ret) && bytes + more > writer->limit_bytes)
            break;
        list_remove(node);
        list_append(ret, node);
        bytes += more;
        writer->n_unsettled--;
        writer->unsettled_bytes -= more;
    }
}

/* With the file at its cap, dropping comes first: the batch that asks for it may stand behind those that find no room.
 * What it says of what goes must be durable by then, so it is logged before; where the log cannot take it, that is the
 * lesser evil. */
static void make_room(struct store_writer *writer)
{
    struct lmdb_drops drops = { 0 };

    if (!writer->is_log_in_use && !writer_drops(&writer->queued))
        store_log_shrink(writer->log, writer->settled_to);
    lmdb_note_drops(&drops, &writer->unsettled);
    if (writer->is_log_full || writer->durable < writer->newest)
        lmdb_note_drops(&drops, &writer->queued);
    else
        pthread_cond_signal(&writer->for_logging);
    pthread_mutex_unlock(&writer->lock);
    int r = lmdb_make_room(writer->lmdb, drops);
    pthread_mutex_lock(&writer->lock);
    if (r < 0)
        writer->facts.trouble = r;
}

/* The batches of a failed commit go back to the front. */
static void put_back(struct store_writer *writer, struct list *taken, int error)
{
    list_for_each (node, taken) {
        writer->n_unsettled++;
        writer->unsettled_bytes += writer_batch(node)->size_bytes;
    }
    writer_move_all(&writer->unsettled, taken);
    writer_move_all(taken, &writer->unsettled);
    writer->facts.trouble = error; /* from now on nothing new is logged */
    writer->limit_bytes = writer->limit_bytes / 2 > SETTLE_LEAST_BYTES ? writer->limit_bytes / 2 : SETTLE_LEAST_BYTES;
    if (error == -ENOSPC)
        make_room(writer);
}

/* What was not durable before is now, and tells how long that took. */
static void note_durable(struct store_writer *writer, const struct list *taken, uint64_t took_us)
{
    uint64_t n = 0;

    list_for_each (node, taken)
        n += writer_batch(node)->number > writer->durable;
    writer->durable = writer->settled_to;
    writer->facts.commits++;
    writer->facts.batches += n;
    writer->facts.last_commit_us = took_us;
}

static void note_settled(struct store_writer *writer, struct list *taken, bool has_drops, uint64_t took_us)
{
    writer->limit_bytes = writer->limit_bytes * 2 < WRITER_COMMIT_BYTES ? writer->limit_bytes * 2 : WRITER_COMMIT_BYTES;
    writer->has_drops = has_drops;
    writer->is_log_full = false;
    writer->facts.trouble = 0;
    writer->facts.settlings++;
    writer->facts.last_settling_us = took_us;
    if (!list_is_empty(taken))
        writer->settled_to = writer_batch(taken->previous)->number;
    if (writer->settled_to > writer->durable)
        note_durable(writer, taken, took_us);
    writer_move_all(taken, &writer->settled);
    pthread_cond_signal(&writer->for_logging);
}

static void settle_once(struct store_writer *writer)
{
    struct list taken;

    list_init(&taken);
    take(writer, &taken);
    pthread_mutex_unlock(&writer->lock);
    uint64_t begun_us = writer_now_us();
    int r = lmdb_commit(writer->lmdb, &taken);
    uint64_t took_us = writer_now_us() - begun_us;
    pthread_mutex_lock(&writer->lock);

    writer->oldest_us = begun_us; /* what came meanwhile is no older */
    if (r < 0)
        put_back(writer, &taken, r);
    else
        note_settled(writer, &taken, r > 0, took_us);
    uv_async_send(writer->wake);
}

void *writer_settle(void *argument)
{
    struct store_writer *writer = argument;

    pthread_mutex_lock(&writer->lock);
    while (!writer->is_logging_over || !list_is_empty(&writer->unsettled)) {
        bool is_last = writer->is_logging_over;

        if (is_due(writer, writer_now_us()))
            settle_once(writer);
        else if (list_is_empty(&writer->unsettled))
            pthread_cond_wait(&writer->for_settling, &writer->lock);
        else
            wait_until(writer, writer->oldest_us + (uint64_t) WRITER_SETTLE_MS * US_PER_MS);
        if (writer->facts.trouble && is_last)
            break;
        if (writer->facts.trouble)
            wait_for_retry(writer);
    }
    pthread_mutex_unlock(&writer->lock);
    return NULL;
}
