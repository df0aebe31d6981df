/* Builds real envelopes, keeps what is handed out. */
#include "core_kit/game.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "wire/proto_reader.h"

#define CHANNEL_RETENTION_MS 3600000

static const char *const names[] = { "", "whatsapp", "messenger", "instagram", "bot", "crm" };
static const char *const accounts[] = { "", "whatsapp/1", "messenger/2", "instagram/3", "", "" };

struct id game_channel(void)
{
    return (struct id){ { 0xc0, 1 } };
}

struct id game_id(enum game_service service)
{
    return (struct id){ { 0x50, (uint8_t) service } };
}

const char *game_account(enum game_service service)
{
    return accounts[service];
}

static struct bytes read_varint_part(struct cursor *at)
{
    struct proto_reader reader = proto_reader_make(at->rest);
    struct proto_field field;

    if (proto_next(&reader, &field) <= 0)
        return BYTES_EMPTY;
    at->rest = reader.rest;
    return field.bytes;
}

static void read_target(struct bytes target, struct game_handed *ret)
{
    struct proto_reader reader = proto_reader_make(target);
    struct proto_field field;

    while (proto_next(&reader, &field) > 0) {
        if (field.number == 1)
            ret->first_target = (uint32_t) field.value;
        else if (field.number == 3)
            ret->address = field.bytes;
        else if (field.number == 4 && !field.again)
            ret->relates_ref = field.bytes;
        else if (field.number == 5)
            ret->last_ref = field.bytes;
        else if (field.number == 6)
            ret->window_ms = field.value;
        else if (field.number == 7)
            ret->consent_withdrawn = field.value == 1;
    }
}

static void on_hand(void *owner, const struct handing *handing)
{
    struct game *game = owner;
    struct game_handed *handed = &game->handed[game->n_handed++];
    struct cursor at = { arena_copy(&game->mem, handing->front) };
    struct bytes targets = arena_copy(&game->mem, handing->targets);
    struct proto_reader reader = proto_reader_make(targets);
    struct proto_field field;

    assert(game->n_handed <= GAME_HANDED_MAX);
    *handed = (struct game_handed){ .peer = handing->seat->peer,
                                    .handle = handing->seat->handle,
                                    .seq = handing->seq,
                                    .attempt = handing->attempt,
                                    .maybe_sent = handing->maybe_sent,
                                    .vanished = handing->vanished,
                                    .envelope = read_varint_part(&at) };
    while (proto_next(&reader, &field) > 0)
        if (handed->n_targets++ == 0)
            read_target(field.bytes, handed);
}

static void on_verdict(void *owner, struct peer *peer, uint64_t ticket, size_t size, const struct verdict *verdict)
{
    struct game *game = owner;

    (void) peer;
    (void) size;
    game->verdict = *verdict;
    game->verdict_ticket = ticket;
    game->n_verdicts++;
}

static struct members *make_members(const struct game *game)
{
    static const uint32_t roles[] = { 0,
                                      MEMBER_TRANSLATOR | MEMBER_ADDRESSES,
                                      MEMBER_TRANSLATOR | MEMBER_ADDRESSES,
                                      MEMBER_TRANSLATOR | MEMBER_ADDRESSES,
                                      MEMBER_SERVICE,
                                      MEMBER_SERVICE };
    struct id channel = game_channel();
    struct members *members;

    assert(members_new(1, 5, 1, &members) == 0);
    assert(members_add_channel(members, &channel, bytes_of_text("main"), game->retention_ms) == 0);
    for (enum game_service service = WHATSAPP; service <= CRM; service++) {
        struct id id = game_id(service);

        bool is_heir = game->is_handed_over && service == CRM;
        const char *account = is_heir                                        ? accounts[MESSENGER]
                              : game->is_handed_over && service == MESSENGER ? ""
                                                                             : accounts[service];

        assert(members_add_service(members, &id, bytes_of_text(names[service]),
                                   is_heir ? roles[MESSENGER] : roles[service]) == 0);
        if (*account)
            assert(members_add_account(members, &id, bytes_of_text(account)) == 0);
        assert(members_allow(members, &channel, &id, true, true) == 0);
    }
    return members;
}

static struct id key_id(enum game_service service)
{
    return (struct id){ { 0x6e, (uint8_t) service } };
}

static void open_broker(struct game *game, uint64_t now_ms)
{
    struct tables tables = memory_tables_tables(game->memory);
    struct members *members = make_members(game);

    assert(broker_init(&game->broker, &tables, &(struct broker_options){ 3000, 8000, GATEWAY_DIRECTORY_CACHE },
                       &(struct broker_events){ game, on_verdict, on_hand }) == 0);
    game->broker.now_ms = now_ms;
    assert(broker_set_members(&game->broker, &members) == 0);
}

