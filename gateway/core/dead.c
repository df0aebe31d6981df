/* Rows of dead letters. Never decides that something is dead.
 */
#include "core/dead.h"

#include <errno.h>

#include "core/ledger.h"

static struct key row_key(uint64_t id)
{
    struct key key = { .size = 0 };

    key_u64(&key, id);
    return key;
}

static void put_short(struct writer *to, struct bytes bytes)
{
    writer_u16(to, (uint16_t) bytes.size);
    writer_put(to, bytes);
}

void dead_write(struct tables *tables, const struct dead_letter *letter)
{
    struct key key = row_key(letter->id);
    uint8_t row[2048];
    struct writer to = writer_make(row, sizeof(row));

    writer_put(&to, id_bytes(&letter->channel));
    writer_u64(&to, letter->since_ms);
    writer_u8(&to, letter->is_pruned);
    if (letter->is_pruned) {
        writer_put(&to, id_bytes(&letter->envelope_id));
        writer_u32(&to, letter->code);
        writer_u32(&to, letter->subcode);
        writer_u32(&to, letter->attempts);
        put_short(&to, letter->account);
        put_short(&to, letter->address);
        put_short(&to, letter->reason);
    }
    if (!to.overflow)
        tables_put(tables, TABLE_DEAD, key_bytes(&key), writer_bytes(&to));
    else if (tables->failed == 0)
        tables->failed = -EMSGSIZE;
}

void dead_delete(struct tables *tables, uint64_t id)
{
    struct key key = row_key(id);

    tables_delete(tables, TABLE_DEAD, key_bytes(&key));
}

static int take_short(struct cursor *at, struct bytes *ret)
{
    uint16_t size;

    return cursor_u16(at, &size) < 0 ? -EBADMSG : cursor_take(at, size, ret);
}

static int parse(uint64_t id, struct bytes row, struct dead_letter *ret)
{
    struct cursor at = { row };
    struct bytes channel, envelope_id;
    uint8_t is_pruned;

    *ret = (struct dead_letter){ .id = id };
    if (cursor_take(&at, ID_BYTES, &channel) < 0 || cursor_u64(&at, &ret->since_ms) < 0 ||
        cursor_u8(&at, &is_pruned) < 0)
        return -EBADMSG;
    ret->channel = id_from(channel);
    ret->is_pruned = is_pruned;
    if (!is_pruned)
        return 0;
    if (cursor_take(&at, ID_BYTES, &envelope_id) < 0 || cursor_u32(&at, &ret->code) < 0 ||
        cursor_u32(&at, &ret->subcode) < 0 || cursor_u32(&at, &ret->attempts) < 0 ||
        take_short(&at, &ret->account) < 0 || take_short(&at, &ret->address) < 0 || take_short(&at, &ret->reason) < 0)
        return -EBADMSG;
    ret->envelope_id = id_from(envelope_id);
    return 0;
}

int dead_get(struct tables *tables, struct arena *scratch, uint64_t id, struct dead_letter *ret)
{
    struct key key = row_key(id);
    struct bytes row;
    int r = tables_get(tables, TABLE_DEAD, key_bytes(&key), scratch, &row);

    return r < 0 ? r : parse(id, row, ret);
}

int dead_keep(struct tables *tables, struct arena *scratch, const struct record *record, uint32_t target,
              const struct ending *ending)
{
    struct dead_letter letter;
    struct record_target place;
    int r = dead_get(tables, scratch, dead_id(record->seq, target), &letter);

    if (r < 0)
        return r == -ENOENT ? 0 : r;
    if (!record_target_at(record, target, &place))
        return -EBADMSG;
    letter.is_pruned = true;
    letter.envelope_id = record->envelope_id;
    letter.code = ending->code;
    letter.subcode = ending->subcode;
    letter.attempts = ending->attempts;
    letter.account = place.account;
    letter.address = place.address;
    letter.reason = ending->reason;
    dead_write(tables, &letter);
    return 0;
}

struct walk {
    const struct id *channel;
    int (*each)(void *context, const struct dead_letter *letter);
    void *context;
};

static int visit(void *context, struct bytes key, struct bytes value)
{
    const struct walk *walk = context;
    struct cursor at = { key };
    struct dead_letter letter;
    uint64_t id;

    if (cursor_u64(&at, &id) < 0 || parse(id, value, &letter) < 0)
        return -EBADMSG;
    return !walk->channel || id_equal(&letter.channel, walk->channel) ? walk->each(walk->context, &letter) : 0;
}

int dead_scan(struct tables *tables, const struct id *channel, uint64_t after,
              int (*each)(void *context, const struct dead_letter *letter), void *context)
{
    struct walk walk = { channel, each, context };
    struct key key = row_key(after);

    return tables->ops->scan(tables->owner, TABLE_DEAD, BYTES_EMPTY, after ? key_bytes(&key) : BYTES_EMPTY, visit,
                             &walk);
}

struct expiry {
    uint64_t before_ms, ids[DEAD_EXPIRE_AT_ONCE];
    size_t n;
};

static int collect_before(void *context, const struct dead_letter *letter)
{
    struct expiry *expiry = context;

    if (letter->since_ms >= expiry->before_ms)
        return 0;
    expiry->ids[expiry->n++] = letter->id;
    return expiry->n == DEAD_EXPIRE_AT_ONCE;
}

int dead_expire(struct tables *tables, const struct id *channel, uint64_t before_ms, uint64_t *ret_count)
{
    struct expiry expiry = { .before_ms = before_ms };
    int r = dead_scan(tables, channel, 0, collect_before, &expiry);

    for (size_t i = 0; r >= 0 && i < expiry.n; i++)
        dead_delete(tables, expiry.ids[i]);
    *ret_count = r < 0 ? 0 : expiry.n;
    return r;
}

struct look {
    struct dead_facts *facts;
    uint64_t most;
};

static int look_at(void *context, const struct dead_letter *letter)
{
    struct look *look = context;
    struct dead_facts *facts = look->facts;

    if (facts->n == look->most)
        return 1;
    if (facts->n++ == 0 || letter->since_ms < facts->oldest_ms)
        facts->oldest_ms = letter->since_ms;
    return 0;
}

bool dead_look(struct tables *tables, const struct id *channel, uint64_t most, struct dead_facts *ret)
{
    struct look look = { ret, most };

    *ret = (struct dead_facts){ 0, 0 };
    return dead_scan(tables, channel, 0, look_at, &look) == 0;
}
