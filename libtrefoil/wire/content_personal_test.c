/* Every kind of message taken apart: nothing personal stays behind, everything readable does, and both parts together
 * are the message again.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/content.pb-c.h"
#include "wire/content.h"

#define MARK "SECRET"   /* in every personal text */
#define WORD "readable" /* in every other one */

static const char *const marks[] = { MARK "1", NULL, MARK "3" };
static const uint8_t id_bytes[SEAL_ID_BYTES] = { 1, 2, 3 };
static const struct trefoil_referral referral = { WORD, WORD, WORD, WORD, WORD, WORD, MARK };
static const struct trefoil_span spans[] = { { TREFOIL_SPAN_MENTION, 0, 2, MARK "ann" },
                                             { TREFOIL_SPAN_LINK, 2, 2, WORD },
                                             { TREFOIL_SPAN_MENTION, 4, 2, NULL },
                                             { TREFOIL_SPAN_MENTION, 6, 1, MARK "bob" } };
static const struct trefoil_media media[] = {
    { .kind = TREFOIL_MEDIA_IMAGE, .mime = WORD, .network_id = MARK "id" },
    { .kind = TREFOIL_MEDIA_FILE, .name = WORD, .network_url = "https://" MARK },
    { .kind = TREFOIL_MEDIA_VOICE, .blob = WORD },
};

static struct trefoil_message message_of(enum trefoil_kind kind)
{
    return (struct trefoil_message){
        .kind = kind,
        .author = { "whatsapp", MARK, WORD, MARK "nick", marks, marks, 3 },
        .message_id = "wamid." MARK,
        .in_reply_to = MARK,
        .replaces = MARK,
        .thread = MARK,
        .fallback = WORD,
        .group_id = MARK,
        .is_edit = true,
        .referral = &referral,
        .extra_keys = marks,
        .extra_values = marks,
        .n_extras = 3,
    };
}

/* Calls `use` with one message of each kind. */
static void with_every_kind(void (*use)(const struct trefoil_message *message))
{
    for (int kind = TREFOIL_KIND_TEXT; kind < TREFOIL_N_KINDS; kind++) {
        struct trefoil_message message = message_of((enum trefoil_kind) kind);

        if (kind == TREFOIL_KIND_TEXT)
            message.body.text = (struct trefoil_text){ WORD, spans, 4 };
        else if (kind == TREFOIL_KIND_REACTION)
            message.body.reaction = (struct trefoil_reaction){ MARK, WORD, false };
        else if (kind == TREFOIL_KIND_RETRACT)
            message.body.retract.target = MARK;
        else if (kind == TREFOIL_KIND_RECEIPT)
            message.body.receipt = (struct trefoil_receipt){ TREFOIL_RECEIPT_READ, marks, 3, 5, 1, 2, WORD, WORD };
        else if (kind == TREFOIL_KIND_MEDIA)
            message.body.media = (struct trefoil_media_list){ WORD, media, 3 };
        else if (kind == TREFOIL_KIND_CHOICE)
            message.body.choice.title = WORD;
        else if (kind == TREFOIL_KIND_SYSTEM)
            message.body.system = (struct trefoil_system){ TREFOIL_SYSTEM_NUMBER_CHANGED, MARK, MARK, MARK " is new" };
        else if (kind == TREFOIL_KIND_UNSUPPORTED)
            message.body.unsupported =
                (struct trefoil_unsupported){ WORD, WORD, { (const uint8_t *) MARK, strlen(MARK) } };
        use(&message);
    }
}

static struct bytes written(const struct trefoil_message *message, struct bytes personal, struct arena *arena)
{
    struct bytes id = bytes_make(id_bytes, sizeof(id_bytes)), bytes = BYTES_EMPTY;
    struct content_claims claims = { id, id, "whatsapp", "whatsapp/106540000000002", personal };

    assert_int_equal(content_write(message, &claims, arena, &bytes), 0);
    return bytes;
}

static size_t count(struct bytes in, const char *word)
{
    size_t n = 0;
    const uint8_t *end = in.data + in.size;

    for (const uint8_t *at = in.data; (at = memmem(at, (size_t) (end - at), word, strlen(word))); at++)
        n++;
    return n;
}

static void expect_apart_and_together(const struct trefoil_message *message)
{
    struct arena arena = ARENA_EMPTY(1 << 20);
    const struct bytes whole = written(message, BYTES_EMPTY, &arena);
    struct trefoil_message readable, back;
    struct content_claims claims;
    struct bytes personal;

    assert_int_equal(content_split(message, &arena, &readable, &personal), 0);
    const struct bytes open = written(&readable, bytes_make(id_bytes, 3), &arena);
    assert_int_equal(count(open, MARK), 0);
    assert_int_equal(count(open, WORD), count(whole, WORD));
    assert_int_equal(count(personal, MARK), count(whole, MARK));
    assert_int_equal(count(personal, WORD), 0);

    assert_int_equal(content_read(open, &arena, &back, &claims), 0);
    assert_true(bytes_equal(claims.personal, bytes_make(id_bytes, 3)));
    assert_int_equal(back.kind, message->kind);
    assert_string_equal(back.author.name, WORD);
    assert_null(back.author.user_id);
    assert_null(back.message_id);
    assert_int_equal(content_join(personal, &arena, &back), 0);
    assert_true(bytes_equal(written(&back, BYTES_EMPTY, &arena), whole));
    arena_deinit(&arena);
}

static void test_both_parts_of_every_kind_are_the_message_again(void **state)
{
    (void) state;
    with_every_kind(expect_apart_and_together);
}

