/* What Instagram tells us: all of it in the dialect both messaging networks share. Never sees another network. */
#include "instagram_map.h"

int instagram_decode(struct bytes body, const struct decode_context *context, struct arena *mem, struct event_list *ret)
{
    return messaging_decode(&instagram_dialect, body, context, mem, ret);
}
