/* Buckets that remember what is missing from them. Never looks at a clock. */
#include "sandbox/throttle.h"

static void refill(struct throttle *throttle, uint64_t now_ms)
{
    uint64_t passed_us = now_ms > throttle->since_ms ? (now_ms - throttle->since_ms) * 1000 : 0;

    throttle->spent_us -= passed_us < throttle->spent_us ? passed_us : throttle->spent_us;
    throttle->since_ms = now_ms;
}

bool throttle_take(struct throttle *throttle, uint64_t burst, uint64_t refill_us, uint64_t now_ms)
{
    refill(throttle, now_ms);
    if (throttle->spent_us + refill_us > burst * refill_us)
        return false;
    throttle->spent_us += refill_us;
    return true;
}

void throttle_count(struct throttle *throttle, uint64_t burst, uint64_t refill_us, uint64_t now_ms)
{
    if (!throttle_take(throttle, burst, refill_us, now_ms))
        throttle->spent_us = burst * refill_us;
}
