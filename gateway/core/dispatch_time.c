/* What time does to TARGETS subscriptions: rooms that slept wake, doubts end, the clock is set. Never hands anything out.
 */
#include "core/dispatch.h"

/* The store knows from when on the first of a sleeping line may go: a later life must know what may have been out. */
static void note_time(struct broker *broker, const struct subscription *subscription, const struct line *line,
                      uint64_t not_before_ms)
{
    struct parked row;

    arena_reset(&broker->scratch);
    if (parking_read(broker, subscription, line, &row, 1) != 1)
        return;
    row.not_before_ms = not_before_ms;
    parking_put(broker, subscription, &line->room, &row);
}

void dispatch_clock_set(struct broker *broker, struct subscription *subscription)
{
    list_for_each (node, &subscription->lines.asleep) {
        const struct line *line = container_of(node, struct line, in_ready);

        note_time(broker, subscription, line, line->not_before_ms);
    }
}

void dispatch_wake_all(struct broker *broker, const struct id *channel, const struct id *service)
{
    list_for_each (node, &broker->subscriptions) {
        struct subscription *subscription = container_of(node, struct subscription, link);

        if (!subscription->targets || !id_equal(&subscription->channel, channel) ||
            !id_equal(&subscription->service, service))
            continue;
        list_for_each_safe (sleeper, after, &subscription->lines.asleep) {
            struct line *line = container_of(sleeper, struct line, in_ready);

            note_time(broker, subscription, line, 0);
            lines_wake(&subscription->lines, line);
            broker->is_waking = broker->is_wake_new = true; /* before they go, it is on the disk that they may have */
        }
    }
}

void dispatch_tick(struct broker *broker, struct subscription *subscription)
{
    list_for_each_safe (node, after, &subscription->lines.asleep) {
        struct line *line = container_of(node, struct line, in_ready);

        if (line->not_before_ms <= broker->now_ms)
            lines_wake(&subscription->lines, line);
    }
    list_for_each_safe (node, after, &subscription->lines.doubts) {
        struct entry *entry = container_of(node, struct entry, in_doubt);

        if (entry->until_ms > broker->now_ms)
            continue;
        /* It stays away: as long as nobody tells how it ended, an echo may be of it. */
        list_remove(&entry->in_doubt);
        entry->state = ENTRY_WAITING;
        entry->maybe_sent = true;
        entry->told = (struct target_set){ { 0 } };
        lines_wake(&subscription->lines, entry->line);
        arena_reset(&broker->scratch);
        dispatch_note(broker, subscription, entry->seq, "in doubt", "no answer came; handed out again");
        dispatch_drop_settled(broker, subscription, entry);
    }
}
