/* Audience → targets. Room: the other persons at their last active address. Author: whoever wrote the related message.
 */
#include "core/router.h"

#include <errno.h>

#include "core/identity.h"

static size_t n_relations(const struct envelope_header *header)
{
    return header->n_relates + header->n_relates_id;
}

int router_related(struct broker *broker, const struct arrival *arrival, size_t n, uint64_t *ret_seq)
{
    const struct envelope_header *header = arrival->header;
    uint32_t target;
    int r;

    *ret_seq = 0;
    if (n < header->n_relates) {
        r = ledger_find(&broker->ledger, &arrival->channel->id, header->relates[n], ret_seq, &target);
    } else {
        r = broker->tables.ops->seen(broker->tables.owner, header->relates_id[n - header->n_relates].data, ret_seq);
        r = r > 0 ? 0 : r;
    }
    return r == -ENOENT ? 0 : r;
}

static int find_relations(struct broker *broker, const struct arrival *arrival, struct route *route)
{
    const struct envelope_header *header = arrival->header;

    route->n_relations = n_relations(header);
    if (route->n_relations > RECORD_RELATIONS_MAX)
        return REJECT_IS_MALFORMED;
    for (size_t i = 0; i < route->n_relations; i++) {
        struct record_relation *relation = &route->relations[i];
        struct record *related;

        *relation = (struct record_relation){ 0 };
        int r = router_related(broker, arrival, i, &relation->seq);
        if (r < 0)
            return r;
        if (i >= header->n_relates)
            relation->id = id_from(header->relates_id[i - header->n_relates]);
        if (relation->seq == 0 || broker_record(broker, relation->seq, &related) < 0)
            continue;
        if (id_equal(&related->channel, &arrival->channel->id))
            relation->id = related->envelope_id;
        else
            *relation = (struct record_relation){ 0 };
        record_unref(related);
    }
    return 0;
}

static int add_target(struct broker *broker, struct route *route, const struct address *address)
{
    struct record_target *target = &route->targets[route->n_targets];

    if (route->n_targets >= GATEWAY_TARGETS_MAX)
        return -EMSGSIZE;
    target->account = arena_copy(&broker->scratch, address->account);
    target->address = arena_copy(&broker->scratch, address->token);
    target->last_ref = arena_copy(&broker->scratch, address->last_ref);
    if (broker->scratch.failed)
        return -ENOMEM;
    route->n_targets++;
    return 0;
}

/* The persons of the room but `except`, each at the address that was active last. */
static int add_persons(struct broker *broker, struct route *route, const struct room *room, const struct id *except)
{
    for (uint16_t i = 0; i < room->n_persons; i++) {
        struct person *person;
        struct address *address;

        if (except && id_equal(&room->persons[i], except))
            continue;
        int r = directory_person(&broker->directory, &room->persons[i], &person);
        if (r == -ENOENT)
            continue;
        if (r == 0)
            r = directory_active(&broker->directory, person, &address);
        if (r == 0 && address)
            r = add_target(broker, route, address);
        if (r < 0)
            return r;
    }
    return 0;
}

static void enter_room(struct route *route, const struct id *room, uint32_t size)
{
    route->room = *room;
    route->flags |= RECORD_HAS_ROOM;
    route->room_size = size;
}

static uint32_t room_size(const struct room *room)
{
    return (uint32_t) room->n_persons + room->n_speakers;
}

static int room_of_address(struct broker *broker, struct address *address, struct room **ret)
{
    struct person *person;
    int r = directory_person_of(&broker->directory, address, &person);

    return r < 0 ? r : directory_room_of(&broker->directory, person, ret);
}

int router_room_of(struct broker *broker, const struct id *channel, struct bytes address, struct id *ret)
{
    struct address *found;
    struct room *room;
    int r = directory_address(&broker->directory, channel, address, &found);

    if (r == 0)
        r = room_of_address(broker, found, &room);
    if (r == 0)
        *ret = room->id;
    return r;
}

static int route_from_person(struct broker *broker, const struct arrival *arrival, struct address *from,
                             struct route *route)
{
    struct room *room;

    if (directory_is_alone(&broker->directory, from)) {
        enter_room(route, &from->alone_in, from->alone_size);
        return 0;
    }
    int r = room_of_address(broker, from, &room);
    if (r < 0)
        return r == -ENOENT ? -EIO : r;
    enter_room(route, &room->id, room_size(room));
    directory_learn_alone(&broker->directory, from, room);
    return arrival->header->audience == ENVELOPE_ROOM ? add_persons(broker, route, room, &from->person) : 0;
}

