/* Files sealed and opened, a chunk at a time. Never reads a byte twice, never says which check failed.
 *
 * A full chunk waits until more comes: the last one, whatever its size, must carry the end mark.
 */
#include "seal/blob.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "seal/padding.h"
#include "trust/hash.h"

#define REF_RANDOM_BYTES (BLOB_REF_BYTES / 2)
#define SIZE_BYTES 8
#define TAG_MORE crypto_secretstream_xchacha20poly1305_TAG_MESSAGE
#define TAG_LAST crypto_secretstream_xchacha20poly1305_TAG_FINAL

static_assert(SEAL_KEY_BYTES == crypto_secretstream_xchacha20poly1305_KEYBYTES, "a stream's key");
static_assert(SEAL_HASH_BYTES == crypto_generichash_BYTES, "a blob's hash");

bool blob_ref_is_good(const char *ref)
{
    return ref && strlen(ref) == BLOB_REF_BYTES && strspn(ref, "0123456789abcdef") == BLOB_REF_BYTES;
}

uint64_t blob_sealed_size(uint64_t size_bytes)
{
    const uint64_t padded = padding_class(size_bytes), n_chunks = (padded + BLOB_CHUNK_BYTES - 1) / BLOB_CHUNK_BYTES;

    return padded + n_chunks * crypto_secretstream_xchacha20poly1305_ABYTES;
}

/* Both keys of a file: of its stream, and the commitment to it. */
static void derive(const struct blob_secret *secret, const uint8_t channel[SEAL_ID_BYTES],
                   uint8_t ret_key[SEAL_KEY_BYTES], uint8_t ret_commit[SEAL_COMMIT_BYTES])
{
    const struct bytes key = bytes_make(secret->key, SEAL_KEY_BYTES), where = bytes_make(channel, SEAL_ID_BYTES),
                       ref = bytes_of_text(secret->ref), header = bytes_make(secret->header, BLOB_HEADER_BYTES);
    int r = labelled_hash(&HASH_INPUT(LABEL_FILE_KEY, key, where, ref), ret_key, SEAL_KEY_BYTES);

    if (r == 0)
        r = labelled_hash(&HASH_INPUT(LABEL_FILE_COMMIT, key, where, ref, header), ret_commit, SEAL_COMMIT_BYTES);
    assert(r == 0); /* all sizes are ours */
}

/* What a chunk proves beside itself: the last one, how much of all this is not padding. */
static struct bytes associated(bool is_last, uint64_t size_bytes, uint8_t room[SIZE_BYTES])
{
    struct writer writer = writer_make(room, SIZE_BYTES);

    if (is_last)
        writer_u64(&writer, size_bytes);
    return writer_bytes(&writer);
}

/* ---- Sealing ---- */

void blob_seal_begin_with(struct blob_seal *seal, const uint8_t channel[SEAL_ID_BYTES], const struct blob_secret *drawn)
{
    uint8_t key[SEAL_KEY_BYTES];
    struct blob_secret *secret = &seal->secret;

    assert(blob_ref_is_good(drawn->ref));
    memcpy(secret->ref, drawn->ref, sizeof(secret->ref));
    memcpy(secret->key, drawn->key, sizeof(secret->key));
    memcpy(secret->header, drawn->header, sizeof(secret->header));
    secret->size_bytes = 0;
    derive(secret, channel, key, secret->commit);
    /* init_push() is init_pull() with a header drawn inside; here it is drawn before, because the commitment covers it. */
    (void) crypto_secretstream_xchacha20poly1305_init_pull(&seal->stream, secret->header, key);
    (void) crypto_generichash_init(&seal->hash, NULL, 0, SEAL_HASH_BYTES);
    seal->filled = 0;
    sodium_memzero(key, sizeof(key));
}

void blob_seal_begin(struct blob_seal *seal, const uint8_t channel[SEAL_ID_BYTES])
{
    struct blob_secret drawn = { .size_bytes = 0 };
    uint8_t ref[REF_RANDOM_BYTES];

    randombytes_buf(ref, sizeof(ref));
    bytes_to_hex(bytes_make(ref, sizeof(ref)), drawn.ref);
    randombytes_buf(drawn.key, sizeof(drawn.key));
    randombytes_buf(drawn.header, sizeof(drawn.header));
    blob_seal_begin_with(seal, channel, &drawn);
    sodium_memzero(&drawn, sizeof(drawn));
}

/* Seals what the chunk holds. */
static int flush(struct blob_seal *seal, bool is_last, blob_put *put, void *context)
{
    uint8_t sealed[BLOB_SEALED_CHUNK_BYTES], front[SIZE_BYTES];
    const struct bytes aad = associated(is_last, seal->secret.size_bytes, front);
    unsigned long long size = 0;

    (void) crypto_secretstream_xchacha20poly1305_push(&seal->stream, sealed, &size, seal->chunk, seal->filled, aad.data,
                                                      aad.size, is_last ? TAG_LAST : TAG_MORE);
    (void) crypto_generichash_update(&seal->hash, sealed, size);
    seal->filled = 0;
    return put(context, bytes_make(sealed, (size_t) size));
}

/* Room in the chunk, at least a byte of it. */
static int make_room(struct blob_seal *seal, blob_put *put, void *context)
{
    if (seal->filled < BLOB_CHUNK_BYTES)
        return 0;
    return flush(seal, false, put, context);
}

