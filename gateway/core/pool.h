/* Many things of one size, found by a key of fixed size, numbered: for a million of them or ten, in few places of
 * memory. A thing never moves, and its memory never becomes anything but another of its kind: whoever kept its number
 * may look there later and see by the key whether it still is the same. Never owns what the things point to.
 */
#ifndef TREFOIL_CORE_POOL_H
#define TREFOIL_CORE_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

#define POOL_NOWHERE UINT32_MAX /* no thing's number */

/* What every thing begins with; the key follows at once. */
struct pool_head {
    uint32_t number;
    bool is_live, is_used; /* since the clock passed by */
};

struct pool_slot {
    uint32_t hash, number; /* number is one more; 0: free */
};

struct pool {
    size_t thing_bytes, key_bytes;
    uint64_t seed; /* mixed into the hash: strangers choose keys */
    uint32_t count, max_count, n_made;
    uint8_t **chunks;
    size_t chunks_room;
    struct pool_slot *slots;  /* in the order of the hashes, probed upwards and around */
    unsigned bits;            /* 2^bits slots */
    uint32_t *spare, n_spare; /* numbers to be used again; has place for all there are */
    uint32_t hand;            /* where the clock stands */
};

#define POOL_EMPTY(type_, key_bytes_, max_, seed_) \
    ((struct pool){ .thing_bytes = sizeof(type_), .key_bytes = (key_bytes_), .max_count = (max_), .seed = (seed_) })

/* Gives the memory back. What the things own went before. */
void pool_deinit(struct pool *pool);

/* The thing with this key, or NULL; with _find, it is marked as used. */
void *pool_peek(const struct pool *pool, const void *key);
void *pool_find(struct pool *pool, const void *key);

/* Whoever will look for this key soon says so twice, some time apart: memory brings the slot, then the thing. */
void pool_expect(const struct pool *pool, const void *key);
void pool_expect_thing(const struct pool *pool, const void *key);

/* A new thing, all zero but its key, which nobody has yet. -ENOMEM, -ENOSPC (max_count). */
must_use_ int pool_add(struct pool *pool, const void *key, void **ret);

/* Takes it out; its memory is all zero until it is used again. */
void pool_drop(struct pool *pool, void *thing);

/* Whatever has or had this number, alive or not; NULL: nothing ever did. */
void *pool_at(const struct pool *pool, uint32_t number);

/* Walks the live things: start with *at = 0; NULL at the end. Things may be dropped meanwhile. */
void *pool_next(const struct pool *pool, uint32_t *at);

/* The clock's next step: something live that was not used since it was here last, or NULL. `*ret_rounds` counts how often
 * it has come by the beginning. */
void *pool_step(struct pool *pool, unsigned *ret_rounds);

#endif
