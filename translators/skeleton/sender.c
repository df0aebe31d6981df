/* Keeps the deliveries under way and wakes those whose time has come. Never looks at what they carry. */
#include "media_send.h"
#include "send.h"

#include <errno.h>
#include <stdlib.h>

enum {
    CONNECT_TIMEOUT_MS = 3000,
    BACKOFF_FIRST_MS = 1000,
    BACKOFF_GROWTHS_MAX = 4, /* 1, 4, 16, 64, 256 s */
};

static void on_timer(uv_timer_t *timer);

uint64_t sender_now(const struct sender *sender)
{
    return uv_now(sender->timer.loop);
}

/* xorshift: spreads retries, decides nothing that matters. */
static uint32_t jitter(struct sender *sender, uint32_t below)
{
    sender->random ^= sender->random << 13;
    sender->random ^= sender->random >> 7;
    sender->random ^= sender->random << 17;
    return below ? (uint32_t) (sender->random % below) : 0;
}

uint32_t sender_backoff_ms(struct sender *sender, uint32_t attempt)
{
    uint32_t growths = attempt > 0 ? attempt - 1 : 0;
    if (growths > BACKOFF_GROWTHS_MAX)
        growths = BACKOFF_GROWTHS_MAX;
    uint32_t whole_ms = (uint32_t) BACKOFF_FIRST_MS << 2 * growths;
    return whole_ms - whole_ms / 4 + jitter(sender, whole_ms / 2);
}

static void arm(struct sender *sender)
{
    uint64_t due_ms = UINT64_MAX, now_ms = sender_now(sender);

    list_for_each (node, &sender->waiting) {
        const struct send *send = container_of(node, struct send, node);
        due_ms = send->due_ms < due_ms ? send->due_ms : due_ms;
    }
    if (due_ms == UINT64_MAX)
        uv_timer_stop(&sender->timer);
    else
        uv_timer_start(&sender->timer, on_timer, due_ms > now_ms ? due_ms - now_ms : 0, 0);
}

void sender_park(struct sender *sender, struct send *send, enum send_state state, uint64_t due_ms)
{
    list_remove(&send->node);
    send->state = state;
    send->due_ms = due_ms;
    list_append(&sender->waiting, &send->node);
    arm(sender);
}

void sender_unpark(struct sender *sender, struct send *send)
{
    list_remove(&send->node);
    if (send->is_queued)
        limiter_wait_over(&sender->limiter, send->account, send->parcel->lane);
    send->is_queued = false;
}

void sender_queue(struct sender *sender, struct send *send, uint64_t due_ms)
{
    sender_unpark(sender, send);
    limiter_wait(&sender->limiter, send->account, send->parcel->lane);
    send->is_queued = true;
    sender_park(sender, send, SEND_WAITING, due_ms);
}

static struct send *find_due(struct sender *sender)
{
    struct send *bulk = NULL;
    uint64_t now_ms = sender_now(sender);

    list_for_each (node, &sender->waiting) {
        struct send *send = container_of(node, struct send, node);
        if (send->due_ms > now_ms)
            continue;
        if (send->parcel->lane != TREFOIL_LANE_BULK)
            return send;
        bulk = bulk ? bulk : send;
    }
    return bulk;
}

static void on_timer(uv_timer_t *timer)
{
    struct sender *sender = timer->data;
    struct send *send;

    while ((send = find_due(sender)))
        send_wake(send);
    arm(sender);
}

void sender_hold(struct sender *sender, struct send *send)
{
    sender_unpark(sender, send);
    send->state = SEND_HELD;
    list_append(&sender->held, &send->node);
    sender->n_held++;
}

static void free_parcel(struct parcel *parcel)
{
    list_remove(&parcel->node);
    arena_deinit(&parcel->mem);
    free(parcel);
}

void sender_forget(struct sender *sender, struct parcel *parcel)
{
    sender->n_sends--;
    if (--parcel->n_open == 0)
        free_parcel(parcel);
    if (sender_n_busy(sender) == 0)
        sender->options.on_idle(sender->options.owner);
}

