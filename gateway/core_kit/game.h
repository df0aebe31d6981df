/* A whole gateway on paper: three translators, a bot, people, time as a number. Tests say what happens and look at what
 * was handed out. Never used outside tests.
 */
#ifndef TREFOIL_CORE_KIT_GAME_H
#define TREFOIL_CORE_KIT_GAME_H

#include "core/broker.h"
#include "core_kit/memory_tables.h"
#include "wire/envelope.h"

#define GAME_HANDED_MAX 4096
#define GAME_PEERS_MAX 16

enum game_service { WHATSAPP = 1, MESSENGER, INSTAGRAM, BOT, CRM };

struct game_handed {
    struct peer *peer;
    uint32_t handle;
    uint64_t seq;
    uint32_t attempt;
    bool maybe_sent, vanished;
    unsigned n_targets;
    uint32_t first_target;
    struct bytes envelope, address, relates_ref, last_ref; /* of the first target */
    uint64_t window_ms;
    bool consent_withdrawn;
};

struct game {
    struct memory_tables *memory;
    struct broker broker;
    struct arena mem;
    struct peer peers[GAME_PEERS_MAX];
    unsigned n_peers;
    struct game_handed handed[GAME_HANDED_MAX];
    size_t n_handed;
    struct verdict verdict; /* the last one … */
    uint64_t verdict_ticket;
    unsigned n_verdicts;
    uint64_t tickets, ids;
    uint64_t retention_ms;
    bool is_handed_over; /* the account of messenger is another service's now: that of CRM */
};

void game_start(struct game *game);
void game_end(struct game *game);

/* A test that finds a new game in its state. */
#define ON_PAPER(test) cmocka_unit_test_setup_teardown(test, game_set_up, game_tear_down)
int game_set_up(void **state);
int game_tear_down(void **state);

/* Kills the gateway (peers go too) and starts it again on what was durable. */
void game_restart(struct game *game);

/* The same, but it was asked to stop and did so in order; what was handed out before is forgotten. */
void game_stop_and_start(struct game *game);

/* A new roster: CRM, a translator from now on, has the account that was messenger's; or gives it back. */
void game_hand_over(struct game *game);
void game_hand_back(struct game *game);

/* A replica of a service comes with this credit and takes its seat: TARGETS for translators, ALL for others. */
struct peer *game_join(struct game *game, enum game_service service, uint8_t replica, uint64_t credit);
void game_leave(struct game *game, struct peer *peer);

/* "ana" on an account's network as a token; message ids likewise. */
struct bytes game_token(struct game *game, const char *what);
const char *game_account(enum game_service service);

/* An event of the network, or a service's word. Fill in what differs; id 0: a fresh one. */
struct game_event {
    enum game_service service;
    const char *from, *ref, *relates; /* names made tokens; NULL: none */
    struct id room, relates_id, id;
    enum envelope_audience audience; /* 0: room */
    bool echo, ephemeral, resolves;
    uint64_t resolves_seq, watermark_ms, expires_ms;
    uint32_t resolves_target, hops;
    const char *account; /* NULL: the service's own */
    const char *aliases[SEAL_ALIASES_MAX];
    enum envelope_lane lane;
    enum envelope_consent consent;
    uint64_t opens_window_ms;
};

/* Publishes through the peer: the verdict is in game->verdict. */
void game_publish(struct game *game, struct peer *peer, const struct game_event *event);

/* Commits, hands out. */
void game_turn(struct game *game);
void game_pass_ms(struct game *game, uint64_t ms);

/* All three persons "ana" (whatsapp), "bob" (messenger), "eve" (instagram) into one room. */
struct id game_room_of_three(struct game *game);

/* The peer says how the delivery's first target ended. */
void game_outcome(struct game *game, struct peer *peer, uint64_t seq, uint32_t target, enum outcome_kind kind,
                  const char *ref);
void game_deferred(struct game *game, struct peer *peer, uint64_t seq, uint32_t target, uint32_t retry_ms);
void game_returned(struct game *game, struct peer *peer, uint64_t seq, uint32_t target, uint32_t retry_ms);

/* Everything handed to the peer since the index, in order; NULL at the end. */
const struct game_handed *game_next(const struct game *game, const struct peer *peer, size_t *at);
size_t game_count(const struct game *game, const struct peer *peer);

/* What was handed to the peer last; NULL: nothing. */
const struct game_handed *game_last(const struct game *game, const struct peer *peer);

struct id game_channel(void);
struct id game_id(enum game_service service);
const struct counts *game_counts(struct game *game);

#endif
