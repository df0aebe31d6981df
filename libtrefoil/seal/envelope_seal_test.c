/* Envelopes sealed and opened, and everything that must not open. */
#include "seal/envelope_seal.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/content.pb-c.h"
#include "seal/padding.h"
#include "seal_kit/forge.h"

struct scene {
    struct world *world;
    struct sender *sender;
    struct reader *reader;
    struct bytes grant;
};

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    scene->world = world_new();
    scene->sender = world_sender(scene->world, WORLD_WHATSAPP, &scene->grant);
    assert_int_equal(reader_new(scene->world->keyrings[WORLD_BOT], &scene->reader), 0);
    assert_int_equal(reader_add_grant(scene->reader, &scene->world->trust.roster, scene->grant), 0);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;

    sender_free(scene->sender);
    reader_free(scene->reader);
    world_free(scene->world);
    free(scene);
    return 0;
}

static int open_as(struct scene *scene, struct reader *reader, struct bytes envelope, bool redelivered,
                   struct opened *ret)
{
    const struct open_request request = { envelope, bytes_make(scene->world->family, SEAL_ID_BYTES), redelivered };
    uint8_t key_id[SEAL_KEY_ID_BYTES];

    return envelope_open(reader, &request, &scene->world->arena, ret, key_id);
}

/* Opening fails with the one error, at this step. */
static void assert_refused_at(struct scene *scene, struct bytes envelope, enum reader_step step)
{
    struct opened opened;
    const uint64_t before = reader_count(scene->reader, step);

    assert_int_equal(open_as(scene, scene->reader, envelope, false, &opened), -EBADMSG);
    assert_true(reader_count(scene->reader, step) == before + 1);
}

static struct bytes hello(struct scene *scene)
{
    return world_envelope(scene->world, scene->sender, WORLD_WHATSAPP, "hello");
}

static void test_every_reader_opens_what_a_writer_sealed(void **state)
{
    struct scene *scene = *state;
    const enum world_service readers[] = { WORLD_WHATSAPP, WORLD_BOT, WORLD_CRM };
    const struct bytes envelope = hello(scene);

    for (size_t i = 0; i < ARRAY_SIZE(readers); i++) {
        struct reader *reader;
        struct opened opened;

        assert_int_equal(reader_new(scene->world->keyrings[readers[i]], &reader), 0);
        assert_int_equal(open_as(scene, reader, envelope, false, &opened), -EAGAIN);
        assert_int_equal(reader_add_grant(reader, &scene->world->trust.roster, scene->grant), 0);
        assert_int_equal(open_as(scene, reader, envelope, false, &opened), 0);
        assert_string_equal(opened.service_name, "whatsapp");
        assert_memory_equal(opened.service, scene->world->keyrings[WORLD_WHATSAPP]->service, SEAL_ID_BYTES);
        Trefoil__Content *content = trefoil__content__unpack(NULL, opened.content.size, opened.content.data);
        assert_non_null(content);
        assert_string_equal(content->text->body, "hello");
        trefoil__content__free_unpacked(content, NULL);
        reader_free(reader);
    }
}

static void test_missing_grant_names_the_key_to_fetch(void **state)
{
    struct scene *scene = *state;
    const struct open_request request = { hello(scene), bytes_make(scene->world->family, SEAL_ID_BYTES), false };
    uint8_t key_id[SEAL_KEY_ID_BYTES];
    struct opened opened;

    reader_forget(scene->reader);
    assert_int_equal(envelope_open(scene->reader, &request, &scene->world->arena, &opened, key_id), -EAGAIN);
    assert_memory_equal(key_id, sender_key_id(scene->sender), SEAL_KEY_ID_BYTES);
    assert_true(reader_count(scene->reader, READER_GRANT) == 1);
}

