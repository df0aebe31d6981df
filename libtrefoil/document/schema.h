/* What the descriptors of content.proto mean for JSON. Facts only. */
#ifndef TREFOIL_DOCUMENT_SCHEMA_H
#define TREFOIL_DOCUMENT_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

#include <protobuf-c/protobuf-c.h>

#include "base/attributes.h"

#define SCHEMA_WORD_ROOM 32

/* Not for documents: claims and the sealed personal part. */
bool schema_is_hidden(const ProtobufCFieldDescriptor *field);

static inline bool schema_is_body(const ProtobufCFieldDescriptor *field)
{
    return field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF;
}

static inline bool schema_is_list(const ProtobufCFieldDescriptor *field)
{
    return field->label == PROTOBUF_C_LABEL_REPEATED;
}

/* How many a list may hold; 0: no list of ours. */
size_t schema_list_max(const ProtobufCFieldDescriptor *field);

/* "MEDIA_IMAGE" is the word "image". */
void schema_word(const char *value_name, char word[SCHEMA_WORD_ROOM]);

#endif
