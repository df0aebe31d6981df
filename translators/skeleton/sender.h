/* Deliveries become requests to the network, and what it answers becomes outcomes.
 * Never tells an outcome the network did not give, and never sends again what may have been accepted unless policy says.
 */
#ifndef TREFOIL_SKELETON_SENDER_H
#define TREFOIL_SKELETON_SENDER_H

#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include <trefoil/client.h>

#include "accounts.h"
#include "base/attributes.h"
#include "bus.h"
#include "daemon/log.h"
#include "echoes.h"
#include "figures.h"
#include "limiter.h"
#include "settings.h"
#include "skeleton_types/translator.h"

#define SENDER_ENDS "this process ends"     /* why a delivery goes back */
#define SENDER_CREDIT 256                   /* deliveries under way at once */
#define SENDER_PARCEL_MAX_BYTES (24u << 20) /* what one delivery may cost */
#define SENDER_HOLD_MS 1000    /* longer waits are the gateway's: it parks the room without holding memory */
#define SENDER_REFUSED_MS 1000 /* first wait after a refusal that names no time */
#define SENDER_BULK_WAITING_MAX (SENDER_CREDIT / 2) /* of one account: replies find credit left */
#define SENDER_BULK_OUT_MAX 24                      /* … and connections */
#define SENDER_ATTEMPTS_MAX 48 /* GATEWAY_ATTEMPTS_MAX is 50: whoever gives up first tells the author */
#define SENDER_REPLY_MAX_BYTES (256u << 10)
#define SENDER_CONNECTIONS_MAX 32
#define SENDER_SENT_IDS 1024 /* remembered, so that the echo of one message is no proof of the next like it */

struct sender;

struct media;
struct media_urls;

struct sender_options {
    struct bus *bus;
    const struct translator_ops *ops;
    struct accounts *accounts;
    const struct settings *settings;
    struct media *media;           /* NULL: files travel as words */
    const struct media_urls *urls; /* NULL: files are not offered by URL */
    struct figures *figures;
    const struct log *log;
    uint64_t (*wall_ms)(void); /* Unix ms: reply windows are of the world's time */
    void *owner;
    /* How somebody is called, borrowed for the call; NULL when that is not known. May be NULL itself. */
    const char *(*name_of)(void *owner, size_t account, const char *user_id);
    void (*on_idle)(void *owner); /* nothing is under way any more */
};

/* -ENOMEM, -errno. */
must_use_ int sender_open(uv_loop_t *loop, const struct sender_options *options, struct sender **ret);

/* What is under way is abandoned: the gateway finds it in doubt. Accepts NULL, returns NULL. */
struct sender *sender_close(struct sender *sender);

/* Borrowed for the call. */
void sender_take(struct sender *sender, const struct trefoil_delivery *delivery);

/* The network proved that this target was sent to. */
void sender_prove(struct sender *sender, uint64_t seq, uint32_t target, const char *message_id);

/* The business said these words to this person, and the network calls them `message_id`: our own send coming back, when
 * one whose answer is out or was lost said just that. For networks whose echoes return no mark. What proves nothing now is
 * kept for a delivery that may come: somebody else began it. True: a send that went twice said it, and that is known to
 * the gateway as `ret_seq`, `ret_target`. */
must_use_ bool sender_prove_words(struct sender *sender, const struct utterance *said, const char *message_id,
                                  uint64_t *ret_seq, uint32_t *ret_target);

/* The gateway knows whose message this is. */
void sender_echo_over(struct sender *sender, const char *message_id);

/* A person wrote to this account. */
void sender_received(struct sender *sender, const char *account);

/* How much of its rate the account uses now, per mille. */
uint32_t sender_share(const struct sender *sender, size_t account);

/* The account's credentials were replaced: what waited for that goes at once. */
void sender_resume(struct sender *sender, size_t account);

/* Nothing is begun any more: what has not gone out is kept back, the rest is finished. */
void sender_stop(struct sender *sender);

/* Gives what was kept back to the gateway: the last word before goodbye, or the gateway would hand it to us again. */
void sender_return_held(struct sender *sender);

/* Targets under way, without those kept back. */
size_t sender_n_busy(const struct sender *sender);

#endif
