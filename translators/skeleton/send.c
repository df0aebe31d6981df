/* The life of one target: encode, wait for its turn, request by request, judge, outcome.
 * Never repeats a part that the network has taken.
 */
#include "send.h"

#include <errno.h>
#include <string.h>

#include "failure_words.h"
#include "known_as.h"
#include "media_send.h"

#define LOST_REST "rest-of-a-split-message"
#define CROWDED_MS 10    /* bulk leaves connections to replies, and looks again */
#define JUDGE_AGAIN_MS 1 /* the gateway brings it back, and policy decides anew */

static const struct request *request_of(const struct send *send)
{
    return &send->requests.requests[send->next];
}

static struct account *account_of(const struct send *send)
{
    return &send->parcel->sender->options.accounts->accounts[send->account];
}

bool send_is_ephemeral(const struct send *send)
{
    return send->parcel->seq == 0;
}

static bool is_bulk(const struct send *send)
{
    return send->parcel->lane == TREFOIL_LANE_BULK;
}

bool send_is_untouched(const struct send *send)
{
    bool is_begun_elsewhere = send->state == SEND_IN_DOUBT && send->is_doubted;

    return (send->state == SEND_WAITING || is_begun_elsewhere) && send->n_message_ids == 0;
}

/* ---- the end ---------------------------------------------------------------------------------------------------- */

static void report(struct send *send)
{
    struct parcel *parcel = send->parcel;
    struct sender *sender = parcel->sender;

    send->state = SEND_DONE;
    media_send_end(send);
    metric_sub(sender->options.figures->under_way, 1);
    if (!send_is_ephemeral(send)) {
        bool is_for_later = send->outcome.outcome == TREFOIL_OUTCOME_RETURNED && send->outcome.retry_ms;
        metric_add(sender->options.figures->sends[is_for_later ? TREFOIL_OUTCOME_DEFERRED : send->outcome.outcome], 1);
        bool is_over =
            send->outcome.outcome == TREFOIL_OUTCOME_SENT || send->outcome.outcome == TREFOIL_OUTCOME_BOUNCED;
        for (size_t i = 0; is_over && i < send->outcome.n_lost; i++)
            figures_lost(sender->options.figures, send->outcome.lost[i]);
        bus_outcome(sender->options.bus, parcel->handle, parcel->seq, &send->outcome);
    }
    sender_forget(sender, parcel);
}

/* Refused for now (a full disk, a roster on its way): its author would never hear of it, so it is told again. */
static void on_told(struct post *post, enum post_end end)
{
    struct send *send = container_of(post, struct send, post);
    struct sender *sender = send->parcel->sender;

    if (end == POST_RETRY)
        sender_park(sender, send, SEND_TELLING, sender_now(sender) + SENDER_HOLD_MS);
    else
        report(send);
}

/* People are told of what they said, not of their ticks and typing. */
static bool deserves_notice(const struct send *send)
{
    switch (send->parcel->kind) {
    case TREFOIL_KIND_RECEIPT:
    case TREFOIL_KIND_TYPING:
    case TREFOIL_KIND_PRESENCE:
    case TREFOIL_KIND_ACCOUNT:
        return false;
    default:
        return send->is_ours && !send_is_ephemeral(send);
    }
}

/* Of whom it did not reach, where that is known. */
static const char *name_of(struct send *send)
{
    const struct sender_options *options = &send->parcel->sender->options;

    const char *name =
        options->name_of && send->user_id ? options->name_of(options->owner, send->account, send->user_id) : NULL;

    return name ? arena_text(&send->parcel->mem, bytes_of_text(name)) : NULL;
}

/* The author hears of a failure before the gateway hears of the outcome: if we die in between, it all comes again, and
 * the event key makes the second notice the first. So it does for another try by hand that fails, too, and for what the
 * network says of it later. */
