/* JSON becomes a message: every member is checked against content.proto, by name, and the first that is wrong is named
 * with its path. What the members may be together, content_read() says. Never guesses what was meant; it only asks.
 *
 * It calls itself for messages within messages: as deep as the schema is, and the brackets were counted before.
 */
#include "document/document.h"

#include <errno.h>
#include <jansson.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "daemon/suggest.h"
#include "proto/content.pb-c.h"
#include "schema.h"
#include "wire/content.h"

struct reader {
    struct arena *arena;
    char path[DOCUMENT_PATH_MAX_BYTES]; /* of the member at hand */
    size_t path_size;
    char *error;
    size_t error_room;
};

static int read_object(struct reader *reader, const json_t *json, ProtobufCMessage *message);

/* Says what is wrong with the member at hand. */
printf_(3, 4) static int refuse(struct reader *reader, int r, const char *format, ...)
{
    char words[DOCUMENT_ERROR_MAX_BYTES];
    va_list list;

    va_start(list, format);
    vsnprintf(words, sizeof(words), format, list);
    va_end(list);
    snprintf(reader->error, reader->error_room, "%.*s%s%s", (int) reader->path_size, reader->path,
             reader->path_size ? ": " : "", words);
    return r;
}

/* Goes down to a member; gives back where the path ended before. Names of ours only, which fit. */
static size_t enter(struct reader *reader, const char *name)
{
    size_t before = reader->path_size;
    int size = snprintf(reader->path + before, sizeof(reader->path) - before, "%s%s", before ? "." : "", name);

    if (size > 0 && before + (size_t) size < sizeof(reader->path))
        reader->path_size = before + (size_t) size;
    return before;
}

static size_t enter_item(struct reader *reader, size_t index)
{
    size_t before = reader->path_size;
    int size = snprintf(reader->path + before, sizeof(reader->path) - before, "[%zu]", index);

    if (size > 0 && before + (size_t) size < sizeof(reader->path))
        reader->path_size = before + (size_t) size;
    return before;
}

/* ---- values ----------------------------------------------------------------------------------------------------- */

static int read_number(struct reader *reader, const json_t *json, uint64_t max, uint64_t *ret)
{
    const char *digits = json_string_value(json);

    if (json_is_integer(json) && json_integer_value(json) >= 0)
        *ret = (uint64_t) json_integer_value(json);
    else if (json_is_number(json))
        return refuse(reader, -EBADMSG, "not a whole number from 0 to %llu", (unsigned long long) max);
    else if (!digits || bytes_to_u64(bytes_of_text(digits), UINT64_MAX, ret) < 0)
        return refuse(reader, -EBADMSG, "not a number");
    return *ret <= max ? 0 : refuse(reader, -EBADMSG, "larger than %llu", (unsigned long long) max);
}

static int read_real(struct reader *reader, const json_t *json, double *ret)
{
    if (!json_is_number(json))
        return refuse(reader, -EBADMSG, "not a number");
    *ret = json_number_value(json);
    return 0;
}

static int read_text(struct reader *reader, const json_t *json, char **ret)
{
    if (!json_is_string(json))
        return refuse(reader, -EBADMSG, "not a text");
    if (json_string_length(json) > CONTENT_TEXT_MAX_BYTES)
        return refuse(reader, -EMSGSIZE, "longer than %u bytes", CONTENT_TEXT_MAX_BYTES);
    *ret = arena_text(reader->arena, bytes_make(json_string_value(json), json_string_length(json)));
    return *ret ? 0 : -ENOMEM;
}

static int read_base64(struct reader *reader, const json_t *json, ProtobufCBinaryData *ret)
{
    size_t text_size = json_string_length(json), size;
    uint8_t *data;

    if (!json_is_string(json))
        return refuse(reader, -EBADMSG, "not a text in base64");
    data = arena_alloc(reader->arena, text_size + 1);
    if (!data)
        return -ENOMEM;
    if (sodium_base642bin(data, text_size + 1, json_string_value(json), text_size, NULL, &size, NULL,
                          sodium_base64_VARIANT_ORIGINAL) < 0)
        return refuse(reader, -EBADMSG, "not in base64");
    *ret = (ProtobufCBinaryData){ size, data };
    return 0;
}

