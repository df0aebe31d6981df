/* What the two threads of the writer share. Never seen outside store_writer*.c. */
#ifndef TREFOIL_GATEWAY_IO_STORE_WRITER_INNER_H
#define TREFOIL_GATEWAY_IO_STORE_WRITER_INNER_H

#include "store_writer.h"

#include <pthread.h>

struct store_writer {
    struct lmdb *lmdb;     /* the settling thread's */
    struct store_log *log; /* the logging thread's; the settling thread's while that one is paused */
    uv_async_t *wake;
    pthread_t logging, settling;
    bool is_logging, is_settling; /* the threads were started */

    pthread_mutex_t lock; /* over everything below */
    pthread_cond_t for_logging, for_settling;
    struct list queued;    /* handed over */
    struct list unsettled; /* logged, or passed over the log */
    struct list settled;   /* to be collected */
    size_t unsettled_bytes, n_unsettled;
    uint64_t oldest_us;   /* since when the first of them has waited */
    uint64_t newest;      /* number of the last of them, ever */
    uint64_t durable;     /* number of the newest durable batch */
    uint64_t settled_to;  /* number of the newest settled batch */
    bool is_closing;      /* nothing is handed over any more */
    bool is_logging_over; /* everything was passed on */
    bool is_log_full;     /* until more is settled */
    bool is_log_in_use;   /* an entry is being written */
    bool has_drops;       /* the last commit left something to be dropped */
    size_t limit_bytes;   /* of one commit: halved when there was no room for it, doubled when there was */
    struct store_writer_facts facts;
};

static inline struct batch *writer_batch(struct list *node)
{
    return container_of(node, struct batch, link);
}

/* What waits to be settled may not wait for more. */
static inline bool writer_must_settle(const struct store_writer *writer)
{
    return writer->unsettled_bytes >= WRITER_SETTLE_BYTES || writer->n_unsettled >= WRITER_SETTLE_BATCHES ||
           writer->durable < writer->newest || writer->is_log_full || writer->is_logging_over;
}

uint64_t writer_now_us(void);

/* Whether one of them says that something goes. */
bool writer_drops(const struct list *batches);

/* Moves everything to the end of `to`. */
void writer_move_all(struct list *from, struct list *to);

void *writer_settle(void *writer); /* the settling thread */

#endif
