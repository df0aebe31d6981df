/* The vectors of what is good: inputs, every value on the way, and the result. Never judges. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "seal/envelope_keys.h"
#include "seal/padding.h"
#include "seal/personal.h"
#include "trust/hash.h"
#include "vectors_json.h"

static void must(bool held)
{
    if (!held)
        abort();
}

static void add_hash(json_t *list, const char *name, const struct hash_input *input, size_t size)
{
    json_t *object = add(list, name), *parts = json_array();
    uint8_t hash[HASH_MAX_BYTES];

    must(labelled_hash(input, hash, size) == 0);
    for (size_t i = 0; i < input->n_parts; i++)
        json_array_append_new(parts, hex(input->parts[i]));
    put_text(object, "label", input->label);
    put_hex(object, "key", input->key);
    put(object, "parts", parts);
    put_hex(object, "hash", bytes_make(hash, size));
}

static void add_signature(json_t *list, struct world *world)
{
    const struct hash_input input =
        HASH_INPUT(LABEL_ENVELOPE_SIGNATURE, BYTES_EMPTY, bytes_of_text("one"), bytes_of_text("two"));
    uint8_t message[SIGNED_MESSAGE_MAX_BYTES], sk[SEAL_SIGN_SECRET_BYTES], pk[SEAL_KEY_BYTES], signature[64];
    json_t *object = add(list, "two parts"), *parts = json_array();
    int size = signed_message(&input, message);

    must(size > 0);
    crypto_sign_seed_keypair(pk, sk, world->root_seed);
    crypto_sign_detached(signature, NULL, message, (unsigned long long) size, sk);
    for (size_t i = 0; i < input.n_parts; i++)
        json_array_append_new(parts, hex(input.parts[i]));
    put_text(object, "label", input.label);
    put(object, "parts", parts);
    put_hex(object, "message", bytes_make(message, (size_t) size));
    put(object, "seed", hex_of(world->root_seed, SEAL_KEY_BYTES));
    put(object, "pk", hex_of(pk, sizeof(pk)));
    put(object, "signature", hex_of(signature, sizeof(signature)));
}

json_t *hash_vectors(struct vectors *vectors)
{
    static const char *const labels[] = { LABELS };
    json_t *object = json_object(), *list = json_array(), *names = json_array(), *signatures = json_array();
    const struct bytes key = bytes_make(vectors->world->root_seed, SEAL_KEY_BYTES);

    for (size_t i = 0; i < ARRAY_SIZE(labels); i++)
        json_array_append_new(names, json_string(labels[i]));
    add_hash(list, "one part goes in bare", &HASH_INPUT(LABEL_GRANT_BODY, BYTES_EMPTY, bytes_of_text("body")), 32);
    add_hash(list, "an empty part", &HASH_INPUT(LABEL_GRANT_BODY, BYTES_EMPTY, BYTES_EMPTY), 32);
    add_hash(list, "two parts carry their lengths",
             &HASH_INPUT(LABEL_KEY_ID, BYTES_EMPTY, bytes_of_text("bo"), bytes_of_text("dy")), 16);
    add_hash(list, "three parts, one empty, with a key",
             &HASH_INPUT(LABEL_TOKEN_IV, key, bytes_of_text("a"), BYTES_EMPTY, bytes_of_text("c")), 16);
    add_hash(list, "64 bytes", &HASH_INPUT(LABEL_ENVELOPE_KEY, key, bytes_of_text("header"), bytes_of_text("salt")),
             64);
    add_signature(signatures, vectors->world);
    put(object, "labels", names);
    put(object, "hashes", list);
    put(object, "signatures", signatures);
    return object;
}

json_t *padding_vectors(struct vectors *vectors)
{
    static const size_t sizes[] = { 0,    1,    251,  252,  253,   508,   509,   1020,    1021,   2044,
                                    2045, 4092, 4093, 4348, 60000, 65532, 65533, 1000000, 4194304 };
    struct arena *arena = &vectors->world->arena;
    json_t *object = json_object(), *list = json_array(), *padded_list = json_array(), *refused = json_array();
    struct bytes padded;

    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        json_t *item = json_object();

        put_u64(item, "content_size", sizes[i]);
        put_u64(item, "padded_size", padding_size(sizes[i]));
        json_array_append_new(list, item);
    }
    must(padding_add(bytes_of_text("content"), arena, &padded) == 0);
    json_t *item = add(padded_list, "seven bytes");
    put_hex(item, "content", bytes_of_text("content"));
    put_hex(item, "padded", padded);
    put_hex(add(refused, "last byte not zero"), "padded", flipped(vectors->world, padded, padded.size * 8 - 1));
    put_hex(add(refused, "first byte after the content not zero"), "padded",
            flipped(vectors->world, padded, (size_t) 11 * 8));
    put_hex(add(refused, "length asks for a larger class"), "padded", flipped(vectors->world, padded, 16));
    put_hex(add(refused, "length beyond the end"), "padded", flipped(vectors->world, padded, 0));
    put_hex(add(refused, "one byte short"), "padded", bytes_make(padded.data, padded.size - 1));
    put_hex(add(refused, "nothing"), "padded", BYTES_EMPTY);
    put(object, "sizes", list);
    put(object, "padded", padded_list);
    put(object, "refused", refused);
    return object;
}

static void add_token(struct vectors *vectors, json_t *list, const struct token_plain *plain, size_t generations)
{
    static const char *const kinds[] = { "", "address", "ref", "note" };
    struct world *world = vectors->world;
    struct channel_secret secret = world->keyrings[WORLD_WHATSAPP]->channels[0];
    const struct token_key *key = &secret.token_keys[generations - 1];
    json_t *object = add(list, kinds[plain->kind]);
    struct bytes token;

    secret.n_token_keys = generations;
    must(token_seal(&secret, plain, &world->arena, &token) == 0);
    put(object, "channel", hex_of(secret.channel, SEAL_ID_BYTES));
    put_u64(object, "generation", key->generation);
    put(object, "key", hex_of(key->key, SEAL_KEY_BYTES));
    put(object, "k_mac", hex_of(key->mac, SEAL_KEY_BYTES));
    put(object, "k_enc", hex_of(key->enc, SEAL_KEY_BYTES));
    put_hex(object, "account", plain->account);
    put_u64(object, "kind", plain->kind);
    put_hex(object, "value", plain->value);
    put_hex(object, "token", token);
    write_corpus(vectors, "token", arena_format(&world->arena, "%zu-%zu", json_array_size(list), token.size), token);
}

json_t *token_vectors(struct vectors *vectors)
{
    const struct channel_secret *secret = &vectors->world->keyrings[WORLD_WHATSAPP]->channels[0];
    const struct bytes account = bytes_of_text(WORLD_ACCOUNT);
    const char *const values[] = { "4915112345678", "7", "12345678901234567890123456789",
                                   "123456789012345678901234567890" };
    json_t *object = json_object(), *list = json_array(), *events = json_array(), *refused = json_array();
    uint8_t id[SEAL_ID_BYTES];

    for (size_t i = 0; i < ARRAY_SIZE(values); i++)
        add_token(vectors, list, &(struct token_plain){ TOKEN_ADDRESS, account, bytes_of_text(values[i]) }, 2);
    add_token(vectors, list,
              &(struct token_plain){ TOKEN_REF, account,
                                     bytes_of_text("wamid.HBgNNDkxNTExMjM0NTY3OBUCABIYFjNFQjBDNTk3RjE4NDIx") },
              2);
    add_token(vectors, list, &(struct token_plain){ TOKEN_ADDRESS, account, bytes_of_text(values[0]) }, 1);
    add_token(vectors, list, &(struct token_plain){ TOKEN_NOTE, BYTES_EMPTY, bytes_of_text("the family") }, 2);
    token_event_id(secret, account, bytes_of_text("message:wamid.X"), id);
    json_t *event = add(events, "a message");
    put(event, "event_key", hex_of(secret->event_key, SEAL_KEY_BYTES));
    put_hex(event, "account", account);
    put_hex(event, "event", bytes_of_text("message:wamid.X"));
    put(event, "id", hex_of(id, sizeof(id)));
    refuse_tokens(vectors, refused);
    put(object, "tokens", list);
    put(object, "event_ids", events);
    put(object, "refused", refused);
    return object;
}

json_t *personal_vectors(struct vectors *vectors)
{
    struct world *world = vectors->world;
    struct channel_secret secret = world->keyrings[WORLD_WHATSAPP]->channels[0];
    struct world_random draws = { 0 }; /* of their own, so that the other vectors stay as they are */
    const struct random random = world_random(&draws);
    const struct personal_part plain = { world_header(world).id, bytes_of_text("a serialized Personal") };
    json_t *object = json_object(), *list = json_array();
    struct bytes sealed;

    for (size_t generations = 1; generations <= 2; generations++) {
        const struct token_key *key = &secret.token_keys[generations - 1];
        json_t *item = add(list, generations == 1 ? "older generation" : "newest generation");

        secret.n_token_keys = generations;
        must(personal_seal(&secret, &plain, &random, &world->arena, &sealed) == 0);
        put(item, "channel", hex_of(secret.channel, SEAL_ID_BYTES));
        put_hex(item, "envelope_id", plain.envelope_id);
        put_u64(item, "generation", key->generation);
        put(item, "key", hex_of(key->key, SEAL_KEY_BYTES));
        put(item, "k_private", hex_of(key->personal, SEAL_KEY_BYTES));
        put_hex(item, "plain", plain.bytes);
        put_hex(item, "sealed", sealed);
    }
    put(object, "personal", list);
    return object;
}

