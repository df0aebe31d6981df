/* What became of a request whose answer was lost: proof, before or after it is missed, and what is done without one.
 * Never speaks to the network.
 */
#include "send.h"

#include <string.h>

#define RESENT "unknown, resent by policy"
#define TOO_OFTEN "unknown, tried too often"

static const struct request *request_of(const struct send *send)
{
    return &send->requests.requests[send->next];
}

/* ---- without proof ---------------------------------------------------------------------------------------------- */

void send_take_doubt(struct send *send)
{
    struct sender *sender = send->parcel->sender;

    if (request_of(send)->upload) /* nobody saw it: it may be there twice */
        send_try_part_again(send, TRANSLATOR_BOUNDED_TRIES, sender_backoff_ms(sender, send->tries + 1),
                            "upload without an answer");
    else
        sender_park(sender, send, SEND_IN_DOUBT, sender_now(sender) + sender->options.settings->unknown_wait_ms);
}

static struct utterance utterance_of(const struct send *send)
{
    return (struct utterance){ send->parcel->sender->options.accounts->accounts[send->account].name, send->user_id,
                               request_of(send)->words };
}

/* An echo can prove it, here or at another replica. */
static bool has_words(const struct send *send)
{
    return request_of(send)->is_message && request_of(send)->words && send->user_id;
}

/* The gateway may bring it back to us, who have waited then, or to another replica that has the echo. Not when somebody
 * else began it and it is about to be given up: then it is better said twice than not at all. */
static bool can_ask_around(const struct send *send)
{
    bool is_last_attempt = send->is_doubted && send->parcel->attempt >= SENDER_ATTEMPTS_MAX;

    return has_words(send) && !send->n_message_ids && !send_is_ephemeral(send) && !is_last_attempt;
}

/* The echo of the first try may still come, here. */
static void expect_late_echo(struct send *send)
{
    struct sender *sender = send->parcel->sender;
    struct utterance said = utterance_of(send);

    if (has_words(send))
        echoes_repeat(&sender->echoes, &said, send->parcel->seq, send->target, sender_now(sender));
}

/* Each time it went from here it may have arrived: not many times. Who only waited for another's echo sent nothing. */
static bool is_sent_too_often(const struct send *send)
{
    return send->parcel->attempt >= (send->is_doubted ? SENDER_ATTEMPTS_MAX : TRANSLATOR_BOUNDED_TRIES);
}

static void ask_around(struct send *send)
{
    if (is_sent_too_often(send))
        send_end(send, TREFOIL_OUTCOME_BOUNCED, TOO_OFTEN);
    else
        send_end(send, TREFOIL_OUTCOME_UNKNOWN, "unknown, asked around before it is sent again");
}

static void repeat(struct send *send)
{
    struct sender *sender = send->parcel->sender;
    bool is_first_here = send->is_doubted;

    if (!is_first_here && !send->n_message_ids && is_sent_too_often(send)) {
        send_end(send, TREFOIL_OUTCOME_BOUNCED, TOO_OFTEN);
        return;
    }
    metric_add(sender->options.figures->unknown_resent, 1);
    send->is_doubted = false;
    if (is_first_here)
        send_advance(send);
    else if (send->n_message_ids)
        send_try_part_again(send, TRANSLATOR_BOUNDED_TRIES, sender_backoff_ms(sender, send->tries + 1), RESENT);
    else
        send_defer(send, sender_backoff_ms(sender, send->parcel->attempt), RESENT);
}

void send_settle_doubt(struct send *send)
{
    if (send->parcel->sender->options.settings->unknown_policy == UNKNOWN_GIVE_UP) {
        send_end(send, TREFOIL_OUTCOME_BOUNCED, "unknown, given up by policy");
        return;
    }
    expect_late_echo(send);
    if (can_ask_around(send))
        ask_around(send);
    else
        repeat(send);
}

/* ---- proof ------------------------------------------------------------------------------------------------------ */

