/* Capability records as table rows: channel, account → since, record. */
#include "core/abilities.h"

#include <errno.h>
#include <string.h>

#include "wire/limits.h"

#define KEY_MAX_BYTES (ID_BYTES + SEAL_ACCOUNT_MAX_BYTES)
#define SWEPT_AT_ONCE 64

/* Accounts are longer than the other tables' keys. */
struct row_key {
    uint8_t data[KEY_MAX_BYTES];
    size_t size;
};

static struct row_key row_key(const struct id *channel, struct bytes account)
{
    struct row_key key;
    struct bytes part = bytes_slice(account, 0, SEAL_ACCOUNT_MAX_BYTES);

    memcpy(key.data, channel->bytes, ID_BYTES);
    if (part.size > 0)
        memcpy(key.data + ID_BYTES, part.data, part.size);
    key.size = ID_BYTES + part.size;
    return key;
}

static struct bytes key_account(struct bytes key)
{
    return bytes_slice(key, ID_BYTES, KEY_MAX_BYTES);
}

static int parse(struct bytes key, struct bytes row, struct ability *ret)
{
    struct cursor at = { row };

    if (key.size <= ID_BYTES || cursor_u64(&at, &ret->since_ms) < 0)
        return -EBADMSG;
    ret->account = key_account(key);
    ret->record = at.rest;
    return 0;
}

/* The owner of the account, if he may write in the channel; NULL: nobody. */
static const struct service *owner_of(const struct broker *broker, const struct id *channel_id, struct bytes account)
{
    const struct channel *channel = members_channel(broker->members, channel_id);
    const struct service *owner = members_owner(broker->members, account);

    return channel && owner && service_set_has(&channel->writers, owner) ? owner : NULL;
}

int abilities_put(struct broker *broker, const struct id *service, const struct id *channel,
                  const struct ability *ability)
{
    const struct service *owner = owner_of(broker, channel, ability->account);
    struct row_key key = row_key(channel, ability->account);
    struct bytes row;

    if (!owner || !id_equal(&owner->id, service))
        return -EACCES;
    if (ability->record.size > BUS_CAPABILITIES_MAX_BYTES || ability->account.size > SEAL_ACCOUNT_MAX_BYTES)
        return -EMSGSIZE;
    int r = tables_get(&broker->tables, TABLE_CAPABILITIES, bytes_make(key.data, key.size), &broker->scratch, &row);
    if (r == 0 && bytes_equal(bytes_slice(row, 8, SIZE_MAX), ability->record))
        return 0;
    if (r < 0 && r != -ENOENT)
        return r;
    size_t room = 8 + ability->record.size;
    struct writer to = writer_make(arena_alloc(&broker->scratch, room), room);
    if (!to.data)
        return -ENOMEM;
    writer_u64(&to, ability->since_ms);
    writer_put(&to, ability->record);
    tables_put(&broker->tables, TABLE_CAPABILITIES, bytes_make(key.data, key.size), writer_bytes(&to));
    return 1;
}

struct listing {
    const struct broker *broker;
    const struct id *channel;
    int (*each)(void *context, const struct ability *ability);
    void *context;
};

static int list_one(void *context, struct bytes key, struct bytes value)
{
    const struct listing *listing = context;
    struct ability ability;

    if (parse(key, value, &ability) < 0)
        return -EBADMSG;
    return owner_of(listing->broker, listing->channel, ability.account) ? listing->each(listing->context, &ability) : 0;
}

int abilities_list(struct broker *broker, const struct id *channel, struct bytes after,
                   int (*each)(void *context, const struct ability *ability), void *context)
{
    struct listing listing = { broker, channel, each, context };
    struct row_key key = row_key(channel, after);

    return broker->tables.ops->scan(broker->tables.owner, TABLE_CAPABILITIES, id_bytes(channel),
                                    after.size > 0 ? bytes_make(key.data, key.size) : BYTES_EMPTY, list_one, &listing);
}

struct sweep {
    const struct broker *broker;
    struct row_key keys[SWEPT_AT_ONCE];
    size_t n;
};

static int sweep_one(void *context, struct bytes key, unused_ struct bytes value)
{
    struct sweep *sweep = context;
    struct id channel = id_from(bytes_slice(key, 0, ID_BYTES));

    if (!owner_of(sweep->broker, &channel, key_account(key)))
        sweep->keys[sweep->n++] = row_key(&channel, key_account(key));
    return sweep->n == SWEPT_AT_ONCE;
}

int abilities_sweep(struct broker *broker)
{
    struct sweep sweep = { .broker = broker };
    int r;

    do {
        sweep.n = 0;
        r = broker->tables.ops->scan(broker->tables.owner, TABLE_CAPABILITIES, BYTES_EMPTY, BYTES_EMPTY, sweep_one,
                                     &sweep);
        for (size_t i = 0; r >= 0 && i < sweep.n; i++)
            tables_delete(&broker->tables, TABLE_CAPABILITIES, bytes_make(sweep.keys[i].data, sweep.keys[i].size));
    } while (r > 0);
    return r;
}
