/* Token buckets and pauses, on paper. Never reads the clock: time comes in with every question. */
#include "limiter.h"

#include <errno.h>
#include <stdlib.h>

struct pair {
    struct bucket bucket;
    uint64_t paused_until_ms;
    unsigned n_refusals; /* in a row */
};

struct rate {
    uint64_t burst, refill_us; /* refill_us 0: no limit */
    uint32_t share;            /* of it, per mille */
};

static struct rate account_rate(const struct limiter *limiter, size_t account, uint64_t now_ms)
{
    uint32_t per_s = limiter->limits.account_per_s;
    return (struct rate){ per_s, per_s ? 1000000 / per_s : 0, pace_share(&limiter->accounts[account].pace, now_ms) };
}

static struct rate pair_rate(const struct limiter *limiter)
{
    if (!limiter->limits.pair_burst)
        return (struct rate){ 0 };
    return (struct rate){ limiter->limits.pair_burst, (uint64_t) limiter->limits.pair_refill_ms * 1000, PACE_WHOLE };
}

static struct rate heavy_rate(const struct limiter *limiter)
{
    uint32_t per_s = limiter->limits.heavy_per_s;
    return (struct rate){ per_s, per_s ? 1000000 / per_s : 0, PACE_WHOLE };
}

/* How long it takes to earn so much. */
static uint64_t earning_us(struct rate rate, uint64_t tokens_us)
{
    return rate.share ? tokens_us * PACE_WHOLE / rate.share : 0;
}

static void fill(struct bucket *bucket, struct rate rate, uint64_t now_ms)
{
    uint64_t full_us = rate.burst * rate.refill_us;
    uint64_t passed_ms = now_ms > bucket->since_ms ? now_ms - bucket->since_ms : 0;

    bucket->since_ms = now_ms > bucket->since_ms ? now_ms : bucket->since_ms;
    if (passed_ms > full_us || bucket->tokens_us + passed_ms * rate.share > full_us)
        bucket->tokens_us = full_us;
    else
        bucket->tokens_us += passed_ms * rate.share; /* 1000 µs for each ms at the whole rate */
}

/* Milliseconds until so much is in the bucket, rounded up; it is up to date. */
static uint64_t missing_ms(const struct bucket *bucket, struct rate rate, uint64_t needed_us)
{
    if (bucket->tokens_us >= needed_us || !rate.share)
        return 0;
    return (needed_us - bucket->tokens_us + rate.share - 1) / rate.share;
}

/* What must be in the account's bucket before one of this lane may take its token. */
static uint64_t needed_us(const struct limiter_account *account, struct rate rate, enum trefoil_lane lane)
{
    if (lane != TREFOIL_LANE_BULK)
        return rate.refill_us;
    uint64_t tokens = 1 + rate.burst / LIMITER_RESERVE_SHARE + account->n_waiting[TREFOIL_LANE_REPLY];
    return rate.refill_us * (tokens < rate.burst ? tokens : rate.burst);
}

static uint64_t until(uint64_t until_ms, uint64_t now_ms)
{
    return until_ms > now_ms ? until_ms - now_ms : 0;
}

int limiter_init(struct limiter *limiter, const struct translator_limits *limits, size_t n_accounts, uint64_t seed)
{
    struct limiter_account *accounts = calloc(n_accounts ? n_accounts : 1, sizeof(*accounts));
    if (!accounts)
        return -ENOMEM;
    *limiter = (struct limiter){
        .limits = *limits,
        .accounts = accounts,
        .n_accounts = n_accounts,
        .pairs = MAP_EMPTY(LIMITER_PAIRS_MAX, seed),
    };
    for (size_t i = 0; i < n_accounts; i++) {
        accounts[i].bucket.tokens_us = account_rate(limiter, i, 0).burst * account_rate(limiter, i, 0).refill_us;
        accounts[i].heavy.tokens_us = heavy_rate(limiter).burst * heavy_rate(limiter).refill_us;
    }
    return 0;
}

static void forget_pairs(struct limiter *limiter)
{
    size_t at = 0;
    struct bytes key;
    void *pair;

    while (map_next(&limiter->pairs, &at, &key, &pair))
        free(pair);
    uint64_t seed = limiter->pairs.seed;
    map_deinit(&limiter->pairs);
    limiter->pairs = MAP_EMPTY(LIMITER_PAIRS_MAX, seed);
}