static json_t *service_json(const struct roster_service *service)
{
    json_t *object = json_object(), *transports = json_array(), *accounts = json_array();

    put_hex(object, "id", service->id);
    put_text(object, "name", service->name);
    put_u64(object, "role", service->role);
    put_hex(object, "identity_pk", service->identity_pk);
    for (size_t i = 0; i < service->n_transport_pks; i++)
        json_array_append_new(transports, hex(service->transport_pks[i]));
    for (size_t i = 0; i < service->n_accounts; i++)
        json_array_append_new(accounts, json_string(service->accounts[i]));
    put(object, "transport_pks", transports);
    put(object, "accounts", accounts);
    put_u64(object, "void_before_ms", service->void_before_ms);
    return object;
}

static json_t *ids_json(const struct bytes *ids, size_t n)
{
    json_t *list = json_array();

    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, hex(ids[i]));
    return list;
}

static json_t *channel_json(const struct roster_channel *channel)
{
    json_t *object = json_object();

    put_hex(object, "id", channel->id);
    put_text(object, "name", channel->name);
    put(object, "writers", ids_json(channel->writers, channel->n_writers));
    put(object, "readers", ids_json(channel->readers, channel->n_readers));
    put_u64(object, "retention_ms", channel->retention_ms);
    put(object, "history_allowed", json_boolean(channel->history_allowed));
    return object;
}

