/* The roster as tables to look things up in. Never judges a signature.
 */
#include "core/members.h"

#include <errno.h>
#include <stdlib.h>

#include "gateway/limits.h"

#define ACCOUNT_KEY_MAX_BYTES MAP_KEY_MAX_BYTES

int members_new(uint64_t version, size_t n_services, size_t n_channels, struct members **ret)
{
    if (n_services > MEMBERS_SERVICES_MAX || n_channels > MEMBERS_CHANNELS_MAX)
        return -E2BIG;

    struct members *members = calloc(1, sizeof(*members));
    if (!members)
        return -ENOMEM;
    members->version = version;
    members->services = calloc(n_services + 1, sizeof(*members->services));
    members->channels = calloc(n_channels + 1, sizeof(*members->channels));
    members->by_id = MAP_EMPTY(n_services, version);
    members->by_account = MAP_EMPTY((size_t) 1 << 20, version);
    members->by_channel = MAP_EMPTY(n_channels, version);
    if (!members->services || !members->channels) {
        members_free(members);
        return -ENOMEM;
    }
    *ret = members;
    return 0;
}

struct members *members_free(struct members *members)
{
    if (!members)
        return NULL;
    map_deinit(&members->by_id);
    map_deinit(&members->by_account);
    map_deinit(&members->by_channel);
    free(members->services);
    free(members->channels);
    free(members);
    return NULL;
}

int members_add_service(struct members *members, const struct id *id, struct bytes name, uint32_t role)
{
    struct service *service = &members->services[members->n_services];

    if (map_get(&members->by_id, id_bytes(id)))
        return -EEXIST;
    if (bytes_copy(name, service->name, MEMBERS_NAME_MAX_BYTES) < 0)
        return -EMSGSIZE;
    service->name[name.size] = '\0';
    service->id = *id;
    service->role = role;
    service->index = (uint16_t) members->n_services;
    int r = map_set(&members->by_id, id_bytes(id), service);
    if (r == 0)
        members->n_services++;
    return r;
}

/* Accounts may be longer than a map's key: then its end, which holds the id, is what tells them apart. */
static struct bytes account_key(struct bytes account)
{
    return account.size > ACCOUNT_KEY_MAX_BYTES
               ? bytes_slice(account, account.size - ACCOUNT_KEY_MAX_BYTES, ACCOUNT_KEY_MAX_BYTES)
               : account;
}

int members_add_account(struct members *members, const struct id *service, struct bytes account)
{
    struct service *owner = map_get(&members->by_id, id_bytes(service));

    if (!owner)
        return -ENOENT;
    if (map_get(&members->by_account, account_key(account)))
        return -EEXIST;
    return map_set(&members->by_account, account_key(account), owner);
}

int members_add_channel(struct members *members, const struct id *id, struct bytes name, uint64_t retention_ms)
{
    struct channel *channel = &members->channels[members->n_channels];

    if (map_get(&members->by_channel, id_bytes(id)))
        return -EEXIST;
    if (bytes_copy(name, channel->name, MEMBERS_NAME_MAX_BYTES) < 0)
        return -EMSGSIZE;
    channel->name[name.size] = '\0';
    channel->id = *id;
    channel->retention_ms = retention_ms ? retention_ms : GATEWAY_RETENTION_MS;
    int r = map_set(&members->by_channel, id_bytes(id), channel);
    if (r == 0)
        members->n_channels++;
    return r;
}

int members_allow(struct members *members, const struct id *channel_id, const struct id *service_id, bool writes,
                  bool reads)
{
    struct channel *channel = map_get(&members->by_channel, id_bytes(channel_id));
    const struct service *service = map_get(&members->by_id, id_bytes(service_id));

    if (!channel || !service)
        return -ENOENT;
    uint64_t bit = (uint64_t) 1 << (service->index % 64);
    if (writes)
        channel->writers.bits[service->index / 64] |= bit;
    if (reads)
        channel->readers.bits[service->index / 64] |= bit;
    return 0;
}

const struct service *members_service(const struct members *members, const struct id *id)
{
    return map_get(&members->by_id, id_bytes(id));
}

const struct service *members_owner(const struct members *members, struct bytes account)
{
    return map_get(&members->by_account, account_key(account));
}

const struct channel *members_channel(const struct members *members, const struct id *id)
{
    return map_get(&members->by_channel, id_bytes(id));
}
