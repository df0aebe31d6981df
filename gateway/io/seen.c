/* Which ids were seen: generations in memory and the list of runs. Never touches a file. */
#include "seen.h"

#include "seen_filter.h"
#include "seen_table.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct seen {
    uint64_t seed[2];
    struct list generations; /* newest first: the current one, then those being written down */
    struct seen_run runs[SEEN_RUNS_MAX];
    size_t n_runs;
    uint32_t loaded_from;       /* runs before this one are in no filter yet: anything may be in them */
    struct seen_filter *filter; /* of runs that were written down since it was opened */
    struct seen_filter *loaded; /* of those from before */
};

static struct seen_generation *current(const struct seen *seen)
{
    return container_of(seen->generations.next, struct seen_generation, link); /* there always is one */
}

struct seen *seen_new(const uint64_t seed[2], uint32_t number)
{
    struct seen *seen = calloc(1, sizeof(*seen));

    if (!seen)
        return NULL;
    list_init(&seen->generations);
    memcpy(seen->seed, seed, sizeof(seen->seed));
    seen->filter = seen_filter_new();
    seen->loaded = seen_filter_new();
    struct seen_generation *first = seen_generation_new(number, NULL);
    if (!seen->filter || !seen->loaded || !first) {
        (void) seen_generation_free(first);
        return seen_free(seen);
    }
    list_prepend(&seen->generations, &first->link);
    return seen;
}

struct seen *seen_free(struct seen *seen)
{
    if (!seen)
        return NULL;
    list_for_each_safe (node, after, &seen->generations) {
        list_remove(node);
        seen_generation_free(container_of(node, struct seen_generation, link));
    }
    seen->filter = seen_filter_free(seen->filter);
    seen->loaded = seen_filter_free(seen->loaded);
    free(seen);
    return NULL;
}

static uint64_t stir(uint64_t x)
{
    x ^= x >> 33;
    x *= 0xff51afd7ed558ccdu;
    x ^= x >> 33;
    x *= 0xc4ceb9fe1a85ec53u;
    return x ^ (x >> 33);
}

struct seen_id seen_id_of(const struct seen *seen, const uint8_t id[16])
{
    uint64_t half[2];

    memcpy(half, id, sizeof(half));
    uint64_t a = be64toh(half[0]), b = be64toh(half[1]);

    /* four Feistel rounds: whatever stir() does, the whole can be undone, so no two ids become one */
    b ^= stir(a + seen->seed[0]);
    a ^= stir(b + seen->seed[1]);
    b ^= stir(a ^ seen->seed[1]);
    a ^= stir(b ^ seen->seed[0]);
    return (struct seen_id){ a, b };
}

int seen_id_compare(struct seen_id a, struct seen_id b)
{
    if (a.high != b.high)
        return a.high < b.high ? -1 : 1;
    return a.low == b.low ? 0 : a.low < b.low ? -1 : 1;
}

bool seen_find(const struct seen *seen, struct seen_id id, uint64_t *ret_seq)
{
    list_for_each (node, &seen->generations) {
        const struct seen_generation *generation = container_of(node, struct seen_generation, link);

        if (seen_generation_find(generation, id, ret_seq))
            return true;
    }
    return false;
}

void seen_expect(const struct seen *seen, struct seen_id id)
{
    seen_generation_expect(current(seen), id);
    seen_filter_expect(seen->filter, id);
    seen_filter_expect(seen->loaded, id);
}

size_t seen_candidates(const struct seen *seen, struct seen_id id, uint32_t *ret)
{
    size_t n = seen_filter_candidates(seen->filter, id, ret),
           end = n + seen_filter_candidates(seen->loaded, id, ret + n);

    /* what is being loaded is in its filter by halves */
    for (size_t i = n; i < end; i++)
        if (ret[i] >= seen->loaded_from)
            ret[n++] = ret[i];
    for (size_t i = 0; i < seen->n_runs && seen->runs[i].number < seen->loaded_from; i++)
        ret[n++] = seen->runs[i].number;
    return n;
}

