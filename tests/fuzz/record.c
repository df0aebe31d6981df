/* What the disk gives back as a journal record: any bytes. Responsible for gateway/core/record.c. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "core/record.h"
#include "gateway/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds)
{
    if (!holds)
        abort();
}

static int is_inside(const struct record *record, struct bytes part)
{
    return part.size == 0 || (part.data >= record->data && part.data + part.size <= record->data + record->size);
}

/* The route the record was made of, as far as it tells. */
static struct route route_of(const struct record *record, struct record_target *targets)
{
    struct cursor at = { record->targets };
    struct route route = { .accepted_ms = record->accepted_ms,
                           .expires_ms = record->expires_ms,
                           .channel = record->channel,
                           .service = record->service,
                           .room = record->room,
                           .envelope_id = record->envelope_id,
                           .audience = record->audience,
                           .flags = record->flags,
                           .account = record->account,
                           .from = record->from,
                           .ref = record->ref,
                           .n_relations = record->n_relations,
                           .targets = targets,
                           .envelope = record->envelope };

    for (size_t i = 0; i < record->n_relations; i++)
        route.relations[i] = record_relation_at(record, i);
    while (record_next_target(&at, &targets[route.n_targets]))
        require(++route.n_targets <= record->n_targets);
    require(route.n_targets == record->n_targets);
    return route;
}

/* What was read can be written, and reads the same. */
static void check_again(const struct record *record)
{
    static struct record_target targets[GATEWAY_TARGETS_MAX + 1];
    const struct route route = route_of(record, targets);
    struct record *again, *parsed;
    int r = record_new(&route, &again);

    require(r == 0 || r == -EMSGSIZE || r == -ENOMEM);
    if (r < 0)
        return;
    require(record_parse(bytes_make(again->data, again->size), 7, &parsed) == 0);
    require(parsed->seq == 7 && parsed->accepted_ms == record->accepted_ms && parsed->n_targets == record->n_targets);
    require(id_equal(&parsed->room, &record->room) && id_equal(&parsed->envelope_id, &record->envelope_id));
    require(bytes_equal(parsed->from, record->from) && bytes_equal(parsed->ref, record->ref));
    require(bytes_equal(parsed->targets, record->targets) && bytes_equal(parsed->relations, record->relations));
    require(bytes_equal(parsed->envelope, record->envelope));
    record_unref(parsed);
    record_unref(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct record *record = NULL;
    struct record_target target;
    int r = record_parse(bytes_make(data, size), 7, &record);

    require(r == 0 || r == -EBADMSG || r == -ENOMEM);
    require((r == 0) == (record != NULL));
    if (r < 0)
        return 0;
    require(is_inside(record, record->account) && is_inside(record, record->from) && is_inside(record, record->ref));
    require(is_inside(record, record->targets) && is_inside(record, record->relations));
    require(is_inside(record, record->front) && is_inside(record, record->back) && is_inside(record, record->envelope));
    for (uint32_t i = 0; i < record->n_targets; i++)
        require(record_target_at(record, i, &target) && record_find_target(record, target.address) >= 0);
    require(!record_target_at(record, record->n_targets, &target));
    check_again(record);
    record_unref(record);
    return 0;
}
