/* When the next send may go: a token bucket per account and one per pair of account and person, and pauses the network
 * asked for. Never reads the clock, never sends.
 */
#ifndef TREFOIL_SKELETON_LIMITER_H
#define TREFOIL_SKELETON_LIMITER_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/map.h"
#include "skeleton_types/translator.h"

#define LIMITER_PAIRS_MAX 65536 /* pairs remembered at once; a forgotten pair starts with a full bucket */

/* Fills with time: every `refill_us` earns one token, up to `burst`. */
struct bucket {
    uint64_t tokens_us; /* what is in it, as the time that earned it */
    uint64_t since_ms;
};

struct limiter_account {
    struct bucket bucket;
    uint64_t paused_until_ms;
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
uint64_t limiter_take(struct limiter *limiter, size_t account, const char *user_id, uint64_t now_ms);

/* Nothing goes before `until_ms`; never shortens a pause. */
void limiter_pause_account(struct limiter *limiter, size_t account, uint64_t until_ms);
void limiter_pause_pair(struct limiter *limiter, size_t account, const char *user_id, uint64_t until_ms);

/* Whatever made the account wait is over: its credentials were replaced. */
void limiter_resume_account(struct limiter *limiter, size_t account);

#endif
