/* A file, sealed while it streams: XChaCha20-Poly1305 chunks under a key of its own, padded, committed to.
 * Never holds more than a chunk, never touches a descriptor. Specification: README.md, "Files".
 */
#ifndef TREFOIL_SEAL_BLOB_H
#define TREFOIL_SEAL_BLOB_H

#include <stdbool.h>
#include <stdint.h>

#include <sodium.h>

#include "base/attributes.h"
#include "base/bytes.h"
#include "wire/limits.h"

#define BLOB_CHUNK_BYTES (64u << 10) /* of plain text; each grows by crypto_secretstream's ABYTES */
#define BLOB_SEALED_CHUNK_BYTES (BLOB_CHUNK_BYTES + crypto_secretstream_xchacha20poly1305_ABYTES)
#define BLOB_HEADER_BYTES crypto_secretstream_xchacha20poly1305_HEADERBYTES
#define BLOB_MAX_BYTES (UINT64_C(1) << 40)
#define BLOB_REF_BYTES 32 /* hex digits of a reference: random, says nothing */

/* What an envelope carries of a file: who has it can open the blob and prove that it is the one that was meant. */
struct blob_secret {
    char ref[BLOB_REF_BYTES + 1];
    uint8_t key[SEAL_KEY_BYTES];
    uint8_t header[BLOB_HEADER_BYTES];
    uint8_t commit[SEAL_COMMIT_BYTES];
    uint8_t hash[SEAL_HASH_BYTES]; /* BLAKE2b-256 of the sealed bytes; known at the end */
    uint64_t size_bytes;           /* of the file, without padding; known at the end */
};

struct blob_seal {
    crypto_secretstream_xchacha20poly1305_state stream;
    crypto_generichash_state hash;
    struct blob_secret secret;
    uint8_t chunk[BLOB_CHUNK_BYTES];
    size_t filled;
};

/* The reference is what a store takes as the name of a file: BLOB_REF_BYTES lower-case hex digits. */
bool blob_ref_is_good(const char *ref);

/* What so many bytes of a file become in the store. `size_bytes` is at most BLOB_MAX_BYTES. */
uint64_t blob_sealed_size(uint64_t size_bytes);

/* Draws reference, key and header. */
void blob_seal_begin(struct blob_seal *seal, const uint8_t channel[SEAL_ID_BYTES]);

/* The same with reference, key and header of `drawn`: for published vectors. Never twice with one key and header. */
void blob_seal_begin_with(struct blob_seal *seal, const uint8_t channel[SEAL_ID_BYTES],
                          const struct blob_secret *drawn);

/* Takes plain bytes, of any size, and hands sealed ones to `put` whenever a chunk is full; its negative answer ends the
 * call with it. -EFBIG: more than BLOB_MAX_BYTES. */
typedef int blob_put(void *context, struct bytes sealed);
must_use_ int blob_seal_push(struct blob_seal *seal, struct bytes plain, blob_put *put, void *context);

/* The last chunks: padding (PADMÉ, zeros) and the end mark. `ret` is the whole secret; the rest is wiped, also when
 * `put` fails. Given up before its end, a seal is wiped by blob_seal_wipe(). */
must_use_ int blob_seal_end(struct blob_seal *seal, blob_put *put, void *context, struct blob_secret *ret);

void blob_seal_wipe(struct blob_seal *seal);

struct blob_open {
    crypto_secretstream_xchacha20poly1305_state stream;
    crypto_generichash_state hash;
    uint8_t wanted_hash[SEAL_HASH_BYTES];
    uint64_t size_bytes, left_bytes; /* of the file */
    uint64_t padded_left_bytes;      /* of the file and its padding */
    bool is_ended;
};

/* -EBADMSG: the commitment does not fit key, header, channel and reference; or no such file could be. */
must_use_ int blob_open_begin(struct blob_open *open, const uint8_t channel[SEAL_ID_BYTES],
                              const struct blob_secret *secret);

/* One sealed chunk (BLOB_SEALED_CHUNK_BYTES, the last may be shorter) becomes plain bytes without padding, in `room` of
 * BLOB_CHUNK_BYTES. -EBADMSG: not what was sealed, or bytes after the end; nothing more opens then. */
must_use_ int blob_open_chunk(struct blob_open *open, struct bytes sealed, uint8_t *room, struct bytes *ret);

/* -EBADMSG: cut short, or the whole is not what was sealed. Wipes. What came before is to be believed only after 0:
 * each chunk proves by itself that it is the sender's and in its place, only the end that it is the blob he meant. */
must_use_ int blob_open_end(struct blob_open *open);

#endif
