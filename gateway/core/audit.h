/* Law 6, per channel: received = published + duplicate + rejected; targets = sent + bounced + dead + pending. Pending is
 * not kept here: pending.h counts it where it waits. All counters of a channel are one row, of one moment. Never forgets.
 */
#ifndef TREFOIL_CORE_AUDIT_H
#define TREFOIL_CORE_AUDIT_H

#include <stdbool.h>

#include "base/map.h"
#include "core/id.h"
#include "core/tables.h"

struct counts {
    struct id channel;
    bool is_dirty;
    uint64_t received, published, duplicate, rejected;
    uint64_t targets, sent, bounced, dead;
    uint64_t ephemeral; /* routed, never counted above */
};

struct audit {
    struct tables *tables;
    struct map channels;
    struct counts lost; /* takes what has no channel: malformed, unknown */
};

void audit_init(struct audit *audit, struct tables *tables);
void audit_deinit(struct audit *audit);

/* The counters of a channel, read from the store the first time; never NULL. Marked dirty: whoever asks counts. */
struct counts *audit_of(struct audit *audit, const struct id *channel);

/* Puts what changed into the open batch. */
void audit_flush(struct audit *audit);

#endif
