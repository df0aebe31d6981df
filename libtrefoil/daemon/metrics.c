/* Families in order of registration, series in order within a family; a linear search, for series are looked up once
 * and kept. Never frees a series before the registry.
 */
#include "daemon/metrics.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Upper bounds in seconds: from an fsync on a good disk to a webhook's patience. */
static const double bucket_bounds[] = {
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10
};

struct metric {
    struct metric *next;
    enum metric_type type;
    unsigned n_labels;
    const char *label_names[METRICS_LABELS_MAX]; /* constants */
    char *label_values[METRICS_LABELS_MAX];
    double value;   /* histogram: the sum; counter: the part behind the point */
    uint64_t count; /* counter: exact; histogram: observations */
    uint64_t buckets[ARRAY_SIZE(bucket_bounds)];
};

struct family {
    const char *name, *help;
    enum metric_type type;
    struct metric *first, **end;
};

struct metrics {
    struct family families[METRICS_FAMILIES_MAX];
    size_t n_families, n_series;
    void (*refresh)(void *owner);
    void *owner;
};

int metrics_new(struct metrics **ret)
{
    struct metrics *metrics = calloc(1, sizeof(*metrics));

    if (!metrics)
        return -ENOMEM;
    *ret = metrics;
    return 0;
}

static struct metric *metric_free(struct metric *metric)
{
    for (unsigned i = 0; metric && i < metric->n_labels; i++)
        free(metric->label_values[i]);
    free(metric);
    return NULL;
}

struct metrics *metrics_free(struct metrics *metrics)
{
    for (size_t i = 0; metrics && i < metrics->n_families; i++) {
        struct metric *metric = metrics->families[i].first;
        while (metric) {
            struct metric *next = metric->next;
            metric_free(metric);
            metric = next;
        }
    }
    free(metrics);
    return NULL;
}

static struct family *find_family(struct metrics *metrics, enum metric_type type, const char *name, const char *help)
{
    struct family *family;

    for (size_t i = 0; i < metrics->n_families; i++)
        if (strcmp(metrics->families[i].name, name) == 0)
            return metrics->families[i].type == type ? &metrics->families[i] : NULL;
    if (metrics->n_families == METRICS_FAMILIES_MAX)
        return NULL;
    family = &metrics->families[metrics->n_families++];
    *family = (struct family){ .name = name, .help = help, .type = type };
    family->end = &family->first;
    return family;
}

static bool has_labels(const struct metric *metric, const struct metric_label *labels, unsigned n_labels)
{
    if (metric->n_labels != n_labels)
        return false;
    for (unsigned i = 0; i < n_labels; i++)
        if (strcmp(metric->label_names[i], labels[i].name) != 0 ||
            strcmp(metric->label_values[i], labels[i].value) != 0)
            return false;
    return true;
}

static struct metric *metric_new(enum metric_type type, const struct metric_label *labels, unsigned n_labels)
{
    struct metric *metric = calloc(1, sizeof(*metric));

    if (!metric)
        return NULL;
    metric->type = type;
    for (unsigned i = 0; i < n_labels; i++) {
        metric->label_names[i] = labels[i].name;
        metric->label_values[i] = strndup(labels[i].value, METRICS_LABEL_MAX_BYTES);
        metric->n_labels++;
        if (!metric->label_values[i])
            return metric_free(metric);
    }
    return metric;
}

struct metric *metrics_series(struct metrics *metrics, enum metric_type type, const char *name, const char *help,
                              const struct metric_label *labels, unsigned n_labels)
{
    struct family *family = metrics ? find_family(metrics, type, name, help) : NULL;
    struct metric *metric;

    if (!family || n_labels > METRICS_LABELS_MAX)
        return NULL;
    for (metric = family->first; metric; metric = metric->next)
        if (has_labels(metric, labels, n_labels))
            return metric;
    if (metrics->n_series == METRICS_SERIES_MAX)
        return NULL;
    metric = metric_new(type, labels, n_labels);
    if (!metric)
        return NULL;
    metrics->n_series++;
    *family->end = metric;
    family->end = &metric->next;
    return metric;
}

void metric_add(struct metric *metric, uint64_t n)
{
    if (metric && metric->type == METRIC_COUNTER)
        metric->count += n;
    else if (metric && metric->type == METRIC_GAUGE)
        metric->value += (double) n;
}

void metric_sub(struct metric *metric, uint64_t n)
{
    if (metric && metric->type == METRIC_GAUGE)
        metric->value -= (double) n;
}

