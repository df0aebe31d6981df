/* The keys a reader has opened, bounded in number and memory. Only for this room; never decides whether to trust one. */
#ifndef TREFOIL_SEAL_READER_KEYS_H
#define TREFOIL_SEAL_READER_KEYS_H

#include "base/list.h"
#include "base/map.h"
#include "seal/reader.h"

struct reading_key {
    struct list recent; /* in reader_keys.recent, used last at the end */
    uint16_t slot;      /* of its secret */
    uint8_t key_id[SEAL_KEY_ID_BYTES], session_pk[SEAL_KEY_BYTES];
    uint8_t channel[SEAL_ID_BYTES], service[SEAL_ID_BYTES];
    char service_name[SEAL_NAME_MAX_BYTES + 1];
    uint64_t not_before_ms, not_after_ms, max_seq;
    uint64_t *seen; /* a bit per sequence */
    size_t n_seen_words;
};

struct reader_keys {
    struct map by_id;
    struct list recent;
    uint8_t (*secrets)[SEAL_KEY_BYTES]; /* guarded memory, READER_GRANTS_MAX of them */
    uint16_t free_slots[READER_GRANTS_MAX];
    size_t n_free_slots;
    size_t seen_bytes;
};

must_use_ int reader_keys_init(struct reader_keys *keys);
void reader_keys_deinit(struct reader_keys *keys);

/* Borrowed, now the one used last; or NULL. */
struct reading_key *reader_keys_find(struct reader_keys *keys, struct bytes key_id);

/* A place for a key, evicting the one used longest ago if there is no other; `k_send` is copied. -ENOMEM. */
must_use_ int reader_keys_add(struct reader_keys *keys, const uint8_t *key_id, const uint8_t *k_send,
                              struct reading_key **ret);

const uint8_t *reader_keys_secret(const struct reader_keys *keys, const struct reading_key *key);

void reader_keys_clear(struct reader_keys *keys);

/* Notes the sequence: 1 when it was there before, 0 when new, -ENOMEM. */
must_use_ int reader_keys_mark(struct reader_keys *keys, struct reading_key *key, uint64_t seq);

#endif
