/* A hash table whose slots follow the order of the ids, so that writing it down sorted costs almost nothing. Never
 * holds more than it was asked to remember.
 *
 * An id belongs at the slot its highest bits name; ids are mixed, so they spread evenly. Probing goes upwards only,
 * into some slack behind the last home; running out of slack doubles the table.
 */
#include "seen_table.h"

#include <errno.h>
#include <stdlib.h>

#include "memory/large.h"

#define FIRST_BITS 10
#define MAX_BITS 24
#define SLACK_SLOTS ((size_t) 256)

struct seen_generation *seen_generation_new(uint32_t number, const struct seen_generation *before)
{
    struct seen_generation *generation = calloc(1, sizeof(*generation));

    if (!generation)
        return NULL;
    list_init(&generation->link);
    generation->run.number = number;
    generation->bits = before ? before->bits : FIRST_BITS; /* a table that grows is moved as a whole, time and again */
    return generation;
}

static void free_slots(struct seen_generation *generation)
{
    generation->slots = large_free(generation->slots, generation->n_slots * sizeof(*generation->slots));
}

struct seen_generation *seen_generation_free(struct seen_generation *generation)
{
    if (generation) {
        list_remove(&generation->link);
        free_slots(generation);
    }
    free(generation);
    return NULL;
}

/* The slot of this id, or the free one where it goes; NULL: the slack is used up. */
static struct seen_mark *find(const struct seen_generation *generation, struct seen_id id)
{
    for (size_t at = (size_t) (id.high >> (64 - generation->bits)); at < generation->n_slots; at++) {
        struct seen_mark *slot = &generation->slots[at];

        if (!slot->seq || (slot->id.high == id.high && slot->id.low == id.low))
            return slot;
    }
    return NULL;
}

bool seen_generation_find(const struct seen_generation *generation, struct seen_id id, uint64_t *ret_seq)
{
    const struct seen_mark *slot = generation->slots ? find(generation, id) : NULL;

    if (!slot || !slot->seq)
        return false;
    *ret_seq = slot->seq - 1;
    return true;
}

void seen_generation_expect(const struct seen_generation *generation, struct seen_id id)
{
    if (generation->slots)
        __builtin_prefetch(&generation->slots[id.high >> (64 - generation->bits)]);
}

static int grow(struct seen_generation *generation)
{
    struct seen_generation larger = *generation;

    for (larger.bits += generation->slots != NULL; larger.bits <= MAX_BITS; larger.bits++) {
        size_t i = 0;

        larger.n_slots = ((size_t) 1 << larger.bits) + SLACK_SLOTS;
        larger.slots = large_new(larger.n_slots * sizeof(*larger.slots));
        if (!larger.slots)
            return -ENOMEM;
        for (; i < generation->n_slots; i++) {
            struct seen_mark *slot = generation->slots[i].seq ? find(&larger, generation->slots[i].id) : NULL;

            if (slot)
                *slot = generation->slots[i];
            else if (generation->slots[i].seq)
                break;
        }
        if (i == generation->n_slots) {
            free_slots(generation);
            generation->bits = larger.bits;
            generation->n_slots = larger.n_slots;
            generation->slots = larger.slots;
            return 0;
        }
        free_slots(&larger);
    }
    return -ENOMEM;
}

int seen_generation_add(struct seen_generation *generation, struct seen_mark mark, uint64_t now_ms)
{
    if ((size_t) generation->run.n_ids * 2 >= generation->n_slots) {
        int r = grow(generation);

        if (r < 0)
            return r;
    }
    struct seen_mark *slot = find(generation, mark.id);
    while (!slot) {
        int r = grow(generation);

        if (r < 0)
            return r;
        slot = find(generation, mark.id);
    }
    if (!slot->seq && generation->run.n_ids++ == 0)
        generation->run.oldest_ms = now_ms;
    if (now_ms > generation->run.newest_ms)
        generation->run.newest_ms = now_ms;
    *slot = (struct seen_mark){ mark.id, mark.seq + 1 };
    return 0;
}

void seen_generation_sort(const struct seen_generation *generation, struct seen_mark *ret)
{
    size_t n = 0;

    /* the slots are in order but for neighbours: insertion sort moves each a few places at most */
    for (size_t i = 0; i < generation->n_slots; i++) {
        struct seen_mark mark = generation->slots[i];
        size_t at = n;

        if (!mark.seq)
            continue;
        mark.seq--;
        for (; at > 0 && seen_id_compare(ret[at - 1].id, mark.id) > 0; at--)
            ret[at] = ret[at - 1];
        ret[at] = mark;
        n++;
    }
}