static bool tell_author(struct send *send)
{
    struct parcel *parcel = send->parcel;
    const char *key = failure_key(&parcel->mem, parcel->seq, send->target);
    if (!key || !deserves_notice(send))
        return false;
    send->notice = (struct trefoil_message){
        .kind = TREFOIL_KIND_RECEIPT,
        .author = { .network = parcel->sender->options.ops->name, .name = name_of(send) },
        .body.receipt = { .state = TREFOIL_RECEIPT_FAILED,
                          .code = send->outcome.code,
                          .subcode = send->outcome.subcode,
                          .reason = send->outcome.reason },
    };
    send->post = (struct post){
        .publication = { .audience = TREFOIL_AUDIENCE_AUTHOR,
                         .message = &send->notice,
                         .from = { .account = account_of(send)->name },
                         .relates_ids = &parcel->envelope,
                         .n_relates_ids = 1,
                         .event_key = key },
        .on_done = on_told,
    };
    send->state = SEND_TELLING;
    bus_post(parcel->sender->options.bus, &send->post);
    return true;
}

static void log_failure(const struct send *send, const char *event)
{
    log_event(send->parcel->sender->options.log, LOG_WARNING_, event, LOG_NUMBER("seq", send->parcel->seq),
              LOG_NUMBER("target", send->target), LOG_NUMBER("code", send->outcome.code),
              LOG_NUMBER("subcode", send->outcome.subcode),
              LOG_TEXT("reason", send->outcome.reason ? send->outcome.reason : "none given"));
}

void send_end(struct send *send, enum trefoil_outcome outcome, const char *reason)
{
    struct trefoil_target_outcome *end = &send->outcome;
    struct sender *sender = send->parcel->sender;
    bool is_partial = outcome != TREFOIL_OUTCOME_SENT && send->n_message_ids > 0;

    sender_unpark(sender, send);
    if (is_partial) { /* what was read cannot be unread: it was sent, and this is what is missing */
        request_list_lose(&send->requests, LOST_REST);
        metric_add(sender->options.figures->partial, 1);
    }
    end->target = send->target;
    end->outcome = is_partial ? TREFOIL_OUTCOME_SENT : outcome;
    end->account = send->is_ours ? account_of(send)->name : NULL;
    end->message_ids = send->message_ids;
    end->n_message_ids = send->n_message_ids;
    end->reason = reason ? reason : send->policy_reason;
    end->lost = send->requests.lost;
    end->n_lost = send->requests.n_lost;
    if (outcome == TREFOIL_OUTCOME_BOUNCED || is_partial) {
        log_failure(send, is_partial ? "sent-in-part" : "bounced");
        if (tell_author(send))
            return;
    }
    report(send);
}

/* The gateway gives up after so many attempts, and cannot tell anybody: it cannot speak. So this ends a little before. */
void send_defer(struct send *send, uint64_t retry_ms, const char *reason)
{
    if (send->parcel->attempt >= SENDER_ATTEMPTS_MAX) {
        send_end(send, TREFOIL_OUTCOME_BOUNCED, reason);
        return;
    }
    send->outcome.retry_ms = retry_ms > UINT32_MAX ? UINT32_MAX : (uint32_t) retry_ms;
    send_end(send, TREFOIL_OUTCOME_DEFERRED, reason);
}

void send_set_aside(struct send *send, uint64_t retry_ms, const char *reason)
{
    send->outcome.retry_ms = retry_ms > UINT32_MAX ? UINT32_MAX : (uint32_t) retry_ms;
    send_end(send, TREFOIL_OUTCOME_RETURNED, reason);
}

/* ---- the way ---------------------------------------------------------------------------------------------------- */

void send_note_message(struct send *send, const char *message_id)
{
    metric_add(send->parcel->sender->options.figures->taken,
               request_of(send)->is_message || send->parcel->kind == TREFOIL_KIND_REACTION);
    if (!request_of(send)->is_message) { /* an upload, also one the network fetches itself: what slots wait for */
        media_send_note(send, send->next, message_id);
    } else if (message_id) {
        send->message_ids[send->n_message_ids++] = message_id;
        sender_note_id(send->parcel->sender, message_id);
    }
    send->next++;
    send->tries = 0;
    send->is_proven = false;
}

