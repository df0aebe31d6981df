/* Rosters looked things up in, compared and verified. Never changes one. */
#include "trust/roster.h"

#include <errno.h>
#include <string.h>

#include "trust/hash.h"
#include "trust/signed.h"

int roster_verify(struct bytes signed_bytes, const uint8_t *root_pk, uint64_t min_version, struct arena *arena,
                  struct roster *ret)
{
    struct signed_part part;
    struct roster roster;

    if (signed_bytes.size > SEAL_ROSTER_MAX_BYTES || signed_parse(signed_bytes, &part) < 0)
        return -EBADMSG;
    if (!signature_is_good(&HASH_INPUT(LABEL_ROSTER, BYTES_EMPTY, part.body), part.signature,
                           bytes_make(root_pk, SEAL_KEY_BYTES)))
        return -EBADMSG;
    int r = roster_parse(part.body, arena, &roster);
    if (r < 0)
        return r;
    if (roster.version < min_version)
        return -ESTALE;
    *ret = roster;
    return 0;
}

bool roster_is_current(const struct roster *roster, uint64_t now_ms)
{
    const uint64_t late = now_ms < SEAL_CLOCK_SKEW_MS ? 0 : now_ms - SEAL_CLOCK_SKEW_MS;

    return now_ms <= UINT64_MAX - SEAL_CLOCK_SKEW_MS && now_ms + SEAL_CLOCK_SKEW_MS >= roster->not_before_ms &&
           late <= roster->not_after_ms;
}

int roster_compare(const struct roster *known, const struct roster *candidate)
{
    const struct bytes known_hash = bytes_make(known->hash, SEAL_HASH_BYTES);

    if (!bytes_equal(known->tenant, candidate->tenant))
        return -EBADMSG;
    if (candidate->version < known->version)
        return -ESTALE;
    if (candidate->version == known->version)
        return bytes_equal(known_hash, bytes_make(candidate->hash, SEAL_HASH_BYTES)) ? ROSTER_SAME : -EBADMSG;
    if (candidate->version > known->version + 1)
        return ROSTER_LATER;
    return bytes_equal(known_hash, candidate->previous_hash) ? ROSTER_NEXT : -EBADMSG;
}

static bool contains(const struct bytes *list, size_t n, struct bytes wanted)
{
    for (size_t i = 0; i < n; i++)
        if (bytes_equal(list[i], wanted))
            return true;
    return false;
}

const struct roster_service *roster_service_by_id(const struct roster *roster, struct bytes id)
{
    for (size_t i = 0; i < roster->n_services; i++)
        if (bytes_equal(roster->services[i].id, id))
            return &roster->services[i];
    return NULL;
}

const struct roster_service *roster_service_by_name(const struct roster *roster, struct bytes name)
{
    for (size_t i = 0; i < roster->n_services; i++)
        if (bytes_equal_text(name, roster->services[i].name))
            return &roster->services[i];
    return NULL;
}

const struct roster_service *roster_service_by_transport(const struct roster *roster, struct bytes transport_pk)
{
    for (size_t i = 0; i < roster->n_services; i++)
        if (contains(roster->services[i].transport_pks, roster->services[i].n_transport_pks, transport_pk))
            return &roster->services[i];
    return NULL;
}

const struct roster_service *roster_service_by_account(const struct roster *roster, struct bytes account)
{
    for (size_t i = 0; i < roster->n_services; i++)
        if (roster_owns_account(&roster->services[i], account))
            return &roster->services[i];
    return NULL;
}

const struct roster_channel *roster_channel_by_id(const struct roster *roster, struct bytes id)
{
    for (size_t i = 0; i < roster->n_channels; i++)
        if (bytes_equal(roster->channels[i].id, id))
            return &roster->channels[i];
    return NULL;
}

const struct roster_channel *roster_channel_by_name(const struct roster *roster, struct bytes name)
{
    for (size_t i = 0; i < roster->n_channels; i++)
        if (bytes_equal_text(name, roster->channels[i].name))
            return &roster->channels[i];
    return NULL;
}

bool roster_is_writer(const struct roster_channel *channel, struct bytes service)
{
    return contains(channel->writers, channel->n_writers, service);
}

bool roster_is_reader(const struct roster_channel *channel, struct bytes service)
{
    return contains(channel->readers, channel->n_readers, service);
}

bool roster_owns_account(const struct roster_service *service, struct bytes account)
{
    for (size_t i = 0; i < service->n_accounts; i++)
        if (bytes_equal_text(account, service->accounts[i]))
            return true;
    return false;
}
