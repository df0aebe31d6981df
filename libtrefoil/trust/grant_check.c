/* Grants read, named and judged. Never needs a secret to do so. */
#include "trust/grant_check.h"

#include <errno.h>
#include <string.h>

#include "trust/hash.h"
#include "wire/proto_reader.h"

static int parse_wrap(struct bytes bytes, struct grant_wrap *ret)
{
    struct proto_reader reader = proto_reader_make(bytes);
    struct proto_field field;
    int r;

    while ((r = proto_next(&reader, &field)) > 0) {
        if (field.number == 1)
            r = proto_take_bytes(&field, SEAL_ID_BYTES, SEAL_ID_BYTES, &ret->service);
        else if (field.number == 2)
            r = proto_take_u32(&field, UINT32_MAX, &ret->generation);
        else if (field.number == 3)
            r = proto_take_bytes(&field, SEAL_WRAP_SHARE_BYTES, SEAL_WRAP_SHARE_BYTES, &ret->sealed_share);
        else
            r = -EBADMSG;
        if (r < 0)
            return r;
    }
    return r < 0 || ret->service.size == 0 || ret->generation == 0 || ret->sealed_share.size == 0 ? -EBADMSG : 0;
}

static bool ascends(const struct grant_wrap *before, const struct grant_wrap *after)
{
    const int order = bytes_compare(before->service, after->service);

    return order < 0 || (order == 0 && before->generation < after->generation);
}

/* Ascending, so that no reader can be given two shares and choose. */
static int parse_wraps(struct proto_reader *reader, struct proto_field field, struct arena *arena, struct grant *grant)
{
    size_t n;

    if (field.again || proto_count(*reader, field.number, SEAL_WRAPS_MAX - 1, &n) < 0)
        return -EBADMSG;
    struct grant_wrap *wraps = arena_array(arena, n + 1, sizeof(*wraps));
    if (!wraps)
        return -ENOMEM;
    for (size_t i = 0; i <= n; i++) {
        if ((i > 0 && proto_next(reader, &field) <= 0) || field.shape != PROTO_BYTES ||
            parse_wrap(field.bytes, &wraps[i]) < 0 || (i > 0 && !ascends(&wraps[i - 1], &wraps[i])))
            return -EBADMSG;
    }
    grant->wraps = wraps;
    grant->n_wraps = n + 1;
    return 0;
}

static int parse_body_field(const struct proto_field *field, struct grant *grant)
{
    switch (field->number) {
    case 1:
        return proto_take_bytes(field, SEAL_ID_BYTES, SEAL_ID_BYTES, &grant->tenant);
    case 2:
        return proto_take_bytes(field, SEAL_ID_BYTES, SEAL_ID_BYTES, &grant->channel);
    case 3:
        return proto_take_bytes(field, SEAL_ID_BYTES, SEAL_ID_BYTES, &grant->service);
    case 4:
        return proto_take_bytes(field, SEAL_REPLICA_BYTES, SEAL_REPLICA_BYTES, &grant->replica);
    case 5:
        return proto_take_u64(field, UINT64_MAX, &grant->roster_version);
    case 6:
        return proto_take_bytes(field, SEAL_HASH_BYTES, SEAL_HASH_BYTES, &grant->roster_hash);
    case 7:
        return proto_take_u64(field, UINT64_MAX - SEAL_CLOCK_SKEW_MS, &grant->not_before_ms);
    case 8:
        return proto_take_u64(field, UINT64_MAX - SEAL_CLOCK_SKEW_MS, &grant->not_after_ms);
    case 9:
        return proto_take_u64(field, SEAL_GRANT_MAX_SEQ, &grant->max_seq);
    case 10:
        return proto_take_bytes(field, SEAL_KEY_BYTES, SEAL_KEY_BYTES, &grant->session_pk);
    default:
        return -EBADMSG;
    }
}

static int parse_body(struct bytes body, struct arena *arena, struct grant *grant)
{
    struct proto_reader reader = proto_reader_make(body);
    struct proto_field field;
    int r;

    while ((r = proto_next(&reader, &field)) > 0) {
        r = field.number == 11 ? parse_wraps(&reader, field, arena, grant) : parse_body_field(&field, grant);
        if (r < 0)
            return r;
    }
    const bool complete = grant->tenant.size > 0 && grant->channel.size > 0 && grant->service.size > 0 &&
                          grant->replica.size > 0 && grant->roster_version > 0 && grant->roster_hash.size > 0 &&
                          grant->max_seq > 0 && grant->session_pk.size > 0 && grant->n_wraps > 0;
    const bool timely =
        grant->not_before_ms < grant->not_after_ms && grant->not_after_ms - grant->not_before_ms <= SEAL_GRANT_LIFE_MS;
    return r < 0 || !complete || !timely ? -EBADMSG : 0;
}

static int parse_parts(struct bytes bytes, struct grant *grant)
{
    struct proto_reader reader = proto_reader_make(bytes);
    struct proto_field field;
    int r;

    while ((r = proto_next(&reader, &field)) > 0) {
        if (field.number == 1)
            r = proto_take_bytes(&field, 1, SEAL_GRANT_MAX_BYTES, &grant->body);
        else if (field.number == 2)
            r = proto_take_bytes(&field, SEAL_COMMIT_BYTES, SEAL_COMMIT_BYTES, &grant->key_commit);
        else if (field.number == 3)
            r = proto_take_bytes(&field, SEAL_SIGNATURE_BYTES, SEAL_SIGNATURE_BYTES, &grant->identity_signature);
        else if (field.number == 4)
            r = proto_take_bytes(&field, SEAL_SIGNATURE_BYTES, SEAL_SIGNATURE_BYTES, &grant->session_signature);
        else
            r = -EBADMSG;
        if (r < 0)
            return r;
    }
    return r < 0 || grant->body.size == 0 || grant->key_commit.size == 0 || grant->identity_signature.size == 0 ||
                   grant->session_signature.size == 0
               ? -EBADMSG
               : 0;
}