/* The part in hand again, here: the gateway would begin with the first. Not later than this process ends. */
static void wait_with_part(struct send *send, uint64_t retry_ms, const char *reason)
{
    struct sender *sender = send->parcel->sender;
    uint64_t due_ms = sender_now(sender) + retry_ms;

    if (sender->is_stopped && due_ms >= sender->ends_ms)
        send_end(send, TREFOIL_OUTCOME_BOUNCED, reason);
    else
        sender_park(sender, send, SEND_WAITING, due_ms);
}

void send_try_part_again(struct send *send, unsigned tries_max, uint64_t retry_ms, const char *reason)
{
    if (++send->tries >= tries_max)
        send_end(send, TREFOIL_OUTCOME_BOUNCED, reason);
    else
        wait_with_part(send, retry_ms, reason);
}

/* Who else waits, and for how long this one does. */
static uint64_t take_pause(struct send *send, const struct verdict *verdict, uint64_t retry_ms)
{
    struct sender *sender = send->parcel->sender;
    uint64_t now_ms = sender_now(sender);

    if (verdict->pause != PAUSE_NONE && verdict->grows)
        return limiter_refused_ms(&sender->limiter, send->account, verdict->pause == PAUSE_PAIR ? send->user_id : NULL,
                                  verdict->retry_ms ? verdict->retry_ms : SENDER_REFUSED_MS, now_ms);
    if (verdict->pause == PAUSE_ACCOUNT)
        limiter_pause_account(&sender->limiter, send->account, now_ms + retry_ms);
    else if (verdict->pause == PAUSE_PAIR)
        limiter_pause_pair(&sender->limiter, send->account, send->user_id, now_ms + retry_ms);
    return retry_ms;
}

/* Of what a network may refuse for a while only: how many attempts there are. */
static unsigned tries_of(const struct send *send, const struct verdict *verdict)
{
    unsigned tries = verdict->once ? 2 : TRANSLATOR_BOUNDED_TRIES;

    return send->parcel->maybe_sent ? 2 * tries : tries;
}

static void take_deferral(struct send *send, const struct verdict *verdict)
{
    struct parcel *parcel = send->parcel;
    unsigned tries = parcel->attempt > send->tries ? parcel->attempt : send->tries + 1;
    uint64_t retry_ms = verdict->retry_ms ? verdict->retry_ms : sender_backoff_ms(parcel->sender, tries);
    unsigned tries_max = tries_of(send, verdict);

    if (verdict->is_too_fast && limiter_slow(&parcel->sender->limiter, send->account, sender_now(parcel->sender)))
        metric_add(parcel->sender->options.figures->slowed_down, 1);
    retry_ms = take_pause(send, verdict, retry_ms);
    if (send->n_message_ids && verdict->bounded)
        send_try_part_again(send, tries_max, retry_ms, verdict->reason);
    else if (send->n_message_ids) /* for its account or person it may wait as long as they make it */
        wait_with_part(send, retry_ms, verdict->reason);
    else if (verdict->bounded && parcel->attempt >= tries_max)
        send_end(send, TREFOIL_OUTCOME_BOUNCED, verdict->reason);
    else if (verdict->pause != PAUSE_NONE && !verdict->bounded)
        send_set_aside(send, retry_ms, verdict->reason);
    else
        send_defer(send, retry_ms, verdict->reason);
}

static void skip_best_effort(struct send *send)
{
    metric_add(send->parcel->sender->options.figures->best_effort_failed, 1);
    send->next++;
    send_advance(send);
}

/* The network took a message: whatever it refused before is over, and it may say who that was. */
static void note_taken(struct send *send, const struct verdict *verdict)
{
    struct sender *sender = send->parcel->sender;

    limiter_took(&sender->limiter, send->account, send->user_id, sender_now(sender));
    if (verdict->user_id && strcmp(verdict->user_id, send->user_id) != 0)
        known_as_tell(sender->options.bus, sender->options.ops->name, account_of(send)->name, send->user_id,
                      verdict->user_id, &send->parcel->mem);
}

