/* Bundles opened and written. Never believes a part that nobody signed. */
#include "trust/trust_bundle.h"

#include <errno.h>

#include "wire/proto_reader.h"
#include "wire/proto_writer.h"

/* The first field: the signed roster. */
static int open_roster(struct proto_reader *reader, const uint8_t *root_pk, uint64_t min_version, struct arena *arena,
                       struct trust *trust)
{
    struct proto_field field;

    if (proto_next(reader, &field) <= 0 || field.number != 1 ||
        proto_take_bytes(&field, 1, SEAL_ROSTER_MAX_BYTES, &trust->roster_signed) < 0)
        return -EBADMSG;
    return roster_verify(trust->roster_signed, root_pk, min_version, arena, &trust->roster);
}

static int open_wrap_keys(struct proto_reader *reader, struct arena *arena, struct trust *trust)
{
    struct proto_field field;
    size_t n;

    if (proto_count(*reader, 2, SEAL_WRAP_KEYS_MAX, &n) < 0)
        return -EBADMSG;
    struct wrap_key *keys = arena_array(arena, n, sizeof(*keys));
    struct bytes *keys_signed = arena_array(arena, n, sizeof(*keys_signed));
    if (!keys || !keys_signed)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        if (proto_next(reader, &field) <= 0 || field.shape != PROTO_BYTES)
            return -EBADMSG;
        if (wrap_key_verify(&trust->roster, field.bytes, &keys[trust->n_wrap_keys]) < 0)
            trust->n_refused++;
        else
            keys_signed[trust->n_wrap_keys++] = field.bytes;
    }
    trust->wrap_keys = keys;
    trust->wrap_keys_signed = keys_signed;
    return reader->rest.size == 0 ? 0 : -EBADMSG;
}

int trust_open(struct bytes bundle, const uint8_t *root_pk, uint64_t min_version, struct arena *arena,
               struct trust *ret)
{
    struct trust trust = { 0 };

    if (bundle.size > SEAL_BUNDLE_MAX_BYTES)
        return -EBADMSG;
    const struct bytes copy = arena_copy(arena, bundle);
    if (arena->failed)
        return -ENOMEM;
    struct proto_reader reader = proto_reader_make(copy);
    int r = open_roster(&reader, root_pk, min_version, arena, &trust);
    if (r == 0)
        r = open_wrap_keys(&reader, arena, &trust);
    if (r < 0)
        return r;
    *ret = trust;
    return 0;
}

const struct wrap_key *trust_wrap_key(const struct trust *trust, struct bytes service, uint64_t now_ms)
{
    const struct wrap_key *newest = NULL;

    for (size_t i = 0; i < trust->n_wrap_keys; i++) {
        const struct wrap_key *key = &trust->wrap_keys[i];

        if (!bytes_equal(key->service, service) || now_ms > key->not_after_ms ||
            key->not_before_ms > now_ms + SEAL_CLOCK_SKEW_MS)
            continue;
        if (!newest || key->generation > newest->generation)
            newest = key;
    }
    return newest;
}

static void put_bundle(struct proto_writer *writer, struct bytes roster_signed, const struct bytes *wrap_keys,
                       size_t n_wrap_keys)
{
    proto_put_bytes(writer, 1, roster_signed);
    for (size_t i = 0; i < n_wrap_keys; i++)
        proto_put_item(writer, 2, wrap_keys[i]);
}

int trust_bundle_write(struct bytes roster_signed, const struct bytes *wrap_keys, size_t n_wrap_keys,
                       struct arena *arena, struct bytes *ret)
{
    struct proto_writer writer = { 0 };

    put_bundle(&writer, roster_signed, wrap_keys, n_wrap_keys);
    if (n_wrap_keys > SEAL_WRAP_KEYS_MAX || writer.size > SEAL_BUNDLE_MAX_BYTES)
        return -EINVAL;
    writer = (struct proto_writer){ arena_alloc(arena, writer.size), 0 };
    if (!writer.data)
        return -ENOMEM;
    put_bundle(&writer, roster_signed, wrap_keys, n_wrap_keys);
    *ret = bytes_make(writer.data, writer.size);
    return 0;
}
