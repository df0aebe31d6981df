/* BLAKE2b with a label, and signatures over it: the only two ways this house hashes or signs. Never draws randomness.
 *
 * One rule for inputs of several parts: each part is preceded by its length, 32 bits big-endian. A single part goes in
 * bare.
 */
#ifndef TREFOIL_TRUST_HASH_H
#define TREFOIL_TRUST_HASH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"
#include "trust/labels.h"
#include "wire/limits.h"

#define HASH_MAX_BYTES 64
#define SIGNED_MESSAGE_MAX_BYTES (LABEL_MAX_BYTES + 1 + HASH_MAX_BYTES)

struct hash_input {
    const char *label;
    struct bytes key; /* empty, or 16 to 64 bytes */
    const struct bytes *parts;
    size_t n_parts;
};

/* The parts are written where they stand: HASH_INPUT(LABEL_X, key, a, b). */
#define HASH_INPUT(label_, key_, ...)                                              \
    ((struct hash_input){ (label_), (key_), (const struct bytes[]){ __VA_ARGS__ }, \
                          sizeof((const struct bytes[]){ __VA_ARGS__ }) / sizeof(struct bytes) })

/* `size` bytes, 16 to 64. -EINVAL when the parts are larger than lengths can say or the key has no legal size. */
must_use_ int labelled_hash(const struct hash_input *input, uint8_t *ret, size_t size);

/* What is signed: label ‖ 0x00 ‖ BLAKE2b-512(label, parts). Into `ret`; its size is returned, or -EINVAL. */
must_use_ int signed_message(const struct hash_input *input, uint8_t ret[SIGNED_MESSAGE_MAX_BYTES]);

/* True when `signature` is a good one by `pk` over that message. False for keys of small order. */
must_use_ bool signature_is_good(const struct hash_input *input, struct bytes signature, struct bytes pk);

/* True when a Diffie-Hellman with this X25519 key would give away nothing: it is not of small order. */
must_use_ bool exchange_key_is_good(struct bytes pk);

#endif
