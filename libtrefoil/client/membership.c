/* Bundles are judged, one is kept. Never sends. */
#include "client/membership.h"

#include <errno.h>
#include <string.h>

#include <sodium.h>

#define MEMBERSHIP_MEMORY_BYTES (16u << 20)

void membership_init(struct membership *membership, const struct keyring *keyring)
{
    *membership = (struct membership){ .keyring = keyring, .arena = ARENA_EMPTY(MEMBERSHIP_MEMORY_BYTES) };
}

void membership_deinit(struct membership *membership)
{
    arena_deinit(&membership->arena);
    membership->is_known = false;
}

static int judge(const struct membership *membership, struct bytes bundle, uint64_t now_ms, struct arena *arena,
                 struct trust *ret)
{
    const struct keyring *keyring = membership->keyring;
    int r = trust_open(bundle, keyring->root_pk, keyring->min_roster_version, arena, ret);

    if (r < 0)
        return r;
    if (!bytes_equal(ret->roster.tenant, bytes_make(keyring->tenant, sizeof(keyring->tenant))))
        return -EBADMSG;
    if (membership->is_known) {
        r = roster_compare(&membership->trust.roster, &ret->roster);
        if (r < 0)
            return r;
    }
    return roster_is_current(&ret->roster, now_ms) ? 0 : -ETIME;
}

int membership_take(struct membership *membership, struct bytes bundle, uint64_t now_ms, enum membership_change *ret)
{
    struct arena arena = ARENA_EMPTY(MEMBERSHIP_MEMORY_BYTES);
    uint8_t digest[SEAL_HASH_BYTES];
    struct trust trust;

    crypto_generichash(digest, sizeof(digest), bundle.data, bundle.size, NULL, 0);
    if (membership->is_known && memcmp(digest, membership->digest, sizeof(digest)) == 0) {
        *ret = MEMBERSHIP_SAME;
        return 0;
    }
    int r = judge(membership, bundle, now_ms, &arena, &trust);
    if (r < 0) {
        arena_deinit(&arena);
        return r;
    }
    *ret = membership_version(membership) == trust.roster.version ? MEMBERSHIP_NEW_KEYS : MEMBERSHIP_NEW_ROSTER;
    arena_deinit(&membership->arena);
    membership->arena = arena;
    membership->trust = trust;
    membership->is_known = true;
    memcpy(membership->digest, digest, sizeof(digest));
    membership->self =
        roster_service_by_id(&membership->trust.roster, bytes_make(membership->keyring->service, SEAL_ID_BYTES));
    return 0;
}

static bool is_told(const struct membership *membership, const struct wrap_secret *secret)
{
    struct bytes service = bytes_make(membership->keyring->service, SEAL_ID_BYTES);

    for (size_t i = 0; i < membership->trust.n_wrap_keys; i++) {
        const struct wrap_key *key = &membership->trust.wrap_keys[i];

        if (bytes_equal(key->service, service) && key->generation == secret->generation)
            return true;
    }
    return false;
}

int membership_untold_wrap(const struct membership *membership, uint64_t now_ms)
{
    const struct keyring *keyring = membership->keyring;
    int newest = -1;

    for (size_t i = 0; i < keyring->n_wraps; i++) {
        const struct wrap_secret *secret = &keyring->wraps[i];

        if (now_ms > secret->not_after_ms || is_told(membership, secret))
            continue;
        if (newest < 0 || secret->generation > keyring->wraps[newest].generation)
            newest = (int) i;
    }
    return newest;
}

const struct roster_channel *membership_channel(const struct membership *membership, const char *name)
{
    const struct roster *roster = &membership->trust.roster;
    const struct roster_channel *found = NULL;

    if (!membership->is_known || !membership->self)
        return NULL;
    for (size_t i = 0; i < roster->n_channels; i++) {
        const struct roster_channel *channel = &roster->channels[i];

        if (!roster_is_reader(channel, membership->self->id) && !roster_is_writer(channel, membership->self->id))
            continue;
        if (name && strcmp(name, channel->name) != 0)
            continue;
        if (found)
            return NULL;
        found = channel;
    }
    return found;
}
