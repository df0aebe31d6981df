/* The client against a gateway that lies, forgets or falls silent: a real socket, a scripted far side. What an honest
 * gateway does is shown in tests/bus.
 */
#include <trefoil/client.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>
#include <zmq.h>

#include "client/clock.h"
#include "seal/personal.h"
#include "seal/roster_sign.h"
#include "seal/sender.h"
#include "wire/content.h"
#include "wire/frame.h"

#define PATIENCE_MS 5000
#define HOUR_MS (3600ull * 1000)

enum { BOT, WRITER, N_SERVICES };

static struct {
    struct arena arena;
    uint8_t root_seed[SEAL_KEY_BYTES], root_pk[SEAL_KEY_BYTES], tenant[SEAL_ID_BYTES], channel[SEAL_ID_BYTES];
    uint8_t pk[SEAL_KEY_BYTES], sk[SEAL_KEY_BYTES];
    struct keyring *rings[N_SERVICES];
    char file[64];
    uint64_t now_ms; /* at the start: the same roster every time */
    void *context, *router;
    zmq_msg_t peer;
    trefoil_client *client;
    struct trefoil_event event;
} scene;

static struct bytes id_of(int service)
{
    return bytes_make(scene.rings[service]->service, SEAL_ID_BYTES);
}

static struct roster_service member(int service)
{
    struct bytes *transport = arena_alloc(&scene.arena, sizeof(*transport));
    struct keyring *ring = scene.rings[service];

    assert_non_null(transport);
    *transport = bytes_make(ring->transport_pk, SEAL_KEY_BYTES);
    return (struct roster_service){ .id = id_of(service),
                                    .name = ring->service_name,
                                    .role = ROLE_SERVICE,
                                    .identity_pk = bytes_make(ring->identity_pk, SEAL_KEY_BYTES),
                                    .transport_pks = transport,
                                    .n_transport_pks = 1 };
}

/* A bundle of this version with services from `first` on, signed by `seed`. */
static struct bytes bundle_of(uint64_t version, int first, const uint8_t *seed)
{
    static uint8_t previous[SEAL_HASH_BYTES];
    struct roster_service services[N_SERVICES];
    struct bytes ids[N_SERVICES], wraps[N_SERVICES], roster_bytes, bundle;
    struct roster_channel channel = { .id = bytes_make(scene.channel, SEAL_ID_BYTES),
                                      .name = "main",
                                      .writers = ids,
                                      .readers = ids,
                                      .retention_ms = HOUR_MS };
    struct roster roster = { .tenant = bytes_make(scene.tenant, SEAL_ID_BYTES),
                             .version = version,
                             .previous_hash = version > 1 ? bytes_make(previous, sizeof(previous)) : BYTES_EMPTY,
                             .not_before_ms = scene.now_ms - HOUR_MS,
                             .not_after_ms = scene.now_ms + HOUR_MS,
                             .services = services,
                             .channels = &channel,
                             .n_channels = 1 };

    for (int service = first; service < N_SERVICES; service++) {
        services[roster.n_services++] = member(service);
        ids[channel.n_writers++] = id_of(service);
        assert_int_equal(wrap_key_sign(scene.rings[service], 0, &scene.arena, &wraps[channel.n_readers++]), 0);
    }
    assert_int_equal(roster_sign(&roster, seed, &scene.arena, &roster_bytes), 0);
    assert_int_equal(trust_bundle_write(roster_bytes, wraps, channel.n_readers, &scene.arena, &bundle), 0);
    return bundle;
}

static void bind_far(char *endpoint, size_t room)
{
    int one = 1, zero = 0;

    scene.context = zmq_ctx_new();
    scene.router = zmq_socket(scene.context, ZMQ_ROUTER);
    zmq_setsockopt(scene.router, ZMQ_LINGER, &zero, sizeof(zero));
    zmq_setsockopt(scene.router, ZMQ_CURVE_SERVER, &one, sizeof(one));
    zmq_setsockopt(scene.router, ZMQ_CURVE_SECRETKEY, scene.sk, sizeof(scene.sk));
    assert_int_equal(zmq_bind(scene.router, "tcp://127.0.0.1:*"), 0);
    zmq_getsockopt(scene.router, ZMQ_LAST_ENDPOINT, endpoint, &room);
}