void limiter_deinit(struct limiter *limiter)
{
    forget_pairs(limiter);
    free(limiter->accounts);
    *limiter = (struct limiter){ 0 };
}

/* A pair is known by the hash of its user id: two people who collide only wait for each other. */
static struct pair *find_pair(struct limiter *limiter, size_t account, const char *user_id)
{
    uint64_t key[2] = { account, bytes_hash(bytes_of_text(user_id)) ^ limiter->pairs.seed };
    struct pair *pair = map_get(&limiter->pairs, bytes_make(key, sizeof(key)));
    if (pair)
        return pair;
    if (limiter->pairs.count == LIMITER_PAIRS_MAX)
        forget_pairs(limiter);
    pair = calloc(1, sizeof(*pair));
    if (!pair)
        return NULL;
    pair->bucket.tokens_us = pair_rate(limiter).burst * pair_rate(limiter).refill_us;
    if (map_set(&limiter->pairs, bytes_make(key, sizeof(key)), pair) < 0) {
        free(pair);
        return NULL;
    }
    return pair;
}

static uint64_t longest(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

uint64_t limiter_take(struct limiter *limiter, size_t account, const char *user_id, enum trefoil_lane lane,
                      uint64_t now_ms)
{
    struct limiter_account *whole = &limiter->accounts[account];
    struct rate per_account = account_rate(limiter, account, now_ms), per_pair = pair_rate(limiter);
    struct pair *pair = user_id ? find_pair(limiter, account, user_id) : NULL;

    fill(&whole->bucket, per_account, now_ms);
    uint64_t wait_ms = longest(until(whole->paused_until_ms, now_ms),
                               missing_ms(&whole->bucket, per_account, needed_us(whole, per_account, lane)));
    /* Where the bucket is too small for what waits, the token that is in it belongs to a reply. */
    if (lane == TREFOIL_LANE_BULK && per_account.burst && whole->n_waiting[TREFOIL_LANE_REPLY] >= per_account.burst)
        wait_ms = longest(wait_ms, (earning_us(per_account, per_account.refill_us) + 999) / 1000);
    if (pair) {
        fill(&pair->bucket, per_pair, now_ms);
        wait_ms = longest(wait_ms, until(pair->paused_until_ms, now_ms));
        wait_ms = longest(wait_ms, missing_ms(&pair->bucket, per_pair, per_pair.refill_us));
    }
    if (wait_ms)
        return wait_ms;
    whole->bucket.tokens_us -= per_account.refill_us;
    if (pair)
        pair->bucket.tokens_us -= per_pair.refill_us;
    return 0;
}

uint64_t limiter_take_heavy(struct limiter *limiter, size_t account, const char *user_id, enum trefoil_lane lane,
                            uint64_t now_ms)
{
    struct bucket *heavy = &limiter->accounts[account].heavy;
    struct rate rate = heavy_rate(limiter);

    fill(heavy, rate, now_ms);
    uint64_t wait_ms = missing_ms(heavy, rate, rate.refill_us);
    if (!wait_ms)
        wait_ms = limiter_take(limiter, account, user_id, lane, now_ms);
    if (!wait_ms)
        heavy->tokens_us -= rate.refill_us;
    return wait_ms;
}

void limiter_wait(struct limiter *limiter, size_t account, enum trefoil_lane lane)
{
    limiter->accounts[account].n_waiting[lane]++;
}

void limiter_wait_over(struct limiter *limiter, size_t account, enum trefoil_lane lane)
{
    limiter->accounts[account].n_waiting[lane]--;
}

uint64_t limiter_bulk_ahead_ms(const struct limiter *limiter, size_t account, uint64_t now_ms)
{
    struct rate rate = account_rate(limiter, account, now_ms);

    return earning_us(rate, limiter->accounts[account].n_waiting[TREFOIL_LANE_BULK] * rate.refill_us) / 1000;
}

uint64_t limiter_bulk_slot_ms(struct limiter *limiter, size_t account, uint64_t hold_ms, uint64_t now_ms)
{
    uint64_t *slot_us = &limiter->accounts[account].bulk_slot_us;
    uint64_t first_us = (now_ms + hold_ms) * 1000, last_us = (now_ms + LIMITER_SLOT_MAX_MS) * 1000;

    struct rate rate = account_rate(limiter, account, now_ms);

    *slot_us = longest(*slot_us + earning_us(rate, rate.refill_us), first_us);
    *slot_us = *slot_us < last_us ? *slot_us : last_us;
    return *slot_us / 1000 - now_ms;
}

void limiter_received(struct limiter *limiter, size_t account, size_t n, uint64_t now_ms)
{
    struct bucket *bucket = &limiter->accounts[account].bucket;
    struct rate rate = account_rate(limiter, account, now_ms);
    uint64_t spent_us = n * rate.refill_us;

    if (!limiter->limits.counts_received)
        return;
    fill(bucket, rate, now_ms);
    bucket->tokens_us -= spent_us < bucket->tokens_us ? spent_us : bucket->tokens_us;
}

bool limiter_slow(struct limiter *limiter, size_t account, uint64_t now_ms)
{
    struct limiter_account *whole = &limiter->accounts[account];

    fill(&whole->bucket, account_rate(limiter, account, now_ms), now_ms);
    if (!pace_slow(&whole->pace, now_ms))
        return false;
    whole->bucket.tokens_us = 0;
    return true;
}

void limiter_usage(struct limiter *limiter, size_t account, uint32_t percent, uint64_t now_ms)
{
    struct limiter_account *whole = &limiter->accounts[account];

    fill(&whole->bucket, account_rate(limiter, account, now_ms), now_ms);
    pace_usage(&whole->pace, percent, now_ms);
}

void limiter_pause_account(struct limiter *limiter, size_t account, uint64_t until_ms)
{
    uint64_t *paused = &limiter->accounts[account].paused_until_ms;
    *paused = longest(*paused, until_ms);
}

void limiter_pause_pair(struct limiter *limiter, size_t account, const char *user_id, uint64_t until_ms)
{
    struct pair *pair = user_id ? find_pair(limiter, account, user_id) : NULL;
    if (pair)
        pair->paused_until_ms = longest(pair->paused_until_ms, until_ms);
}

/* 1, 4, 16, … times the first wait, until it is long enough. */
static uint64_t grown_ms(uint64_t first_ms, unsigned n_refusals)
{
    uint64_t wait_ms = first_ms;

    for (unsigned i = 1; i < n_refusals && wait_ms < LIMITER_GROWN_MAX_MS; i++)
        wait_ms = wait_ms * 4 < LIMITER_GROWN_MAX_MS ? wait_ms * 4 : LIMITER_GROWN_MAX_MS;
    return wait_ms;
}

static uint64_t refused_ms(uint64_t *paused_until_ms, unsigned *n_refusals, uint64_t first_ms, uint64_t now_ms)
{
    if (*paused_until_ms <= now_ms) {
        ++*n_refusals;
        *paused_until_ms = now_ms + grown_ms(first_ms, *n_refusals);
    }
    return *paused_until_ms - now_ms;
}

uint64_t limiter_refused_ms(struct limiter *limiter, size_t account, const char *user_id, uint64_t first_ms,
                            uint64_t now_ms)
{
    struct limiter_account *whole = &limiter->accounts[account];
    struct pair *pair = user_id ? find_pair(limiter, account, user_id) : NULL;

    if (!user_id)
        return refused_ms(&whole->paused_until_ms, &whole->n_refusals, first_ms, now_ms);
    return pair ? refused_ms(&pair->paused_until_ms, &pair->n_refusals, first_ms, now_ms) : first_ms;
}

void limiter_took(struct limiter *limiter, size_t account, const char *user_id, uint64_t now_ms)
{
    struct limiter_account *whole = &limiter->accounts[account];
    struct pair *pair = user_id ? find_pair(limiter, account, user_id) : NULL;

    if (whole->paused_until_ms <= now_ms)
        whole->n_refusals = 0;
    if (pair && pair->paused_until_ms <= now_ms)
        pair->n_refusals = 0;
}

void limiter_resume_account(struct limiter *limiter, size_t account)
{
    limiter->accounts[account].n_refusals = 0;
    limiter->accounts[account].paused_until_ms = 0;
}
