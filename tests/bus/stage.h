/* A gateway process with a fresh tenant, and clients that talk over it, all driven from one thread. Never decides what
 * is right.
 */
#ifndef TREFOIL_TESTS_BUS_STAGE_H
#define TREFOIL_TESTS_BUS_STAGE_H

#include <stdbool.h>
#include <sys/types.h>

#include <trefoil/client.h>

enum player_name { WHATSAPP, MESSENGER, BOT, ADMIN, CRM, N_PLAYERS };

#define NOTES_MAX 4096
#define STAGE_MARK "PERSONALMARK"

/* What a player has seen, copied. */
struct note {
    enum trefoil_event_type type;
    uint64_t ticket;
    bool duplicate, retryable, maybe_sent, vanished;
    uint32_t reason, handle, attempt, target;
    uint64_t seq;
    struct trefoil_id envelope, room, relates_id;
    enum trefoil_kind kind;
    char name[64]; /* of the author */
    char sender[64], text[256], user[64], from[64], relates[64], last[64];
    size_t n_targets;
    bool unreadable, ok, more, has_mark; /* STAGE_MARK is somewhere in the message */
    uint64_t count;
    char words[256];
    size_t n_rooms, n_members, n_dead, n_hops, n_counters, n_capabilities;
    char hops[1024]; /* of a trace: "what: text; " each */
    struct {
        char account[64], feature[32], becomes[32], mime[32];
        uint64_t since_ms;
        size_t n_features;
    } capabilities[4];
    uint64_t window_ms;
    bool consent_withdrawn;
    enum trefoil_lane lane;
    char room_name[64];
};

struct player {
    trefoil_client *client;
    struct trefoil_id channel;
    uint32_t handle;
    bool is_connected;
    unsigned n_connected;
    enum trefoil_status trouble; /* the last status that was no event */
    struct note notes[NOTES_MAX];
    size_t n_notes;
};

struct stage {
    char dir[64], bin[256], endpoint[64];
    int port;
    pid_t gateway;
    uint32_t receive_credit; /* of who enters from now on; 0: the library's */
    struct player players[N_PLAYERS];
};

extern const char *const player_accounts[N_PLAYERS];

/* A new folder with keys, and a gateway on it. Ends the test when anything fails. */
void stage_open(struct stage *stage, const char *bin);
void stage_close(struct stage *stage);

void stage_start_gateway(struct stage *stage);
void stage_kill_gateway(struct stage *stage);

/* A program with the endpoint and this service's keyring as its arguments; killed and waited for by stage_end(). */
pid_t stage_start(struct stage *stage, const char *program, const char *service);
void stage_end(pid_t pid);

/* `trefoil roster WHAT NAME`, and the new roster to the gateway; the admin has entered. */
void stage_change_roster(struct stage *stage, const char *what, const char *name);

/* Opens the player's client and waits until it is connected; translators subscribe to their targets, the bot to all. */
struct player *stage_enter(struct stage *stage, enum player_name name);
void stage_leave(struct stage *stage, enum player_name name);

/* Drives every client until `done` says so; false after `timeout_ms`. */
bool stage_until(struct stage *stage, bool (*done)(struct stage *stage, void *context), void *context, int timeout_ms);

/* Drives until the player has a note of this type that is not taken yet, and takes the first; fails after 10 s. */
struct note stage_await(struct stage *stage, enum player_name name, enum trefoil_event_type type);
/* Drives for a while; true when such a note came. */
bool stage_sees(struct stage *stage, enum player_name name, enum trefoil_event_type type, int timeout_ms);

/* Publishes, driving until there is credit. */
uint64_t stage_publish(struct stage *stage, enum player_name name, const struct trefoil_publication *publication);

/* A text from `user` of the player's account, event and message id `id`; `relates` may be NULL. */
uint64_t stage_say(struct stage *stage, enum player_name name, const char *user, const char *id, const char *text,
                   const char *relates);

/* All targets of the delivery were sent, as message `id`. */
void stage_sent(struct stage *stage, enum player_name name, const struct note *delivery, const char *id);

struct note stage_ask(struct stage *stage, const struct trefoil_ask *ask); /* the admin asks */
struct note stage_ask_as(struct stage *stage, enum player_name name, const struct trefoil_ask *ask);

/* The two users in one room of their own. */
struct trefoil_id stage_room(struct stage *stage, const char *whatsapp_user, const char *messenger_user);

#endif
