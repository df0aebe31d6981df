/* The vectors of what must be refused, each with the step that refuses it. Every one is checked here as well, against
 * the implementation that makes them. Never contains a good object.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "seal/padding.h"
#include "trust/hash.h"
#include "vectors_json.h"

static void must(bool held, const char *name)
{
    if (held)
        return;
    fprintf(stderr, "not refused as it should be: %s\n", name);
    abort();
}

static void refuse_token(struct vectors *vectors, json_t *list, const char *name, struct bytes token)
{
    struct world *world = vectors->world;
    const struct channel_secret *secret = &world->keyrings[WORLD_WHATSAPP]->channels[0];
    const struct bytes account = bytes_of_text(WORLD_ACCOUNT);
    json_t *object = add(list, name);
    struct token_plain plain;

    must(token_open(secret, account, token, &world->arena, &plain) < 0, name);
    put(object, "channel", hex_of(secret->channel, SEAL_ID_BYTES));
    put_u64(object, "generation", secret->token_keys[1].generation);
    put(object, "key", hex_of(secret->token_keys[1].key, SEAL_KEY_BYTES));
    put_hex(object, "account", account);
    put_hex(object, "token", token);
}

void refuse_tokens(struct vectors *vectors, json_t *list)
{
    struct world *world = vectors->world;
    struct channel_secret elsewhere = world->keyrings[WORLD_WHATSAPP]->channels[0];
    struct token_plain plain = { TOKEN_ADDRESS, bytes_of_text(WORLD_ACCOUNT), bytes_of_text("4915112345678") };
    struct bytes token, foreign;

    must(token_seal(&elsewhere, &plain, &world->arena, &token) == 0, "sealing");
    refuse_token(vectors, list, "generation of nobody", flipped(world, token, 7));
    refuse_token(vectors, list, "first bit of the iv", flipped(world, token, 8));
    refuse_token(vectors, list, "kind", flipped(world, token, (size_t) 17 * 8));
    refuse_token(vectors, list, "a bit of the value", flipped(world, token, (size_t) 24 * 8));
    refuse_token(vectors, list, "last bit of the padding", flipped(world, token, token.size * 8 - 1));
    refuse_token(vectors, list, "one byte short", bytes_make(token.data, token.size - 1));
    refuse_token(vectors, list, "iv alone", bytes_make(token.data, 17));
    plain.account = bytes_of_text("whatsapp/1");
    must(token_seal(&elsewhere, &plain, &world->arena, &foreign) == 0, "sealing");
    refuse_token(vectors, list, "of another account", foreign);
    plain.account = bytes_of_text(WORLD_ACCOUNT);
    memcpy(elsewhere.channel, world->other, SEAL_ID_BYTES);
    must(token_seal(&elsewhere, &plain, &world->arena, &foreign) == 0, "sealing");
    refuse_token(vectors, list, "of another channel under the same keys", foreign);
}

static void refuse_roster(struct vectors *vectors, json_t *list, const char *name, struct bytes bytes)
{
    struct world *world = vectors->world;
    struct roster roster;

    must(roster_verify(bytes, world->root_pk, 1, &world->arena, &roster) < 0, name);
    put_hex(add(list, name), "signed", bytes);
}

/* The root's own mistake: a body nobody should accept, under a good signature. */
static void refuse_body(struct vectors *vectors, json_t *list, const char *name, struct bytes body)
{
    struct world *world = vectors->world;
    uint8_t pk[SEAL_KEY_BYTES], sk[SEAL_SIGN_SECRET_BYTES];

    crypto_sign_seed_keypair(pk, sk, world->root_seed);
    refuse_roster(vectors, list, name, forge_signed(world, LABEL_ROSTER, body, sk));
}

static struct bytes joined(struct world *world, struct bytes a, struct bytes b)
{
    uint8_t *both = arena_alloc(&world->arena, a.size + b.size);

    must(both != NULL, "memory");
    memcpy(both, a.data, a.size);
    memcpy(both + a.size, b.data, b.size);
    return bytes_make(both, a.size + b.size);
}

/* A roster packed by protobuf-c, which has no opinion on what a roster may say. */
static struct bytes packed(struct world *world, const Trefoil__Roster *proto)
{
    uint8_t *body = arena_alloc(&world->arena, trefoil__roster__get_packed_size(proto));

    must(body != NULL, "memory");
    return bytes_make(body, trefoil__roster__pack(proto, body));
}

