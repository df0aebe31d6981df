/* The world of the tests. Never draws real randomness. */
#include "seal_kit/world.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "trust/hash.h"
#include "wire/proto_writer.h"

#define DAY_MS (24ull * 3600 * 1000)

static const char *const names[WORLD_N_SERVICES] = { "whatsapp", "bot", "crm", "stranger" };
static const uint32_t roles[WORLD_N_SERVICES] = { ROLE_TRANSLATOR | ROLE_ADDRESSES, ROLE_SERVICE,
                                                  ROLE_SERVICE | ROLE_ADDRESSES, ROLE_SERVICE };

static void fill(void *owner, void *memory, size_t size)
{
    struct world_random *state = owner;
    uint8_t seed[randombytes_SEEDBYTES] = "trefoil test randomness";

    memcpy(seed + 24, &state->n, sizeof(state->n));
    state->n++;
    randombytes_buf_deterministic(memory, size, seed);
}

struct random world_random(struct world_random *state)
{
    return (struct random){ fill, state };
}

static void must(bool held)
{
    if (!held)
        abort();
}

static struct keyring *make_keyring(struct world *world, enum world_service service)
{
    const struct random random = world_random(&world->random);
    struct keyring *keyring = sodium_malloc(sizeof(*keyring));
    uint8_t seed[SEAL_KEY_BYTES];

    must(keyring != NULL);
    memset(keyring, 0, sizeof(*keyring));
    memcpy(keyring->tenant, world->tenant, SEAL_ID_BYTES);
    memcpy(keyring->root_pk, world->root_pk, SEAL_KEY_BYTES);
    snprintf(keyring->service_name, sizeof(keyring->service_name), "%s", names[service]);
    random_fill(&random, keyring->service, SEAL_ID_BYTES);
    keyring->min_roster_version = 1;
    random_fill(&random, seed, sizeof(seed));
    crypto_sign_seed_keypair(keyring->identity_pk, keyring->identity_sk, seed);
    random_fill(&random, keyring->transport_sk, SEAL_KEY_BYTES);
    crypto_scalarmult_base(keyring->transport_pk, keyring->transport_sk);
    for (uint32_t generation = 1; generation <= 2; generation++) {
        struct wrap_secret *wrap = &keyring->wraps[keyring->n_wraps++];

        wrap->generation = generation;
        random_fill(&random, wrap->sk, SEAL_KEY_BYTES);
        crypto_scalarmult_base(wrap->pk, wrap->sk);
        wrap->not_before_ms = WORLD_NOW_MS - DAY_MS * (3 - generation);
        wrap->not_after_ms = WORLD_NOW_MS + DAY_MS * (generation + 10);
    }
    return keyring;
}

static void add_token_keys(struct world *world)
{
    const struct random random = world_random(&world->random);
    struct channel_secret secret = { .n_token_keys = 2 };

    memcpy(secret.channel, world->family, SEAL_ID_BYTES);
    random_fill(&random, secret.event_key, SEAL_KEY_BYTES);
    for (uint8_t i = 0; i < 2; i++) {
        secret.token_keys[i].generation = (uint8_t) (i + 1);
        random_fill(&random, secret.token_keys[i].key, SEAL_KEY_BYTES);
        token_key_derive(world->family, &secret.token_keys[i]);
    }
    for (int i = 0; i < WORLD_N_SERVICES; i++)
        if (roles[i] & ROLE_ADDRESSES)
            must(keyring_add_channel(world->keyrings[i], &secret) == 0);
}

struct bytes world_id(const struct world *world, enum world_service service)
{
    return bytes_make(world->keyrings[service]->service, SEAL_ID_BYTES);
}

static const struct bytes *id_list(struct world *world, const enum world_service *services, size_t n)
{
    struct bytes *list = arena_array(&world->arena, n, sizeof(*list));

    must(list != NULL);
    for (size_t i = 0; i < n; i++)
        list[i] = world_id(world, services[i]);
    return list;
}

static void make_channels(struct world *world, struct roster *roster)
{
    static const enum world_service members[] = { WORLD_WHATSAPP, WORLD_BOT, WORLD_CRM };
    struct roster_channel *channels = arena_array(&world->arena, 2, sizeof(*channels));

    must(channels != NULL);
    channels[0] = (struct roster_channel){
        .id = bytes_make(world->family, SEAL_ID_BYTES),
        .name = "family",
        .writers = id_list(world, members, 2),
        .n_writers = 2,
        .readers = id_list(world, members, 3),
        .n_readers = 3,
        .retention_ms = 7 * DAY_MS,
    };
    channels[1] = (struct roster_channel){
        .id = bytes_make(world->other, SEAL_ID_BYTES),
        .name = "other",
        .writers = id_list(world, members + 1, 1),
        .n_writers = 1,
        .readers = id_list(world, members + 1, 1),
        .n_readers = 1,
        .history_allowed = true,
    };
    roster->channels = channels;
    roster->n_channels = 2;
}

struct roster *world_roster(struct world *world, uint64_t version)
{
    static const char *const accounts[] = { WORLD_ACCOUNT };
    struct roster *roster = arena_alloc(&world->arena, sizeof(*roster));
    struct roster_service *services = arena_array(&world->arena, WORLD_N_SERVICES, sizeof(*services));
    struct bytes *transports = arena_array(&world->arena, WORLD_N_SERVICES, sizeof(*transports));

