/* Writing and reading entries of the redo log. Numbers are big-endian, as everywhere in the store. */
#include "store_log_entry.h"

#include <errno.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define BATCH_HEAD_BYTES ((size_t) 56)
#define CHANGE_HEAD_BYTES ((size_t) 7)
#define MARK_BYTES ((size_t) 24)
#define IS_DELETION 0x80
#define CHECKSUM_BYTES ((size_t) 8)

bool entry_can_hold(const struct batch *batch)
{
    return !batch->full;
}

/* ---- writing ---- */

static size_t batch_bytes(const struct batch *batch)
{
    size_t size = BATCH_HEAD_BYTES + batch->n_records * 4 + batch->records_size + batch->n_marks * MARK_BYTES;

    for (const struct change *change = batch->first_change; change; change = change->next)
        if (!change->is_replaced)
            size += CHANGE_HEAD_BYTES + change->key_size + change->value_size;
    return size;
}

size_t entry_size(const struct list *batches)
{
    size_t size = ENTRY_HEAD_BYTES;

    list_for_each (node, batches)
        size += batch_bytes(container_of(node, struct batch, link));
    return (size + ENTRY_PAGE_BYTES - 1) / ENTRY_PAGE_BYTES * ENTRY_PAGE_BYTES;
}

static uint32_t count_changes(const struct batch *batch)
{
    uint32_t n = 0;

    for (const struct change *change = batch->first_change; change; change = change->next)
        n += !change->is_replaced;
    return n;
}

static void write_batch(struct writer *to, const struct batch *batch)
{
    writer_u64(to, batch->number);
    writer_u64(to, batch->marks_ms);
    writer_u64(to, batch->prune_to);
    writer_u32(to, batch->first_kept_run);
    writer_u32(to, batch->next_generation);
    writer_u64(to, batch->first_seq);
    writer_u32(to, (uint32_t) batch->n_records);
    writer_u32(to, count_changes(batch));
    writer_u32(to, (uint32_t) batch->n_marks);
    writer_u32(to, (uint32_t) batch->records_size);
    for (size_t i = 0; i < batch->n_records; i++)
        writer_u32(to, batch->ends[i]);
    writer_put(to, bytes_make(batch->records, batch->records_size));
    for (const struct change *change = batch->first_change; change; change = change->next) {
        if (change->is_replaced)
            continue;
        writer_u8(to, (uint8_t) (change->table | (change->is_deletion ? IS_DELETION : 0)));
        writer_u16(to, change->key_size);
        writer_u32(to, change->value_size);
        writer_put(to, bytes_make(change->bytes, (size_t) change->key_size + change->value_size));
    }
    for (size_t i = 0; i < batch->n_marks; i++) {
        writer_u64(to, batch->marks[i].id.high);
        writer_u64(to, batch->marks[i].id.low);
        writer_u64(to, batch->marks[i].seq);
    }
}

/* Over all but itself; keyed by the store, so that no other store's entry is one here. */
static uint64_t checksum_of(const uint8_t *entry, size_t size, const uint64_t seed[2])
{
    return XXH3_64bits_withSeed(entry + CHECKSUM_BYTES, size - CHECKSUM_BYTES, seed[0] ^ seed[1]);
}

void entry_write(const struct list *batches, const uint64_t seed[2], uint8_t *to, size_t size)
{
    struct writer writer = writer_make(to, size);
    uint64_t n = 0;

    list_for_each (node, batches)
        n++;
    writer_u64(&writer, 0);
    writer_u64(&writer, size);
    writer_u64(&writer, list_is_empty(batches) ? 0 : container_of(batches->next, struct batch, link)->number);
    writer_u64(&writer, n);
    list_for_each (node, batches)
        write_batch(&writer, container_of(node, struct batch, link));
    memset(to + writer.size, 0, size - writer.size);

    struct writer front = writer_make(to, CHECKSUM_BYTES);
    writer_u64(&front, checksum_of(to, size, seed));
}

/* ---- reading ---- */

struct counts {
    uint32_t records, changes, marks, record_bytes;
};