static Trefoil__Roster *unpacked(struct bytes body)
{
    Trefoil__Roster *proto = trefoil__roster__unpack(NULL, body.size, body.data);

    must(proto != NULL, "the schema");
    return proto;
}

void refuse_rosters(struct vectors *vectors, json_t *list)
{
    struct world *world = vectors->world;
    struct bytes body, good = world->trust.roster_signed;
    Trefoil__Roster *proto;

    must(roster_write(world_roster(world, 1), &world->arena, &body) == 0, "writing");
    refuse_roster(vectors, list, "nothing", BYTES_EMPTY);
    refuse_roster(vectors, list, "one byte short", bytes_make(good.data, good.size - 1));
    refuse_roster(vectors, list, "a bit of the body", flipped(world, good, good.size * 4));
    refuse_roster(vectors, list, "a bit of the signature", flipped(world, good, good.size * 8 - 9));
    refuse_roster(vectors, list, "a third field", joined(world, good, bytes_make("\x1a\x00", 2)));
    refuse_roster(vectors, list, "signed by a member",
                  forge_signed(world, LABEL_ROSTER, body, world->keyrings[WORLD_BOT]->identity_sk));
    uint8_t pk[SEAL_KEY_BYTES], sk[SEAL_SIGN_SECRET_BYTES];
    crypto_sign_seed_keypair(pk, sk, world->root_seed);
    refuse_roster(vectors, list, "signed by the root as a wrap key", forge_signed(world, LABEL_WRAP_KEY, body, sk));
    refuse_body(vectors, list, "an unknown field", joined(world, body, bytes_make("\x40\x01", 2)));
    refuse_body(vectors, list, "the version twice", joined(world, body, bytes_make("\x10\x02", 2)));
#define REFUSE(name, change)                                    \
    do {                                                        \
        proto = unpacked(body);                                 \
        change;                                                 \
        refuse_body(vectors, list, name, packed(world, proto)); \
        trefoil__roster__free_unpacked(proto, NULL);            \
    } while (0)
    REFUSE("version 0", proto->version = 0);
    REFUSE("version 2 without a previous hash", proto->version = 2);
    REFUSE("ends before it begins", proto->not_after_ms = proto->not_before_ms);
    REFUSE("short tenant", proto->tenant.len = 15);
    REFUSE("a role nobody knows", proto->services[0]->role = 32);
    REFUSE("a name with capitals", proto->services[1]->name[0] = 'B');
    REFUSE("two services with one name", memcpy(proto->services[1]->name, "crm", 4));
    REFUSE("two services with one identity",
           memcpy(proto->services[1]->identity_pk.data, proto->services[0]->identity_pk.data, SEAL_KEY_BYTES));
    REFUSE("two services with one transport key", memcpy(proto->services[1]->transport_pks[0].data,
                                                         proto->services[0]->transport_pks[0].data, SEAL_KEY_BYTES));
    REFUSE("an account without a network", memcpy(strchr(proto->services[0]->accounts[0], '/'), "-", 1));
    REFUSE("a writer nobody knows", proto->channels[0]->writers[0].data[0] ^= 1);
    REFUSE("a reader twice",
           memcpy(proto->channels[0]->readers[1].data, proto->channels[0]->readers[0].data, SEAL_ID_BYTES));
    REFUSE("two channels with one id", memcpy(proto->channels[1]->id.data, proto->channels[0]->id.data, SEAL_ID_BYTES));
#undef REFUSE
}

static void refuse_wrap_key(struct vectors *vectors, json_t *list, const char *name, struct bytes bytes)
{
    struct wrap_key key;

    must(wrap_key_verify(&vectors->world->trust.roster, bytes, &key) < 0, name);
    put_hex(add(list, name), "signed", bytes);
}

