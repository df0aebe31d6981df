/* The body of a roster, read with limits into plain structs. Never skips what it does not know: a roster may gain a
 * restriction one day, and a reader that ignores it would fail open.
 */
#include "trust/roster_parse.h"

#include <errno.h>
#include <string.h>

#include "trust/hash.h"
#include "wire/proto_reader.h"

/* A name people type and scripts match: no blanks, no look-alikes. */
static bool is_name(struct bytes text)
{
    if (text.size == 0 || text.size > SEAL_NAME_MAX_BYTES)
        return false;
    for (size_t i = 0; i < text.size; i++) {
        const uint8_t c = text.data[i];

        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-'))
            return false;
    }
    return true;
}

/* "network/account id", printable, both parts there. */
static bool is_account(struct bytes text)
{
    const uint8_t *slash = text.size > 0 ? memchr(text.data, '/', text.size) : NULL;

    if (!slash || text.size > SEAL_ACCOUNT_MAX_BYTES || slash == text.data + text.size - 1)
        return false;
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] <= ' ' || text.data[i] >= 0x7f)
            return false;
    return is_name(bytes_slice(text, 0, (size_t) (slash - text.data)));
}

static int take_name(const struct proto_field *field, struct arena *arena, const char **ret)
{
    struct bytes text;

    if (proto_take_bytes(field, 1, SEAL_NAME_MAX_BYTES, &text) < 0 || !is_name(text))
        return -EBADMSG;
    *ret = arena_text(arena, text);
    return *ret ? 0 : -ENOMEM;
}

/* A repeated field of ids or keys: this item and those that follow it. */
static int take_list(struct proto_reader *reader, struct proto_field field, size_t item_size, size_t max,
                     struct arena *arena, const struct bytes **ret, size_t *ret_n)
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
        if (proto_take_item(&field, item_size, item_size, &items[i]) < 0)
            return -EBADMSG;
    }
    *ret = items;
    *ret_n = n + 1;
    return 0;
}

static int take_accounts(struct proto_reader *reader, struct proto_field field, struct arena *arena,
                         struct roster_service *service)
{
    struct bytes text;
    size_t n;

    if (field.again || proto_count(*reader, field.number, SEAL_ACCOUNTS_MAX - 1, &n) < 0)
        return -EBADMSG;
    const char **accounts = arena_array(arena, n + 1, sizeof(*accounts));
    if (!accounts)
        return -ENOMEM;
    for (size_t i = 0; i <= n; i++) {
        if (i > 0 && proto_next(reader, &field) <= 0)
            return -EBADMSG;
        if (proto_take_item(&field, 1, SEAL_ACCOUNT_MAX_BYTES, &text) < 0 || !is_account(text))
            return -EBADMSG;
        accounts[i] = arena_text(arena, text);
        if (!accounts[i])
            return -ENOMEM;
    }
    service->accounts = accounts;
    service->n_accounts = n + 1;
    return 0;
}

static int parse_service(struct bytes bytes, struct arena *arena, struct roster_service *ret)
{
    struct proto_reader reader = proto_reader_make(bytes);
    struct proto_field field;
    int r;

    while ((r = proto_next(&reader, &field)) > 0) {
        switch (field.number) {
        case 1:
            r = proto_take_bytes(&field, SEAL_ID_BYTES, SEAL_ID_BYTES, &ret->id);
            break;
        case 2:
            r = take_name(&field, arena, &ret->name);
            break;
        case 3:
            r = proto_take_u32(&field, ROLE_ALL, &ret->role);
            break;
        case 4:
            r = proto_take_bytes(&field, SEAL_KEY_BYTES, SEAL_KEY_BYTES, &ret->identity_pk);
            break;
        case 5:
            r = take_list(&reader, field, SEAL_KEY_BYTES, SEAL_TRANSPORTS_MAX, arena, &ret->transport_pks,
                          &ret->n_transport_pks);
            break;
        case 6:
            r = take_accounts(&reader, field, arena, ret);
            break;
        case 7:
            r = proto_take_u64(&field, UINT64_MAX, &ret->void_before_ms);
            break;
        default:
            r = -EBADMSG;
        }
        if (r < 0)
            return r;
    }
    return r < 0 || ret->id.size == 0 || !ret->name || ret->identity_pk.size == 0 ? -EBADMSG : 0;
}

