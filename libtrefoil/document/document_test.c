/* Every member content.proto has, there and back, found by walking its descriptors; and everything that is no document,
 * with the words that say why.
 */
#include "document/document.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/attributes.h"
#include "document/schema.h"
#include "proto/content.pb-c.h"

static json_t *full_object(const ProtobufCMessageDescriptor *descriptor, unsigned body);

static json_t *full_value(const ProtobufCFieldDescriptor *field)
{
    const ProtobufCEnumDescriptor *words = field->descriptor;
    char word[SCHEMA_WORD_ROOM];

    switch (field->type) {
    case PROTOBUF_C_TYPE_UINT32:
        return json_integer(1);
    case PROTOBUF_C_TYPE_UINT64:
        return json_integer(1790000000000);
    case PROTOBUF_C_TYPE_BOOL:
        return json_true();
    case PROTOBUF_C_TYPE_DOUBLE:
        return json_real(-4.8);
    case PROTOBUF_C_TYPE_ENUM:
        schema_word(words->values[words->n_values - 1].name, word);
        return json_string(word);
    case PROTOBUF_C_TYPE_STRING:
        return json_string("ab");
    case PROTOBUF_C_TYPE_BYTES:
        return json_string("/wA=");
    case PROTOBUF_C_TYPE_MESSAGE:
        return full_object(field->descriptor, 0);
    default:
        fail_msg("%s is of a type documents do not know", field->name);
        return NULL;
    }
}

/* Every member set; of the bodies the one numbered `body`. */
static json_t *full_object(const ProtobufCMessageDescriptor *descriptor, unsigned body)
{
    json_t *object = json_object();

    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        if (schema_is_hidden(field) || (schema_is_body(field) && field->id != body))
            continue;
        json_t *value = full_value(field);
        if (schema_is_list(field))
            value = json_pack("[o]", value);
        json_object_set_new(object, field->name, value);
    }
    return object;
}

/* Calls `use` with a full document of each kind. */
static void with_every_kind(void (*use)(const char *text, enum trefoil_kind kind))
{
    for (int kind = TREFOIL_KIND_TEXT; kind < TREFOIL_N_KINDS; kind++) {
        unsigned body = TREFOIL__CONTENT__BODY_TEXT + (unsigned) (kind - TREFOIL_KIND_TEXT);
        json_t *object = full_object(&trefoil__content__descriptor, body);
        char *text = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(15));
        use(text, (enum trefoil_kind) kind);
        free(text);
        json_decref(object);
    }
}

static void expect_back(const char *text, enum trefoil_kind kind)
{
    struct arena mem = ARENA_EMPTY(1 << 20);
    char error[DOCUMENT_ERROR_MAX_BYTES] = "";
    struct trefoil_message message = { 0 };
    const char *again = NULL;

    int r = document_read(bytes_of_text(text), &mem, &message, error, sizeof(error));
    if (r < 0)
        fail_msg("%s: %s", text, error);
    assert_int_equal(message.kind, kind);
    assert_int_equal(document_write(&message, &mem, &again), 0);
    assert_string_equal(again, text);
    arena_deinit(&mem);
}

static void test_every_member_of_every_kind_comes_back(void **state unused_)
{
    with_every_kind(expect_back);
}

static void test_small_message_is_as_small_as_it_looks(void **state unused_)
{
    expect_back("{\"author\":{\"network\":\"whatsapp\",\"name\":\"Ana\"},\"text\":{\"body\":\"hi\"}}",
                TREFOIL_KIND_TEXT);
    expect_back("{\"typing\":{}}", TREFOIL_KIND_TYPING);
    expect_back("{\"sent_ms\":\"18446744073709551615\",\"text\":{}}", TREFOIL_KIND_TEXT);
    expect_back("{\"media\":{\"media\":[{\"kind\":\"voice\"},{}]}}", TREFOIL_KIND_MEDIA);
    expect_back("{\"choices\":{\"shape\":\"quick_replies\"}}", TREFOIL_KIND_CHOICES);
}

