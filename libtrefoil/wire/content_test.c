/* Every kind of content with every member set, there and back; and everything that is no content. The generated
 * descriptors say which members there are, so a member forgotten in one direction or in both fails here.
 */
#include "wire/content.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <trefoil/status.h>

#include "proto/content.pb-c.h"
#include "wire/proto_arena.h"

static const char *const words[] = { "один", "two", "三" };
/* a constant expression for both compilers, where a const variable is one for gcc only */
#define hash                                                     \
    {                                                            \
        (const uint8_t *) "0123456789abcdef0123456789abcdef", 32 \
    }
static const uint8_t id_bytes[SEAL_ID_BYTES] = { 1, 2, 3 };

static struct content_claims claims(void)
{
    struct bytes id = bytes_make(id_bytes, sizeof(id_bytes));

    return (struct content_claims){ id, id, "whatsapp", "whatsapp/106540000000002", id };
}

static const struct trefoil_referral referral = { "ad", "23", "https://x", "Head", "Body", "ref", "clid" };

static struct trefoil_message message_of(enum trefoil_kind kind)
{
    return (struct trefoil_message){
        .kind = kind,
        .author = { "whatsapp", "49170", "Ana", "ana", words, words, 3 },
        .message_id = "wamid.x",
        .sent_ms = 1790000000000,
        .in_reply_to = "wamid.y",
        .replaces = "wamid.z",
        .thread = "t",
        .fallback = "Ana: hello",
        .group_id = "g",
        .forwarded = true,
        .frequently_forwarded = true,
        .by_business = true,
        .standby = true,
        .is_edit = true,
        .strict = true,
        .purpose = TREFOIL_PURPOSE_HUMAN_AGENT,
        .referral = &referral,
        .extra_keys = words,
        .extra_values = words,
        .n_extras = 3,
    };
}

static const struct trefoil_span spans[] = { { TREFOIL_SPAN_LINK, 2, 4, "https://y" },
                                             { TREFOIL_SPAN_BOLD, 6, 2, "z" } };
static const struct trefoil_media media = {
    TREFOIL_MEDIA_VOICE, "audio/ogg", "a.ogg", 77, "id", "https://m", hash, "blob:1", hash, hash, hash, hash
};
static const struct trefoil_contact card = { "Bo", words, 3, words, 2, "ACME", "BEGIN:VCARD" };
static const struct trefoil_option option = { "1", "One", "the first", "numbers", "https://1" };
static const struct trefoil_order_item item = { "sku", "Tea", "3.50", "EUR", 2 };

/* Calls `use` with one message of each kind, every member set. */
static void with_every_kind(void (*use)(const struct trefoil_message *message))
{
#define WITH(KIND, member, ...)                                              \
    do {                                                                     \
        struct trefoil_message message = message_of(TREFOIL_KIND_##KIND);    \
        message.body.member = (__typeof__(message.body.member)) __VA_ARGS__; \
        use(&message);                                                       \
    } while (0)
    WITH(TEXT, text, { "ж 语 end", spans, 1 });
    WITH(REACTION, reaction, { "wamid.y", "👍", true });
    WITH(RETRACT, retract, { "wamid.y" });
    WITH(RECEIPT, receipt, { TREFOIL_RECEIPT_FAILED, words, 3, 5, 131047, 7, "window closed", "service" });
    WITH(TYPING, typing, { true });
    WITH(PRESENCE, presence, { true, 8 });
    WITH(MEDIA, media, { "look", &media, 1 });
    WITH(LOCATION, location, { 52.5, -13.25, "Gate", "Platz 1", "https://map" });
    WITH(CONTACTS, contacts, { &card, 1 });
    WITH(CHOICES, choices, { TREFOIL_CHOICE_LIST, "H", "B", "F", "Open", &option, 1 });
    WITH(CHOICE, choice, { TREFOIL_CHOICE_BUTTONS, "1", "One", "first", "payload" });
    WITH(TEMPLATE, template_, { "hello", "de", "[]", "Hallo" });
    WITH(ORDER, order, { "cat", "please", &item, 1 });
    WITH(SYSTEM, system, { TREFOIL_SYSTEM_NUMBER_CHANGED, "1", "2", "changed" });
    WITH(ACCOUNT, account, { TREFOIL_ACCOUNT_BAD_CREDENTIALS, 190, 463, "renew the token" });
    WITH(UNSUPPORTED, unsupported, { "poll", "not translated yet", hash });
#undef WITH
}

static bool is_set(const ProtobufCFieldDescriptor *field, const char *at)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        return *(char *const *) at && **(char *const *) at;
    case PROTOBUF_C_TYPE_BYTES:
        return ((const ProtobufCBinaryData *) at)->len > 0;
    case PROTOBUF_C_TYPE_UINT64:
        return *(const uint64_t *) at != 0;
    case PROTOBUF_C_TYPE_DOUBLE:
        return *(const double *) at < 0 || *(const double *) at > 0;
    default:
        return *(const uint32_t *) at != 0;
    }
}

