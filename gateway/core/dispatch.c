/* Hands out to TARGETS subscriptions: one delivery per room at a time, rooms in parallel, replies before bulk, the rest in
 * the store.
 * Never decides what an answer means: dispatch_ack.c does, nor wakes what sleeps: dispatch_time.c does.
 */
#include "core/dispatch.h"

#include <errno.h>

#include "core/away.h"
#include "core/handout.h"
#include "core/trace.h"

struct target_set dispatch_targets(const struct broker *broker, const struct subscription *subscription,
                                   const struct record *record)
{
    struct cursor at = { record->targets };
    struct target_set set = { { 0 } };
    struct record_target target;

    for (uint32_t i = 0; record_next_target(&at, &target); i++) {
        const struct service *owner = members_owner(broker->members, target.account);

        if (owner && id_equal(&owner->id, &subscription->service))
            target_set_add(&set, i);
    }
    return set;
}

void dispatch_note(struct broker *broker, const struct subscription *subscription, uint64_t seq, const char *what,
                   const char *text)
{
    const struct service *service = members_service(broker->members, &subscription->service);

    trace_note(broker, seq,
               &(struct hop){ .target = UINT32_MAX,
                              .what = bytes_of_text(what),
                              .who = bytes_of_text(service ? service->name : ""),
                              .text = bytes_of_text(text) });
}

void dispatch_away(struct broker *broker, const struct record *record, struct entry *entry, bool is_out)
{
    struct cursor at = { record->targets };
    struct record_target target;

    if (entry->is_away == is_out)
        return;
    entry->is_away = is_out;
    for (uint32_t i = 0; record_next_target(&at, &target); i++) {
        if (!target_set_has(&entry->left, i))
            continue;
        if (is_out)
            away_out(broker, &record->channel, target.address);
        else
            away_back(broker, &record->channel, target.address);
    }
}

static struct seat *seat_of_peer(const struct subscription *subscription, const struct peer *peer)
{
    list_for_each (node, &subscription->seats) {
        struct seat *seat = container_of(node, struct seat, in_subscription);

        if (peer && seat->peer == peer)
            return seat;
    }
    return NULL;
}

/* Where an echo came in that may be of this, somebody knows the words of both, and can tell: he is asked now. */
static void ask_who_heard(const struct broker *broker, const struct subscription *subscription,
                          const struct record *record, struct entry *entry)
{
    struct cursor at = { record->targets };
    struct record_target target;
    struct seat *seat = NULL;

    for (uint32_t i = 0; !seat && record_next_target(&at, &target); i++)
        if (target_set_has(&entry->left, i))
            seat = seat_of_peer(subscription, away_heard_by(broker, &record->channel, target.address));
    if (!seat)
        return;
    entry->prefers = seat;
    entry->until_ms = broker->now_ms;
}

void dispatch_heard(struct broker *broker, struct subscription *subscription, struct bytes address)
{
    struct record *record;

    list_for_each (node, &subscription->lines.doubts) {
        struct entry *entry = container_of(node, struct entry, in_doubt);

        if (broker_record(broker, entry->seq, &record) < 0)
            continue;
        if (record_find_target(record, address) >= 0)
            ask_who_heard(broker, subscription, record, entry);
        record_unref(record);
    }
}

static struct seat *another_seat(const struct subscription *subscription, const struct seat *than)
{
    list_for_each (node, &subscription->seats) {
        struct seat *seat = container_of(node, struct seat, in_subscription);

        if (seat != than)
            return seat;
    }
    return NULL;
}

void dispatch_doubt(struct broker *broker, struct subscription *subscription, const struct record *record,
                    struct entry *entry)
{
    bool has_waited = entry->any_unknown && entry->maybe_sent; /* for an echo, at the translator */

