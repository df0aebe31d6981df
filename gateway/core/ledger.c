/* Endings and references. Never decides what an outcome means for a delivery: that is the lines' part.
 */
#include "core/ledger.h"

#include <errno.h>
#include <string.h>

#include "core/dead.h"

static struct key sent_key(uint64_t seq, uint32_t target)
{
    struct key key = { .size = 0 };

    key_u64(&key, seq);
    key_u32(&key, target);
    return key;
}

static struct key ref_key(const struct id *channel, struct bytes ref)
{
    struct key key = { .size = 0 };

    key_put(&key, id_bytes(channel));
    key_put(&key, token_key(ref));
    return key;
}

static void put_short(struct writer *to, struct bytes bytes)
{
    writer_u16(to, (uint16_t) bytes.size);
    writer_put(to, bytes);
}

static int take_short(struct cursor *at, struct bytes *ret)
{
    uint16_t size;

    return cursor_u16(at, &size) < 0 ? -EBADMSG : cursor_take(at, size, ret);
}

static int write_ending(struct ledger *ledger, uint64_t seq, uint32_t target, const struct ending *ending)
{
    size_t room = 64 + ending->reason.size + ending->lost.size;

    for (size_t i = 0; i < ending->n_refs; i++)
        room += 2 + ending->refs[i].size;
    struct writer to = writer_make(arena_alloc(ledger->scratch, room), room);
    if (!to.data)
        return -ENOMEM;
    writer_u8(&to, (uint8_t) ending->kind);
    writer_u64(&to, ending->at_ms);
    writer_u64(&to, ending->handed_ms);
    writer_u32(&to, ending->attempts);
    writer_u32(&to, ending->code);
    writer_u32(&to, ending->subcode);
    writer_put(&to, bytes_make(ending->replica, sizeof(ending->replica)));
    put_short(&to, ending->reason);
    put_short(&to, ending->lost);
    for (size_t i = 0; i < ending->n_refs; i++)
        put_short(&to, ending->refs[i]);
    struct key key = sent_key(seq, target);
    tables_put(ledger->tables, TABLE_SENT, key_bytes(&key), writer_bytes(&to));
    return to.overflow ? -EMSGSIZE : 0;
}

static int parse_ending(struct bytes row, struct ending *ret)
{
    struct cursor at = { row };
    struct bytes replica;
    uint8_t kind;

    *ret = (struct ending){ 0 };
    if (cursor_u8(&at, &kind) < 0 || cursor_u64(&at, &ret->at_ms) < 0 || cursor_u64(&at, &ret->handed_ms) < 0 ||
        cursor_u32(&at, &ret->attempts) < 0 || cursor_u32(&at, &ret->code) < 0 || cursor_u32(&at, &ret->subcode) < 0 ||
        cursor_take(&at, sizeof(ret->replica), &replica) < 0 || take_short(&at, &ret->reason) < 0 ||
        take_short(&at, &ret->lost) < 0)
        return -EBADMSG;
    ret->kind = kind;
    memcpy(ret->replica, replica.data, sizeof(ret->replica));
    while (at.rest.size > 0 && ret->n_refs < GATEWAY_REFS_PER_TARGET_MAX)
        if (take_short(&at, &ret->refs[ret->n_refs++]) < 0)
            return -EBADMSG;
    return 0;
}

int ledger_ending(struct ledger *ledger, uint64_t seq, uint32_t target, struct ending *ret)
{
    struct key key = sent_key(seq, target);
    struct bytes row;
    int r = tables_get(ledger->tables, TABLE_SENT, key_bytes(&key), ledger->scratch, &row);

    return r < 0 ? r : parse_ending(row, ret);
}

void ledger_remember(struct ledger *ledger, const struct id *channel, struct bytes ref, uint64_t seq, uint32_t target)
{
    struct key key = ref_key(channel, ref);
    uint8_t row[12];
    struct writer to = writer_make(row, sizeof(row));

    writer_u64(&to, seq);
    writer_u32(&to, target);
    tables_put(ledger->tables, TABLE_REFS, key_bytes(&key), writer_bytes(&to));
}

int ledger_find(struct ledger *ledger, const struct id *channel, struct bytes ref, uint64_t *ret_seq,
                uint32_t *ret_target)
{
    struct key key = ref_key(channel, ref);
    struct bytes row;
    int r = tables_get(ledger->tables, TABLE_REFS, key_bytes(&key), ledger->scratch, &row);

    if (r < 0)
        return r;
    struct cursor at = { row };
    return cursor_u64(&at, ret_seq) < 0 || cursor_u32(&at, ret_target) < 0 ? -EBADMSG : 0;
}

