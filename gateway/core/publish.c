/* One envelope's way in: admit, known already?, resolves, hold, route, append. Never confirms by itself that something
 * is on disk.
 */
#include "core/publish.h"

#include <errno.h>

#include "core/admit.h"
#include "core/away.h"
#include "core/directory_rows.h"
#include "core/handout.h"
#include "core/identity.h"
#include "core/trace.h"

static struct verdict verdict_of(int r)
{
    if (r == REJECT_IS_NO_SUCH_ROOM)
        return (struct verdict){ VERDICT_REJECTED, REJECT_IS_NO_SUCH_ROOM, "no such room in this channel" };
    if (r > 0)
        return (struct verdict){ VERDICT_REJECTED, (enum reject) r, "the header asks for what cannot be" };
    if (r == -EMSGSIZE)
        return (struct verdict){ VERDICT_REJECTED, REJECT_IS_TOO_LARGE, "the record would be larger than allowed" };
    if (r == -ENOSPC)
        return (struct verdict){ VERDICT_REJECTED, REJECT_IS_STORE_FULL, "the store is full; try again later" };
    return (struct verdict){ VERDICT_REJECTED, REJECT_IS_STORE_BROKEN, "the store does not answer; try again later" };
}

/* The network itself tells what became of a delivery of ours, which may still be out. True: it was one of ours. */
static bool resolve(struct broker *broker, const struct arrival *arrival)
{
    const struct envelope_header *header = arrival->header;
    struct bytes ref = header->echo ? header->ref : header->n_relates > 0 ? header->relates[0] : BYTES_EMPTY;
    struct outcome outcome = {
        .target = header->resolves_target, .kind = OUTCOME_IS_SENT, .refs = &ref, .n_refs = ref.size > 0
    };
    struct subscription *subscription = subscription_of_reader(broker, &arrival->channel->id, &arrival->service->id);
    struct record_target target;
    struct record *record;

    arena_reset(&broker->scratch);
    if (!subscription || broker_record(broker, header->resolves_seq, &record) < 0)
        return false;
    bool is_ours = id_equal(&record->channel, &arrival->channel->id) &&
                   record_target_at(record, header->resolves_target, &target) &&
                   bytes_equal(target.account, header->account) &&
                   identity_is_same(&broker->directory, &arrival->channel->id, target.address, header->from);
    record_unref(record);
    if (!is_ours)
        return false;
    broker->tally.resolved++;
    return dispatch_ack(broker, subscription,
                        &(struct answer_item){ .seq = header->resolves_seq, .outcomes = &outcome, .n_outcomes = 1 }) ==
           0;
}

enum next { NEXT_ROUTE, NEXT_DUPLICATE, NEXT_HOLD };

/* An address of whoever the arrival is from, to which a send is out; empty: none. */
static struct bytes find_out(struct broker *broker, const struct arrival *arrival)
{
    const struct id *channel = &arrival->channel->id;
    struct kin kin;

    if (away_is_out(broker, channel, arrival->header->from))
        return arrival->header->from;
    if (identity_kin(&broker->directory, channel, arrival->header->from, &kin) < 0)
        return BYTES_EMPTY;
    for (size_t i = 0; i < kin.n; i++)
        if (away_is_out(broker, channel, kin.list[i]->token))
            return kin.list[i]->token;
    return BYTES_EMPTY;
}

/* What an earlier life of the gateway handed out is not counted before this one has come by it. */
static bool may_be_out(struct broker *broker, const struct arrival *arrival)
{
    const struct id *channel = &arrival->channel->id;
    const struct subscription *subscription = subscription_of_reader(broker, channel, &arrival->service->id);
    struct id room;

    if (!subscription)
        return false;
    if (broker->is_waking || subscription->cursor <= subscription->unsure)
        return true;
    if (router_room_of(broker, channel, arrival->header->from, &room) < 0)
        return false;
    const struct line *line = lines_of(&subscription->lines, &room);
    return line && line->is_unsure;
}

/* Is this our own message coming back, news about one, or must we wait to tell? `ret_out`: for the answer from where. */
static enum next weigh(struct broker *broker, const struct arrival *arrival, struct bytes *ret_out)
{
    const struct envelope_header *header = arrival->header;
    bool is_ours = header->resolves && resolve(broker, arrival);
    uint64_t seq;
    uint32_t target;

