/* Quick replies under a text. For this room's encoders only. */
#ifndef TREFOIL_META_MESSAGING_OFFER_H
#define TREFOIL_META_MESSAGING_OFFER_H

#include "messaging_send.h"

/* The member "quick_replies" for these choices, which fit. */
void messaging_put_quick_replies(const struct sending *sending, struct json_writer *writer,
                                 const struct trefoil_choices *choices);

#endif