static void test_numbers_may_be_digits_and_null_is_absent(void **state unused_)
{
    static const char text[] = "{ \"sent_ms\": \"12\", \"fallback\": null, \"location\": {\"latitude\": 3} }";
    struct arena mem = ARENA_EMPTY(1 << 20);
    char error[DOCUMENT_ERROR_MAX_BYTES];
    struct trefoil_message message;

    assert_int_equal(document_read(bytes_of_text(text), &mem, &message, error, sizeof(error)), 0);
    assert_int_equal(message.sent_ms, 12);
    assert_null(message.fallback);
    assert_true(message.body.location.latitude > 2.9);
    arena_deinit(&mem);
}

static const struct {
    const char *text, *error;
} wrongs[] = {
    { "{\"text\":{\"body\":\"x\",\"spans\":[{},{},{\"start\":\"x\"}]}}", "text.spans[2].start: not a number" },
    { "{\"text\":{\"spans\":[{\"start\":-1}]}}", "text.spans[0].start: not a whole number from 0 to 4294967295" },
    { "{\"text\":{\"spans\":[{\"start\":4294967296}]}}", "text.spans[0].start: larger than 4294967295" },
    { "{\"text\":{\"spans\":[{\"style\":\"blod\"}]}}",
      "text.spans[0].style: 'blod' is none of its words; did you mean 'bold'?" },
    { "{\"media\":{\"media\":[{\"kind\":\"hologram\"}]}}",
      "media.media[0].kind: 'hologram' is none of its words, as 'image'" },
    { "{\"media\":{\"captoin\":\"x\"}}", "media: unknown member 'captoin'; did you mean 'caption'?" },
    { "{\"txet\":{}}", "unknown member 'txet'; did you mean 'text'?" },
    { "{\"claims\":{}}", "unknown member 'claims'" },
    { "{\"personal\":\"\",\"text\":{}}", "unknown member 'personal'" },
    { "{\"text\":{},\"media\":{}}", "media: a second body; a message has one" },
    { "{\"fallback\":\"x\"}", "no body: 'text', 'media', 'location' or another is missing" },
    { "[]", "not an object" },
    { "{\"text\":[]}", "text: not an object" },
    { "{\"text\":{\"body\":1}}", "text.body: not a text" },
    { "{\"text\":{\"spans\":{}}}", "text.spans: not a list" },
    { "{\"typing\":{\"on\":1}}", "typing.on: neither true nor false" },
    { "{\"location\":{\"latitude\":\"x\"}}", "location.latitude: not a number" },
    { "{\"unsupported\":{\"raw\":\"!\"}}", "unsupported.raw: not in base64" },
    { "{\"text\":{\"body\":\"ж\",\"spans\":[{\"start\":1,\"size\":1}]}}",
      "text.spans: one ends outside the body or cuts a character" },
    { "{\"extra_key\":[\"a\"],\"text\":{}}", "extra_value: not as many as extra_key" },
    { "{\"author\":{\"aliases\":[\"a\"]},\"text\":{}}", "author.alias_evidence: not as many as aliases" },
    { "[[[[[[[[[", "nested deeper than 8" },
    { "{\"text\":{},\"text\":{}}", "no JSON: line 1, column 17: duplicate object key near '\"text\"'" },
};

static void test_what_is_wrong_is_said_with_its_path(void **state unused_)
{
    struct arena mem = ARENA_EMPTY(1 << 20);
    for (size_t i = 0; i < ARRAY_SIZE(wrongs); i++) {
        char error[DOCUMENT_ERROR_MAX_BYTES] = "";
        struct trefoil_message message = { 0 };
        assert_int_equal(document_read(bytes_of_text(wrongs[i].text), &mem, &message, error, sizeof(error)), -EBADMSG);
        assert_string_equal(error, wrongs[i].error);
        assert_int_equal(message.kind, TREFOIL_KIND_NONE);
        arena_reset(&mem);
    }
    arena_deinit(&mem);
}

static void test_brackets_within_texts_are_no_nesting(void **state unused_)
{
    expect_back("{\"text\":{\"body\":\"[[[[[[[[[[[[ \\\" [[[ \\\\\"}}", TREFOIL_KIND_TEXT);
}