static void test_every_flipped_bit_is_refused(void **state)
{
    struct scene *scene = *state;
    const struct bytes envelope = hello(scene);
    uint8_t *copy = malloc(envelope.size);
    struct opened opened;

    memcpy(copy, envelope.data, envelope.size);
    for (size_t bit = 0; bit < envelope.size * 8; bit++) {
        struct arena scratch = ARENA_EMPTY(1 << 20);
        const struct open_request request = { bytes_make(copy, envelope.size),
                                              bytes_make(scene->world->family, SEAL_ID_BYTES), true };
        uint8_t key_id[SEAL_KEY_ID_BYTES];

        copy[bit / 8] ^= (uint8_t) (1u << (bit % 8));
        int r = envelope_open(scene->reader, &request, &scratch, &opened, key_id);
        assert_true(r == -EBADMSG || r == -EAGAIN); /* a flipped key id asks for a grant that does not exist */
        copy[bit / 8] ^= (uint8_t) (1u << (bit % 8));
        arena_deinit(&scratch);
    }
    assert_int_equal(open_as(scene, scene->reader, bytes_make(copy, envelope.size), false, &opened), 0);
    free(copy);
}

static void test_every_truncation_and_extension_is_refused(void **state)
{
    struct scene *scene = *state;
    const struct bytes envelope = hello(scene);
    uint8_t longer[2048] = { 0 };

    for (size_t size = 0; size < envelope.size; size++)
        assert_refused_at(scene, bytes_make(envelope.data, size), READER_FORM);
    memcpy(longer, envelope.data, envelope.size);
    for (int byte = 0; byte < 256; byte++) {
        longer[envelope.size] = (uint8_t) byte;
        assert_refused_at(scene, bytes_make(longer, envelope.size + 1), READER_FORM);
    }
}

/* A sending key we see into, in the world's family, kept by the scene's reader. */
static struct sending_key bare_key(struct scene *scene)
{
    struct bytes grant;
    const struct sending_key key = forge_key(scene->world, WORLD_WHATSAPP, &grant);

    assert_int_equal(reader_add_grant(scene->reader, &scene->world->trust.roster, grant), 0);
    return key;
}

static struct bytes padded_hello(struct scene *scene, const struct envelope_header *header, const char *service)
{
    struct bytes padded;

    assert_int_equal(padding_add(world_content(scene->world, header, service, "hi"), &scene->world->arena, &padded), 0);
    return padded;
}

static void test_sealed_by_hand_opens_as_if_sealed_by_us(void **state)
{
    struct scene *scene = *state;
    const struct sending_key key = bare_key(scene);
    const struct envelope_header header = world_header(scene->world);
    struct opened opened;

    assert_int_equal(open_as(scene, scene->reader,
                             forge_envelope(scene->world, &key, header, padded_hello(scene, &header, "whatsapp")),
                             false, &opened),
                     0);
}

static void test_time_and_sequence_outside_the_grant_are_refused(void **state)
{
    struct scene *scene = *state;
    const struct sending_key key = bare_key(scene);
    struct envelope_header header = world_header(scene->world);
    const struct bytes padded = padded_hello(scene, &header, "whatsapp");
    struct opened opened;

    header.created_ms = WORLD_NOW_MS + SEAL_GRANT_LIFE_MS + SEAL_CLOCK_SKEW_MS + 1;
    assert_refused_at(scene, forge_envelope(scene->world, &key, header, padded), READER_WINDOW);
    header.created_ms = WORLD_NOW_MS - SEAL_CLOCK_SKEW_MS - 1;
    assert_refused_at(scene, forge_envelope(scene->world, &key, header, padded), READER_WINDOW);
    header.created_ms = 0;
    assert_refused_at(scene, forge_envelope(scene->world, &key, header, padded), READER_WINDOW);
    header.created_ms = UINT64_MAX;
    assert_refused_at(scene, forge_envelope(scene->world, &key, header, padded), READER_WINDOW);
    header = world_header(scene->world);
    header.seq = SEAL_GRANT_MAX_SEQ + 1;
    assert_refused_at(scene, forge_envelope(scene->world, &key, header, padded), READER_WINDOW);
    header.seq = SEAL_GRANT_MAX_SEQ;
    assert_int_equal(open_as(scene, scene->reader, forge_envelope(scene->world, &key, header, padded), false, &opened),
                     0);
}

