/* Files sealed and opened, and every way of tampering with one that we could think of. */
#include "seal/blob.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "seal/padding.h"

#define MAX_FILE_BYTES (2u << 20)
#define ABYTES crypto_secretstream_xchacha20poly1305_ABYTES

static const uint8_t channel[SEAL_ID_BYTES] = "a channel's id.";

/* A sealed file: what the store has, and what the envelope says. */
struct sealed {
    uint8_t *data;
    size_t size;
    struct blob_secret secret;
};

static int append(void *context, struct bytes bytes)
{
    struct sealed *sealed = context;

    assert_true(bytes.size <= BLOB_SEALED_CHUNK_BYTES);
    memcpy(sealed->data + sealed->size, bytes.data, bytes.size);
    sealed->size += bytes.size;
    return 0;
}

static uint8_t *file_of(size_t size)
{
    uint8_t *file = malloc(size + 1);

    for (size_t i = 0; i < size; i++)
        file[i] = (uint8_t) (i * 31 + i / 251 + 1);
    return file;
}

/* Pushes in pieces of `step`. */
static struct sealed *seal_in_steps(size_t size, size_t step)
{
    struct sealed *sealed = calloc(1, sizeof(*sealed));
    struct blob_seal *seal = malloc(sizeof(*seal));
    uint8_t *file = file_of(size);

    sealed->data = malloc(MAX_FILE_BYTES);
    blob_seal_begin(seal, channel);
    for (size_t at = 0; at < size; at += step)
        assert_int_equal(
            blob_seal_push(seal, bytes_make(file + at, size - at < step ? size - at : step), append, sealed), 0);
    assert_int_equal(blob_seal_end(seal, append, sealed, &sealed->secret), 0);
    assert_true(sodium_is_zero((const unsigned char *) seal, sizeof(*seal)));
    free(seal);
    free(file);
    return sealed;
}

static struct sealed *seal_file(size_t size)
{
    return seal_in_steps(size, size + 1);
}

static void sealed_free(struct sealed *sealed)
{
    free(sealed->data);
    free(sealed);
}

/* What a reader does: 0 and the file in `plain`, or what refused. */
static int open_with(const struct sealed *sealed, const uint8_t *in, const struct blob_secret *secret, uint8_t *plain,
                     size_t *ret_size)
{
    struct blob_open open;
    uint8_t *room = malloc(BLOB_CHUNK_BYTES);
    struct bytes rest = bytes_make(sealed->data, sealed->size), piece;
    int r = blob_open_begin(&open, in, secret);

    *ret_size = 0;
    while (r == 0 && rest.size > 0) {
        size_t n = rest.size < BLOB_SEALED_CHUNK_BYTES ? rest.size : BLOB_SEALED_CHUNK_BYTES;

        r = blob_open_chunk(&open, bytes_cut(&rest, n), room, &piece);
        if (r == 0 && plain)
            memcpy(plain + *ret_size, piece.data, piece.size);
        if (r == 0)
            *ret_size += piece.size;
    }
    if (r < 0)
        assert_int_equal(blob_open_end(&open), -EBADMSG); /* who is refused once stays refused */
    else
        r = blob_open_end(&open);
    assert_true(sodium_is_zero((const unsigned char *) &open, sizeof(open)));
    free(room);
    return r;
}

static int reopen(const struct sealed *sealed)
{
    size_t size;

    return open_with(sealed, channel, &sealed->secret, NULL, &size);
}

static void test_file_of_any_size_comes_back_whole(void **state)
{
    static const size_t sizes[] = { 0,
                                    1,
                                    255,
                                    256,
                                    257,
                                    4096,
                                    4097,
                                    BLOB_CHUNK_BYTES - 1,
                                    BLOB_CHUNK_BYTES,
                                    BLOB_CHUNK_BYTES + 1,
                                    2 * BLOB_CHUNK_BYTES,
                                    1000000,
                                    1u << 20,
                                    (1u << 20) + 1 };

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        struct sealed *sealed = seal_file(sizes[i]);
        uint8_t *plain = malloc(sizes[i] + 1), *file = file_of(sizes[i]);
        size_t size;

        assert_int_equal(sealed->secret.size_bytes, sizes[i]);
        assert_int_equal(sealed->size, blob_sealed_size(sizes[i]));
        assert_int_equal(open_with(sealed, channel, &sealed->secret, plain, &size), 0);
        assert_int_equal(size, sizes[i]);
        assert_memory_equal(plain, file, size);
        free(plain);
        free(file);
        sealed_free(sealed);
    }
}

