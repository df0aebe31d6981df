/* Envelopes and headers between bytes and structs. Never looks into what is sealed. */
#include "wire/envelope.h"

#include <errno.h>

#include "wire/proto_reader.h"
#include "wire/proto_writer.h"

enum header_field {
    FIELD_ID = 1,
    FIELD_CHANNEL,
    FIELD_AUDIENCE,
    FIELD_CLASS,
    FIELD_ACCOUNT,
    FIELD_FROM,
    FIELD_REF,
    FIELD_RELATES,
    FIELD_RELATES_ID,
    FIELD_ROOM,
    FIELD_ECHO,
    FIELD_RESOLVES,
    FIELD_WATERMARK,
    FIELD_KEY_ID,
    FIELD_SEQ,
    FIELD_CREATED,
    FIELD_EXPIRES,
    FIELD_HOPS,
    FIELD_LANE,
    FIELD_OPENS_WINDOW,
    FIELD_CONSENT,
    FIELD_ALIAS,
};

bool envelope_is_token(struct bytes bytes)
{
    return bytes.size >= SEAL_TOKEN_MIN_BYTES && bytes.size <= SEAL_TOKEN_MAX_BYTES &&
           (bytes.size - SEAL_TOKEN_KEY_BYTES) % SEAL_TOKEN_BLOCK_BYTES == 0;
}

static int check_token_or_none(struct bytes bytes)
{
    return bytes.size == 0 || envelope_is_token(bytes) ? 0 : -EBADMSG;
}

static int check_id_or_none(struct bytes bytes)
{
    return bytes.size == 0 || bytes.size == SEAL_ID_BYTES ? 0 : -EBADMSG;
}

/* Further addresses of nobody would be a person the gateway makes up. */
static int check_aliases(const struct envelope_header *header)
{
    if (header->n_aliases > SEAL_ALIASES_MAX || (header->n_aliases > 0 && header->from.size == 0))
        return -EBADMSG;
    for (size_t i = 0; i < header->n_aliases; i++)
        if (!envelope_is_token(header->aliases[i]))
            return -EBADMSG;
    return header->lane <= ENVELOPE_BULK && header->consent <= ENVELOPE_GIVEN ? 0 : -EBADMSG;
}

/* The rules that do not depend on how the header came to be; for reading and writing alike. */
static int check_header(const struct envelope_header *header)
{
    if (header->id.size != SEAL_ID_BYTES || header->channel.size != SEAL_ID_BYTES ||
        header->key_id.size != SEAL_KEY_ID_BYTES || header->seq == 0)
        return -EBADMSG;
    if (header->audience < ENVELOPE_ROOM || header->audience > ENVELOPE_SERVICES)
        return -EBADMSG;
    if (header->class_ < ENVELOPE_DURABLE || header->class_ > ENVELOPE_EPHEMERAL)
        return -EBADMSG;
    if (header->account.size > SEAL_ACCOUNT_MAX_BYTES || !bytes_is_utf8(header->account))
        return -EBADMSG;
    if (check_token_or_none(header->from) < 0 || check_token_or_none(header->ref) < 0 ||
        check_id_or_none(header->room) < 0)
        return -EBADMSG;
    if (header->n_relates > SEAL_RELATES_MAX || header->n_relates_id > SEAL_RELATES_MAX)
        return -EBADMSG;
    for (size_t i = 0; i < header->n_relates; i++)
        if (!envelope_is_token(header->relates[i]))
            return -EBADMSG;
    for (size_t i = 0; i < header->n_relates_id; i++)
        if (header->relates_id[i].size != SEAL_ID_BYTES)
            return -EBADMSG;
    return check_aliases(header);
}

