/* A message becomes JSON, member by member as content.proto lists them. Never reads a message but through
 * content_write(), which says what may be published.
 *
 * It calls itself for messages within messages: as deep as the schema is, whatever the input.
 */
#include "document/document.h"

#include <errno.h>
#include <jansson.h>
#include <sodium.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/content.pb-c.h"
#include "schema.h"
#include "wire/content.h"
#include "wire/proto_arena.h"

#define REAL_DIGITS 15 /* 4.8 stays 4.8; a place on earth is known to a nanometre */

static json_t *object_of(const ProtobufCMessage *message, struct arena *arena);

static json_t *base64_of(ProtobufCBinaryData binary, struct arena *arena)
{
    size_t room = sodium_base64_ENCODED_LEN(binary.len, sodium_base64_VARIANT_ORIGINAL);
    char *text = arena_alloc(arena, room);

    if (!text)
        return NULL;
    return json_string(sodium_bin2base64(text, room, binary.data, binary.len, sodium_base64_VARIANT_ORIGINAL));
}

static json_t *word_of(const ProtobufCEnumDescriptor *words, int number)
{
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(words, number);
    char word[SCHEMA_WORD_ROOM];

    if (!value)
        return NULL;
    schema_word(value->name, word);
    return json_string(word);
}

/* JSON's numbers end at 2^63 here; what is beyond is digits. */
static json_t *number_of(uint64_t number)
{
    char digits[24];

    if (number <= INT64_MAX)
        return json_integer((json_int_t) number);
    snprintf(digits, sizeof(digits), "%llu", (unsigned long long) number);
    return json_string(digits);
}

static json_t *value_of(const ProtobufCFieldDescriptor *field, const void *at, struct arena *arena)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_UINT32:
        return number_of(*(const uint32_t *) at);
    case PROTOBUF_C_TYPE_UINT64:
        return number_of(*(const uint64_t *) at);
    case PROTOBUF_C_TYPE_BOOL:
        return json_boolean(*(const protobuf_c_boolean *) at);
    case PROTOBUF_C_TYPE_DOUBLE:
        return json_real(*(const double *) at);
    case PROTOBUF_C_TYPE_ENUM:
        return word_of(field->descriptor, *(const int *) at);
    case PROTOBUF_C_TYPE_STRING:
        return json_string(*(char *const *) at);
    case PROTOBUF_C_TYPE_BYTES:
        return base64_of(*(const ProtobufCBinaryData *) at, arena);
    case PROTOBUF_C_TYPE_MESSAGE:
        return object_of(*(ProtobufCMessage *const *) at, arena);
    default: /* no other type is in content.proto; the test walks it */
        return NULL;
    }
}

static bool is_default(const ProtobufCFieldDescriptor *field, const void *at)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_UINT64:
        return *(const uint64_t *) at == 0;
    case PROTOBUF_C_TYPE_BOOL:
        return !*(const protobuf_c_boolean *) at;
    case PROTOBUF_C_TYPE_DOUBLE:
        return *(const double *) at == 0;
    case PROTOBUF_C_TYPE_STRING:
        return !*(char *const *) at || !**(char *const *) at;
    case PROTOBUF_C_TYPE_BYTES:
        return ((const ProtobufCBinaryData *) at)->len == 0;
    case PROTOBUF_C_TYPE_MESSAGE:
        return !*(ProtobufCMessage *const *) at;
    default:
        return *(const uint32_t *) at == 0;
    }
}

/* Lists hold texts or messages: pointers. */
static json_t *list_of(const ProtobufCFieldDescriptor *field, void *const *items, size_t n, struct arena *arena)
{
    json_t *list = json_array();

    for (size_t i = 0; list && i < n; i++)
        if (json_array_append_new(list, value_of(field, &items[i], arena)) < 0) {
            json_decref(list);
            list = NULL;
        }
    return list;
}

/* 0, or -1 when memory ran out. */
static int put_member(json_t *object, const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                      struct arena *arena)
{
    const uint8_t *at = (const uint8_t *) message + field->offset;
    const void *quantifier = (const uint8_t *) message + field->quantifier_offset;

    if (schema_is_hidden(field))
        return 0;
    if (schema_is_list(field)) {
        size_t n = *(const size_t *) quantifier;
        return n == 0 ? 0
                      : json_object_set_new(object, field->name, list_of(field, *(void *const *const *) at, n, arena));
    }
    if (schema_is_body(field) ? *(const uint32_t *) quantifier != field->id : is_default(field, at))
        return 0;
    json_t *value = value_of(field, at, arena);
    if (!schema_is_body(field) && json_is_object(value) && json_object_size(value) == 0) {
        json_decref(value); /* an author of whom nothing is known */
        return 0;
    }
    return json_object_set_new(object, field->name, value);
}

static json_t *object_of(const ProtobufCMessage *message, struct arena *arena)
{
    json_t *object = json_object();

    for (unsigned i = 0; object && i < message->descriptor->n_fields; i++)
        if (put_member(object, message, &message->descriptor->fields[i], arena) < 0) {
            json_decref(object);
            object = NULL;
        }
    return object;
}

int document_write(const struct trefoil_message *message, struct arena *arena, const char **ret_text)
{
    static const uint8_t id[SEAL_ID_BYTES];
    const struct content_claims claims = { bytes_make(id, sizeof(id)), bytes_make(id, sizeof(id)), "-", NULL,
                                           BYTES_EMPTY };
    ProtobufCAllocator allocator = proto_arena(arena);
    struct bytes bytes;
    int r = content_write(message, &claims, arena, &bytes);

    if (r < 0)
        return r;
    const Trefoil__Content *content = trefoil__content__unpack(&allocator, bytes.size, bytes.data);
    json_t *object = content ? object_of(&content->base, arena) : NULL;
    char *line = object ? json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(REAL_DIGITS)) : NULL;
    char *text = line ? arena_text(arena, bytes_of_text(line)) : NULL;

    json_decref(object);
    free(line);
    if (!text)
        return -ENOMEM;
    *ret_text = text;
    return 0;
}