void refuse_wrap_keys(struct vectors *vectors, json_t *list)
{
    struct world *world = vectors->world;
    struct keyring *bot = world->keyrings[WORLD_BOT];
    const struct keyring kept = *bot;
    struct bytes good, bytes;

    must(wrap_key_sign(bot, 0, &world->arena, &good) == 0, "signing");
    refuse_wrap_key(vectors, list, "a bit of the key", flipped(world, good, (size_t) 50 * 8));
    refuse_wrap_key(vectors, list, "one byte short", bytes_make(good.data, good.size - 1));
#define REFUSE(name, change)                                           \
    do {                                                               \
        change;                                                        \
        must(wrap_key_sign(bot, 0, &world->arena, &bytes) == 0, name); \
        *bot = kept;                                                   \
        refuse_wrap_key(vectors, list, name, bytes);                   \
    } while (0)
    REFUSE("in the name of another", memcpy(bot->service, world->keyrings[WORLD_CRM]->service, SEAL_ID_BYTES));
    REFUSE("of a service nobody knows", bot->service[0] ^= 1);
    REFUSE("of another tenant", bot->tenant[0] ^= 1);
    REFUSE("generation 0", bot->wraps[0].generation = 0);
    REFUSE("ends before it begins", bot->wraps[0].not_after_ms = bot->wraps[0].not_before_ms);
    REFUSE("a key of small order: 0", memset(bot->wraps[0].pk, 0, SEAL_KEY_BYTES));
    REFUSE("a key of small order: 1", memset(bot->wraps[0].pk, 0, SEAL_KEY_BYTES); bot->wraps[0].pk[0] = 1);
#undef REFUSE
}

/* Where a grant is refused: parse (by anybody), check (by the gateway), open (by the reader bot). */
static void refuse_grant(struct vectors *vectors, json_t *list, const char *name, struct bytes bytes)
{
    struct world *world = vectors->world;
    json_t *object = add(list, name);
    uint8_t k_send[SEAL_KEY_BYTES];
    const char *step = NULL;
    struct grant grant;

    if (grant_parse(bytes, &world->arena, &grant) < 0)
        step = "parse";
    else if (grant_check(&grant, &world->trust.roster, GRANT_FRESH) != GRANT_GOOD)
        step = "check";
    else if (grant_open(&grant, world->keyrings[WORLD_BOT], k_send) < 0)
        step = "open";
    must(step != NULL, name);
    put_text(object, "step", step);
    put_hex(object, "grant", bytes);
}

/* The reader that got the other share. Which one the first wrap is for depends on the ids: it must not be bot. */
static void refuse_equivocation(struct vectors *vectors, json_t *list)
{
    struct world *world = vectors->world;
    struct forgery forgery;

    forgery_init(&forgery, world);
    must(memcmp(forgery.body->wraps[0]->service.data, world->keyrings[WORLD_BOT]->service, SEAL_ID_BYTES) != 0,
         "bot is first: choose other ids");
    forgery_equivocate(&forgery);
    refuse_grant(vectors, list, "two readers, two keys: the commitment is to the other one", forgery_write(&forgery));
}

void refuse_grants(struct vectors *vectors, json_t *list)
{
    struct world *world = vectors->world;
    static uint8_t foreign[SEAL_KEY_BYTES] = { 1 };
    struct forgery forgery;
    struct bytes good;

    forge_key(world, WORLD_WHATSAPP, &good);
    refuse_grant(vectors, list, "nothing", BYTES_EMPTY);
    refuse_grant(vectors, list, "one byte short", bytes_make(good.data, good.size - 1));
    refuse_grant(vectors, list, "a fifth field", joined(world, good, bytes_make("\x28\x01", 2)));
    refuse_grant(vectors, list, "a bit of the body", flipped(world, good, (size_t) 12 * 8));
    refuse_grant(vectors, list, "a bit of the commitment", flipped(world, good, (good.size - 140) * 8));
    refuse_grant(vectors, list, "a bit of the identity's signature", flipped(world, good, (good.size - 100) * 8));
    refuse_grant(vectors, list, "a bit of the session's signature", flipped(world, good, (good.size - 10) * 8));
#define REFUSE(name, change)                                        \
    do {                                                            \
        forgery_init(&forgery, world);                              \
        change;                                                     \
        refuse_grant(vectors, list, name, forgery_write(&forgery)); \
    } while (0)
    REFUSE("no wraps", forgery.body->n_wraps = 0);
    REFUSE("one reader twice", forgery.body->wraps[1] = forgery.body->wraps[0]);
    REFUSE("short wrap", forgery.body->wraps[0]->sealed_share.len = 79);
    REFUSE("lives longer than an hour", forgery.body->not_after_ms++);
    REFUSE("more than 2^20 messages", forgery.body->max_seq++);
    REFUSE("no messages at all", forgery.body->max_seq = 0);
    REFUSE("another tenant", forgery.body->tenant.data = foreign);
    REFUSE("a channel nobody knows", forgery.body->channel.data = foreign);
    REFUSE("a channel the sender may not write", forgery.body->channel.data = world->other);
    REFUSE("in the name of a reader who may not write",
           forgery.body->service.data = world->keyrings[WORLD_CRM]->service);
    REFUSE("in the name of another writer", forgery.body->service.data = world->keyrings[WORLD_BOT]->service);
    REFUSE("under a roster to come", forgery.body->roster_version = 2);
    REFUSE("under another roster of this version", forgery.body->roster_hash.data = foreign);
    REFUSE("with a session key nobody has", memcpy(forgery.body->session_pk.data, foreign, SEAL_KEY_BYTES));
    REFUSE("with a session key of small order", memset(forgery.body->session_pk.data, 0, SEAL_KEY_BYTES));
    REFUSE("for a ghost", memset(forgery.body->wraps[2]->service.data, 0xff, SEAL_ID_BYTES));
    REFUSE("wraps copied from a grant with another body", forgery.body->max_seq--);
    REFUSE("a generation the reader does not have", forgery.body->wraps[0]->generation = 7;
           forgery.body->wraps[1]->generation = 7; forgery.body->wraps[2]->generation = 7);
    REFUSE("wraps of two readers exchanged", ProtobufCBinaryData kept = forgery.body->wraps[0]->sealed_share;
           forgery.body->wraps[0]->sealed_share = forgery.body->wraps[1]->sealed_share;
           forgery.body->wraps[1]->sealed_share = forgery.body->wraps[2]->sealed_share;
           forgery.body->wraps[2]->sealed_share = kept);
#undef REFUSE
    refuse_equivocation(vectors, list);
}