static struct parcel *make_parcel(struct sender *sender, const struct trefoil_delivery *delivery)
{
    struct parcel *parcel = calloc(1, sizeof(*parcel));
    if (!parcel)
        return NULL;
    parcel->sender = sender;
    parcel->mem = ARENA_EMPTY(SENDER_PARCEL_MAX_BYTES);
    parcel->sends = arena_array(&parcel->mem, delivery->n_targets, sizeof(*parcel->sends));
    if (!parcel->sends) {
        arena_deinit(&parcel->mem);
        free(parcel);
        return NULL;
    }
    parcel->handle = delivery->handle;
    parcel->attempt = delivery->attempt;
    parcel->maybe_sent = delivery->maybe_sent;
    parcel->seq = delivery->seq;
    parcel->envelope = delivery->envelope;
    parcel->kind = delivery->message.kind;
    parcel->lane = delivery->lane == TREFOIL_LANE_BULK ? TREFOIL_LANE_BULK : TREFOIL_LANE_REPLY;
    parcel->n_sends = parcel->n_open = delivery->n_targets;
    for (size_t i = 0; i < parcel->n_sends; i++) {
        parcel->sends[i].parcel = parcel;
        parcel->sends[i].target = delivery->targets[i].index;
        parcel->sends[i].state = SEND_WAITING;
        list_init(&parcel->sends[i].node);
    }
    list_append(&sender->parcels, &parcel->node);
    sender->n_sends += delivery->n_targets;
    return parcel;
}

static void count(const struct figures *figures, const struct trefoil_delivery *delivery)
{
    metric_add(figures->deliveries, 1);
    metric_add(figures->redelivered, delivery->attempt > 1);
    metric_add(figures->in_doubt, delivery->maybe_sent);
    metric_add(figures->unreadable, delivery->unreadable);
    metric_add(figures->under_way, delivery->n_targets);
}

static struct parcel *find_parcel(struct sender *sender, uint64_t seq)
{
    list_for_each (node, &sender->parcels) {
        struct parcel *parcel = container_of(node, struct parcel, node);
        if (parcel->seq == seq)
            return parcel;
    }
    return NULL;
}

static void refuse_for_now(struct sender *sender, const struct trefoil_delivery *delivery)
{
    log_event(sender->options.log, LOG_ERROR_, "out-of-memory", LOG_NUMBER("seq", delivery->seq));
    for (size_t i = 0; delivery->seq && i < delivery->n_targets; i++) {
        struct trefoil_target_outcome later = { .target = delivery->targets[i].index,
                                                .outcome = TREFOIL_OUTCOME_DEFERRED,
                                                .account = delivery->targets[i].address.account,
                                                .retry_ms = SENDER_HOLD_MS,
                                                .reason = "out of memory" };
        bus_outcome(sender->options.bus, delivery->handle, delivery->seq, &later);
    }
}

void sender_take(struct sender *sender, const struct trefoil_delivery *delivery)
{
    /* The bus was gone for a while and brings again what we are at: the outcome of the first will do. */
    bool is_known = delivery->seq && find_parcel(sender, delivery->seq);
    if (is_known || delivery->n_targets == 0)
        return;
    struct parcel *parcel = make_parcel(sender, delivery);
    if (!parcel) {
        refuse_for_now(sender, delivery);
        return;
    }
    count(sender->options.figures, delivery);
    /* The parcel goes with its last send: it must not be looked at after that one began. */
    for (size_t i = 0, n = parcel->n_sends; i < n; i++)
        send_begin(&parcel->sends[i], delivery, &delivery->targets[i]);
}

static struct send *find_send(struct sender *sender, uint64_t seq, uint32_t target)
{
    struct parcel *parcel = find_parcel(sender, seq);
    for (size_t i = 0; parcel && i < parcel->n_sends; i++)
        if (parcel->sends[i].target == target)
            return &parcel->sends[i];
    return NULL;
}

void sender_prove(struct sender *sender, uint64_t seq, uint32_t target, const char *message_id)
{
    struct send *send = find_send(sender, seq, target);

    if (send)
        send_prove_whole(send, message_id);
}

static uint64_t id_hash(const struct sender *sender, const char *message_id)
{
    return bytes_hash(bytes_of_text(message_id)) ^ sender->limiter.pairs.seed;
}

void sender_note_id(struct sender *sender, const char *message_id)
{
    sender->sent_ids[sender->n_sent_ids++ % SENDER_SENT_IDS] = id_hash(sender, message_id);
    echoes_forget(&sender->echoes, message_id);
}

static bool is_known_id(const struct sender *sender, const char *message_id)
{
    uint64_t hash = id_hash(sender, message_id);

    for (size_t i = 0; i < SENDER_SENT_IDS && i < sender->n_sent_ids; i++)
        if (sender->sent_ids[i] == hash)
            return true;
    return false;
}

static struct send *find_saying(const struct sender *sender, size_t account, const struct utterance *said)
{
    list_for_each (node, &sender->parcels) {
        struct parcel *parcel = container_of(node, struct parcel, node);
        for (size_t i = 0; i < parcel->n_sends; i++)
            if (send_says(&parcel->sends[i], account, said->user_id, said->words))
                return &parcel->sends[i];
    }
    return NULL;
}