static void test_pieces_of_any_size_make_the_same_chunks(void **state)
{
    static const size_t steps[] = { 1, 7, 65535, 65536, 65537, 200000 };

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
        struct sealed *sealed = seal_in_steps(150000, steps[i]);

        assert_int_equal(sealed->size, blob_sealed_size(150000));
        assert_int_equal(reopen(sealed), 0);
        sealed_free(sealed);
    }
}

static void test_store_sees_only_the_class_of_the_size(void **state)
{
    static const struct {
        size_t size, sealed;
    } rows[] = {
        { 0, 256 + ABYTES },
        { 256, 256 + ABYTES },
        { 257, 512 + ABYTES },
        { 4096, 4096 + ABYTES },
        { 65535, 65536 + ABYTES },
        { 65536, 65536 + ABYTES },
        { 65537, 67584 + 2 * ABYTES },
        { 1000000, 1015808 + 16 * ABYTES },
        { 1u << 20, (1u << 20) + 16 * ABYTES },
        { (1u << 20) + 1, (1u << 20) + 32768 + 17 * ABYTES },
    };

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        assert_int_equal(blob_sealed_size(rows[i].size), rows[i].sealed);
    for (uint64_t size = 5000; size < BLOB_MAX_BYTES; size = size * 3 + 1) {
        assert_true(padding_class(size) >= size);
        assert_true(padding_class(size) - size <= size / 16);
        assert_int_equal(padding_class(padding_class(size)), padding_class(size));
    }
}

static void test_two_files_have_nothing_in_common(void **state)
{
    struct sealed *a = seal_file(1000), *b = seal_file(1000);

    (void) state;
    assert_true(blob_ref_is_good(a->secret.ref));
    assert_string_not_equal(a->secret.ref, b->secret.ref);
    assert_memory_not_equal(a->secret.key, b->secret.key, SEAL_KEY_BYTES);
    assert_memory_not_equal(a->secret.header, b->secret.header, BLOB_HEADER_BYTES);
    assert_memory_not_equal(a->data, b->data, a->size);
    sealed_free(a);
    sealed_free(b);
}

static void test_what_was_cut_short_is_refused(void **state)
{
    static const size_t sizes[] = { 0, 100, BLOB_CHUNK_BYTES, 3 * BLOB_CHUNK_BYTES, 250000 };

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        struct sealed *sealed = seal_file(sizes[i]);
        const size_t whole = sealed->size;

        for (size_t border = 0; border <= whole; border += BLOB_SEALED_CHUNK_BYTES)
            for (size_t more = 0; more < 3 && border + more < whole; more++) {
                sealed->size = border + more;
                assert_int_equal(reopen(sealed), -EBADMSG);
            }
        for (size_t less = 1; less < 40 && less <= whole; less++) {
            sealed->size = whole - less;
            assert_int_equal(reopen(sealed), -EBADMSG);
        }
        sealed->size = whole;
        assert_int_equal(reopen(sealed), 0);
        sealed_free(sealed);
    }
}

static void test_bytes_after_the_end_are_refused(void **state)
{
    static const size_t extra[] = { 1, ABYTES, 256 + ABYTES, BLOB_SEALED_CHUNK_BYTES };
    struct sealed *sealed = seal_file(BLOB_CHUNK_BYTES);
    const size_t whole = sealed->size;

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(extra); i++) {
        memcpy(sealed->data + whole, sealed->data, extra[i] < whole ? extra[i] : whole);
        sealed->size = whole + extra[i];
        assert_int_equal(reopen(sealed), -EBADMSG);
    }
    sealed_free(sealed);
}