static int read_word(struct reader *reader, const json_t *json, const ProtobufCEnumDescriptor *words, int *ret)
{
    const char *text = json_string_value(json);
    struct suggestion near = { .word = text };
    char word[SCHEMA_WORD_ROOM], best[SCHEMA_WORD_ROOM] = "";

    if (!text)
        return refuse(reader, -EBADMSG, "not a text");
    for (unsigned i = 0; i < words->n_values; i++) {
        schema_word(words->values[i].name, word);
        if (strcmp(word, text) == 0) {
            *ret = words->values[i].value;
            return 0;
        }
        suggestion_offer(&near, word);
        if (near.best == word)
            near.best = memcpy(best, word, sizeof(best));
    }
    schema_word(words->values[words->n_values > 1 ? 1 : 0].name, word);
    if (near.best)
        return refuse(reader, -EBADMSG, "'%.40s' is none of its words; did you mean '%s'?", text, best);
    return refuse(reader, -EBADMSG, "'%.40s' is none of its words, as '%s'", text, word);
}

static int read_message(struct reader *reader, const json_t *json, const ProtobufCMessageDescriptor *descriptor,
                        ProtobufCMessage **ret)
{
    *ret = arena_alloc(reader->arena, descriptor->sizeof_message);
    if (!*ret)
        return -ENOMEM;
    protobuf_c_message_init(descriptor, *ret);
    return read_object(reader, json, *ret);
}

static int read_value(struct reader *reader, const json_t *json, const ProtobufCFieldDescriptor *field, void *at)
{
    uint64_t number = 0;
    int r;

    switch (field->type) {
    case PROTOBUF_C_TYPE_UINT32:
        r = read_number(reader, json, UINT32_MAX, &number);
        *(uint32_t *) at = (uint32_t) number;
        return r;
    case PROTOBUF_C_TYPE_UINT64:
        return read_number(reader, json, UINT64_MAX, at);
    case PROTOBUF_C_TYPE_BOOL:
        *(protobuf_c_boolean *) at = json_is_true(json);
        return json_is_boolean(json) ? 0 : refuse(reader, -EBADMSG, "neither true nor false");
    case PROTOBUF_C_TYPE_DOUBLE:
        return read_real(reader, json, at);
    case PROTOBUF_C_TYPE_ENUM:
        return read_word(reader, json, field->descriptor, at);
    case PROTOBUF_C_TYPE_STRING:
        return read_text(reader, json, at);
    case PROTOBUF_C_TYPE_BYTES:
        return read_base64(reader, json, at);
    case PROTOBUF_C_TYPE_MESSAGE:
        return read_message(reader, json, field->descriptor, at);
    default: /* no other type is in content.proto; the test walks it */
        return refuse(reader, -EBADMSG, "of a type that cannot be written");
    }
}

/* ---- members ---------------------------------------------------------------------------------------------------- */

/* Lists hold texts or messages: pointers. */
static int read_list(struct reader *reader, const json_t *json, const ProtobufCFieldDescriptor *field, size_t *ret_n,
                     void ***ret)
{
    size_t n = json_array_size(json), max = schema_list_max(field);
    int r = 0;

    if (!json_is_array(json))
        return refuse(reader, -EBADMSG, "not a list");
    if (n > max)
        return refuse(reader, -EMSGSIZE, "more than %zu entries", max);
    *ret = n ? arena_array(reader->arena, n, sizeof(**ret)) : NULL;
    if (n && !*ret)
        return -ENOMEM;
    for (size_t i = 0; i < n && r == 0; i++) {
        size_t before = enter_item(reader, i);
        r = read_value(reader, json_array_get(json, i), field, &(*ret)[i]);
        reader->path_size = r == 0 ? before : reader->path_size;
    }
    *ret_n = n;
    return r;
}

static int read_member(struct reader *reader, const json_t *json, const ProtobufCFieldDescriptor *field,
                       ProtobufCMessage *message)
{
    void *at = (uint8_t *) message + field->offset, *quantifier = (uint8_t *) message + field->quantifier_offset;

    if (json_is_null(json))
        return 0;
    if (schema_is_list(field))
        return read_list(reader, json, field, quantifier, at);
    if (schema_is_body(field) && *(uint32_t *) quantifier != 0)
        return refuse(reader, -EBADMSG, "a second body; a message has one");
    if (schema_is_body(field))
        *(uint32_t *) quantifier = field->id;
    return read_value(reader, json, field, at);
}

static int refuse_unknown(struct reader *reader, const char *name, const ProtobufCMessageDescriptor *descriptor)
{
    struct suggestion near = { .word = name };

    for (unsigned i = 0; i < descriptor->n_fields; i++)
        if (!schema_is_hidden(&descriptor->fields[i]))
            suggestion_offer(&near, descriptor->fields[i].name);
    if (near.best)
        return refuse(reader, -EBADMSG, "unknown member '%.40s'; did you mean '%s'?", name, near.best);
    return refuse(reader, -EBADMSG, "unknown member '%.40s'", name);
}