static void expect_all_set(const ProtobufCMessage *message)
{
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        const char *base = (const char *) message, *at = base + field->offset;

        if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
            if (*(const uint32_t *) (base + field->quantifier_offset) != field->id)
                continue;
        } else if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            if (*(const size_t *) (base + field->quantifier_offset) == 0)
                fail_msg("%s.%s is empty", message->descriptor->name, field->name);
            at = *(const char *const *) at;
        }
        if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
            assert_non_null(*(ProtobufCMessage *const *) at);
            expect_all_set(*(ProtobufCMessage *const *) at);
        } else if (!is_set(field, at)) {
            fail_msg("%s.%s is not set", message->descriptor->name, field->name);
        }
    }
}

static struct bytes written(const struct trefoil_message *message, struct arena *arena)
{
    struct content_claims ours = claims();
    struct bytes bytes = BYTES_EMPTY;

    assert_int_equal(content_write(message, &ours, arena, &bytes), 0);
    return bytes;
}

static void expect_complete(const struct trefoil_message *message)
{
    struct arena arena = ARENA_EMPTY(1 << 20);
    struct bytes bytes = written(message, &arena);
    ProtobufCAllocator allocator = proto_arena(&arena);
    Trefoil__Content *content = trefoil__content__unpack(&allocator, bytes.size, bytes.data);
    struct trefoil_message back;
    struct content_claims theirs;

    assert_non_null(content);
    expect_all_set(&content->base);

    assert_int_equal(content_read(bytes, &arena, &back, &theirs), 0);
    assert_int_equal(back.kind, message->kind);
    assert_string_equal(theirs.account, "whatsapp/106540000000002");
    struct bytes again = written(&back, &arena);
    assert_true(bytes_equal(again, bytes));
    arena_deinit(&arena);
}

static void test_every_member_of_every_kind_survives_both_ways(void **state)
{
    (void) state;
    with_every_kind(expect_complete);
}

static void expect_empty_ok(const struct trefoil_message *message)
{
    struct arena arena = ARENA_EMPTY(1 << 20);
    struct trefoil_message bare = { .kind = message->kind }, back;
    struct content_claims theirs;

    assert_int_equal(content_read(written(&bare, &arena), &arena, &back, &theirs), 0);
    assert_int_equal(back.kind, bare.kind);
    assert_null(back.message_id);
    assert_null(back.referral);
    arena_deinit(&arena);
}

static void test_absent_members_come_back_as_null(void **state)
{
    (void) state;
    with_every_kind(expect_empty_ok);
}