struct court {
    struct vectors *vectors;
    json_t *list;
    struct reader *reader; /* bot */
    struct sending_key key, other;
    struct envelope_header header;
    struct bytes padded;
};

static void refuse_envelope(struct court *court, const char *name, enum reader_step step, struct bytes bytes)
{
    struct world *world = court->vectors->world;
    const struct open_request request = { bytes, bytes_make(world->family, SEAL_ID_BYTES), true };
    const uint64_t before = reader_count(court->reader, step);
    json_t *object = add(court->list, name);
    uint8_t key_id[SEAL_KEY_ID_BYTES];
    struct opened opened;

    must(envelope_open(court->reader, &request, &world->arena, &opened, key_id) < 0, name);
    must(reader_count(court->reader, step) == before + 1, name);
    put_text(object, "step", reader_step_name(step));
    put_hex(object, "envelope", bytes);
}

static struct bytes forged(struct court *court, struct envelope_header header)
{
    return forge_envelope(court->vectors->world, &court->key, header, court->padded);
}

static void refuse_headers(struct court *court)
{
    struct world *world = court->vectors->world;
    struct envelope_header header = court->header;

    header.channel = bytes_make(world->other, SEAL_ID_BYTES);
    refuse_envelope(court, "another channel than subscribed", READER_CHANNEL, forged(court, header));
    header = court->header;
    header.created_ms = WORLD_NOW_MS + SEAL_GRANT_LIFE_MS + SEAL_CLOCK_SKEW_MS + 1;
    refuse_envelope(court, "after the grant", READER_WINDOW, forged(court, header));
    header.created_ms = WORLD_NOW_MS - SEAL_CLOCK_SKEW_MS - 1;
    refuse_envelope(court, "before the grant", READER_WINDOW, forged(court, header));
    header = court->header;
    header.seq = SEAL_GRANT_MAX_SEQ + 1;
    refuse_envelope(court, "beyond the last sequence", READER_WINDOW, forged(court, header));
    header = court->header;
    header.hops = SEAL_HOPS_MAX + 1;
    refuse_envelope(court, "too many hops", READER_FORM, forged(court, header));
    struct sending_key unknown = court->key;
    unknown.key_id[0] ^= 1;
    refuse_envelope(court, "a grant nobody has", READER_GRANT,
                    forge_envelope(world, &unknown, court->header, court->padded));
}

