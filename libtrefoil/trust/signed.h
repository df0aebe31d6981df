/* A body and the signature over it, as they came. Never verifies: whoever knows the label and the key does. */
#ifndef TREFOIL_TRUST_SIGNED_H
#define TREFOIL_TRUST_SIGNED_H

#include <errno.h>

#include "base/attributes.h"
#include "wire/limits.h"
#include "wire/proto_reader.h"

struct signed_part {
    struct bytes body, signature;
};

/* Slices into `bytes`. -EBADMSG. */
must_use_ static inline int signed_parse(struct bytes bytes, struct signed_part *ret)
{
    struct proto_reader reader = proto_reader_make(bytes);
    struct signed_part part = { 0 };
    struct proto_field field;
    int r;

    while ((r = proto_next(&reader, &field)) > 0) {
        if (field.number == 1)
            r = proto_take_bytes(&field, 1, bytes.size, &part.body);
        else if (field.number == 2)
            r = proto_take_bytes(&field, SEAL_SIGNATURE_BYTES, SEAL_SIGNATURE_BYTES, &part.signature);
        else
            r = -EBADMSG;
        if (r < 0)
            return r;
    }
    if (r < 0 || part.body.size == 0 || part.signature.size == 0)
        return -EBADMSG;
    *ret = part;
    return 0;
}

#endif