static int parse_resolves(struct bytes bytes, struct envelope_header *header)
{
    struct proto_reader reader = proto_reader_make(bytes);
    struct proto_field field;
    int r;

    header->resolves = true;
    while ((r = proto_next(&reader, &field)) > 0) {
        if (field.number == 1)
            r = proto_take_u64(&field, UINT64_MAX, &header->resolves_seq);
        else if (field.number == 2)
            r = proto_take_u32(&field, UINT32_MAX, &header->resolves_target);
        if (r < 0)
            return r;
    }
    return r;
}

/* All items of a repeated field, whose first is `field`; moves the reader behind the last. */
static int parse_list(struct proto_reader *reader, struct proto_field field, size_t max, struct arena *arena,
                      const struct bytes **ret, size_t *ret_n)
{
    size_t n;

    if (field.again || proto_count(*reader, field.number, max - 1, &n) < 0)
        return -EBADMSG;
    struct bytes *items = arena_array(arena, n + 1, sizeof(*items));
    if (!items)
        return -ENOMEM;
    for (size_t i = 0; i <= n; i++) {
        if (i > 0 && proto_next(reader, &field) <= 0)
            return -EBADMSG;
        if (proto_take_item(&field, SEAL_ID_BYTES, SEAL_TOKEN_MAX_BYTES, &items[i]) < 0)
            return -EBADMSG;
    }
    *ret = items;
    *ret_n = n + 1;
    return 0;
}

static int parse_scalar(const struct proto_field *field, struct envelope_header *header)
{
    uint32_t choice;
    struct bytes inner;
    int r;

    switch (field->number) {
    case FIELD_AUDIENCE:
        r = proto_take_u32(field, ENVELOPE_SERVICES, &choice);
        if (r == 0)
            header->audience = (enum envelope_audience) choice;
        return r;
    case FIELD_CLASS:
        r = proto_take_u32(field, ENVELOPE_EPHEMERAL, &choice);
        if (r == 0)
            header->class_ = (enum envelope_class) choice;
        return r;
    case FIELD_ECHO:
        return proto_take_bool(field, &header->echo);
    case FIELD_RESOLVES:
        r = proto_take_bytes(field, 0, SEAL_HEADER_MAX_BYTES, &inner);
        return r < 0 ? r : parse_resolves(inner, header);
    case FIELD_WATERMARK:
        return proto_take_u64(field, UINT64_MAX, &header->watermark_ms);
    case FIELD_SEQ:
        return proto_take_u64(field, UINT64_MAX, &header->seq);
    case FIELD_CREATED:
        return proto_take_u64(field, UINT64_MAX, &header->created_ms);
    case FIELD_EXPIRES:
        return proto_take_u64(field, UINT64_MAX, &header->expires_ms);
    case FIELD_HOPS:
        return proto_take_u32(field, UINT32_MAX, &header->hops);
    case FIELD_LANE:
        r = proto_take_u32(field, ENVELOPE_BULK, &choice);
        if (r == 0)
            header->lane = (enum envelope_lane) choice;
        return r;
    case FIELD_OPENS_WINDOW:
        return proto_take_u64(field, UINT64_MAX, &header->opens_window_ms);
    case FIELD_CONSENT:
        r = proto_take_u32(field, ENVELOPE_GIVEN, &choice);
        if (r == 0)
            header->consent = (enum envelope_consent) choice;
        return r;
    default:
        return 0;
    }
}

static int parse_field(const struct proto_field *field, struct envelope_header *header)
{
    switch (field->number) {
    case FIELD_ID:
        return proto_take_bytes(field, SEAL_ID_BYTES, SEAL_ID_BYTES, &header->id);
    case FIELD_CHANNEL:
        return proto_take_bytes(field, SEAL_ID_BYTES, SEAL_ID_BYTES, &header->channel);
    case FIELD_ACCOUNT:
        return proto_take_bytes(field, 0, SEAL_ACCOUNT_MAX_BYTES, &header->account);
    case FIELD_FROM:
        return proto_take_bytes(field, 0, SEAL_TOKEN_MAX_BYTES, &header->from);
    case FIELD_REF:
        return proto_take_bytes(field, 0, SEAL_TOKEN_MAX_BYTES, &header->ref);
    case FIELD_ROOM:
        return proto_take_bytes(field, 0, SEAL_ID_BYTES, &header->room);
    case FIELD_KEY_ID:
        return proto_take_bytes(field, SEAL_KEY_ID_BYTES, SEAL_KEY_ID_BYTES, &header->key_id);
    default:
        return parse_scalar(field, header);
    }
}

