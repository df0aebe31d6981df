/* Frames against protobuf-c, which must read and write the same bytes, and against everything that is no frame. */
#include "wire/frame.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wire/proto_arena.h"

static uint8_t filler[300];

static ProtobufCBinaryData some(size_t size)
{
    memset(filler, 0xa5, sizeof(filler));
    return (ProtobufCBinaryData){ size, filler };
}

/* A Deliver with every member set. */
static void with_deliver(void (*use)(const Trefoil__Frame *frame))
{
    static char account[] = "messenger/42";
    ProtobufCBinaryData refs[] = { some(81), some(0) }, ids[] = { some(16), some(0) };
    Trefoil__Target first = TREFOIL__TARGET__INIT, second = TREFOIL__TARGET__INIT, *targets[] = { &first, &second };
    Trefoil__Delivery full = TREFOIL__DELIVERY__INIT, bare = TREFOIL__DELIVERY__INIT, *both[] = { &full, &bare };
    Trefoil__Deliver deliver = TREFOIL__DELIVER__INIT;

    first.index = 300;
    first.account = account;
    first.address = some(49);
    first.n_relates_ref = 2;
    first.relates_ref = refs;
    first.last_ref = some(113);
    first.window_ms = 1790000000000;
    first.consent_withdrawn = 1;
    full.seq = UINT64_MAX;
    full.envelope = some(300);
    full.room = some(16);
    full.accepted_ms = 1790000000000;
    full.attempt = 2;
    full.maybe_sent = 1;
    full.n_targets = 2;
    full.targets = targets;
    full.n_relates_id = 2;
    full.relates_id = ids;
    full.room_size = 3;
    full.vanished = 1;
    deliver.handle = 7;
    deliver.n_deliveries = 2;
    deliver.deliveries = both;
    Trefoil__Frame frame = frame_make(TREFOIL__FRAME__BODY_DELIVER, &deliver);
    use(&frame);
}

static void with_publish(void (*use)(const Trefoil__Frame *frame))
{
    ProtobufCBinaryData envelopes[] = { some(300), some(0), some(1) };
    Trefoil__Publish publish = TREFOIL__PUBLISH__INIT;

    publish.first_ticket = 1ull << 40;
    publish.n_envelopes = 3;
    publish.envelopes = envelopes;
    Trefoil__Frame frame = frame_make(TREFOIL__FRAME__BODY_PUBLISH, &publish);
    use(&frame);
}

static void with_ack(void (*use)(const Trefoil__Frame *frame))
{
    static char reason[] = "window closed", lost_a[] = "spans", lost_b[] = "", *lost[] = { lost_a, lost_b };
    ProtobufCBinaryData refs[] = { some(81), some(49) };
    Trefoil__Run run = TREFOIL__RUN__INIT, other = TREFOIL__RUN__INIT, *runs[] = { &run, &other };
    Trefoil__TargetOutcome outcome = TREFOIL__TARGET_OUTCOME__INIT, *outcomes[] = { &outcome };
    Trefoil__AckItem item = TREFOIL__ACK_ITEM__INIT, *items[] = { &item, &item };
    Trefoil__Ack ack = TREFOIL__ACK__INIT;

    run.first = 5;
    run.count = 3;
    outcome.target = 1;
    outcome.outcome = TREFOIL__OUTCOME__OUTCOME_RETURNED;
    outcome.n_refs = 2;
    outcome.refs = refs;
    outcome.retry_ms = 1500;
    outcome.code = 131047;
    outcome.subcode = 2534022;
    outcome.reason = reason;
    outcome.n_lost = 2;
    outcome.lost = lost;
    item.seq = 99;
    item.n_outcomes = 1;
    item.outcomes = outcomes;
    ack.handle = 2;
    ack.n_done = 2;
    ack.done = runs;
    ack.n_items = 2;
    ack.items = items;
    Trefoil__Frame frame = frame_make(TREFOIL__FRAME__BODY_ACK, &ack);
    use(&frame);
}

static void with_capability_put(void (*use)(const Trefoil__Frame *frame), size_t record_bytes)
{
    static char account[] = "messenger/42";
    static uint8_t record[BUS_CAPABILITIES_MAX_BYTES + 1];
    Trefoil__CapabilityPut put = TREFOIL__CAPABILITY_PUT__INIT;
    Trefoil__Ask ask = TREFOIL__ASK__INIT;

    put.channel = some(16);
    put.account = account;
    put.record = (ProtobufCBinaryData){ record_bytes, record };
    ask.ticket = 3;
    ask.question_case = TREFOIL__ASK__QUESTION_CAPABILITY_PUT;
    ask.capability_put = &put;
    Trefoil__Frame frame = frame_make(TREFOIL__FRAME__BODY_ASK, &ask);
    use(&frame);
}