static void test_flipped_bit_in_any_chunk_is_refused(void **state)
{
    struct sealed *sealed = seal_file(250000);

    (void) state;
    for (size_t chunk = 0; chunk < sealed->size; chunk += BLOB_SEALED_CHUNK_BYTES) {
        const size_t left = sealed->size - chunk;
        const size_t n = left < BLOB_SEALED_CHUNK_BYTES ? left : BLOB_SEALED_CHUNK_BYTES;
        const size_t places[] = { 0, 1, n / 2, n - 1 };

        for (size_t i = 0; i < ARRAY_SIZE(places); i++)
            for (unsigned bit = 0; bit < 8; bit += 7) {
                sealed->data[chunk + places[i]] ^= (uint8_t) (1u << bit);
                assert_int_equal(reopen(sealed), -EBADMSG);
                sealed->data[chunk + places[i]] ^= (uint8_t) (1u << bit);
            }
    }
    assert_int_equal(reopen(sealed), 0);
    sealed_free(sealed);
}

static void test_chunks_in_another_order_are_refused(void **state)
{
    struct sealed *sealed = seal_file(4 * BLOB_CHUNK_BYTES);
    uint8_t *kept = malloc(BLOB_SEALED_CHUNK_BYTES);

    (void) state;
    for (size_t i = 0; i < 4; i++)
        for (size_t j = i + 1; j < 4; j++) {
            uint8_t *a = sealed->data + i * BLOB_SEALED_CHUNK_BYTES, *b = sealed->data + j * BLOB_SEALED_CHUNK_BYTES;

            memcpy(kept, a, BLOB_SEALED_CHUNK_BYTES);
            memcpy(a, b, BLOB_SEALED_CHUNK_BYTES);
            memcpy(b, kept, BLOB_SEALED_CHUNK_BYTES);
            assert_int_equal(reopen(sealed), -EBADMSG);
            memcpy(b, a, BLOB_SEALED_CHUNK_BYTES);
            memcpy(a, kept, BLOB_SEALED_CHUNK_BYTES);
        }
    assert_int_equal(reopen(sealed), 0);
    free(kept);
    sealed_free(sealed);
}

static void test_chunk_left_out_is_refused(void **state)
{
    struct sealed *sealed = seal_file(4 * BLOB_CHUNK_BYTES);

    (void) state;
    memmove(sealed->data + BLOB_SEALED_CHUNK_BYTES, sealed->data + (size_t) 2 * BLOB_SEALED_CHUNK_BYTES,
            (size_t) 2 * BLOB_SEALED_CHUNK_BYTES);
    sealed->size -= BLOB_SEALED_CHUNK_BYTES;
    assert_int_equal(reopen(sealed), -EBADMSG);
    sealed->secret.size_bytes -= BLOB_CHUNK_BYTES; /* not even when the size is made to fit */
    assert_int_equal(reopen(sealed), -EBADMSG);
    sealed_free(sealed);
}

static void test_every_part_of_the_secret_counts(void **state)
{
    struct sealed *sealed = seal_file(1000);
    uint8_t other[SEAL_ID_BYTES];
    size_t size;

    (void) state;
    memcpy(other, channel, sizeof(other));
    other[15] ^= 1;
    assert_int_equal(open_with(sealed, other, &sealed->secret, NULL, &size), -EBADMSG);
    for (size_t i = 0; i < 6; i++) {
        struct blob_secret secret = sealed->secret;
        uint8_t *parts[] = { (uint8_t *) secret.ref, secret.key, secret.header, secret.commit, secret.hash };

        if (i < ARRAY_SIZE(parts))
            parts[i][3] = (uint8_t) (parts[i][3] == '0' ? '1' : '0');
        else
            secret.size_bytes = 999;
        assert_int_equal(open_with(sealed, channel, &secret, NULL, &size), -EBADMSG);
    }
    assert_int_equal(reopen(sealed), 0);
    sealed_free(sealed);
}

static void test_size_that_lies_is_refused(void **state)
{
    static const uint64_t sizes[] = { 0, 999, 1001, 1024, 1025, BLOB_MAX_BYTES, BLOB_MAX_BYTES + 1, UINT64_MAX };
    struct sealed *sealed = seal_file(1000);

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        sealed->secret.size_bytes = sizes[i];
        assert_int_equal(reopen(sealed), -EBADMSG);
    }
    sealed_free(sealed);
}

