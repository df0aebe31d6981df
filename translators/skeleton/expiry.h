/* Warns of the days when nothing more would go: the end of the roster and of our newest wrap key. Never renews them. */
#ifndef TREFOIL_SKELETON_EXPIRY_H
#define TREFOIL_SKELETON_EXPIRY_H

#include "bus.h"
#include "daemon/log.h"
#include "figures.h"

#define EXPIRY_WARN_MS (7ull * 24 * 3600 * 1000) /* this long before, once a day */
#define EXPIRY_AGAIN_MS (24ull * 3600 * 1000)

struct expiry {
    struct figures *figures; /* borrowed, as the log */
    struct log *log;
    uint64_t roster_told_ms, wrap_key_told_ms;
};

static inline struct expiry expiry_make(struct figures *figures, struct log *log)
{
    return (struct expiry){ .figures = figures, .log = log };
}

/* Unix ms. */
uint64_t expiry_now_ms(void);

/* Brings the figures up to date, and logs a warning that is due. Cheap; to be called every few seconds. */
void expiry_look(struct expiry *expiry, const struct bus *bus, uint64_t now_ms);

/* True once a day while `end_ms` (0: not known) is near or past. */
bool expiry_is_due(uint64_t end_ms, uint64_t now_ms, uint64_t *told_ms);

#endif
