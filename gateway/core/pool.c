/* Chunks of things, and one table of eight-byte slots. Slots lie in the order of the hashes, so that a table grows in one
 * walk from its beginning to its end, without jumping about in memory. Never moves a thing.
 */
#include "core/pool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "memory/large.h"

#define CHUNK_BITS 12
#define CHUNK_THINGS ((uint32_t) 1 << CHUNK_BITS)
#define FIRST_CHUNKS ((size_t) 16) /* each for itself; who has few things asks for little memory */
#define BLOCK_CHUNKS ((size_t) 16) /* later ones in blocks of so many */
#define EXPECT_BYTES ((size_t) 88) /* of a thing: what is looked at first */
#define EXPECT_SLOTS 8u            /* what one line of memory has */
#define LINE_BYTES ((size_t) 64)   /* of memory */
#define FIRST_BITS 6u
#define LAST_BITS 30u

static void *key_of(const void *thing)
{
    return (uint8_t *) (uintptr_t) thing + sizeof(struct pool_head);
}

static uint32_t hash_of(const struct pool *pool, const uint8_t *key)
{
    return (uint32_t) (bytes_hash_fast(bytes_make(key, pool->key_bytes), pool->seed) >> 32);
}

static size_t home_of(const struct pool *pool, uint32_t hash)
{
    return hash >> (32 - pool->bits);
}

static size_t chunk_bytes(const struct pool *pool)
{
    return CHUNK_THINGS * pool->thing_bytes;
}

static size_t slots_bytes(const struct pool *pool)
{
    return sizeof(*pool->slots) << pool->bits;
}

void pool_deinit(struct pool *pool)
{
    for (size_t i = 0; i < pool->chunks_room && i < FIRST_CHUNKS; i++)
        free(pool->chunks[i]);
    for (size_t i = FIRST_CHUNKS; i < pool->chunks_room; i += BLOCK_CHUNKS)
        large_free(pool->chunks[i], BLOCK_CHUNKS * chunk_bytes(pool));
    free(pool->chunks);
    large_free(pool->slots, slots_bytes(pool));
    free(pool->spare);
    pool->chunks = NULL;
    pool->slots = NULL;
    pool->spare = NULL;
    pool->chunks_room = 0;
    pool->count = pool->n_made = pool->n_spare = pool->bits = 0;
}

static void *thing_at(const struct pool *pool, uint32_t number)
{
    return pool->chunks[number >> CHUNK_BITS] + (number & (CHUNK_THINGS - 1)) * pool->thing_bytes;
}

void *pool_at(const struct pool *pool, uint32_t number)
{
    return number < pool->n_made ? thing_at(pool, number) : NULL;
}

/* The slot of this key, or the free one where it belongs. The table is never full. */
static struct pool_slot *find(const struct pool *pool, const void *key, uint32_t hash)
{
    size_t mask = ((size_t) 1 << pool->bits) - 1;

    for (size_t at = home_of(pool, hash);; at = (at + 1) & mask) {
        struct pool_slot *slot = &pool->slots[at];

        if (slot->number == 0 ||
            (slot->hash == hash && memcmp(key_of(thing_at(pool, slot->number - 1)), key, pool->key_bytes) == 0))
            return slot;
    }
}

void *pool_peek(const struct pool *pool, const void *key)
{
    if (pool->count == 0)
        return NULL;
    const struct pool_slot *slot = find(pool, key, hash_of(pool, key));
    return slot->number ? thing_at(pool, slot->number - 1) : NULL;
}

void *pool_find(struct pool *pool, const void *key)
{
    struct pool_head *head = pool_peek(pool, key);

    if (head)
        head->is_used = true;
    return head;
}

void pool_expect(const struct pool *pool, const void *key)
{
    if (pool->count > 0)
        __builtin_prefetch(&pool->slots[home_of(pool, hash_of(pool, key))]);
}

/* Of the first slot with this hash, and of slots in the same line of memory: the others are rare. */
void pool_expect_thing(const struct pool *pool, const void *key)
{
    if (pool->count == 0)
        return;
    uint32_t hash = hash_of(pool, key);
    const struct pool_slot *slot = &pool->slots[home_of(pool, hash)];
    const struct pool_slot *end = pool->slots + ((size_t) 1 << pool->bits);

    for (unsigned i = 0; i < EXPECT_SLOTS && slot < end && slot->number; i++, slot++) {
        if (slot->hash != hash)
            continue;
        const uint8_t *thing = thing_at(pool, slot->number - 1);
        __builtin_prefetch(thing);
        __builtin_prefetch(thing + LINE_BYTES);
        __builtin_prefetch(thing + EXPECT_BYTES); /* it begins anywhere in a line */
        return;
    }
}

