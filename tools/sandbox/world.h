/* Everything the sandbox knows: accounts of the business, people with their phones, what was said, what is switched on.
 * Never speaks HTTP: it changes state and lets listeners know through the live feed.
 */
#ifndef TREFOIL_SANDBOX_WORLD_H
#define TREFOIL_SANDBOX_WORLD_H

#include <jansson.h>
#include <uv.h>

#include "base/list.h"
#include "base/map.h"
#include "daemon/http_client.h"
#include "daemon/log.h"
#include "sandbox/faults.h"
#include "sandbox/files.h"
#include "sandbox/ids.h"
#include "sandbox/settings.h"
#include "sandbox/throttle.h"

#define MAX_PEOPLE 10000
#define MAX_BUBBLES 2000000
#define MAX_TEXT_BYTES 65536

enum network { NETWORK_WHATSAPP, NETWORK_MESSENGER, NETWORK_INSTAGRAM, N_NETWORKS };
enum ticks { TICKS_SENT, TICKS_DELIVERED, TICKS_READ };
enum side { SIDE_PERSON, SIDE_BUSINESS };

/* What a bubble shows. */
enum kind {
    KIND_TEXT,
    KIND_IMAGE,
    KIND_VIDEO,
    KIND_AUDIO,
    KIND_VOICE,
    KIND_FILE,
    KIND_STICKER,
    KIND_ANIMATED,
    KIND_LOCATION,
    KIND_CONTACTS,
    KIND_CHOICES,
    KIND_CHOICE,
    KIND_TEMPLATE,
    KIND_ORDER,
    KIND_NOTE,
    N_KINDS,
};

struct feed;
struct handshake;
struct lane;
struct call_log;

struct account {
    struct world *world;
    enum network network;
    char *id, *page_id, *token, *app_secret, *verify_token, *webhook_url;
    bool is_subscribed; /* the handshake succeeded */
    struct faults faults;
    struct throttle throttle;
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
    char *user_id; /* WhatsApp: the number, or the business-scoped id of somebody who shows none */
    char *name, *username;
    char *bsuid;              /* WhatsApp; NULL elsewhere */
    char *dialled;            /* WhatsApp: another spelling of the number that reaches it, too; NULL: none */
    bool is_number_hidden;    /* WhatsApp: webhooks carry the business-scoped id only */
    int64_t heard_ms;         /* of the virtual clock: when the window was last opened */
    bool is_looking;          /* reads what arrives */
    bool is_typing_shown;     /* the business types, as this phone shows it */
    uint64_t typing_until_ms; /* of the loop's clock */
    struct throttle throttle; /* of messages to this person */
    struct list bubbles;      /* in order of appearance */
    struct lane *messages, *receipts;
};

struct bubble {
    struct list link;
    struct person *person;
    enum kind kind;
    char *id, *text, *reply_to, *mark;
    json_t *content;     /* what the kind adds, as /control/phones shows it: "media", "choices", …; NULL: nothing */
    json_t *attachments; /* Messenger, Instagram: in the network's own form, where it is not files; NULL: none */
    char *reactions[2];  /* by side; NULL: none */
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
    struct files files;
    struct map assets; /* by media id */
    struct list asset_list, pours, fetches;
    char base_url[256];     /* where the networks' media are, without a slash at the end */
    int64_t clock_ahead_ms; /* of the virtual clock */
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

/* The virtual clock: windows close and media expire by it. It runs, and is moved on by the control API. */
int64_t world_now_ms(const struct world *world);

/* How many calls it may make in a second, with the fault `limits`: as documented, or as it was told. */
uint64_t account_calls_per_s(const struct account *account);

/* People. -EEXIST only renames; -ENOSPC, -ENOMEM, -ENOENT (no account on that network). Who is added has just written,
 * as far as windows go. */
struct person_order {
    enum network network;
    const char *user_id, *name;
    const char *bsuid, *username, *dialled; /* may be NULL */
    bool is_number_hidden;
};
must_use_ int person_add(struct world *world, const struct person_order *order);

/* By the user id, or on WhatsApp by the business-scoped id, or as the number is dialled. */
struct person *person_find(struct world *world, enum network network, const char *user_id);

/* WhatsApp: the number as webhooks show it; NULL: they do not. */
const char *person_number(const struct person *person);

/* He did something that opens the window. */
void person_heard(struct person *person, int64_t at_ms);

/* A file as a bubble shows it; a new reference. And back: NULL when it is gone. */
json_t *file_json(const struct file *file, enum kind kind);
const struct file *file_of_json(const struct world *world, const json_t *json, enum kind *ret_kind);

const char *kind_name(enum kind kind);
must_use_ int kind_of(const char *name, enum kind *ret); /* -ENOENT */

/* Empties the phone; gives everything back. */
void person_forget(struct person *person);
struct person *person_free(struct person *person);

/* Bubbles. `order` is copied. */
struct bubble_order {
    enum side from;
    enum kind kind;
    const char *id; /* NULL: a new one */
    const char *text, *reply_to, *mark;
    json_t *content, *attachments; /* shared; NULL: none */
    bool is_by_agent;
};
struct bubble *bubble_add(struct person *person, const struct bubble_order *order); /* NULL: no memory, too many */
void bubble_mint_id(struct person *person, enum side from, char ret[MESSAGE_ID_SIZE]);
struct bubble *bubble_find(struct world *world, const char *id);             /* NULL */
void bubble_raise(struct bubble *bubble, enum ticks ticks);                  /* never back */
void bubble_react(struct bubble *bubble, enum side side, const char *emoji); /* NULL or "": takes it away */
void bubble_rewrite(struct bubble *bubble, const char *text);
void bubble_unsend(struct bubble *bubble);

/* True when this person was sent the same text under the same mark before. */
bool mark_seen_before(struct person *person, const char *mark, const char *text);

/* The business types until the loop's clock says otherwise, a message comes, or 0. */
void person_typing(struct person *person, uint64_t for_ms);

/* Runs `act(what)` after `ms`, unless the world is reset first. */
void later(struct world *world, uint64_t ms, void (*act)(void *what), void *what);

#endif
