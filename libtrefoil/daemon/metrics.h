/* Counters, gauges and histograms of a process, rendered as Prometheus text. A bounded registry, one thread.
 * Never takes content, addresses or tokens: names are constants, label values constant words or configured accounts.
 *
 *   struct metric *m = metrics_counter(all, "trefoil_webhooks_total", "Webhooks answered.", METRIC_LABEL("status", "200"));
 *   metric_add(m, 1);
 */
#ifndef TREFOIL_DAEMON_METRICS_H
#define TREFOIL_DAEMON_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

#define METRICS_FAMILIES_MAX 128
#define METRICS_SERIES_MAX 2048 /* of all families together */
#define METRICS_LABELS_MAX 4    /* of one series */
#define METRICS_LABEL_MAX_BYTES 160

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

struct metric_label {
    const char *name, *value;
};

#define METRIC_LABEL(name_, value_) ((struct metric_label){ (name_), (value_) })

struct metrics;
struct metric; /* one series: a name and one set of label values; owned by the registry */

must_use_ int metrics_new(struct metrics **ret); /* -ENOMEM */
struct metrics *metrics_free(struct metrics *metrics);

/* The series of this name and these labels, made when it is new. `name` and `help` are constants and are kept; label
 * values are copied. Counters end in _total, histograms measure seconds and end in _seconds. NULL when a limit above or
 * the heap is exhausted: the functions below accept NULL and do nothing, so a process never fails over its metrics. */
struct metric *metrics_series(struct metrics *metrics, enum metric_type type, const char *name, const char *help,
                              const struct metric_label *labels, unsigned n_labels);

#define METRIC_LABEL_LIST_(...)                                \
    (const struct metric_label[]){ { 0 }, ##__VA_ARGS__ } + 1, \
        (unsigned) (sizeof((const struct metric_label[]){ { 0 }, ##__VA_ARGS__ }) / sizeof(struct metric_label)) - 1
#define metrics_counter(metrics, name, help, ...) \
    metrics_series((metrics), METRIC_COUNTER, (name), (help), METRIC_LABEL_LIST_(__VA_ARGS__))
#define metrics_gauge(metrics, name, help, ...) \
    metrics_series((metrics), METRIC_GAUGE, (name), (help), METRIC_LABEL_LIST_(__VA_ARGS__))
#define metrics_histogram(metrics, name, help, ...) \
    metrics_series((metrics), METRIC_HISTOGRAM, (name), (help), METRIC_LABEL_LIST_(__VA_ARGS__))

void metric_add(struct metric *metric, uint64_t n);         /* counter, or gauge upwards */
void metric_sub(struct metric *metric, uint64_t n);         /* gauge */
void metric_set(struct metric *metric, double value);       /* gauge; counter: takes over a total kept elsewhere */
void metric_observe(struct metric *metric, double seconds); /* histogram */
double metric_value(const struct metric *metric);           /* histogram: how many observations */

/* Called before each rendering, to bring gauges up to date. One per registry. */
void metrics_before_render(struct metrics *metrics, void (*refresh)(void *owner), void *owner);

/* Prometheus text format 0.0.4 in malloc'ed memory. -ENOMEM. */
must_use_ int metrics_render(struct metrics *metrics, char **ret, size_t *ret_size);

#endif
