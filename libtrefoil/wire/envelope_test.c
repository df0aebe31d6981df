/* Envelopes and headers against protobuf-c, which reads the same schema, and against everything that is not one. */
#include "wire/envelope.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "proto/envelope.pb-c.h"
#include "wire/proto_arena.h"

static uint8_t fill[4096];

static struct bytes some(size_t size)
{
    memset(fill, 0x5a, sizeof(fill));
    return bytes_make(fill, size);
}

static struct envelope_header full_header(const struct bytes *tokens, const struct bytes *ids)
{
    return (struct envelope_header){
        .id = some(16),
        .channel = some(16),
        .audience = ENVELOPE_AUTHOR,
        .class_ = ENVELOPE_EPHEMERAL,
        .account = bytes_of_text("whatsapp/1065"),
        .from = some(49),
        .ref = some(81),
        .relates = tokens,
        .n_relates = 2,
        .relates_id = ids,
        .n_relates_id = 1,
        .room = some(16),
        .echo = true,
        .resolves = true,
        .resolves_seq = 77,
        .resolves_target = 3,
        .watermark_ms = 5,
        .key_id = some(16),
        .seq = 1,
        .created_ms = UINT64_MAX,
        .expires_ms = 300,
        .hops = 2,
        .lane = ENVELOPE_BULK,
        .opens_window_ms = 1790000000000,
        .consent = ENVELOPE_GIVEN,
        .aliases = tokens,
        .n_aliases = 2,
    };
}

static void test_header_is_what_protobuf_reads_and_writes(void **state)
{
    (void) state;
    struct arena arena = ARENA_EMPTY(1 << 20);
    struct bytes tokens[2] = { some(49), some(81) }, ids[1] = { some(16) }, bytes;
    struct envelope_header header = full_header(tokens, ids), back;

    assert_int_equal(envelope_header_write(&header, &arena, &bytes), 0);
    ProtobufCAllocator allocator = proto_arena(&arena);
    Trefoil__EnvelopeHeader *proto = trefoil__envelope_header__unpack(&allocator, bytes.size, bytes.data);
    assert_non_null(proto);
    assert_int_equal(proto->n_relates, 2);
    assert_int_equal(proto->relates[1].len, 81);
    assert_int_equal(proto->resolves->seq, 77);
    assert_int_equal(proto->resolves->target, 3);
    assert_true(proto->created_ms == UINT64_MAX);
    assert_string_equal(proto->account, "whatsapp/1065");
    assert_int_equal(proto->lane, TREFOIL__LANE__LANE_BULK);
    assert_int_equal(proto->consent, TREFOIL__CONSENT__CONSENT_GIVEN);
    assert_int_equal(proto->n_alias, 2);
    assert_int_equal(trefoil__envelope_header__get_packed_size(proto), bytes.size);
    uint8_t *again = arena_alloc(&arena, bytes.size);
    trefoil__envelope_header__pack(proto, again);
    assert_memory_equal(again, bytes.data, bytes.size);

    assert_int_equal(envelope_header_parse(bytes, &arena, &back), 0);
    assert_int_equal(back.audience, ENVELOPE_AUTHOR);
    assert_int_equal(back.class_, ENVELOPE_EPHEMERAL);
    assert_int_equal(back.n_relates, 2);
    assert_int_equal(back.relates[0].size, 49);
    assert_int_equal(back.n_relates_id, 1);
    assert_true(back.echo && back.resolves && back.resolves_seq == 77 && back.resolves_target == 3);
    assert_int_equal(back.hops, 2);
    assert_int_equal(back.lane, ENVELOPE_BULK);
    assert_true(back.opens_window_ms == 1790000000000);
    assert_int_equal(back.consent, ENVELOPE_GIVEN);
    assert_int_equal(back.n_aliases, 2);
    assert_int_equal(back.aliases[1].size, 81);
    arena_deinit(&arena);
}

static void test_truncated_header_is_refused_unless_a_field_ends_there(void **state)
{
    (void) state;
    struct arena arena = ARENA_EMPTY(1 << 20);
    struct bytes tokens[2] = { some(49), some(49) }, ids[1] = { some(16) }, bytes;
    struct envelope_header header = full_header(tokens, ids), back;

    assert_int_equal(envelope_header_write(&header, &arena, &bytes), 0);
    for (size_t size = 0; size < bytes.size; size++) {
        int r = envelope_header_parse(bytes_make(bytes.data, size), &arena, &back);

        assert_true(r == -EBADMSG || (r == 0 && back.seq == 1 && back.n_aliases < 2));
    }
    arena_deinit(&arena);
}

static void test_header_with_a_field_twice_or_out_of_order_is_refused(void **state)
{
    (void) state;
    struct arena arena = ARENA_EMPTY(1 << 20);
    struct envelope_header header = { .id = some(16),
                                      .channel = some(16),
                                      .audience = ENVELOPE_ROOM,
                                      .class_ = ENVELOPE_DURABLE,
                                      .key_id = some(16),
                                      .seq = 9 },
                           back;
    struct bytes bytes;
    uint8_t longer[256];

    assert_int_equal(envelope_header_write(&header, &arena, &bytes), 0);
    memcpy(longer, bytes.data, bytes.size);
    const struct {
        uint8_t tail[4];
        size_t size;
        int result;
    } cases[] = {
        { { 0x78, 0x0a }, 2, -EBADMSG },             /* seq a second time */
        { { 0x20, 0x01 }, 2, -EBADMSG },             /* class after seq */
        { { 0x80, 0x01, 0x81, 0x00 }, 4, -EBADMSG }, /* created, not minimal */
        { { 0x7b }, 1, -EBADMSG },                   /* a group */
        { { 0x98, 0x01, 0x01 }, 3, 0 },              /* the lane of many */
        { { 0x98, 0x01, 0x02 }, 3, -EBADMSG },       /* a lane there is not */
        { { 0xa8, 0x01, 0x03 }, 3, -EBADMSG },       /* a consent there is not */
        { { 0xb2, 0x01, 0x00 }, 3, -EBADMSG },       /* an alias that is no token */
        { { 0xb8, 0x01, 0x01 }, 3, 0 },              /* field 23: newer than us */
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        memcpy(longer + bytes.size, cases[i].tail, cases[i].size);
        assert_int_equal(envelope_header_parse(bytes_make(longer, bytes.size + cases[i].size), &arena, &back),
                         cases[i].result);
    }
    arena_deinit(&arena);
}

