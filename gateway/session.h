/* What a peer says, frame by frame, and what that does to the core. Never routes. */
#ifndef TREFOIL_GATEWAY_SESSION_H
#define TREFOIL_GATEWAY_SESSION_H

#include "gateway.h"

/* One frame of anybody; `user` is NULL when it was none of ours. */
void session_frame(struct gateway *gateway, const struct routing_id *from, const char *user, struct bytes frame);

/* Heartbeats, silences, goodbyes: once per tick. */
void session_tick(struct gateway *gateway);

/* Removes broken sessions: at the end of each turn. */
void session_sweep(struct gateway *gateway);
void session_close_all(struct gateway *gateway);

#endif
