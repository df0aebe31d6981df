/* What the gateway relies on in large pieces of memory. */
#include <errno.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "memory/large.h"

static void test_large_memory_is_zeroed_whatever_its_size_and_however_it_was_used_before(void **state unused_)
{
    static const size_t sizes[] = { 1, 4096, (2 << 20) - 1, 2 << 20, (2 << 20) + 1, 9 << 20, 33 << 20 };

    for (size_t i = 0; i < 2 * ARRAY_SIZE(sizes); i++) {
        size_t size = sizes[i / 2];
        uint8_t *piece = large_new(size);

        assert_non_null(piece);
        for (size_t at = 0; at < size; at += at + 977 < size ? 977 : 1)
            assert_int_equal(piece[at], 0);
        memset(piece, 0xa5, size);
        assert_null(large_free(piece, size));
    }
    assert_null(large_new(SIZE_MAX - 4096));
    assert_null(large_free(NULL, 4 << 20));
}

static void test_large_memory_is_the_kernels_again_when_it_is_freed_and_none_lies_in_the_heap(void **state unused_)
{
    size_t size = 4 << 20;
    unsigned char resident[4];

    /* as memory_keep_for_gateway() does; sanitizers have an allocator that refuses, and nothing to be kept from */
    (void) mallopt(M_MMAP_THRESHOLD, 32 << 20);
    (void) mallopt(M_TRIM_THRESHOLD, 128 << 20);
    uint8_t *piece = large_new(size);
    assert_non_null(piece);
    assert_int_equal(mincore(piece, 4096, resident), 0);
    large_free(piece, size);
    assert_int_equal(mincore(piece, 4096, resident), -1);
    assert_int_equal(errno, ENOMEM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_large_memory_is_zeroed_whatever_its_size_and_however_it_was_used_before),
        cmocka_unit_test(test_large_memory_is_the_kernels_again_when_it_is_freed_and_none_lies_in_the_heap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