/* The frame's bytes in memory of exactly their size, so that a sanitizer sees one byte too many. */
static struct bytes written(const Trefoil__Frame *frame)
{
    size_t size = 0;

    assert_int_equal(frame_size(frame, &size), 0);
    uint8_t *data = malloc(size);
    assert_non_null(data);
    frame_write(frame, data);
    return bytes_make(data, size);
}

static void expect_same_bytes(const Trefoil__Frame *frame)
{
    struct arena arena = ARENA_EMPTY(1 << 20);
    struct bytes ours = written(frame);
    size_t size = trefoil__frame__get_packed_size(frame);
    uint8_t *theirs = malloc(size), *again = malloc(size);
    Trefoil__Frame *back = NULL;

    assert_non_null(theirs);
    assert_non_null(again);
    trefoil__frame__pack(frame, theirs);
    assert_int_equal(ours.size, size);
    assert_memory_equal(ours.data, theirs, size);

    assert_int_equal(frame_unpack(ours, &arena, &back), 0);
    assert_int_equal(trefoil__frame__get_packed_size(back), size);
    trefoil__frame__pack(back, again);
    assert_memory_equal(again, theirs, size);
    free((void *) (uintptr_t) ours.data);
    free(theirs);
    free(again);
    arena_deinit(&arena);
}

static void test_hot_frames_are_what_protobuf_reads_and_writes(void **state)
{
    (void) state;
    with_deliver(expect_same_bytes);
    with_publish(expect_same_bytes);
    with_ack(expect_same_bytes);
}

static void test_rare_frames_are_what_protobuf_reads_and_writes(void **state)
{
    (void) state;
    static char name[] = "bot";
    Trefoil__Hello hello = TREFOIL__HELLO__INIT;
    Trefoil__Bye bye = TREFOIL__BYE__INIT;

    hello.version_max = BUS_VERSION_MAX;
    hello.service = name;
    hello.replica = some(8);
    Trefoil__Frame frames[] = { frame_make(TREFOIL__FRAME__BODY_HELLO, &hello),
                                frame_make(TREFOIL__FRAME__BODY_BYE, &bye) };
    for (size_t i = 0; i < ARRAY_SIZE(frames); i++)
        expect_same_bytes(&frames[i]);
}

static void expect_too_large(const Trefoil__Frame *frame)
{
    struct arena arena = ARENA_EMPTY(1 << 20);
    struct bytes bytes = written(frame);
    Trefoil__Frame *back = NULL;

    assert_int_equal(frame_unpack(bytes, &arena, &back), -EMSGSIZE);
    free((void *) (uintptr_t) bytes.data);
    arena_deinit(&arena);
}

static void test_capability_record_is_bounded(void **state)
{
    (void) state;
    with_capability_put(expect_same_bytes, BUS_CAPABILITIES_MAX_BYTES);
    with_capability_put(expect_too_large, BUS_CAPABILITIES_MAX_BYTES + 1);
}

static void expect_slices(const Trefoil__Frame *frame)
{
    struct arena arena = ARENA_EMPTY(1 << 20);
    struct bytes bytes = written(frame);
    Trefoil__Frame *back = NULL;

    assert_int_equal(frame_unpack(bytes, &arena, &back), 0);
    const uint8_t *at = back->publish->envelopes[0].data;
    assert_true(at > bytes.data && at < bytes.data + bytes.size);
    free((void *) (uintptr_t) bytes.data);
    arena_deinit(&arena);
}

static void test_envelopes_are_not_copied(void **state)
{
    (void) state;
    with_publish(expect_slices);
}

static void expect_prefixes_refused(const Trefoil__Frame *frame)
{
    struct arena arena = ARENA_EMPTY(1 << 20);
    struct bytes bytes = written(frame);

    for (size_t size = 0; size < bytes.size; size++) {
        uint8_t *cut = malloc(size > 0 ? size : 1);
        Trefoil__Frame *back = NULL;

        assert_non_null(cut);
        memcpy(cut, bytes.data, size);
        assert_int_equal(frame_unpack(bytes_make(cut, size), &arena, &back), -EBADMSG);
        assert_null(back);
        free(cut);
        arena_reset(&arena);
    }
    free((void *) (uintptr_t) bytes.data);
    arena_deinit(&arena);
}

static void test_every_prefix_is_refused(void **state)
{
    (void) state;
    with_deliver(expect_prefixes_refused);
    with_publish(expect_prefixes_refused);
    with_ack(expect_prefixes_refused);
}

static void expect_flips_survive(const Trefoil__Frame *frame)
{
    struct arena arena = ARENA_EMPTY(1 << 20);
    struct bytes bytes = written(frame);
    uint8_t *data = (uint8_t *) (uintptr_t) bytes.data;

    for (size_t i = 0; i < bytes.size; i++)
        for (unsigned bit = 0; bit < 8; bit++) {
            Trefoil__Frame *back = NULL;

            data[i] = (uint8_t) (data[i] ^ (1u << bit));
            if (frame_unpack(bytes, &arena, &back) == 0)
                assert_true(trefoil__frame__get_packed_size(back) > 0);
            data[i] = (uint8_t) (data[i] ^ (1u << bit));
            arena_reset(&arena);
        }
    free(data);
    arena_deinit(&arena);
}