static int setup(unused_ void **state)
{
    static const char *const names[N_SERVICES] = { "bot", "writer" };
    char endpoint[64];
    struct channel_secret secret;
    struct trefoil_options options = { .endpoint = endpoint, .keyring_file = scene.file, .reconnect_ms = 50 };

    scene.arena = ARENA_EMPTY(64 << 20);
    scene.now_ms = clock_wall_ms();
    root_key_generate(scene.root_seed, scene.root_pk);
    randombytes_buf(scene.tenant, sizeof(scene.tenant));
    randombytes_buf(scene.channel, sizeof(scene.channel));
    channel_secret_generate(scene.channel, &secret);
    crypto_box_keypair(scene.pk, scene.sk);
    zmq_msg_init(&scene.peer);
    bind_far(endpoint, sizeof(endpoint));
    for (int i = 0; i < N_SERVICES; i++) {
        assert_int_equal(
            keyring_generate(names[i], scene.tenant, scene.root_pk, clock_wall_ms() - 60000, &scene.rings[i]), 0);
        memcpy(scene.rings[i]->gateway_transport_pk, scene.pk, SEAL_KEY_BYTES);
        assert_int_equal(keyring_add_channel(scene.rings[i], &secret), 0);
    }
    snprintf(scene.file, sizeof(scene.file), "/tmp/trefoil-client-%d.keyring", getpid());
    assert_int_equal(keyring_save(scene.rings[BOT], scene.file, true), 0);
    assert_int_equal(trefoil_client_open(&options, &scene.client), TREFOIL_OK);
    return 0;
}

static int teardown(unused_ void **state)
{
    trefoil_client_close(&scene.client);
    assert_null(scene.client);
    for (int i = 0; i < N_SERVICES; i++)
        scene.rings[i] = keyring_free(scene.rings[i]);
    unlink(scene.file);
    zmq_msg_close(&scene.peer);
    zmq_close(scene.router);
    zmq_ctx_term(scene.context);
    arena_deinit(&scene.arena);
    return 0;
}

static void say_bytes(struct bytes bytes)
{
    zmq_msg_t to, message;

    zmq_msg_init(&to);
    zmq_msg_copy(&to, &scene.peer);
    zmq_msg_init_size(&message, bytes.size);
    if (bytes.size > 0)
        memcpy(zmq_msg_data(&message), bytes.data, bytes.size);
    assert_true(zmq_msg_send(&to, scene.router, ZMQ_SNDMORE) >= 0);
    assert_true(zmq_msg_send(&message, scene.router, 0) >= 0);
}

static void say(Trefoil__Frame__BodyCase kind, const void *body)
{
    Trefoil__Frame frame = frame_make(kind, body);
    size_t size = 0;

    assert_int_equal(frame_size(&frame, &size), 0);
    uint8_t *bytes = arena_alloc(&scene.arena, size);
    assert_non_null(bytes);
    frame_write(&frame, bytes);
    say_bytes(bytes_make(bytes, size));
}

static void welcome(void)
{
    Trefoil__Welcome body = TREFOIL__WELCOME__INIT;

    body.version = 1;
    body.heartbeat_ms = 20000;
    body.publish_credit = body.max_batch = 16;
    body.publish_credit_bytes = 1 << 20;
    body.max_frame_bytes = BUS_FRAME_MAX_BYTES;
    say(TREFOIL__FRAME__BODY_WELCOME, &body);
}

static void tell_roster(struct bytes bundle)
{
    Trefoil__RosterIs body = TREFOIL__ROSTER_IS__INIT;

    body.bundle = frame_binary(bundle);
    say(TREFOIL__FRAME__BODY_ROSTER_IS, &body);
}

