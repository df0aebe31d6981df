/* What of a delivery is left to be sent: what has ended meanwhile leaves it, and what is another's by now goes to him.
 * Never hands anything out.
 */
#include <errno.h>

#include "core/dispatch.h"

void dispatch_take_settled(struct broker *broker, uint64_t seq, struct target_set *left)
{
    for (uint32_t i = 0; i < GATEWAY_TARGETS_MAX; i++) {
        struct ending ending;

        if (target_set_has(left, i) && ledger_ending(&broker->ledger, seq, i, &ending) == 0)
            target_set_take(left, i);
    }
}

/* Of these targets nothing is awaited any more; of the entry's others it is as before. */
static void some_are_back(struct broker *broker, const struct record *record, struct entry *entry,
                          struct target_set some)
{
    struct target_set left = entry->left;
    bool was_away = entry->is_away;

    entry->left = some;
    dispatch_away(broker, record, entry, false);
    entry->left = left;
    entry->is_away = was_away;
}

void dispatch_drop_settled(struct broker *broker, struct subscription *subscription, struct entry *entry)
{
    struct target_set left = entry->left, over = entry->left;
    struct record *record;

    dispatch_take_settled(broker, entry->seq, &left);
    for (size_t i = 0; i < TARGET_WORDS; i++)
        over.bits[i] &= ~left.bits[i];
    if (target_set_is_empty(&over))
        return;
    if (entry->is_away && broker_record(broker, entry->seq, &record) == 0) {
        some_are_back(broker, record, entry, over);
        record_unref(record);
    }
    entry->left = left;
    if (target_set_is_empty(&left))
        dispatch_finish(broker, subscription, entry);
}

/* The target's account is another's by now, who has come by this record already. -EAGAIN: not now. */
static int pass_on(struct broker *broker, const struct record *record, const struct entry *entry, uint32_t index)
{
    struct record_target target;
    struct ending ending;
    const struct service *owner =
        record_target_at(record, index, &target) ? members_owner(broker->members, target.account) : NULL;

    if (!owner || ledger_ending(&broker->ledger, record->seq, index, &ending) == 0)
        return 0;
    struct subscription *heir = subscription_of_reader(broker, &record->channel, &owner->id);
    if (!heir)
        return -EAGAIN;
    return heir->cursor <= record->seq ? 0 : dispatch_put_back(broker, heir, record, index, entry->maybe_sent);
}

bool dispatch_keep_ours(struct broker *broker, const struct subscription *subscription, const struct record *record,
                        struct entry *entry)
{
    struct target_set ours = dispatch_targets(broker, subscription, record), others = entry->left;

    for (size_t i = 0; i < TARGET_WORDS; i++)
        others.bits[i] &= ~ours.bits[i];
    if (target_set_is_empty(&others))
        return true;
    for (uint32_t i = 0; i < record->n_targets; i++)
        if (target_set_has(&others, i) && pass_on(broker, record, entry, i) < 0)
            return false;
    some_are_back(broker, record, entry, others);
    for (size_t i = 0; i < TARGET_WORDS; i++)
        entry->left.bits[i] &= ours.bits[i];
    return true;
}
