/* One table of names, one decision. Never looks at a clock. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/faults.h"

static const char *const names[N_FAULTS] = {
    [FAULT_DUPLICATE] = "duplicate",
    [FAULT_REORDER] = "reorder",
    [FAULT_DELAY] = "delay",
    [FAULT_BATCH] = "batch",
    [FAULT_RATE_LIMITED] = "rate_limited",
    [FAULT_LIMITS] = "limits",
    [FAULT_USAGE] = "usage",
    [FAULT_SERVER_ERROR] = "server_error",
    [FAULT_DROP_ANSWER] = "drop_answer",
    [FAULT_EXPIRED_TOKEN] = "expired_token",
    [FAULT_RESET] = "reset",
    [FAULT_ERROR] = "error",
    [FAULT_SLOW] = "slow",
    [FAULT_MEDIA_SLOW] = "media_slow",
    [FAULT_MEDIA_EXPIRED] = "media_expired",
    [FAULT_MEDIA_GONE] = "media_gone",
    [FAULT_MEDIA_LIE] = "media_lie",
    [FAULT_MEDIA_REDIRECT] = "media_redirect",
    [FAULT_MEDIA_ENDLESS] = "media_endless",
    [FAULT_UPLOAD_ERROR] = "upload_error",
    [FAULT_WINDOW_CLOSED] = "window_closed",
};

const char *fault_name(enum fault_kind kind)
{
    return names[kind];
}

int fault_of(const char *name, enum fault_kind *ret)
{
    for (unsigned kind = 0; kind < N_FAULTS; kind++) {
        if (strcmp(names[kind], name) == 0) {
            *ret = (enum fault_kind) kind;
            return 0;
        }
    }
    return -ENOENT;
}

bool fault_strikes(struct faults *faults, enum fault_kind kind, struct dice *dice)
{
    struct fault *fault = &faults->kinds[kind];

    if (!fault->is_on || !dice_chance(dice, fault->probability))
        return false;
    fault->n_struck++;
    if (fault->count > 0 && --fault->count == 0)
        fault->is_on = false;
    return true;
}

void faults_clear(struct faults *faults)
{
    for (unsigned kind = 0; kind < N_FAULTS; kind++) {
        faults->kinds[kind].is_on = false;
        free(faults->kinds[kind].text);
        faults->kinds[kind].text = NULL;
    }
}
