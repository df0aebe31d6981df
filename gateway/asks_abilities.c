/* Capability records: told by the owner of an account, asked for by whoever reads the channel. Never reads one. */
#include <errno.h>

#include "asks_list.h"
#include "core/abilities.h"

#define LIST_MAX_BYTES (BUS_FRAME_MAX_BYTES / 2)

int asks_capability_put(struct gateway *gateway, const struct service *service, const Trefoil__CapabilityPut *ask,
                        Trefoil__Answer *answer)
{
    struct id channel = id_from(frame_bytes(ask->channel));
    const struct ability ability = { bytes_of_text(ask->account), frame_bytes(ask->record), gateway->broker.now_ms };
    int r = abilities_put(&gateway->broker, &service->id, &channel, &ability);

    answer->count = r > 0;
    return r;
}

struct abilities {
    struct gateway *gateway;
    Trefoil__Answer *answer;
    size_t bytes;
};

/* 1: the answer is full. */
static int add_one(void *context, const struct ability *ability)
{
    struct abilities *abilities = context;
    Trefoil__Answer *answer = abilities->answer;
    struct arena *mem = &abilities->gateway->frame;

    abilities->bytes += ability->account.size + ability->record.size;
    if (answer->n_capabilities == GATEWAY_LIST_MAX || abilities->bytes > LIST_MAX_BYTES)
        return 1;
    Trefoil__CapabilityIs *is = arena_alloc(mem, sizeof(*is));
    if (!is)
        return -ENOMEM;
    trefoil__capability_is__init(is);
    is->account = arena_text(mem, ability->account);
    is->record = frame_binary(arena_copy(mem, ability->record));
    is->since_ms = ability->since_ms;
    if (mem->failed)
        return -ENOMEM;
    answer->capabilities[answer->n_capabilities++] = is;
    return 0;
}

int asks_capability_list(struct gateway *gateway, const struct service *service, const Trefoil__CapabilityList *ask,
                         Trefoil__Answer *answer)
{
    struct id id = id_from(frame_bytes(ask->channel));
    const struct channel *channel = members_channel(gateway->broker.members, &id);
    struct abilities abilities = { .gateway = gateway, .answer = answer };

    if (!channel)
        return -ENOENT;
    if (!service_set_has(&channel->readers, service) && !(service->role & MEMBER_ADMIN))
        return -EACCES;
    answer->capabilities = arena_array(&gateway->frame, GATEWAY_LIST_MAX, sizeof(*answer->capabilities));
    if (!answer->capabilities)
        return -ENOMEM;
    int r = abilities_list(&gateway->broker, &id, bytes_of_text(ask->after), add_one, &abilities);
    answer->more = r > 0;
    return r < 0 ? r : 0;
}
