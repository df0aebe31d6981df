/* Shares of a rate: halved at once, regained slowly. Never below the least. */
#include "pace.h"

#define MAX_LESS (PACE_WHOLE - PACE_LEAST)

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static uint32_t missing(const struct pace *pace, uint64_t now_ms)
{
    uint64_t passed_ms = now_ms > pace->slowed_ms ? now_ms - pace->slowed_ms : 0;
    uint64_t regained = passed_ms / 1000 * PACE_REGAIN_PER_S + passed_ms % 1000 * PACE_REGAIN_PER_S / 1000;

    return regained >= pace->missing ? 0 : pace->missing - (uint32_t) regained;
}

bool pace_slow(struct pace *pace, uint64_t now_ms)
{
    if (pace->missing > 0 && now_ms < pace->slowed_ms + PACE_ONCE_MS)
        return false;
    uint32_t left = PACE_WHOLE - missing(pace, now_ms);
    pace->missing = smaller(PACE_WHOLE - left / 2, MAX_LESS);
    pace->slowed_ms = now_ms;
    return true;
}

void pace_usage(struct pace *pace, uint32_t percent, uint64_t now_ms)
{
    uint32_t over = percent > PACE_USAGE_FROM_PERCENT ? smaller(percent, 100) - PACE_USAGE_FROM_PERCENT : 0;

    pace->taken = over * MAX_LESS / (100 - PACE_USAGE_FROM_PERCENT);
    pace->taken_until_ms = now_ms + PACE_USAGE_KEPT_MS;
}

uint32_t pace_share(const struct pace *pace, uint64_t now_ms)
{
    uint32_t slowed = missing(pace, now_ms), used = now_ms < pace->taken_until_ms ? pace->taken : 0;

    return PACE_WHOLE - (slowed > used ? slowed : used);
}
