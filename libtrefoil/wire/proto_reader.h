/* Walks the fields of one protobuf message, in place and in one pass. Never copies, never allocates, never recurses.
 *
 * Stricter than protobuf asks: field numbers do not go down, varints are minimal, groups do not exist. Two readers can
 * therefore not see two meanings in the same signed bytes. Every ordinary serializer writes this form.
 */
#ifndef TREFOIL_WIRE_PROTO_READER_H
#define TREFOIL_WIRE_PROTO_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"

struct proto_reader {
    struct bytes rest;
    uint32_t number; /* of the field read last; 0 before the first */
};

enum proto_shape {
    PROTO_NUMBER, /* varint */
    PROTO_BYTES,
    PROTO_FIXED, /* 32 or 64 bits; no message of ours has one, but a newer one might */
};

struct proto_field {
    uint32_t number;
    enum proto_shape shape;
    bool again; /* the field before had the same number */
    uint64_t value;
    struct bytes bytes;
};

static inline struct proto_reader proto_reader_make(struct bytes message)
{
    return (struct proto_reader){ message, 0 };
}

/* 1 and a field, 0 at the end, -EBADMSG: then the reader is of no further use. Of `value` and `bytes` only the one of
 * the field's shape is set.
 */
must_use_ int proto_next(struct proto_reader *reader, struct proto_field *ret);

/* How many fields in a row, from here on, have the number `number`. At most `max`; -EBADMSG when more, or malformed. */
must_use_ int proto_count(struct proto_reader reader, uint32_t number, size_t max, size_t *ret);

/* What a field must be, each -EBADMSG otherwise. The first three also refuse a second field of the same number. */
must_use_ int proto_take_bytes(const struct proto_field *field, size_t min, size_t max, struct bytes *ret);
must_use_ int proto_take_u64(const struct proto_field *field, uint64_t max, uint64_t *ret);
must_use_ int proto_take_u32(const struct proto_field *field, uint32_t max, uint32_t *ret);
must_use_ int proto_take_bool(const struct proto_field *field, bool *ret);
must_use_ int proto_take_item(const struct proto_field *field, size_t min, size_t max, struct bytes *ret);

#endif