int blob_seal_push(struct blob_seal *seal, struct bytes plain, blob_put *put, void *context)
{
    if (plain.size > BLOB_MAX_BYTES - seal->secret.size_bytes)
        return -EFBIG;
    while (plain.size > 0) {
        int r = make_room(seal, put, context);
        const size_t room = BLOB_CHUNK_BYTES - seal->filled;
        const struct bytes piece = bytes_cut(&plain, plain.size < room ? plain.size : room);

        if (r < 0)
            return r;
        memcpy(seal->chunk + seal->filled, piece.data, piece.size);
        seal->filled += piece.size;
        seal->secret.size_bytes += piece.size;
    }
    return 0;
}

static int pad(struct blob_seal *seal, blob_put *put, void *context)
{
    uint64_t left = padding_class(seal->secret.size_bytes) - seal->secret.size_bytes;

    while (left > 0) {
        int r = make_room(seal, put, context);
        const size_t room = BLOB_CHUNK_BYTES - seal->filled, n = left < room ? (size_t) left : room;

        if (r < 0)
            return r;
        memset(seal->chunk + seal->filled, 0, n);
        seal->filled += n;
        left -= n;
    }
    return 0;
}

int blob_seal_end(struct blob_seal *seal, blob_put *put, void *context, struct blob_secret *ret)
{
    int r = pad(seal, put, context);

    if (r >= 0)
        r = flush(seal, true, put, context);
    if (r >= 0) {
        (void) crypto_generichash_final(&seal->hash, seal->secret.hash, SEAL_HASH_BYTES);
        *ret = seal->secret;
    }
    blob_seal_wipe(seal);
    return r < 0 ? r : 0;
}

void blob_seal_wipe(struct blob_seal *seal)
{
    sodium_memzero(seal, sizeof(*seal));
}

/* ---- Opening ---- */

int blob_open_begin(struct blob_open *open, const uint8_t channel[SEAL_ID_BYTES], const struct blob_secret *secret)
{
    uint8_t key[SEAL_KEY_BYTES], commit[SEAL_COMMIT_BYTES];
    int r = -EBADMSG;

    sodium_memzero(open, sizeof(*open));
    open->is_ended = true;
    open->padded_left_bytes = UINT64_MAX; /* nothing opens and the end refuses, unless all is well below */
    if (!blob_ref_is_good(secret->ref) || secret->size_bytes > BLOB_MAX_BYTES)
        return -EBADMSG;
    derive(secret, channel, key, commit);
    /* Before anything is decrypted: the stream's own tags would let one blob be two files. */
    if (sodium_memcmp(commit, secret->commit, sizeof(commit)) == 0 &&
        crypto_secretstream_xchacha20poly1305_init_pull(&open->stream, secret->header, key) == 0) {
        (void) crypto_generichash_init(&open->hash, NULL, 0, SEAL_HASH_BYTES);
        memcpy(open->wanted_hash, secret->hash, SEAL_HASH_BYTES);
        open->size_bytes = open->left_bytes = secret->size_bytes;
        open->padded_left_bytes = padding_class(secret->size_bytes);
        open->is_ended = false;
        r = 0;
    }
    sodium_memzero(key, sizeof(key));
    return r;
}

static bool is_zeros(const uint8_t *data, size_t size)
{
    return sodium_is_zero(data, size) == 1;
}

/* The chunk is what must stand here: the last one exactly where the padded file ends, all others full. */
static int open_in_place(struct blob_open *open, struct bytes sealed, uint8_t *room, size_t *ret)
{
    const bool is_last = open->padded_left_bytes <= BLOB_CHUNK_BYTES;
    const size_t wanted = is_last ? (size_t) open->padded_left_bytes : BLOB_CHUNK_BYTES;
    uint8_t front[SIZE_BYTES];
    const struct bytes aad = associated(is_last, open->size_bytes, front);
    unsigned char tag = 0;

    if (open->is_ended || sealed.size != wanted + crypto_secretstream_xchacha20poly1305_ABYTES ||
        crypto_secretstream_xchacha20poly1305_pull(&open->stream, room, NULL, &tag, sealed.data, sealed.size, aad.data,
                                                   aad.size) != 0 ||
        tag != (is_last ? TAG_LAST : TAG_MORE))
        return -EBADMSG;
    *ret = open->left_bytes < wanted ? (size_t) open->left_bytes : wanted;
    if (!is_zeros(room + *ret, wanted - *ret))
        return -EBADMSG;
    (void) crypto_generichash_update(&open->hash, sealed.data, sealed.size);
    open->left_bytes -= *ret;
    open->padded_left_bytes -= wanted;
    open->is_ended = is_last;
    return 0;
}

int blob_open_chunk(struct blob_open *open, struct bytes sealed, uint8_t *room, struct bytes *ret)
{
    size_t size;

    if (open_in_place(open, sealed, room, &size) < 0) {
        open->is_ended = true;
        open->padded_left_bytes = UINT64_MAX; /* so that the end refuses too */
        return -EBADMSG;
    }
    *ret = bytes_make(room, size);
    return 0;
}

int blob_open_end(struct blob_open *open)
{
    uint8_t hash[SEAL_HASH_BYTES];
    int r = -EBADMSG;

    if (open->is_ended && open->padded_left_bytes == 0 && open->left_bytes == 0 &&
        crypto_generichash_final(&open->hash, hash, sizeof(hash)) == 0 &&
        sodium_memcmp(hash, open->wanted_hash, sizeof(hash)) == 0)
        r = 0;
    sodium_memzero(open, sizeof(*open));
    return r;
}