    if (header->class_ == ENVELOPE_EPHEMERAL || header->from.size == 0)
        return NEXT_ROUTE;
    arena_reset(&broker->scratch);
    if (header->echo) {
        if (is_ours)
            return NEXT_DUPLICATE;
        if (header->ref.size > 0 &&
            ledger_find(&broker->ledger, &arrival->channel->id, header->ref, &seq, &target) == 0)
            return NEXT_DUPLICATE;
        *ret_out = find_out(broker, arrival);
        return ret_out->size > 0 || may_be_out(broker, arrival) ? NEXT_HOLD : NEXT_ROUTE;
    }
    if (header->audience == ENVELOPE_AUTHOR && header->n_relates > 0 && router_related(broker, arrival, 0, &seq) == 0 &&
        seq == 0)
        *ret_out = find_out(broker, arrival);
    return ret_out->size > 0 ? NEXT_HOLD : NEXT_ROUTE;
}

static void count_in(struct broker *broker, const struct arrival *arrival, const struct record *record,
                     struct address *from)
{
    const struct envelope_header *header = arrival->header;
    struct counts *counts = audit_of(&broker->audit, &arrival->channel->id);

    counts->targets += record->n_targets;
    if (header->ref.size > 0)
        ledger_remember(&broker->ledger, &arrival->channel->id, header->ref, record->seq, LEDGER_AUTHOR);
    if (from)
        activity_heard(broker, header, record->seq, from);
}

/* Into the journal and the live ring. */
static int append(struct broker *broker, const struct arrival *arrival, const struct route *route, struct address *from,
                  const struct identity_links *links)
{
    struct tables *tables = &broker->tables;
    struct record *record;
    int r = live_record(&broker->live, route, &record);

    if (r < 0)
        return r;
    r = tables->ops->append(tables->owner, bytes_make(record->data, record->size), broker->now_ms, &record->seq);
    if (r == 0)
        r = tables->ops->mark_seen(tables->owner, route->envelope_id.bytes, record->seq, broker->now_ms);
    if (r < 0)
        return r;
    count_in(broker, arrival, record, from);
    identity_note(broker, record->seq, links);
    live_add(&broker->live, record);
    return 0;
}

/* Handed to whoever is there and has credit, and forgotten. */
static void pass_on(struct broker *broker, const struct record *record)
{
    list_for_each (node, &broker->subscriptions) {
        struct subscription *subscription = container_of(node, struct subscription, link);
        struct target_set targets;

        if (!id_equal(&subscription->channel, &record->channel) || subscription->n_seats == 0)
            continue;
        if (subscription->targets) {
            targets = dispatch_targets(broker, subscription, record);
            if (target_set_is_empty(&targets))
                continue;
        } else if (id_equal(&subscription->service, &record->service)) {
            continue;
        }
        list_for_each (seat_node, &subscription->seats) {
            struct seat *seat = container_of(seat_node, struct seat, in_subscription);

            if (!seat->ephemeral_too || !peer_can_take(seat->peer))
                continue;
            handout_ephemeral(broker, seat, record, subscription->targets ? &targets : NULL);
            break;
        }
    }
}

static struct verdict route(struct broker *broker, const struct arrival *arrival)
{
    struct identity_links links;
    struct route route;
    struct address *from;
    struct record *record;

    arena_reset(&broker->scratch);
    int r = identity_link(broker, arrival, &links);
    if (r == 0)
        r = router_route(broker, arrival, &route, &from);
    if (r != 0)
        return verdict_of(r);
    if (arrival->header->class_ == ENVELOPE_DURABLE) {
        r = append(broker, arrival, &route, from, &links);
        return r < 0 ? verdict_of(r) : (struct verdict){ VERDICT_ACCEPTED, 0, NULL };
    }
    r = record_new(&route, &record);
    if (r < 0)
        return verdict_of(r);
    pass_on(broker, record);
    record_unref(record);
    return (struct verdict){ VERDICT_ROUTED, 0, NULL };
}

