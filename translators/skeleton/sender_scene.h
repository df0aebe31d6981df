/* A stage for tests of the sender: a network on loopback HTTP that does as it is told, a bus of paper that keeps what is
 * said to it, and a time of the world that only the test moves. Never part of a program.
 */
#ifndef TREFOIL_SKELETON_SENDER_SCENE_H
#define TREFOIL_SKELETON_SENDER_SCENE_H

#include "daemon/http_server.h"
#include "echo/echo.h"
#include "sender.h"

enum { UNKNOWN_WAIT_MS = 60, SEQ = 7, GUARD_MS = 5000, LOG_MAX = 40 };

struct scene;

/* What is said to the bus. */
struct bus {
    struct scene *scene;
    struct trefoil_target_outcome outcomes[LOG_MAX];
    char ids[LOG_MAX][64], lost[LOG_MAX][64], first_lost[LOG_MAX][64];
    unsigned n_outcomes;
    struct post *posts[LOG_MAX];
    unsigned n_posts;
    char mentioned[LOG_MAX][128]; /* "account/user id = its first alias" */
    unsigned n_mentioned;
    bool is_paused;
};

struct scene {
    uv_loop_t loop;
    struct arena mem;
    struct settings settings;
    struct account_settings account_settings[2];
    struct account account[2];
    struct accounts accounts;
    struct figures figures;
    struct log log;
    struct bus bus;
    struct http_server *network;
    struct translator_ops
        ops; /* the echo network's; what is changed here counts at once, `limits` after sender_again() */
    struct sender *sender;
    uv_timer_t guard;
    int script[LOG_MAX]; /* statuses to answer with; 0: drop the answer, -1: say nothing yet */
    unsigned n_asked;
    char bodies[LOG_MAX][1024];
    struct http_exchange *silent;
};

/* cmocka's setup and teardown: `*state` is a scene of one sender with the accounts echo/100 and echo/200. */
int open_scene(void **state);
int close_scene(void **state);

/* Another sender in the place of the first, with the limits of `ops` as they are now. */
void sender_again(struct scene *scene);

/* Unix ms. */
void set_time(uint64_t now_ms);

/* Hands the sender a delivery: words, or any message, to Ana; or to anybody in any lane. Sequence 0 is ephemeral. */
void deliver(struct scene *scene, const char *words);
void deliver_kind(struct scene *scene, const struct trefoil_message *message, uint64_t seq);
void deliver_to(struct scene *scene, const struct trefoil_message *message, uint64_t seq,
                const struct trefoil_target *target, enum trefoil_lane lane);

/* The same words to Ana, which an earlier holder may have sent; the last waited in vain, or vanished. */
void deliver_in_doubt(struct scene *scene, const char *words, uint32_t attempt);
void deliver_after_a_death(struct scene *scene, const char *words, uint32_t attempt);

/* An echo comes in. True: it was of a send that went twice, which is SEQ, target 2. */
bool hear(struct scene *scene, const struct utterance *said, const char *message_id);

/* Runs the loop until it is so; the test fails when it takes GUARD_MS. */
void wait_for_outcome(struct scene *scene);
void wait_for_post(struct scene *scene);
void wait_for_request(struct scene *scene, unsigned n);

#endif