/* Drives the client until the far side hears a frame of this kind; events meanwhile must not be. */
static Trefoil__Frame *hear(Trefoil__Frame__BodyCase kind)
{
    uint64_t end_ms = clock_run_ms() + PATIENCE_MS;
    Trefoil__Frame *frame = NULL;

    while (clock_run_ms() < end_ms) {
        zmq_msg_t body;

        zmq_msg_init(&body);
        if (zmq_msg_recv(&scene.peer, scene.router, ZMQ_DONTWAIT) >= 0) {
            assert_true(zmq_msg_recv(&body, scene.router, 0) >= 0);
            struct bytes copy = arena_copy(&scene.arena, bytes_make(zmq_msg_data(&body), zmq_msg_size(&body)));
            assert_int_equal(frame_unpack(copy, &scene.arena, &frame), 0);
        }
        zmq_msg_close(&body);
        if (frame && frame->body_case == kind)
            return frame;
        assert_int_equal(trefoil_client_next(scene.client, 5, &scene.event), TREFOIL_NOTHING);
    }
    fail_msg("the far side never heard %s", frame_name(kind));
    return NULL;
}

static void expect(enum trefoil_event_type type)
{
    assert_int_equal(trefoil_client_next(scene.client, PATIENCE_MS, &scene.event), TREFOIL_OK);
    assert_int_equal(scene.event.type, type);
}

static void store_grant(void)
{
    Trefoil__Frame *frame = hear(TREFOIL__FRAME__BODY_GRANT_PUT);
    Trefoil__GrantIs stored = TREFOIL__GRANT_IS__INIT;

    stored.key_id = frame->grant_put->key_id;
    stored.stored = 1;
    say(TREFOIL__FRAME__BODY_GRANT_IS, &stored);
}

static void connect_client(void)
{
    (void) hear(TREFOIL__FRAME__BODY_HELLO);
    welcome();
    tell_roster(bundle_of(2, BOT, scene.root_seed));
    store_grant();
    expect(TREFOIL_EVENT_CONNECTED);
    assert_true(trefoil_client_is_connected(scene.client));
}

static uint32_t subscribe(void)
{
    struct trefoil_subscription wish = { .name = "x" };
    uint32_t handle = 0;

    assert_int_equal(trefoil_client_channel(scene.client, NULL, &wish.channel), TREFOIL_OK);
    assert_int_equal(trefoil_client_subscribe(scene.client, &wish, &handle), TREFOIL_OK);
    assert_int_equal(hear(TREFOIL__FRAME__BODY_SUBSCRIBE)->subscribe->handle, handle);
    return handle;
}

static void deliver(uint32_t handle, uint64_t seq, struct bytes envelope)
{
    Trefoil__Delivery delivery = TREFOIL__DELIVERY__INIT, *list[] = { &delivery };
    Trefoil__Deliver body = TREFOIL__DELIVER__INIT;

    delivery.seq = seq;
    delivery.attempt = 1;
    delivery.envelope = frame_binary(envelope);
    body.handle = handle;
    body.n_deliveries = 1;
    body.deliveries = list;
    say(TREFOIL__FRAME__BODY_DELIVER, &body);
}

enum personal { NOT_PERSONAL, GOOD, FLIPPED, CUT, OF_ANOTHER_ENVELOPE, OF_ANOTHER_MESSAGE, OF_A_GONE_GENERATION };

/* "user" as the author, sealed for who holds the token key; or what somebody with bad intentions makes of it. */
static struct bytes personal_of(struct bytes id, enum personal how)
{
    static const uint8_t another[SEAL_ID_BYTES] = { 1 };
    const struct channel_secret *secret = keyring_channel(scene.rings[WRITER], scene.channel);
    struct trefoil_message message = { .kind = TREFOIL_KIND_TYPING, .author.user_id = "user" }, readable;
    const struct trefoil_media media = { .network_id = "of a media" };
    const struct random random = random_system();
    struct personal_part part = { id, BYTES_EMPTY };
    struct bytes sealed;

