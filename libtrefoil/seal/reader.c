/* Opening, step by step in the order of the specification, closed at the first that fails. Never tells outside which
 * one that was.
 */
#include "seal/reader.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "seal/envelope_keys.h"
#include "seal/padding.h"
#include "seal/reader_keys.h"
#include "wire/proto_reader.h"

struct reader {
    const struct keyring *keyring;
    struct reader_keys keys;
    uint64_t counts[READER_N_STEPS];
};

int reader_new(const struct keyring *keyring, struct reader **ret)
{
    struct reader *reader = calloc(1, sizeof(*reader));

    if (!reader)
        return -ENOMEM;
    if (reader_keys_init(&reader->keys) < 0) {
        free(reader);
        return -ENOMEM;
    }
    reader->keyring = keyring;
    *ret = reader;
    return 0;
}

struct reader *reader_free(struct reader *reader)
{
    if (reader)
        reader_keys_deinit(&reader->keys);
    free(reader);
    return NULL;
}

bool reader_knows(struct reader *reader, struct bytes key_id)
{
    return reader_keys_find(&reader->keys, key_id) != NULL;
}

void reader_forget(struct reader *reader)
{
    reader_keys_clear(&reader->keys);
}

static int keep(struct reader *reader, const struct roster *roster, const struct grant *grant)
{
    const struct roster_service *sender = roster_service_by_id(roster, grant->service);
    struct reading_key *key;
    uint8_t k_send[SEAL_KEY_BYTES];
    int r = grant_open(grant, reader->keyring, k_send);

    if (r == 0)
        r = reader_keys_add(&reader->keys, grant->key_id, k_send, &key);
    sodium_memzero(k_send, sizeof(k_send));
    if (r < 0)
        return r;
    memcpy(key->session_pk, grant->session_pk.data, SEAL_KEY_BYTES);
    memcpy(key->channel, grant->channel.data, SEAL_ID_BYTES);
    memcpy(key->service, grant->service.data, SEAL_ID_BYTES);
    snprintf(key->service_name, sizeof(key->service_name), "%s", sender->name);
    key->not_before_ms = grant->not_before_ms;
    key->not_after_ms = grant->not_after_ms;
    key->max_seq = grant->max_seq;
    return 0;
}

int reader_add_grant(struct reader *reader, const struct roster *roster, struct bytes bytes)
{
    struct arena arena = ARENA_EMPTY(1 << 20);
    struct grant grant;
    int r = grant_parse(bytes, &arena, &grant);

    if (r == 0 && !reader_knows(reader, bytes_make(grant.key_id, SEAL_KEY_ID_BYTES))) {
        const enum grant_verdict verdict = grant_check(&grant, roster, GRANT_REMEMBERED);

        if (verdict == GRANT_GOOD)
            r = keep(reader, roster, &grant);
        else
            r = verdict == GRANT_NEWER_ROSTER ? -EAGAIN : -EBADMSG;
    }
    arena_deinit(&arena);
    return r;
}

const char *reader_step_name(enum reader_step step)
{
    static const char *const names[READER_N_STEPS] = {
        [READER_OPENED] = "opened",   [READER_FORM] = "form",           [READER_CHANNEL] = "channel",
        [READER_GRANT] = "grant",     [READER_SENDER] = "sender",       [READER_WINDOW] = "window",
        [READER_COMMIT] = "commit",   [READER_SIGNATURE] = "signature", [READER_CIPHER] = "cipher",
        [READER_PADDING] = "padding", [READER_CONTENT] = "content",     [READER_CLAIMS] = "claims",
        [READER_REPLAY] = "replay",   [READER_MEMORY] = "memory",
    };

    return (unsigned) step < READER_N_STEPS ? names[step] : "unknown";
}

uint64_t reader_count(const struct reader *reader, enum reader_step step)
{
    return (unsigned) step < READER_N_STEPS ? reader->counts[step] : 0;
}

/* What is being opened: filled as the steps go. */
struct opening {
    const struct open_request *request;
    struct arena *arena;
    struct envelope envelope;
    struct envelope_header header;
    struct reading_key *key;
    struct bytes padded, content;
    bool seen_before;
};

static enum reader_step check_form(struct opening *opening)
{
    if (envelope_parse(opening->request->envelope, &opening->envelope) < 0)
        return READER_FORM;
    int r = envelope_header_parse(opening->envelope.header, opening->arena, &opening->header);
    if (r == -ENOMEM)
        return READER_MEMORY;
    if (r < 0 || opening->header.hops > SEAL_HOPS_MAX)
        return READER_FORM;
    return bytes_equal(opening->header.channel, opening->request->channel) ? READER_OPENED : READER_CHANNEL;
}

static enum reader_step check_key(struct reader *reader, struct opening *opening)
{
    const struct envelope_header *header = &opening->header;
    struct reading_key *key = reader_keys_find(&reader->keys, header->key_id);

    if (!key)
        return READER_GRANT;
    if (!bytes_equal(header->channel, bytes_make(key->channel, SEAL_ID_BYTES)))
        return READER_SENDER;
    const struct grant window = { .not_before_ms = key->not_before_ms,
                                  .not_after_ms = key->not_after_ms,
                                  .max_seq = key->max_seq };
    opening->key = key;
    return grant_covers(&window, header->created_ms, header->seq) ? READER_OPENED : READER_WINDOW;
}