    must(roster && services && transports);
    for (size_t i = 0; i < WORLD_N_SERVICES; i++) {
        const struct keyring *keyring = world->keyrings[i];

        transports[i] = bytes_make(keyring->transport_pk, SEAL_KEY_BYTES);
        services[i] = (struct roster_service){
            .id = bytes_make(keyring->service, SEAL_ID_BYTES),
            .name = names[i],
            .role = roles[i],
            .identity_pk = bytes_make(keyring->identity_pk, SEAL_KEY_BYTES),
            .transport_pks = &transports[i],
            .n_transport_pks = 1,
        };
    }
    services[WORLD_WHATSAPP].accounts = accounts;
    services[WORLD_WHATSAPP].n_accounts = 1;
    *roster = (struct roster){
        .tenant = bytes_make(world->tenant, SEAL_ID_BYTES),
        .version = version,
        .not_before_ms = WORLD_NOW_MS - DAY_MS,
        .not_after_ms = WORLD_NOW_MS + 300 * DAY_MS,
        .services = services,
        .n_services = WORLD_N_SERVICES,
    };
    if (version > 1)
        roster->previous_hash = bytes_make(world->trust.roster.hash, SEAL_HASH_BYTES);
    make_channels(world, roster);
    return roster;
}

struct trust world_trust(struct world *world, const struct roster *roster)
{
    struct bytes roster_signed, wrap_keys[2 * WORLD_N_SERVICES];
    struct trust trust;
    size_t n = 0;

    must(roster_sign(roster, world->root_seed, &world->arena, &roster_signed) == 0);
    for (int i = 0; i < WORLD_N_SERVICES; i++)
        for (size_t j = 0; j < world->keyrings[i]->n_wraps; j++)
            must(wrap_key_sign(world->keyrings[i], j, &world->arena, &wrap_keys[n++]) == 0);
    must(trust_bundle_write(roster_signed, wrap_keys, n, &world->arena, &world->bundle) == 0);
    must(trust_open(world->bundle, world->root_pk, 1, &world->arena, &trust) == 0);
    return trust;
}

struct world *world_new(void)
{
    struct world *world = calloc(1, sizeof(*world));

    must(sodium_init() >= 0 && world != NULL);
    world->arena = ARENA_EMPTY((size_t) 256 << 20);
    const struct random random = world_random(&world->random);
    random_fill(&random, world->root_seed, SEAL_KEY_BYTES);
    root_key_pk(world->root_seed, world->root_pk);
    random_fill(&random, world->tenant, SEAL_ID_BYTES);
    random_fill(&random, world->family, SEAL_ID_BYTES);
    random_fill(&random, world->other, SEAL_ID_BYTES);
    for (int i = 0; i < WORLD_N_SERVICES; i++)
        world->keyrings[i] = make_keyring(world, (enum world_service) i);
    add_token_keys(world);
    world->trust = world_trust(world, world_roster(world, 1));
    return world;
}

struct world *world_free(struct world *world)
{
    for (int i = 0; i < WORLD_N_SERVICES; i++)
        keyring_free(world->keyrings[i]);
    arena_deinit(&world->arena);
    free(world);
    return NULL;
}

struct sender *world_sender(struct world *world, enum world_service service, struct bytes *ret_grant)
{
    const struct random random = world_random(&world->random);
    uint8_t replica[SEAL_REPLICA_BYTES];
    struct sender *sender;

    random_fill(&random, replica, sizeof(replica));
    must(sender_new(world->keyrings[service], world->family, replica, random, &sender) == 0);
    must(sender_renew(sender, &world->trust, WORLD_NOW_MS, &world->arena, ret_grant) == 0);
    return sender;
}

static void put_content(struct proto_writer *writer, const struct envelope_header *header, const char *service_name,
                        const char *text)
{
    const struct bytes claims[] = { header->id, header->channel, bytes_of_text(service_name), header->account };
    struct proto_writer inner = { 0 };

    for (uint32_t i = 0; i < ARRAY_SIZE(claims); i++)
        proto_put_bytes(&inner, i + 1, claims[i]);
    proto_put_front(writer, 1, inner.size);
    for (uint32_t i = 0; i < ARRAY_SIZE(claims); i++)
        proto_put_bytes(writer, i + 1, claims[i]);
    inner.size = 0;
    proto_put_bytes(&inner, 1, bytes_of_text(text));
    proto_put_front(writer, 32, inner.size);
    proto_put_bytes(writer, 1, bytes_of_text(text));
}

struct bytes world_content(struct world *world, const struct envelope_header *header, const char *service_name,
                           const char *text)
{
    struct proto_writer writer = { 0 };

    put_content(&writer, header, service_name, text);
    writer = (struct proto_writer){ arena_alloc(&world->arena, writer.size), 0 };
    must(writer.data != NULL);
    put_content(&writer, header, service_name, text);
    return bytes_make(writer.data, writer.size);
}

struct envelope_header world_header(const struct world *world)
{
    static const uint8_t id[SEAL_ID_BYTES] = "envelope id 0001";

    return (struct envelope_header){
        .id = bytes_make(id, sizeof(id)),
        .channel = bytes_make(world->family, SEAL_ID_BYTES),
        .audience = ENVELOPE_ROOM,
        .class_ = ENVELOPE_DURABLE,
        .account = bytes_of_text(WORLD_ACCOUNT),
        .created_ms = WORLD_NOW_MS,
    };
}

struct bytes world_envelope(struct world *world, struct sender *sender, enum world_service service, const char *text)
{
    const struct envelope_header header = world_header(world);
    struct bytes envelope;

    must(envelope_seal(sender, &header, world_content(world, &header, names[service], text), &world->arena,
                       &envelope) == 0);
    return envelope;
}
