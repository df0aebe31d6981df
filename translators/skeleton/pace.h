/* How much of its documented rate an account uses at present: half after the network said it was too much, the whole again
 * with time, less while the network's usage figures say that the allowance runs out. Never reads the clock, never knows a
 * rate.
 */
#ifndef TREFOIL_SKELETON_PACE_H
#define TREFOIL_SKELETON_PACE_H

#include <stdbool.h>
#include <stdint.h>

#define PACE_WHOLE 1000            /* shares are per mille */
#define PACE_LEAST 50              /* nobody is ever slower */
#define PACE_REGAIN_PER_S 10       /* half of it is back after 50 s */
#define PACE_ONCE_MS 1000          /* refusals so close together were one burst, and count once */
#define PACE_USAGE_FROM_PERCENT 75 /* from here on less, in a straight line down to the least at a hundred */
#define PACE_USAGE_KEPT_MS 60000   /* no longer believed after that */

/* All zero is the whole rate. */
struct pace {
    uint64_t slowed_ms;
    uint32_t missing; /* from the whole, at slowed_ms */
    uint32_t taken;   /* from the whole, for usage */
    uint64_t taken_until_ms;
};

/* The network says it was too much. True: that slowed it down further. */
bool pace_slow(struct pace *pace, uint64_t now_ms);

/* The network says how much of an allowance is used up. */
void pace_usage(struct pace *pace, uint32_t percent, uint64_t now_ms);

/* PACE_LEAST to PACE_WHOLE. */
uint32_t pace_share(const struct pace *pace, uint64_t now_ms);

#endif