int grant_parse(struct bytes bytes, struct arena *arena, struct grant *ret)
{
    struct grant grant = { 0 };

    if (bytes.size > SEAL_GRANT_MAX_BYTES)
        return -EBADMSG;
    int r = parse_parts(bytes, &grant);
    if (r == 0)
        r = parse_body(grant.body, arena, &grant);
    if (r == 0)
        r = labelled_hash(&HASH_INPUT(LABEL_GRANT_BODY, BYTES_EMPTY, grant.body), grant.body_hash,
                          sizeof(grant.body_hash));
    if (r == 0)
        r = labelled_hash(&HASH_INPUT(LABEL_KEY_ID, BYTES_EMPTY, grant.body, grant.key_commit), grant.key_id,
                          sizeof(grant.key_id));
    if (r < 0)
        return r;
    *ret = grant;
    return 0;
}

static enum grant_verdict check_roster(const struct grant *grant, const struct roster *roster, enum grant_age age)
{
    const struct bytes hash = bytes_make(roster->hash, SEAL_HASH_BYTES);

    if (grant->roster_version > roster->version)
        return GRANT_NEWER_ROSTER;
    if (grant->roster_version == roster->version)
        return bytes_equal(grant->roster_hash, hash) ? GRANT_GOOD : GRANT_FORKED_ROSTER;
    if (age == GRANT_FRESH)
        return GRANT_STALE_ROSTER;
    if (grant->roster_version == roster->version - 1 && !bytes_equal(grant->roster_hash, roster->previous_hash))
        return GRANT_FORKED_ROSTER;
    return GRANT_GOOD; /* older: its hash is beyond our chain, but its sender must still be a writer today */
}

static bool has_stranger(const struct grant *grant, const struct roster_channel *channel)
{
    for (size_t i = 0; i < grant->n_wraps; i++)
        if (!roster_is_reader(channel, grant->wraps[i].service))
            return true;
    return false;
}

enum grant_verdict grant_check(const struct grant *grant, const struct roster *roster, enum grant_age age)
{
    if (!bytes_equal(grant->tenant, roster->tenant))
        return GRANT_OTHER_TENANT;
    enum grant_verdict verdict = check_roster(grant, roster, age);
    if (verdict != GRANT_GOOD)
        return verdict;

    const struct roster_channel *channel = roster_channel_by_id(roster, grant->channel);
    if (!channel)
        return GRANT_UNKNOWN_CHANNEL;
    const struct roster_service *sender = roster_service_by_id(roster, grant->service);
    if (!sender)
        return GRANT_UNKNOWN_SENDER;
    if (!roster_is_writer(channel, sender->id))
        return GRANT_NOT_WRITER;
    if (grant->not_before_ms < sender->void_before_ms)
        return GRANT_VOID;
    if (grant->roster_version == roster->version && has_stranger(grant, channel))
        return GRANT_STRANGER;
    if (!signature_is_good(&HASH_INPUT(LABEL_GRANT_IDENTITY, BYTES_EMPTY, grant->body, grant->key_commit),
                           grant->identity_signature, sender->identity_pk) ||
        !signature_is_good(&HASH_INPUT(LABEL_GRANT_SESSION, BYTES_EMPTY, grant->body, grant->key_commit),
                           grant->session_signature, grant->session_pk))
        return GRANT_BAD_SIGNATURE;
    return GRANT_GOOD;
}

const char *grant_verdict_text(enum grant_verdict verdict)
{
    static const char *const texts[GRANT_N_VERDICTS] = {
        [GRANT_GOOD] = "the grant is good",
        [GRANT_OTHER_TENANT] = "the grant is of another tenant",
        [GRANT_NEWER_ROSTER] = "the grant was made under a roster newer than ours",
        [GRANT_STALE_ROSTER] = "the grant was made under an older roster",
        [GRANT_FORKED_ROSTER] = "the grant names another roster of the same version",
        [GRANT_UNKNOWN_CHANNEL] = "the roster has no such channel",
        [GRANT_UNKNOWN_SENDER] = "the roster has no such service",
        [GRANT_NOT_WRITER] = "the service is no writer of the channel",
        [GRANT_VOID] = "the grant was made before the roster's void date of its service",
        [GRANT_STRANGER] = "the grant is wrapped for a service that is no reader of the channel",
        [GRANT_BAD_SIGNATURE] = "a signature of the grant is wrong",
    };

    return (unsigned) verdict < GRANT_N_VERDICTS ? texts[verdict] : "no such verdict";
}

static bool is_within(const struct grant *grant, uint64_t time_ms)
{
    return time_ms <= grant->not_after_ms + SEAL_CLOCK_SKEW_MS &&
           (time_ms >= grant->not_before_ms || grant->not_before_ms - time_ms <= SEAL_CLOCK_SKEW_MS);
}

bool grant_covers(const struct grant *grant, uint64_t created_ms, uint64_t seq)
{
    return seq >= 1 && seq <= grant->max_seq && is_within(grant, created_ms);
}

bool grant_is_current(const struct grant *grant, uint64_t now_ms)
{
    return is_within(grant, now_ms);
}