static bool is_known(const struct ending *ending, struct bytes ref)
{
    for (size_t i = 0; i < ending->n_refs; i++)
        if (bytes_equal(ending->refs[i], ref))
            return true;
    return false;
}

/* Adds the refs that are new. How many were. */
static size_t add_refs(struct ledger *ledger, const struct record *record, const struct outcome *outcome,
                       struct ending *ending)
{
    size_t n_new = 0;

    for (size_t i = 0; i < outcome->n_refs && ending->n_refs < GATEWAY_REFS_PER_TARGET_MAX; i++) {
        if (!token_is_valid(outcome->refs[i]) || is_known(ending, outcome->refs[i]))
            continue;
        ending->refs[ending->n_refs++] = outcome->refs[i];
        ledger_remember(ledger, &record->channel, outcome->refs[i], record->seq, outcome->target);
        n_new++;
    }
    return n_new;
}

static struct bytes join_lost(struct ledger *ledger, const struct outcome *outcome)
{
    size_t room = 0;

    for (size_t i = 0; i < outcome->n_lost; i++)
        room += bytes_slice(outcome->lost[i], 0, OUTCOME_TEXT_MAX_BYTES).size + 2;
    struct writer to = writer_make(room ? arena_alloc(ledger->scratch, room) : NULL, room);
    if (!to.data)
        return BYTES_EMPTY;
    for (size_t i = 0; i < outcome->n_lost; i++) {
        if (i > 0)
            writer_text(&to, "; ");
        writer_put(&to, bytes_slice(outcome->lost[i], 0, OUTCOME_TEXT_MAX_BYTES));
    }
    return writer_bytes(&to);
}

/* So that a receipt without message ids finds what it is about. */
static void mark_address(struct ledger *ledger, const struct record *record, const struct record_target *target,
                         const struct sent_mark *mark)
{
    struct address *address;

    if (directory_address(ledger->directory, &record->channel, target->address, &address) < 0)
        return;
    if (address_mark(address, mark) == 0)
        directory_touch(ledger->directory, address);
}

static void count(struct ledger *ledger, const struct record *record, enum outcome_kind kind, int by)
{
    struct counts *counts = audit_of(ledger->audit, &record->channel);
    uint64_t *counter = kind == OUTCOME_IS_SENT      ? &counts->sent
                        : kind == OUTCOME_IS_BOUNCED ? &counts->bounced
                                                     : &counts->dead;

    *counter += (uint64_t) (int64_t) by;
}

int ledger_settle(struct ledger *ledger, const struct record *record, const struct outcome *outcome,
                  const struct handed *handed)
{
    struct record_target target;
    struct ending ending;

    if (!record_target_at(record, outcome->target, &target))
        return -ENOENT;
    int r = ledger_ending(ledger, record->seq, outcome->target, &ending);
    if (r == 0) {
        if (ending.kind == OUTCOME_IS_SENT && outcome->kind == OUTCOME_IS_SENT &&
            add_refs(ledger, record, outcome, &ending) > 0)
            r = write_ending(ledger, record->seq, outcome->target, &ending);
        return r;
    }
    if (r != -ENOENT)
        return r;
    ending = (struct ending){
        .kind = outcome->kind,
        .at_ms = handed->now_ms,
        .handed_ms = handed->at_ms,
        .attempts = handed->attempts,
        .code = outcome->code,
        .subcode = outcome->subcode,
        .reason = bytes_slice(outcome->reason, 0, OUTCOME_TEXT_MAX_BYTES),
        .lost = join_lost(ledger, outcome),
    };
    memcpy(ending.replica, handed->replica, sizeof(ending.replica));
    add_refs(ledger, record, outcome, &ending);
    r = write_ending(ledger, record->seq, outcome->target, &ending);
    if (r < 0)
        return r;
    count(ledger, record, outcome->kind, 1);
    if (outcome->kind == OUTCOME_IS_SENT)
        mark_address(ledger, record, &target, &(struct sent_mark){ record->seq, handed->now_ms, outcome->target });
    else
        dead_write(ledger->tables, &(struct dead_letter){ .id = dead_id(record->seq, outcome->target),
                                                          .channel = record->channel,
                                                          .since_ms = handed->now_ms,
                                                          .is_pruned = false });
    return 1;
}

