/* Writes the targets of a delivery and hands it over. */
#include "core/handout.h"

#include "core/dispatch.h"
#include "core/field.h"
#include "core/identity.h"

enum { DELIVERY_TARGETS = 7 };
enum target_field {
    TARGET_INDEX = 1,
    TARGET_ACCOUNT,
    TARGET_ADDRESS,
    TARGET_RELATES_REF,
    TARGET_LAST_REF,
    TARGET_WINDOW,
    TARGET_WITHDRAWN
};

/* What is said about a target beside where it is. */
struct about {
    const struct bytes *refs;
    size_t n_refs;
    struct identity_facts facts;
};

static size_t target_size(const struct record_target *target, uint32_t index, const struct about *about)
{
    size_t size = field_number_size(index) + field_bytes_size(target->account.size) +
                  field_bytes_size(target->address.size) +
                  (target->last_ref.size > 0 ? field_bytes_size(target->last_ref.size) : 0) +
                  field_number_size(about->facts.window_ms) + field_number_size(about->facts.consent_withdrawn);

    for (size_t i = 0; i < about->n_refs; i++)
        size += field_bytes_size(about->refs[i].size);
    return size;
}

static struct bytes write_target(struct arena *mem, const struct record_target *target, uint32_t index,
                                 const struct about *about)
{
    size_t size = target_size(target, index, about);
    size_t room = field_bytes_size(size);
    struct writer to = writer_make(arena_alloc(mem, room), room);

    if (!to.data)
        return BYTES_EMPTY;
    field_open(&to, DELIVERY_TARGETS, size);
    field_number(&to, TARGET_INDEX, index);
    field_bytes(&to, TARGET_ACCOUNT, target->account);
    field_bytes(&to, TARGET_ADDRESS, target->address);
    for (size_t i = 0; i < about->n_refs; i++)
        field_bytes(&to, TARGET_RELATES_REF, about->refs[i]);
    if (target->last_ref.size > 0)
        field_bytes(&to, TARGET_LAST_REF, target->last_ref);
    field_number(&to, TARGET_WINDOW, about->facts.window_ms);
    field_number(&to, TARGET_WITHDRAWN, about->facts.consent_withdrawn);
    return writer_bytes(&to);
}

/* How the target's network knows the related envelope: sent to this address, or to another of the person there. */
static struct bytes ref_for(struct broker *broker, const struct record *related, struct bytes address,
                            const struct kin *kin)
{
    struct bytes ref;

    if (ledger_ref_for(&broker->ledger, related, address, &ref) == 0 && ref.size > 0)
        return ref;
    for (size_t i = 1; i < kin->n; i++)
        if (ledger_ref_for(&broker->ledger, related, kin->list[i]->token, &ref) == 0 && ref.size > 0)
            return ref;
    return BYTES_EMPTY;
}

/* How the target's network knows what the record relates to; entries are empty where it does not. */
static struct bytes *find_refs(struct broker *broker, const struct record *record, const struct record_target *target,
                               const struct kin *kin)
{
    struct bytes *refs = arena_array(&broker->scratch, (size_t) record->n_relations + 1, sizeof(*refs));

    for (size_t i = 0; refs && i < record->n_relations; i++) {
        struct record_relation relation = record_relation_at(record, i);
        struct record *related;

        if (relation.seq == 0 || broker_record(broker, relation.seq, &related) < 0)
            continue;
        refs[i] = arena_copy(&broker->scratch, ref_for(broker, related, target->address, kin));
        record_unref(related);
    }
    return refs;
}

static struct bytes write_targets(struct broker *broker, const struct record *record, const struct target_set *set)
{
    struct cursor at = { record->targets };
    struct record_target target;
    struct bytes parts[GATEWAY_TARGETS_MAX];
    size_t n_parts = 0, room = 0;

    for (uint32_t i = 0; record_next_target(&at, &target); i++) {
        if (!target_set_has(set, i))
            continue;
        struct kin kin = { .n = 0 };
        if (identity_kin(&broker->directory, &record->channel, target.address, &kin) < 0)
            kin.n = 0; /* the send goes all the same, without what is not known */
        struct about about = { find_refs(broker, record, &target, &kin), record->n_relations, identity_facts(&kin) };
        parts[n_parts] = about.refs ? write_target(&broker->scratch, &target, i, &about) : BYTES_EMPTY;
        room += parts[n_parts++].size;
    }
    struct writer to = writer_make(arena_alloc(&broker->scratch, room), room);
    for (size_t i = 0; to.data && i < n_parts; i++)
        writer_put(&to, parts[i]);
    return writer_bytes(&to);
}

void handout(struct broker *broker, struct seat *seat, struct entry *entry, const struct record *record)
{
    struct bytes targets = write_targets(broker, record, &entry->left);

    entry->state = ENTRY_OUT;
    entry->seat = seat;
    entry->prefers = NULL;
    entry->is_holders = false;
    entry->handed_ms = broker->now_ms;
    entry->attempts++;
    entry->told = (struct target_set){ { 0 } };
    entry->any_unknown = entry->any_deferred = false;
    entry->retry_at_ms = 0;
    memcpy(entry->replica, seat->peer->replica, REPLICA_BYTES);
    seat->n_out++;
    seat->n_bulk += entry->is_bulk;
    peer_charge(seat->peer, record->envelope.size);
    dispatch_away(broker, record, entry, true);
    broker->tally.handed++;
    if (entry->attempts > 1)
        broker->tally.redelivered++;
    broker->events.on_hand(broker->events.owner, &(struct handing){ .seat = seat,
                                                                    .seq = entry->seq,
                                                                    .attempt = entry->attempts,
                                                                    .maybe_sent = entry->maybe_sent,
                                                                    .vanished = entry->vanished,
                                                                    .front = record->front,
                                                                    .targets = targets,
                                                                    .back = record->back });
}

void handout_ephemeral(struct broker *broker, struct seat *seat, const struct record *record,
                       const struct target_set *targets)
{
    struct bytes written = targets ? write_targets(broker, record, targets) : BYTES_EMPTY;

    peer_charge(seat->peer, record->envelope.size); /* whoever shows it gives that back, as with any other */
    broker->events.on_hand(
        broker->events.owner,
        &(struct handing){
            .seat = seat, .attempt = 1, .front = record->front, .targets = written, .back = record->back });
}
