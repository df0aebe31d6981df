/* The map of the smallest network there is. Made to be copied. */
#ifndef TREFOIL_ECHO_H
#define TREFOIL_ECHO_H

#include "skeleton_types/translator.h"

#define ECHO_TEXT_MAX_BYTES 500 /* of one message */
#define ECHO_FILES_MAX 64       /* of one message; no message has more */

extern const struct translator_ops echo_ops;
extern const struct capability echo_capabilities[N_FEATURES];

int echo_decode(struct bytes body, const struct decode_context *context, struct arena *mem, struct event_list *ret);
int echo_encode(const struct trefoil_message *message, const struct place *place, struct arena *mem,
                struct request_list *ret);
void echo_judge(const struct request *request, const struct reply *reply, struct arena *mem, struct verdict *ret);

#endif