static void test_reference_that_is_none_is_refused(void **state)
{
    static const char *const refs[] = { "", "0123456789abcdef0123456789abcde", "0123456789abcdef0123456789abcdeF",
                                        "../../../../../../../../etc/pass" };

    (void) state;
    assert_true(blob_ref_is_good("0123456789abcdef0123456789abcdef"));
    assert_false(blob_ref_is_good("0123456789abcdef0123456789abcdef0"));
    assert_false(blob_ref_is_good(NULL));
    for (size_t i = 0; i < ARRAY_SIZE(refs); i++) {
        struct blob_secret secret = { .size_bytes = 1 };
        struct blob_open open;

        assert_false(blob_ref_is_good(refs[i]));
        memcpy(secret.ref, refs[i], strlen(refs[i]) + 1);
        assert_int_equal(blob_open_begin(&open, channel, &secret), -EBADMSG);
    }
}

/* The sender of a blob that two readers are to read differently needs one ciphertext that opens under two keys. That
 * Poly1305 lets him make one is shown in tests/vectors; here the two readers get such a blob's two keys, and the one
 * whose key the commitment does not name stops before he decrypts. Even when every tag would fit: the commitment alone
 * decides. */
static void test_one_blob_under_two_keys_is_refused_for_one_of_them(void **state)
{
    struct sealed *sealed = seal_file(1000);
    struct blob_secret second = sealed->secret;
    struct blob_open open;

    (void) state;
    randombytes_buf(second.key, sizeof(second.key));
    assert_int_equal(blob_open_begin(&open, channel, &sealed->secret), 0);
    assert_int_equal(blob_open_end(&open), -EBADMSG); /* nothing came */
    assert_int_equal(blob_open_begin(&open, channel, &second), -EBADMSG);
    randombytes_buf(second.commit, sizeof(second.commit));
    assert_int_equal(blob_open_begin(&open, channel, &second), -EBADMSG);
    sealed_free(sealed);
}

static int refuse_second(void *context, struct bytes bytes)
{
    int *n_left = context;

    (void) bytes;
    return (*n_left)-- > 0 ? 0 : -ENOSPC;
}

static void test_full_store_ends_the_sealing(void **state)
{
    struct blob_seal *seal = malloc(sizeof(*seal));
    struct blob_secret secret;
    uint8_t *file = file_of(3 * BLOB_CHUNK_BYTES);
    int n_left = 1;

    (void) state;
    blob_seal_begin(seal, channel);
    assert_int_equal(blob_seal_push(seal, bytes_make(file, 3 * BLOB_CHUNK_BYTES), refuse_second, &n_left), -ENOSPC);
    blob_seal_wipe(seal);
    n_left = 0;
    blob_seal_begin(seal, channel);
    assert_int_equal(blob_seal_end(seal, refuse_second, &n_left, &secret), -ENOSPC);
    assert_true(sodium_is_zero((const unsigned char *) seal, sizeof(*seal)));
    free(seal);
    free(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_file_of_any_size_comes_back_whole),
        cmocka_unit_test(test_pieces_of_any_size_make_the_same_chunks),
        cmocka_unit_test(test_store_sees_only_the_class_of_the_size),
        cmocka_unit_test(test_two_files_have_nothing_in_common),
        cmocka_unit_test(test_what_was_cut_short_is_refused),
        cmocka_unit_test(test_bytes_after_the_end_are_refused),
        cmocka_unit_test(test_flipped_bit_in_any_chunk_is_refused),
        cmocka_unit_test(test_chunks_in_another_order_are_refused),
        cmocka_unit_test(test_chunk_left_out_is_refused),
        cmocka_unit_test(test_every_part_of_the_secret_counts),
        cmocka_unit_test(test_size_that_lies_is_refused),
        cmocka_unit_test(test_reference_that_is_none_is_refused),
        cmocka_unit_test(test_one_blob_under_two_keys_is_refused_for_one_of_them),
        cmocka_unit_test(test_full_store_ends_the_sealing),
    };

    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
