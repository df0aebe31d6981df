/* Everything the sandbox knows: accounts of the business, people with their phones, what was said, what is switched on.
 * Never speaks HTTP: it changes state and lets listeners know through the live feed.
 */
#ifndef TREFOIL_SANDBOX_WORLD_H
#define TREFOIL_SANDBOX_WORLD_H

#include <uv.h>

#include "base/list.h"
#include "base/map.h"
#include "daemon/http_client.h"
#include "daemon/log.h"
#include "sandbox/faults.h"
#include "sandbox/ids.h"
#include "sandbox/settings.h"

#define MAX_PEOPLE 10000
#define MAX_BUBBLES 2000000
#define MAX_TEXT_BYTES 65536

enum network { NETWORK_WHATSAPP, NETWORK_MESSENGER, NETWORK_INSTAGRAM, N_NETWORKS };
enum ticks { TICKS_SENT, TICKS_DELIVERED, TICKS_READ };
enum side { SIDE_PERSON, SIDE_BUSINESS };

struct feed;
struct handshake;
struct lane;
struct call_log;

struct account {
    enum network network;
    char *id, *page_id, *token, *app_secret, *verify_token, *webhook_url;
    bool is_subscribed; /* the handshake succeeded */
    struct faults faults;
    struct handshake *handshake;
    struct lane *batch;
    uint64_t n_webhooks, n_retries, n_given_up; /* POSTs, of which again; events lost */
    uint64_t n_events;
    uint64_t n_calls, n_accepted, n_refused, n_duplicates, n_answers_lost, n_rate_limited;
};

struct person {
    struct list link;
    struct world *world;
    struct account *account;
    char *user_id, *name;
    bool is_looking;          /* reads what arrives */
    bool is_typing_shown;     /* the business types, as this phone shows it */
    uint64_t typing_until_ms; /* of the loop's clock */
    struct list bubbles;      /* in order of appearance */
    struct lane *messages, *receipts;
};

struct bubble {
    struct list link;
    struct person *person;
    char *id, *text, *reply_to, *mark;
    char *reactions[2]; /* by side; NULL: none */
    enum side from;
    enum ticks ticks;
    int64_t at_ms; /* of the wall clock */
    unsigned n_edits;
    bool is_unsent, is_by_agent; /* a human, in the network's own inbox */
};

struct world {
    uv_loop_t *loop;
    const struct settings *settings;
    struct log log;
    struct dice dice;
    struct http_client *client;
    struct feed *feed;
    struct call_log *calls;
    struct account *accounts;
    size_t n_accounts;
    struct list people;
    struct map people_by_id, bubbles_by_id, seen_marks;
    struct list laters;
    struct list lanes;
    bool is_closing;
    /* Switched at run time. */
    bool auto_read, echoes;
    uint64_t read_delay_ms, delivered_delay_ms;
};

const char *network_name(enum network network);
must_use_ int network_of(const char *name, enum network *ret); /* -ENOENT */
const char *ticks_name(enum ticks ticks);

/* Reads the secrets of the accounts and makes the configured people. -errno, with the file at fault in `*ret_what`. */
must_use_ int world_init(struct world *world, uv_loop_t *loop, const struct settings *settings, const char **ret_what);
void world_deinit(struct world *world);

/* Forgets what was said, what is under way and what is switched on; keeps accounts and people. */
void world_reset(struct world *world);

struct account *world_account(struct world *world, enum network network); /* the first of the network, or NULL */
int64_t wall_ms(void);

/* People. -EEXIST only renames; -ENOSPC, -ENOMEM, -ENOENT (no account on that network). */
must_use_ int person_add(struct world *world, enum network network, const char *user_id, const char *name);
struct person *person_find(struct world *world, enum network network, const char *user_id);

/* Empties the phone; gives everything back. */
void person_forget(struct person *person);
struct person *person_free(struct person *person);

/* Bubbles. `order` is copied. */
struct bubble_order {
    enum side from;
    const char *text, *reply_to, *mark;
    bool is_by_agent;
};
struct bubble *bubble_add(struct person *person, const struct bubble_order *order); /* NULL: no memory, too many */
struct bubble *bubble_find(struct world *world, const char *id);                    /* NULL */
void bubble_raise(struct bubble *bubble, enum ticks ticks);                         /* never back */
void bubble_react(struct bubble *bubble, enum side side, const char *emoji);        /* NULL or "": takes it away */
void bubble_rewrite(struct bubble *bubble, const char *text);
void bubble_unsend(struct bubble *bubble);

/* True when this person was sent the same text under the same mark before. */
bool mark_seen_before(struct person *person, const char *mark, const char *text);

/* The business types until the loop's clock says otherwise, a message comes, or 0. */
void person_typing(struct person *person, uint64_t for_ms);

/* Runs `act(what)` after `ms`, unless the world is reset first. */
void later(struct world *world, uint64_t ms, void (*act)(void *what), void *what);

#endif