bool sender_prove_words(struct sender *sender, const struct utterance *said, const char *message_id, uint64_t *ret_seq,
                        uint32_t *ret_target)
{
    long index = accounts_find(sender->options.accounts, said->account);

    if (index < 0 || is_known_id(sender, message_id))
        return false;
    struct send *send = find_saying(sender, (size_t) index, said);
    if (!send && echoes_explain(&sender->echoes, said, message_id, sender_now(sender), ret_seq, ret_target))
        return true;
    if (!send || send->state == SEND_OUT) /* its answer may say that this is another */
        echoes_keep(&sender->echoes, said, message_id, sender_now(sender));
    if (send)
        send_prove(send, message_id);
    return false;
}

void sender_echo_over(struct sender *sender, const char *message_id)
{
    echoes_forget(&sender->echoes, message_id);
}

void sender_received(struct sender *sender, const char *account)
{
    long index = accounts_find(sender->options.accounts, account);

    if (index >= 0)
        limiter_received(&sender->limiter, (size_t) index, 1, sender_now(sender));
}

uint32_t sender_share(const struct sender *sender, size_t account)
{
    return pace_share(&sender->limiter.accounts[account].pace, sender_now(sender));
}

void sender_resume(struct sender *sender, size_t account)
{
    limiter_resume_account(&sender->limiter, account);
    list_for_each (node, &sender->waiting) {
        struct send *send = container_of(node, struct send, node);
        if (send->account == account && send->state == SEND_WAITING)
            send->due_ms = sender_now(sender);
    }
    arm(sender);
}

/* The first waiting one of which a part went and the next cannot go before this process ends. */
static struct send *find_torn(struct sender *sender)
{
    list_for_each (node, &sender->waiting) {
        struct send *send = container_of(node, struct send, node);
        if (send->n_message_ids > 0 && send->state == SEND_WAITING && send->due_ms >= sender->ends_ms)
            return send;
    }
    return NULL;
}

void sender_stop(struct sender *sender)
{
    struct send *torn;

    sender->is_stopped = true;
    sender->ends_ms = sender_now(sender) + sender->options.settings->drain_ms * 3 / 4; /* its author is told, too */
    list_for_each_safe (node, after, &sender->waiting) {
        struct send *send = container_of(node, struct send, node);
        if (send_is_untouched(send))
            sender_hold(sender, send);
    }
    while ((torn = find_torn(sender))) /* whoever got it next would begin with the first part */
        send_end(torn, TREFOIL_OUTCOME_BOUNCED, SENDER_ENDS);
    if (bus_is_paused(sender->options.bus))
        sender_return_held(sender);
}

void sender_return_held(struct sender *sender)
{
    while (!list_is_empty(&sender->held)) {
        struct send *send = container_of(list_first(&sender->held), struct send, node);
        list_remove(&send->node);
        sender->n_held--;
        send_end(send, TREFOIL_OUTCOME_RETURNED, SENDER_ENDS);
    }
}

size_t sender_n_busy(const struct sender *sender)
{
    return sender->n_sends - sender->n_held;
}

int sender_open(uv_loop_t *loop, const struct sender_options *options, struct sender **ret)
{
    struct http_client_options http = { SENDER_CONNECTIONS_MAX, CONNECT_TIMEOUT_MS, "trefoil" };
    struct sender *sender = calloc(1, sizeof(*sender));
    uint64_t seeds[2];
    if (!sender)
        return -ENOMEM;

    sender->options = *options;
    list_init(&sender->parcels);
    list_init(&sender->waiting);
    list_init(&sender->held);
    int r = uv_random(NULL, NULL, seeds, sizeof(seeds), 0, NULL);
    if (r == 0)
        r = limiter_init(&sender->limiter, &options->ops->limits, options->accounts->n_accounts, seeds[0]);
    if (r < 0) {
        free(sender);
        return r;
    }
    sender->random = seeds[1] | 1;
    r = http_client_open(loop, &http, &sender->http);
    if (r < 0) {
        limiter_deinit(&sender->limiter);
        free(sender);
        return r;
    }
    uv_timer_init(loop, &sender->timer);
    sender->timer.data = sender;
    *ret = sender;
    return 0;
}

static void on_timer_closed(uv_handle_t *timer)
{
    free(timer->data);
}

struct sender *sender_close(struct sender *sender)
{
    if (!sender)
        return NULL;
    sender->http = http_client_close(sender->http);
    list_for_each_safe (node, after, &sender->parcels) {
        struct parcel *parcel = container_of(node, struct parcel, node);
        for (size_t i = 0; i < parcel->n_sends; i++) {
            bus_withdraw(sender->options.bus, &parcel->sends[i].post);
            media_send_end(&parcel->sends[i]);
        }
        free_parcel(parcel);
    }
    limiter_deinit(&sender->limiter);
    uv_close((uv_handle_t *) &sender->timer, on_timer_closed);
    return NULL;
}
