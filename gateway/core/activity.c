/* The list of rows that are behind, and the way back from the journal. An event is applied to a row once: `last_seq` says
 * which was the newest, and a new row begins with what came before it, so that whoever was forgotten stays so.
 */
#include "core/activity.h"

#include <errno.h>
#include <stdlib.h>

#include "core/broker.h"
#include "core/identity.h"

#define NOT_WRITTEN_DOWN UINT64_MAX

/* Of the row among the counters; those of channels have sixteen bytes. */
static struct bytes floor_key(void)
{
    return bytes_of_text("activity");
}

void activity_init(struct activity *activity)
{
    *activity =
        (struct activity){ .ring = calloc(GATEWAY_BEHIND_RECORDS, sizeof(*activity->ring)), .saved = NOT_WRITTEN_DOWN };
}

void activity_deinit(struct activity *activity)
{
    free(activity->ring);
    activity->ring = NULL;
}

static const struct activity_due *oldest(const struct activity *activity)
{
    return &activity->ring[activity->first];
}

/* Takes the oldest off the list. Its address, when the row still is behind since then; else NULL: written meanwhile,
 * gone, or somebody else lives there now. */
static struct address *take_oldest(struct broker *broker, bool is_removed)
{
    struct activity *activity = &broker->activity;
    const struct activity_due *due = oldest(activity);
    struct address *address = pool_at(&broker->directory.addresses, due->number);
    bool is_behind = address && address->behind_seq == due->seq;

    if (is_removed || !is_behind) {
        activity->first = (activity->first + 1) % GATEWAY_BEHIND_RECORDS;
        activity->count--;
    }
    return is_behind ? address : NULL;
}

static void write_oldest(struct broker *broker)
{
    struct address *address = take_oldest(broker, true);

    if (address)
        directory_touch(&broker->directory, address);
}

static void write_later(struct broker *broker, uint64_t seq, struct address *address)
{
    struct activity *activity = &broker->activity;

    if (address->behind_seq > 0)
        return;
    if (!activity->ring || address->is_new) { /* its row is in the open batch anyway */
        directory_touch(&broker->directory, address);
        return;
    }
    if (activity->count == GATEWAY_BEHIND_RECORDS)
        write_oldest(broker);
    address->behind_seq = seq;
    activity->ring[(activity->first + activity->count++) % GATEWAY_BEHIND_RECORDS] =
        (struct activity_due){ seq, broker->now_ms, address->head.number };
}

/* True when something changed. `at_ms`: when the gateway took the event. */
static bool hear(const struct envelope_header *header, uint64_t at_ms, uint64_t seq, struct address *from)
{
    bool is_changed = identity_learn(header, at_ms, seq, from);

    if (!header->echo && header->audience == ENVELOPE_ROOM) {
        from->last_active_ms = at_ms;
        is_changed = header->ref.size == 0 || address_set_last_ref(from, header->ref) == 0 || is_changed;
    }
    if (is_changed)
        from->last_seq = seq;
    return is_changed;
}

void activity_heard(struct broker *broker, const struct envelope_header *header, uint64_t seq, struct address *from)
{
    if (hear(header, broker->now_ms, seq, from))
        write_later(broker, seq, from);
}

uint64_t activity_floor(struct broker *broker)
{
    struct activity *activity = &broker->activity;

    while (activity->count > 0 && !take_oldest(broker, false))
        ;
    return activity->count > 0 ? oldest(activity)->seq - 1 : broker->tables.ops->head(broker->tables.owner);
}

static void save_floor(struct broker *broker)
{
    uint64_t floor = activity_floor(broker);
    uint8_t row[8];
    struct writer to = writer_make(row, sizeof(row));

    if (floor == broker->activity.saved)
        return;
    writer_u64(&to, floor);
    tables_put(&broker->tables, TABLE_COUNTERS, floor_key(), writer_bytes(&to));
    broker->activity.saved = floor;
}

static bool is_due(const struct broker *broker, const struct activity_due *due)
{
    return broker->tables.ops->head(broker->tables.owner) - due->seq >= GATEWAY_BEHIND_RECORDS ||
           broker->now_ms - due->at_ms >= GATEWAY_BEHIND_MS;
}

void activity_flush(struct broker *broker)
{
    const struct activity *activity = &broker->activity;

    for (unsigned n = 0; n < GATEWAY_BEHIND_PER_BATCH && activity->count > 0 && is_due(broker, oldest(activity)); n++) {
        arena_reset(&broker->scratch);
        write_oldest(broker);
    }
    save_floor(broker);
}

void activity_flush_all(struct broker *broker)
{
    while (broker->activity.count > 0) {
        arena_reset(&broker->scratch);
        write_oldest(broker);
    }
    save_floor(broker);
}

static int replay_header(struct broker *broker, const struct record *record, struct address *from)
{
    struct envelope_header header;
    struct envelope envelope;

    arena_reset(&broker->header);
    if (envelope_parse(record->envelope, &envelope) < 0 ||
        envelope_header_parse(envelope.header, &broker->header, &header) < 0)
        return 0; /* it said nothing then either */
    if (hear(&header, record->accepted_ms, record->seq, from))
        write_later(broker, record->seq, from);
    return 0;
}

static int replay_one(void *context, uint64_t seq, struct bytes journal)
{
    struct broker *broker = context;
    struct address *from;
    struct record *record;
    int r = record_parse(journal, seq, &record);

    if (r < 0)
        return r == -EBADMSG ? 0 : r;
    arena_reset(&broker->scratch);
    if (record->from.size > 0)
        r = directory_address(&broker->directory, &record->channel, record->from, &from);
    if (r == 0 && record->from.size > 0 && seq > from->last_seq)
        r = replay_header(broker, record, from);
    record_unref(record);
    return r == -ENOENT ? 0 : r; /* forgotten since */
}

int activity_replay(struct broker *broker)
{
    struct tables *tables = &broker->tables;
    struct bytes row;
    uint64_t floor = 0;

    arena_reset(&broker->scratch);
    int r = tables_get(tables, TABLE_COUNTERS, floor_key(), &broker->scratch, &row);
    if (r < 0)
        return r == -ENOENT ? 0 : r; /* a store from before anything was written behind */
    struct cursor at = { row };
    r = cursor_u64(&at, &floor);
    return r < 0 ? r : tables->ops->read(tables->owner, floor + 1, replay_one, broker);
}