    if (how == NOT_PERSONAL)
        return BYTES_EMPTY;
    if (how == OF_ANOTHER_MESSAGE) {
        message.kind = TREFOIL_KIND_MEDIA;
        message.body.media = (struct trefoil_media_list){ NULL, &media, 1 };
    }
    if (how == OF_ANOTHER_ENVELOPE)
        part.envelope_id = bytes_make(another, sizeof(another));
    assert_int_equal(content_split(&message, &scene.arena, &readable, &part.bytes), 0);
    assert_int_equal(personal_seal(secret, &part, &random, &scene.arena, &sealed), 0);
    if (how == FLIPPED)
        ((uint8_t *) (uintptr_t) sealed.data)[sealed.size / 2] ^= 1;
    if (how == OF_A_GONE_GENERATION)
        ((uint8_t *) (uintptr_t) sealed.data)[0] ^= 0x80;
    if (how == CUT)
        sealed.size--;
    return sealed;
}

/* An envelope of the other service, and its grant. */
static struct bytes sealed_with(const char *text, enum personal how, struct bytes *ret_grant)
{
    static const struct trefoil_media media[2];
    struct trefoil_message message = { .kind = TREFOIL_KIND_TEXT, .body.text.body = text };
    uint8_t replica[SEAL_REPLICA_BYTES] = { 7 }, *id = arena_alloc(&scene.arena, SEAL_ID_BYTES);
    struct envelope_header header = { .audience = ENVELOPE_SERVICES, .class_ = ENVELOPE_DURABLE };
    struct sender *sender;
    struct bytes content, envelope;
    struct trust trust;

    randombytes_buf(id, SEAL_ID_BYTES);
    header.id = bytes_make(id, SEAL_ID_BYTES);
    header.channel = bytes_make(scene.channel, SEAL_ID_BYTES);
    header.created_ms = clock_wall_ms();
    struct content_claims claims = { header.id, header.channel, "writer", NULL, BYTES_EMPTY };
    claims.personal = personal_of(header.id, how);
    if (how == OF_ANOTHER_MESSAGE) {
        message.kind = TREFOIL_KIND_MEDIA;
        message.body.media = (struct trefoil_media_list){ text, media, 2 };
    }
    assert_int_equal(trust_open(bundle_of(2, BOT, scene.root_seed), scene.root_pk, 1, &scene.arena, &trust), 0);
    assert_int_equal(sender_new(scene.rings[WRITER], scene.channel, replica, random_system(), &sender), 0);
    assert_int_equal(sender_renew(sender, &trust, clock_wall_ms(), &scene.arena, ret_grant), 0);
    assert_int_equal(content_write(&message, &claims, &scene.arena, &content), 0);
    assert_int_equal(envelope_seal(sender, &header, content, &scene.arena, &envelope), 0);
    (void) sender_free(sender);
    return envelope;
}

/* An honest one without anything personal. */
static struct bytes sealed_by_writer(const char *text, struct bytes *ret_grant)
{
    return sealed_with(text, NOT_PERSONAL, ret_grant);
}

static void test_roster_of_another_root_is_not_believed(unused_ void **state)
{
    uint8_t seed[SEAL_KEY_BYTES], pk[SEAL_KEY_BYTES];

    root_key_generate(seed, pk);
    (void) hear(TREFOIL__FRAME__BODY_HELLO);
    welcome();
    tell_roster(bundle_of(2, BOT, seed));
    assert_int_equal(trefoil_client_next(scene.client, PATIENCE_MS, &scene.event), TREFOIL_BROKEN);
    assert_non_null(strstr(trefoil_client_error(scene.client), "pinned root"));
    connect_client(); /* it tries again, and takes the good one */
}

static void test_roster_never_goes_back(unused_ void **state)
{
    connect_client();
    tell_roster(bundle_of(1, BOT, scene.root_seed));
    expect(TREFOIL_EVENT_DISCONNECTED);
    assert_non_null(strstr(scene.event.text, "older"));
}

static void test_roster_without_us_ends_it_with_a_reason(unused_ void **state)
{
    (void) hear(TREFOIL__FRAME__BODY_HELLO);
    welcome();
    tell_roster(bundle_of(2, WRITER, scene.root_seed));
    assert_int_equal(trefoil_client_next(scene.client, PATIENCE_MS, &scene.event), TREFOIL_NOT_IN_ROSTER);
    assert_non_null(strstr(trefoil_client_error(scene.client), "does not name"));
}