void game_start(struct game *game)
{
    uint64_t retention_ms = game->retention_ms ? game->retention_ms : CHANNEL_RETENTION_MS;

    memset(game, 0, sizeof(*game));
    game->retention_ms = retention_ms;
    game->mem = ARENA_EMPTY((size_t) 64 << 20);
    game->memory = memory_tables_new();
    open_broker(game, 1000000);
    for (enum game_service service = WHATSAPP; service <= CRM; service++) {
        struct grant_facts facts = { key_id(service), game_id(service), game_channel(), 1, UINT64_MAX, UINT64_MAX };

        assert(broker_grant(&game->broker, &facts, bytes_of_text("grant")) == 0);
    }
}

void game_end(struct game *game)
{
    broker_deinit(&game->broker);
    memory_tables_free(game->memory);
    arena_deinit(&game->mem);
}

int game_set_up(void **state)
{
    static struct game game;

    game.retention_ms = 0;
    game.is_handed_over = false;
    game_start(&game);
    *state = &game;
    return 0;
}

int game_tear_down(void **state)
{
    game_end(*state);
    return 0;
}

static void hand(struct game *game, bool is_over)
{
    game->is_handed_over = is_over;
    struct members *members = make_members(game);

    assert(broker_set_members(&game->broker, &members) == 0);
}

void game_hand_over(struct game *game)
{
    hand(game, true);
}

void game_hand_back(struct game *game)
{
    hand(game, false);
}

void game_restart(struct game *game)
{
    uint64_t now_ms = game->broker.now_ms;

    broker_flush(&game->broker);
    memory_tables_commit(game->memory);
    broker_deinit(&game->broker);
    game->n_peers = 0;
    open_broker(game, now_ms);
}

void game_stop_and_start(struct game *game)
{
    while (!list_is_empty(&game->broker.peers))
        broker_peer_gone(&game->broker, container_of(list_first(&game->broker.peers), struct peer, link));
    broker_rest(&game->broker);
    game_restart(game);
    game->n_handed = 0;
}

struct peer *game_join(struct game *game, enum game_service service, uint8_t replica, uint64_t credit)
{
    struct peer *peer = &game->peers[game->n_peers++];
    struct subscription *subscription;
    const char *why;
    bool is_translator = service <= INSTAGRAM || (game->is_handed_over && service == CRM);
    struct seat_wish wish = { .channel = game_channel(),
                              .name = bytes_of_text(is_translator ? "out" : "all"),
                              .targets = is_translator,
                              .ephemeral_too = true,
                              .handle = 7 };

    assert(game->n_peers <= GAME_PEERS_MAX);
    memset(peer, 0, sizeof(*peer));
    peer->service = game_id(service);
    peer->replica[0] = replica;
    broker_peer_join(&game->broker, peer);
    broker_peer_credit(&game->broker, peer, credit, (uint64_t) 1 << 27);
    assert(broker_subscribe(&game->broker, peer, &wish, &subscription, &why) == 0);
    return peer;
}

void game_leave(struct game *game, struct peer *peer)
{
    broker_peer_gone(&game->broker, peer);
}

struct bytes game_token(struct game *game, const char *what)
{
    uint8_t token[49] = { 1 };
    uint64_t hash = bytes_hash(bytes_of_text(what));

    for (size_t i = 1; i < sizeof(token); i++) {
        hash = hash * 6364136223846793005u + 1442695040888963407u;
        token[i] = (uint8_t) (hash >> 56);
    }
    return arena_copy(&game->mem, bytes_make(token, sizeof(token)));
}

static struct bytes token_of(struct game *game, const char *what)
{
    return what ? game_token(game, what) : BYTES_EMPTY;
}

static struct bytes make_envelope(struct game *game, const struct envelope_header *header)
{
    static const uint8_t filler[512];
    struct envelope envelope = { .salt = bytes_make(filler, SEAL_SALT_BYTES),
                                 .commit = bytes_make(filler, SEAL_COMMIT_BYTES),
                                 .sealed = bytes_make(filler, SEAL_SEALED_MIN_BYTES),
                                 .signature = bytes_make(filler, SEAL_SIGNATURE_BYTES) };
    struct bytes bytes;

    assert(envelope_header_write(header, &game->mem, &envelope.header) == 0);
    assert(envelope_write(&envelope, &game->mem, &bytes) == 0);
    return bytes;
}