static void act_on(struct send *send, const struct verdict *verdict)
{
    send->outcome.code = verdict->code;
    send->outcome.subcode = verdict->subcode;
    if (verdict->outcome == TREFOIL_OUTCOME_SENT) {
        if (request_of(send)->is_message)
            note_taken(send, verdict);
        send_note_repeat(send, verdict->message_id);
        send_note_message(send, verdict->message_id);
        send_advance(send);
    } else if (request_of(send)->best_effort) {
        skip_best_effort(send);
    } else if (send->is_whole_proven) {
        send_end(send, TREFOIL_OUTCOME_SENT, NULL);
    } else if (send_is_contradicted(send, verdict)) {
        send_prove(send, send->proof_id);
    } else if (verdict->outcome == TREFOIL_OUTCOME_DEFERRED) {
        take_deferral(send, verdict);
    } else if (verdict->outcome == TREFOIL_OUTCOME_UNKNOWN) {
        send_take_doubt(send);
    } else {
        send_end(send, TREFOIL_OUTCOME_BOUNCED, verdict->reason);
    }
}

/* What the answer says about the account. Work done ends a trouble, but not one whose pause still runs. */
static void remark(const struct send *send, const struct verdict *verdict)
{
    struct sender *sender = send->parcel->sender;
    struct account_remark words = { verdict->code, verdict->subcode, verdict->next_action };
    enum account_event event = ACCOUNT_WORKED;
    bool says_something = verdict->outcome == TREFOIL_OUTCOME_SENT || account_event_of(verdict->health, &event) == 0;
    bool is_paused = sender->limiter.accounts[send->account].paused_until_ms > sender_now(sender);

    if (says_something && !(event == ACCOUNT_WORKED && is_paused))
        accounts_happened(sender->options.accounts, send->account, event, &words);
}

/* What the answer says of the account's allowance, whatever it says of this send. */
static void take_usage(struct send *send, const struct http_reply *answer, struct usage *ret)
{
    struct sender *sender = send->parcel->sender;

    if (!sender->options.ops->read_usage || answer->result != HTTP_ANSWERED)
        return;
    sender->options.ops->read_usage(answer->wanted, &send->parcel->mem, ret);
    if (ret->is_said)
        limiter_usage(&sender->limiter, send->account, ret->percent, sender_now(sender));
}

static void on_reply(void *context, const struct http_reply *answer)
{
    struct send *send = context;
    struct parcel *parcel = send->parcel;
    struct sender *sender = parcel->sender;
    struct reply reply = {
        .http_status = answer->result == HTTP_ANSWERED ? answer->status : 0,
        .failure = answer->result == HTTP_ANSWERED   ? REPLY_ANSWERED
                   : answer->result == HTTP_NOT_SENT ? REPLY_NOT_SENT
                                                     : REPLY_LOST,
        .body = answer->body,
        .retry_after_ms = answer->retry_after_ms,
    };
    struct verdict verdict = { 0 };

    take_usage(send, answer, &reply.usage);
    sender->n_bulk_out -= is_bulk(send);
    media_send_answered(send);
    metric_add(sender->options.figures->requests[answer->result], 1);
    metric_observe(sender->options.figures->request_seconds, (double) (sender_now(sender) - send->began_ms) / 1000);
    sender->options.ops->judge(request_of(send), &reply, &parcel->mem, &verdict);
    send->state = SEND_WAITING;
    remark(send, &verdict);
    act_on(send, &verdict);
}