static void test_gateway_that_breaks_the_protocol_is_left(unused_ void **state)
{
    Trefoil__Hello hello = TREFOIL__HELLO__INIT;
    Trefoil__Acked acked = TREFOIL__ACKED__INIT;

    for (int what = 0; what < 5; what++) {
        if (what == 0) {
            connect_client();
        } else {
            (void) hear(TREFOIL__FRAME__BODY_HELLO);
            welcome();
            expect(TREFOIL_EVENT_CONNECTED); /* the roster is known already */
        }
        if (what == 0)
            say_bytes(bytes_of_text("garbage"));
        else if (what == 1)
            say(TREFOIL__FRAME__BODY_HELLO, &hello);
        else if (what == 2)
            welcome();
        else if (what == 3)
            deliver(42, 1, bytes_of_text("x"));
        else
            say(TREFOIL__FRAME__BODY_ACKED, &acked);
        expect(TREFOIL_EVENT_DISCONNECTED);
        assert_true(strlen(scene.event.text) > 0);
    }
}

static void test_delivery_waits_for_its_grant_and_nothing_overtakes_it(unused_ void **state)
{
    Trefoil__GrantIs is = TREFOIL__GRANT_IS__INIT;
    struct bytes grant, other;

    connect_client();
    uint32_t handle = subscribe();
    deliver(handle, 1, sealed_by_writer("first", &grant));
    deliver(handle, 2, sealed_by_writer("second", &other));
    Trefoil__Frame *frame = hear(TREFOIL__FRAME__BODY_GRANT_GET);
    is.key_id = frame->grant_get->key_id;
    is.grant = frame_binary(grant);
    is.stored = 1;
    say(TREFOIL__FRAME__BODY_GRANT_IS, &is);
    expect(TREFOIL_EVENT_DELIVERY);
    assert_string_equal(scene.event.delivery->message.body.text.body, "first");
    assert_string_equal(scene.event.delivery->sender, "writer");
    assert_int_equal(trefoil_client_ack(scene.client, handle, 1), TREFOIL_OK);
    is.key_id = hear(TREFOIL__FRAME__BODY_GRANT_GET)->grant_get->key_id;
    is.grant = frame_binary(BYTES_EMPTY); /* lost: the delivery is shown all the same */
    say(TREFOIL__FRAME__BODY_GRANT_IS, &is);
    expect(TREFOIL_EVENT_DELIVERY);
    assert_int_equal(scene.event.delivery->seq, 2);
    assert_true(scene.event.delivery->unreadable);
    assert_int_equal(scene.event.delivery->message.kind, TREFOIL_KIND_NONE);
}

static void test_tampered_envelope_is_shown_as_unreadable(unused_ void **state)
{
    Trefoil__GrantIs is = TREFOIL__GRANT_IS__INIT;
    struct bytes grant, envelope;

    connect_client();
    uint32_t handle = subscribe();
    envelope = sealed_by_writer("secret", &grant);
    ((uint8_t *) (uintptr_t) envelope.data)[envelope.size - 100] ^= 1;
    deliver(handle, 1, envelope);
    is.key_id = hear(TREFOIL__FRAME__BODY_GRANT_GET)->grant_get->key_id;
    is.grant = frame_binary(grant);
    is.stored = 1;
    say(TREFOIL__FRAME__BODY_GRANT_IS, &is);
    expect(TREFOIL_EVENT_DELIVERY);
    assert_true(scene.event.delivery->unreadable);
    deliver(handle, 2, bytes_of_text("no envelope at all"));
    expect(TREFOIL_EVENT_DELIVERY);
    assert_true(scene.event.delivery->unreadable);
    assert_true(strlen(scene.event.delivery->why) > 0);
}

static void show_with(uint32_t handle, uint64_t seq, enum personal how)
{
    Trefoil__GrantIs is = TREFOIL__GRANT_IS__INIT;
    struct bytes grant;

    deliver(handle, seq, sealed_with("words", how, &grant));
    is.key_id = hear(TREFOIL__FRAME__BODY_GRANT_GET)->grant_get->key_id;
    is.grant = frame_binary(grant);
    is.stored = 1;
    say(TREFOIL__FRAME__BODY_GRANT_IS, &is);
    expect(TREFOIL_EVENT_DELIVERY);
}

