/* What the store costs: appends with their ids in batches, at a given rate or as fast as it goes, on a real disk.
 * Prints the processor time of the owner and of the writer per envelope. Never checks what was written.
 *
 *   store [--seconds 5] [--rate 150000 | 0] [--batch 64] [--puts 0] [--bytes 700] [--keep 0] [--dir build/bench-data]
 */
#include "io/store.h"

#include "crew.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define OWNER_TARGET_US 1.5
#define BACKLOG_MAX_BYTES ((size_t) 8 << 20)
#define WINDOW_MS ((uint64_t) 7 * 24 * 3600 * 1000)
#define RING 65536

struct bench {
    struct store *store;
    uint64_t submitted_us[RING], tag;
    struct latencies commits;
    uint64_t longest_us;
};

static void on_durable(void *owner, uint64_t tag)
{
    struct bench *bench = owner;

    latencies_add(&bench->commits, now_us() - bench->submitted_us[tag % RING]);
}

static void on_trouble(void *owner, int error)
{
    (void) owner;
    fprintf(stderr, "trouble: %s\n", strerror(-error));
}

static void must(int r)
{
    if (r >= 0)
        return;
    fprintf(stderr, "%s\n", strerror(-r));
    exit(1);
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void envelope(struct store *store, struct bytes record, unsigned puts, uint64_t *random)
{
    uint64_t id[2] = { next_random(random), next_random(random) }, seq, seen;
    uint8_t key[17] = { 0 };

    must(store_seen(store, (uint8_t *) id, &seen));
    must(store_append(store, record, 1, &seq));
    must(store_mark_seen(store, (uint8_t *) id, seq, 1));
    for (unsigned i = 0; i < puts; i++) {
        id[0] += i;
        memcpy(key, id, 16);
        must(store_put(store, STORE_REFS, bytes_make(key, sizeof(key)), bytes_make(&seq, sizeof(seq))));
    }
}

int main(int argc, char **argv)
{
    static struct bench bench;
    static uint8_t record[65536];
    double seconds = option_number(argc, argv, "--seconds", 5), rate = option_number(argc, argv, "--rate", 150000);
    uint64_t batch = (uint64_t) option_number(argc, argv, "--batch", 64);
    unsigned puts = (unsigned) option_number(argc, argv, "--puts", 0);
    size_t size = (size_t) option_number(argc, argv, "--bytes", 700);
    uint64_t keep = (uint64_t) option_number(argc, argv, "--keep", 0);
    const char *parent = option_text(argc, argv, "--dir", "build/bench-data");
    char directory[512];

    snprintf(directory, sizeof(directory), "%s/store", parent);
    empty_directory(directory);

    uv_loop_t *loop = uv_default_loop();
    struct store_options options = { directory, (uint64_t) 64 << 30, WINDOW_MS, 1 };
    struct store_events events = { &bench, on_durable, on_trouble };
    must(store_open(&options, loop, &events, &bench.store));

    uint64_t begun = now_us(), cpu = thread_cpu_us(), all_cpu = process_cpu_us(), n = 0, random = 88172645463325252u;
    while (now_us() - begun < (uint64_t) (seconds * 1e6)) {
        bool is_empty;
        uint64_t wanted = rate > 0 ? (uint64_t) (rate * (double) (now_us() - begun) / 1e6) : UINT64_MAX;

        if (n + batch > wanted) {
            usleep(200);
        } else {
            for (uint64_t i = 0; i < batch; i++)
                envelope(bench.store, bytes_make(record, size < sizeof(record) ? size : sizeof(record)), puts, &random);
            n += batch;
            if (keep && n > keep && n % 1024 < batch)
                must(store_prune(bench.store, n - keep, 1));
            bench.submitted_us[++bench.tag % RING] = now_us();
            must(store_submit(bench.store, bench.tag, &is_empty));
        }
        uv_run(loop, UV_RUN_NOWAIT);
        while (store_backlog_bytes(bench.store) > BACKLOG_MAX_BYTES)
            uv_run(loop, UV_RUN_ONCE);
    }
    double took = (double) (now_us() - begun) / 1e6;
    double owner = (double) (thread_cpu_us() - cpu) / (double) n,
           all = (double) (process_cpu_us() - all_cpu) / (double) n;
    struct store_facts facts;
    struct rusage usage;
    store_facts(bench.store, &facts);
    getrusage(RUSAGE_SELF, &usage);
    printf("%.0f envelopes/s; per envelope: owner %.2f us, writer %.2f us of processor, %.0f bytes in the file\n",
           (double) n / took, owner, all - owner,
           (double) facts.file_bytes / (double) (facts.records ? facts.records : 1));
    printf("commits: %.0f/s, submit to durable p50 %.2f ms, p99 %.2f ms, p99.9 %.2f ms; %.0f MB resident\n",
           (double) facts.commits / took, latencies_percentile(&bench.commits, 50) / 1e3,
           latencies_percentile(&bench.commits, 99) / 1e3, latencies_percentile(&bench.commits, 99.9) / 1e3,
           (double) usage.ru_maxrss / 1024);
    bench.store = store_close(bench.store);
    uv_run(loop, UV_RUN_DEFAULT);
    print_result("store.owner", owner, "us/envelope", owner / OWNER_TARGET_US, -1);
    empty_directory(directory);
    return 0;
}