    /* Who waited in vain may be one that hears no echoes: another waits next, and knows the words should they come later. */
    if (entry->any_unknown && entry->seat)
        entry->prefers = another_seat(subscription, entry->seat);
    if (record)
        dispatch_away(broker, record, entry, true);
    lines_release(entry);
    entry->state = ENTRY_DOUBT;
    entry->is_holders = false;
    entry->vanished = !entry->any_unknown;
    entry->until_ms = broker->now_ms + (has_waited ? 0 : broker->options.in_doubt_ms);
    list_remove(&entry->in_doubt);
    list_append(&subscription->lines.doubts, &entry->in_doubt);
    if (record)
        ask_who_heard(broker, subscription, record, entry);
    broker->tally.in_doubt++;
}

void dispatch_finish(struct broker *broker, struct subscription *subscription, struct entry *entry)
{
    struct line *line = entry->line;

    if (entry->is_stored)
        parking_delete(broker, subscription, &line->room, entry->seq);
    else
        subscription->is_dirty = true;
    lines_drop(&subscription->lines, entry);
    if (line->not_before_ms == 0)
        lines_wake(&subscription->lines, line);
}

/* Everything of the line is in the store afterwards, nothing in memory. */
void dispatch_park(struct broker *broker, struct subscription *subscription, struct entry *first,
                   uint64_t not_before_ms)
{
    struct line *line = first->line;

    line->is_bulk = first->is_bulk;
    list_for_each_safe (node, after, &line->entries) {
        struct entry *entry = container_of(node, struct entry, in_line);

        if (entry == first || !entry->is_stored)
            parking_put(broker, subscription, &line->room,
                        &(struct parked){ .seq = entry->seq,
                                          .not_before_ms = entry == first ? not_before_ms : 0,
                                          .attempts = entry->attempts,
                                          .maybe_sent = entry->maybe_sent,
                                          .vanished = entry->vanished,
                                          .is_bulk = entry->is_bulk,
                                          .left = entry->left });
        lines_drop(&subscription->lines, entry);
    }
    line->has_more = true;
    line->stored_after = 0;
    line->is_from_before = false;
    subscription->is_dirty = true;
    lines_sleep(&subscription->lines, line, not_before_ms);
}

static struct seat *seat_of(const struct subscription *subscription, const uint8_t *replica)
{
    list_for_each (node, &subscription->seats) {
        struct seat *seat = container_of(node, struct seat, in_subscription);

        if (memcmp(seat->peer->replica, replica, REPLICA_BYTES) == 0)
            return seat;
    }
    return NULL;
}

/* May an earlier life of the gateway have handed it out? One that ended in order left word of what was out, and with
 * whom: whoever is here again knows how it ended. */
static bool is_doubtful(struct subscription *subscription, struct entry *entry, bool is_unsure)
{
    if (!subscription->rest.is_known)
        return is_unsure;
    const uint8_t *holder = rest_holder(subscription, entry->seq);
    if (!holder)
        return false;
    memcpy(entry->replica, holder, REPLICA_BYTES);
    entry->prefers = seat_of(subscription, holder);
    entry->is_holders = entry->prefers != NULL;
    return !entry->prefers;
}

static void load_row(struct broker *broker, struct subscription *subscription, struct line *line,
                     const struct parked *row)
{
    struct target_set left = row->left;
    struct record *record;
    struct entry *entry;

    line->stored_after = row->seq;
    if (lines_find(&subscription->lines, row->seq))
        return;
    dispatch_take_settled(broker, row->seq, &left);
    if (target_set_is_empty(&left)) {
        parking_delete(broker, subscription, &line->room, row->seq);
        return;
    }
    if (lines_add(&subscription->lines, line, row->seq, &entry) < 0)
        return;
    entry->left = left;
    entry->attempts = row->attempts;
    entry->maybe_sent = row->maybe_sent;
    entry->vanished = row->vanished;
    entry->is_bulk = row->is_bulk;
    entry->is_stored = true;
    bool is_doubted = is_doubtful(subscription, entry, line->is_unsure);
    if (is_doubted || entry->maybe_sent || entry->is_holders) {
        if (broker_record(broker, row->seq, &record) < 0)
            record = NULL;
        if (is_doubted)
            dispatch_doubt(broker, subscription, record, entry);
        else if (record)
            dispatch_away(broker, record, entry, true);
        record_unref(record);
    }
    line->is_unsure = false;
}