static void test_another_channel_than_subscribed_is_refused(void **state)
{
    struct scene *scene = *state;
    const struct sending_key key = bare_key(scene);
    struct envelope_header header = world_header(scene->world);
    const struct bytes padded = padded_hello(scene, &header, "whatsapp");
    const struct open_request request = { hello(scene), bytes_make(scene->world->other, SEAL_ID_BYTES), false };
    uint8_t key_id[SEAL_KEY_ID_BYTES];
    struct opened opened;

    assert_int_equal(envelope_open(scene->reader, &request, &scene->world->arena, &opened, key_id), -EBADMSG);
    assert_true(reader_count(scene->reader, READER_CHANNEL) == 1);

    /* a grant for `family` used in `other`, read by somebody subscribed to `other` */
    header.channel = bytes_make(scene->world->other, SEAL_ID_BYTES);
    const struct open_request moved = { forge_envelope(scene->world, &key, header, padded), header.channel, false };
    assert_int_equal(envelope_open(scene->reader, &moved, &scene->world->arena, &opened, key_id), -EBADMSG);
    assert_true(reader_count(scene->reader, READER_SENDER) == 1);
}

static void test_stripped_and_signed_by_another_writer_is_refused(void **state)
{
    struct scene *scene = *state;
    const struct sending_key other = bare_key(scene);
    struct envelope envelope;

    assert_int_equal(envelope_parse(hello(scene), &envelope), 0);
    assert_refused_at(scene, forge_parts(scene->world, &envelope, other.session_sk), READER_SIGNATURE);
}

static void test_key_id_moved_to_the_thiefs_own_grant_is_refused(void **state)
{
    struct scene *scene = *state;
    const struct sending_key thief = bare_key(scene);
    struct envelope_header header;
    struct envelope envelope;

    assert_int_equal(envelope_parse(hello(scene), &envelope), 0);
    assert_int_equal(envelope_header_parse(envelope.header, &scene->world->arena, &header), 0);
    header.key_id = bytes_make(thief.key_id, SEAL_KEY_ID_BYTES);
    assert_int_equal(envelope_header_write(&header, &scene->world->arena, &envelope.header), 0);
    assert_refused_at(scene, forge_parts(scene->world, &envelope, thief.session_sk), READER_COMMIT);
}

static void test_part_of_another_envelope_is_refused_even_when_signed(void **state)
{
    struct scene *scene = *state;
    const struct sending_key key = bare_key(scene);
    struct envelope_header header = world_header(scene->world);
    struct envelope one, two, mixed;

    assert_int_equal(
        envelope_parse(forge_envelope(scene->world, &key, header, padded_hello(scene, &header, "whatsapp")), &one), 0);
    header.seq = 2;
    assert_int_equal(
        envelope_parse(forge_envelope(scene->world, &key, header, padded_hello(scene, &header, "whatsapp")), &two), 0);
    mixed = one;
    mixed.sealed = two.sealed;
    assert_refused_at(scene, forge_parts(scene->world, &mixed, key.session_sk), READER_CIPHER);
    mixed = one;
    mixed.commit = two.commit;
    assert_refused_at(scene, forge_parts(scene->world, &mixed, key.session_sk), READER_COMMIT);
    mixed = one;
    mixed.header = two.header;
    assert_refused_at(scene, forge_parts(scene->world, &mixed, key.session_sk), READER_COMMIT);
}

static void test_plaintext_not_padded_our_way_is_refused(void **state)
{
    struct scene *scene = *state;
    const struct sending_key key = bare_key(scene);
    const struct envelope_header header = world_header(scene->world);
    uint8_t copy[1024] = { 0 };
    const struct bytes padded = padded_hello(scene, &header, "whatsapp");

    memcpy(copy, padded.data, padded.size);
    copy[padded.size - 1] = 1; /* not zero */
    assert_refused_at(scene, forge_envelope(scene->world, &key, header, bytes_make(copy, padded.size)), READER_PADDING);
    copy[padded.size - 1] = 0; /* larger class than the length asks for */
    assert_refused_at(scene, forge_envelope(scene->world, &key, header, bytes_make(copy, 512)), READER_PADDING);
    copy[2] = 0xff; /* length beyond the end */
    assert_refused_at(scene, forge_envelope(scene->world, &key, header, bytes_make(copy, padded.size)), READER_PADDING);
}