static void dispatch(struct send *send)
{
    struct sender *sender = send->parcel->sender;
    const struct request *request = request_of(send);
    struct http_call call = {
        .method = request->method,
        .url = account_url(account_of(send), sender->options.ops, sender->options.settings->graph_url, request->path,
                           &send->parcel->mem),
        .bearer = account_of(send)->token.text,
        .content_type = request->content_type,
        .body = request->body,
        .timeout_ms = (uint32_t) sender->options.settings->send_timeout_ms,
        .max_reply_bytes = SENDER_REPLY_MAX_BYTES,
        .wanted = sender->options.ops->usage_headers,
        .context = send,
        .on_reply = on_reply,
    };

    int r = call.url ? media_send_compose(send, &call) : -ENOMEM;
    if (r == 0)
        r = http_send(sender->http, &call);
    if (r == 0) {
        send->state = SEND_OUT;
        sender->n_bulk_out += is_bulk(send);
        send->began_ms = sender_now(sender);
    } else if (r == -EINVAL) {
        send_end(send, TREFOIL_OUTCOME_BOUNCED, "no request can be made of it");
    } else if (send->n_message_ids) {
        send_try_part_again(send, TRANSLATOR_BOUNDED_TRIES, SENDER_HOLD_MS, "out of memory");
    } else {
        send_defer(send, SENDER_HOLD_MS, "out of memory");
    }
}

/* Waits here when that is short. Bulk comes up behind the bulk that waits already, and where that would take long, or
 * would leave no room for replies, it comes again when its turn is near. */
static void queue(struct send *send, uint64_t wait_ms)
{
    struct sender *sender = send->parcel->sender;
    uint64_t now_ms = sender_now(sender);
    bool is_long = wait_ms > SENDER_HOLD_MS;

    if (is_bulk(send) && send_is_untouched(send) && !send->was_queued && !is_long) {
        wait_ms += limiter_bulk_ahead_ms(&sender->limiter, send->account, now_ms);
        if (wait_ms > SENDER_HOLD_MS ||
            sender->limiter.accounts[send->account].n_waiting[TREFOIL_LANE_BULK] >= SENDER_BULK_WAITING_MAX) {
            wait_ms = limiter_bulk_slot_ms(&sender->limiter, send->account, SENDER_HOLD_MS, now_ms);
            is_long = true;
        }
    }
    if (is_long && send_is_untouched(send)) {
        send_set_aside(send, wait_ms, "waits for its turn");
        return;
    }
    send->was_queued = true;
    sender_queue(sender, send, now_ms + wait_ms);
}

static uint64_t take_turn(const struct send *send)
{
    struct sender *sender = send->parcel->sender;
    const char *pair = request_of(send)->is_message ? send->user_id : NULL;

    return (request_of(send)->is_heavy ? limiter_take_heavy : limiter_take)(&sender->limiter, send->account, pair,
                                                                            send->parcel->lane, sender_now(sender));
}

/* The next request, when it is its turn. */
void send_advance(struct send *send)
{
    struct sender *sender = send->parcel->sender;

    if (!send->is_whole_proven && send_waits_for_echo(send))
        return;
    if (send->is_whole_proven || send->next == send->requests.n_requests) {
        send_end(send, TREFOIL_OUTCOME_SENT, NULL);
        return;
    }
    if (send->closes_ms && send_is_untouched(send) && send->parcel->sender->options.wall_ms() >= send->closes_ms) {
        send_set_aside(send, JUDGE_AGAIN_MS, "waited until its window closed");
        return;
    }
    bool is_crowded = is_bulk(send) && sender->n_bulk_out >= SENDER_BULK_OUT_MAX;
    uint64_t wait_ms = is_crowded ? CROWDED_MS : take_turn(send);
    if (wait_ms == 0) {
        dispatch(send);
    } else if (send_is_ephemeral(send)) {
        metric_add(sender->options.figures->ephemeral_dropped, 1);
        send_end(send, TREFOIL_OUTCOME_DEFERRED, NULL);
    } else {
        queue(send, wait_ms);
    }
}

void send_wake(struct send *send)
{
    struct sender *sender = send->parcel->sender;

    sender_unpark(sender, send);
    if (send->state == SEND_TELLING)
        bus_post(sender->options.bus, &send->post);
    else if (send->state == SEND_IN_DOUBT)
        send_settle_doubt(send);
    else
        send_advance(send);
}