static int load_more(struct broker *broker, struct subscription *subscription, struct line *line)
{
    struct parked rows[GATEWAY_LINE_MEMORY];

    while (line->n_entries == 0 && line->has_more) {
        int n = parking_read(broker, subscription, line, rows, GATEWAY_LINE_MEMORY);

        if (n < 0)
            return n;
        line->has_more = n == GATEWAY_LINE_MEMORY;
        for (int i = 0; i < n; i++)
            load_row(broker, subscription, line, &rows[i]);
        line->is_bulk = false; /* what comes after them is not known */
    }
    return 0;
}

static struct seat *pick(const struct subscription *subscription, const struct seat *prefers, bool is_bulk)
{
    struct seat *best = NULL;

    list_for_each (node, &subscription->seats) {
        struct seat *seat = container_of(node, struct seat, in_subscription);

        if (!(is_bulk ? seat_can_take_bulk(seat) : peer_can_take(seat->peer)))
            continue;
        if (seat == prefers)
            return seat;
        if (!best || seat->n_out < best->n_out)
            best = seat;
    }
    return best;
}

static struct seat *pick_for(const struct subscription *subscription, const struct entry *entry)
{
    if (!entry->is_holders)
        return pick(subscription, entry->prefers, entry->is_bulk);
    return peer_can_take(entry->prefers->peer) ? entry->prefers : NULL;
}

static void give_up(struct broker *broker, struct subscription *subscription, struct entry *entry,
                    const struct record *record, const char *why)
{
    struct handed handed = { entry->handed_ms, broker->now_ms, entry->attempts, { 0 } };

    memcpy(handed.replica, entry->replica, sizeof(handed.replica));
    dispatch_away(broker, record, entry, false);
    for (uint32_t i = 0; i < record->n_targets; i++) {
        struct outcome outcome = { .target = i, .kind = OUTCOME_IS_DEAD, .reason = bytes_of_text(why) };

        if (target_set_has(&entry->left, i) && ledger_settle(&broker->ledger, record, &outcome, &handed) < 0)
            broker->tables.failed = broker->tables.failed ? broker->tables.failed : -EIO;
    }
    broker->tally.expired++;
    dispatch_finish(broker, subscription, entry);
}

/* Hands out the first of the line if it may; bulk only when it is bulk's turn. False: nobody has credit. */
static bool try_line(struct broker *broker, struct subscription *subscription, struct line *line, bool is_bulk)
{
    for (;;) {
        struct list *first;
        struct record *record;

        arena_reset(&broker->scratch);
        if (load_more(broker, subscription, line) < 0)
            return true;
        first = list_first(&line->entries);
        if (!first) {
            list_remove(&line->in_ready);
            lines_close(&subscription->lines, line);
            return true;
        }
        struct entry *entry = container_of(first, struct entry, in_line);
        if (entry->state != ENTRY_WAITING) {
            list_remove(&line->in_ready);
            return true;
        }
        if (entry->is_bulk && !is_bulk) { /* it was not known */
            lines_wake(&subscription->lines, line);
            return true;
        }
        struct seat *seat = pick_for(subscription, entry);
        if (!seat)
            return entry->is_holders; /* others may go on */
        int r = broker_record(broker, entry->seq, &record);
        if (broker_record_is_gone(r)) { /* its targets died when it was pruned */
            dispatch_finish(broker, subscription, entry);
            continue;
        }
        if (r < 0) /* not now: the next turn tries again */
            return false;
        if (!dispatch_keep_ours(broker, subscription, record, entry)) {
            record_unref(record);
            return true; /* others may go on */
        }
        if (target_set_is_empty(&entry->left)) {
            dispatch_finish(broker, subscription, entry);
        } else if (record->expires_ms > 0 && record->expires_ms <= broker->now_ms) {
            give_up(broker, subscription, entry, record, "expired");
        } else if (entry->attempts >= GATEWAY_ATTEMPTS_MAX) {
            give_up(broker, subscription, entry, record, "given up after too many attempts");
        } else if (entry->is_bulk && seat->n_out > 0 && record->envelope.size >= seat->peer->credit_bytes) {
            record_unref(record); /* it would take the last of the bytes */
            return false;
        } else {
            list_remove(&line->in_ready);
            handout(broker, seat, entry, record);
            record_unref(record);
            return true;
        }
        record_unref(record);
    }
}

