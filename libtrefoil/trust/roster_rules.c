/* What must hold across a roster: nothing twice, nobody unknown. Never looks at a signature. */
#include "trust/roster_parse.h"

#include <errno.h>
#include <string.h>

#include "base/map.h"
#include "trust/hash.h"

/* Names, keys, ids and accounts each in a space of their own: the space is the first byte of the table's key. */
enum space {
    SPACE_SERVICE_ID,
    SPACE_SERVICE_NAME,
    SPACE_IDENTITY,
    SPACE_TRANSPORT,
    SPACE_ACCOUNT,
    SPACE_CHANNEL_ID,
    SPACE_CHANNEL_NAME,
    SPACE_MEMBER,
};

struct census {
    struct map seen;
    uint8_t generation; /* tells the members of one list from those of the next */
};

/* -EBADMSG when the thing was there already. */
static int enter(struct census *census, enum space space, struct bytes thing)
{
    uint8_t key[2 + SEAL_KEY_BYTES] = { (uint8_t) space, census->generation };

    /* accounts and names may be longer than a table's key */
    if (labelled_hash(&HASH_INPUT(LABEL_ROSTER_HASH, BYTES_EMPTY, thing), key + 2, SEAL_KEY_BYTES) < 0)
        return -EBADMSG;
    if (map_get(&census->seen, bytes_make(key, sizeof(key))))
        return -EBADMSG;
    return map_set(&census->seen, bytes_make(key, sizeof(key)), census);
}

static int enter_service(struct census *census, const struct roster_service *service)
{
    int r = enter(census, SPACE_SERVICE_ID, service->id);

    if (r == 0)
        r = enter(census, SPACE_SERVICE_NAME, bytes_of_text(service->name));
    if (r == 0)
        r = enter(census, SPACE_IDENTITY, service->identity_pk);
    for (size_t i = 0; r == 0 && i < service->n_transport_pks; i++)
        r = enter(census, SPACE_TRANSPORT, service->transport_pks[i]);
    for (size_t i = 0; r == 0 && i < service->n_accounts; i++)
        r = enter(census, SPACE_ACCOUNT, bytes_of_text(service->accounts[i]));
    return r;
}

static int enter_members(struct census *census, const struct roster *roster, const struct bytes *members, size_t n)
{
    int r = 0;

    census->generation++;
    for (size_t i = 0; r == 0 && i < n; i++) {
        r = enter(census, SPACE_MEMBER, members[i]);
        if (r == 0 && !roster_service_by_id(roster, members[i]))
            r = -EBADMSG;
    }
    return r;
}

static int enter_all(struct census *census, const struct roster *roster)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < roster->n_services; i++)
        r = enter_service(census, &roster->services[i]);
    for (size_t i = 0; r == 0 && i < roster->n_channels; i++) {
        r = enter(census, SPACE_CHANNEL_ID, roster->channels[i].id);
        if (r == 0)
            r = enter(census, SPACE_CHANNEL_NAME, bytes_of_text(roster->channels[i].name));
    }
    for (size_t i = 0; r == 0 && i < roster->n_channels; i++) {
        const struct roster_channel *channel = &roster->channels[i];

        r = enter_members(census, roster, channel->writers, channel->n_writers);
        if (r == 0)
            r = enter_members(census, roster, channel->readers, channel->n_readers);
    }
    return r;
}

int roster_check_rules(const struct roster *roster)
{
    struct census census = { MAP_EMPTY(SEAL_ROSTER_MAX_BYTES, 0), 0 };

    if (roster->tenant.size == 0 || roster->version == 0 || roster->not_before_ms >= roster->not_after_ms)
        return -EBADMSG;
    if ((roster->version == 1) != (roster->previous_hash.size == 0))
        return -EBADMSG;
    int r = enter_all(&census, roster);
    map_deinit(&census.seen);
    return r == -ENOMEM ? r : r < 0 ? -EBADMSG : 0;
}
