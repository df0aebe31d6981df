/* Which Graph requests came, of what kind, with what answer: counts, and the newest ones. Never keeps what they said. */
#ifndef TREFOIL_SANDBOX_CALL_LOG_H
#define TREFOIL_SANDBOX_CALL_LOG_H

#include <jansson.h>

#include "sandbox/world.h"

struct call_record {
    enum network network;
    const char *kind; /* constant words: "text", "reaction", "read", … */
    int status;       /* 0: no answer was given */
    int code;         /* of the Graph error; 0: none */
};

must_use_ int call_log_new(struct call_log **ret);
struct call_log *call_log_free(struct call_log *log);
void call_log_add(struct call_log *log, const struct call_record *record);
void call_log_clear(struct call_log *log);

/* A new reference. */
json_t *call_log_json(const struct call_log *log);

#endif
