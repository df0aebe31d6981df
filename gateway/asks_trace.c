/* The way of one envelope, put together from the journal, the endings, the notes and the floors. Never changes
 * anything.
 */
#include <errno.h>
#include <string.h>

#include "asks_list.h"
#include "core/trace.h"

struct tracing {
    struct gateway *gateway;
    Trefoil__Answer *answer;
    uint64_t seq;
    const struct record *record;
};

static Trefoil__Hop *add_hop(struct tracing *tracing, uint64_t at_ms, const char *what)
{
    Trefoil__Answer *answer = tracing->answer;
    Trefoil__Hop *hop =
        answer->n_hops < BUS_ANSWER_MAX_ITEMS ? arena_alloc(&tracing->gateway->frame, sizeof(*hop)) : NULL;

    if (!hop)
        return NULL;
    trefoil__hop__init(hop);
    hop->at_ms = at_ms;
    hop->seq = tracing->seq;
    hop->what = (char *) (uintptr_t) what;
    answer->hops[answer->n_hops++] = hop;
    return hop;
}

static char *text_of(struct tracing *tracing, struct bytes bytes)
{
    char *text = arena_text(&tracing->gateway->frame, bytes);

    return text ? text : (char *) (uintptr_t) "";
}

static char *name_of(struct tracing *tracing, const struct id *id)
{
    const struct service *service = members_service(tracing->gateway->broker.members, id);

    return text_of(tracing, bytes_of_text(service ? service->name : "a service no longer in the roster"));
}

static int add_note(void *context, const struct hop *note)
{
    struct tracing *tracing = context;
    Trefoil__Hop *hop = add_hop(tracing, note->at_ms, text_of(tracing, note->what));

    if (!hop)
        return 1;
    hop->who = text_of(tracing, note->who);
    hop->text = text_of(tracing, note->text);
    hop->target = note->target == UINT32_MAX ? 0 : note->target;
    struct record_target target;
    if (note->target != UINT32_MAX && record_target_at(tracing->record, note->target, &target))
        hop->account = text_of(tracing, target.account);
    hop->outcome = note->outcome <= OUTCOME_IS_RETURNED ? (Trefoil__Outcome) note->outcome : 0;
    return 0;
}

static const char *word_of(enum outcome_kind kind)
{
    return kind == OUTCOME_IS_SENT ? "sent" : kind == OUTCOME_IS_BOUNCED ? "bounced" : "dead letter";
}

/* "rate limited, code 4/0; lost: formatting; reply": whatever of it there is. */
static char *words_of(struct tracing *tracing, const struct ending *ending)
{
    bool has_reason = ending->reason.size > 0 || ending->code > 0, has_lost = ending->lost.size > 0;
    const char *reason = "";

    if (has_reason)
        reason = arena_format(&tracing->gateway->frame, "%.*s%scode %u/%u", (int) ending->reason.size,
                              (const char *) ending->reason.data, ending->reason.size > 0 ? ", " : "", ending->code,
                              ending->subcode);
    if (!reason)
        return NULL;
    return arena_format(&tracing->gateway->frame, "%s%s%s%.*s", reason, has_reason && has_lost ? "; " : "",
                        has_lost ? "lost: " : "", (int) ending->lost.size, (const char *) ending->lost.data);
}

static void add_target(struct tracing *tracing, uint32_t index, const struct record_target *target)
{
    struct broker *broker = &tracing->gateway->broker;
    const struct service *owner = members_owner(broker->members, target->account);
    const char *who = owner ? owner->name : "nobody";
    struct ending ending;
    Trefoil__Hop *hop;

    if (ledger_ending(&broker->ledger, tracing->seq, index, &ending) < 0) {
        hop = add_hop(tracing, 0, "pending");
    } else {
        char replica[2 * REPLICA_BYTES + 1];

        hop = ending.handed_ms ? add_hop(tracing, ending.handed_ms, "handed out") : NULL;
        if (hop) {
            bytes_to_hex(bytes_make(ending.replica, REPLICA_BYTES), replica);
            hop->who = text_of(tracing, bytes_of_text(who));
            hop->account = text_of(tracing, target->account);
            hop->target = index;
            hop->text = arena_format(&tracing->gateway->frame, "replica %s, attempt %u", replica, ending.attempts);
        }
        hop = add_hop(tracing, ending.at_ms, word_of(ending.kind));
        if (hop && ending.kind != OUTCOME_IS_DEAD)
            hop->outcome = (Trefoil__Outcome) ending.kind;
        if (hop)
            hop->text = words_of(tracing, &ending);
    }
    if (!hop)
        return;
    hop->who = text_of(tracing, bytes_of_text(who));
    hop->account = text_of(tracing, target->account);
    hop->target = index;
    if (!hop->text)
        hop->text = (char *) (uintptr_t) "";
}

/* How far each service that reads everything has come. */
static void add_readers(struct tracing *tracing, const struct record *record)
{
    list_for_each (node, &tracing->gateway->broker.subscriptions) {
        const struct subscription *subscription = container_of(node, struct subscription, link);

        if (subscription->targets || !id_equal(&subscription->channel, &record->channel) ||
            id_equal(&subscription->service, &record->service))
            continue;
        Trefoil__Hop *hop = add_hop(tracing, 0,
                                    subscription->floor >= tracing->seq   ? "read"
                                    : subscription->cursor > tracing->seq ? "handed out"
                                                                          : "waiting");
        if (!hop)
            return;
        hop->who = name_of(tracing, &subscription->service);
        hop->text = text_of(tracing, bytes_of_text(subscription->name));
    }
}

int asks_trace(struct gateway *gateway, const Trefoil__Trace *ask, Trefoil__Answer *answer)
{
    struct tracing tracing = { .gateway = gateway, .answer = answer };
    struct broker *broker = &gateway->broker;
    struct record_target target;
    struct record *record;

    if (ask->envelope_id.len != ID_BYTES)
        return -EBADMSG;
    int r = store_seen(gateway->store, ask->envelope_id.data, &tracing.seq);
    if (r <= 0)
        return r < 0 ? r : -ENOENT;
    r = broker_record(broker, tracing.seq, &record);
    if (r < 0)
        return r;
    answer->hops = arena_array(&gateway->frame, BUS_ANSWER_MAX_ITEMS, sizeof(*answer->hops));
    Trefoil__Hop *hop = answer->hops ? add_hop(&tracing, record->accepted_ms, "published") : NULL;
    if (hop) {
        hop->who = name_of(&tracing, &record->service);
        hop->account = text_of(&tracing, record->account);
        hop = add_hop(&tracing, record->accepted_ms, tracing.seq <= broker->durable ? "committed" : "committing");
    }
    if (!hop)
        r = -ENOMEM;
    else
        hop->who = (char *) (uintptr_t) "gateway";
    tracing.record = record;
    if (r == 0)
        r = trace_scan(broker, tracing.seq, add_note, &tracing);
    struct cursor at = { record->targets };
    for (uint32_t i = 0; r >= 0 && record_next_target(&at, &target); i++)
        add_target(&tracing, i, &target);
    if (r >= 0)
        add_readers(&tracing, record);
    record_unref(record);
    return r < 0 ? r : 0;
}