static void expect_damage_harmless(const struct trefoil_message *message)
{
    struct arena arena = ARENA_EMPTY(1 << 20), work = ARENA_EMPTY(1 << 20);
    struct bytes bytes = written(message, &arena);
    struct trefoil_message back;
    struct content_claims theirs;

    for (size_t size = 0; size < bytes.size; size++) {
        uint8_t *cut = malloc(bytes.size);

        assert_non_null(cut);
        memcpy(cut, bytes.data, bytes.size);
        (void) !content_read(bytes_make(cut + bytes.size - size, size), &work, &back, &theirs);
        cut[size] ^= 0x81;
        (void) !content_read(bytes_make(cut, bytes.size), &work, &back, &theirs);
        free(cut);
        arena_reset(&work);
    }
    arena_deinit(&arena);
    arena_deinit(&work);
}

static void test_damaged_content_does_no_harm(void **state)
{
    (void) state;
    with_every_kind(expect_damage_harmless);
}

static void expect_memory_refused(const struct trefoil_message *message)
{
    struct arena whole = ARENA_EMPTY(1 << 20);
    struct bytes bytes = written(message, &whole);
    struct content_claims ours = claims(), theirs;
    struct trefoil_message back;
    int r = -ENOMEM, w = -ENOMEM;

    for (size_t cap = 0; r < 0 || w < 0; cap += 64) {
        struct arena arena = ARENA_EMPTY(cap);
        struct bytes out;

        r = content_read(bytes, &arena, &back, &theirs);
        assert_true(r == 0 || r == -ENOMEM);
        arena_deinit(&arena);
        w = content_write(message, &ours, &arena, &out);
        assert_true(w == 0 || w == -ENOMEM);
        arena_deinit(&arena);
    }
    arena_deinit(&whole);
}

static void test_exhausted_arena_is_reported_as_such(void **state)
{
    (void) state;
    with_every_kind(expect_memory_refused);
}

static int write_result(const struct trefoil_message *message)
{
    struct arena arena = ARENA_EMPTY(CONTENT_MEMORY_MAX_BYTES);
    struct content_claims ours = claims();
    struct bytes bytes;
    int r = content_write(message, &ours, &arena, &bytes);

    arena_deinit(&arena);
    return r;
}

static void test_spans_must_lie_between_characters(void **state)
{
    (void) state;
    const struct {
        uint32_t start, size;
        int result;
    } cases[] = { { 0, 2, 0 },       { 0, 8, 0 },       { 8, 0, 0 },       { 0, 1, -EINVAL },
                  { 1, 1, -EINVAL }, { 0, 9, -EINVAL }, { 9, 0, -EINVAL }, { UINT32_MAX, UINT32_MAX, -EINVAL } };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct trefoil_span span = { TREFOIL_SPAN_BOLD, cases[i].start, cases[i].size, NULL };
        struct trefoil_message message = { .kind = TREFOIL_KIND_TEXT, .body.text = { "ж end s", &span, 1 } };

        assert_int_equal(write_result(&message), cases[i].result);
    }
}

static void test_members_outside_their_range_are_not_written(void **state)
{
    (void) state;
    struct trefoil_message none = { 0 }, beyond = { .kind = TREFOIL_N_KINDS };
    struct trefoil_message no_utf8 = { .kind = TREFOIL_KIND_TEXT, .body.text.body = "\xff" };
    struct trefoil_message late = { .kind = TREFOIL_KIND_RECEIPT, .body.receipt.state = 17 };
    struct trefoil_message many = { .kind = TREFOIL_KIND_RECEIPT, .body.receipt.n_targets = CONTENT_TARGETS_MAX + 1 };
    struct trefoil_message raw = { .kind = TREFOIL_KIND_UNSUPPORTED,
                                   .body.unsupported.raw = { id_bytes, SEAL_CONTENT_MAX_BYTES + 1 } };
    char *text = malloc(CONTENT_TEXT_MAX_BYTES + 2);

    assert_non_null(text);
    memset(text, 'x', CONTENT_TEXT_MAX_BYTES + 1);
    text[CONTENT_TEXT_MAX_BYTES + 1] = 0;
    struct trefoil_message large = { .kind = TREFOIL_KIND_TEXT, .body.text.body = text };

    assert_int_equal(write_result(&none), -EINVAL);
    assert_int_equal(write_result(&beyond), -EINVAL);
    assert_int_equal(write_result(&no_utf8), -EINVAL);
    assert_int_equal(write_result(&late), -EINVAL);
    assert_int_equal(write_result(&many), -EMSGSIZE);
    assert_int_equal(write_result(&raw), -EMSGSIZE);
    assert_int_equal(write_result(&large), -EMSGSIZE);
    text[CONTENT_TEXT_MAX_BYTES] = 0;
    assert_int_equal(write_result(&large), 0);
    free(text);
}