int seen_add(struct seen *seen, struct seen_mark mark, uint64_t now_ms)
{
    return seen_generation_add(current(seen), mark, now_ms);
}

const struct seen_run *seen_current(const struct seen *seen)
{
    return &current(seen)->run;
}

struct seen_generation *seen_turn(struct seen *seen)
{
    struct seen_generation *old = current(seen), *next = seen_generation_new(old->run.number + 1, old);

    if (!next)
        return NULL;
    list_prepend(&seen->generations, &next->link);
    return old;
}

int seen_load_run(struct seen *seen, const struct seen_run *run)
{
    if (seen->n_runs == SEEN_RUNS_MAX)
        return -ENOSPC;
    seen->runs[seen->n_runs++] = *run;
    seen->loaded_from = run->number + 1;
    return 0;
}

/* They are sorted: mostly the first one already says that there is none. */
static const struct seen_run *newest_unloaded(const struct seen *seen)
{
    const struct seen_run *newest = NULL;

    for (size_t i = 0; i < seen->n_runs && seen->runs[i].number < seen->loaded_from; i++)
        newest = &seen->runs[i];
    return newest;
}

bool seen_unloaded(const struct seen *seen, uint32_t *ret_run)
{
    const struct seen_run *run = newest_unloaded(seen);

    if (run)
        *ret_run = run->number;
    return run != NULL;
}

int seen_begin_loading(struct seen *seen, uint32_t run)
{
    const struct seen_run *next = newest_unloaded(seen);

    return next && next->number == run ? seen_filter_begin_run(seen->loaded, run, next->n_ids) : -ENOENT;
}

void seen_load_id(struct seen *seen, struct seen_id id)
{
    seen_filter_add(seen->loaded, id);
}

void seen_end_loading(struct seen *seen, uint32_t run)
{
    seen->loaded_from = run;
}

void seen_settle(struct seen *seen, struct seen_generation **generation)
{
    struct seen_generation *old = *generation;

    if (seen->n_runs == SEEN_RUNS_MAX)
        seen_forget(seen, seen->runs[1].number);
    if (seen_filter_begin_run(seen->filter, old->run.number, old->run.n_ids) < 0)
        return; /* no memory for a filter: the generation itself goes on knowing its ids, until the next start */
    seen->runs[seen->n_runs++] = old->run;
    for (size_t i = 0; i < old->n_slots; i++)
        if (old->slots[i].seq)
            seen_filter_add(seen->filter, old->slots[i].id);
    list_remove(&old->link);
    *generation = seen_generation_free(old);
}

uint32_t seen_first_kept(const struct seen *seen, uint64_t before_ms)
{
    size_t i = 0, in_memory = 0;

    list_for_each (node, &seen->generations)
        in_memory++;
    while (i < seen->n_runs && (seen->runs[i].newest_ms < before_ms || seen->n_runs - i + in_memory > SEEN_RUNS_MAX))
        i++;
    return i < seen->n_runs ? seen->runs[i].number
                            : container_of(seen->generations.previous, struct seen_generation, link)->run.number;
}

void seen_forget(struct seen *seen, uint32_t first_kept)
{
    size_t n = 0;

    while (n < seen->n_runs && seen->runs[n].number < first_kept)
        n++;
    seen->n_runs -= n;
    memmove(seen->runs, seen->runs + n, seen->n_runs * sizeof(*seen->runs));
    seen_filter_forget(seen->filter, first_kept);
    seen_filter_forget(seen->loaded, first_kept);
}

uint64_t seen_count(const struct seen *seen)
{
    uint64_t count = 0;

    for (size_t i = 0; i < seen->n_runs; i++)
        count += seen->runs[i].n_ids;
    list_for_each (node, &seen->generations)
        count += container_of(node, struct seen_generation, link)->run.n_ids;
    return count;
}
