/* Windows, consent and aliases of persons. Never moves a delivery that is in the journal: it goes where it was addressed.
 */
#include "core/identity.h"

#include <errno.h>

#include "core/trace.h"
#include "wire/limits.h"

int identity_kin_of(struct directory *directory, struct address *address, struct kin *ret)
{
    struct person *person;
    struct address *other;
    int r = directory_person_of(directory, address, &person);

    ret->list[0] = address;
    ret->n = 1;
    if (r < 0)
        return r == -ENOENT ? 0 : r;
    for (uint16_t i = 0; person->n_addresses > 1 && i < person->n_addresses; i++) {
        r = directory_address_by_key(directory, &person->channel, person->addresses[i], &other);
        if (r == -ENOENT)
            continue;
        if (r < 0)
            return r;
        if (other != address && bytes_equal(other->account, address->account) && ret->n < ARRAY_SIZE(ret->list))
            ret->list[ret->n++] = other;
    }
    return 0;
}

int identity_kin(struct directory *directory, const struct id *channel, struct bytes token, struct kin *ret)
{
    struct address *address;
    int r = directory_address(directory, channel, token, &address);

    ret->n = 0;
    if (r < 0)
        return r == -ENOENT ? 0 : r;
    return identity_kin_of(directory, address, ret);
}

bool identity_is_same(struct directory *directory, const struct id *channel, struct bytes one, struct bytes other)
{
    struct kin kin;

    if (bytes_equal(one, other))
        return true;
    if (identity_kin(directory, channel, one, &kin) < 0)
        return false;
    for (size_t i = 0; i < kin.n; i++)
        if (bytes_equal(kin.list[i]->token, other))
            return true;
    return false;
}

struct identity_facts identity_facts(const struct kin *kin)
{
    struct identity_facts facts = { 0 };
    uint64_t said_at = 0;

    for (size_t i = 0; i < kin->n; i++) {
        const struct address *address = kin->list[i];

        if (address->window_ms > facts.window_ms)
            facts.window_ms = address->window_ms;
        if (address->consent_seq > said_at) {
            said_at = address->consent_seq;
            facts.consent_withdrawn = address->consent == ENVELOPE_WITHDRAWN;
        }
    }
    return facts;
}

/* How much hangs on a person's room: other people or a name; a service he talks with; nothing. */
static int weight_of(struct directory *directory, const struct person *person, int *ret)
{
    struct room *room;
    int r = directory_room(directory, &person->room, &room);

    if (r < 0 && r != -ENOENT)
        return r;
    *ret = r < 0 ? 0 : room->n_persons > 1 || room->name.size > 0 ? 2 : room->n_speakers > 0 ? 1 : 0;
    return 0;
}

/* Two persons turn out to be one: whoever is alone moves; of two rooms with others in them the one of `from` stays. */
static int merge(struct broker *broker, const struct address *from, const struct address *alias,
                 struct identity_links *links)
{
    struct directory *directory = &broker->directory;
    struct person *of_from, *of_alias;
    int weight_from = 0, weight_alias = 0;
    int r = directory_person(directory, &from->person, &of_from);

    if (r == 0)
        r = directory_person(directory, &alias->person, &of_alias);
    if (r == 0)
        r = weight_of(directory, of_from, &weight_from);
    if (r == 0)
        r = weight_of(directory, of_alias, &weight_alias);
    if (r < 0)
        return r;
    bool is_new = from->last_active_ms == 0 && alias->last_active_ms > 0;
    bool alias_stays = weight_alias > weight_from || (weight_alias == weight_from && weight_from < 2 && is_new);
    bool rooms_differed = weight_from == 2 && weight_alias == 2 && !id_equal(&of_from->room, &of_alias->room);
    r = alias_stays ? directory_merge(directory, of_alias, of_from) : directory_merge(directory, of_from, of_alias);
    if (r < 0)
        return r;
    links->is_merged = true;
    links->rooms_differed = links->rooms_differed || rooms_differed;
    return 0;
}

static int link_one(struct broker *broker, const struct arrival *arrival, struct address *from, struct bytes token,
                    struct identity_links *links)
{
    struct directory *directory = &broker->directory;
    struct address *alias;
    int r = directory_address(directory, &from->channel, token, &alias);

