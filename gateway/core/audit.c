/* Counts, and keeps the counts with the batch they belong to. Never decides anything.
 */
#include "core/audit.h"

#include <stdlib.h>

#include "core/members.h"

#define N_COUNTERS 9

static void pack(const struct counts *counts, uint8_t row[N_COUNTERS * 8])
{
    struct writer to = writer_make(row, N_COUNTERS * 8);

    writer_u64(&to, counts->received);
    writer_u64(&to, counts->published);
    writer_u64(&to, counts->duplicate);
    writer_u64(&to, counts->rejected);
    writer_u64(&to, counts->targets);
    writer_u64(&to, counts->sent);
    writer_u64(&to, counts->bounced);
    writer_u64(&to, counts->dead);
    writer_u64(&to, counts->ephemeral);
}

static void unpack(struct bytes row, struct counts *counts)
{
    struct cursor at = { row };
    uint64_t *const members[N_COUNTERS] = { &counts->received, &counts->published, &counts->duplicate,
                                            &counts->rejected, &counts->targets,   &counts->sent,
                                            &counts->bounced,  &counts->dead,      &counts->ephemeral };

    for (size_t i = 0; i < N_COUNTERS; i++)
        if (cursor_u64(&at, members[i]) < 0)
            return;
}

void audit_init(struct audit *audit, struct tables *tables)
{
    *audit = (struct audit){ .tables = tables, .channels = MAP_EMPTY(MEMBERS_CHANNELS_MAX * 2, 0) };
}

void audit_deinit(struct audit *audit)
{
    struct bytes key;
    void *value;

    for (size_t at = 0; map_next(&audit->channels, &at, &key, &value);)
        free(value);
    map_deinit(&audit->channels);
}

struct counts *audit_of(struct audit *audit, const struct id *channel)
{
    struct counts *counts = map_get(&audit->channels, id_bytes(channel));

    if (!counts) {
        struct arena mem = ARENA_EMPTY(1 << 16);
        struct bytes row;

        counts = calloc(1, sizeof(*counts));
        if (!counts || map_set(&audit->channels, id_bytes(channel), counts) < 0) {
            free(counts);
            return &audit->lost;
        }
        counts->channel = *channel;
        if (tables_get(audit->tables, TABLE_COUNTERS, id_bytes(channel), &mem, &row) == 0)
            unpack(row, counts);
        arena_deinit(&mem);
    }
    counts->is_dirty = true;
    return counts;
}

void audit_flush(struct audit *audit)
{
    struct bytes key;
    void *value;
    uint8_t row[N_COUNTERS * 8];

    for (size_t at = 0; map_next(&audit->channels, &at, &key, &value);) {
        struct counts *counts = value;

        if (!counts->is_dirty)
            continue;
        pack(counts, row);
        tables_put(audit->tables, TABLE_COUNTERS, key, bytes_make(row, sizeof(row)));
        counts->is_dirty = false;
    }
}
