/* The networks' documented rates, when they are switched on: so many calls a second and account, so many messages to one
 * person. Never refuses by itself: it only says when.
 */
#ifndef TREFOIL_SANDBOX_THROTTLE_H
#define TREFOIL_SANDBOX_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

#define WHATSAPP_PER_S 80
#define META_PER_S 300 /* Messenger and Instagram: texts, reactions, stickers */
#define PAIR_BURST 45
#define PAIR_REFILL_US 6000000

/* All zero: full, whatever it holds. */
struct throttle {
    uint64_t spent_us; /* of the time that fills it */
    uint64_t since_ms;
};

/* Takes one of `burst`, of which one comes back every `refill_us`. False: there is none. */
bool throttle_take(struct throttle *throttle, uint64_t burst, uint64_t refill_us, uint64_t now_ms);

/* One that is not asked for: what comes in counts, too. */
void throttle_count(struct throttle *throttle, uint64_t burst, uint64_t refill_us, uint64_t now_ms);

#endif
