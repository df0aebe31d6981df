/* The beginning of one target: may it go, as what, and is that whole enough. Never speaks to the network itself. */
#include "send.h"

#include <errno.h>

#include "mark.h"
#include "failure_words.h"
#include "media.h"
#include "media_send.h"
#include "policy.h"

#define LOST_TO_TEMPLATE "text→template"
#define LOST_END "text>1024"

static struct account *account_of(const struct send *send)
{
    return &send->parcel->sender->options.accounts->accounts[send->account];
}

static struct place place_of(struct send *send, const struct trefoil_delivery *delivery,
                             const struct trefoil_target *target)
{
    struct parcel *parcel = send->parcel;
    const struct sender_options *options = &parcel->sender->options;

    return (struct place){
        .account = account_of(send)->name,
        .account_id = account_of(send)->settings->id,
        .user_id = target->address.user_id,
        .relates = target->relates,
        .n_relates = target->n_relates,
        .last_message_id = target->last_message_id,
        .attribute = delivery->room_size > 2,
        .mark = parcel->seq ? mark_make(&parcel->mem, parcel->seq, send->target) : NULL,
        .page_id = account_of(send)->settings->page_id,
        .api_version = options->settings->api_version,
        .options = options->accounts->context.options,
        .conversions = options->media ? media_conversions(options->media) : 0,
        .has_public_url = options->urls && options->settings->public_url,
    };
}

/* Makes the requests anew; ends the send when there can be none. */
static bool encode(struct send *send, const struct trefoil_message *message, const struct place *place)
{
    struct parcel *parcel = send->parcel;
    struct request_list *list = &send->requests;

    list->requests = NULL;
    list->n_requests = list->room = 0;
    int r = parcel->sender->options.ops->encode(message, place, &parcel->mem, list);
    if (r == 0 && list->n_requests > SEND_PARTS_MAX)
        r = -E2BIG;
    if (r == 0) {
        send->message_ids = arena_array(&parcel->mem, 2 * list->n_requests + 1, sizeof(*send->message_ids));
        r = parcel->mem.failed ? -ENOMEM : 0;
    }
    if (r < 0)
        send_end(send, TREFOIL_OUTCOME_BOUNCED,
                 r == -ENOTSUP ? "this network cannot express it" : "too large for this network");
    return r == 0;
}

/* The account's template in place of the message. */
static bool replace(struct send *send, const struct trefoil_message *message, const struct place *place)
{
    const struct account_settings *account = account_of(send)->settings;
    const char *speaker = place->attribute ? message->author.name : NULL;
    struct trefoil_message stand_in;
    bool is_cut;

    int r = policy_replace(message, account->window_template, account->window_template_language, speaker,
                           &send->parcel->mem, &stand_in, &is_cut);
    if (r < 0) {
        send_end(send, TREFOIL_OUTCOME_BOUNCED, r == -ENOTSUP ? send->policy_reason : "too large for this network");
        return false;
    }
    send->requests.n_lost = 0; /* of the message that does not go */
    request_list_lose(&send->requests, LOST_TO_TEMPLATE);
    if (is_cut)
        request_list_lose(&send->requests, LOST_END);
    if (message->in_reply_to)
        request_list_lose(&send->requests, "reply");
    return encode(send, &stand_in, place);
}

static bool is_invited(const struct send *send)
{
    for (size_t i = 0; i < send->requests.n_requests; i++)
        if (send->requests.requests[i].is_invited)
            return true;
    return false;
}

static struct policy_decision decide(const struct send *send, const struct trefoil_delivery *delivery,
                                     const struct trefoil_target *target)
{
    const struct sender_options *options = &send->parcel->sender->options;
    struct policy_rules rules = {
        .windows = options->ops->windows,
        .margin_ms = options->settings->window_margin_ms,
        .refuse_unknown = options->settings->unknown_window == UNKNOWN_WINDOW_REFUSE,
        .has_template = account_of(send)->settings->window_template != NULL,
    };
    struct policy_case one = {
        .kind = delivery->message.kind,
        .purpose = delivery->message.purpose,
        .lane = delivery->lane,
        .window_ms = target->window_ms,
        .consent_withdrawn = target->consent_withdrawn,
        .is_invited = is_invited(send),
    };
    return policy_decide(&rules, &one, options->wall_ms());
}