void send_note_repeat(struct send *send, const char *message_id)
{
    struct sender *sender = send->parcel->sender;
    bool is_another = send->is_proven && send->proof_id && message_id && strcmp(send->proof_id, message_id) != 0;

    if (!is_another || !echoes_is_repeat(&sender->echoes, send->parcel->seq, send->target))
        return;
    send->message_ids[send->n_message_ids++] = send->proof_id;
    sender_note_id(sender, send->proof_id);
}

bool send_is_contradicted(const struct send *send, const struct verdict *verdict)
{
    return send->is_proven && (verdict->outcome == TREFOIL_OUTCOME_UNKNOWN ||
                               (verdict->outcome == TREFOIL_OUTCOME_DEFERRED && verdict->bounded));
}

bool send_waits_for_echo(struct send *send)
{
    struct parcel *parcel = send->parcel;
    struct sender *sender = parcel->sender;

    while (send->is_doubted && send->next < send->requests.n_requests && has_words(send)) {
        struct utterance said = utterance_of(send);
        const char *id = echoes_take(&sender->echoes, &said, sender_now(sender));
        const char *copy = id ? arena_text(&parcel->mem, bytes_of_text(id)) : NULL;

        if (copy) {
            metric_add(sender->options.figures->unknown_resolved, 1);
            send_note_message(send, copy);
        } else if (!send->waits_anew && echoes_is_repeat(&sender->echoes, parcel->seq, send->target)) {
            metric_add(sender->options.figures->unknown_resent, 1);
            send->is_doubted = false;
        } else {
            sender_park(sender, send, SEND_IN_DOUBT, sender_now(sender) + sender->options.settings->unknown_wait_ms);
            return true;
        }
    }
    return false;
}

bool send_says(const struct send *send, size_t account, const char *user_id, const char *words)
{
    bool is_away = send->state == SEND_OUT || send->state == SEND_IN_DOUBT;

    return is_away && send->account == account && send->user_id && strcmp(send->user_id, user_id) == 0 &&
           request_of(send)->words && strcmp(request_of(send)->words, words) == 0;
}

void send_prove(struct send *send, const char *message_id)
{
    struct parcel *parcel = send->parcel;
    const char *copy = message_id ? arena_text(&parcel->mem, bytes_of_text(message_id)) : NULL;

    if (send->state == SEND_OUT) { /* the answer may still come, and says more */
        send->proof_id = send->is_proven ? send->proof_id : copy;
        send->is_proven = true;
        return;
    }
    metric_add(parcel->sender->options.figures->unknown_resolved, 1);
    sender_unpark(parcel->sender, send);
    send->state = SEND_WAITING;
    send_note_message(send, copy);
    send_advance(send);
}

/* The request in hand is the last that is a message. */
static bool is_at_last_part(const struct send *send)
{
    for (size_t later = send->next + 1; later < send->requests.n_requests; later++)
        if (send->requests.requests[later].is_message)
            return false;
    return true;
}

void send_prove_whole(struct send *send, const char *message_id)
{
    struct parcel *parcel = send->parcel;
    bool is_away = send->state == SEND_OUT || send->state == SEND_IN_DOUBT;

    if (is_away && is_at_last_part(send)) {
        send_prove(send, message_id);
    } else if (send->state == SEND_OUT) { /* again, from the first part on: no further than this one */
        send->is_whole_proven = true;
    } else if (send->state == SEND_WAITING || send->state == SEND_PREPARING || send->state == SEND_IN_DOUBT) {
        const char *copy = message_id ? arena_text(&parcel->mem, bytes_of_text(message_id)) : NULL;

        metric_add(parcel->sender->options.figures->unknown_resolved, 1);
        if (copy) {
            send->message_ids[send->n_message_ids++] = copy;
            sender_note_id(parcel->sender, copy);
        }
        send_end(send, TREFOIL_OUTCOME_SENT, NULL);
    }
}
