/* Capability records: told by the owner of an account, asked for by whoever reads the channel. Never reads one. */
#include <errno.h>

#include "asks_list.h"
#include "core/abilities.h"
#include "core/subscription.h"

#define LIST_MAX_BYTES (BUS_FRAME_MAX_BYTES / 2)

int asks_capability_put(struct gateway *gateway, const struct service *service, const Trefoil__CapabilityPut *ask,
                        Trefoil__Answer *answer)
{
    struct id channel = id_from(frame_bytes(ask->channel));
    const struct ability ability = { bytes_of_text(ask->account), frame_bytes(ask->record), gateway->broker.now_ms };
    int r = abilities_put(&gateway->broker, &service->id, &channel, &ability);

    if (r >= 0 && ask->wake) {
        dispatch_wake_all(&gateway->broker, &channel, &service->id);
        gateway->must_pump = true;
    }
    answer->count = r > 0;
    return r;
}

static uint32_t count_replicas(const struct gateway *gateway, const struct service *service)
{
    uint32_t n = 0;

    list_for_each (node, &gateway->sessions) {
        const struct session *session = container_of(node, struct session, link);
        n += !session->is_broken && id_equal(&session->peer.service, &service->id);
    }
    return n;
}

/* Who is there now, of those the channel knows. */
static int add_services(struct gateway *gateway, const struct channel *channel, Trefoil__Answer *answer)
{
    const struct members *members = gateway->broker.members;

    answer->counters = arena_array(&gateway->frame, members->n_services, sizeof(*answer->counters));
    if (!answer->counters && members->n_services > 0)
        return -ENOMEM;
    for (size_t i = 0; i < members->n_services && i < BUS_ANSWER_MAX_ITEMS; i++) {
        const struct service *service = &members->services[i];
        if (service_set_has(&channel->readers, service) || service_set_has(&channel->writers, service))
            asks_counter(gateway, answer, arena_text(&gateway->frame, bytes_of_text(service->name)),
                         count_replicas(gateway, service));
    }
    return 0;
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
    const struct service *owner = members_owner(abilities->gateway->broker.members, ability->account);
    if (owner) {
        is->service = arena_text(mem, bytes_of_text(owner->name));
        is->replicas = count_replicas(abilities->gateway, owner);
    }
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
    if (!*ask->after && add_services(gateway, channel, answer) < 0)
        return -ENOMEM;
    int r = abilities_list(&gateway->broker, &id, bytes_of_text(ask->after), add_one, &abilities);
    answer->more = r > 0;
    return r < 0 ? r : 0;
}