/* A record of the journal takes its place in the line of its room. -EAGAIN: no memory for it now. */
static int place(struct broker *broker, struct subscription *subscription, const struct record *record,
                 struct target_set left)
{
    bool is_unsure = record->seq <= subscription->unsure;
    struct parked row;
    struct line *line;
    struct entry *entry;

    arena_reset(&broker->scratch);
    if (is_unsure || record->seq <= subscription->settled) {
        dispatch_take_settled(broker, record->seq, &left);
        if (target_set_is_empty(&left))
            return 0;
    }
    if (is_unsure && parking_get(broker, subscription, &record->room, record->seq, &row) == 0)
        return 0;
    bool is_new = !lines_of(&subscription->lines, &record->room), is_bulk = (record->flags & RECORD_BULK) != 0;
    if (lines_open(&subscription->lines, &record->room, &line) < 0)
        return -EAGAIN;
    if (line->has_more || line->n_entries >= GATEWAY_LINE_MEMORY || line->not_before_ms > 0 ||
        (is_bulk && subscription->lines.n_entries >= GATEWAY_LOOKAHEAD_BULK)) {
        bool is_first = !line->has_more && line->n_entries == 0;

        parking_put(broker, subscription, &record->room,
                    &(struct parked){ .seq = record->seq, .is_bulk = is_bulk, .left = left });
        if (broker->tables.failed < 0) {
            if (is_new)
                lines_close(&subscription->lines, line);
            return -EAGAIN;
        }
        if (!line->has_more)
            line->stored_after = record->seq - 1;
        line->has_more = true;
        subscription->is_dirty = true;
        if (is_first && line->not_before_ms == 0) {
            line->is_bulk = is_bulk;
            line->is_unsure = is_new && is_unsure;
            lines_wake(&subscription->lines, line);
        }
        return 0;
    }
    if (lines_add(&subscription->lines, line, record->seq, &entry) < 0)
        return -EAGAIN;
    entry->left = left;
    entry->is_bulk = is_bulk;
    list_append(&subscription->lines.open, &entry->in_open);
    if (is_unsure && is_doubtful(subscription, entry, is_new)) {
        dispatch_doubt(broker, subscription, record, entry);
        return 0;
    }
    if (entry->is_holders)
        dispatch_away(broker, record, entry, true);
    if (line->n_entries == 1)
        lines_wake(&subscription->lines, line);
    return 0;
}

/* True: there is more, and the others come first. What the tables refused is not passed by: they are asked again. */
static bool look_ahead(struct broker *broker, struct subscription *subscription)
{
    for (unsigned n = 0; n < GATEWAY_PUMP_RECORDS; n++) {
        struct record *record = NULL;

        if (subscription->lines.n_entries < GATEWAY_LOOKAHEAD && broker->tables.failed == 0)
            record = subscription_peek(broker, subscription);
        if (!record)
            return false;
        struct target_set left = { { 0 } };
        if (record->n_targets > 0 && id_equal(&record->channel, &subscription->channel))
            left = dispatch_targets(broker, subscription, record);
        if (!target_set_is_empty(&left) && place(broker, subscription, record, left) < 0)
            return false;
        subscription->cursor = record->seq + 1;
    }
    return true;
}

