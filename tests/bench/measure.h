/* What the benchmarks share: clocks, latencies, the line a script reads. Never knows what is measured. */
#ifndef TREFOIL_BENCH_MEASURE_H
#define TREFOIL_BENCH_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Microseconds in buckets 1/64 wide: exact to 1.6 %, up to more than an hour. */
#define LATENCY_STEPS 64
#define LATENCY_BUCKETS (LATENCY_STEPS * 28)

struct latencies {
    uint64_t count;
    uint64_t buckets[LATENCY_BUCKETS];
};

uint64_t now_us(void);
uint64_t thread_cpu_us(void);
uint64_t process_cpu_us(void);

void latencies_add(struct latencies *latencies, uint64_t us);
void latencies_merge(struct latencies *latencies, const struct latencies *more);
double latencies_percentile(const struct latencies *latencies, double percent);

/* Sorts them. The middle one, or what lies between the two in the middle; 0 when there are none. */
double median_of(double *values, size_t n);

/* RESULT name=… value=… unit=… ratio=… target=… ok|short. `target` is of the ratio; a negative one means at most. */
void print_result(const char *name, double value, const char *unit, double ratio, double target);

/* The number after `name` on the command line, or `fallback`. */
double option_number(int argc, char **argv, const char *name, double fallback);
const char *option_text(int argc, char **argv, const char *name, const char *fallback);
bool option_flag(int argc, char **argv, const char *name);

#endif
