/* What we tell Messenger: all of it in the dialect both messaging networks share. Never sees another network. */
#include "messenger_map.h"

int messenger_encode(const struct trefoil_message *message, const struct place *place, struct arena *mem,
                     struct request_list *ret)
{
    return messaging_encode(&messenger_dialect, message, place, mem, ret);
}

int messenger_ask_profile(const struct place *place, struct arena *mem, struct request *ret)
{
    return messaging_ask_profile(&messenger_dialect, place, mem, ret);
}