static void add_roster(json_t *list, const char *name, const struct trust *trust)
{
    const struct roster *roster = &trust->roster;
    json_t *object = add(list, name), *services = json_array(), *channels = json_array();

    for (size_t i = 0; i < roster->n_services; i++)
        json_array_append_new(services, service_json(&roster->services[i]));
    for (size_t i = 0; i < roster->n_channels; i++)
        json_array_append_new(channels, channel_json(&roster->channels[i]));
    put_hex(object, "signed", trust->roster_signed);
    put(object, "hash", hex_of(roster->hash, SEAL_HASH_BYTES));
    put_hex(object, "tenant", roster->tenant);
    put_u64(object, "version", roster->version);
    put_hex(object, "previous_hash", roster->previous_hash);
    put_u64(object, "not_before_ms", roster->not_before_ms);
    put_u64(object, "not_after_ms", roster->not_after_ms);
    put(object, "services", services);
    put(object, "channels", channels);
}

json_t *roster_vectors(struct vectors *vectors)
{
    struct world *world = vectors->world;
    json_t *object = json_object(), *list = json_array(), *wraps = json_array();
    json_t *refused = json_array(), *refused_wraps = json_array();
    const struct trust second = world_trust(world, world_roster(world, 2));

    add_roster(list, "the first", &world->trust);
    add_roster(list, "its successor", &second);
    for (size_t i = 0; i < world->trust.n_wrap_keys; i++) {
        const struct wrap_key *key = &world->trust.wrap_keys[i];
        json_t *item = add(wraps, roster_service_by_id(&world->trust.roster, key->service)->name);

        put_hex(item, "signed", world->trust.wrap_keys_signed[i]);
        put_hex(item, "service", key->service);
        put_u64(item, "generation", key->generation);
        put_hex(item, "pk", key->pk);
    }
    refuse_rosters(vectors, refused);
    refuse_wrap_keys(vectors, refused_wraps);
    put(object, "root_seed", hex_of(world->root_seed, SEAL_KEY_BYTES));
    put(object, "root_pk", hex_of(world->root_pk, SEAL_KEY_BYTES));
    put(object, "rosters", list);
    put(object, "wrap_keys", wraps);
    put(object, "refused", refused);
    put(object, "refused_wrap_keys", refused_wraps);
    write_corpus(vectors, "roster", "first", world->trust.roster_signed);
    write_corpus(vectors, "roster", "second", second.roster_signed);
    write_corpus(vectors, "roster", "wrap_key", world->trust.wrap_keys_signed[0]);
    write_corpus(vectors, "roster", "bundle", world->bundle);
    struct bytes body;
    must(roster_write(world_roster(world, 2), &world->arena, &body) == 0);
    write_corpus(vectors, "roster", "body", body);
    return object;
}

