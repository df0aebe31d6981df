/* How the handing of one envelope to one target ended. Facts only. */
#ifndef TREFOIL_CORE_OUTCOME_H
#define TREFOIL_CORE_OUTCOME_H

#include <stdint.h>

#include "base/bytes.h"
#include "gateway/limits.h"

enum outcome_kind { /* values of enum Outcome in control.proto; DEAD is ours */
                    OUTCOME_IS_SENT = 1,
                    OUTCOME_IS_DEFERRED = 2,
                    OUTCOME_IS_BOUNCED = 3,
                    OUTCOME_IS_UNKNOWN = 4,
                    OUTCOME_IS_RETURNED = 5,
                    OUTCOME_IS_DEAD = 6,
};

#define OUTCOME_TEXT_MAX_BYTES 120
#define OUTCOME_LOST_MAX 16

struct outcome {
    uint32_t target;
    enum outcome_kind kind;
    const struct bytes *refs; /* tokens */
    size_t n_refs;
    uint32_t retry_ms, code, subcode;
    struct bytes reason;      /* constant words */
    const struct bytes *lost; /* constant words */
    size_t n_lost;
};

#endif