int envelope_header_parse(struct bytes bytes, struct arena *arena, struct envelope_header *ret)
{
    struct envelope_header header = { 0 };
    struct proto_reader reader = proto_reader_make(bytes);
    struct proto_field field;
    int r;

    if (bytes.size > SEAL_HEADER_MAX_BYTES)
        return -EBADMSG;
    while ((r = proto_next(&reader, &field)) > 0) {
        if (field.number == FIELD_RELATES)
            r = parse_list(&reader, field, SEAL_RELATES_MAX, arena, &header.relates, &header.n_relates);
        else if (field.number == FIELD_RELATES_ID)
            r = parse_list(&reader, field, SEAL_RELATES_MAX, arena, &header.relates_id, &header.n_relates_id);
        else if (field.number == FIELD_ALIAS)
            r = parse_list(&reader, field, SEAL_ALIASES_MAX, arena, &header.aliases, &header.n_aliases);
        else
            r = parse_field(&field, &header);
        if (r < 0)
            return r;
    }
    if (r < 0 || check_header(&header) < 0)
        return -EBADMSG;
    *ret = header;
    return 0;
}

void envelope_glance(struct bytes bytes, struct envelope_glance *ret)
{
    struct proto_reader reader = proto_reader_make(bytes);
    struct proto_field field;

    *ret = (struct envelope_glance){ BYTES_EMPTY, BYTES_EMPTY, BYTES_EMPTY };
    if (proto_next(&reader, &field) <= 0 || field.number != 1 || field.shape != PROTO_BYTES)
        return;
    reader = proto_reader_make(field.bytes);
    while (proto_next(&reader, &field) > 0 && field.number <= FIELD_FROM) {
        if (field.shape != PROTO_BYTES)
            continue;
        if (field.number == FIELD_ID)
            ret->id = field.bytes;
        else if (field.number == FIELD_CHANNEL)
            ret->channel = field.bytes;
        else if (field.number == FIELD_FROM)
            ret->from = field.bytes;
    }
}

static void put_resolves(struct proto_writer *writer, const struct envelope_header *header)
{
    struct proto_writer inner = { 0 };

    proto_put_u64(&inner, 1, header->resolves_seq);
    proto_put_u64(&inner, 2, header->resolves_target);
    proto_put_front(writer, FIELD_RESOLVES, inner.size);
    proto_put_u64(writer, 1, header->resolves_seq);
    proto_put_u64(writer, 2, header->resolves_target);
}

static void put_header(struct proto_writer *writer, const struct envelope_header *header)
{
    proto_put_bytes(writer, FIELD_ID, header->id);
    proto_put_bytes(writer, FIELD_CHANNEL, header->channel);
    proto_put_u64(writer, FIELD_AUDIENCE, header->audience);
    proto_put_u64(writer, FIELD_CLASS, header->class_);
    proto_put_bytes(writer, FIELD_ACCOUNT, header->account);
    proto_put_bytes(writer, FIELD_FROM, header->from);
    proto_put_bytes(writer, FIELD_REF, header->ref);
    for (size_t i = 0; i < header->n_relates; i++)
        proto_put_item(writer, FIELD_RELATES, header->relates[i]);
    for (size_t i = 0; i < header->n_relates_id; i++)
        proto_put_item(writer, FIELD_RELATES_ID, header->relates_id[i]);
    proto_put_bytes(writer, FIELD_ROOM, header->room);
    proto_put_u64(writer, FIELD_ECHO, header->echo);
    if (header->resolves)
        put_resolves(writer, header);
    proto_put_u64(writer, FIELD_WATERMARK, header->watermark_ms);
    proto_put_bytes(writer, FIELD_KEY_ID, header->key_id);
    proto_put_u64(writer, FIELD_SEQ, header->seq);
    proto_put_u64(writer, FIELD_CREATED, header->created_ms);
    proto_put_u64(writer, FIELD_EXPIRES, header->expires_ms);
    proto_put_u64(writer, FIELD_HOPS, header->hops);
    proto_put_u64(writer, FIELD_LANE, header->lane);
    proto_put_u64(writer, FIELD_OPENS_WINDOW, header->opens_window_ms);
    proto_put_u64(writer, FIELD_CONSENT, header->consent);
    for (size_t i = 0; i < header->n_aliases; i++)
        proto_put_item(writer, FIELD_ALIAS, header->aliases[i]);
}

