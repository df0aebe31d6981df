/* The parts of Messenger's map, for its own files. */
#ifndef TREFOIL_MESSENGER_MAP_H
#define TREFOIL_MESSENGER_MAP_H

#include "meta/messaging.h"
#include "meta/usage.h"

extern const struct messaging_dialect messenger_dialect;
extern const struct capability messenger_capabilities[N_FEATURES];

must_use_ int messenger_decode(struct bytes body, const struct decode_context *context, struct arena *mem,
                               struct event_list *ret);
must_use_ int messenger_encode(const struct trefoil_message *message, const struct place *place, struct arena *mem,
                               struct request_list *ret);
void messenger_judge(const struct request *request, const struct reply *reply, struct arena *mem, struct verdict *ret);

must_use_ int messenger_ask_profile(const struct place *place, struct arena *mem, struct request *ret);

#endif
