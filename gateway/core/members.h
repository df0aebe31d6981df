/* Who may do what, as the core needs it: services, their accounts, channels. Built by the owner from the verified
 * roster; never verifies anything itself.
 */
#ifndef TREFOIL_CORE_MEMBERS_H
#define TREFOIL_CORE_MEMBERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/map.h"
#include "core/id.h"

#define MEMBERS_SERVICES_MAX 256
#define MEMBERS_CHANNELS_MAX 1024
#define MEMBERS_NAME_MAX_BYTES 64

enum member_role { MEMBER_TRANSLATOR = 1, MEMBER_SERVICE = 2, MEMBER_ADDRESSES = 4, MEMBER_ADMIN = 8 };

struct service {
    struct id id;
    char name[MEMBERS_NAME_MAX_BYTES + 1];
    uint32_t role;
    uint16_t index; /* bit in the sets of a channel */
};

struct service_set {
    uint64_t bits[MEMBERS_SERVICES_MAX / 64];
};

struct channel {
    struct id id;
    char name[MEMBERS_NAME_MAX_BYTES + 1];
    struct service_set writers, readers;
    uint64_t retention_ms;
};

struct members {
    uint64_t version;
    struct service *services;
    size_t n_services;
    struct channel *channels;
    size_t n_channels;
    struct map by_id, by_account, by_channel;
};

/* Makes room for so many; the caller then adds them one by one. -ENOMEM, -E2BIG. */
must_use_ int members_new(uint64_t version, size_t n_services, size_t n_channels, struct members **ret);
struct members *members_free(struct members *members);

/* -EEXIST, -ENOSPC, -EMSGSIZE, -ENOMEM. */
must_use_ int members_add_service(struct members *members, const struct id *id, struct bytes name, uint32_t role);
must_use_ int members_add_account(struct members *members, const struct id *service, struct bytes account);
must_use_ int members_add_channel(struct members *members, const struct id *id, struct bytes name,
                                  uint64_t retention_ms);
must_use_ int members_allow(struct members *members, const struct id *channel, const struct id *service, bool writes,
                            bool reads);

/* Borrowed, or NULL. */
const struct service *members_service(const struct members *members, const struct id *id);
const struct service *members_owner(const struct members *members, struct bytes account);
const struct channel *members_channel(const struct members *members, const struct id *id);

static inline bool service_set_has(const struct service_set *set, const struct service *service)
{
    return (set->bits[service->index / 64] >> (service->index % 64)) & 1;
}

#endif