static void test_message_without_anything_personal_has_no_personal_part(void **state)
{
    (void) state;
    struct arena arena = ARENA_EMPTY(1 << 20);
    struct trefoil_message message = { .kind = TREFOIL_KIND_TEXT, .author.name = WORD, .body.text.body = WORD };
    struct trefoil_message readable;
    struct bytes personal = bytes_make(id_bytes, 1);

    assert_int_equal(content_split(&message, &arena, &readable, &personal), 0);
    assert_int_equal(personal.size, 0);
    assert_string_equal(readable.body.text.body, WORD);
    arena_deinit(&arena);
}

static void expect_damage_harmless(const struct trefoil_message *message)
{
    struct arena arena = ARENA_EMPTY(1 << 20), work = ARENA_EMPTY(1 << 20);
    struct trefoil_message readable;
    struct bytes personal;

    assert_int_equal(content_split(message, &arena, &readable, &personal), 0);
    for (size_t size = 0; size < personal.size; size++) {
        struct trefoil_message back = readable;
        uint8_t *cut = malloc(personal.size);

        assert_non_null(cut);
        memcpy(cut, personal.data, personal.size);
        (void) !content_join(bytes_make(cut, size), &work, &back);
        back = readable;
        cut[size] ^= 0x81;
        if (content_join(bytes_make(cut, personal.size), &work, &back) < 0)
            assert_memory_equal(&back, &readable, sizeof(back));
        free(cut);
        arena_reset(&work);
    }
    arena_deinit(&arena);
    arena_deinit(&work);
}

static void test_damaged_personal_parts_do_no_harm(void **state)
{
    (void) state;
    with_every_kind(expect_damage_harmless);
}

static int join_result(const Trefoil__Personal *personal, enum trefoil_kind kind)
{
    struct arena arena = ARENA_EMPTY(1 << 20);
    struct trefoil_message message = { .kind = kind };
    uint8_t data[256];

    assert_true(trefoil__personal__get_packed_size(personal) <= sizeof(data));
    int r = content_join(bytes_make(data, trefoil__personal__pack(personal, data)), &arena, &message);
    arena_deinit(&arena);
    return r;
}

static void test_part_of_another_message_or_with_odd_lists_is_refused(void **state)
{
    (void) state;
    static char word[] = "x", bad[] = "\xff";
    char *list[] = { word };
    Trefoil__Personal personal = TREFOIL__PERSONAL__INIT;

    personal.n_mentions = 1;
    personal.mentions = list;
    assert_int_equal(join_result(&personal, TREFOIL_KIND_TEXT), -EBADMSG);
    personal = (Trefoil__Personal) TREFOIL__PERSONAL__INIT;
    personal.n_media_id = personal.n_media_url = 1;
    personal.media_id = personal.media_url = list;
    assert_int_equal(join_result(&personal, TREFOIL_KIND_MEDIA), -EBADMSG);
    personal = (Trefoil__Personal) TREFOIL__PERSONAL__INIT;
    personal.n_aliases = 1;
    personal.aliases = list;
    assert_int_equal(join_result(&personal, TREFOIL_KIND_TYPING), -EBADMSG);
    personal = (Trefoil__Personal) TREFOIL__PERSONAL__INIT;
    assert_int_equal(join_result(&personal, TREFOIL_KIND_TYPING), 0);
    personal.group_id = bad;
    assert_int_equal(join_result(&personal, TREFOIL_KIND_TYPING), -EBADMSG);
}

static int split_result(const struct trefoil_message *message)
{
    struct arena arena = ARENA_EMPTY(CONTENT_MEMORY_MAX_BYTES);
    struct trefoil_message readable;
    struct bytes personal;
    int r = content_split(message, &arena, &readable, &personal);

    arena_deinit(&arena);
    return r;
}

static void test_members_outside_their_range_are_not_split(void **state)
{
    (void) state;
    struct trefoil_message no_utf8 = { .kind = TREFOIL_KIND_TYPING, .author.user_id = "\xff" };
    struct trefoil_message many = { .kind = TREFOIL_KIND_RECEIPT, .body.receipt.n_targets = CONTENT_TARGETS_MAX + 1 };
    struct trefoil_message raw = { .kind = TREFOIL_KIND_UNSUPPORTED,
                                   .body.unsupported.raw = { id_bytes, SEAL_CONTENT_MAX_BYTES + 1 } };

    assert_int_equal(split_result(&no_utf8), -EINVAL);
    assert_int_equal(split_result(&many), -EMSGSIZE);
    assert_int_equal(split_result(&raw), -EMSGSIZE);
}

static void expect_memory_refused(const struct trefoil_message *message)
{
    int split = -ENOMEM, join = -ENOMEM;

    for (size_t cap = 0; split < 0 || join < 0; cap += 64) {
        struct arena arena = ARENA_EMPTY(cap), whole = ARENA_EMPTY(1 << 20), work = ARENA_EMPTY(cap);
        struct trefoil_message readable;
        struct bytes personal;

        split = content_split(message, &arena, &readable, &personal);
        assert_true(split == 0 || split == -ENOMEM);
        assert_int_equal(content_split(message, &whole, &readable, &personal), 0);
        join = content_join(personal, &work, &readable);
        assert_true(join == 0 || join == -ENOMEM);
        arena_deinit(&arena);
        arena_deinit(&whole);
        arena_deinit(&work);
    }
}

static void test_exhausted_arena_is_reported_as_such(void **state)
{
    (void) state;
    with_every_kind(expect_memory_refused);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_parts_of_every_kind_are_the_message_again),
        cmocka_unit_test(test_message_without_anything_personal_has_no_personal_part),
        cmocka_unit_test(test_damaged_personal_parts_do_no_harm),
        cmocka_unit_test(test_part_of_another_message_or_with_odd_lists_is_refused),
        cmocka_unit_test(test_members_outside_their_range_are_not_split),
        cmocka_unit_test(test_exhausted_arena_is_reported_as_such),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
