/* Chance from a seed, and the ids the three networks would mint, in their real shapes.
 * Never repeats an id within one run, never reads the clock.
 */
#ifndef TREFOIL_SANDBOX_IDS_H
#define TREFOIL_SANDBOX_IDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"

#define MESSAGE_ID_SIZE 256
#define TRACE_ID_SIZE 24

struct dice {
    uint64_t state;
    uint64_t origin, n_minted;
};

struct dice dice_make(uint64_t seed);

uint64_t dice_roll(struct dice *dice);
bool dice_chance(struct dice *dice, double probability);

/* "wamid." and base64; `is_from_user` decides the inner form. */
void whatsapp_message_id(struct dice *dice, const char *user, bool is_from_user, char ret[MESSAGE_ID_SIZE]);

/* "m_" and 86 characters of base64url. */
void messenger_message_id(struct dice *dice, char ret[MESSAGE_ID_SIZE]);

/* The item id in Instagram's own base64. */
void instagram_message_id(struct dice *dice, const char *account, char ret[MESSAGE_ID_SIZE]);

/* fbtrace_id of an answer. */
void trace_id(struct dice *dice, char ret[TRACE_ID_SIZE]);

#endif
