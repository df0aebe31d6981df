/* What answers mean for a line: sent and bounced end a target, deferred puts the room to sleep, unknown is doubted,
 * returned goes to somebody else. Never hands anything out.
 */
#include <errno.h>

#include "core/away.h"
#include "core/dispatch.h"
#include "core/trace.h"

struct answer {
    struct broker *broker;
    struct subscription *subscription;
    struct record *record;
    struct entry *entry; /* NULL: in the store, or done */
    const struct answer_item *item;
};

/* The network's name of a message is that of one message: what another delivery became proves nothing of this one, like
 * it or not. An edit may come back under the name of what it edits. */
static bool is_of_another(const struct answer *answer, struct bytes ref)
{
    const struct record *record = answer->record;
    uint64_t seq;
    uint32_t target;

    if (ledger_find(&answer->broker->ledger, &record->channel, ref, &seq, &target) < 0 || seq == record->seq ||
        target == LEDGER_AUTHOR)
        return false;
    for (size_t i = 0; i < record->n_relations; i++)
        if (record_relation_at(record, i).seq == seq)
            return false;
    return true;
}

/* A delivery that may have been sent is proven by an echo like it, which may be an echo of another. */
static bool is_mistaken(const struct answer *answer, const struct outcome *outcome)
{
    bool may_be = outcome->kind == OUTCOME_IS_SENT && answer->entry && answer->entry->maybe_sent;

    for (size_t i = 0; may_be && i < outcome->n_refs; i++)
        if (is_of_another(answer, outcome->refs[i]))
            return true;
    return false;
}

static int settle(struct answer *answer, const struct outcome *outcome)
{
    struct broker *broker = answer->broker;
    struct entry *entry = answer->entry;
    struct handed handed = { .now_ms = broker->now_ms, .at_ms = broker->now_ms, .attempts = 1 };
    struct record_target target;

    if (entry) {
        handed = (struct handed){ entry->handed_ms, broker->now_ms, entry->attempts, { 0 } };
        memcpy(handed.replica, entry->replica, REPLICA_BYTES);
    }
    int r = ledger_settle(&broker->ledger, answer->record, outcome, &handed);
    if (r < 0)
        return r;
    if (entry && target_set_has(&entry->left, outcome->target)) {
        if (entry->is_away && record_target_at(answer->record, outcome->target, &target))
            away_back(broker, &answer->record->channel, target.address);
        target_set_take(&entry->left, outcome->target);
    }
    return 0;
}

static uint64_t retry_at(const struct broker *broker, const struct entry *entry, const struct outcome *outcome)
{
    uint64_t wait = outcome->retry_ms;

    if (wait == 0) {
        unsigned doublings = entry->attempts < 10 ? entry->attempts : 10;

        wait = (uint64_t) GATEWAY_RETRY_FIRST_MS << (doublings > 0 ? doublings - 1 : 0);
        if (wait > GATEWAY_RETRY_LAST_MS)
            wait = GATEWAY_RETRY_LAST_MS;
    }
    return broker->now_ms + wait;
}

/* For the trace: deferrals and doubts are as many as attempts, hand-backs may be any number and are told while there is
 * room. */
static void note(const struct answer *answer, const struct outcome *outcome)
{
    struct broker *broker = answer->broker;
    const struct entry *entry = answer->entry;
    const struct service *service = members_service(broker->members, &answer->subscription->service);
    bool is_returned = outcome->kind == OUTCOME_IS_RETURNED;
    const char *what = is_returned ? "handed back" : outcome->kind == OUTCOME_IS_UNKNOWN ? "unknown" : "deferred";

    if (is_returned && !trace_has_room(broker, entry->seq))
        return;
    const char *text =
        arena_format(&broker->scratch, "attempt %u%s%.*s", entry->attempts, outcome->reason.size > 0 ? ": " : "",
                     (int) outcome->reason.size, (const char *) outcome->reason.data);
    trace_note(broker, entry->seq,
               &(struct hop){ .target = outcome->target,
                              .outcome = (uint8_t) outcome->kind,
                              .what = bytes_of_text(what),
                              .who = bytes_of_text(service ? service->name : ""),
                              .text = text ? bytes_of_text(text) : outcome->reason });
}

/* An answer that ends nothing counts only from whoever holds the delivery. */
static void tell(struct answer *answer, const struct outcome *outcome)
{
    struct entry *entry = answer->entry;
    struct broker *broker = answer->broker;

    if (!entry || entry->state != ENTRY_OUT || !entry->seat || entry->seat->peer != answer->item->peer ||
        !target_set_has(&entry->left, outcome->target))
        return;
    target_set_add(&entry->told, outcome->target);
    switch (outcome->kind) {
    case OUTCOME_IS_DEFERRED:
        entry->any_deferred = true;
        broker->tally.deferred++;
        if (retry_at(broker, entry, outcome) > entry->retry_at_ms)
            entry->retry_at_ms = retry_at(broker, entry, outcome);
        break;
    case OUTCOME_IS_UNKNOWN:
        entry->any_unknown = true;
        broker->tally.unknown++;
        break;
    default:
        broker->tally.returned++;
        if (outcome->retry_ms > 0 && broker->now_ms + outcome->retry_ms > entry->retry_at_ms)
            entry->retry_at_ms = broker->now_ms + outcome->retry_ms;
        break;
    }
    note(answer, outcome);
}

static bool all_told(const struct entry *entry)
{
    for (size_t i = 0; i < TARGET_WORDS; i++)
        if (entry->left.bits[i] & ~entry->told.bits[i])
            return false;
    return true;
}

