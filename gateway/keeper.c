/* One bundle is in force at a time. A new one is opened beside it and takes its place as a whole. */
#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/id.h"
#include "gateway.h"

#define KEEPER_MEMORY_BYTES ((size_t) 16 << 20)
#define ROSTER_KEY "bundle"
#define WRAP_KEY_KEPT_MS (24ull * 3600 * 1000) /* past its end, when nobody wraps to it any more */

void keeper_init(struct keeper *keeper, const uint8_t *root_pk)
{
    *keeper = (struct keeper){ .root_pk = root_pk, .mem = ARENA_EMPTY(KEEPER_MEMORY_BYTES) };
}

void keeper_deinit(struct keeper *keeper)
{
    arena_deinit(&keeper->mem);
}

static int read_file(const char *path, struct arena *mem, struct bytes *ret)
{
    uint8_t *file = arena_alloc(mem, SEAL_BUNDLE_MAX_BYTES + 1);
    size_t size = 0;
    ssize_t got = 0;

    if (!file)
        return -ENOMEM;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    while (size <= SEAL_BUNDLE_MAX_BYTES && (got = read(fd, file + size, SEAL_BUNDLE_MAX_BYTES + 1 - size)) > 0)
        size += (size_t) got;
    int r = got < 0 ? -errno : size > SEAL_BUNDLE_MAX_BYTES ? -EFBIG : 0;
    close(fd);
    *ret = bytes_make(file, size);
    return r;
}

/* The wrap keys of two bundles under one roster, none twice and none that is over: the newer ones of the same service
 * and generation win. */
static int merge(uint64_t now_ms, struct bytes roster_signed, const struct trust *const *from, size_t n_from,
                 struct arena *mem, struct bytes *ret)
{
    size_t room = 1, n = 0;

    for (size_t i = 0; i < n_from; i++)
        room += from[i]->n_wrap_keys;
    struct bytes *wraps = arena_array(mem, room, sizeof(*wraps));
    const struct wrap_key **keys = arena_array(mem, room, sizeof(*keys));
    if (!wraps || !keys)
        return -ENOMEM;
    for (size_t i = 0; i < n_from; i++)
        for (size_t j = 0; j < from[i]->n_wrap_keys; j++) {
            const struct wrap_key *key = &from[i]->wrap_keys[j];
            bool is_known = now_ms > key->not_after_ms && now_ms - key->not_after_ms > WRAP_KEY_KEPT_MS;

            for (size_t k = 0; k < n && !is_known; k++)
                is_known = keys[k]->generation == key->generation && bytes_equal(keys[k]->service, key->service);
            if (is_known)
                continue;
            keys[n] = key;
            wraps[n++] = from[i]->wrap_keys_signed[j];
        }
    return trust_bundle_write(roster_signed, wraps, n, mem, ret);
}

/* Wrap keys in a bundle that those in force know nothing of. */
static bool has_new_key(const struct keeper *keeper, const struct trust *trust)
{
    for (size_t i = 0; i < trust->n_wrap_keys; i++) {
        bool is_known = false;

        for (size_t j = 0; j < keeper->trust.n_wrap_keys && !is_known; j++)
            is_known = bytes_equal(trust->wrap_keys_signed[i], keeper->trust.wrap_keys_signed[j]);
        if (!is_known)
            return true;
    }
    return false;
}

/* Takes over a bundle: verified once more as a whole, kept in memory and in the open batch. */
static int adopt(struct keeper *keeper, struct bytes bundle, struct tables *tables)
{
    struct arena mem = ARENA_EMPTY(KEEPER_MEMORY_BYTES);
    struct bytes copy = arena_copy(&mem, bundle);
    struct trust trust;
    int r = copy.size == bundle.size ? trust_open(copy, keeper->root_pk, 0, &mem, &trust) : -ENOMEM;

    if (r < 0) {
        arena_deinit(&mem);
        return r;
    }
    arena_deinit(&keeper->mem);
    keeper->mem = mem;
    keeper->trust = trust;
    keeper->bundle = copy;
    tables_put(tables, TABLE_TRUST, bytes_of_text(ROSTER_KEY), copy);
    return 0;
}

/* What is in force and `bundle` become one, under the newer roster of the two. */
static int combine(struct keeper *keeper, struct bytes bundle, struct tables *tables)
{
    struct arena mem = ARENA_EMPTY(KEEPER_MEMORY_BYTES);
    struct trust trust;
    struct bytes merged;
    int r = trust_open(bundle, keeper->root_pk, 0, &mem, &trust);
    int step = r == 0 && keeper->bundle.size > 0 ? roster_compare(&keeper->trust.roster, &trust.roster) : ROSTER_NEXT;

    if (r == 0 && step < 0 && step != -ESTALE)
        r = step;
    if (r == 0 && keeper->bundle.size == 0) {
        r = adopt(keeper, bundle, tables);
        arena_deinit(&mem);
        return r < 0 ? r : 1;
    }
    if (r == 0) {
        const struct trust *const both[2] = { &trust, &keeper->trust };
        struct bytes roster = step == -ESTALE ? keeper->trust.roster_signed : trust.roster_signed;

        r = merge(gateway_now_ms(), roster, both, 2, &mem, &merged);
    }
    bool is_new = r == 0 && (step == ROSTER_NEXT || step == ROSTER_LATER || !bytes_equal(merged, keeper->bundle));
    if (is_new) {
        is_new = step == ROSTER_NEXT || step == ROSTER_LATER || has_new_key(keeper, &trust);
        r = adopt(keeper, merged, tables);
    }
    arena_deinit(&mem);
    return r < 0 ? r : is_new;
}