/* Bulk waits in the store while there is enough of it in memory: so the cursor goes on, and sees replies. */
static bool stays_stored(const struct subscription *subscription, const struct line *line)
{
    return line->n_entries == 0 && line->has_more && subscription->lines.n_entries >= GATEWAY_LOOKAHEAD_BULK;
}

/* Goes through the lines as long as somebody takes something: without that no line is read from the store. */
static void hand_out(struct broker *broker, struct subscription *subscription, struct list *lines, bool is_bulk)
{
    list_for_each_safe (node, after, lines) {
        struct line *line = container_of(node, struct line, in_ready);

        if (is_bulk && !pick(subscription, NULL, true))
            return;
        if (is_bulk && stays_stored(subscription, line))
            continue;
        if (!try_line(broker, subscription, line, is_bulk))
            return;
    }
}

bool dispatch_pump(struct broker *broker, struct subscription *subscription)
{
    if (subscription->n_seats == 0)
        return false;
    bool has_more = look_ahead(broker, subscription);
    hand_out(broker, subscription, &subscription->lines.ready, false);
    hand_out(broker, subscription, &subscription->lines.bulk, true);
    uint64_t floor = lines_first_open(&subscription->lines, subscription->cursor) - 1;
    if (floor > subscription->floor)
        subscription->floor = floor;
    if (subscription->floor > subscription->saved + GATEWAY_WINDOW)
        subscription->is_dirty = true;
    return has_more;
}

void dispatch_seat_gone(struct broker *broker, struct seat *seat)
{
    struct subscription *subscription = seat->subscription;
    struct record *record;
    struct bytes key;
    void *value;

    for (size_t at = 0; map_next(&subscription->lines.by_seq, &at, &key, &value);) {
        struct entry *entry = value;

        bool is_with_him =
            entry->state == ENTRY_OUT ? entry->seat == seat : entry->is_holders && entry->prefers == seat;
        if (entry->prefers == seat)
            entry->prefers = NULL;
        if (!is_with_him)
            continue;
        arena_reset(&broker->scratch);
        if (broker_record(broker, entry->seq, &record) < 0)
            record = NULL;
        dispatch_doubt(broker, subscription, record, entry);
        record_unref(record);
    }
}

/* The same process is back: it knows what it did with what it held, so nothing needs to be doubted. Until it says so, an
 * echo may be of it. */
void dispatch_seat_back(struct seat *seat)
{
    struct subscription *subscription = seat->subscription;

    list_for_each_safe (node, after, &subscription->lines.doubts) {
        struct entry *entry = container_of(node, struct entry, in_doubt);

        if (entry->any_unknown || memcmp(entry->replica, seat->peer->replica, REPLICA_BYTES) != 0)
            continue;
        list_remove(&entry->in_doubt);
        entry->state = ENTRY_WAITING;
        entry->prefers = seat;
        entry->is_holders = true;
        lines_wake(&subscription->lines, entry->line);
    }
}

struct loading {
    struct broker *broker;
    struct subscription *subscription;
};

static int load_room(void *context, const struct id *room, const struct parked *first)
{
    struct loading *loading = context;
    struct line *line;
    int r = lines_open(&loading->subscription->lines, room, &line);

    if (r < 0)
        return r;
    line->has_more = true;
    line->is_unsure =
        first->not_before_ms <= loading->broker->now_ms; /* whose time has come may have been handed out */
    line->is_bulk = first->is_bulk;
    line->is_from_before = first->not_before_ms > loading->broker->now_ms;
    if (line->is_from_before)
        lines_sleep(&loading->subscription->lines, line, first->not_before_ms);
    else
        lines_wake(&loading->subscription->lines, line);
    return 0;
}

void dispatch_load(struct broker *broker, struct subscription *subscription)
{
    struct loading loading = { broker, subscription };
    int r = parking_rooms(broker, subscription, load_room, &loading);

    if (r < 0 && broker->tables.failed == 0)
        broker->tables.failed = r;
}
