/* One slot per channel, minted when first needed. Never keeps a grant longer than it is offered. */
#include "client/grants.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/clock.h"

#define GRANTS_MEMORY_BYTES (1u << 20)

void grants_init(struct grants *grants, const struct keyring *keyring, const struct membership *membership,
                 struct connection *connection)
{
    *grants = (struct grants){ .keyring = keyring, .membership = membership, .connection = connection };
    grants->arena = ARENA_EMPTY(GRANTS_MEMORY_BYTES);
}

static void forget_grant(struct grant_slot *slot)
{
    free((void *) (uintptr_t) slot->grant.data);
    slot->grant = BYTES_EMPTY;
}

void grants_deinit(struct grants *grants)
{
    for (size_t i = 0; i < grants->n; i++) {
        grants->slots[i].sender = sender_free(grants->slots[i].sender);
        forget_grant(&grants->slots[i]);
    }
    grants->n = 0;
    arena_deinit(&grants->arena);
}

static struct grant_slot *find(struct grants *grants, const uint8_t *channel)
{
    for (size_t i = 0; i < grants->n; i++)
        if (memcmp(grants->slots[i].channel, channel, SEAL_ID_BYTES) == 0)
            return &grants->slots[i];
    return NULL;
}

static int add(struct grants *grants, const uint8_t *channel, struct grant_slot **ret)
{
    if (grants->n == ARRAY_SIZE(grants->slots))
        return -ENOSPC;
    struct grant_slot *slot = &grants->slots[grants->n];
    *slot = (struct grant_slot){ .state = GRANT_NONE };
    memcpy(slot->channel, channel, SEAL_ID_BYTES);
    int r = sender_new(grants->keyring, channel, grants->connection->replica, random_system(), &slot->sender);
    if (r < 0)
        return r;
    grants->n++;
    *ret = slot;
    return 0;
}

static int offer(struct grants *grants, const struct grant_slot *slot)
{
    Trefoil__GrantPut put = TREFOIL__GRANT_PUT__INIT;

    put.grant = frame_binary(slot->grant);
    put.key_id = frame_binary(bytes_make(sender_key_id(slot->sender), SEAL_KEY_ID_BYTES));
    put.channel = frame_binary(bytes_make(slot->channel, SEAL_ID_BYTES));
    return connection_send(grants->connection, TREFOIL__FRAME__BODY_GRANT_PUT, &put);
}

static int mint(struct grants *grants, struct grant_slot *slot)
{
    struct bytes bytes;
    int r = sender_renew(slot->sender, &grants->membership->trust, clock_wall_ms(), &grants->arena, &bytes);

    if (r == 0) {
        uint8_t *copy = malloc(bytes.size);

        if (copy) {
            memcpy(copy, bytes.data, bytes.size);
            forget_grant(slot);
            slot->grant = bytes_make(copy, bytes.size);
            slot->state = GRANT_OFFERED;
            slot->is_stale = false;
        } else {
            r = -ENOMEM;
        }
    }
    arena_reset(&grants->arena);
    if (r < 0) {
        slot->retry_at_ms = clock_run_ms() + GRANTS_RETRY_MS;
        return r;
    }
    return offer(grants, slot);
}

int grants_sender(struct grants *grants, const uint8_t *channel, struct sender **ret)
{
    struct grant_slot *slot = find(grants, channel);
    int r;

    if (!grants->membership->is_known || grants->connection->state != CONNECTION_UP)
        return -EAGAIN;
    if (!slot) {
        r = add(grants, channel, &slot);
        if (r < 0)
            return r;
    }
    if (slot->state == GRANT_OFFERED || slot->awaits_roster)
        return -EAGAIN;
    if (slot->state == GRANT_STORED && !slot->is_stale &&
        !sender_needs_grant(slot->sender, &grants->membership->trust.roster, clock_wall_ms())) {
        *ret = slot->sender;
        return 0;
    }
    slot->is_wanted = clock_run_ms() < slot->retry_at_ms;
    if (slot->is_wanted)
        return -EAGAIN;
    r = mint(grants, slot);
    return r < 0 ? r : -EAGAIN;
}

static int prepare_all(struct grants *grants)
{
    const struct roster *roster = &grants->membership->trust.roster;
    const struct roster_service *self = grants->membership->self;
    struct sender *sender;

    for (size_t i = 0; self && i < roster->n_channels; i++) {
        if (!roster_is_writer(&roster->channels[i], self->id))
            continue;
        int r = grants_sender(grants, roster->channels[i].id.data, &sender);
        if (r < 0 && r != -EAGAIN && r != -ENOKEY && r != -EACCES)
            return r;
    }
    return 0;
}

int grants_rewind(struct grants *grants)
{
    for (size_t i = 0; i < grants->n; i++) {
        struct grant_slot *slot = &grants->slots[i];

        slot->awaits_roster = false;
        if (slot->state != GRANT_OFFERED)
            continue;
        int r = offer(grants, slot);
        if (r < 0)
            return r;
    }
    return prepare_all(grants);
}

bool grants_is_settled(const struct grants *grants)
{
    for (size_t i = 0; i < grants->n; i++)
        if (grants->slots[i].state == GRANT_OFFERED)
            return false;
    return true;
}

enum grants_news grants_answer(struct grants *grants, const Trefoil__GrantIs *answer)
{
    for (size_t i = 0; i < grants->n; i++) {
        struct grant_slot *slot = &grants->slots[i];

        if (slot->state != GRANT_OFFERED ||
            !bytes_equal(frame_bytes(answer->key_id), bytes_make(sender_key_id(slot->sender), SEAL_KEY_ID_BYTES)))
            continue;
        if (answer->stored) {
            slot->state = GRANT_STORED;
            forget_grant(slot);
            return GRANTS_STORED;
        }
        slot->state = GRANT_NONE;
        slot->retry_at_ms = clock_run_ms() + GRANTS_RETRY_MS;
        forget_grant(slot);
        return GRANTS_REFUSED;
    }
    return GRANTS_NOT_MINE;
}

void grants_roster(struct grants *grants, bool is_new)
{
    for (size_t i = 0; i < grants->n; i++) {
        grants->slots[i].awaits_roster = false;
        if (!is_new)
            continue;
        grants->slots[i].is_stale = true;
        grants->slots[i].retry_at_ms = 0;
    }
}

void grants_renew(struct grants *grants, struct bytes channel, struct bytes key_id, bool awaits_roster)
{
    struct grant_slot *slot = channel.size == SEAL_ID_BYTES ? find(grants, channel.data) : NULL;

    if (!slot || !bytes_equal(key_id, bytes_make(sender_key_id(slot->sender), SEAL_KEY_ID_BYTES)))
        return; /* renewed already */
    slot->is_stale = true;
    slot->awaits_roster = awaits_roster;
}

uint64_t grants_deadline(const struct grants *grants)
{
    uint64_t deadline = CLOCK_NEVER;

    for (size_t i = 0; i < grants->n; i++)
        if (grants->slots[i].is_wanted && grants->slots[i].retry_at_ms < deadline)
            deadline = grants->slots[i].retry_at_ms;
    return deadline;
}