/* What policy says is done. True: there is something to be sent. */
static bool obey(struct send *send, const struct trefoil_delivery *delivery, const struct trefoil_target *target,
                 const struct place *place)
{
    struct policy_decision decision = decide(send, delivery, target);

    send->policy_reason = decision.reason;
    send->closes_ms = decision.until_ms;
    if (decision.verdict != POLICY_GO)
        figures_policy(send->parcel->sender->options.figures, policy_verdict_name(decision.verdict), decision.reason);
    switch (decision.verdict) {
    case POLICY_GO:
        return true;
    case POLICY_REPLACE:
        return replace(send, &delivery->message, place);
    case POLICY_DROP:
        send_end(send, TREFOIL_OUTCOME_SENT, NULL);
        return false;
    case POLICY_REFUSE:
        break;
    }
    send_end(send, TREFOIL_OUTCOME_BOUNCED, decision.reason);
    return false;
}

/* Better not at all than with something missing, where that is wished. */
static bool is_whole_enough(struct send *send, const struct trefoil_message *message)
{
    bool is_strict = message->strict || account_of(send)->settings->strict;

    if (!is_strict || !send->requests.n_lost)
        return true;
    send_end(send, TREFOIL_OUTCOME_BOUNCED, "strict: something would be lost");
    return false;
}

/* What goes out in place of a notice of failure: words to the author, once, in his own app. The gateway gave it to nobody
 * else. Where that is not wished the notice is nothing. */
static const struct trefoil_message *words_of(struct send *send, const struct trefoil_message *message,
                                              const struct place *place)
{
    if (!failure_is(message) || !account_of(send)->settings->tell_authors)
        return message;
    struct trefoil_message *words = arena_alloc(&send->parcel->mem, sizeof(*words));
    const char *quote = place->n_relates ? place->relates[0] : NULL;
    return words && failure_words(message, quote, &send->parcel->mem, words) == 0 ? words : message;
}

/* By an echo of its words; where echoes return a mark, the gateway has waited for that already. */
static bool can_be_proven(const struct send *send)
{
    for (size_t i = 0; i < send->requests.n_requests; i++)
        if (send->requests.requests[i].words)
            return true;
    return false;
}

static void set_out(struct send *send, const struct trefoil_delivery *delivery, const struct trefoil_target *target)
{
    struct place place = place_of(send, delivery, target);

    if (target->address.user_id)
        send->user_id = arena_text(&send->parcel->mem, bytes_of_text(target->address.user_id));
    if (media_send_keep(send, delivery, &place) < 0) {
        send_end(send, TREFOIL_OUTCOME_BOUNCED, "too large for this network");
        return;
    }
    if (!encode(send, words_of(send, &delivery->message, &place), &place))
        return;
    if (send->is_doubted && !can_be_proven(send)) {
        if (send->parcel->sender->options.settings->unknown_policy == UNKNOWN_GIVE_UP) {
            send_end(send, TREFOIL_OUTCOME_BOUNCED, "unknown, given up by policy");
            return;
        }
        send->is_doubted = false;
    }
    /* What is nothing here is forbidden nowhere. */
    if (send->requests.n_requests && !obey(send, delivery, target, &place))
        return;
    if (is_whole_enough(send, &delivery->message) && !media_send_prepare(send))
        send_advance(send);
}

void send_encode_again(struct send *send, const char *word)
{
    send->requests.n_lost = 0;
    if (word)
        request_list_lose(&send->requests, word);
    if (encode(send, media_send_message(send), media_send_place(send)) &&
        is_whole_enough(send, media_send_message(send)) && !media_send_prepare(send))
        send_advance(send);
}

void send_begin(struct send *send, const struct trefoil_delivery *delivery, const struct trefoil_target *target)
{
    struct sender *sender = send->parcel->sender;
    long account = accounts_find(sender->options.accounts, target->address.account);

    send->is_ours = account >= 0;
    send->account = send->is_ours ? (size_t) account : 0;
    send->is_doubted = delivery->maybe_sent && delivery->seq;
    send->waits_anew = delivery->vanished;
    if (sender->is_stopped && bus_is_paused(sender->options.bus))
        send_end(send, TREFOIL_OUTCOME_RETURNED, SENDER_ENDS);
    else if (sender->is_stopped)
        sender_hold(sender, send);
    else if (!send->is_ours)
        send_set_aside(send, sender_backoff_ms(sender, delivery->attempt), "account not configured here");
    else if (!target->address.user_id)
        send_set_aside(send, sender_backoff_ms(sender, delivery->attempt), "address cannot be opened here");
    else if (delivery->unreadable)
        send_end(send, TREFOIL_OUTCOME_BOUNCED, "cannot be opened");
    else
        set_out(send, delivery, target);
}
