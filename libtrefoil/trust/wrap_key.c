/* Wrap keys read and verified. Never accepts one under the name of another service. */
#include "trust/wrap_key.h"

#include <errno.h>

#include "trust/hash.h"
#include "trust/signed.h"

static int parse_field(const struct proto_field *field, struct wrap_key *key)
{
    switch (field->number) {
    case 1:
        return proto_take_bytes(field, SEAL_ID_BYTES, SEAL_ID_BYTES, &key->tenant);
    case 2:
        return proto_take_bytes(field, SEAL_ID_BYTES, SEAL_ID_BYTES, &key->service);
    case 3:
        return proto_take_u32(field, UINT32_MAX, &key->generation);
    case 4:
        return proto_take_bytes(field, SEAL_KEY_BYTES, SEAL_KEY_BYTES, &key->pk);
    case 5:
        return proto_take_u64(field, UINT64_MAX, &key->not_before_ms);
    case 6:
        return proto_take_u64(field, UINT64_MAX, &key->not_after_ms);
    default:
        return -EBADMSG;
    }
}

int wrap_key_parse(struct bytes body, struct wrap_key *ret)
{
    struct proto_reader reader = proto_reader_make(body);
    struct wrap_key key = { 0 };
    struct proto_field field;
    int r;

    if (body.size > SEAL_WRAP_KEY_MAX_BYTES)
        return -EBADMSG;
    while ((r = proto_next(&reader, &field)) > 0) {
        r = parse_field(&field, &key);
        if (r < 0)
            return r;
    }
    if (r < 0 || key.tenant.size == 0 || key.service.size == 0 || key.generation == 0 || key.pk.size == 0 ||
        key.not_before_ms >= key.not_after_ms)
        return -EBADMSG;
    *ret = key;
    return 0;
}

int wrap_key_verify(const struct roster *roster, struct bytes signed_bytes, struct wrap_key *ret)
{
    struct signed_part part;
    struct wrap_key key;

    if (signed_bytes.size > SEAL_WRAP_KEY_MAX_BYTES || signed_parse(signed_bytes, &part) < 0 ||
        wrap_key_parse(part.body, &key) < 0)
        return -EBADMSG;
    const struct roster_service *service = roster_service_by_id(roster, key.service);
    if (!service || !bytes_equal(key.tenant, roster->tenant) || key.not_before_ms < service->void_before_ms)
        return -EACCES;
    if (!signature_is_good(&HASH_INPUT(LABEL_WRAP_KEY, BYTES_EMPTY, part.body), part.signature, service->identity_pk))
        return -EACCES;
    if (!exchange_key_is_good(key.pk))
        return -EBADMSG;
    *ret = key;
    return 0;
}