    if (r == -ENOENT) {
        r = directory_adopt(directory, from, token, &alias);
    } else if (r == 0) {
        if (id_equal(&alias->person, &from->person))
            return 0;
        /* an account's owner says who is who there, and nowhere else */
        r = bytes_equal(alias->account, arrival->header->account) ? merge(broker, from, alias, links) : -EACCES;
    }
    if (r == -ENOSPC || r == -EACCES) {
        links->is_refused = true;
        broker->tally.aliases_refused++;
        return 0;
    }
    if (r < 0)
        return r;
    links->linked[links->n_linked++] = alias;
    broker->tally.aliases_linked++;
    return 0;
}

/* The address the arrival is from. A new name of somebody known is his from the first moment, in his room. */
static int meet(struct broker *broker, const struct arrival *arrival, struct identity_links *links,
                struct address **ret)
{
    const struct envelope_header *header = arrival->header;
    const struct id *channel = &arrival->channel->id;
    struct directory *directory = &broker->directory;
    struct address *known;
    int r = directory_address(directory, channel, header->from, ret);

    for (size_t i = 0; r == -ENOENT && i < header->n_aliases; i++) {
        if (directory_address(directory, channel, header->aliases[i], &known) < 0 ||
            !bytes_equal(known->account, header->account) || directory_adopt(directory, known, header->from, ret) < 0)
            continue;
        links->linked[links->n_linked++] = *ret;
        broker->tally.aliases_linked++;
        return 0;
    }
    return r == -ENOENT ? directory_meet(directory, channel, header->account, header->from, ret) : r;
}

int identity_link(struct broker *broker, const struct arrival *arrival, struct identity_links *ret)
{
    const struct envelope_header *header = arrival->header;
    struct address *from;

    *ret = (struct identity_links){ .n_linked = 0 };
    if (header->n_aliases == 0 || header->class_ != ENVELOPE_DURABLE)
        return 0;
    int r = meet(broker, arrival, ret, &from);
    if (r < 0)
        return r;
    if (!bytes_equal(from->account, header->account)) {
        ret->is_refused = true;
        broker->tally.aliases_refused++;
        return 0;
    }
    for (size_t i = 0; i < header->n_aliases && r == 0; i++)
        r = link_one(broker, arrival, from, header->aliases[i], ret);
    broker->tally.persons_merged += ret->is_merged;
    return r;
}

bool identity_learn(const struct envelope_header *header, uint64_t at_ms, uint64_t seq, struct address *from)
{
    bool is_changed = false, says_something = header->opens_window_ms > 0 || header->consent != ENVELOPE_UNSAID;

    /* whose account it is lies elsewhere in memory: not asked when it does not matter */
    if (header->echo || !says_something || !bytes_equal(from->account, header->account))
        return false;
    if (header->opens_window_ms > 0) {
        uint64_t latest_ms = at_ms + SEAL_CLOCK_SKEW_MS;
        uint64_t opened_ms = header->opens_window_ms > latest_ms ? at_ms : header->opens_window_ms;

        is_changed = opened_ms > from->window_ms;
        from->window_ms = is_changed ? opened_ms : from->window_ms;
    }
    if (header->consent != ENVELOPE_UNSAID) {
        from->consent = (uint8_t) header->consent;
        from->consent_seq = seq;
        is_changed = true;
    }
    return is_changed;
}

static void note(struct broker *broker, uint64_t seq, const char *what, const char *text)
{
    trace_note(broker, seq,
               &(struct hop){ .target = UINT32_MAX,
                              .what = bytes_of_text(what),
                              .who = bytes_of_text("gateway"),
                              .text = bytes_of_text(text) });
}

void identity_note(struct broker *broker, uint64_t seq, const struct identity_links *links)
{
    for (size_t i = 0; i < links->n_linked; i++) {
        links->linked[i]->linked_seq = seq;
        directory_touch(&broker->directory, links->linked[i]);
    }
    if (links->rooms_differed)
        note(broker, seq, "merged", "two persons are one; both had rooms with others: the one of this event's stays");
    else if (links->is_merged)
        note(broker, seq, "merged", "two persons are one from now on");
    else if (links->n_linked > 0)
        note(broker, seq, "linked", "a further address of this person");
    if (links->is_refused)
        note(broker, seq, "not linked", "too many addresses, or an address of another account");
}