static void test_personal_part_is_shown_whole_or_the_delivery_is_unreadable(unused_ void **state)
{
    static const enum personal bad[] = { FLIPPED, CUT, OF_ANOTHER_ENVELOPE, OF_ANOTHER_MESSAGE };
    uint64_t seq = 1;

    connect_client();
    uint32_t handle = subscribe();
    show_with(handle, seq++, GOOD);
    assert_string_equal(scene.event.delivery->message.author.user_id, "user");
    assert_string_equal(scene.event.delivery->message.body.text.body, "words");
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        show_with(handle, seq++, bad[i]);
        assert_true(scene.event.delivery->unreadable);
        assert_int_equal(scene.event.delivery->message.kind, TREFOIL_KIND_NONE);
        assert_null(scene.event.delivery->message.author.user_id);
    }
    show_with(handle, seq++, OF_A_GONE_GENERATION); /* the key is destroyed: readable, without who it was */
    assert_false(scene.event.delivery->unreadable);
    assert_null(scene.event.delivery->message.author.user_id);
    assert_string_equal(scene.event.delivery->message.body.text.body, "words");
}

static void test_unanswered_question_and_unconfirmed_publication_survive_the_connection(unused_ void **state)
{
    struct trefoil_message message = { .kind = TREFOIL_KIND_TEXT, .body.text.body = "kept" };
    struct trefoil_publication publication = { .audience = TREFOIL_AUDIENCE_SERVICES, .message = &message };
    struct trefoil_ask ask = { .question = TREFOIL_ASK_AUDIT };
    uint64_t ticket = 0, asked = 0;

    connect_client();
    assert_int_equal(trefoil_client_channel(scene.client, "main", &publication.channel), TREFOIL_OK);
    assert_int_equal(trefoil_client_publish(scene.client, &publication, &ticket), TREFOIL_OK);
    assert_int_equal(trefoil_client_ask(scene.client, &ask, &asked), TREFOIL_OK);
    Trefoil__Frame *first = hear(TREFOIL__FRAME__BODY_PUBLISH);
    say_bytes(bytes_of_text("garbage"));
    expect(TREFOIL_EVENT_DISCONNECTED);
    expect(TREFOIL_EVENT_ANSWER);
    assert_int_equal(scene.event.ticket, asked);
    assert_false(scene.event.answer->ok);

    (void) hear(TREFOIL__FRAME__BODY_HELLO);
    welcome();
    expect(TREFOIL_EVENT_CONNECTED);
    Trefoil__Frame *again = hear(TREFOIL__FRAME__BODY_PUBLISH);
    assert_true(bytes_equal(frame_bytes(first->publish->envelopes[0]), frame_bytes(again->publish->envelopes[0])));
    Trefoil__Run run = TREFOIL__RUN__INIT, *runs[] = { &run };
    Trefoil__Confirm confirm = TREFOIL__CONFIRM__INIT;
    run.first = 0;
    run.count = UINT32_MAX; /* more than was ever published: only ours is told */
    confirm.n_duplicate = 1;
    confirm.duplicate = runs;
    say(TREFOIL__FRAME__BODY_CONFIRM, &confirm);
    expect(TREFOIL_EVENT_CONFIRMED);
    assert_int_equal(scene.event.ticket, ticket);
    assert_true(scene.event.duplicate);
    assert_int_equal(trefoil_client_next(scene.client, 0, &scene.event), TREFOIL_NOTHING);
}