static int parse_channel(struct bytes bytes, struct arena *arena, struct roster_channel *ret)
{
    struct proto_reader reader = proto_reader_make(bytes);
    struct proto_field field;
    int r;

    while ((r = proto_next(&reader, &field)) > 0) {
        switch (field.number) {
        case 1:
            r = proto_take_bytes(&field, SEAL_ID_BYTES, SEAL_ID_BYTES, &ret->id);
            break;
        case 2:
            r = take_name(&field, arena, &ret->name);
            break;
        case 3:
            r = take_list(&reader, field, SEAL_ID_BYTES, SEAL_SERVICES_MAX, arena, &ret->writers, &ret->n_writers);
            break;
        case 4:
            r = take_list(&reader, field, SEAL_ID_BYTES, SEAL_SERVICES_MAX, arena, &ret->readers, &ret->n_readers);
            break;
        case 5:
            r = proto_take_u64(&field, UINT64_MAX, &ret->retention_ms);
            break;
        case 6:
            r = proto_take_bool(&field, &ret->history_allowed);
            break;
        default:
            r = -EBADMSG;
        }
        if (r < 0)
            return r;
    }
    return r < 0 || ret->id.size == 0 || !ret->name ? -EBADMSG : 0;
}

static int parse_services(struct proto_reader *reader, struct proto_field field, struct arena *arena,
                          struct roster *roster)
{
    size_t n;

    if (field.again || proto_count(*reader, field.number, SEAL_SERVICES_MAX - 1, &n) < 0)
        return -EBADMSG;
    struct roster_service *services = arena_array(arena, n + 1, sizeof(*services));
    if (!services)
        return -ENOMEM;
    for (size_t i = 0; i <= n; i++) {
        if ((i > 0 && proto_next(reader, &field) <= 0) || field.shape != PROTO_BYTES)
            return -EBADMSG;
        int r = parse_service(field.bytes, arena, &services[i]);
        if (r < 0)
            return r;
    }
    roster->services = services;
    roster->n_services = n + 1;
    return 0;
}

static int parse_channels(struct proto_reader *reader, struct proto_field field, struct arena *arena,
                          struct roster *roster)
{
    size_t n;

    if (field.again || proto_count(*reader, field.number, SEAL_CHANNELS_MAX - 1, &n) < 0)
        return -EBADMSG;
    struct roster_channel *channels = arena_array(arena, n + 1, sizeof(*channels));
    if (!channels)
        return -ENOMEM;
    for (size_t i = 0; i <= n; i++) {
        if ((i > 0 && proto_next(reader, &field) <= 0) || field.shape != PROTO_BYTES)
            return -EBADMSG;
        int r = parse_channel(field.bytes, arena, &channels[i]);
        if (r < 0)
            return r;
    }
    roster->channels = channels;
    roster->n_channels = n + 1;
    return 0;
}

static int parse_scalar(const struct proto_field *field, struct roster *roster)
{
    switch (field->number) {
    case 1:
        return proto_take_bytes(field, SEAL_ID_BYTES, SEAL_ID_BYTES, &roster->tenant);
    case 2:
        return proto_take_u64(field, UINT64_MAX, &roster->version);
    case 3:
        return proto_take_bytes(field, SEAL_HASH_BYTES, SEAL_HASH_BYTES, &roster->previous_hash);
    case 4:
        return proto_take_u64(field, UINT64_MAX, &roster->not_before_ms);
    case 5:
        return proto_take_u64(field, UINT64_MAX, &roster->not_after_ms);
    default:
        return -EBADMSG;
    }
}

int roster_parse(struct bytes body, struct arena *arena, struct roster *ret)
{
    struct roster roster = { 0 };
    struct proto_field field;
    int r;

    if (body.size > SEAL_ROSTER_MAX_BYTES)
        return -EBADMSG;
    const struct bytes copy = arena_copy(arena, body); /* the roster outlives the message it came in */
    if (arena->failed)
        return -ENOMEM;
    struct proto_reader reader = proto_reader_make(copy);
    while ((r = proto_next(&reader, &field)) > 0) {
        if (field.number == 6)
            r = parse_services(&reader, field, arena, &roster);
        else if (field.number == 7)
            r = parse_channels(&reader, field, arena, &roster);
        else
            r = parse_scalar(&field, &roster);
        if (r < 0)
            return r;
    }
    if (r == 0)
        r = roster_check_rules(&roster);
    if (r == 0)
        r = labelled_hash(&HASH_INPUT(LABEL_ROSTER_HASH, BYTES_EMPTY, copy), roster.hash, sizeof(roster.hash));
    if (r < 0)
        return r;
    *ret = roster;
    return 0;
}