void game_publish(struct game *game, struct peer *peer, const struct game_event *event)
{
    struct id id = event->id, channel = game_channel(), key = key_id(event->service);
    struct bytes relates = token_of(game, event->relates);
    struct bytes relates_id = id_bytes(&event->relates_id), aliases[SEAL_ALIASES_MAX];
    struct envelope_header header = { .channel = id_bytes(&channel),
                                      .audience = event->audience ? event->audience : ENVELOPE_ROOM,
                                      .class_ = event->ephemeral ? ENVELOPE_EPHEMERAL : ENVELOPE_DURABLE,
                                      .from = token_of(game, event->from),
                                      .ref = token_of(game, event->ref),
                                      .relates = &relates,
                                      .n_relates = relates.size > 0,
                                      .relates_id = &relates_id,
                                      .n_relates_id = !id_is_zero(&event->relates_id),
                                      .echo = event->echo,
                                      .resolves = event->resolves,
                                      .resolves_seq = event->resolves_seq,
                                      .resolves_target = event->resolves_target,
                                      .watermark_ms = event->watermark_ms,
                                      .key_id = id_bytes(&key),
                                      .seq = 1,
                                      .created_ms = game->broker.now_ms,
                                      .expires_ms = event->expires_ms,
                                      .hops = event->hops,
                                      .lane = event->lane,
                                      .opens_window_ms = event->opens_window_ms,
                                      .consent = event->consent,
                                      .aliases = aliases };

    while (header.n_aliases < SEAL_ALIASES_MAX && event->aliases[header.n_aliases]) {
        aliases[header.n_aliases] = game_token(game, event->aliases[header.n_aliases]);
        header.n_aliases++;
    }

    if (id_is_zero(&id)) {
        uint64_t n = ++game->ids;

        id.bytes[0] = 0xee;
        memcpy(id.bytes + 8, &n, sizeof(n));
    }
    header.id = id_bytes(&id);
    if (event->from)
        header.account = bytes_of_text(event->account ? event->account : accounts[event->service]);
    if (!id_is_zero(&event->room))
        header.room = id_bytes(&event->room);
    struct bytes envelope = make_envelope(game, &header);
    broker_expect(&game->broker, &envelope, 1);
    broker_publish(&game->broker, peer, ++game->tickets, envelope);
}

void game_turn(struct game *game)
{
    broker_flush(&game->broker);
    memory_tables_commit(game->memory);
    game->broker.is_waking = false;
    while (broker_pump(&game->broker))
        broker_flush(&game->broker);
    broker_flush(&game->broker);
    assert(game->broker.tables.failed == 0);
}

void game_pass_ms(struct game *game, uint64_t ms)
{
    broker_tick(&game->broker, game->broker.now_ms + ms);
    game_turn(game);
}

struct id game_room_of_three(struct game *game)
{
    static const char *const people[] = { "", "ana", "bob", "eve" };
    struct directory *directory = &game->broker.directory;
    struct id channel = game_channel(), room;

    assert(directory_create(directory, &channel, &(struct id){ { 0x70, 0x07 } }, bytes_of_text("sealed name"), &room) ==
           0);
    for (enum game_service service = WHATSAPP; service <= INSTAGRAM; service++) {
        struct address *address;

        assert(directory_meet(directory, &channel, bytes_of_text(accounts[service]), game_token(game, people[service]),
                              &address) == 0);
        assert(directory_join(directory, address, &room) == 0);
    }
    return room;
}

static void answer(struct game *game, struct peer *peer, uint64_t seq, const struct outcome *outcome)
{
    assert(broker_ack(&game->broker, peer, 7, seq, outcome, 1) == 0);
    broker_peer_credit(&game->broker, peer, 1, 0);
    game_turn(game);
}

void game_outcome(struct game *game, struct peer *peer, uint64_t seq, uint32_t target, enum outcome_kind kind,
                  const char *ref)
{
    struct bytes token = token_of(game, ref);

    answer(game, peer, seq,
           &(struct outcome){ .target = target, .kind = kind, .refs = &token, .n_refs = token.size > 0 });
}

void game_deferred(struct game *game, struct peer *peer, uint64_t seq, uint32_t target, uint32_t retry_ms)
{
    answer(game, peer, seq, &(struct outcome){ .target = target, .kind = OUTCOME_IS_DEFERRED, .retry_ms = retry_ms });
}

void game_returned(struct game *game, struct peer *peer, uint64_t seq, uint32_t target, uint32_t retry_ms)
{
    answer(game, peer, seq, &(struct outcome){ .target = target, .kind = OUTCOME_IS_RETURNED, .retry_ms = retry_ms });
}

const struct game_handed *game_next(const struct game *game, const struct peer *peer, size_t *at)
{
    while (*at < game->n_handed) {
        const struct game_handed *handed = &game->handed[(*at)++];

        if (handed->peer == peer)
            return handed;
    }
    return NULL;
}

size_t game_count(const struct game *game, const struct peer *peer)
{
    size_t at = 0, n = 0;

    while (game_next(game, peer, &at))
        n++;
    return n;
}

const struct game_handed *game_last(const struct game *game, const struct peer *peer)
{
    const struct game_handed *handed = NULL, *next;

    for (size_t at = 0; (next = game_next(game, peer, &at));)
        handed = next;
    return handed;
}

const struct counts *game_counts(struct game *game)
{
    struct id channel = game_channel();

    return audit_of(&game->broker.audit, &channel);
}
