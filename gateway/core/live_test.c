/* The newest records: which are there, what they lie in, and who may still look at one that has gone. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/live.h"

#define BLOCKS (GATEWAY_LIVE_BYTES / GATEWAY_LIVE_BLOCK_BYTES)
#define ENVELOPE_BYTES ((size_t) 60000)
#define PER_BLOCK (GATEWAY_LIVE_BLOCK_BYTES / ENVELOPE_BYTES)

static uint8_t envelope_bytes[2 * GATEWAY_LIVE_BLOCK_BYTES];

static struct route *route_of(size_t envelope_size)
{
    static struct route route;

    route = (struct route){ .accepted_ms = 1, .envelope = bytes_make(envelope_bytes, envelope_size) };
    return &route;
}

static int start(void **state)
{
    struct live *live = calloc(1, sizeof(*live));

    if (!live)
        return -1;
    live_init(live);
    *state = live;
    return 0;
}

static int end(void **state)
{
    live_deinit(*state);
    free(*state);
    return 0;
}

/* Its envelope begins with its sequence. */
static struct record *add(struct live *live, uint64_t seq, size_t envelope_size)
{
    struct record *record;

    memcpy(envelope_bytes, &seq, sizeof(seq));
    assert_int_equal(live_record(live, route_of(envelope_size), &record), 0);
    record->seq = seq;
    live_add(live, record);
    return record;
}

static bool is_whole(const struct record *record, uint64_t seq)
{
    uint64_t first;

    if (!record || record->envelope.size < sizeof(first) || record->seq != seq)
        return false;
    memcpy(&first, record->envelope.data, sizeof(first));
    return first == seq;
}

static void test_newest_are_there_and_the_oldest_went_first_and_none_between_is_missing(void **state)
{
    struct live *live = *state;
    uint64_t last = PER_BLOCK * BLOCKS * 5 / 2;

    for (uint64_t seq = 1; seq <= last; seq++) {
        add(live, seq, ENVELOPE_BYTES);
        assert_true(live->bytes <= GATEWAY_LIVE_BYTES);
    }
    assert_null(live_get(live, 1));
    assert_null(live_get(live, live->first - 1));
    assert_null(live_get(live, last + 1));
    assert_in_range(live->first, last - PER_BLOCK * BLOCKS + 1, last - PER_BLOCK * (BLOCKS - 1) + 1);
    for (uint64_t seq = live->first; seq <= last; seq++)
        assert_true(is_whole(live_get(live, seq), seq));
}

static void test_no_more_records_than_the_ring_has_places(void **state)
{
    struct live *live = *state;
    uint64_t last = 0;

    while (last < 2 * GATEWAY_LIVE_RECORDS) {
        last++;
        add(live, last, sizeof(last));
        assert_true(last - live->first < GATEWAY_LIVE_RECORDS);
    }
    assert_true(is_whole(live_get(live, live->first), live->first));
}

static void test_record_that_somebody_holds_outlives_its_place_in_the_ring(void **state)
{
    struct live *live = *state;
    struct record *held = record_ref(add(live, 1, ENVELOPE_BYTES));

    for (uint64_t seq = 2; seq < PER_BLOCK * BLOCKS * 3; seq++)
        add(live, seq, ENVELOPE_BYTES);
    assert_null(live_get(live, 1));
    assert_true(is_whole(held, 1));
    record_unref(held);
}

static void test_record_that_somebody_holds_outlives_the_ring_itself(void **state)
{
    struct live *live = *state;
    struct record *held = record_ref(add(live, 1, ENVELOPE_BYTES));

    live_deinit(live);
    assert_null(live_get(live, 1));
    assert_true(is_whole(held, 1));
    record_unref(held);
}

static void test_record_larger_than_a_block_is_kept_as_well(void **state)
{
    struct live *live = *state;

    add(live, 1, ENVELOPE_BYTES);
    add(live, 2, sizeof(envelope_bytes));
    add(live, 3, ENVELOPE_BYTES);
    for (uint64_t seq = 1; seq <= 3; seq++)
        assert_true(is_whole(live_get(live, seq), seq));
    for (uint64_t seq = 4; seq < PER_BLOCK * BLOCKS * 2; seq++)
        add(live, seq, ENVELOPE_BYTES);
    assert_null(live_get(live, 2));
    assert_true(live->bytes <= GATEWAY_LIVE_BYTES);
}

static void test_record_that_is_not_kept_takes_no_place(void **state)
{
    struct live *live = *state;
    struct record *record;

    add(live, 1, ENVELOPE_BYTES);
    for (unsigned i = 0; i < PER_BLOCK * BLOCKS * 2; i++)
        assert_int_equal(live_record(live, route_of(ENVELOPE_BYTES), &record), 0);
    assert_int_equal(live->bytes, GATEWAY_LIVE_BLOCK_BYTES);
    assert_int_equal(live_record(live, route_of(GATEWAY_LIVE_BLOCK_BYTES), &record), 0);
    assert_int_equal(live_record(live, route_of(2 * GATEWAY_LIVE_BLOCK_BYTES), &record), 0);
    add(live, 2, ENVELOPE_BYTES);
    assert_true(is_whole(live_get(live, 1), 1));
    assert_true(is_whole(live_get(live, 2), 2));
    assert_true(live->bytes <= 4 * GATEWAY_LIVE_BLOCK_BYTES);
}

static void test_what_came_before_a_gap_in_the_sequence_is_forgotten(void **state)
{
    struct live *live = *state;
    uint64_t last = PER_BLOCK * 2;

    for (uint64_t seq = 1; seq <= last; seq++)
        add(live, seq, ENVELOPE_BYTES);
    add(live, last + 10, ENVELOPE_BYTES);
    for (uint64_t seq = 1; seq < last + 10; seq++)
        assert_null(live_get(live, seq));
    assert_true(is_whole(live_get(live, last + 10), last + 10));
    for (uint64_t seq = last + 11; seq < last + PER_BLOCK * BLOCKS * 2; seq++) {
        add(live, seq, ENVELOPE_BYTES);
        assert_true(is_whole(live_get(live, live->first), live->first));
    }
}

static void test_envelope_that_is_too_large_for_a_record_is_refused(void **state)
{
    struct route *route = route_of(ENVELOPE_BYTES);
    struct record *record;

    route->envelope.size = GATEWAY_ENVELOPE_MAX_BYTES + 1;
    assert_int_equal(live_record(*state, route, &record), -EMSGSIZE);
}

int main(void)
{
#define LIVE(test_) cmocka_unit_test_setup_teardown(test_, start, end)
    const struct CMUnitTest tests[] = {
        LIVE(test_newest_are_there_and_the_oldest_went_first_and_none_between_is_missing),
        LIVE(test_no_more_records_than_the_ring_has_places),
        LIVE(test_record_that_somebody_holds_outlives_its_place_in_the_ring),
        LIVE(test_record_that_somebody_holds_outlives_the_ring_itself),
        LIVE(test_record_larger_than_a_block_is_kept_as_well),
        LIVE(test_record_that_is_not_kept_takes_no_place),
        LIVE(test_what_came_before_a_gap_in_the_sequence_is_forgotten),
        LIVE(test_envelope_that_is_too_large_for_a_record_is_refused),
    };

    return cmocka_run_group_tests_name("live", tests, NULL, NULL);
}