static void test_claims_inside_must_equal_the_header(void **state)
{
    struct scene *scene = *state;
    const struct sending_key key = bare_key(scene);
    const struct envelope_header good = world_header(scene->world);
    struct envelope_header wrong;
    uint8_t other_id[SEAL_ID_BYTES] = { 0 };
    struct bytes padded;

    assert_refused_at(scene, forge_envelope(scene->world, &key, good, padded_hello(scene, &good, "bot")),
                      READER_CLAIMS);
    wrong = good;
    wrong.id = bytes_make(other_id, sizeof(other_id));
    assert_refused_at(scene, forge_envelope(scene->world, &key, good, padded_hello(scene, &wrong, "whatsapp")),
                      READER_CLAIMS);
    wrong = good;
    wrong.channel = bytes_make(scene->world->other, SEAL_ID_BYTES);
    assert_refused_at(scene, forge_envelope(scene->world, &key, good, padded_hello(scene, &wrong, "whatsapp")),
                      READER_CLAIMS);
    wrong = good;
    wrong.account = BYTES_EMPTY;
    assert_refused_at(scene, forge_envelope(scene->world, &key, good, padded_hello(scene, &wrong, "whatsapp")),
                      READER_CLAIMS);
    assert_int_equal(padding_add(bytes_of_text("no protobuf"), &scene->world->arena, &padded), 0);
    assert_refused_at(scene, forge_envelope(scene->world, &key, good, padded), READER_CONTENT);
    assert_int_equal(padding_add(BYTES_EMPTY, &scene->world->arena, &padded), 0);
    assert_refused_at(scene, forge_envelope(scene->world, &key, good, padded), READER_CONTENT);
}

static void test_replay_is_refused_unless_a_redelivery_is_expected(void **state)
{
    struct scene *scene = *state;
    const struct bytes one = hello(scene), two = hello(scene);
    struct opened opened;

    assert_int_equal(open_as(scene, scene->reader, two, false, &opened), 0);
    assert_int_equal(open_as(scene, scene->reader, one, false, &opened), 0); /* late, not again */
    assert_refused_at(scene, two, READER_REPLAY);
    assert_int_equal(open_as(scene, scene->reader, two, true, &opened), 0);
    assert_true(opened.seen_before);
    reader_forget(scene->reader);
    assert_int_equal(reader_add_grant(scene->reader, &scene->world->trust.roster, scene->grant), 0);
    assert_int_equal(open_as(scene, scene->reader, two, false, &opened), 0);
}

static void test_sequence_far_behind_the_newest_is_no_replay(void **state)
{
    struct scene *scene = *state;
    const struct sending_key key = bare_key(scene);
    struct envelope_header header = world_header(scene->world);
    const struct bytes padded = padded_hello(scene, &header, "whatsapp");
    struct opened opened;

    header.seq = SEAL_GRANT_MAX_SEQ;
    assert_int_equal(open_as(scene, scene->reader, forge_envelope(scene->world, &key, header, padded), false, &opened),
                     0);
    header.seq = 1;
    const struct bytes first = forge_envelope(scene->world, &key, header, padded);
    assert_int_equal(open_as(scene, scene->reader, first, false, &opened), 0);
    assert_refused_at(scene, first, READER_REPLAY);
}

static void test_same_randomness_twice_still_gives_different_salts(void **state)
{
    struct scene *scene = *state;
    struct world_random stuck = { 7 };
    const uint8_t replica[SEAL_REPLICA_BYTES] = { 0 };
    struct envelope one, two;
    struct sender *sender;
    struct bytes grant;

    assert_int_equal(sender_new(scene->world->keyrings[WORLD_WHATSAPP], scene->world->family, replica,
                                world_random(&stuck), &sender),
                     0);
    assert_int_equal(sender_renew(sender, &scene->world->trust, WORLD_NOW_MS, &scene->world->arena, &grant), 0);
    stuck.n = 50;
    assert_int_equal(envelope_parse(world_envelope(scene->world, sender, WORLD_WHATSAPP, "a"), &one), 0);
    stuck.n = 50;
    assert_int_equal(envelope_parse(world_envelope(scene->world, sender, WORLD_WHATSAPP, "a"), &two), 0);
    assert_false(bytes_equal(one.salt, two.salt));
    sender_free(sender);
}

