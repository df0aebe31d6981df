/* Counters by name, sums, comparisons. What counts since its process began says so by a difference after a restart. */
#include "cli/books.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "formats/json.h"

#define STATE_MEMORY_MAX_BYTES (16u << 20)

static const struct {
    const char *series;
    size_t offset;
} metrics[] = {
    { "trefoil_published_total", offsetof(struct books, published) },
    { "trefoil_confirmed_total", offsetof(struct books, confirmed) },
    { "trefoil_duplicates_total", offsetof(struct books, duplicate) },
    { "trefoil_publish_deferred_total", offsetof(struct books, deferred) },
    { "trefoil_publish_rejected_total", offsetof(struct books, rejected) },
    { "trefoil_events_ephemeral_total", offsetof(struct books, ephemeral) },
    { "trefoil_publish_withdrawn_total", offsetof(struct books, withdrawn) },
    { "trefoil_sends_total{outcome=\"sent\"}", offsetof(struct books, sent) },
    { "trefoil_sends_total{outcome=\"bounced\"}", offsetof(struct books, bounced) },
    { "trefoil_messages_taken_total", offsetof(struct books, taken) },
    { "trefoil_requests_total{result=\"lost\"}", offsetof(struct books, lost_answers) },
};

/* The value of a line of this series. */
static bool read_line(struct bytes line, const char *series, uint64_t *ret)
{
    size_t size = strlen(series);
    char number[32];

    if (line.size <= size + 1 || memcmp(line.data, series, size) != 0 || line.data[size] != ' ')
        return false;
    struct bytes value = bytes_slice(line, size + 1, sizeof(number) - 1);
    memcpy(number, value.data, value.size);
    number[value.size] = '\0';
    double amount = strtod(number, NULL);
    *ret = amount > 0 ? (uint64_t) (amount + 0.5) : 0;
    return true;
}

int books_add_metrics(struct books *books, struct bytes text)
{
    unsigned n_found = 0;

    for (size_t at = 0; at < text.size;) {
        const uint8_t *end = memchr(text.data + at, '\n', text.size - at);
        size_t size = end ? (size_t) (end - text.data) - at : text.size - at;
        struct bytes line = bytes_slice(text, at, size);
        uint64_t value;
        for (size_t i = 0; i < ARRAY_SIZE(metrics); i++)
            if (read_line(line, metrics[i].series, &value)) {
                *(uint64_t *) (void *) ((char *) books + metrics[i].offset) += value;
                n_found++;
            }
        at += size + 1;
    }
    books->n_translators++;
    return n_found == ARRAY_SIZE(metrics) ? 0 : -EBADMSG;
}

static bool add_number(struct json_value object, const char *key, uint64_t *to)
{
    int64_t value;

    if (json_i64(json_get(object, key), &value) < 0 || value < 0)
        return false;
    *to += (uint64_t) value;
    return true;
}

int books_add_state(struct books *books, struct bytes text)
{
    struct arena mem = ARENA_EMPTY(STATE_MEMORY_MAX_BYTES);
    struct json json;
    bool is_whole = json_parse(text, &mem, &json) == 0;

    if (is_whole) {
        struct json_value networks = json_get(json_root(&json), "networks");
        is_whole = json_type(networks) == JSON_OBJECT && add_number(json_root(&json), "accepted", &books->accepted) &&
                   add_number(json_root(&json), "events_waiting", &books->waiting);
        json_for_each (network, networks)
            is_whole = add_number(network, "events", &books->events) &&
                       add_number(network, "webhooks_given_up", &books->given_up) && is_whole;
    }
    arena_deinit(&mem);
    books->n_sandboxes++;
    return is_whole ? 0 : -EBADMSG;
}

/* ---- the equations ---------------------------------------------------------------------------------------------- */

static uint64_t counter(const struct trefoil_counter *counters, size_t n_counters, const char *name)
{
    for (size_t i = 0; i < n_counters; i++)
        if (strcmp(counters[i].name, name) == 0)
            return counters[i].value;
    return 0;
}

/* `low` and `high` are the ends between which `value` has to be. */
static bool put_verdict(FILE *out, uint64_t value, uint64_t low, uint64_t high)
{
    if (value >= low && value <= high)
        fprintf(out, "   ok\n");
    else
        fprintf(out, "   DOES NOT ADD UP: %" PRIu64 " %s\n", value < low ? low - value : value - high,
                value < low ? "missing" : "too many");
    return value >= low && value <= high;
}

static bool put_translators(FILE *out, const struct books *books, const struct trefoil_counter *counters, size_t n)
{
    uint64_t sum =
        books->confirmed + books->duplicate + books->deferred + books->rejected + books->ephemeral + books->withdrawn;
    uint64_t kept = counter(counters, n, "published"), sent = counter(counters, n, "sent");

    fprintf(out,
            "events     published %" PRIu64 " = confirmed %" PRIu64 " + duplicate %" PRIu64 " + deferred %" PRIu64
            " + rejected %" PRIu64 " + ephemeral %" PRIu64 " + too late %" PRIu64,
            books->published, books->confirmed, books->duplicate, books->deferred, books->rejected, books->ephemeral,
            books->withdrawn);
    bool holds = put_verdict(out, books->published, sum, sum);
    fprintf(out, "journal    published %" PRIu64 " >= confirmed to translators %" PRIu64, kept, books->confirmed);
    holds = put_verdict(out, kept, books->confirmed, UINT64_MAX) && holds;
    fprintf(out, "outcomes   sent %" PRIu64 " = sent by translators %" PRIu64, sent, books->sent);
    return put_verdict(out, sent, books->sent, books->sent) && holds;
}

static bool put_sandbox(FILE *out, const struct books *books)
{
    uint64_t gone = books->waiting + books->given_up, due = books->events > gone ? books->events - gone : 0;

    fprintf(out, "webhooks   decoded %" PRIu64 " >= events %" PRIu64 " - waiting %" PRIu64 " - given up %" PRIu64,
            books->published, books->events, books->waiting, books->given_up);
    bool holds = put_verdict(out, books->published, due, UINT64_MAX);
    fprintf(out, "network    accepted %" PRIu64 " = taken %" PRIu64 " + at most %" PRIu64 " without an answer",
            books->accepted, books->taken, books->lost_answers);
    return put_verdict(out, books->accepted, books->taken, books->taken + books->lost_answers) && holds;
}

bool books_put(FILE *out, const struct books *books, const struct trefoil_counter *counters, size_t n_counters)
{
    bool holds = books->n_translators == 0 || put_translators(out, books, counters, n_counters);

    return (books->n_sandboxes == 0 || books->n_translators == 0 || put_sandbox(out, books)) && holds;
}
