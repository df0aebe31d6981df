/* Clocks, latencies, results. Never knows what is measured. */
#include "measure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint64_t clock_us(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (uint64_t) now.tv_sec * 1000000 + (uint64_t) now.tv_nsec / 1000;
}

uint64_t now_us(void)
{
    return clock_us(CLOCK_MONOTONIC); /* the same for all processes of a machine */
}

uint64_t thread_cpu_us(void)
{
    return clock_us(CLOCK_THREAD_CPUTIME_ID);
}

uint64_t process_cpu_us(void)
{
    return clock_us(CLOCK_PROCESS_CPUTIME_ID);
}

/* Up to 64 one bucket per microsecond, from there on 64 buckets per doubling. */
static unsigned bucket_of(uint64_t us)
{
    unsigned shift = us < LATENCY_STEPS ? 0 : 63 - (unsigned) __builtin_clzll(us) - 5;
    unsigned bucket = shift * (LATENCY_STEPS / 2) + (unsigned) (us >> shift);

    return bucket < LATENCY_BUCKETS ? bucket : LATENCY_BUCKETS - 1;
}

static double middle_of(unsigned bucket)
{
    unsigned shift = bucket < LATENCY_STEPS ? 0 : bucket / (LATENCY_STEPS / 2) - 1;
    uint64_t start = (uint64_t) (bucket - shift * (LATENCY_STEPS / 2)) << shift;

    return (double) start + (double) ((uint64_t) 1 << shift) / 2;
}

void latencies_add(struct latencies *latencies, uint64_t us)
{
    latencies->buckets[bucket_of(us)]++;
    latencies->count++;
}

void latencies_merge(struct latencies *latencies, const struct latencies *more)
{
    for (unsigned i = 0; i < LATENCY_BUCKETS; i++)
        latencies->buckets[i] += more->buckets[i];
    latencies->count += more->count;
}

double latencies_percentile(const struct latencies *latencies, double percent)
{
    uint64_t wanted = (uint64_t) ((double) latencies->count * percent / 100), seen = 0;

    for (unsigned i = 0; i < LATENCY_BUCKETS; i++) {
        seen += latencies->buckets[i];
        if (seen > wanted)
            return middle_of(i);
    }
    return 0;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;

    return x < y ? -1 : x > y;
}

double median_of(double *values, size_t n)
{
    if (n == 0)
        return 0;
    qsort(values, n, sizeof(*values), by_size);
    return (values[n / 2] + values[(n - 1) / 2]) / 2;
}

void print_result(const char *name, double value, const char *unit, double ratio, double target)
{
    bool is_ok = target < 0 ? ratio <= -target : ratio >= target;

    printf("RESULT name=%s value=%.1f unit=%s ratio=%.3f target=%s%.2f %s\n", name, value, unit, ratio,
           target < 0 ? "<=" : ">=", target < 0 ? -target : target, is_ok ? "ok" : "short");
    fflush(stdout);
}

static const char *find(int argc, char **argv, const char *name)
{
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return argv[i + 1];
    return NULL;
}

double option_number(int argc, char **argv, const char *name, double fallback)
{
    const char *text = find(argc, argv, name);

    return text ? strtod(text, NULL) : fallback;
}

const char *option_text(int argc, char **argv, const char *name, const char *fallback)
{
    const char *text = find(argc, argv, name);

    return text ? text : fallback;
}

bool option_flag(int argc, char **argv, const char *name)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return true;
    return false;
}