static int from_file(struct keeper *keeper, const char *file, struct tables *tables, char *error, size_t error_room)
{
    struct arena mem = ARENA_EMPTY(KEEPER_MEMORY_BYTES);
    struct bytes bundle;
    int r = read_file(file, &mem, &bundle);

    if (r < 0) {
        (void) snprintf(error, error_room, "bundle_file: %s: %s", file, strerror(-r));
    } else {
        r = combine(keeper, bundle, tables);
        if (r < 0)
            (void) snprintf(
                error, error_room, "bundle_file: %s: %s", file,
                r == -EBADMSG ? "not a trust bundle signed by the root key in root_pk, or a fork of the roster in force"
                              : strerror(-r));
    }
    arena_deinit(&mem);
    return r;
}

uint64_t keeper_retention_ms(const struct keeper *keeper, const char *file)
{
    struct arena mem = ARENA_EMPTY(KEEPER_MEMORY_BYTES);
    struct bytes bundle;
    struct trust trust;
    uint64_t longest_ms = 0;

    if (read_file(file, &mem, &bundle) == 0 && trust_open(bundle, keeper->root_pk, 0, &mem, &trust) == 0)
        for (size_t i = 0; i < trust.roster.n_channels; i++)
            if (trust.roster.channels[i].retention_ms > longest_ms)
                longest_ms = trust.roster.channels[i].retention_ms;
    arena_deinit(&mem);
    return longest_ms;
}

int keeper_start(struct keeper *keeper, const char *file, struct tables *tables, char *error, size_t error_room)
{
    struct arena mem = ARENA_EMPTY(KEEPER_MEMORY_BYTES);
    struct bytes stored;
    int r = tables_get(tables, TABLE_TRUST, bytes_of_text(ROSTER_KEY), &mem, &stored);

    if (r == 0)
        r = combine(keeper, stored, tables);
    if (r < 0 && r != -ENOENT)
        (void) snprintf(error, error_room, "the roster in the store is not signed by the root key in root_pk");
    else
        r = from_file(keeper, file, tables, error, error_room);
    arena_deinit(&mem);
    return r < 0 ? r : 0;
}

int keeper_reload(struct keeper *keeper, const char *file, struct tables *tables, char *error, size_t error_room)
{
    return from_file(keeper, file, tables, error, error_room);
}

int keeper_put(struct keeper *keeper, struct bytes bundle, struct tables *tables)
{
    struct arena mem = ARENA_EMPTY(KEEPER_MEMORY_BYTES);
    struct trust trust;
    int r = trust_open(bundle, keeper->root_pk, keeper->trust.roster.version, &mem, &trust);

    arena_deinit(&mem);
    return r < 0 ? r : combine(keeper, bundle, tables);
}

int keeper_put_wrap(struct keeper *keeper, struct bytes wrap_key, struct tables *tables)
{
    struct arena mem = ARENA_EMPTY(KEEPER_MEMORY_BYTES);
    struct wrap_key key;
    struct trust one = { .wrap_keys = &key, .wrap_keys_signed = &wrap_key, .n_wrap_keys = 1 };
    const struct trust *const both[2] = { &one, &keeper->trust };
    struct bytes merged;
    int r = wrap_key_verify(&keeper->trust.roster, wrap_key, &key);

    for (size_t i = 0; r == 0 && i < keeper->trust.n_wrap_keys; i++)
        if (bytes_equal(keeper->trust.wrap_keys_signed[i], wrap_key)) {
            arena_deinit(&mem);
            return 0;
        }
    if (r == 0 && keeper->trust.n_wrap_keys >= SEAL_WRAP_KEYS_MAX)
        r = -ENOSPC;
    if (r == 0)
        r = merge(gateway_now_ms(), keeper->trust.roster_signed, both, 2, &mem, &merged);
    if (r == 0)
        r = adopt(keeper, merged, tables);
    arena_deinit(&mem);
    return r < 0 ? r : 1;
}

static int add_service(struct members *members, const struct roster_service *service)
{
    struct id id = id_from(service->id);
    int r = members_add_service(members, &id, bytes_of_text(service->name), service->role);

    for (size_t i = 0; r == 0 && i < service->n_accounts; i++)
        r = members_add_account(members, &id, bytes_of_text(service->accounts[i]));
    return r;
}

static int add_channel(struct members *members, const struct roster_channel *channel)
{
    struct id id = id_from(channel->id);
    int r = members_add_channel(members, &id, bytes_of_text(channel->name), channel->retention_ms);

    for (size_t i = 0; r == 0 && i < channel->n_writers; i++) {
        struct id service = id_from(channel->writers[i]);

        r = members_allow(members, &id, &service, true, false);
    }
    for (size_t i = 0; r == 0 && i < channel->n_readers; i++) {
        struct id service = id_from(channel->readers[i]);

        r = members_allow(members, &id, &service, false, true);
    }
    return r;
}

int keeper_members(const struct keeper *keeper, struct members **ret)
{
    const struct roster *roster = &keeper->trust.roster;
    struct members *members;
    int r = members_new(roster->version, roster->n_services, roster->n_channels, &members);

    if (r < 0)
        return r;
    for (size_t i = 0; r == 0 && i < roster->n_services; i++)
        r = add_service(members, &roster->services[i]);
    for (size_t i = 0; r == 0 && i < roster->n_channels; i++)
        r = add_channel(members, &roster->channels[i]);
    if (r < 0) {
        members_free(members);
        return r;
    }
    *ret = members;
    return 0;
}