static int read_object(struct reader *reader, const json_t *json, ProtobufCMessage *message)
{
    void *at = json_object_iter((json_t *) (uintptr_t) json);
    int r = 0;

    if (!json_is_object(json))
        return refuse(reader, -EBADMSG, "not an object");
    for (; at && r == 0; at = json_object_iter_next((json_t *) (uintptr_t) json, at)) {
        const char *name = json_object_iter_key(at);
        const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);
        if (!field || schema_is_hidden(field))
            return refuse_unknown(reader, name, message->descriptor);
        size_t before = enter(reader, field->name);
        r = read_member(reader, json_object_iter_value(at), field, message);
        reader->path_size = r == 0 ? before : reader->path_size;
    }
    return r;
}

/* ---- the whole -------------------------------------------------------------------------------------------------- */

/* jansson follows brackets by calling itself: they are counted before it may. */
static bool is_nested_too_deep(struct bytes bytes)
{
    bool in_text = false, is_escaped = false;
    size_t depth = 0;

    for (size_t i = 0; i < bytes.size; i++) {
        uint8_t c = bytes.data[i];
        if (in_text) {
            in_text = is_escaped || c != '"';
            is_escaped = !is_escaped && c == '\\';
        } else if (c == '"') {
            in_text = true;
            is_escaped = false;
        } else if (c == '{' || c == '[') {
            if (++depth > DOCUMENT_NESTING_MAX)
                return true;
        } else if ((c == '}' || c == ']') && depth > 0) {
            depth--;
        }
    }
    return false;
}

/* What content_read() did not like about members that are each well-formed. */
static int explain(struct reader *reader, int r, const Trefoil__Content *content)
{
    if (r == -EMSGSIZE)
        return refuse(reader, r, "larger than one envelope takes (%d bytes), or bytes longer than theirs may be",
                      SEAL_CONTENT_MAX_BYTES);
    if (r != -EBADMSG)
        return r;
    if (content->n_extra_key != content->n_extra_value)
        return refuse(reader, r, "extra_value: not as many as extra_key");
    if (content->author && content->author->n_aliases != content->author->n_alias_evidence)
        return refuse(reader, r, "author.alias_evidence: not as many as aliases");
    return refuse(reader, r, "text.spans: one ends outside the body or cuts a character");
}

/* As bytes and back through content_read(): one reader decides what a content may be. */
static int take(struct reader *reader, Trefoil__Content *content, struct trefoil_message *ret)
{
    uint8_t id[SEAL_ID_BYTES] = { 0 };
    char service[] = "-";
    Trefoil__Claims claims = TREFOIL__CLAIMS__INIT;
    struct content_claims unused;

    claims.envelope_id = claims.channel = (ProtobufCBinaryData){ sizeof(id), id };
    claims.service = service;
    content->claims = &claims;
    size_t size = trefoil__content__get_packed_size(content);
    uint8_t *data = size <= SEAL_CONTENT_MAX_BYTES ? arena_alloc(reader->arena, size) : NULL;
    if (data)
        trefoil__content__pack(content, data);
    content->claims = NULL; /* they were ours */
    if (size > SEAL_CONTENT_MAX_BYTES)
        return explain(reader, -EMSGSIZE, content);
    if (!data)
        return -ENOMEM;
    int r = content_read(bytes_make(data, size), reader->arena, ret, &unused);
    return r == 0 ? 0 : explain(reader, r, content);
}

static int read_document(struct reader *reader, const json_t *json, struct trefoil_message *ret)
{
    Trefoil__Content content = TREFOIL__CONTENT__INIT;
    int r = read_object(reader, json, &content.base);

    if (r == 0 && content.body_case == TREFOIL__CONTENT__BODY__NOT_SET)
        return refuse(reader, -EBADMSG, "no body: 'text', 'media', 'location' or another is missing");
    return r == 0 ? take(reader, &content, ret) : r;
}

int document_read(struct bytes bytes, struct arena *arena, struct trefoil_message *ret, char *error, size_t error_room)
{
    struct reader reader = { .arena = arena, .error = error, .error_room = error_room };
    struct trefoil_message message;
    json_error_t fault;

    if (bytes.size > DOCUMENT_MAX_BYTES)
        return refuse(&reader, -EMSGSIZE, "longer than %u bytes", DOCUMENT_MAX_BYTES);
    if (is_nested_too_deep(bytes))
        return refuse(&reader, -EBADMSG, "nested deeper than %d", DOCUMENT_NESTING_MAX);
    json_t *json = json_loadb((const char *) bytes.data, bytes.size, JSON_REJECT_DUPLICATES, &fault);
    if (!json)
        return refuse(&reader, -EBADMSG, "no JSON: line %d, column %d: %s", fault.line, fault.column, fault.text);
    int r = read_document(&reader, json, &message);
    json_decref(json);
    if (r == 0)
        *ret = message;
    return r;
}