static void test_more_than_a_list_may_hold_is_too_large(void **state unused_)
{
    static const char *const lists[] = { "author.aliases", "contacts.cards", "media.media", "order.items",
                                         "text.spans" };
    struct arena mem = ARENA_EMPTY(DOCUMENT_MEMORY_MAX_BYTES);
    for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
        char error[DOCUMENT_ERROR_MAX_BYTES] = "";
        struct trefoil_message message;
        char *name = arena_text(&mem, bytes_of_text(lists[i])), *inner = strchr(name, '.');
        json_t *list = json_array();
        for (size_t n = 0; n < 1025; n++)
            json_array_append_new(list, strstr(name, "aliases") ? json_string("x") : json_object());
        *inner++ = '\0';
        json_t *object = json_pack("{s{so}}", name, inner, list);
        char *text = json_dumps(object, 0);
        assert_int_equal(document_read(bytes_of_text(text), &mem, &message, error, sizeof(error)), -EMSGSIZE);
        assert_int_equal(strncmp(error, lists[i], strlen(lists[i])), 0);
        free(text);
        json_decref(object);
        arena_reset(&mem);
    }
    arena_deinit(&mem);
}

static void test_too_long_a_document_is_not_even_read(void **state unused_)
{
    struct arena mem = ARENA_EMPTY(1 << 20);
    char error[DOCUMENT_ERROR_MAX_BYTES] = "";
    struct trefoil_message message;

    assert_int_equal(document_read(bytes_make("", DOCUMENT_MAX_BYTES + 1), &mem, &message, error, sizeof(error)),
                     -EMSGSIZE);
    assert_string_equal(error, "longer than 8388608 bytes");
    arena_deinit(&mem);
}

static void expect_damage_harmless(const char *text, enum trefoil_kind kind unused_)
{
    struct arena mem = ARENA_EMPTY(1 << 20);
    size_t whole = strlen(text);
    for (size_t size = 0; size < whole; size++) {
        char error[DOCUMENT_ERROR_MAX_BYTES];
        struct trefoil_message message;
        char *copy = malloc(whole);
        assert_non_null(copy);
        memcpy(copy, text, whole);
        assert_int_equal(document_read(bytes_make(copy + whole - size, size), &mem, &message, error, sizeof(error)),
                         -EBADMSG);
        copy[size] ^= 0x21;
        int r = document_read(bytes_make(copy, whole), &mem, &message, error, sizeof(error));
        assert_true(r == 0 || r == -EBADMSG || r == -EMSGSIZE);
        free(copy);
        arena_reset(&mem);
    }
    arena_deinit(&mem);
}

static void test_damaged_document_does_no_harm(void **state unused_)
{
    with_every_kind(expect_damage_harmless);
}

static void expect_memory_refused(const char *text, enum trefoil_kind kind unused_)
{
    char error[DOCUMENT_ERROR_MAX_BYTES];
    struct trefoil_message message;
    const char *again;
    int r = -ENOMEM;

    for (size_t cap = 0; r == -ENOMEM; cap += 256) {
        struct arena mem = ARENA_EMPTY(cap);
        r = document_read(bytes_of_text(text), &mem, &message, error, sizeof(error));
        if (r == 0)
            r = document_write(&message, &mem, &again);
        arena_deinit(&mem);
    }
    assert_int_equal(r, 0);
}

static void test_exhausted_arena_is_reported_as_such(void **state unused_)
{
    with_every_kind(expect_memory_refused);
}

static void test_what_may_not_be_published_is_not_written(void **state unused_)
{
    struct arena mem = ARENA_EMPTY(1 << 20);
    struct trefoil_message nothing = { 0 }, odd = { .kind = TREFOIL_KIND_TEXT, .body.text.body = "\xff" };
    const char *text;

    assert_int_equal(document_write(&nothing, &mem, &text), -EINVAL);
    assert_int_equal(document_write(&odd, &mem, &text), -EINVAL);
    arena_deinit(&mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_member_of_every_kind_comes_back),
        cmocka_unit_test(test_small_message_is_as_small_as_it_looks),
        cmocka_unit_test(test_numbers_may_be_digits_and_null_is_absent),
        cmocka_unit_test(test_what_is_wrong_is_said_with_its_path),
        cmocka_unit_test(test_brackets_within_texts_are_no_nesting),
        cmocka_unit_test(test_more_than_a_list_may_hold_is_too_large),
        cmocka_unit_test(test_too_long_a_document_is_not_even_read),
        cmocka_unit_test(test_damaged_document_does_no_harm),
        cmocka_unit_test(test_exhausted_arena_is_reported_as_such),
        cmocka_unit_test(test_what_may_not_be_published_is_not_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
