/* What we tell Instagram: all of it in the dialect both messaging networks share. Never sees another network. */
#include "instagram_map.h"

int instagram_encode(const struct trefoil_message *message, const struct place *place, struct arena *mem,
                     struct request_list *ret)
{
    return messaging_encode(&instagram_dialect, message, place, mem, ret);
}