static void tell(struct broker *broker, struct peer *peer, uint64_t ticket, size_t size, const struct id *channel,
                 const struct verdict *verdict)
{
    struct counts *counts = channel ? audit_of(&broker->audit, channel) : &broker->audit.lost;

    if (verdict->kind == VERDICT_ROUTED) {
        counts->ephemeral++;
    } else {
        counts->received++;
        if (verdict->kind == VERDICT_ACCEPTED)
            counts->published++;
        else if (verdict->kind == VERDICT_DUPLICATE)
            counts->duplicate++;
        else
            counts->rejected++;
    }
    broker->events.on_verdict(broker->events.owner, peer, ticket, size, verdict);
}

struct attempt {
    struct peer *peer;
    uint64_t ticket;
    struct bytes envelope;
    bool may_hold;
};

/* Until the answer from `out` is in. An echo helps to find it. */
static int keep(struct broker *broker, const struct attempt *attempt, const struct arrival *arrival, struct bytes out)
{
    const struct id *channel = &arrival->channel->id;
    struct waiting waiting = { .peer = attempt->peer,
                               .ticket = attempt->ticket,
                               .channel = channel,
                               .address = out,
                               .envelope = attempt->envelope,
                               .is_echo = arrival->header->echo };
    int r = hold_add(broker, &waiting);
    struct subscription *subscription =
        r == 0 && waiting.is_echo ? subscription_of_reader(broker, channel, &arrival->service->id) : NULL;

    if (subscription)
        dispatch_heard(broker, subscription, out);
    return r;
}

/* True when it has its verdict; false: it waits. */
static bool try_envelope(struct broker *broker, const struct attempt *attempt)
{
    struct verdict verdict = { VERDICT_DUPLICATE, 0, NULL };
    struct envelope_header header;
    struct arrival arrival = { 0 };
    const struct id *channel = NULL;
    struct bytes out = BYTES_EMPTY;
    uint64_t seq;

    if (admit(broker, attempt->peer, attempt->envelope, &header, &arrival, &verdict)) {
        int seen = broker->tables.ops->seen(broker->tables.owner, header.id.data, &seq);
        enum next next = NEXT_DUPLICATE;

        if (seen < 0)
            verdict = verdict_of(seen);
        else if (seen == 0)
            next = weigh(broker, &arrival, &out);
        if (next == NEXT_HOLD && attempt->may_hold && out.size > 0 && keep(broker, attempt, &arrival, out) == 0)
            return false;
        if (next == NEXT_HOLD)
            verdict = (struct verdict){ VERDICT_REJECTED, REJECT_IS_HELD_TOO_LONG,
                                        "the send this may belong to has no answer yet; try again later" };
        else if (next == NEXT_ROUTE)
            verdict = route(broker, &arrival);
    }
    channel = arrival.channel ? &arrival.channel->id : NULL;
    tell(broker, attempt->peer, attempt->ticket, attempt->envelope.size, channel, &verdict);
    return true;
}

void broker_expect(const struct broker *broker, const struct bytes *envelopes, size_t n)
{
    struct key keys[BROKER_EXPECT_MAX];
    struct envelope_glance glance;

    n = n < BROKER_EXPECT_MAX ? n : BROKER_EXPECT_MAX;
    for (size_t i = 0; i < n; i++) {
        envelope_glance(envelopes[i], &glance);
        if (glance.id.size == ID_BYTES)
            broker->tables.ops->expect(broker->tables.owner, glance.id.data);
        struct id channel = id_from(glance.channel);
        keys[i] = address_row_key(&channel, glance.from);
        directory_expect(&broker->directory, &keys[i], false);
    }
    for (size_t i = 0; i < n; i++)
        directory_expect(&broker->directory, &keys[i], true);
}

void broker_publish(struct broker *broker, struct peer *peer, uint64_t ticket, struct bytes envelope)
{
    try_envelope(broker, &(struct attempt){ peer, ticket, envelope, true });
}

void publish_held(struct broker *broker)
{
    struct hold *hold;

    while ((hold = hold_next(broker))) {
        struct attempt attempt = { hold->peer, hold->ticket, bytes_make(hold->envelope, hold->size),
                                   hold->until_ms > broker->now_ms };
        uint64_t until_ms = hold->until_ms;

        list_remove(&hold->in_all);
        list_append(&broker->holds, &hold->in_all);
        if (!try_envelope(broker, &attempt)) { /* it waits on, as a new hold with the old deadline */
            struct hold *again = container_of(broker->holds.previous, struct hold, in_all);

            again->until_ms = until_ms;
        }
        hold_free(broker, hold);
    }
}