static void test_no_flipped_bit_does_harm(void **state)
{
    (void) state;
    with_deliver(expect_flips_survive);
    with_publish(expect_flips_survive);
    with_ack(expect_flips_survive);
}

static void expect_memory_refused(const Trefoil__Frame *frame)
{
    struct bytes bytes = written(frame);
    int r = -ENOMEM;

    for (size_t cap = 0; r < 0; cap += 64) {
        struct arena arena = ARENA_EMPTY(cap);
        Trefoil__Frame *back = NULL;

        r = frame_unpack(bytes, &arena, &back);
        assert_true(r == 0 || r == -ENOMEM);
        arena_deinit(&arena);
    }
    free((void *) (uintptr_t) bytes.data);
}

static void test_exhausted_arena_is_told_from_bad_bytes(void **state)
{
    (void) state;
    with_deliver(expect_memory_refused);
    with_publish(expect_memory_refused);
    with_ack(expect_memory_refused);
}

static void test_counts_and_sizes_above_their_limit_are_refused(void **state)
{
    (void) state;
    struct arena arena = ARENA_EMPTY(BUS_FRAME_MEMORY_MAX_BYTES);
    static ProtobufCBinaryData envelopes[BUS_BATCH_MAX_ENVELOPES + 1];
    Trefoil__Publish publish = TREFOIL__PUBLISH__INIT;
    Trefoil__Frame frame = frame_make(TREFOIL__FRAME__BODY_PUBLISH, &publish), *back = NULL;

    publish.envelopes = envelopes;
    publish.n_envelopes = BUS_BATCH_MAX_ENVELOPES;
    struct bytes fits = written(&frame);
    assert_int_equal(frame_unpack(fits, &arena, &back), 0);
    publish.n_envelopes++;
    struct bytes over = written(&frame);
    assert_int_equal(frame_unpack(over, &arena, &back), -EMSGSIZE);
    free((void *) (uintptr_t) fits.data);
    free((void *) (uintptr_t) over.data);

    size_t size = BUS_FRAME_MAX_BYTES;
    envelopes[0] = (ProtobufCBinaryData){ size, filler }; /* measured, never read */
    publish.n_envelopes = 1;
    assert_int_equal(frame_size(&frame, &size), -EMSGSIZE);
    uint8_t *large = calloc(1, BUS_FRAME_MAX_BYTES + 1);
    assert_non_null(large);
    assert_int_equal(frame_unpack(bytes_make(large, BUS_FRAME_MAX_BYTES + 1), &arena, &back), -EMSGSIZE);
    free(large);
    arena_deinit(&arena);
}

static void test_none_or_two_or_unknown_bodies_are_refused(void **state)
{
    (void) state;
    struct arena arena = ARENA_EMPTY(1 << 20);
    Trefoil__Frame empty = TREFOIL__FRAME__INIT, *back = NULL;
    size_t size;

    assert_int_equal(frame_size(&empty, &size), -EINVAL);
    assert_int_equal(frame_unpack(BYTES_EMPTY, &arena, &back), -EBADMSG);
    assert_int_equal(frame_unpack(bytes_of_text("\x72\x01"), &arena, &back), -EBADMSG); /* roster_get, cut */
    assert_int_equal(frame_unpack(bytes_make("\x72\x00\x92\x01\x00", 5), &arena, &back), -EBADMSG);
    assert_int_equal(frame_unpack(bytes_make("\xba\x01\x00", 3), &arena, &back), -EBADMSG); /* field 23 */
    assert_int_equal(frame_unpack(bytes_make("\x72\x00", 2), &arena, &back), 0);
    assert_int_equal(back->body_case, TREFOIL__FRAME__BODY_ROSTER_GET);
    assert_string_equal(frame_name(back->body_case), "roster_get");
    arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hot_frames_are_what_protobuf_reads_and_writes),
        cmocka_unit_test(test_rare_frames_are_what_protobuf_reads_and_writes),
        cmocka_unit_test(test_capability_record_is_bounded),
        cmocka_unit_test(test_envelopes_are_not_copied),
        cmocka_unit_test(test_every_prefix_is_refused),
        cmocka_unit_test(test_no_flipped_bit_does_harm),
        cmocka_unit_test(test_exhausted_arena_is_told_from_bad_bytes),
        cmocka_unit_test(test_counts_and_sizes_above_their_limit_are_refused),
        cmocka_unit_test(test_none_or_two_or_unknown_bodies_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