static int read_head(struct cursor *from, struct batch *batch, struct counts *ret)
{
    if (cursor_u64(from, &batch->number) < 0 || cursor_u64(from, &batch->marks_ms) < 0 ||
        cursor_u64(from, &batch->prune_to) < 0 || cursor_u32(from, &batch->first_kept_run) < 0 ||
        cursor_u32(from, &batch->next_generation) < 0 || cursor_u64(from, &batch->first_seq) < 0 ||
        cursor_u32(from, &ret->records) < 0 || cursor_u32(from, &ret->changes) < 0 ||
        cursor_u32(from, &ret->marks) < 0 || cursor_u32(from, &ret->record_bytes) < 0)
        return -EBADMSG;
    return 0;
}

static int read_records(struct cursor *from, struct batch *batch, const struct counts *counts)
{
    struct bytes ends, records;
    uint32_t start = 0, end;
    int r = cursor_take(from, (size_t) counts->records * 4, &ends);

    if (r == 0)
        r = cursor_take(from, counts->record_bytes, &records);
    struct cursor at = { r == 0 ? ends : BYTES_EMPTY };
    for (uint32_t i = 0; i < counts->records && r == 0; i++, start = end) {
        if (cursor_u32(&at, &end) < 0 || end < start || end > records.size)
            return -EBADMSG;
        r = batch_add_record(batch, bytes_slice(records, start, end - start));
    }
    return r;
}

static int read_changes(struct cursor *from, struct batch *batch, uint32_t n)
{
    uint8_t table;
    uint16_t key_size;
    uint32_t value_size;
    struct bytes key, value;
    struct change *change;
    int r = 0;

    for (uint32_t i = 0; i < n && r == 0; i++) {
        if (cursor_u8(from, &table) < 0 || cursor_u16(from, &key_size) < 0 || cursor_u32(from, &value_size) < 0 ||
            cursor_take(from, key_size, &key) < 0 || cursor_take(from, value_size, &value) < 0 ||
            (table & ~IS_DELETION) >= STORE_N_TABLES || key_size == 0 || key_size > STORE_KEY_MAX_BYTES)
            return -EBADMSG;
        r = batch_add_change(batch, (enum store_table)(table & ~IS_DELETION), key, value, &change);
        if (r == 0)
            change->is_deletion = (table & IS_DELETION) != 0;
    }
    return r;
}

static int read_marks(struct cursor *from, struct batch *batch, uint32_t n)
{
    struct seen_mark mark;
    int r = 0;

    for (uint32_t i = 0; i < n && r == 0; i++) {
        if (cursor_u64(from, &mark.id.high) < 0 || cursor_u64(from, &mark.id.low) < 0 ||
            cursor_u64(from, &mark.seq) < 0)
            return -EBADMSG;
        r = batch_add_mark(batch, mark, batch->marks_ms);
    }
    return r;
}

static int read_batch(struct cursor *from, struct list *ret)
{
    struct batch *batch = batch_new();
    struct counts counts;

    if (!batch)
        return -ENOMEM;
    list_append(ret, &batch->link); /* half of one goes with the rest */
    int r = read_head(from, batch, &counts);
    if (r == 0)
        r = read_records(from, batch, &counts);
    if (r == 0)
        r = read_changes(from, batch, counts.changes);
    return r == 0 ? read_marks(from, batch, counts.marks) : r;
}

int entry_read(struct bytes bytes, const uint64_t seed[2], struct list *ret_batches, size_t *ret_size)
{
    struct cursor cursor = { bytes };
    struct list batches;
    uint64_t checksum, size, first, n;

    if (cursor_u64(&cursor, &checksum) < 0 || cursor_u64(&cursor, &size) < 0 || cursor_u64(&cursor, &first) < 0 ||
        cursor_u64(&cursor, &n) < 0 || size < ENTRY_HEAD_BYTES || size > bytes.size ||
        checksum_of(bytes.data, size, seed) != checksum)
        return -EBADMSG;
    cursor.rest = bytes_slice(bytes, ENTRY_HEAD_BYTES, size - ENTRY_HEAD_BYTES);
    list_init(&batches);
    int r = n > 0 ? 0 : -EBADMSG;
    for (uint64_t i = 0; i < n && r == 0; i++) {
        r = read_batch(&cursor, &batches);
        if (r == 0 && container_of(batches.previous, struct batch, link)->number != first + i)
            r = -EBADMSG;
    }
    list_for_each_safe (node, after, &batches) {
        list_remove(node);
        if (r < 0)
            batch_free(container_of(node, struct batch, link));
        else
            list_append(ret_batches, node);
    }
    *ret_size = size;
    return r;
}