/* The same roster with a new wrap key of a reader: nobody is told, nothing is lost. */
static void test_stale_rejection_is_sealed_again_under_a_new_key(unused_ void **state)
{
    struct trefoil_message message = { .kind = TREFOIL_KIND_TEXT, .body.text.body = "again" };
    struct trefoil_publication publication = { .audience = TREFOIL_AUDIENCE_SERVICES, .message = &message };
    Trefoil__Rejection rejection = TREFOIL__REJECTION__INIT, *rejections[] = { &rejection };
    Trefoil__Confirm confirm = TREFOIL__CONFIRM__INIT;
    struct keyring *reader = scene.rings[WRITER];

    connect_client();
    assert_int_equal(trefoil_client_channel(scene.client, NULL, &publication.channel), TREFOIL_OK);
    assert_int_equal(trefoil_client_publish(scene.client, &publication, &rejection.ticket), TREFOIL_OK);
    Trefoil__Publish *first = hear(TREFOIL__FRAME__BODY_PUBLISH)->publish;
    rejection.reason = TREFOIL__REJECT_REASON__REJECT_STALE_ROSTER;
    confirm.n_rejected = 1;
    confirm.rejected = rejections;
    say(TREFOIL__FRAME__BODY_CONFIRM, &confirm);
    (void) hear(TREFOIL__FRAME__BODY_ROSTER_GET);
    assert_int_equal(keyring_add_wrap(reader, scene.now_ms, scene.now_ms + HOUR_MS), 0);
    reader->wraps[0] = reader->wraps[--reader->n_wraps];
    tell_roster(bundle_of(2, BOT, scene.root_seed));
    store_grant();
    Trefoil__Publish *again = hear(TREFOIL__FRAME__BODY_PUBLISH)->publish;
    assert_int_equal(again->first_ticket, first->first_ticket);
    assert_false(bytes_equal(frame_bytes(first->envelopes[0]), frame_bytes(again->envelopes[0])));
}

static void test_publishing_stops_at_the_window_and_goes_on_with_credit(unused_ void **state)
{
    struct trefoil_message message = { .kind = TREFOIL_KIND_TEXT, .body.text.body = "x" };
    struct trefoil_publication publication = { .audience = TREFOIL_AUDIENCE_SERVICES, .message = &message };
    Trefoil__Run run = TREFOIL__RUN__INIT, *runs[] = { &run };
    Trefoil__Confirm confirm = TREFOIL__CONFIRM__INIT;
    int n = 0;

    connect_client();
    assert_int_equal(trefoil_client_channel(scene.client, NULL, &publication.channel), TREFOIL_OK);
    while (trefoil_client_publish(scene.client, &publication, NULL) == TREFOIL_OK)
        n++;
    assert_int_equal(n, 16);
    assert_int_equal(hear(TREFOIL__FRAME__BODY_PUBLISH)->publish->n_envelopes, 16); /* one frame */
    run.first = 1;
    run.count = 1;
    confirm.n_accepted = 1;
    confirm.accepted = runs;
    say(TREFOIL__FRAME__BODY_CONFIRM, &confirm);
    expect(TREFOIL_EVENT_CONFIRMED);
    expect(TREFOIL_EVENT_CREDIT);
    assert_int_equal(trefoil_client_publish(scene.client, &publication, NULL), TREFOIL_OK);
    assert_int_equal(trefoil_client_publish(scene.client, &publication, NULL), TREFOIL_AGAIN);
}

static void test_open_refuses_what_is_no_keyring(unused_ void **state)
{
    struct trefoil_options options = { .endpoint = "tcp://127.0.0.1:1", .keyring_file = "/nonexistent" };
    trefoil_client *client = NULL;

    assert_int_equal(trefoil_client_open(&options, &client), TREFOIL_BAD_KEYRING);
    options.keyring_file = NULL;
    assert_int_equal(trefoil_client_open(&options, &client), TREFOIL_BAD_ARGUMENT);
    assert_null(client);
    trefoil_client_close(&client);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_roster_of_another_root_is_not_believed),
        TEST(test_roster_never_goes_back),
        TEST(test_roster_without_us_ends_it_with_a_reason),
        TEST(test_gateway_that_breaks_the_protocol_is_left),
        TEST(test_delivery_waits_for_its_grant_and_nothing_overtakes_it),
        TEST(test_tampered_envelope_is_shown_as_unreadable),
        TEST(test_personal_part_is_shown_whole_or_the_delivery_is_unreadable),
        TEST(test_unanswered_question_and_unconfirmed_publication_survive_the_connection),
        TEST(test_stale_rejection_is_sealed_again_under_a_new_key),
        TEST(test_publishing_stops_at_the_window_and_goes_on_with_credit),
        TEST(test_open_refuses_what_is_no_keyring),
    };

    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