static int route_from_service(struct broker *broker, const struct arrival *arrival, struct route *route)
{
    struct id room_id = id_from(arrival->header->room);
    struct room *room;

    if (arrival->header->room.size == 0)
        return arrival->header->audience == ENVELOPE_ROOM ? REJECT_IS_NO_SUCH_ROOM : 0;
    int r = directory_room(&broker->directory, &room_id, &room);
    if (r == -ENOENT || (r == 0 && !id_equal(&room->channel, &arrival->channel->id)))
        return REJECT_IS_NO_SUCH_ROOM;
    if (r < 0)
        return r;
    if (arrival->header->audience == ENVELOPE_ROOM && arrival->header->class_ == ENVELOPE_DURABLE) {
        r = directory_speaks(&broker->directory, room, &arrival->service->id);
        if (r < 0 && r != -ENOSPC)
            return r;
    }
    enter_room(route, &room->id, room_size(room));
    return arrival->header->audience == ENVELOPE_ROOM ? add_persons(broker, route, room, NULL) : 0;
}

/* A receipt without message ids is about the newest delivery that had reached the person on this account by then. */
static uint64_t seq_by_watermark(struct broker *broker, const struct envelope_header *header, struct address *from)
{
    uint64_t best = 0, last_ms = header->watermark_ms + GATEWAY_WATERMARK_SLACK_MS;
    struct kin kin = { .n = 0 };

    if (!from || identity_kin_of(&broker->directory, from, &kin) < 0)
        return 0;
    for (size_t i = 0; i < kin.n * GATEWAY_LAST_SENT; i++) {
        const struct sent_mark *marks = kin.list[i / GATEWAY_LAST_SENT]->sent;
        const struct sent_mark *mark = marks ? &marks[i % GATEWAY_LAST_SENT] : NULL;

        if (mark && mark->seq > best && mark->at_ms <= last_ms)
            best = mark->seq;
    }
    return best;
}

static int route_to_author(struct broker *broker, const struct arrival *arrival, struct address *from,
                           struct route *route)
{
    uint64_t seq = route->n_relations > 0 ? route->relations[0].seq : 0;
    struct record *related;
    struct address *author;

    if (route->n_relations == 0 && arrival->header->watermark_ms > 0)
        seq = seq_by_watermark(broker, arrival->header, from);
    if (seq == 0 || broker_record(broker, seq, &related) < 0)
        return 0;
    if (route->n_relations == 0)
        route->relations[route->n_relations++] = (struct record_relation){ related->envelope_id, seq };
    int r = 0;
    bool by_person = related->from.size > 0 && !(related->flags & RECORD_ECHO);
    if (id_equal(&related->channel, &arrival->channel->id) && by_person) {
        r = directory_address(&broker->directory, &related->channel, related->from, &author);
        if (r == 0 && !(from && id_equal(&author->person, &from->person)))
            r = add_target(broker, route, author);
    }
    record_unref(related);
    return r == -ENOENT ? 0 : r; /* forgotten people get no receipts */
}

static int find_from(struct broker *broker, const struct arrival *arrival, struct address **ret)
{
    const struct envelope_header *header = arrival->header;
    int r;

    *ret = NULL;
    if (header->from.size == 0)
        return 0;
    if (header->class_ == ENVELOPE_DURABLE)
        return directory_meet(&broker->directory, &arrival->channel->id, header->account, header->from, ret);
    r = directory_address(&broker->directory, &arrival->channel->id, header->from, ret);
    return r == -ENOENT ? 0 : r;
}

static void start(const struct broker *broker, const struct arrival *arrival, struct route *route)
{
    const struct envelope_header *header = arrival->header;
    uint64_t expires = broker->now_ms + arrival->channel->retention_ms;

    route->accepted_ms = broker->now_ms;
    route->expires_ms = header->expires_ms > 0 && header->expires_ms < expires ? header->expires_ms : expires;
    route->channel = arrival->channel->id;
    route->service = arrival->service->id;
    route->room = (struct id){ { 0 } };
    route->envelope_id = id_from(header->id);
    route->audience = (uint8_t) header->audience;
    route->flags =
        (uint8_t) ((header->echo ? RECORD_ECHO : 0) | (header->class_ == ENVELOPE_EPHEMERAL ? RECORD_EPHEMERAL : 0) |
                   (header->lane == ENVELOPE_BULK ? RECORD_BULK : 0));
    route->room_size = 0;
    route->account = header->account;
    route->from = header->from;
    route->ref = header->ref;
    route->n_relations = 0;
    route->n_targets = 0;
    route->envelope = arrival->envelope;
}

int router_route(struct broker *broker, const struct arrival *arrival, struct route *ret, struct address **ret_from)
{
    struct address *from;

    start(broker, arrival, ret);
    ret->targets = broker->targets;
    int r = find_from(broker, arrival, &from);
    if (r == 0)
        r = find_relations(broker, arrival, ret);
    if (r != 0)
        return r;
    if (from)
        r = route_from_person(broker, arrival, from, ret);
    else if (arrival->header->from.size == 0)
        r = route_from_service(broker, arrival, ret);
    if (r == 0 && arrival->header->audience == ENVELOPE_AUTHOR)
        r = route_to_author(broker, arrival, from, ret);
    *ret_from = from;
    return r;
}
