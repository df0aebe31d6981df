/* How fast a map turns webhook bodies into events, against jansson parsing the same bytes alone, in turns in one run.
 * Never touches a socket: bytes in memory, one thread, processor time.
 *
 *   decode [--network NAME] [--seconds 3] [--data translators]
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/arena.h"
#include "measure.h"
#include "skeleton_types/translator.h"

extern const struct translator_ops whatsapp_ops, messenger_ops, instagram_ops;

enum {
    SAMPLES_MAX = 512,
    SAMPLE_MAX_BYTES = 4 << 20,
    ARENA_MAX_BYTES = 64 << 20,
    ROUNDS = 9, /* each side's median counts */
};

#define TARGET -1.5 /* at most so many times the parse alone */

struct sample {
    char *bytes;
    size_t size;
};

struct corpus {
    struct sample samples[SAMPLES_MAX];
    size_t n_samples, bytes;
};

/* As the tests address the samples. */
static const char *const ids[] = { "106540000000002", "104500000000003", "17841400000000005" };
static const char *const pages[] = { NULL, NULL, "104500000000003" };

static int read_sample(const char *path, struct corpus *corpus)
{
    FILE *file = fopen(path, "rb");
    char *bytes = malloc(SAMPLE_MAX_BYTES);
    size_t size = file && bytes ? fread(bytes, 1, SAMPLE_MAX_BYTES, file) : 0;

    if (file)
        fclose(file);
    if (size == 0) {
        free(bytes);
        return -EIO;
    }
    json_t *json = json_loadb(bytes, size, 0, NULL);
    if (!json) { /* samples of broken bodies are for the tests */
        free(bytes);
        return 0;
    }
    json_decref(json);
    corpus->samples[corpus->n_samples++] = (struct sample){ bytes, size };
    corpus->bytes += size;
    return 0;
}

static int read_corpus(const char *folder, struct corpus *corpus)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    char path[512];
    int r = dir ? 0 : -errno;

    while (r == 0 && (entry = readdir(dir)) && corpus->n_samples < SAMPLES_MAX) {
        const char *dot = strrchr(entry->d_name, '.');
        if (!dot || strcmp(dot, ".webhook") != 0)
            continue;
        (void) snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        r = read_sample(path, corpus);
    }
    if (dir)
        closedir(dir);
    return r;
}

static uint64_t parse_all(const struct corpus *corpus, uint64_t times)
{
    uint64_t began_us = thread_cpu_us();

    for (uint64_t n = 0; n < times; n++)
        for (size_t i = 0; i < corpus->n_samples; i++)
            json_decref(json_loadb(corpus->samples[i].bytes, corpus->samples[i].size, 0, NULL));
    return thread_cpu_us() - began_us;
}

static uint64_t decode_all(const struct translator_ops *ops, const struct corpus *corpus, struct arena *mem,
                           uint64_t times, uint64_t *ret_events)
{
    const struct decode_context context = { .account_ids = ids, .page_ids = pages, .n_accounts = 3 };
    uint64_t began_us = thread_cpu_us();

    *ret_events = 0;
    for (uint64_t n = 0; n < times; n++)
        for (size_t i = 0; i < corpus->n_samples; i++) {
            struct event_list list = { 0 };
            if (ops->decode(bytes_make(corpus->samples[i].bytes, corpus->samples[i].size), &context, mem, &list) == 0)
                *ret_events += list.n_events;
            arena_reset(mem);
        }
    return thread_cpu_us() - began_us;
}

static void measure(const struct translator_ops *ops, const struct corpus *corpus, double seconds)
{
    struct arena mem = ARENA_EMPTY(ARENA_MAX_BYTES);
    double parses[ROUNDS], decodes[ROUNDS];
    uint64_t n_events, times = 1;
    char name[64];

    while (parse_all(corpus, times) < (uint64_t) (seconds * 1e6 / (2 * ROUNDS)))
        times *= 2;
    for (size_t round = 0; round < ROUNDS; round++) {
        parses[round] = (double) parse_all(corpus, times);
        decodes[round] = (double) decode_all(ops, corpus, &mem, times, &n_events);
    }
    double parse_s = median_of(parses, ROUNDS) / 1e6, decode_s = median_of(decodes, ROUNDS) / 1e6;
    double bodies = (double) (corpus->n_samples * times), bytes = (double) (corpus->bytes * times);

    printf("%s: %zu webhooks, %zu bytes each on average, %.1f events each; decode %.1f MB/s, parse alone %.1f MB/s\n",
           ops->name, corpus->n_samples, corpus->bytes / corpus->n_samples, (double) n_events / bodies,
           bytes / decode_s / 1e6, bytes / parse_s / 1e6);
    (void) snprintf(name, sizeof(name), "decode.%s", ops->name);
    print_result(name, bodies / decode_s, "webhooks/s", decode_s / parse_s, TARGET);
    arena_deinit(&mem);
}

int main(int argc, char **argv)
{
    static const struct translator_ops *const all[] = { &whatsapp_ops, &messenger_ops, &instagram_ops };
    const char *only = option_text(argc, argv, "--network", NULL);
    const char *data = option_text(argc, argv, "--data", "translators");
    double seconds = option_number(argc, argv, "--seconds", 3);

    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
        struct corpus *corpus = calloc(1, sizeof(*corpus));
        char folder[256];

        if (only && strcmp(only, all[i]->name) != 0) {
            free(corpus);
            continue;
        }
        (void) snprintf(folder, sizeof(folder), "%s/%s/testdata", data, all[i]->name);
        if (!corpus || read_corpus(folder, corpus) < 0 || corpus->n_samples == 0) {
            fprintf(stderr, "decode: no samples in %s\n", folder);
            free(corpus);
            return 1;
        }
        measure(all[i], corpus, seconds);
        for (size_t n = 0; n < corpus->n_samples; n++)
            free(corpus->samples[n].bytes);
        free(corpus);
    }
    return 0;
}