int ledger_revive(struct ledger *ledger, const struct record *record, uint32_t target)
{
    struct key key = sent_key(record->seq, target);
    struct ending ending;
    int r = ledger_ending(ledger, record->seq, target, &ending);

    if (r < 0)
        return r;
    if (ending.kind == OUTCOME_IS_SENT)
        return -ENOENT;
    count(ledger, record, ending.kind, -1);
    tables_delete(ledger->tables, TABLE_SENT, key_bytes(&key));
    dead_delete(ledger->tables, dead_id(record->seq, target));
    return 0;
}

int ledger_ref_for(struct ledger *ledger, const struct record *related, struct bytes address, struct bytes *ret)
{
    struct ending ending;

    *ret = BYTES_EMPTY;
    if (related->from.size > 0 && bytes_equal(related->from, address)) {
        *ret = related->ref;
        return 0;
    }
    int target = record_find_target(related, address);
    if (target < 0)
        return 0;
    int r = ledger_ending(ledger, related->seq, (uint32_t) target, &ending);
    if (r == 0 && ending.n_refs > 0)
        *ret = ending.refs[0];
    return r == -ENOENT ? 0 : r;
}

int ledger_forget_ref(struct ledger *ledger, const struct record *record, struct bytes ref)
{
    struct key key = ref_key(&record->channel, ref);
    uint64_t seq;
    uint32_t target;
    int r = ledger_find(ledger, &record->channel, ref, &seq, &target);

    if (r == 0 && seq == record->seq) {
        tables_delete(ledger->tables, TABLE_REFS, key_bytes(&key));
        return 1;
    }
    return r == -ENOENT ? 0 : r;
}

static int forget_refs(struct ledger *ledger, const struct record *record, const struct ending *ending,
                       size_t *ret_n_refs)
{
    size_t n = 0;

    for (size_t i = 0; i < ending->n_refs; i++) {
        int r = ledger_forget_ref(ledger, record, ending->refs[i]);
        if (r < 0)
            return r;
        n += (unsigned) r;
    }
    *ret_n_refs = n;
    return 0;
}

int ledger_forget(struct ledger *ledger, const struct record *record, uint32_t target, size_t *ret_n_refs,
                  bool *ret_had_letter)
{
    struct dead_letter letter;
    struct ending ending;
    uint64_t id = dead_id(record->seq, target);
    int r = ledger_ending(ledger, record->seq, target, &ending);

    if (r == 0)
        r = forget_refs(ledger, record, &ending, ret_n_refs);
    if (r < 0)
        return r;
    ending.n_refs = 0;
    *ret_had_letter = dead_get(ledger->tables, ledger->scratch, id, &letter) == 0;
    if (*ret_had_letter)
        dead_delete(ledger->tables, id);
    return write_ending(ledger, record->seq, target, &ending);
}

static int prune_target(struct ledger *ledger, const struct record *record, uint32_t target, uint64_t now_ms)
{
    static const char why[] = "expired";
    struct key key = sent_key(record->seq, target);
    struct outcome outcome = { .target = target, .kind = OUTCOME_IS_DEAD, .reason = bytes_of_text(why) };
    struct ending ending;
    size_t n_refs;
    int r = ledger_ending(ledger, record->seq, target, &ending);

    if (r == -ENOENT) {
        r = ledger_settle(ledger, record, &outcome, &(struct handed){ .now_ms = now_ms });
        if (r >= 0)
            r = ledger_ending(ledger, record->seq, target, &ending);
    }
    if (r == 0)
        r = forget_refs(ledger, record, &ending, &n_refs);
    if (r < 0)
        return r;
    tables_delete(ledger->tables, TABLE_SENT, key_bytes(&key));
    if (ending.kind == OUTCOME_IS_SENT)
        return 0;
    return dead_keep(ledger->tables, ledger->scratch, record, target, &ending);
}

int ledger_prune(struct ledger *ledger, const struct record *record, uint64_t now_ms)
{
    int r = record->ref.size > 0 ? ledger_forget_ref(ledger, record, record->ref) : 0;

    for (uint32_t i = 0; r >= 0 && i < record->n_targets; i++)
        r = prune_target(ledger, record, i, now_ms);
    return r < 0 ? r : 0;
}
