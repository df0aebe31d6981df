/* Opened keys and the sequences seen under each. Never forgets one sequence of a key it still holds.
 *
 * Exact, not a sliding window: a room that was parked for an hour comes back with sequences far behind the newest, and
 * must not be mistaken for a replay.
 */
#include "seal/reader_keys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#define WORD_BITS 64
#define FIRST_WORDS ((size_t) 16)

int reader_keys_init(struct reader_keys *keys)
{
    list_init(&keys->recent);
    keys->seen_bytes = 0;
    keys->n_free_slots = 0;
    while (keys->n_free_slots < READER_GRANTS_MAX) {
        keys->free_slots[keys->n_free_slots] = (uint16_t) keys->n_free_slots;
        keys->n_free_slots++;
    }
    keys->by_id = MAP_EMPTY(READER_GRANTS_MAX, 0);
    keys->secrets = sodium_allocarray(READER_GRANTS_MAX, sizeof(*keys->secrets));
    return keys->secrets ? 0 : -ENOMEM;
}

static struct bytes id_of(const struct reading_key *key)
{
    return bytes_make(key->key_id, SEAL_KEY_ID_BYTES);
}

static void evict(struct reader_keys *keys, struct reading_key *key)
{
    map_remove(&keys->by_id, id_of(key));
    list_remove(&key->recent);
    sodium_memzero(keys->secrets[key->slot], SEAL_KEY_BYTES);
    keys->free_slots[keys->n_free_slots++] = key->slot;
    keys->seen_bytes -= key->n_seen_words * sizeof(*key->seen);
    free(key->seen);
    free(key);
}

static struct reading_key *oldest(struct reader_keys *keys)
{
    return container_of(list_first(&keys->recent), struct reading_key, recent);
}

void reader_keys_clear(struct reader_keys *keys)
{
    while (!list_is_empty(&keys->recent))
        evict(keys, oldest(keys));
}

void reader_keys_deinit(struct reader_keys *keys)
{
    reader_keys_clear(keys);
    map_deinit(&keys->by_id);
    sodium_free(keys->secrets);
    keys->secrets = NULL;
}

struct reading_key *reader_keys_find(struct reader_keys *keys, struct bytes key_id)
{
    struct reading_key *key = map_get(&keys->by_id, key_id);

    if (key) {
        list_remove(&key->recent);
        list_append(&keys->recent, &key->recent);
    }
    return key;
}

int reader_keys_add(struct reader_keys *keys, const uint8_t *key_id, const uint8_t *k_send, struct reading_key **ret)
{
    struct reading_key *key = calloc(1, sizeof(*key));

    if (!key)
        return -ENOMEM;
    if (keys->n_free_slots == 0)
        evict(keys, oldest(keys));
    memcpy(key->key_id, key_id, SEAL_KEY_ID_BYTES);
    if (map_set(&keys->by_id, id_of(key), key) < 0) {
        free(key);
        return -ENOMEM;
    }
    key->slot = keys->free_slots[--keys->n_free_slots];
    memcpy(keys->secrets[key->slot], k_send, SEAL_KEY_BYTES);
    list_append(&keys->recent, &key->recent);
    *ret = key;
    return 0;
}

const uint8_t *reader_keys_secret(const struct reader_keys *keys, const struct reading_key *key)
{
    return keys->secrets[key->slot];
}

/* Room for `words` words; other keys make way when all together remember too much. */
static int grow(struct reader_keys *keys, struct reading_key *key, size_t words)
{
    size_t larger = key->n_seen_words ? key->n_seen_words : FIRST_WORDS;

    while (larger < words)
        larger *= 2;
    const size_t more = (larger - key->n_seen_words) * sizeof(*key->seen);
    while (keys->seen_bytes + more > READER_SEEN_MAX_BYTES && oldest(keys) != key)
        evict(keys, oldest(keys));
    uint64_t *seen = realloc(key->seen, larger * sizeof(*seen));
    if (!seen)
        return -ENOMEM;
    memset(seen + key->n_seen_words, 0, more);
    key->seen = seen;
    key->n_seen_words = larger;
    keys->seen_bytes += more;
    return 0;
}

int reader_keys_mark(struct reader_keys *keys, struct reading_key *key, uint64_t seq)
{
    const size_t word = (size_t) (seq / WORD_BITS);
    const uint64_t bit = (uint64_t) 1 << (seq % WORD_BITS);

    if (word >= key->n_seen_words) {
        int r = grow(keys, key, word + 1);

        if (r < 0)
            return r;
    }
    const bool before = key->seen[word] & bit;
    key->seen[word] |= bit;
    return before;
}
