/* What Messenger tells us: all of it in the dialect both messaging networks share. Never sees another network. */
#include "messenger_map.h"

int messenger_decode(struct bytes body, const struct decode_context *context, struct arena *mem, struct event_list *ret)
{
    return messaging_decode(&messenger_dialect, body, context, mem, ret);
}