static void test_header_outside_its_limits_is_not_written(void **state)
{
    (void) state;
    struct arena arena = ARENA_EMPTY(1 << 20);
    struct bytes tokens[SEAL_ALIASES_MAX + 1] = { some(49), some(49), some(49), some(49), some(49) };
    struct bytes ids[2] = { some(16), some(16) }, bytes;
    struct envelope_header good = full_header(tokens, ids), bad;

#define REFUSED(change)                                                         \
    do {                                                                        \
        bad = good;                                                             \
        bad.change;                                                             \
        assert_int_equal(envelope_header_write(&bad, &arena, &bytes), -EINVAL); \
    } while (0)
    REFUSED(id = some(15));
    REFUSED(channel = BYTES_EMPTY);
    REFUSED(audience = 0);
    REFUSED(class_ = 3);
    REFUSED(account = some(129));
    REFUSED(account = bytes_of_text("\xff"));
    REFUSED(from = some(48));
    REFUSED(ref = some(50));
    REFUSED(ref = some(SEAL_TOKEN_MAX_BYTES + 32));
    REFUSED(room = some(1));
    REFUSED(key_id = some(17));
    REFUSED(seq = 0);
    REFUSED(n_relates = 65);
    REFUSED(lane = 2);
    REFUSED(consent = 3);
    REFUSED(n_aliases = SEAL_ALIASES_MAX + 1);
    REFUSED(aliases = ids);
    REFUSED(from = BYTES_EMPTY); /* aliases of nobody */
#undef REFUSED
    arena_deinit(&arena);
}

static void test_envelope_is_what_protobuf_reads_and_nothing_else(void **state)
{
    (void) state;
    struct arena arena = ARENA_EMPTY(1 << 20);
    struct envelope envelope = { some(60), some(32), some(32), some(272), some(64) }, back;
    struct bytes bytes;
    uint8_t longer[1024];

    assert_int_equal(envelope_write(&envelope, &arena, &bytes), 0);
    ProtobufCAllocator allocator = proto_arena(&arena);
    Trefoil__Envelope *proto = trefoil__envelope__unpack(&allocator, bytes.size, bytes.data);
    assert_non_null(proto);
    assert_int_equal(proto->sealed.len, 272);
    assert_int_equal(envelope_parse(bytes, &back), 0);
    assert_int_equal(back.header.size, 60);
    assert_ptr_equal(back.header.data, bytes.data + 2); /* in place */
    for (size_t size = 0; size < bytes.size; size++)
        assert_int_equal(envelope_parse(bytes_make(bytes.data, size), &back), -EBADMSG);
    memcpy(longer, bytes.data, bytes.size);
    memcpy(longer + bytes.size, "\x30\x02", 2); /* field 6: another suite's */
    assert_int_equal(envelope_parse(bytes_make(longer, bytes.size + 2), &back), -EBADMSG);
    arena_deinit(&arena);
}

static void test_glance_sees_whose_an_envelope_is_and_survives_what_is_none(void **state)
{
    (void) state;
    struct arena arena = ARENA_EMPTY(1 << 20);
    struct bytes tokens[2] = { some(49), some(81) }, ids[1] = { some(16) }, head, bytes;
    struct envelope_header header = full_header(tokens, ids);
    struct envelope_glance glance;

    header.from = bytes_make("a token of somebody's, as long as tokens are, made", 49);
    assert_int_equal(envelope_header_write(&header, &arena, &head), 0);
    struct envelope envelope = { head, some(32), some(32), some(272), some(64) };
    assert_int_equal(envelope_write(&envelope, &arena, &bytes), 0);
    envelope_glance(bytes, &glance);
    assert_true(bytes_equal(glance.id, header.id) && bytes_equal(glance.channel, header.channel));
    assert_true(bytes_equal(glance.from, header.from));
    for (size_t size = 0; size < head.size; size++) {
        envelope_glance(bytes_make(bytes.data, size), &glance);
        assert_int_equal(glance.id.size + glance.channel.size + glance.from.size, 0);
        envelope.header = bytes_make(head.data, size);
        if (size > 0 && envelope_write(&envelope, &arena, &bytes) == 0)
            envelope_glance(bytes, &glance);
        assert_true(glance.from.size == 0 || bytes_equal(glance.from, header.from));
    }
    arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_header_is_what_protobuf_reads_and_writes),
        cmocka_unit_test(test_truncated_header_is_refused_unless_a_field_ends_there),
        cmocka_unit_test(test_header_with_a_field_twice_or_out_of_order_is_refused),
        cmocka_unit_test(test_header_outside_its_limits_is_not_written),
        cmocka_unit_test(test_envelope_is_what_protobuf_reads_and_nothing_else),
        cmocka_unit_test(test_glance_sees_whose_an_envelope_is_and_survives_what_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