json_t *grant_vectors(struct vectors *vectors)
{
    struct world *world = vectors->world;
    json_t *object = json_object(), *list = json_array(), *readers = json_array(), *refused = json_array();
    struct bytes bytes;
    struct grant grant;
    const struct sending_key key = forge_key(world, WORLD_WHATSAPP, &bytes);
    json_t *item = add(list, "three readers");

    must(grant_parse(bytes, &world->arena, &grant) == 0);
    put_hex(item, "grant", bytes);
    put(item, "body_hash", hex_of(grant.body_hash, SEAL_HASH_BYTES));
    put(item, "k_send", hex_of(key.k_send, SEAL_KEY_BYTES));
    put_hex(item, "key_commit", grant.key_commit);
    put(item, "key_id", hex_of(grant.key_id, SEAL_KEY_ID_BYTES));
    put_u64(item, "n_wraps", grant.n_wraps);
    for (size_t i = 0; i < WORLD_N_SERVICES; i++) {
        const struct keyring *keyring = world->keyrings[i];
        json_t *reader = add(readers, keyring->service_name), *secrets = json_array();

        put(reader, "service", hex_of(keyring->service, SEAL_ID_BYTES));
        for (size_t j = 0; j < keyring->n_wraps; j++)
            json_array_append_new(secrets, hex_of(keyring->wraps[j].sk, SEAL_KEY_BYTES));
        put(reader, "wrap_secrets", secrets);
    }
    refuse_grants(vectors, refused);
    put(object, "root_pk", hex_of(world->root_pk, SEAL_KEY_BYTES));
    put_hex(object, "roster", world->trust.roster_signed);
    put(object, "readers", readers);
    put(object, "grants", list);
    put(object, "refused", refused);
    write_corpus(vectors, "grant", "three-readers", bytes);
    return object;
}

/* Content whose serialized size is exactly `size`. */
static struct bytes content_of_size(struct world *world, const struct envelope_header *header, size_t size)
{
    char *text = arena_alloc(&world->arena, size + 1);

    must(text != NULL);
    for (size_t length = 0; length < size; length++) {
        const struct bytes content = world_content(world, header, "whatsapp", text);

        if (content.size == size)
            return content;
        text[length] = (char) ('a' + length % 26);
    }
    abort();
}

static void add_envelope(struct vectors *vectors, json_t *list, struct sender *sender,
                         const struct envelope_header *header, struct bytes content)
{
    struct world *world = vectors->world;
    const char *name = arena_format(&world->arena, "%zu bytes of content", content.size);
    struct envelope envelope;
    struct bytes bytes;
    uint8_t fresh[32];
    json_t *object = add(list, name);

    struct world_random before = world->random; /* what the sender is about to draw */
    const struct random random = world_random(&before);
    random_fill(&random, fresh, sizeof(fresh));
    must(envelope_seal(sender, header, content, &world->arena, &bytes) == 0 && envelope_parse(bytes, &envelope) == 0);
    put_hex(object, "envelope", bytes);
    put_hex(object, "header", envelope.header);
    put(object, "fresh", hex_of(fresh, sizeof(fresh)));
    put_hex(object, "salt", envelope.salt);
    put_hex(object, "commit", envelope.commit);
    put_hex(object, "content", content);
    const char *size = arena_format(&world->arena, "%zu", content.size);
    write_corpus(vectors, "sealed", size, bytes);
    write_corpus(vectors, "sealed", arena_format(&world->arena, "%s-header", size), envelope.header);
    write_corpus(vectors, "sealed", arena_format(&world->arena, "%s-content", size), content);
}

