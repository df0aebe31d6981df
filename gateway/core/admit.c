/* Each rule says which one was broken, in constant words. */
#include "core/admit.h"

#include <errno.h>

static bool reject(struct verdict *verdict, enum reject reason, const char *text)
{
    *verdict = (struct verdict){ VERDICT_REJECTED, reason, text };
    return false;
}

static bool read_header(struct broker *broker, struct bytes bytes, struct envelope_header *header,
                        struct verdict *verdict)
{
    struct envelope envelope;

    arena_reset(&broker->header);
    if (bytes.size > GATEWAY_ENVELOPE_MAX_BYTES)
        return reject(verdict, REJECT_IS_TOO_LARGE, "the envelope is larger than allowed");
    if (envelope_parse(bytes, &envelope) < 0)
        return reject(verdict, REJECT_IS_MALFORMED, "not an envelope");
    if (envelope_header_parse(envelope.header, &broker->header, header) < 0)
        return reject(verdict, REJECT_IS_MALFORMED, "a field of the header is missing or outside its limit");
    return true;
}

/* Header fields that must or must not stand together. */
static bool makes_sense(const struct envelope_header *header, struct verdict *verdict)
{
    if (header->from.size > 0 && header->account.size == 0)
        return reject(verdict, REJECT_IS_MALFORMED, "a person's envelope names the account it came in on");
    if (header->from.size > 0 && header->room.size > 0)
        return reject(verdict, REJECT_IS_MALFORMED, "an envelope is from a person or into a room, not both");
    if (header->echo && header->from.size == 0)
        return reject(verdict, REJECT_IS_MALFORMED, "an echo names the thread it was written in");
    if (header->resolves && header->from.size == 0)
        return reject(verdict, REJECT_IS_MALFORMED, "what resolves a delivery names the thread it went to");
    return true;
}

static bool may_publish(const struct arrival *arrival, const struct members *members, struct verdict *verdict)
{
    const struct envelope_header *header = arrival->header;

    if (!service_set_has(&arrival->channel->writers, arrival->service))
        return reject(verdict, REJECT_IS_NOT_WRITER, "the roster does not make this service a writer of the channel");
    if (header->account.size > 0 && members_owner(members, header->account) != arrival->service)
        return reject(verdict, REJECT_IS_NOT_YOUR_ACCOUNT, "the roster does not give this account to this service");
    if (header->from.size > 0 && !(arrival->service->role & MEMBER_TRANSLATOR))
        return reject(verdict, REJECT_IS_NOT_YOUR_ACCOUNT, "only translators publish for persons");
    return true;
}

static bool has_grant(struct broker *broker, const struct arrival *arrival, struct verdict *verdict)
{
    const struct envelope_header *header = arrival->header;
    const struct grant_facts *grant = map_get(&broker->grants, header->key_id);

    if (!grant || !id_equal(&grant->service, &arrival->service->id) ||
        !id_equal(&grant->channel, &arrival->channel->id))
        return reject(verdict, REJECT_IS_NO_GRANT, "the grant this envelope names is not known; put it first");
    if (grant->roster_version < broker->members->version)
        return reject(verdict, REJECT_IS_STALE_ROSTER, "the grant was made under an older roster; make a new one");
    if (header->seq > grant->max_seq)
        return reject(verdict, REJECT_IS_NO_GRANT, "the grant is used up; make a new one");
    return true;
}

bool admit(struct broker *broker, const struct peer *peer, struct bytes envelope, struct envelope_header *header,
           struct arrival *ret, struct verdict *verdict)
{
    if (!read_header(broker, envelope, header, verdict) || !makes_sense(header, verdict))
        return false;
    struct id channel = id_from(header->channel);
    *ret = (struct arrival){ .service = members_service(broker->members, &peer->service),
                             .channel = members_channel(broker->members, &channel),
                             .header = header,
                             .envelope = envelope };
    if (!ret->service || !ret->channel)
        return reject(verdict, REJECT_IS_NOT_WRITER, "no such channel in the roster");
    if (!may_publish(ret, broker->members, verdict) || !has_grant(broker, ret, verdict))
        return false;
    if (header->hops > SEAL_HOPS_MAX)
        return reject(verdict, REJECT_IS_TOO_MANY_HOPS, "the content has crossed too many buses");
    if (header->expires_ms > 0 && header->expires_ms <= broker->now_ms)
        return reject(verdict, REJECT_IS_EXPIRED, "the envelope has expired");
    if (broker->is_draining)
        return reject(verdict, REJECT_IS_DRAINING, "the gateway is shutting down; try again");
    if (broker->is_troubled)
        return broker->trouble == -ENOSPC || broker->trouble == -EDQUOT
                   ? reject(verdict, REJECT_IS_STORE_FULL, "the store is full; try again later")
                   : reject(verdict, REJECT_IS_STORE_BROKEN, "the store does not write; try again later");
    return true;
}
