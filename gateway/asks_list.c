/* Rooms, dead letters and counters as lists. Never changes anything. */
#include "asks_list.h"

#include <errno.h>
#include <string.h>

#include "core/dead.h"
#include "core/pending.h"

static char *text_of(struct arena *mem, struct bytes bytes)
{
    char *text = arena_text(mem, bytes);

    return text ? text : (char *) (uintptr_t) "";
}

static ProtobufCBinaryData copy_of(struct arena *mem, struct bytes bytes)
{
    return frame_binary(arena_copy(mem, bytes));
}

static size_t limit_of(uint32_t limit)
{
    return limit == 0 || limit > GATEWAY_LIST_MAX ? GATEWAY_LIST_MAX : limit;
}

struct rooms {
    struct gateway *gateway;
    struct id ids[GATEWAY_LIST_MAX + 1];
    size_t n, limit;
};

static int collect_room(void *context, const struct id *room)
{
    struct rooms *rooms = context;

    rooms->ids[rooms->n++] = *room;
    return rooms->n > rooms->limit;
}

static void add_member(struct gateway *gateway, Trefoil__RoomIs *room, const struct address *address)
{
    Trefoil__MemberIs *member = arena_alloc(&gateway->frame, sizeof(*member));

    if (!member)
        return;
    trefoil__member_is__init(member);
    member->account = text_of(&gateway->frame, address->account);
    member->address = copy_of(&gateway->frame, address->token);
    member->last_active_ms = address->last_active_ms;
    room->members[room->n_members++] = member;
    if (address->last_seq > room->last_seq)
        room->last_seq = address->last_seq;
}

static void add_person(struct gateway *gateway, Trefoil__RoomIs *room, size_t places, const struct id *id)
{
    struct directory *directory = &gateway->broker.directory;
    struct person *person;
    struct address *address;

    if (directory_person(directory, id, &person) < 0)
        return;
    for (size_t i = 0; i < person->n_addresses && room->n_members < places; i++)
        if (directory_address_by_key(directory, &person->channel, person->addresses[i], &address) == 0)
            add_member(gateway, room, address);
}

static Trefoil__RoomIs *make_room(struct gateway *gateway, const struct id *id)
{
    Trefoil__RoomIs *room = arena_alloc(&gateway->frame, sizeof(*room));
    struct room *from;

    if (!room || directory_room(&gateway->broker.directory, id, &from) < 0)
        return NULL;
    size_t places = (size_t) from->n_persons * 4 + 16;
    trefoil__room_is__init(room);
    room->room = copy_of(&gateway->frame, id_bytes(id));
    room->name_sealed = copy_of(&gateway->frame, from->name);
    room->members = arena_array(&gateway->frame, places, sizeof(*room->members));
    for (uint16_t i = 0; room->members && i < from->n_persons; i++)
        add_person(gateway, room, places, &from->persons[i]);
    return room;
}

int asks_room_list(struct gateway *gateway, const Trefoil__RoomList *ask, Trefoil__Answer *answer)
{
    struct rooms rooms = { .gateway = gateway, .limit = limit_of(ask->limit) };
    struct id channel = id_from(frame_bytes(ask->channel)), after = id_from(frame_bytes(ask->after));

    if (!members_channel(gateway->broker.members, &channel))
        return -ENOENT;
    int r = directory_list(&gateway->broker.directory, &channel, &after, collect_room, &rooms);
    if (r < 0)
        return r;
    answer->more = rooms.n > rooms.limit;
    answer->rooms = arena_array(&gateway->frame, rooms.limit, sizeof(*answer->rooms));
    for (size_t i = 0; answer->rooms && i < rooms.n && i < rooms.limit; i++) {
        Trefoil__RoomIs *room = make_room(gateway, &rooms.ids[i]);

        if (room)
            answer->rooms[answer->n_rooms++] = room;
    }
    return answer->rooms ? 0 : -ENOMEM;
}

/* Fills in what the journal and the ending know of a letter whose envelope is still there. */
static void fill_from_record(struct gateway *gateway, Trefoil__DeadIs *dead, uint64_t id, bool with_envelope)
{
    struct broker *broker = &gateway->broker;
    struct record_target target;
    struct record *record;
    struct ending ending;

    if (broker_record(broker, dead_seq(id), &record) < 0)
        return;
    dead->envelope_id = copy_of(&gateway->frame, id_bytes(&record->envelope_id));
    if (record_target_at(record, dead_target(id), &target)) {
        dead->account = text_of(&gateway->frame, target.account);
        dead->address = copy_of(&gateway->frame, target.address);
    }
    if (with_envelope)
        dead->envelope = copy_of(&gateway->frame, record->envelope);
    if (ledger_ending(&broker->ledger, dead_seq(id), dead_target(id), &ending) == 0) {
        dead->code = ending.code;
        dead->subcode = ending.subcode;
        dead->attempts = ending.attempts;
        dead->reason = text_of(&gateway->frame, ending.reason);
    }
    record_unref(record);
}

