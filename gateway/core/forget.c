/* Goes through the journal record by record: there is no index by person, and there shall be none. */
#include "core/forget.h"

#include <errno.h>
#include <string.h>

#include "core/dead.h"

#define LETTERS_AT_ONCE 64

struct sweep {
    struct broker *broker;
    const struct id *channel;
    uint8_t addresses[GATEWAY_PERSON_ADDRESSES_MAX][TOKEN_KEY_BYTES]; /* a copy: the cache may let go of the person */
    uint16_t n_addresses;
    struct forgotten *found;
};

static bool is_theirs(const struct sweep *sweep, struct bytes token)
{
    for (uint16_t i = 0; token.size > TOKEN_KEY_BYTES && i < sweep->n_addresses; i++)
        if (bytes_equal(token_key(token), bytes_make(sweep->addresses[i], TOKEN_KEY_BYTES)))
            return true;
    return false;
}

/* Ends a delivery that is still pending: 1; 0 when it has ended before. */
static int end_delivery(struct sweep *sweep, const struct record *record, uint32_t index, struct bytes account)
{
    static const char why[] = "forgotten";
    struct broker *broker = sweep->broker;
    const struct outcome outcome = { .target = index, .kind = OUTCOME_IS_DEAD, .reason = bytes_of_text(why) };
    const struct service *owner = members_owner(broker->members, account);
    struct subscription *subscription = owner ? subscription_of_reader(broker, sweep->channel, &owner->id) : NULL;
    struct ending ending;
    int r = ledger_ending(&broker->ledger, record->seq, index, &ending);

    if (r != -ENOENT)
        return r;
    if (subscription)
        r = dispatch_forget(broker, subscription, record, &outcome);
    else
        r = ledger_settle(&broker->ledger, record, &outcome, &(struct handed){ .now_ms = broker->now_ms });
    return r < 0 ? r : 1;
}

static int forget_target(struct sweep *sweep, const struct record *record, uint32_t index, struct bytes account)
{
    struct ledger *ledger = &sweep->broker->ledger;
    bool had_letter;
    size_t n_refs;

    arena_reset(&sweep->broker->scratch);
    int ended = end_delivery(sweep, record, index, account);
    int r = ended < 0 ? ended : ledger_forget(ledger, record, index, &n_refs, &had_letter);
    if (r < 0)
        return r;
    sweep->found->deliveries += (unsigned) ended;
    sweep->found->letters += had_letter && !ended;
    sweep->found->refs += n_refs;
    return 0;
}

static int forget_record(struct sweep *sweep, const struct record *record)
{
    struct cursor at = { record->targets };
    bool is_about = is_theirs(sweep, record->from);
    struct record_target target;

    if (is_about && record->ref.size > 0) {
        int r = ledger_forget_ref(&sweep->broker->ledger, record, record->ref);
        if (r < 0)
            return r;
        sweep->found->refs += (unsigned) r;
    }
    for (uint32_t i = 0; record_next_target(&at, &target); i++) {
        if (!is_theirs(sweep, target.address))
            continue;
        int r = forget_target(sweep, record, i, target.account);
        if (r < 0)
            return r;
        is_about = true;
    }
    if (is_about) {
        sweep->found->records++;
        sweep->found->last_ms = record->accepted_ms;
    }
    return 0;
}

static int forget_journal(struct sweep *sweep, uint64_t after)
{
    struct broker *broker = sweep->broker;
    uint64_t tail = broker->tables.ops->tail(broker->tables.owner);
    uint64_t head = broker->tables.ops->head(broker->tables.owner);
    uint64_t first = after < tail ? tail : after + 1;

    for (uint64_t seq = first; seq <= head; seq++) {
        struct record *record;

        if (seq - first == GATEWAY_FORGET_RECORDS) {
            sweep->found->next = seq - 1;
            return 0;
        }
        arena_reset(&broker->scratch);
        int r = broker_record(broker, seq, &record);
        if (r == -ENOENT)
            continue;
        if (r < 0)
            return r;
        if (id_equal(&record->channel, sweep->channel))
            r = forget_record(sweep, record);
        record_unref(record);
        if (r < 0)
            return r;
    }
    return 0;
}

struct old_letters {
    const struct sweep *sweep;
    uint64_t ids[LETTERS_AT_ONCE], last;
    size_t n;
};

static int collect(void *context, const struct dead_letter *letter)
{
    struct old_letters *old = context;

    old->last = letter->id;
    if (letter->is_pruned && is_theirs(old->sweep, letter->address))
        old->ids[old->n++] = letter->id;
    return old->n == LETTERS_AT_ONCE;
}

/* Letters whose envelope the journal has let go of. */
static int forget_letters(struct sweep *sweep)
{
    struct tables *tables = &sweep->broker->tables;
    struct old_letters old = { .sweep = sweep };
    int r;

    do {
        old.n = 0;
        r = dead_scan(tables, sweep->channel, old.last, collect, &old);
        for (size_t i = 0; r >= 0 && i < old.n; i++)
            dead_delete(tables, old.ids[i]);
        sweep->found->letters += old.n;
    } while (r > 0);
    return r;
}

static int forget_addresses(struct sweep *sweep)
{
    struct directory *directory = &sweep->broker->directory;

    for (uint16_t i = 0; i < sweep->n_addresses; i++) {
        struct address *address;

        arena_reset(&sweep->broker->scratch);
        int r = directory_address_by_key(directory, sweep->channel, sweep->addresses[i], &address);
        if (r == 0)
            r = directory_forget(directory, address);
        if (r < 0 && r != -ENOENT)
            return r;
        sweep->found->addresses += r == 0;
    }
    return 0;
}

int broker_forget(struct broker *broker, const struct id *channel, struct bytes token, uint64_t after,
                  struct forgotten *ret)
{
    struct forgotten found = { 0 };
    struct sweep sweep = { .broker = broker, .channel = channel, .found = &found };
    struct address *address;
    struct person *person;

    arena_reset(&broker->scratch);
    int r = directory_address(&broker->directory, channel, token, &address);
    if (r == 0)
        r = directory_person(&broker->directory, &address->person, &person);
    if (r < 0)
        return r;
    sweep.n_addresses = person->n_addresses;
    memcpy(sweep.addresses, person->addresses, (size_t) person->n_addresses * TOKEN_KEY_BYTES);
    r = forget_journal(&sweep, after);
    if (r == 0 && found.next == 0)
        r = forget_letters(&sweep);
    if (r == 0 && found.next == 0)
        r = forget_addresses(&sweep);
    if (r < 0)
        return r;
    *ret = found;
    return 0;
}
