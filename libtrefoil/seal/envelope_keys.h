/* What sealing and opening have in common: the keys of one envelope and what is signed. Only for this room. */
#ifndef TREFOIL_SEAL_ENVELOPE_KEYS_H
#define TREFOIL_SEAL_ENVELOPE_KEYS_H

#include "trust/hash.h"
#include "wire/envelope.h"

struct envelope_keys {
    uint8_t key[SEAL_KEY_BYTES], commit[SEAL_COMMIT_BYTES];
};

/* -EINVAL. The caller wipes `ret`. */
must_use_ int envelope_keys_derive(const uint8_t *k_send, struct bytes header, struct bytes salt,
                                   struct envelope_keys *ret);

#define ENVELOPE_AAD_MAX_BYTES (3 * 4 + SEAL_HEADER_MAX_BYTES + SEAL_SALT_BYTES + SEAL_COMMIT_BYTES)

/* header ‖ salt ‖ commit, each after its length, into `room`. */
struct bytes envelope_aad(const struct envelope *envelope, uint8_t room[ENVELOPE_AAD_MAX_BYTES]);

/* The input of the signature, for signed_message() and signature_is_good(). */
#define ENVELOPE_SIGNED(envelope)                                                                               \
    HASH_INPUT(LABEL_ENVELOPE_SIGNATURE, BYTES_EMPTY, (envelope)->header, (envelope)->salt, (envelope)->commit, \
               (envelope)->sealed)

#endif
