/* What follows from what: a send is delivered and then read, a mark-read turns ticks, a person acts and the business hears.
 * Never speaks HTTP itself.
 */
#ifndef TREFOIL_SANDBOX_CONVERSATION_H
#define TREFOIL_SANDBOX_CONVERSATION_H

#include "sandbox/world.h"

/* The business sent this bubble: echo or status now, delivered and read in their time. */
void conversation_sent(struct bubble *bubble);

/* The business has read what the person said: everything up to `newest`; NULL: everything. */
void conversation_business_read(struct person *person, const struct bubble *newest);

/* The person looks at the phone: everything that came is read. */
void conversation_person_read(struct person *person);

#endif