static enum reader_step decrypt(const uint8_t *k_send, struct opening *opening)
{
    const struct envelope *envelope = &opening->envelope;
    uint8_t aad_room[ENVELOPE_AAD_MAX_BYTES];
    struct envelope_keys keys;

    if (envelope_keys_derive(k_send, envelope->header, envelope->salt, &keys) < 0)
        return READER_COMMIT;
    if (sodium_memcmp(keys.commit, envelope->commit.data, SEAL_COMMIT_BYTES) != 0) {
        sodium_memzero(&keys, sizeof(keys));
        return READER_COMMIT;
    }
    const size_t size = envelope->sealed.size - SEAL_TAG_BYTES;
    uint8_t *padded = arena_alloc(opening->arena, size);
    const struct bytes aad = envelope_aad(envelope, aad_room);
    enum reader_step step = READER_OPENED;
    if (!padded)
        step = READER_MEMORY;
    else if (crypto_aead_xchacha20poly1305_ietf_decrypt(padded, NULL, NULL, envelope->sealed.data,
                                                        envelope->sealed.size, aad.data, aad.size, envelope->salt.data,
                                                        keys.key) != 0)
        step = READER_CIPHER;
    sodium_memzero(&keys, sizeof(keys));
    opening->padded = bytes_make(padded, size);
    return step;
}

/* The claims are the first field of every Content; the rest is for whoever parses it whole. */
static enum reader_step check_claims(const struct opening *opening)
{
    const struct envelope_header *header = &opening->header;
    const struct bytes expected[] = { header->id, header->channel, bytes_of_text(opening->key->service_name),
                                      header->account };
    struct bytes claimed[ARRAY_SIZE(expected)] = { 0 };
    struct proto_reader reader = proto_reader_make(opening->content);
    struct proto_field field;
    int r;

    if (proto_next(&reader, &field) <= 0 || field.number != 1 || field.shape != PROTO_BYTES)
        return READER_CONTENT;
    struct proto_reader claims = proto_reader_make(field.bytes);
    while ((r = proto_next(&claims, &field)) > 0)
        if (field.number > ARRAY_SIZE(claimed) ||
            proto_take_bytes(&field, 0, SEAL_ACCOUNT_MAX_BYTES, &claimed[field.number - 1]) < 0)
            return READER_CONTENT;
    if (r < 0)
        return READER_CONTENT;
    for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
        if (!bytes_equal(claimed[i], expected[i]))
            return READER_CLAIMS;
    return READER_OPENED;
}

static enum reader_step check_replay(struct reader *reader, struct opening *opening)
{
    int r = reader_keys_mark(&reader->keys, opening->key, opening->header.seq);

    if (r < 0)
        return READER_MEMORY;
    opening->seen_before = r > 0;
    return opening->seen_before && !opening->request->redelivered ? READER_REPLAY : READER_OPENED;
}

static enum reader_step open_step_by_step(struct reader *reader, struct opening *opening)
{
    enum reader_step step = check_form(opening);

    if (step == READER_OPENED)
        step = check_key(reader, opening);
    if (step != READER_OPENED)
        return step;
    if (!signature_is_good(&ENVELOPE_SIGNED(&opening->envelope), opening->envelope.signature,
                           bytes_make(opening->key->session_pk, SEAL_KEY_BYTES)))
        return READER_SIGNATURE;
    step = decrypt(reader_keys_secret(&reader->keys, opening->key), opening);
    if (step != READER_OPENED)
        return step;
    if (padding_remove(opening->padded, &opening->content) < 0)
        return READER_PADDING;
    step = check_claims(opening);
    return step == READER_OPENED ? check_replay(reader, opening) : step;
}

static int answer(const struct opening *opening, struct opened *ret)
{
    struct opened opened = { opening->header, opening->content, { 0 }, NULL, opening->seen_before };

    memcpy(opened.service, opening->key->service, SEAL_ID_BYTES);
    opened.service_name = arena_text(opening->arena, bytes_of_text(opening->key->service_name));
    if (!opened.service_name)
        return -ENOMEM;
    *ret = opened;
    return 0;
}

int envelope_open(struct reader *reader, const struct open_request *request, struct arena *arena, struct opened *ret,
                  uint8_t ret_key_id[SEAL_KEY_ID_BYTES])
{
    struct opening opening = { .request = request, .arena = arena };
    const enum reader_step step = open_step_by_step(reader, &opening);

    reader->counts[step]++;
    switch (step) {
    case READER_OPENED:
        return answer(&opening, ret);
    case READER_GRANT:
        memcpy(ret_key_id, opening.header.key_id.data, SEAL_KEY_ID_BYTES);
        return -EAGAIN;
    case READER_MEMORY:
        return -ENOMEM;
    default:
        if (opening.padded.data) /* opened too far: leave no plaintext of a stranger behind */
            sodium_memzero((void *) (uintptr_t) opening.padded.data, opening.padded.size);
        return -EBADMSG;
    }
}
