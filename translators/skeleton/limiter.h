/* When the next send may go: a token bucket per account, filled at the account's pace, one per pair of account and person,
 * and pauses the network asked for. Replies overtake bulk of the same account: bulk leaves a share of the bucket alone, and a token for each reply
 * that waits. Never reads the clock, never sends.
 */
#ifndef TREFOIL_SKELETON_LIMITER_H
#define TREFOIL_SKELETON_LIMITER_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/map.h"
#include "pace.h"
#include "skeleton_types/translator.h"

#define LIMITER_RESERVE_SHARE 4      /* one in so many of an account's tokens is not for bulk */
#define LIMITER_SLOT_MAX_MS 600000   /* bulk is never sent away for longer */
#define LIMITER_GROWN_MAX_MS 3600000 /* no refusal after refusal makes a wait longer than this */
#define LIMITER_PAIRS_MAX 65536      /* pairs remembered at once; a forgotten pair starts with a full bucket */

/* Fills with time: every `refill_us` earns one token, up to `burst`. */
struct bucket {
    uint64_t tokens_us; /* what is in it, as the time that earned it */
    uint64_t since_ms;
};

struct limiter_account {
    struct bucket bucket, heavy;
    struct pace pace;
    uint64_t paused_until_ms;
    unsigned n_refusals;   /* in a row */
    size_t n_waiting[2];   /* by lane */
    uint64_t bulk_slot_us; /* when the last bulk that was sent away may come back, in microseconds */
};

struct limiter {
    struct translator_limits limits;
    struct limiter_account *accounts;
    size_t n_accounts;
    struct map pairs;
};

/* `seed` is random: strangers choose user ids. -ENOMEM. */
must_use_ int limiter_init(struct limiter *limiter, const struct translator_limits *limits, size_t n_accounts,
                           uint64_t seed);
void limiter_deinit(struct limiter *limiter);

/* 0: go, and the tokens are taken; else the milliseconds to wait before asking again. */
uint64_t limiter_take(struct limiter *limiter, size_t account, const char *user_id, enum trefoil_lane lane,
                      uint64_t now_ms);

/* The same for sound and video, which have a bucket of their own beside the others. */
uint64_t limiter_take_heavy(struct limiter *limiter, size_t account, const char *user_id, enum trefoil_lane lane,
                            uint64_t now_ms);

/* One that was told to wait does, and waits no more. */
void limiter_wait(struct limiter *limiter, size_t account, enum trefoil_lane lane);
void limiter_wait_over(struct limiter *limiter, size_t account, enum trefoil_lane lane);

/* How long the bulk that waits already will take: one more has its turn after that. */
uint64_t limiter_bulk_ahead_ms(const struct limiter *limiter, size_t account, uint64_t now_ms);

/* For bulk that is sent away: in how many milliseconds to come back, `hold_ms` at least. Each gets a time of its own, so
 * that not all of them come back at once, to be sent away again. */
uint64_t limiter_bulk_slot_ms(struct limiter *limiter, size_t account, uint64_t hold_ms, uint64_t now_ms);

/* So much came in: it counts where the network counts both ways, and nobody waits for that. */
void limiter_received(struct limiter *limiter, size_t account, size_t n, uint64_t now_ms);

/* The network says it was too much at once: the account goes slower, from an empty bucket. True: slower than before. */
bool limiter_slow(struct limiter *limiter, size_t account, uint64_t now_ms);

/* The network says how much of the account's allowance is used up. */
void limiter_usage(struct limiter *limiter, size_t account, uint32_t percent, uint64_t now_ms);

/* Nothing goes before `until_ms`; never shortens a pause. */
void limiter_pause_account(struct limiter *limiter, size_t account, uint64_t until_ms);
void limiter_pause_pair(struct limiter *limiter, size_t account, const char *user_id, uint64_t until_ms);

/* The network refused and named no time: a pause of `first_ms`, four times as long with each further refusal in a row. What
 * was under way when a pause began belongs to the refusal that began it. Answers how long the pause still is. `user_id`
 * NULL: the whole account. */
uint64_t limiter_refused_ms(struct limiter *limiter, size_t account, const char *user_id, uint64_t first_ms,
                            uint64_t now_ms);

/* The network took a message to this person: the row ends, unless a pause runs. */
void limiter_took(struct limiter *limiter, size_t account, const char *user_id, uint64_t now_ms);

/* Whatever made the account wait is over: its credentials were replaced. */
void limiter_resume_account(struct limiter *limiter, size_t account);

#endif