static void refuse_parts(struct court *court)
{
    struct world *world = court->vectors->world;
    struct envelope_header second = court->header;
    struct envelope one, two, mixed;

    second.seq = 2;
    must(envelope_parse(forged(court, court->header), &one) == 0 && envelope_parse(forged(court, second), &two) == 0,
         "parsing");
    refuse_envelope(court, "stripped and signed by another writer", READER_SIGNATURE,
                    forge_parts(world, &one, court->other.session_sk));
    mixed = one;
    mixed.sealed = flipped(world, one.sealed, 0);
    refuse_envelope(court, "a bit of what is sealed", READER_SIGNATURE, forge_parts(world, &mixed, NULL));
    refuse_envelope(court, "the same, signed by its sender", READER_CIPHER,
                    forge_parts(world, &mixed, court->key.session_sk));
    mixed.sealed = two.sealed;
    refuse_envelope(court, "sealed part of another envelope", READER_CIPHER,
                    forge_parts(world, &mixed, court->key.session_sk));
    mixed = one;
    mixed.commit = two.commit;
    refuse_envelope(court, "commitment of another envelope", READER_COMMIT,
                    forge_parts(world, &mixed, court->key.session_sk));
    mixed = one;
    mixed.salt = flipped(world, one.salt, 255);
    refuse_envelope(court, "another salt", READER_COMMIT, forge_parts(world, &mixed, court->key.session_sk));
    mixed = one;
    mixed.header = two.header;
    refuse_envelope(court, "header of another envelope", READER_COMMIT,
                    forge_parts(world, &mixed, court->key.session_sk));
}

static void refuse_contents(struct court *court)
{
    struct world *world = court->vectors->world;
    const struct bytes kept = court->padded;
    struct envelope_header claimed = court->header;

    court->padded = flipped(world, kept, kept.size * 8 - 1);
    refuse_envelope(court, "padding not zero", READER_PADDING, forged(court, court->header));
    court->padded = joined(world, kept, bytes_make((uint8_t[256]){ 0 }, 256));
    refuse_envelope(court, "padded to a larger class", READER_PADDING, forged(court, court->header));
    must(padding_add(bytes_of_text("no protobuf"), &world->arena, &court->padded) == 0, "padding");
    refuse_envelope(court, "no content inside", READER_CONTENT, forged(court, court->header));
    must(padding_add(world_content(world, &court->header, "bot", "x"), &world->arena, &court->padded) == 0, "padding");
    refuse_envelope(court, "claims another sender", READER_CLAIMS, forged(court, court->header));
    claimed.id = bytes_make(world->tenant, SEAL_ID_BYTES);
    must(padding_add(world_content(world, &claimed, "whatsapp", "x"), &world->arena, &court->padded) == 0, "padding");
    refuse_envelope(court, "claims another id", READER_CLAIMS, forged(court, court->header));
    claimed = court->header;
    claimed.account = bytes_of_text("whatsapp/1");
    must(padding_add(world_content(world, &claimed, "whatsapp", "x"), &world->arena, &court->padded) == 0, "padding");
    refuse_envelope(court, "claims another account", READER_CLAIMS, forged(court, court->header));
    court->padded = kept;
}

static void refuse_forms(struct court *court)
{
    struct world *world = court->vectors->world;
    const struct bytes good = forged(court, court->header);

    refuse_envelope(court, "nothing", READER_FORM, BYTES_EMPTY);
    refuse_envelope(court, "one byte short", READER_FORM, bytes_make(good.data, good.size - 1));
    refuse_envelope(court, "a sixth field: another suite", READER_FORM, joined(world, good, bytes_make("\x30\x02", 2)));
    refuse_envelope(court, "the signature twice", READER_FORM,
                    joined(world, good, bytes_make(good.data + good.size - 66, 66)));
    refuse_envelope(court, "last bit of the signature", READER_SIGNATURE, flipped(world, good, good.size * 8 - 1));
}

void refuse_envelopes(struct vectors *vectors, json_t *list, json_t *grants)
{
    struct world *world = vectors->world;
    struct court court = { .vectors = vectors, .list = list, .header = world_header(world) };
    struct bytes grant[2];

    court.key = forge_key(world, WORLD_WHATSAPP, &grant[0]);
    court.other = forge_key(world, WORLD_BOT, &grant[1]);
    must(reader_new(world->keyrings[WORLD_BOT], &court.reader) == 0, "reader");
    for (size_t i = 0; i < ARRAY_SIZE(grant); i++) {
        must(reader_add_grant(court.reader, &world->trust.roster, grant[i]) == 0, "grant");
        json_array_append_new(grants, hex(grant[i]));
    }
    must(padding_add(world_content(world, &court.header, "whatsapp", "x"), &world->arena, &court.padded) == 0,
         "padding");
    refuse_forms(&court);
    refuse_headers(&court);
    refuse_parts(&court);
    refuse_contents(&court);
    reader_free(court.reader);
}
