/* Two ends, two gauges, one warning a day each. Never decides what follows from an end. */
#include "expiry.h"

#include <time.h>

uint64_t expiry_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t) now.tv_sec * 1000 + (uint64_t) now.tv_nsec / 1000000;
}

bool expiry_is_due(uint64_t end_ms, uint64_t now_ms, uint64_t *told_ms)
{
    if (end_ms == 0 || end_ms > now_ms + EXPIRY_WARN_MS || (*told_ms > 0 && now_ms < *told_ms + EXPIRY_AGAIN_MS))
        return false;
    *told_ms = now_ms;
    return true;
}

/* Negative once it is over. */
static int64_t seconds_left(uint64_t end_ms, uint64_t now_ms)
{
    return ((int64_t) end_ms - (int64_t) now_ms) / 1000;
}

void expiry_look(struct expiry *expiry, const struct bus *bus, uint64_t now_ms)
{
    uint64_t roster_ms, wrap_key_ms;

    bus_expiry(bus, &roster_ms, &wrap_key_ms);
    if (roster_ms > 0)
        metric_set(expiry->figures->roster_expires, (double) seconds_left(roster_ms, now_ms));
    metric_set(expiry->figures->wrap_key_expires, (double) seconds_left(wrap_key_ms, now_ms));
    if (expiry_is_due(roster_ms, now_ms, &expiry->roster_told_ms))
        log_event(expiry->log, LOG_WARNING_, "roster-ends-soon", LOG_NUMBER("seconds", seconds_left(roster_ms, now_ms)),
                  LOG_TEXT("remedy", "trefoil roster sign --push"));
    if (expiry_is_due(wrap_key_ms, now_ms, &expiry->wrap_key_told_ms))
        log_event(expiry->log, LOG_WARNING_, "wrap-key-ends-soon",
                  LOG_NUMBER("seconds", seconds_left(wrap_key_ms, now_ms)),
                  LOG_TEXT("remedy", "trefoil keys renew, then restart"));
}
