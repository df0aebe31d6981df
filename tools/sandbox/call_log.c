/* A ring of the newest calls and a count per network, kind and status. Never grows. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/call_log.h"

#define KEPT 500

struct kept {
    struct call_record record;
    int64_t at_ms;
};

struct call_log {
    struct kept ring[KEPT];
    uint64_t n_calls;
    json_t *counts; /* network → kind → status → count */
};

int call_log_new(struct call_log **ret)
{
    struct call_log *log = calloc(1, sizeof(*log));

    if (!log)
        return -ENOMEM;
    log->counts = json_object();
    *ret = log;
    return 0;
}

struct call_log *call_log_free(struct call_log *log)
{
    if (log)
        json_decref(log->counts);
    free(log);
    return NULL;
}

void call_log_clear(struct call_log *log)
{
    log->n_calls = 0;
    (void) json_object_clear(log->counts);
}

static json_t *inside(json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);

    if (!value) {
        value = json_object();
        (void) json_object_set_new(object, key, value);
    }
    return value;
}

void call_log_add(struct call_log *log, const struct call_record *record)
{
    json_t *kinds = inside(inside(log->counts, network_name(record->network)), record->kind);
    char status[16];

    (void) snprintf(status, sizeof(status), "%d", record->status);
    (void) json_object_set_new(kinds, status, json_integer(json_integer_value(json_object_get(kinds, status)) + 1));
    log->ring[log->n_calls++ % KEPT] = (struct kept){ *record, wall_ms() };
}

json_t *call_log_json(const struct call_log *log)
{
    uint64_t first = log->n_calls > KEPT ? log->n_calls - KEPT : 0;
    json_t *newest = json_array();

    for (uint64_t i = first; i < log->n_calls; i++) {
        const struct kept *kept = &log->ring[i % KEPT];

        (void) json_array_append_new(newest,
                                     json_pack("{s:s,s:s,s:i,s:i,s:I}", "network", network_name(kept->record.network),
                                               "kind", kept->record.kind, "status", kept->record.status, "code",
                                               kept->record.code, "at_ms", (json_int_t) kept->at_ms));
    }
    return json_pack("{s:I,s:O,s:o}", "requests", (json_int_t) log->n_calls, "counts", log->counts, "newest", newest);
}