static int grow(struct pool *pool)
{
    struct pool larger = *pool;
    size_t n = pool->slots ? (size_t) 1 << pool->bits : 0;

    larger.bits = pool->slots ? pool->bits + 1 : FIRST_BITS;
    if (larger.bits > LAST_BITS)
        return -ENOMEM;
    larger.slots = large_new(slots_bytes(&larger));
    if (!larger.slots)
        return -ENOMEM;
    size_t mask = ((size_t) 1 << larger.bits) - 1;
    for (size_t i = 0; i < n; i++) {
        size_t at = home_of(&larger, pool->slots[i].hash);

        if (pool->slots[i].number == 0)
            continue;
        while (larger.slots[at].number)
            at = (at + 1) & mask;
        larger.slots[at] = pool->slots[i];
    }
    large_free(pool->slots, slots_bytes(pool));
    pool->slots = larger.slots;
    pool->bits = larger.bits;
    return 0;
}

static uint8_t *new_chunk(const struct pool *pool, size_t n)
{
    size_t size = chunk_bytes(pool);

    if (n < FIRST_CHUNKS)
        return calloc(1, size);
    return n % BLOCK_CHUNKS == 0 ? large_new(BLOCK_CHUNKS * size) : pool->chunks[n - 1] + size;
}

static int add_chunk(struct pool *pool)
{
    size_t n = pool->n_made >> CHUNK_BITS;

    if (n == pool->chunks_room) {
        size_t room = n ? n * 2 : FIRST_CHUNKS;
        uint8_t **chunks = realloc(pool->chunks, room * sizeof(*chunks));

        if (!chunks)
            return -ENOMEM;
        memset(chunks + n, 0, (room - n) * sizeof(*chunks));
        pool->chunks = chunks;
        uint32_t *spare = realloc(pool->spare, room * CHUNK_THINGS * sizeof(*spare));
        if (!spare)
            return -ENOMEM; /* the larger table of chunks is legal, it only has no name for its size yet */
        pool->spare = spare;
        pool->chunks_room = room;
    }
    pool->chunks[n] = new_chunk(pool, n);
    return pool->chunks[n] ? 0 : -ENOMEM;
}

int pool_add(struct pool *pool, const void *key, void **ret)
{
    struct pool_head *head;
    int r = 0;

    if (pool->count >= pool->max_count)
        return -ENOSPC;
    if (!pool->slots || ((size_t) pool->count + 1) * 4 > ((size_t) 3 << pool->bits))
        r = grow(pool);
    if (r == 0 && pool->n_spare == 0) {
        if ((pool->n_made & (CHUNK_THINGS - 1)) == 0 &&
            (pool->n_made >> CHUNK_BITS >= pool->chunks_room || !pool->chunks[pool->n_made >> CHUNK_BITS]))
            r = add_chunk(pool);
        if (r == 0)
            pool->spare[pool->n_spare++] = pool->n_made++;
    }
    if (r < 0)
        return r;
    uint32_t number = pool->spare[--pool->n_spare], hash = hash_of(pool, key);
    head = thing_at(pool, number);
    head->number = number;
    head->is_live = true; /* not yet used: who comes once goes before who comes back */
    memcpy(key_of(head), key, pool->key_bytes);
    *find(pool, key, hash) = (struct pool_slot){ hash, number + 1 };
    pool->count++;
    *ret = head;
    return 0;
}

void pool_drop(struct pool *pool, void *thing)
{
    const struct pool_head *head = thing;
    uint32_t number = head->number;
    struct pool_slot *slots = pool->slots;
    size_t mask = ((size_t) 1 << pool->bits) - 1;
    size_t gap = (size_t) (find(pool, key_of(thing), hash_of(pool, key_of(thing))) - slots);

    /* close the gap: move back whatever probed past it */
    for (size_t at = (gap + 1) & mask; slots[at].number; at = (at + 1) & mask) {
        size_t home = home_of(pool, slots[at].hash);

        if (((at - home) & mask) >= ((at - gap) & mask)) {
            slots[gap] = slots[at];
            gap = at;
        }
    }
    slots[gap].number = 0;
    memset(thing, 0, pool->thing_bytes);
    pool->spare[pool->n_spare++] = number;
    pool->count--;
}

void *pool_next(const struct pool *pool, uint32_t *at)
{
    while (*at < pool->n_made) {
        struct pool_head *head = thing_at(pool, (*at)++);

        if (head->is_live)
            return head;
    }
    return NULL;
}

void *pool_step(struct pool *pool, unsigned *ret_rounds)
{
    if (pool->hand >= pool->n_made) {
        pool->hand = 0;
        ++*ret_rounds;
        return NULL;
    }
    struct pool_head *head = thing_at(pool, pool->hand++);
    bool is_idle = head->is_live && !head->is_used;

    head->is_used = false;
    return is_idle ? head : NULL;
}