static int read_result(const Trefoil__Content *content, struct trefoil_message *ret)
{
    struct arena arena = ARENA_EMPTY(1 << 20);
    size_t size = trefoil__content__get_packed_size(content);
    uint8_t *data = malloc(size);
    struct content_claims theirs;

    assert_non_null(data);
    trefoil__content__pack(content, data);
    int r = content_read(bytes_make(data, size), &arena, ret, &theirs);
    free(data);
    arena_deinit(&arena);
    return r;
}

static void test_claims_are_required_and_newer_kinds_become_unsupported(void **state)
{
    (void) state;
    static char service[] = "s", bad[] = "\xc0\x80";
    ProtobufCBinaryData id = { SEAL_ID_BYTES, (uint8_t *) (uintptr_t) id_bytes };
    ProtobufCMessageUnknownField newer = { 60, PROTOBUF_C_WIRE_TYPE_VARINT, 1, (uint8_t *) (uintptr_t) "\x01" };
    Trefoil__Claims inner = TREFOIL__CLAIMS__INIT;
    Trefoil__Typing typing = TREFOIL__TYPING__INIT;
    Trefoil__Content content = TREFOIL__CONTENT__INIT;
    struct trefoil_message back = { 0 };

    content.body_case = TREFOIL__CONTENT__BODY_TYPING;
    content.typing = &typing;
    assert_int_equal(read_result(&content, &back), -EBADMSG);
    content.claims = &inner;
    inner.service = service;
    inner.envelope_id = inner.channel = id;
    assert_int_equal(read_result(&content, &back), 0);
    inner.channel.len = 15;
    assert_int_equal(read_result(&content, &back), -EBADMSG);
    inner.channel.len = 16;
    content.thread = bad;
    assert_int_equal(read_result(&content, &back), -EBADMSG);
    content.thread = service;
    content.body_case = TREFOIL__CONTENT__BODY__NOT_SET;
    assert_int_equal(read_result(&content, &back), -EBADMSG);
    content.base.n_unknown_fields = 1;
    content.base.unknown_fields = &newer;
    assert_int_equal(read_result(&content, &back), 0);
    assert_int_equal(back.kind, TREFOIL_KIND_UNSUPPORTED);
    assert_non_null(back.body.unsupported.reason);
}

static void test_every_kind_and_status_has_a_word(void **state)
{
    (void) state;
    for (int kind = 0; kind <= TREFOIL_N_KINDS; kind++)
        assert_true(strlen(trefoil_kind_name((enum trefoil_kind) kind)) > 0);
    assert_string_equal(trefoil_kind_name(TREFOIL_KIND_CHOICE), "choice");
    for (int status = 0; status <= TREFOIL_CLOSED + 1; status++)
        assert_true(strlen(trefoil_status_text((enum trefoil_status) status)) > 0);
    assert_int_equal(trefoil_status_type(TREFOIL_AGAIN), TREFOIL_TYPE_RETRY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_member_of_every_kind_survives_both_ways),
        cmocka_unit_test(test_absent_members_come_back_as_null),
        cmocka_unit_test(test_damaged_content_does_no_harm),
        cmocka_unit_test(test_exhausted_arena_is_reported_as_such),
        cmocka_unit_test(test_spans_must_lie_between_characters),
        cmocka_unit_test(test_members_outside_their_range_are_not_written),
        cmocka_unit_test(test_claims_are_required_and_newer_kinds_become_unsupported),
        cmocka_unit_test(test_every_kind_and_status_has_a_word),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