static void add_full_header(struct vectors *vectors, json_t *list, struct sender *sender)
{
    struct world *world = vectors->world;
    const struct channel_secret *secret = &world->keyrings[WORLD_WHATSAPP]->channels[0];
    const struct token_plain plain = { TOKEN_ADDRESS, bytes_of_text(WORLD_ACCOUNT), bytes_of_text("4915112345678") };
    struct envelope_header header = world_header(world);
    struct bytes tokens[2], ids[1] = { header.id };

    must(token_seal(secret, &plain, &world->arena, &tokens[0]) == 0);
    tokens[1] = tokens[0];
    header.audience = ENVELOPE_AUTHOR;
    header.class_ = ENVELOPE_EPHEMERAL;
    header.from = header.ref = tokens[0];
    header.relates = tokens;
    header.n_relates = 2;
    header.relates_id = ids;
    header.n_relates_id = 1;
    header.room = header.id;
    header.echo = header.resolves = true;
    header.resolves_seq = 300;
    header.resolves_target = 1;
    header.watermark_ms = WORLD_NOW_MS;
    header.expires_ms = WORLD_NOW_MS + 1;
    header.hops = 1;
    add_envelope(vectors, list, sender, &header, world_content(world, &header, "whatsapp", "every field"));
}

/* One person under two names, who asked not to be written to unasked. */
static void add_person_header(struct vectors *vectors, json_t *list, struct sender *sender)
{
    struct world *world = vectors->world;
    const struct channel_secret *secret = &world->keyrings[WORLD_WHATSAPP]->channels[0];
    const char *const names[] = { "4915112345678", "DE.1234567890" };
    struct envelope_header header = world_header(world);
    struct bytes tokens[2];

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        const struct token_plain plain = { TOKEN_ADDRESS, bytes_of_text(WORLD_ACCOUNT), bytes_of_text(names[i]) };

        must(token_seal(secret, &plain, &world->arena, &tokens[i]) == 0);
    }
    header.from = tokens[0];
    header.aliases = &tokens[1];
    header.n_aliases = 1;
    header.lane = ENVELOPE_BULK;
    header.opens_window_ms = WORLD_NOW_MS;
    header.consent = ENVELOPE_WITHDRAWN;
    add_envelope(
        vectors, list, sender, &header,
        world_content(world, &header, "whatsapp", "one person under two names, who is not to be written to unasked"));
}

json_t *envelope_vectors(struct vectors *vectors)
{
    static const size_t sizes[] = { 100, 252, 253, 508, 509, 1021, 2045, 4092, 4093 };
    struct world *world = vectors->world;
    json_t *object = json_object(), *list = json_array(), *refused = json_array(), *grants = json_array();
    const struct envelope_header header = world_header(world);
    struct bytes grant;
    struct sender *sender = world_sender(world, WORLD_WHATSAPP, &grant);

    json_array_append_new(grants, hex(grant));
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
        add_envelope(vectors, list, sender, &header, content_of_size(world, &header, sizes[i]));
    add_full_header(vectors, list, sender);
    refuse_envelopes(vectors, refused, grants);
    add_person_header(vectors, list, sender); /* last: it draws randomness */
    put(object, "root_pk", hex_of(world->root_pk, SEAL_KEY_BYTES));
    put_hex(object, "roster", world->trust.roster_signed);
    put(object, "channel", hex_of(world->family, SEAL_ID_BYTES));
    put(object, "reader", hex_of(world->keyrings[WORLD_BOT]->service, SEAL_ID_BYTES));
    put(object, "wrap_secret", hex_of(world->keyrings[WORLD_BOT]->wraps[1].sk, SEAL_KEY_BYTES));
    put(object, "grants", grants);
    put(object, "envelopes", list);
    put(object, "refused", refused);
    sender_free(sender);
    return object;
}
