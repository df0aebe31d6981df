/* The lines' bookkeeping. Never writes to the store: that is parking's part; never hands out: dispatch does.
 */
#include "core/lines.h"

#include <errno.h>
#include <stdlib.h>

static struct bytes seq_key(const uint64_t *seq)
{
    return bytes_make(seq, sizeof(*seq));
}

bool target_set_is_empty(const struct target_set *set)
{
    uint64_t any = 0;

    for (size_t i = 0; i < TARGET_WORDS; i++)
        any |= set->bits[i];
    return any == 0;
}

void lines_init(struct lines *lines)
{
    *lines = (struct lines){ .by_room = MAP_EMPTY(GATEWAY_LINES_MAX, 0),
                             .by_seq = MAP_EMPTY((size_t) GATEWAY_LOOKAHEAD * 2, 0) };
    list_init(&lines->ready);
    list_init(&lines->bulk);
    list_init(&lines->asleep);
    list_init(&lines->doubts);
    list_init(&lines->open);
}

void lines_deinit(struct lines *lines)
{
    struct bytes key;
    void *value;

    for (size_t at = 0; map_next(&lines->by_seq, &at, &key, &value);)
        free(value);
    for (size_t at = 0; map_next(&lines->by_room, &at, &key, &value);)
        free(value);
    map_deinit(&lines->by_seq);
    map_deinit(&lines->by_room);
}

struct line *lines_of(const struct lines *lines, const struct id *room)
{
    return map_get(&lines->by_room, id_bytes(room));
}

struct entry *lines_find(const struct lines *lines, uint64_t seq)
{
    return map_get(&lines->by_seq, seq_key(&seq));
}

int lines_open(struct lines *lines, const struct id *room, struct line **ret)
{
    struct line *line = lines_of(lines, room);

    if (!line) {
        line = calloc(1, sizeof(*line));
        if (!line)
            return -ENOMEM;
        line->room = *room;
        list_init(&line->entries);
        list_init(&line->in_ready);
        int r = map_set(&lines->by_room, id_bytes(room), line);
        if (r < 0) {
            free(line);
            return r;
        }
    }
    *ret = line;
    return 0;
}

int lines_add(struct lines *lines, struct line *line, uint64_t seq, struct entry **ret)
{
    struct entry *entry = calloc(1, sizeof(*entry));

    if (!entry)
        return -ENOMEM;
    int r = map_set(&lines->by_seq, seq_key(&seq), entry);
    if (r < 0) {
        free(entry);
        return r;
    }
    entry->seq = seq;
    entry->line = line;
    list_init(&entry->in_open);
    list_init(&entry->in_doubt);
    struct list *before = &line->entries;
    while (before->previous != &line->entries && container_of(before->previous, struct entry, in_line)->seq > seq &&
           container_of(before->previous, struct entry, in_line)->state == ENTRY_WAITING)
        before = before->previous;
    list_append(before, &entry->in_line); /* links in front of `before` */
    line->n_entries++;
    lines->n_entries++;
    *ret = entry;
    return 0;
}

void lines_release(struct entry *entry)
{
    if (entry->seat && entry->state == ENTRY_OUT) {
        entry->seat->n_out--;
        entry->seat->n_bulk -= entry->is_bulk;
    }
    entry->seat = NULL;
}

void lines_drop(struct lines *lines, struct entry *entry)
{
    list_remove(&entry->in_line);
    list_remove(&entry->in_open);
    list_remove(&entry->in_doubt);
    lines_release(entry);
    entry->line->n_entries--;
    lines->n_entries--;
    map_remove(&lines->by_seq, seq_key(&entry->seq));
    free(entry);
}

bool lines_close(struct lines *lines, struct line *line)
{
    if (line->n_entries > 0 || line->has_more)
        return false;
    list_remove(&line->in_ready);
    map_remove(&lines->by_room, id_bytes(&line->room));
    free(line);
    return true;
}

void lines_wake(struct lines *lines, struct line *line)
{
    struct list *first = list_first(&line->entries);
    bool is_bulk = first ? container_of(first, struct entry, in_line)->is_bulk : line->has_more && line->is_bulk;

    line->not_before_ms = 0;
    list_remove(&line->in_ready);
    list_append(is_bulk ? &lines->bulk : &lines->ready, &line->in_ready);
}

void lines_sleep(struct lines *lines, struct line *line, uint64_t not_before_ms)
{
    line->not_before_ms = not_before_ms;
    list_remove(&line->in_ready);
    list_append(&lines->asleep, &line->in_ready);
}

uint64_t lines_first_open(const struct lines *lines, uint64_t next)
{
    return !list_is_empty(&lines->open) ? container_of(list_first(&lines->open), struct entry, in_open)->seq : next;
}
