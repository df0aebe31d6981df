/* What a trefoil_client consists of, and the steps its files do for one another. Never seen outside this folder.
 */
#ifndef TREFOIL_CLIENT_INSIDE_H
#define TREFOIL_CLIENT_INSIDE_H

#include <trefoil/client.h>

#include "client/connection.h"
#include "client/grants.h"
#include "client/inbox.h"
#include "client/membership.h"
#include "client/outbox.h"
#include "client/subscriptions.h"
#include "seal/reader.h"
#include "seal/token.h"

#define CLIENT_ASKS_MAX 64
#define CLIENT_REFUSED_KEYS 64
#define CLIENT_ERROR_BYTES 256
#define CLIENT_EVENT_MEMORY_BYTES (32u << 20)
#define CLIENT_WORK_MEMORY_BYTES (32u << 20)
#define CLIENT_FLUSH_EVERY 32         /* events told before outcomes and publications go out, if more are ready … */
#define CLIENT_FLUSH_PLAIN_AFTER_MS 2 /* plain ones wait so long for more of their kind, as long as credit lasts */
#define CLIENT_FLUSH_PLAIN_EVERY 256  /* … and before plain acknowledgements and credit do, which nobody waits for */

/* What stops the delivery at the head of the inbox. */
enum client_wait { WAIT_NOTHING, WAIT_GRANT, WAIT_ROSTER };

/* A key whose envelopes cannot be opened, and constant words why. */
struct refused_key {
    uint8_t key_id[SEAL_KEY_ID_BYTES];
    const char *why;
};

/* A Confirm that is told ticket by ticket. */
struct telling {
    const Trefoil__Confirm *confirm; /* NULL: none */
    enum { TELL_ACCEPTED, TELL_DUPLICATE, TELL_REJECTED } part;
    size_t at;       /* run or rejection */
    uint64_t offset; /* within the run */
};

struct asks {
    uint64_t open[CLIENT_ASKS_MAX]; /* tickets without an answer */
    size_t n_open;
    uint64_t lost[CLIENT_ASKS_MAX]; /* tickets whose answer will not come any more */
    size_t n_lost;
    uint64_t next;
};

struct trefoil_client {
    char *endpoint;
    uint32_t receive_credit;
    struct keyring *keyring;
    struct connection connection;
    struct membership membership;
    struct grants grants;
    struct outbox outbox;
    struct inbox inbox;
    struct subscriptions subscriptions;
    struct reader *reader;
    struct asks asks;

    struct arena frame_arena; /* the frame in hand, other than Deliver */
    zmq_msg_t frame;          /* its bytes */
    bool has_frame;
    struct telling telling;
    zmq_msg_t kept; /* an Answer whose dead letter waits for its key */
    bool has_kept;
    struct arena event_arena; /* what the event told last points to */
    struct arena work;        /* one call's */

    enum client_wait wait;
    uint8_t wait_key[SEAL_KEY_ID_BYTES];
    struct refused_key refused[CLIENT_REFUSED_KEYS];
    size_t n_refused;
    unsigned n_roster_gets; /* since a key needed a newer roster */

    struct {
        bool connected; /* told once the grants of this service are stored */
        bool lost, credit, roster, closed;
    } notice;          /* events not told yet */
    bool is_connected; /* as told */
    bool is_paused;    /* wants to be handed nothing more */
    bool is_draining, said_bye, heard_bye, is_closed;
    uint64_t drain_deadline_ms;
    unsigned n_told;       /* since the last flush */
    uint64_t plain_due_ms; /* when plain acknowledgements that wait go out; 0: none wait */

    struct trefoil_delivery delivery;
    struct bytes raw_envelope; /* of a raw delivery */
    struct trefoil_answer answer;
    enum trefoil_status trouble; /* to be returned by the next trefoil_client_next(); OK: none */
    char error[CLIENT_ERROR_BYTES];
};

/* Keeps words for trefoil_client_error() and returns `status`. */
enum trefoil_status client_fail(struct trefoil_client *client, enum trefoil_status status, const char *format, ...)
    printf_(3, 4);
enum trefoil_status client_fail_errno(struct trefoil_client *client, int error);

/* The connection is of no use any more; `why` is told. */
void client_lose(struct trefoil_client *client, const char *why);

/* Asks for no more deliveries if that is wanted and the gateway knows the word. */
must_use_ int client_say_pause(struct trefoil_client *client);

/* Sends what waits: publications, answers, credit. */
void client_flush(struct trefoil_client *client);

/* client_frames.c: one frame from the socket. 1 done, 0 there is none; the connection is dropped by itself when the
 * gateway breaks the protocol. `*ret_event` when the frame is an event of its own. */
int client_take_frame(struct trefoil_client *client, struct trefoil_event *ret, bool *ret_event);
/* The next ticket of the Confirm in hand. True: an event. */
bool client_tell_confirm(struct trefoil_client *client, struct trefoil_event *ret);
void client_ask_roster(struct trefoil_client *client);

/* client_deliver.c: the next delivery that can be shown. True: an event. */
bool client_tell_delivery(struct trefoil_client *client, struct trefoil_event *ret);
const char *client_refusal(const struct trefoil_client *client, struct bytes key_id);
void client_refuse_key(struct trefoil_client *client, struct bytes key_id, const char *why);
void client_get_grant(struct trefoil_client *client, const uint8_t *key_id);
void client_grant_is(struct trefoil_client *client, const Trefoil__GrantIs *answer);

/* What was opened, as far as this service may read it; the personal part is put back where it holds the token key.
 * -EBADMSG, -EMSGSIZE (none of it is to be shown), -ENOMEM. */
must_use_ int client_read_content(struct trefoil_client *client, const struct opened *opened,
                                  struct trefoil_message *ret);

/* client_publish.c: a token into the work arena; empty text: empty token. -ENOKEY (not in this role), … */
must_use_ int client_token(struct trefoil_client *client, const uint8_t *channel, const struct token_plain *plain,
                           struct bytes *ret);
/* Seals a publication again whose grant the gateway does not take any more. -EAGAIN, … */
must_use_ int client_seal_again(struct trefoil_client *client, struct publication *publication);
/* Seals into the work arena, without queueing. */
enum trefoil_status client_seal(struct trefoil_client *client, const struct trefoil_publication *publication,
                                struct bytes *ret_envelope, struct bytes *ret_content);
enum trefoil_status client_queue(struct trefoil_client *client, struct bytes envelope, struct bytes content,
                                 uint64_t *ret_ticket);
/* Something is to be sent: at once when it is a batch, else with the next event. */
void client_nudge(struct trefoil_client *client);

/* The original behind a token, in the event arena; NULL without ROLE_ADDRESSES, or when it is none of ours. */
const char *client_plain(struct trefoil_client *client, const uint8_t *channel, const char *account, struct bytes token,
                         enum token_kind kind);

/* client_answer.c: what the gateway answered, in the event arena. False: nobody asked. */
bool client_take_answer(struct trefoil_client *client, const Trefoil__Answer *answer, struct trefoil_event *ret);
bool client_tell_kept_answer(struct trefoil_client *client, struct trefoil_event *ret);
bool client_tell_lost_ask(struct trefoil_client *client, struct trefoil_event *ret);

#endif