void metric_set(struct metric *metric, double value)
{
    if (metric && metric->type == METRIC_GAUGE)
        metric->value = value;
    else if (metric && metric->type == METRIC_COUNTER && value >= 0) {
        metric->count = (uint64_t) value;
        metric->value = value - (double) metric->count;
    }
}

void metric_observe(struct metric *metric, double seconds)
{
    if (!metric || metric->type != METRIC_HISTOGRAM)
        return;
    metric->count++;
    metric->value += seconds;
    for (size_t i = 0; i < ARRAY_SIZE(bucket_bounds); i++) {
        if (seconds <= bucket_bounds[i]) {
            metric->buckets[i]++;
            return;
        }
    }
}

double metric_value(const struct metric *metric)
{
    if (!metric)
        return 0;
    return metric->type == METRIC_GAUGE ? metric->value : (double) metric->count;
}

void metrics_before_render(struct metrics *metrics, void (*refresh)(void *owner), void *owner)
{
    metrics->refresh = refresh;
    metrics->owner = owner;
}

static void put_escaped(FILE *out, const char *text, bool is_label)
{
    for (; *text; text++) {
        if (*text == '\n')
            fputs("\\n", out);
        else if (*text == '\\' || (*text == '"' && is_label))
            fprintf(out, "\\%c", *text);
        else
            fputc(*text, out);
    }
}

/* `bucket` is the value of the label "le", or NULL. */
static void put_series(FILE *out, const struct family *family, const struct metric *metric, const char *suffix,
                       const char *bucket)
{
    const char *before = "{";

    fprintf(out, "%s%s", family->name, suffix);
    for (unsigned i = 0; i < metric->n_labels; i++) {
        fprintf(out, "%s%s=\"", before, metric->label_names[i]);
        put_escaped(out, metric->label_values[i], true);
        fputc('"', out);
        before = ",";
    }
    if (bucket) {
        fprintf(out, "%sle=\"%s\"", before, bucket);
        before = ",";
    }
    fputs(*before == ',' ? "} " : " ", out);
}

static void put_double(FILE *out, double value)
{
    if (isnan(value))
        fputs("NaN\n", out);
    else if (isinf(value))
        fputs(value > 0 ? "+Inf\n" : "-Inf\n", out);
    else
        fprintf(out, "%.15g\n", value);
}

static void put_histogram(FILE *out, const struct family *family, const struct metric *metric)
{
    uint64_t below = 0;
    char bound[24];

    for (size_t i = 0; i < ARRAY_SIZE(bucket_bounds); i++) {
        below += metric->buckets[i];
        snprintf(bound, sizeof(bound), "%g", bucket_bounds[i]);
        put_series(out, family, metric, "_bucket", bound);
        fprintf(out, "%" PRIu64 "\n", below);
    }
    put_series(out, family, metric, "_bucket", "+Inf");
    fprintf(out, "%" PRIu64 "\n", metric->count);
    put_series(out, family, metric, "_sum", NULL);
    put_double(out, metric->value);
    put_series(out, family, metric, "_count", NULL);
    fprintf(out, "%" PRIu64 "\n", metric->count);
}

static void put_family(FILE *out, const struct family *family)
{
    static const char *const type_words[] = { "counter", "gauge", "histogram" };

    fprintf(out, "# HELP %s ", family->name);
    put_escaped(out, family->help, false);
    fprintf(out, "\n# TYPE %s %s\n", family->name, type_words[family->type]);
    for (const struct metric *metric = family->first; metric; metric = metric->next) {
        if (metric->type == METRIC_HISTOGRAM) {
            put_histogram(out, family, metric);
            continue;
        }
        put_series(out, family, metric, "", NULL);
        if (metric->type == METRIC_COUNTER && metric->value <= 0)
            fprintf(out, "%" PRIu64 "\n", metric->count);
        else
            put_double(out, metric->value + (double) metric->count);
    }
}

int metrics_render(struct metrics *metrics, char **ret, size_t *ret_size)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    bool failed;

    if (!out)
        return -ENOMEM;
    if (metrics->refresh)
        metrics->refresh(metrics->owner);
    for (size_t i = 0; i < metrics->n_families; i++)
        if (metrics->families[i].first)
            put_family(out, &metrics->families[i]);
    failed = ferror(out) != 0;
    if (fclose(out) != 0 || failed) {
        free(text);
        return -ENOMEM;
    }
    *ret = text;
    *ret_size = size;
    return 0;
}
