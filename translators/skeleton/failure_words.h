/* What the author of a message reads in his own app when it did not arrive. Never an internal code, never what was said.
 */
#ifndef TREFOIL_SKELETON_FAILURE_WORDS_H
#define TREFOIL_SKELETON_FAILURE_WORDS_H

#include <stdbool.h>
#include <stdint.h>

#include <trefoil/message.h>

#include "base/arena.h"

/* It says that a message did not arrive. */
bool failure_is(const struct trefoil_message *message);

/* The words of a reason, by its class: those of our own policy and of the networks' tables. Constant, never NULL. */
const char *failure_class(const char *reason);

/* The text that stands for the notice in the author's app: "⚠ Not delivered to Ben (Messenger): outside the reply
 * window". `quote`: how his network knows his message; NULL. -ENOMEM. */
int failure_words(const struct trefoil_message *notice, const char *quote, struct arena *mem,
                  struct trefoil_message *ret);

/* The event key of the one notice this target of this delivery is worth, whoever finds out. NULL: no memory. */
const char *failure_key(struct arena *mem, uint64_t seq, uint32_t target);

#endif
