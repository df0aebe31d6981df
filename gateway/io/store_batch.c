/* Filling batches, in memory that is used again and again. Never decides what goes in. */
#include "store_batch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM ((size_t) 64)
#define VALUE_ROOM_STEP ((size_t) 16)

struct batch *batch_new(void)
{
    struct batch *batch = calloc(1, sizeof(*batch));

    if (!batch)
        return NULL;
    list_init(&batch->link);
    list_init(&batch->in_flight);
    batch->memory = ARENA_EMPTY(BATCH_MAX_BYTES);
    return batch;
}

struct batch *batch_free(struct batch *batch)
{
    if (batch) {
        arena_deinit(&batch->memory);
        free(batch->records);
        free(batch->ends);
        free(batch->marks);
    }
    free(batch);
    return NULL;
}

void batch_reset(struct batch *batch)
{
    struct batch empty = {
        .records = batch->records,
        .records_room = batch->records_room,
        .ends = batch->ends,
        .ends_room = batch->ends_room,
        .marks = batch->marks,
        .marks_room = batch->marks_room,
        .memory = batch->memory,
    };

    arena_reset(&empty.memory);
    *batch = empty;
    list_init(&batch->link);
    list_init(&batch->in_flight);
}

bool batch_is_empty(const struct batch *batch)
{
    return !batch->n_records && !batch->n_changes && !batch->n_marks && !batch->full && !batch->prune_to &&
           !batch->first_kept_run;
}

size_t batch_held_bytes(const struct batch *batch)
{
    return batch->records_room + batch->ends_room * sizeof(*batch->ends) + batch->marks_room * sizeof(*batch->marks) +
           batch->memory.held_bytes;
}

/* Makes `*array` hold at least `need` items. */
static int reserve(void **array, size_t *room, size_t need, size_t item_bytes)
{
    size_t larger = *room ? *room : FIRST_ROOM;

    if (need <= *room)
        return 0;
    while (larger < need)
        larger *= 2;
    if (larger > BATCH_MAX_BYTES / item_bytes)
        return -ENOMEM;
    void *moved = realloc(*array, larger * item_bytes);
    if (!moved)
        return -ENOMEM;
    *array = moved;
    *room = larger;
    return 0;
}

int batch_add_record(struct batch *batch, struct bytes record)
{
    void *records = batch->records, *ends = batch->ends;
    int r = reserve(&records, &batch->records_room, batch->records_size + record.size, 1);

    batch->records = records;
    if (r < 0)
        return r;
    r = reserve(&ends, &batch->ends_room, batch->n_records + 1, sizeof(*batch->ends));
    batch->ends = ends;
    if (r < 0)
        return r;
    if (record.size)
        memcpy(batch->records + batch->records_size, record.data, record.size);
    batch->records_size += record.size;
    batch->ends[batch->n_records++] = (uint32_t) batch->records_size;
    batch->size_bytes += record.size;
    return 0;
}

int batch_add_mark(struct batch *batch, struct seen_mark mark, uint64_t now_ms)
{
    void *marks = batch->marks;
    int r = reserve(&marks, &batch->marks_room, batch->n_marks + 1, sizeof(*batch->marks));

    batch->marks = marks;
    if (r < 0)
        return r;
    batch->marks[batch->n_marks++] = mark;
    batch->marks_ms = now_ms;
    batch->size_bytes += sizeof(mark);
    return 0;
}

int batch_add_change(struct batch *batch, enum store_table table, struct bytes key, struct bytes value,
                     struct change **ret)
{
    if (value.size > BATCH_MAX_BYTES)
        return -ENOMEM;
    size_t room = (value.size + VALUE_ROOM_STEP - 1) / VALUE_ROOM_STEP * VALUE_ROOM_STEP;
    struct change *change = arena_alloc(&batch->memory, sizeof(*change) + key.size + room);
    if (!change)
        return -ENOMEM;

    list_init(&change->in_table);
    change->batch = batch;
    change->table = (uint8_t) table;
    change->key_size = (uint16_t) key.size;
    change->value_size = (uint32_t) value.size;
    change->value_room = (uint32_t) room;
    memcpy(change->bytes, key.data, key.size);
    if (value.size)
        memcpy(change->bytes + key.size, value.data, value.size);
    if (batch->last_change)
        batch->last_change->next = change;
    else
        batch->first_change = change;
    batch->last_change = change;
    batch->n_changes++;
    batch->size_bytes += sizeof(*change) + key.size + room;
    *ret = change;
    return 0;
}

void batch_add_generation(struct batch *batch, struct seen_generation *generation)
{
    struct seen_generation **end = &batch->full;

    while (*end)
        end = &(*end)->next;
    generation->next = NULL;
    *end = generation;
    batch->size_bytes += generation->run.n_ids * sizeof(struct seen_mark);
    batch->n_marks = 0;
}