/* Everything that is left has an answer that did not end it. */
static void turn(struct answer *answer)
{
    struct broker *broker = answer->broker;
    struct subscription *subscription = answer->subscription;
    struct entry *entry = answer->entry;

    if (entry->any_unknown) {
        dispatch_doubt(broker, subscription, answer->record, entry);
        return;
    }
    if (!entry->maybe_sent || entry->retry_at_ms > 0) /* what leaves memory is counted again when it is read */
        dispatch_away(broker, answer->record, entry, false);
    lines_release(entry);
    entry->state = ENTRY_WAITING;
    if (!entry->any_deferred && entry->attempts > 0)
        entry->attempts--; /* returned: it was no attempt */
    if (entry->retry_at_ms > 0)
        dispatch_park(broker, subscription, entry, entry->retry_at_ms);
    else
        lines_wake(&subscription->lines, entry->line);
}

static int take_answer(struct answer *answer)
{
    struct target_set ours = dispatch_targets(answer->broker, answer->subscription, answer->record);

    /* Whoever holds it tells how it ended, whosever the account is by now. */
    for (size_t i = 0; answer->entry && i < TARGET_WORDS; i++)
        ours.bits[i] |= answer->entry->left.bits[i];
    for (size_t i = 0; i < answer->item->n_outcomes; i++) {
        const struct outcome *outcome = &answer->item->outcomes[i];
        int r = 0;

        if (!target_set_has(&ours, outcome->target))
            continue;
        if (is_mistaken(answer, outcome))
            tell(answer, &(struct outcome){ .target = outcome->target, .kind = OUTCOME_IS_UNKNOWN });
        else if (outcome->kind == OUTCOME_IS_SENT || outcome->kind == OUTCOME_IS_BOUNCED ||
                 outcome->kind == OUTCOME_IS_DEAD)
            r = settle(answer, outcome);
        else
            tell(answer, outcome);
        if (r < 0)
            return r;
    }
    if (!answer->entry)
        return 0;
    if (target_set_is_empty(&answer->entry->left))
        dispatch_finish(answer->broker, answer->subscription, answer->entry);
    else if (answer->entry->state == ENTRY_OUT && all_told(answer->entry))
        turn(answer);
    return 0;
}

int dispatch_ack(struct broker *broker, struct subscription *subscription, const struct answer_item *item)
{
    struct answer answer = { broker, subscription, NULL, lines_find(&subscription->lines, item->seq), item };

    arena_reset(&broker->scratch);
    int r = broker_record(broker, item->seq, &answer.record);
    if (broker_record_is_gone(r) && answer.entry) /* how it ended no longer matters, and its room goes on */
        dispatch_finish(broker, subscription, answer.entry);
    if (r < 0)
        return broker_record_is_gone(r) ? 0 : r;
    r = take_answer(&answer);
    record_unref(answer.record);
    return r;
}

int dispatch_put_back(struct broker *broker, struct subscription *subscription, const struct record *record,
                      uint32_t target, bool maybe_sent)
{
    struct entry *entry = lines_find(&subscription->lines, record->seq);
    struct parked row = { .seq = record->seq };
    struct line *line;

    if (entry && entry->state != ENTRY_WAITING)
        return -EAGAIN;
    if (parking_get(broker, subscription, &record->room, record->seq, &row) < 0)
        row = (struct parked){ .seq = record->seq };
    if (entry) {
        struct record_target again;

        if (entry->is_away && !target_set_has(&entry->left, target) && record_target_at(record, target, &again))
            away_out(broker, &record->channel, again.address);
        target_set_add(&entry->left, target);
        entry->maybe_sent = entry->maybe_sent || maybe_sent;
        if (!entry->is_stored)
            return 0;
        row.left = entry->left;
    }
    target_set_add(&row.left, target);
    row.not_before_ms = 0;
    row.is_bulk = (record->flags & RECORD_BULK) != 0;
    row.maybe_sent = row.maybe_sent || maybe_sent;
    int r = lines_open(&subscription->lines, &record->room, &line);
    if (r < 0)
        return r;
    parking_put(broker, subscription, &record->room, &row);
    if (!entry) {
        if (!line->has_more || line->stored_after >= record->seq)
            line->stored_after = record->seq - 1;
        line->has_more = true;
        line->is_bulk = row.is_bulk && line->is_bulk;
    }
    if (line->not_before_ms == 0)
        lines_wake(&subscription->lines, line);
    return 0;
}

int dispatch_retry(struct broker *broker, struct subscription *subscription, const struct record *record,
                   uint32_t target)
{
    int r = dispatch_put_back(broker, subscription, record, target, false);

    if (r == 0)
        dispatch_note(broker, subscription, record->seq, "retried", "dead letter put back by hand");
    return r;
}

int dispatch_forget(struct broker *broker, struct subscription *subscription, const struct record *record,
                    const struct outcome *outcome)
{
    struct parked row;
    int r = dispatch_ack(broker, subscription, &(struct answer_item){ NULL, record->seq, outcome, 1 });

    if (record->seq > subscription->settled)
        subscription->settled = record->seq;
    if (r < 0 || lines_find(&subscription->lines, record->seq) ||
        parking_get(broker, subscription, &record->room, record->seq, &row) < 0)
        return r;
    target_set_take(&row.left, outcome->target);
    if (target_set_is_empty(&row.left))
        parking_delete(broker, subscription, &record->room, record->seq);
    else
        parking_put(broker, subscription, &record->room, &row);
    return 0;
}
