/* What we tell Instagram: all of it in the dialect both messaging networks share. Never sees another network. */
#include "instagram_map.h"

int instagram_encode(const struct trefoil_message *message, const struct place *place, struct arena *mem,
                     struct request_list *ret)
{
    return messaging_encode(&instagram_dialect, message, place, mem, ret);
}

int instagram_ask_profile(const struct place *place, struct arena *mem, struct request *ret)
{
    return messaging_ask_profile(&instagram_dialect, place, mem, ret);
}