static void test_sender_needs_a_grant_first_late_and_after_a_new_roster(void **state)
{
    struct scene *scene = *state;
    struct world *world = scene->world;
    const uint8_t replica[SEAL_REPLICA_BYTES] = { 0 };
    struct envelope_header header = world_header(world);
    struct sender *sender;
    struct bytes bytes;

    assert_int_equal(sender_new(world->keyrings[WORLD_WHATSAPP], world->family, replica, random_system(), &sender), 0);
    assert_true(sender_needs_grant(sender, &world->trust.roster, WORLD_NOW_MS));
    assert_int_equal(envelope_seal(sender, &header, BYTES_EMPTY, &world->arena, &bytes), -ENOKEY);
    assert_int_equal(sender_renew(sender, &world->trust, WORLD_NOW_MS, &world->arena, &bytes), 0);
    assert_false(sender_needs_grant(sender, &world->trust.roster, WORLD_NOW_MS));
    assert_false(sender_needs_grant(sender, &world->trust.roster, WORLD_NOW_MS + SEAL_GRANT_LIFE_MS / 2));
    assert_true(sender_needs_grant(sender, &world->trust.roster, WORLD_NOW_MS + SEAL_GRANT_LIFE_MS));
    assert_true(sender_needs_grant(sender, &world->trust.roster, WORLD_NOW_MS - SEAL_CLOCK_SKEW_MS - 1));
    const struct trust next = world_trust(world, world_roster(world, 2));
    assert_true(sender_needs_grant(sender, &next.roster, WORLD_NOW_MS));
    header.created_ms = WORLD_NOW_MS + SEAL_GRANT_LIFE_MS + 1;
    assert_int_equal(envelope_seal(sender, &header, BYTES_EMPTY, &world->arena, &bytes), -ENOKEY);
    header.created_ms = 1;
    assert_int_equal(envelope_seal(sender, &header, BYTES_EMPTY, &world->arena, &bytes), -EINVAL);
    sender_free(sender);
}

static void test_text_and_receipt_have_the_same_length_on_the_wire(void **state)
{
    struct scene *scene = *state;
    const struct bytes a = world_envelope(scene->world, scene->sender, WORLD_WHATSAPP, "k");
    const struct bytes b = world_envelope(scene->world, scene->sender, WORLD_WHATSAPP,
                                          "a rather longer line of text than the other one, as people write");

    assert_int_equal(a.size, b.size);
}

static void test_content_beyond_the_limit_is_not_sealed(void **state)
{
    struct scene *scene = *state;
    const struct envelope_header header = world_header(scene->world);
    uint8_t *large = calloc(1, SEAL_CONTENT_MAX_BYTES + 1);
    struct bytes bytes;

    assert_int_equal(envelope_seal(scene->sender, &header, bytes_make(large, SEAL_CONTENT_MAX_BYTES + 1),
                                   &scene->world->arena, &bytes),
                     -EMSGSIZE);
    assert_int_equal(
        envelope_seal(scene->sender, &header, bytes_make(large, SEAL_CONTENT_MAX_BYTES), &scene->world->arena, &bytes),
        0);
    free(large);
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(test_every_reader_opens_what_a_writer_sealed),
        SCENE(test_missing_grant_names_the_key_to_fetch),
        SCENE(test_every_flipped_bit_is_refused),
        SCENE(test_every_truncation_and_extension_is_refused),
        SCENE(test_sealed_by_hand_opens_as_if_sealed_by_us),
        SCENE(test_time_and_sequence_outside_the_grant_are_refused),
        SCENE(test_another_channel_than_subscribed_is_refused),
        SCENE(test_stripped_and_signed_by_another_writer_is_refused),
        SCENE(test_key_id_moved_to_the_thiefs_own_grant_is_refused),
        SCENE(test_part_of_another_envelope_is_refused_even_when_signed),
        SCENE(test_plaintext_not_padded_our_way_is_refused),
        SCENE(test_claims_inside_must_equal_the_header),
        SCENE(test_replay_is_refused_unless_a_redelivery_is_expected),
        SCENE(test_sequence_far_behind_the_newest_is_no_replay),
        SCENE(test_same_randomness_twice_still_gives_different_salts),
        SCENE(test_sender_needs_a_grant_first_late_and_after_a_new_roster),
        SCENE(test_text_and_receipt_have_the_same_length_on_the_wire),
        SCENE(test_content_beyond_the_limit_is_not_sealed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