static Trefoil__DeadIs *make_dead(struct gateway *gateway, const struct dead_letter *letter, bool with_envelope)
{
    Trefoil__DeadIs *dead = arena_alloc(&gateway->frame, sizeof(*dead));

    if (!dead)
        return NULL;
    trefoil__dead_is__init(dead);
    dead->id = letter->id;
    dead->seq = dead_seq(letter->id);
    dead->target = dead_target(letter->id);
    dead->since_ms = letter->since_ms;
    if (letter->is_pruned) {
        dead->envelope_id = copy_of(&gateway->frame, id_bytes(&letter->envelope_id));
        dead->account = text_of(&gateway->frame, letter->account);
        dead->address = copy_of(&gateway->frame, letter->address);
        dead->code = letter->code;
        dead->subcode = letter->subcode;
        dead->attempts = letter->attempts;
        dead->reason = text_of(&gateway->frame, letter->reason);
    } else {
        fill_from_record(gateway, dead, letter->id, with_envelope);
    }
    const struct service *owner = members_owner(gateway->broker.members, bytes_of_text(dead->account));
    dead->subscription = text_of(&gateway->frame, bytes_of_text(owner ? owner->name : ""));
    return dead;
}

struct letters {
    struct gateway *gateway;
    struct dead_letter list[GATEWAY_LIST_MAX + 1];
    size_t n, limit;
};

static int collect_letter(void *context, const struct dead_letter *letter)
{
    struct letters *letters = context;
    struct dead_letter *copy = &letters->list[letters->n++];

    *copy = *letter;
    copy->account = arena_copy(&letters->gateway->frame, letter->account);
    copy->address = arena_copy(&letters->gateway->frame, letter->address);
    copy->reason = arena_copy(&letters->gateway->frame, letter->reason);
    return letters->n > letters->limit;
}

int asks_dead_list(struct gateway *gateway, const Trefoil__DeadList *ask, Trefoil__Answer *answer)
{
    struct id channel = id_from(frame_bytes(ask->channel));
    struct letters *letters = arena_alloc(&gateway->frame, sizeof(*letters));

    if (!letters)
        return -ENOMEM;
    if (!members_channel(gateway->broker.members, &channel))
        return -ENOENT;
    letters->gateway = gateway;
    letters->limit = limit_of(ask->limit);
    int r = dead_scan(&gateway->broker.tables, &channel, ask->after, collect_letter, letters);
    if (r < 0)
        return r;
    answer->more = letters->n > letters->limit;
    answer->dead = arena_array(&gateway->frame, letters->limit, sizeof(*answer->dead));
    for (size_t i = 0; answer->dead && i < letters->n && i < letters->limit; i++) {
        Trefoil__DeadIs *dead = make_dead(gateway, &letters->list[i], false);

        if (dead)
            answer->dead[answer->n_dead++] = dead;
    }
    return answer->dead ? 0 : -ENOMEM;
}

int asks_dead_show(struct gateway *gateway, const Trefoil__DeadShow *ask, Trefoil__Answer *answer)
{
    struct dead_letter letter;
    int r = dead_get(&gateway->broker.tables, &gateway->broker.scratch, ask->id, &letter);

    if (r < 0)
        return r;
    answer->dead = arena_array(&gateway->frame, 1, sizeof(*answer->dead));
    Trefoil__DeadIs *dead = answer->dead ? make_dead(gateway, &letter, true) : NULL;
    if (!dead)
        return -ENOMEM;
    answer->dead[answer->n_dead++] = dead;
    return 0;
}

void asks_counter(struct gateway *gateway, Trefoil__Answer *answer, const char *name, uint64_t value)
{
    Trefoil__CounterIs *counter = arena_alloc(&gateway->frame, sizeof(*counter));

    if (!counter)
        return;
    trefoil__counter_is__init(counter);
    counter->name = (char *) (uintptr_t) name;
    counter->value = value;
    answer->counters[answer->n_counters++] = counter;
}

int asks_audit(struct gateway *gateway, const Trefoil__Audit *ask, Trefoil__Answer *answer)
{
    struct id channel = id_from(frame_bytes(ask->channel));
    struct pending pending;

    if (!members_channel(gateway->broker.members, &channel))
        return -ENOENT;
    int r = pending_count(&gateway->broker, &channel, GATEWAY_AUDIT_STEPS, &pending);
    if (r < 0)
        return r;
    const struct counts *counts = audit_of(&gateway->broker.audit, &channel);
    answer->counters = arena_array(&gateway->frame, 16, sizeof(*answer->counters));
    if (!answer->counters)
        return -ENOMEM;
    asks_counter(gateway, answer, "received", counts->received);
    asks_counter(gateway, answer, "published", counts->published);
    asks_counter(gateway, answer, "duplicate", counts->duplicate);
    asks_counter(gateway, answer, "rejected", counts->rejected);
    asks_counter(gateway, answer, "targets", counts->targets);
    asks_counter(gateway, answer, "sent", counts->sent);
    asks_counter(gateway, answer, "bounced", counts->bounced);
    asks_counter(gateway, answer, "dead", counts->dead);
    asks_counter(gateway, answer, "pending", pending.targets);
    asks_counter(gateway, answer, "pending_at_least", !pending.is_whole);
    asks_counter(gateway, answer, "ephemeral", counts->ephemeral);
    return 0;
}