int envelope_header_write(const struct envelope_header *header, struct arena *arena, struct bytes *ret)
{
    struct proto_writer writer = { 0 };

    if (check_header(header) < 0)
        return -EINVAL;
    put_header(&writer, header);
    if (writer.size > SEAL_HEADER_MAX_BYTES)
        return -EINVAL;
    writer = (struct proto_writer){ arena_alloc(arena, writer.size), 0 };
    if (!writer.data)
        return -ENOMEM;
    put_header(&writer, header);
    *ret = bytes_make(writer.data, writer.size);
    return 0;
}

static int check_envelope(const struct envelope *envelope)
{
    bool fits = envelope->header.size > 0 && envelope->header.size <= SEAL_HEADER_MAX_BYTES &&
                envelope->salt.size == SEAL_SALT_BYTES && envelope->commit.size == SEAL_COMMIT_BYTES &&
                envelope->sealed.size >= SEAL_SEALED_MIN_BYTES && envelope->sealed.size <= SEAL_ENVELOPE_MAX_BYTES &&
                envelope->signature.size == SEAL_SIGNATURE_BYTES;

    return fits ? 0 : -EBADMSG;
}

int envelope_parse(struct bytes bytes, struct envelope *ret)
{
    struct envelope envelope = { 0 };
    struct bytes *const parts[] = { &envelope.header, &envelope.salt, &envelope.commit, &envelope.sealed,
                                    &envelope.signature };
    struct proto_reader reader = proto_reader_make(bytes);
    struct proto_field field;
    int r;

    if (bytes.size > SEAL_ENVELOPE_MAX_BYTES)
        return -EBADMSG;
    while ((r = proto_next(&reader, &field)) > 0) {
        if (field.number > ARRAY_SIZE(parts))
            return -EBADMSG;
        r = proto_take_bytes(&field, 1, SEAL_ENVELOPE_MAX_BYTES, parts[field.number - 1]);
        if (r < 0)
            return r;
    }
    if (r < 0 || check_envelope(&envelope) < 0)
        return -EBADMSG;
    *ret = envelope;
    return 0;
}

static void put_envelope(struct proto_writer *writer, const struct envelope *envelope)
{
    proto_put_bytes(writer, 1, envelope->header);
    proto_put_bytes(writer, 2, envelope->salt);
    proto_put_bytes(writer, 3, envelope->commit);
    proto_put_bytes(writer, 4, envelope->sealed);
    proto_put_bytes(writer, 5, envelope->signature);
}

int envelope_write(const struct envelope *envelope, struct arena *arena, struct bytes *ret)
{
    struct proto_writer writer = { 0 };

    if (check_envelope(envelope) < 0)
        return -EINVAL;
    put_envelope(&writer, envelope);
    if (writer.size > SEAL_ENVELOPE_MAX_BYTES)
        return -EINVAL;
    writer = (struct proto_writer){ arena_alloc(arena, writer.size), 0 };
    if (!writer.data)
        return -ENOMEM;
    put_envelope(&writer, envelope);
    *ret = bytes_make(writer.data, writer.size);
    return 0;
}
